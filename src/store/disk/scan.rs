//! Everything in the directory, looked at. Everything here blocks.
//! Knows nothing of changes: what it cannot read it tells, and leaves where it is.

use super::Inner;
use super::dates::stamp_of;
use super::devices;
use super::find::is_absent;
use super::layout::{DOCUMENT, Place};
use super::seen::Seen;
use crate::npm::PackageName;
use crate::store::identity::Identity;
use crate::store::{Stamp, StoreError};
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
    /// Folders that can be read, and that nothing can be published to.
    pub foreign: Vec<Problem>,
}

/// Something in the directory that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, below the directory.
    pub path: PathBuf,
    /// What is wrong with it, as the end of a sentence.
    pub fault: String,
}

impl Problem {
    pub(super) fn new(path: &Path, fault: impl ToString) -> Problem {
        Problem { path: path.to_owned(), fault: fault.to_string() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.fault)
    }
}

/// What was found.
#[derive(Default)]
struct Scan {
    names: BTreeSet<PackageName>,
    copies: usize,
    problems: Vec<Problem>,
}

impl Scan {
    fn report(self, foreign: Vec<Problem>) -> Report {
        let mut problems = self.problems;
        problems.sort_by(|one, other| one.path.cmp(&other.path));
        Report { packages: self.names.len(), copies: self.copies, problems, foreign }
    }

    fn problem(&mut self, path: &Path, fault: impl ToString) {
        self.problems.push(Problem::new(path, fault));
    }

    /// Counts a package; `false` when it was already.
    fn found(&mut self, name: &PackageName, copy: bool) -> bool {
        let is_new = self.names.insert(name.clone());
        if is_new && copy {
            self.copies += 1;
        }
        is_new
    }
}

/// The folders in the directory.
#[derive(Default)]
struct Folders {
    scopes: Vec<PathBuf>,
    /// Those that packages may have.
    packages: Vec<PathBuf>,
}

/// Looks at everything, and shows each package.
pub(super) fn scan(store: &Inner, see: &mut dyn FnMut(Seen)) -> Result<Report, StoreError> {
    let mut scan = Scan { problems: store.registry.problems().to_vec(), ..Scan::default() };
    let mut folders = all_folders(store, &mut scan)?;
    folders.scopes.sort_unstable();
    folders.packages.sort_unstable();
    for folder in &folders.packages {
        match package(store, folder) {
            Ok(Some((seen, copy))) => {
                scan.found(&seen.name, copy);
                // Not one whose place another one has taken just now, nor one that lies behind another one.
                if store.stamp(&seen.name).is_ok_and(|stamp| stamp == Some(seen.stamp)) {
                    see(seen);
                }
            }
            Ok(None) => {}
            Err(problem) => scan.problems.push(problem),
        }
    }
    for (name, copy) in store.registry.names() {
        if scan.found(name, copy)
            && let Ok(Some(seen)) = store.see(name)
        {
            see(seen);
        }
    }
    let all = folders.scopes.iter().chain(&folders.packages);
    Ok(scan.report(devices::foreign(store.disk.root(), all)))
}

/// The packages that have a document. It is read where the folder does not say whose it is.
pub(super) fn names(store: &Inner) -> Result<BTreeSet<PackageName>, StoreError> {
    let mut scan = Scan::default();
    for folder in all_folders(store, &mut scan)?.packages {
        match told_by(&folder) {
            Some((name, document)) => {
                if store.disk.root().join(document).is_file() {
                    scan.names.insert(name);
                }
            }
            None => {
                if let Ok(Some((seen, _))) = package(store, &folder) {
                    scan.names.insert(seen.name);
                }
            }
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

/// The folders of scopes, and those that packages may have.
fn all_folders(store: &Inner, scan: &mut Scan) -> Result<Folders, StoreError> {
    let mut all = Folders::default();
    for (folder, is_scope) in folders(store, Path::new(""), scan)? {
        if !is_scope {
            all.packages.push(folder);
            continue;
        }
        match folders(store, &folder, scan) {
            Ok(below) => all.packages.extend(below.into_iter().map(|(folder, _)| folder)),
            Err(error) => scan.problem(&folder, error),
        }
        all.scopes.push(folder);
    }
    // A mount point may have folders of its own.
    store.presence.check()?;
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

/// Looks at the folder of a package: it, and whether it is a copy; `None` if an old `registry.json` has its document.
fn package(store: &Inner, folder: &Path) -> Result<Option<(Seen, bool)>, Problem> {
    let Some(base) = folder.file_name().and_then(OsStr::to_str) else {
        return Err(Problem::new(folder, "its name is not UTF-8"));
    };
    let path = folder.join(format!("{base}{DOCUMENT}"));
    // Before the document is read: who has the stamp has this document, or the one after it.
    let file = fs::metadata(store.disk.root().join(&path));
    let stamp = file.map_or(Stamp::new(0, [0; 3]), |file| stamp_of(&file));
    let document = match store.read(&path) {
        Ok(Some(document)) => document,
        // Of the time when `registry.json` held the documents: only tarballs are here.
        Ok(None) if store.registry.has(folder) => return Ok(None),
        Ok(None) => return Err(Problem::new(folder, format!("it has no {base}{DOCUMENT}"))),
        // Of which file, the problem says itself.
        Err(StoreError::Damaged { fault, .. }) => return Err(Problem::new(&path, fault)),
        Err(error) => return Err(Problem::new(&path, error)),
    };
    let identity = Identity::of(&document).map_err(|unfit| Problem::new(&path, unfit))?;
    let name = PackageName::parse(&identity.name);
    let name = name.map_err(|invalid| Problem::new(&path, invalid))?;
    if !is_place_of(&name, &path) {
        let fault = format!("it is the document of {name}, and not in its place");
        return Err(Problem::new(&path, fault));
    }
    let seen = Seen { name, stamp, document, folder: Some(folder.to_owned()) };
    Ok(Some((seen, identity.copy)))
}

fn is_place_of(name: &PackageName, document: &Path) -> bool {
    Place::own(name).document == document
        || Place::of_the_seed(name).is_some_and(|place| place.document == document)
}
