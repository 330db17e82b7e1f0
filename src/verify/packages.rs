//! Hosted packages: each document, and the tarball of each version against the digests in it.
//! Knows nothing of where files are; nothing is changed for what it finds.

use super::Depth;
use super::crew::in_parallel;
use super::document::{self, Judges};
use super::finding::{Finding, Step, Watch, Where};
use super::reading::{digests_of, is_damage};
use crate::npm::hosted::HostedDocument;
use crate::npm::{PackageName, TarballName};
use crate::regular;
use crate::signing::Signing;
use crate::store::disk::{Problem, Report, Seen, files_of};
use crate::store::{DiskStore, StoreError};
use serde::Serialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

/// How often a package is looked at again that was changed meanwhile.
const TRIES: usize = 8;
/// How many documents wait to be looked at: each may be long.
const WAITING: usize = 4;
/// What to do about a tarball.
const PUT_BACK: &str = "put this file back from a backup, or unpublish the version";
/// What to do about a folder with tarballs and no document.
const PUT_DOCUMENT_BACK: &str = "put this file back from a backup; if the package never had one, its first publish was cut \
                                 short: publish it again, or remove the folder";
/// Where keys are.
const KEYS: &str = ".nopar/keys/keys.json";
/// What to do if they are gone.
const KEYS_BACK: &str = "put this file back from a backup; without it, NOPAR makes another key, and signs these versions anew when they are asked for";
/// What there is to know if others are there.
const SIGNED_ANEW: &str =
    "they are signed anew, with the key that is there, when they are asked for";
/// What to do about a document.
const RESTORE: &str = "put this file back from a backup; until then the package is not served";

/// What there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PackageCounts {
    /// Packages.
    pub packages: usize,
    /// Those among them that an older NOPAR copied from its upstream.
    pub copies: usize,
    /// Versions of the others.
    pub versions: usize,
    /// Versions whose documents say no digest, so that nobody knows whether their tarballs are right.
    pub without_digests: usize,
    /// Bytes of tarballs.
    pub bytes: u64,
}

/// What was found of a package.
#[derive(Default)]
struct Checked {
    is_copy: bool,
    versions: usize,
    without_digests: usize,
    bytes: u64,
    findings: Vec<Finding>,
    /// The keys of signatures that are none of this registry's.
    unknown: Vec<String>,
}

/// What packages are looked at with.
struct Looker<'a> {
    store: &'a DiskStore,
    signing: Signing,
    depth: Depth,
}

