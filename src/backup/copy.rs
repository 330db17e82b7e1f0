//! One folder of a registry, copied: all of a package, as it was at one moment.
//! Knows nothing of snapshots, but what the one before has of the same files.
//!
//! A document gets its place after the tarballs that it names, and these go after the document that does not name them.
//! So the document is read first, and whatever it names is there as long as the document is. Where something is not, or is
//! not what it says, the document is looked at: if it is another one, all of it is done again; if it is the same, that is
//! damage, and copied as it is.

mod bytes;

use self::bytes::Trouble;
use super::depot::Depot;
use super::snapshot::Kept;
use super::source::{NOT_UTF_8, is_left_out, is_own, is_stage};
use crate::npm::hosted::HostedDocument;
use crate::npm::{Integrity, TarballName};
use crate::regular::{self, Stamp};
use crate::store::DiskStore;
use crate::store::disk::files_of;
use crate::verify::is_damage;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// How often a package is begun anew that is changed while it is copied, before those who change it have to wait.
const TRIES: usize = 4;

/// What copies folders.
pub(super) struct Copier<'a> {
    pub(super) root: &'a Path,
    pub(super) store: &'a DiskStore,
    pub(super) depot: &'a Depot,
    /// The files of the snapshot before.
    pub(super) before: &'a BTreeMap<String, Kept>,
    /// Whether files are read that are as they were then, and copies compared.
    pub(super) is_full: bool,
    /// Whether the backup cannot be written: then nothing more is read for it.
    pub(super) has_failed: AtomicBool,
}

/// A folder that was copied.
#[derive(Debug, Default)]
pub(super) struct Copied {
    /// Its path and mode; `None` if it is gone.
    pub(super) folder: Option<(String, String)>,
    pub(super) files: Vec<(String, Kept)>,
    pub(super) problems: Vec<String>,
    pub(super) left_out: Vec<String>,
    /// What was not kept before: files, and their bytes.
    pub(super) new: (usize, u64),
}

/// What was copied of a folder in tries that came to nothing.
#[derive(Default)]
struct Lately {
    files: BTreeMap<String, Kept>,
    new: (usize, u64),
}

/// Why a folder is not copied.
enum Undone {
    /// Somebody has changed the package meanwhile.
    Changed,
    /// The backup cannot be written.
    Unwritten(io::Error),
}

/// A package's document, as it was read.
struct Document {
    place: PathBuf,
    stamp: Stamp,
    says: HostedDocument,
}

