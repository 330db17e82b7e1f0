//! pnpm's `pnpm-lock.yaml`, of versions 6 and 9.
//! Knows nothing of what other package managers write.

use super::spec::{Source, is_version, kind_of, split};
use super::{Kind, Lockfile, Unreadable, integrity};
use crate::npm::TarballName;
use indexmap::IndexMap;
use serde::Deserialize;
use serde_saphyr::{Budget, Options};

/// Far more than a lock file of the longest kind has: of events, and of things.
const MOST_EVENTS: usize = 20_000_000;

#[derive(Deserialize)]
struct Lock {
    #[serde(rename = "lockfileVersion")]
    version: String,
    #[serde(default)]
    packages: Option<IndexMap<String, Package>>,
}

#[derive(Deserialize)]
struct Package {
    resolution: Option<Resolution>,
}

#[derive(Default, Deserialize)]
struct Resolution {
    integrity: Option<String>,
    tarball: Option<String>,
    directory: Option<String>,
    repo: Option<String>,
}

/// How YAML is read: lock files are longer than most, and have none of its cleverness.
pub(super) fn options() -> Options {
    let mut budget = Budget::default();
    (budget.max_events, budget.max_nodes) = (MOST_EVENTS, MOST_EVENTS);
    serde_saphyr::options! { budget: Some(budget), with_snippet: false }
}

/// What is wrong with YAML.
pub(super) fn unreadable(error: &serde_saphyr::Error) -> Unreadable {
    let line = error.location().and_then(|location| usize::try_from(location.line()).ok());
    let why = error.to_string();
    Unreadable { line, why: why.lines().next().unwrap_or_default().to_owned() }
}

pub(super) fn read(text: &str) -> Result<Lockfile, Unreadable> {
    // What pnpm itself needs may be a document of its own before that of the project.
    let documents: Vec<Lock> = serde_saphyr::from_str_multiple_with_options(text, options())
        .map_err(|error| unreadable(&error))?;
    let mut found = Lockfile::default();
    for document in documents {
        let major = document.version.split('.').next().unwrap_or_default();
        let is_old = match major {
            "6" => true,
            "9" => false,
            _ => return Err(not_read(&document.version)),
        };
        found.format = format!("pnpm, version {}", document.version);
        for (key, package) in document.packages.unwrap_or_default() {
            add(&mut found, is_old, &key, package.resolution.unwrap_or_default())?;
        }
    }
    Ok(found)
}

fn not_read(version: &str) -> Unreadable {
    let why = match version.split('.').next() {
        Some("5") => ": pnpm install --lockfile-only of pnpm 8 makes a newer one of it",
        _ => "",
    };
    Unreadable::new(format!("its lockfileVersion is {version}; NOPAR reads 6.0 and 9.0{why}"))
}

fn add(
    found: &mut Lockfile,
    is_old: bool,
    key: &str,
    resolution: Resolution,
) -> Result<(), Unreadable> {
    // `/name@1.0.0(react@18.0.0)`; without the slash since version 9. What else there is has an address in its place.
    let bare = match is_old {
        true => key.strip_prefix('/'),
        false => Some(key),
    };
    let bare = bare.map(|bare| bare.split('(').next().unwrap_or(bare));
    match bare.and_then(split).filter(|(_, version)| is_version(version)) {
        Some((name, version)) => {
            let integrity = integrity(key, resolution.integrity.as_deref())?;
            // An address is there where it is not the usual one: pnpm asks for it then.
            let file = resolution.tarball.as_deref().and_then(file_of);
            found.add(key, name, version, Source::Registry(file), integrity)
        }
        None => {
            found.other(key, elsewhere(key, &resolution));
            Ok(())
        }
    }
}

/// The file that an address of a registry names.
fn file_of(address: &str) -> Option<TarballName> {
    match super::spec::source_at(address, "", "") {
        Source::Registry(file) => file,
        Source::Elsewhere(_) => None,
    }
}

fn elsewhere(key: &str, resolution: &Resolution) -> Kind {
    // That slash is of packages of a registry, in old files; no path of a folder begins so.
    let key = key.strip_prefix('/').unwrap_or(key);
    let what = split(key).map_or(key, |(_, what)| what);
    match (kind_of(what), kind_of(key)) {
        _ if resolution.directory.is_some() => Kind::Local,
        _ if resolution.repo.is_some() => Kind::Git,
        (Kind::Unknown, Kind::Unknown) if resolution.tarball.is_some() => Kind::Url,
        (Kind::Unknown, kind) | (kind, _) => kind,
    }
}