/// Looks at all of them.
pub(super) fn packages(
    store: &DiskStore,
    depth: Depth,
    watch: &mut Watch<'_>,
) -> Result<PackageCounts, StoreError> {
    let (mut counts, mut unknown) = (PackageCounts::default(), BTreeMap::new());
    let signing = Signing::of_directory(store.root(), Arc::new(store.clone()));
    let looker = Looker { store, signing, depth };
    let (tell, told) = sync_channel(WAITING);
    let report = thread::scope(|scope| {
        let walk = scope.spawn(move || {
            store.walk(|seen| {
                // Who looks at them does so to the end.
                let _ = tell.send(seen);
            })
        });
        in_parallel(
            told.into_iter(),
            |seen| looker.check(seen),
            |checked| {
                counts.add(&checked);
                checked
                    .unknown
                    .into_iter()
                    .for_each(|it| *unknown.entry(it).or_insert(0_usize) += 1);
                checked.findings.into_iter().for_each(|it| watch(Step::Found(Box::new(it))));
                watch(Step::Done(1));
            },
        );
        walk.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    tell_of(store, &report, watch);
    for (keyid, versions) in unknown {
        if let Some(finding) = lost_key(&looker.signing, &keyid, versions) {
            watch(Step::Found(Box::new(finding)));
        }
    }
    Ok(counts)
}

/// What is said of a key that so many versions are signed with and that is not there. Where another one signs by now, they
/// are signed anew, and nothing is wrong; where the file of keys is damaged, that is told by itself.
fn lost_key(signing: &Signing, keyid: &str, versions: usize) -> Option<Finding> {
    let what = match versions {
        1 => format!("a version is signed with the key {keyid}, which is not in it"),
        _ => format!("{versions} versions are signed with the key {keyid}, which is not in it"),
    };
    let path = Path::new(KEYS);
    match signing.look() {
        Ok(None) => Some(Finding::damage(Where::Registry, path, what).remedy(KEYS_BACK)),
        Ok(Some(_)) => Some(Finding::note(Where::Registry, path, what).remedy(SIGNED_ANEW)),
        Err(_) => None,
    }
}

fn tell_of(store: &DiskStore, report: &Report, watch: &mut Watch<'_>) {
    for problem in &report.problems {
        let Problem { path, fault } = problem;
        let finding = match standing(store, path) {
            Standing::Passed => continue,
            Standing::Idle => Finding::note(Where::Registry, path, fault.clone())
                .remedy("it is no package, and in nobody's way"),
            Standing::Wrong => {
                let is_folder = store.root().join(path).is_dir();
                let remedy = if is_folder { PUT_DOCUMENT_BACK } else { RESTORE };
                Finding::damage(Where::Registry, path, fault.clone()).remedy(remedy)
            }
        };
        watch(Step::Found(Box::new(finding)));
    }
    for Problem { path, fault } in &report.foreign {
        let what = format!("it cannot be published to: {fault}");
        watch(Step::Found(Box::new(Finding::note(Where::Registry, path, what))));
    }
}

/// What a place is that was not what it should be, now.
enum Standing {
    /// It is right, or gone: somebody was about to change it.
    Passed,
    /// There is nothing of a package in it.
    Idle,
    Wrong,
}

fn standing(store: &DiskStore, path: &Path) -> Standing {
    let root = store.root();
    let is_folder = root.join(path).is_dir();
    let folder = if is_folder { path } else { path.parent().unwrap_or(path) };
    // Whoever publishes the first version of a package has put the tarball there before the document.
    if let Some(name) = name_of(folder) {
        match store.at_rest(&name, |seen| HostedDocument::parse(&seen.document).is_ok()) {
            Ok(Some(true)) => return Standing::Passed,
            Ok(_) if !root.join(path).exists() => return Standing::Passed,
            _ => {}
        }
    }
    // Of a file system, whose root alone looks into it.
    if folder == Path::new("lost+found") {
        return Standing::Idle;
    }
    match is_folder && !has_tarball(&root.join(path)) {
        true => Standing::Idle,
        false => Standing::Wrong,
    }
}

/// Whether there is a tarball in a folder, as far as it can be looked at.
fn has_tarball(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return true };
    let is_tarball = |name: &OsStr| Path::new(name).extension().is_some_and(|it| it == "tgz");
    entries.flatten().any(|entry| is_tarball(&entry.file_name()))
}

/// The package that a folder is the place of, if its name says so: a capital is `!` and its small letter there.
fn name_of(folder: &Path) -> Option<PackageName> {
    let (mut name, mut is_capital) = (String::new(), false);
    for c in folder.to_str()?.chars() {
        match (c, is_capital) {
            ('!', false) => is_capital = true,
            // What has a digest for a name, or was made by somebody else.
            (c, true) if c != '!' && !c.is_ascii_lowercase() => return None,
            (c, true) => {
                name.push(c.to_ascii_uppercase());
                is_capital = false;
            }
            (c, false) => name.push(c),
        }
    }
    if is_capital { None } else { name.parse().ok() }
}

impl PackageCounts {
    fn add(&mut self, checked: &Checked) {
        self.packages += 1;
        self.copies += usize::from(checked.is_copy);
        self.versions += checked.versions;
        self.without_digests += checked.without_digests;
        self.bytes += checked.bytes;
    }
}

impl Looker<'_> {
    /// Looks at a package, again if somebody changed it meanwhile: what is wrong while its document stays the same is wrong.
    fn check(&self, mut seen: Seen) -> Checked {
        let store = self.store;
        for _ in 0..TRIES {
            let checked = self.look(&seen);
            if checked.findings.is_empty() {
                return checked;
            }
            match store.see(&seen.name) {
                Ok(Some(now)) if now.stamp != seen.stamp => seen = now,
                Ok(None) => return Checked::default(),
                // It is the same, or cannot be read any more: what was seen is told.
                _ => return checked,
            }
        }
        // Somebody changes it all the time: they wait for once.
        match store.at_rest(&seen.name, |seen| self.look(&seen)) {
            Ok(checked) => checked.unwrap_or_default(),
            Err(error) => unchecked(&seen, &error),
        }
    }

    fn look(&self, seen: &Seen) -> Checked {
        let store = self.store;
        let mut checked = Checked::default();
        let document = match HostedDocument::parse(&seen.document) {
            Ok(document) => document,
            Err(error) => {
                let finding = Finding::damage(Where::Registry, &seen.place(), error.to_string());
                checked.findings.push(finding.of(&seen.name).remedy(RESTORE));
                return checked;
            }
        };
        checked.is_copy = !document.is_hosted();
        if checked.is_copy {
            // Nobody counts on its tarballs.
            return checked;
        }
        let keys = self.signing.look();
        let judges = keys.as_ref().map_or(Judges::Unknown, |keys| Judges::Known(keys.as_deref()));
        (checked.findings, checked.unknown) = document::check(seen, &document, judges);
        if self.depth == Depth::Places {
            return checked;
        }
        for version in document.versions() {
            checked.versions += 1;
            let findings = check_version(store, seen, &document, version, &mut checked);
            checked.findings.extend(findings);
        }
        checked.findings.extend(unnamed(store, seen, &document));
        checked
    }
}

