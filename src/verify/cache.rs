//! The cache: each entry against its checksums and digests, and tarballs against what their packuments say.
//! Knows nothing of upstreams: what is broken is a copy, and is fetched again once it is dropped.

use super::crew::in_parallel;
use super::finding::{Finding, Step, Watch, Where};
use crate::cache::{
    FileHash, FileName, Inside, InspectError, Key, OpenError, Subject, Thing, files_of, inspect,
};
use crate::document;
use crate::npm::{Integrity, PackageName, TarballName};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// What to do about a broken copy.
const DROP: &str = "drop it (nopar verify --repair): it is fetched again when somebody asks for it";

/// What was found in a cache.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CacheChecked {
    /// How many entries there are.
    pub entries: usize,
    /// How many bytes their files have.
    pub bytes: u64,
    /// Those that are broken.
    #[serde(skip)]
    pub broken: Vec<FileName>,
}

/// A tarball that is whole.
struct Held {
    name: FileName,
    package: PackageName,
    file: TarballName,
    digests: Integrity,
}

/// What came of one entry.
enum Came {
    Whole,
    /// A whole tarball, and the hash of its packument's key.
    Tarball(FileHash, Box<Held>),
    Wrong(FileName, Box<Finding>),
    Gone,
}

/// Looks at all entries in a directory, and tells `watch` what is wrong. `None` if that is no cache. Blocks.
///
/// # Errors
/// When it cannot be read.
pub fn cache(path: &Path, watch: &mut Watch<'_>) -> Result<Option<CacheChecked>, OpenError> {
    let Some(files) = files_of(path)? else { return Ok(None) };
    watch(Step::Expected(files.iter().map(FileName::size).sum()));
    // The newest generation of each, as they come oldest first.
    let newest: HashMap<FileHash, FileName> =
        files.iter().map(|name| (name.hash(), *name)).collect();
    let mut checked = CacheChecked::default();
    let mut tarballs: BTreeMap<FileHash, Vec<Held>> = BTreeMap::new();
    let look = |name: FileName| (name, look(path, &name));
    in_parallel(files.into_iter(), look, |(name, came)| {
        watch(Step::Done(name.size()));
        if !matches!(came, Came::Gone) {
            checked.entries += 1;
            checked.bytes += name.size();
        }
        match came {
            Came::Tarball(packument, held) => tarballs.entry(packument).or_default().push(*held),
            Came::Wrong(name, finding) => {
                checked.broken.push(name);
                watch(Step::Found(finding));
            }
            Came::Whole | Came::Gone => {}
        }
    });
    let held = tarballs.into_iter();
    let pairs = held.filter_map(|(hash, held)| Some((*newest.get(&hash)?, held)));
    in_parallel(
        pairs,
        |(packument, held)| disagreeing(path, &packument, &held),
        |wrong| {
            for (name, finding) in wrong {
                checked.broken.push(name);
                watch(Step::Found(Box::new(finding)));
            }
        },
    );
    Ok(Some(checked))
}

/// Whether an entry is whole.
fn look(cache: &Path, name: &FileName) -> Came {
    let wrong = |key: Option<&Key>, why: String| {
        let what = match key {
            Some(key) => format!("the copy of {}: {why}", shown(key)),
            None => why,
        };
        let finding = Finding::damage(Where::Cache, Path::new(&name.relative()), what);
        let package = key.and_then(package_of);
        Came::Wrong(*name, Box::new(Finding { package, ..finding.remedy(DROP) }))
    };
    let inspected = match inspect(cache, name, None) {
        Ok(inspected) => inspected,
        Err(InspectError::Gone) => return Came::Gone,
        Err(InspectError::Broken { key, why }) => return wrong(key.as_ref(), why),
        Err(error) => return wrong(None, error.to_string()),
    };
    let key = &inspected.key;
    let Some(Subject { upstream, thing }) = key.subject() else {
        return wrong(Some(key), "its key is none of this cache's".to_owned());
    };
    match (thing, inspected.held) {
        (Thing::Tarball(package, file), Inside::Tarball(digests)) => {
            let named = package.parse::<PackageName>().ok().zip(file.parse::<TarballName>().ok());
            let Some((package, file)) = named else { return Came::Whole };
            let packument = Key::packument(upstream, &package).hash();
            Came::Tarball(packument, Box::new(Held { name: *name, package, file, digests }))
        }
        (thing, Inside::Parts(body)) => match document::examine(thing, &body) {
            Ok(_) => Came::Whole,
            Err(error) => wrong(Some(key), error.to_string()),
        },
        (_, Inside::Tarball(_)) => Came::Whole,
    }
}

/// Those tarballs whose digests are not what their packument says, if both are still there.
fn disagreeing(cache: &Path, packument: &FileName, held: &[Held]) -> Vec<(FileName, Finding)> {
    // One that is broken was told of already, or is gone.
    let Ok(inspected) = inspect(cache, packument, None) else { return Vec::new() };
    let (Some(subject), Inside::Parts(body)) = (inspected.key.subject(), &inspected.held) else {
        return Vec::new();
    };
    let Ok(Some(index)) = document::examine(subject.thing, body) else { return Vec::new() };
    let wrong = held.iter().filter_map(|it| {
        let (version, said) = index.by_file(&it.package, &it.file)?;
        let expected = said.digests()?;
        let digests = match it.digests.matches(&expected) {
            Some(_) => it.digests.clone(),
            // A rare algorithm, which is not always computed.
            None => match inspect(cache, &it.name, Some(&expected)).ok()?.held {
                Inside::Tarball(digests) => digests,
                Inside::Parts(_) => return None,
            },
        };
        if digests.matches(&expected) != Some(false) || !are_there(cache, [packument, &it.name]) {
            return None;
        }
        let what = format!(
            "the copy of {}/{}: its digests are {digests}, and its packument says {expected}",
            it.package,
            it.file.as_str()
        );
        let finding = Finding::damage(Where::Cache, Path::new(&it.name.relative()), what);
        Some((it.name, finding.of(&it.package).of_version(version).remedy(DROP)))
    });
    wrong.collect()
}

fn are_there(cache: &Path, files: [&FileName; 2]) -> bool {
    files.iter().all(|name| cache.join(name.relative()).exists())
}

/// What a key is of, in words.
fn shown(key: &Key) -> String {
    let Some(Subject { upstream, thing }) = key.subject() else { return key.shown().to_owned() };
    match thing {
        Thing::Packument(name) => format!("the packument of {name}"),
        Thing::View(name) => format!("a view of the packument of {name}"),
        Thing::Tarball(name, file) => format!("{name}/{file}"),
        Thing::Attestations(name, version) => format!("the attestations of {name}@{version}"),
        Thing::Keys => format!("the keys of {upstream}"),
    }
}

fn package_of(key: &Key) -> Option<String> {
    match key.subject()?.thing {
        Thing::Packument(name)
        | Thing::View(name)
        | Thing::Tarball(name, _)
        | Thing::Attestations(name, _) => Some(name.to_owned()),
        Thing::Keys => None,
    }
}