impl Copier<'_> {
    /// Copies what is in a folder, but for the folders in it.
    ///
    /// # Errors
    /// When the backup cannot be written.
    pub(super) fn copy(&self, folder: &Path) -> io::Result<Copied> {
        let mut lately = Lately::default();
        for _ in 0..TRIES {
            if self.has_failed.load(Ordering::Relaxed) {
                return Ok(Copied::default());
            }
            match self.attempt(folder, &mut lately, false) {
                Err(Undone::Changed) => {}
                done => return self.done(done, &lately),
            }
        }
        let done = self.attempt_at_rest(folder, &mut lately);
        self.done(done, &lately)
    }

    fn done(&self, done: Result<Copied, Undone>, lately: &Lately) -> io::Result<Copied> {
        match done {
            Ok(copied) => Ok(Copied { new: lately.new, ..copied }),
            Err(Undone::Changed) => Ok(Copied::default()),
            Err(Undone::Unwritten(error)) => {
                self.has_failed.store(true, Ordering::Relaxed);
                Err(error)
            }
        }
    }

    /// The last try, for which whoever changes the package waits: by now little is left to be copied.
    fn attempt_at_rest(&self, folder: &Path, lately: &mut Lately) -> Result<Copied, Undone> {
        let document = self.document(folder, &mut Copied::default(), &mut Lately::default());
        let name = document.map_err(Undone::Unwritten)?.map(|it| it.says.name().clone());
        let copy = |_| self.attempt(folder, lately, true);
        match name.map(|name| self.store.at_rest(&name, copy)) {
            Some(Ok(Some(done))) => done,
            // It is gone, or cannot be locked: as it is.
            _ => self.attempt(folder, &mut Lately::default(), true),
        }
    }

    fn attempt(&self, folder: &Path, lately: &mut Lately, is_last: bool) -> Result<Copied, Undone> {
        let mut copied = Copied::default();
        // Before the list: what the document names is in that then, or was removed with a later document.
        let document = self.document(folder, &mut copied, lately).map_err(Undone::Unwritten)?;
        let mut names = match self.listed(folder, &mut copied) {
            Ok(names) => names,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Copied::default()),
            Err(error) => {
                copied.problem(folder, &error.to_string());
                return Ok(copied);
            }
        };
        // The first version of a package was published since.
        let is_new = document.is_none() && copied.problems.is_empty();
        if is_new && !is_last && document_in(folder).is_some_and(|name| names.contains(&name)) {
            return Err(Undone::Changed);
        }
        names.retain(|name| document.as_ref().is_none_or(|it| it.place != folder.join(name)));
        let mut suspicious = self.files(folder, &names, document.as_ref(), &mut copied, lately)?;
        if let Some(document) = &document {
            suspicious.extend(self.missing(document, &copied));
            if !suspicious.is_empty() && !is_last && !self.is_still(document) {
                return Err(Undone::Changed);
            }
        }
        copied.problems.append(&mut suspicious);
        // A stage that was approved or rejected meanwhile is one no more.
        if is_stage(folder) && !self.root.join(folder).is_dir() {
            return Ok(Copied::default());
        }
        Ok(copied)
    }

    /// Notes a folder and its mode; the names in it.
    fn listed(&self, folder: &Path, copied: &mut Copied) -> io::Result<BTreeSet<String>> {
        let mode = fs::metadata(self.root.join(folder))?.mode() & 0o777;
        copied.folder = Some((text(folder), format!("{mode:o}")));
        self.list(folder, copied)
    }

    /// Copies the files of these names; which of them are not what the document says.
    fn files(
        &self,
        folder: &Path,
        names: &BTreeSet<String>,
        document: Option<&Document>,
        copied: &mut Copied,
        lately: &mut Lately,
    ) -> Result<Vec<String>, Undone> {
        let expected = document.map(|it| expected(&it.says)).unwrap_or_default();
        let mut suspicious = Vec::new();
        for name in names {
            let place = folder.join(name);
            // Folders that have other names are not copied at all.
            let Some(path) = place.to_str() else { continue };
            match self.file(path, lately) {
                Ok(Some(kept)) => {
                    let wrong = expected.get(name).zip(kept.integrity());
                    let wrong = wrong.and_then(|(said, found)| mistake(&found, said));
                    suspicious.extend(wrong.map(|wrong| format!("{path}: {wrong}")));
                    copied.files.push((path.to_owned(), kept));
                }
                // It was removed meanwhile.
                Ok(None) => {}
                Err(Trouble::Unread(error)) if regular::is_no_file(&error) => {
                    copied.left_out.push(format!("{path}: {error}"));
                }
                Err(Trouble::Unread(error)) => copied.problem(&place, &error.to_string()),
                Err(Trouble::Unwritten(error)) => return Err(Undone::Unwritten(error)),
            }
        }
        Ok(suspicious)
    }

    /// Whether a package's document is the file that was read.
    fn is_still(&self, document: &Document) -> bool {
        let now = Stamp::at(&self.root.join(&document.place));
        matches!(now, Ok(Some(now)) if now == document.stamp)
    }

    /// The names of what is in a folder and no folder, but for what is left out.
    fn list(&self, folder: &Path, copied: &mut Copied) -> io::Result<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        for entry in fs::read_dir(self.root.join(folder))? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let leads = kind.is_symlink() && fs::metadata(entry.path()).is_ok_and(|it| it.is_dir());
            if kind.is_dir() || leads {
                continue;
            }
            match entry.file_name().into_string() {
                Ok(name) if is_left_out(folder, &name) => {}
                Ok(name) => drop(names.insert(name)),
                // No package has such a file, and no snapshot such a name.
                Err(name) => {
                    let place = folder.join(name);
                    copied.left_out.push(format!("{}: {NOT_UTF_8}", place.display()));
                }
            }
        }
        Ok(names)
    }

    /// Copies the document of a package, if this is the folder of one; what it says, if that can be read.
    fn document(
        &self,
        folder: &Path,
        copied: &mut Copied,
        lately: &mut Lately,
    ) -> io::Result<Option<Document>> {
        let Some(name) = document_in(folder) else { return Ok(None) };
        let place = folder.join(name);
        let read = || {
            let mut file = regular::open(&self.root.join(&place))?;
            let (it, stamp) = (file.metadata()?, Stamp::of(&file)?);
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok::<_, io::Error>((it, stamp, bytes))
        };
        let Ok((it, stamp, bytes)) = read() else {
            // There is none, or it is told of with the other files.
            return Ok(None);
        };
        let says = match HostedDocument::parse(&bytes) {
            Ok(says) => says,
            Err(error) => {
                // It is copied as a file like any other.
                copied.problem(&place, &error.to_string());
                return Ok(None);
            }
        };
        let kept = self.small(&it, bytes, false, &mut lately.new)?;
        copied.files.push((text(&place), kept));
        Ok(Some(Document { place, stamp, says }))
    }

    /// Versions whose tarball is neither here nor where an older NOPAR would have it.
    fn missing(&self, document: &Document, copied: &Copied) -> Vec<String> {
        let says = &document.says;
        if !says.is_hosted() {
            return Vec::new();
        }
        let there: BTreeSet<&str> =
            copied.files.iter().filter_map(|(path, _)| path.rsplit('/').next()).collect();
        let is_here = |file: &TarballName| files_of(file).any(|name| there.contains(name.as_str()));
        let lacks = |version: &&str| {
            let Some(file) = says.file(version) else { return true };
            let is_elsewhere = || {
                let found = self.store.file(says.name(), &file).ok().flatten();
                found.is_some_and(|(path, _)| path.parent() != document.place.parent())
            };
            !is_here(&file) && !is_elsewhere()
        };
        let told = |version: &str| {
            format!("{}: the tarball of {version} is not there", document.place.display())
        };
        says.versions().filter(lacks).map(told).collect()
    }
}

impl Copied {
    fn problem(&mut self, path: &Path, why: &str) {
        self.problems.push(format!("{}: {why}", path.display()));
    }
}

/// What the document is called in a folder that may be a package's.
fn document_in(folder: &Path) -> Option<String> {
    let base = folder.file_name()?.to_str()?;
    (!is_own(folder)).then(|| format!("{base}.json"))
}

/// What the files of versions must digest to, by all names that they may have.
fn expected(says: &HostedDocument) -> HashMap<String, Integrity> {
    let mut expected = HashMap::new();
    if says.is_hosted() {
        for version in says.versions() {
            let Some((file, digests)) = says.file(version).zip(says.digests(version)) else {
                continue;
            };
            expected.extend(files_of(&file).map(|name| (name, digests.clone())));
        }
    }
    expected
}

/// What is wrong with a tarball, as far as the kind of digest is known.
fn mistake(found: &Integrity, said: &Integrity) -> Option<String> {
    found.matches(said)?;
    is_damage(found, said)
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
