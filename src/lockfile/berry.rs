//! The `yarn.lock` of yarn 2 and later, which is YAML.
//! Knows nothing of what other package managers write.
//!
//! Its checksums are of yarn's own archives, which it makes of tarballs: they say nothing of these.

use super::pnpm::{options, unreadable};
use super::spec::{Source, is_version, kind_of, source_at, split};
use super::{Kind, Lockfile, Unreadable};
use indexmap::IndexMap;
use percent_encoding::percent_decode_str;
use serde::Deserialize;

const METADATA: &str = "__metadata";
/// The oldest that is read: yarn 2.0's.
const OLDEST: u32 = 4;
/// Where the address of a tarball is that is not at its usual place.
const ADDRESS: &str = "__archiveUrl=";

#[derive(Deserialize)]
struct Entry {
    version: Option<String>,
    resolution: Option<String>,
}

pub(super) fn read(text: &str) -> Result<Lockfile, Unreadable> {
    let entries: IndexMap<String, Entry> =
        serde_saphyr::from_str_with_options(text, options()).map_err(|error| unreadable(&error))?;
    let version = entries.get(METADATA).and_then(|metadata| metadata.version.as_deref());
    let version = version.unwrap_or_default();
    if !version.parse::<u32>().is_ok_and(|version| version >= OLDEST) {
        let why =
            format!("the version of its __metadata is {version:?}; NOPAR reads {OLDEST} and later");
        return Err(Unreadable::new(why));
    }
    let mut found = Lockfile::of(format!("yarn, version {version}"));
    for (key, entry) in entries.iter().filter(|(key, _)| *key != METADATA) {
        let resolution = entry.resolution.as_deref().and_then(split);
        let Some((name, what)) = resolution else {
            return Err(Unreadable::new(format!("{key:?} has no resolution")));
        };
        add(&mut found, key, name, what)?;
    }
    Ok(found)
}

fn add(found: &mut Lockfile, key: &str, name: &str, what: &str) -> Result<(), Unreadable> {
    // What is behind two colons is yarn's own affair.
    let bare = what.split("::").next().unwrap_or(what);
    let resolution = format!("{name}@{bare}");
    let Some(reference) = what.strip_prefix("npm:") else {
        // What is patched has an entry of its own; and the project itself is here anyway.
        if !what.starts_with("patch:") && what != "workspace:." {
            found.other(resolution, kind_of(what));
        }
        return Ok(());
    };
    let (version, bindings) = reference.split_once("::").unwrap_or((reference, ""));
    if !is_version(version) {
        found.other(resolution, Kind::Unknown);
        return Ok(());
    }
    let address = bindings.split('&').find_map(|binding| binding.strip_prefix(ADDRESS));
    let address = address.map(|address| percent_decode_str(address).decode_utf8_lossy());
    // Wherever it is, yarn asks the registry for it.
    let source = match address.map(|address| source_at(&address, name, version)) {
        Some(Source::Registry(file)) => Source::Registry(file),
        _ => Source::Registry(None),
    };
    found.add(key, name, version, source, None)
}
