//! Everything in the directory, looked at. Everything here blocks.
//! Knows nothing of changes: what it cannot read it tells, and leaves where it is.

use super::Inner;
use super::find::is_absent;
use super::layout::{DOCUMENT, Place};
use crate::npm::PackageName;
use crate::store::StoreError;
use crate::store::identity::Identity;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

/// What is in the directory of a store.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many packages have a document.
    pub packages: usize,
    /// How many of these are copies that an older NOPAR took from its upstream.
    pub copies: usize,
    /// What cannot be read, or is not in its place. It is left out, and left where it is.
    pub problems: Vec<Problem>,
}

/// Something in the directory that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, below the directory.
    pub path: PathBuf,
    /// What is wrong with it, as the end of a sentence.
    pub fault: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.fault)
    }
}

/// What was found.
#[derive(Default)]
pub(super) struct Scan {
    pub(super) names: BTreeSet<PackageName>,
    copies: usize,
    problems: Vec<Problem>,
}

impl Scan {
    pub(super) fn report(self) -> Report {
        let mut problems = self.problems;
        problems.sort_by(|one, other| one.path.cmp(&other.path));
        Report { packages: self.names.len(), copies: self.copies, problems }
    }

    fn problem(&mut self, path: &Path, fault: impl ToString) {
        self.problems.push(Problem { path: path.to_owned(), fault: fault.to_string() });
    }

    fn found(&mut self, name: PackageName, copy: bool) {
        if self.names.insert(name) && copy {
            self.copies += 1;
        }
    }
}

/// Looks at everything.
pub(super) fn scan(store: &Inner) -> Result<Scan, StoreError> {
    let mut scan = Scan { problems: store.registry.problems().to_vec(), ..Scan::default() };
    for folder in all_folders(store, &mut scan)? {
        package(store, &folder, &mut scan);
    }
    for (name, copy) in store.registry.names() {
        scan.found(name.clone(), copy);
    }
    Ok(scan)
}

/// The packages that have a document. It is read where the folder does not say whose it is.
pub(super) fn names(store: &Inner) -> Result<BTreeSet<PackageName>, StoreError> {
    let mut scan = Scan::default();
    for folder in all_folders(store, &mut scan)? {
        match told_by(&folder) {
            Some((name, document)) => {
                if store.disk.root().join(document).is_file() {
                    scan.names.insert(name);
                }
            }
            None => package(store, &folder, &mut scan),
        }
    }
    scan.names.extend(store.registry.names().map(|(name, _)| name.clone()));
    Ok(scan.names)
}

/// The package of a folder whose name says it, and its document. One with a `!` may be the place of two packages
/// (`layout`), and only its document tells of which.
fn told_by(folder: &Path) -> Option<(PackageName, PathBuf)> {
    let text = folder.to_str().filter(|text| !text.contains('!'))?;
    let name = PackageName::parse(text).ok()?;
    let places = [Some(Place::own(&name)), Place::of_the_seed(&name)];
    let place = places.into_iter().flatten().find(|place| place.folder == folder)?;
    Some((name, place.document))
}

/// The folders that packages may have.
fn all_folders(store: &Inner, scan: &mut Scan) -> Result<Vec<PathBuf>, StoreError> {
    let mut all = Vec::new();
    for (folder, is_scope) in folders(store, Path::new(""), scan)? {
        if !is_scope {
            all.push(folder);
            continue;
        }
        match folders(store, &folder, scan) {
            Ok(below) => all.extend(below.into_iter().map(|(folder, _)| folder)),
            Err(error) => scan.problem(&folder, error),
        }
    }
    if all.is_empty() {
        store.presence.check()?;
    }
    Ok(all)
}

/// The folders in one, and whether they have a scope's name. Files are nobody's.
fn folders(
    store: &Inner,
    below: &Path,
    scan: &mut Scan,
) -> Result<Vec<(PathBuf, bool)>, StoreError> {
    let path = store.disk.root().join(below);
    let failed = |error| store.disk.failed(&path, "read", error);
    let entries = match fs::read_dir(&path) {
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        other => other.map_err(failed)?,
    };
    let mut folders = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let (name, path) = (entry.file_name(), below.join(entry.file_name()));
        let is_hidden = name.as_encoded_bytes().starts_with(b".");
        match is_folder(&entry) {
            Ok(true) if !is_hidden => {
                folders.push((path, name.as_encoded_bytes().starts_with(b"@")));
            }
            Ok(_) => {}
            Err(error) => scan.problem(&path, error),
        }
    }
    Ok(folders)
}

/// Also one that is linked to.
fn is_folder(entry: &DirEntry) -> std::io::Result<bool> {
    let kind = entry.file_type()?;
    if kind.is_symlink() { Ok(fs::metadata(entry.path())?.is_dir()) } else { Ok(kind.is_dir()) }
}

/// Looks at the folder of a package.
fn package(store: &Inner, folder: &Path, scan: &mut Scan) {
    let Some(base) = folder.file_name().and_then(OsStr::to_str) else {
        return scan.problem(folder, "its name is not UTF-8");
    };
    let path = folder.join(format!("{base}{DOCUMENT}"));
    let document = match store.read(&path) {
        Ok(Some(document)) => document,
        // Of the time when `registry.json` held the documents: only tarballs are here.
        Ok(None) if store.registry.has(folder) => return,
        Ok(None) => return scan.problem(folder, format!("it has no {base}{DOCUMENT}")),
        Err(error) => return scan.problem(&path, error),
    };
    let identity = match Identity::of(&document) {
        Ok(identity) => identity,
        Err(unfit) => return scan.problem(&path, unfit),
    };
    match PackageName::parse(&identity.name) {
        Err(invalid) => scan.problem(&path, invalid),
        Ok(name) if is_place_of(&name, &path) => scan.found(name, identity.copy),
        Ok(name) => {
            scan.problem(&path, format!("it is the document of {name}, and not in its place"))
        }
    }
}

fn is_place_of(name: &PackageName, document: &Path) -> bool {
    Place::own(name).document == document
        || Place::of_the_seed(name).is_some_and(|place| place.document == document)
}