/// What is said of a package that cannot be looked at.
fn unchecked(seen: &Seen, error: &StoreError) -> Checked {
    let what =
        format!("it changes all the time, and could not be looked at between two changes: {error}");
    let finding = Finding::damage(Where::Registry, &seen.place(), what).of(&seen.name);
    Checked { findings: vec![finding], ..Checked::default() }
}

fn check_version(
    store: &DiskStore,
    seen: &Seen,
    document: &HostedDocument,
    version: &str,
    checked: &mut Checked,
) -> Option<Finding> {
    let damage = |path: &Path, what: String| {
        let finding = Finding::damage(Where::Registry, path, what);
        Some(finding.of(&seen.name).of_version(version).remedy(PUT_BACK))
    };
    let folder = seen.place().parent().map(Path::to_owned).unwrap_or_default();
    let Some(file) = document.file(version) else {
        return damage(&seen.place(), format!("the document names no tarball of {version}"));
    };
    let usual = |file: &TarballName| {
        folder.join(files_of(file).next().unwrap_or_else(|| file.as_str().to_owned()))
    };
    let place = usual(&file);
    let (place, opened) = match store.file(&seen.name, &file) {
        Ok(Some(found)) => found,
        Ok(None) => return damage(&place, "the tarball is not there".to_owned()),
        Err(error) => return damage(&place, error.to_string()),
    };
    let expected = document.digests(version);
    let (len, digests) = match digests_of(opened, expected.as_ref()) {
        Ok(read) => read,
        Err(error) => return damage(&place, format!("it cannot be read: {error}")),
    };
    checked.bytes += len;
    match expected {
        None => checked.without_digests += 1,
        Some(expected) => {
            if let Some(wrong) = is_damage(&digests, &expected) {
                return damage(&place, wrong);
            }
        }
    }
    let bundle = document.predicate_type(version).and_then(|_| file.bundle())?;
    let place = usual(&bundle);
    let (place, opened) = match store.file(&seen.name, &bundle) {
        Ok(Some(found)) => found,
        Ok(None) => return damage(&place, "the attestations are not there".to_owned()),
        Err(error) => return damage(&place, error.to_string()),
    };
    match serde_json::from_reader::<_, IgnoredAny>(std::io::BufReader::new(opened)) {
        Ok(_) => None,
        Err(error) => damage(&place, format!("it is not JSON: {error}")),
    }
}

/// Tarballs that no version names, while nobody changes the package: somebody may be about to publish.
fn unnamed(store: &DiskStore, seen: &Seen, document: &HostedDocument) -> Vec<Finding> {
    let found = |seen: &Seen, document: &HostedDocument| {
        let named: Vec<TarballName> =
            document.versions().filter_map(|version| document.file(version)).collect();
        let mut allowed: Vec<TarballName> = named.iter().filter_map(TarballName::bundle).collect();
        allowed.extend(document.booked_files());
        store.compare(seen, &named, &allowed).map(|compared| compared.unnamed).unwrap_or_default()
    };
    if found(seen, document).is_empty() {
        return Vec::new();
    }
    let at_rest = store.at_rest(&seen.name, |seen| {
        let document = HostedDocument::parse(&seen.document).ok();
        document.map(|document| found(&seen, &document)).unwrap_or_default()
    });
    let paths = at_rest.ok().flatten().unwrap_or_default();
    let note = |path: &std::path::PathBuf| {
        let what =
            "no version names this tarball: a publish or an unpublish that was cut short left it";
        let finding = Finding::note(Where::Registry, path, what);
        finding.of(&seen.name).remedy("it is sent to nobody, and may be removed")
    };
    paths.iter().map(note).collect()
}

/// The bytes of a small file below a directory; `None` when it is gone.
pub(super) fn small_file(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    match regular::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_say_whose_they_are() {
        for (folder, name) in [
            ("lodash", Some("lodash")),
            ("@s/n", Some("@s/n")),
            ("!j!s!o!n!stream", Some("JSONStream")),
            ("it's!!", Some("it's!")),
            ("lost+found", Some("lost+found")),
            ("!04a99557e4033c3539de2eb65472017ca!", None),
        ] {
            let found = name_of(Path::new(folder));
            assert_eq!(found.as_ref().map(PackageName::as_str), name, "{folder}");
        }
    }
}
