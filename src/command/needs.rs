//! What the lock files of a command need, read and put together, and what a NOPAR says of it.
//! Knows nothing of what is done about what is missing.

mod asking;
mod told;

pub(super) use asking::ask_all;
pub(super) use told::{Totals, tell};

use super::Problem;
use crate::admin::Item;
use crate::lockfile::{LONGEST, Lockfile, Other, Unreadable, Wanted};
use crate::npm::PackageName;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// What is named in place of a file that is standard input.
const STANDARD_INPUT: &str = "-";

/// Why a lock file is none that can be worked with.
#[derive(Debug, thiserror::Error)]
pub(super) enum NeedsError {
    /// It cannot be read.
    #[error("{}: {source}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is not as it should be.
    #[error("{}: {source}", file.display())]
    Lockfile {
        /// Which.
        file: PathBuf,
        /// Why not.
        source: Unreadable,
    },
}

/// What all of them need, each thing once.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// In order of their names.
    pub(super) items: Vec<Need>,
    /// The files, and of which form each is.
    pub(super) read: Vec<(PathBuf, String)>,
    /// What no registry has, and which file names it.
    pub(super) others: Vec<(PathBuf, Other)>,
}

/// A version that is needed.
#[derive(Debug)]
pub(super) struct Need {
    pub(super) item: Item,
    /// Which files name it.
    pub(super) by: Vec<PathBuf>,
}

impl Needs {
    /// What these files need. Blocks.
    ///
    /// # Errors
    /// When one of them cannot be read whole.
    pub(super) fn of(files: &[PathBuf]) -> Result<Needs, NeedsError> {
        let mut all: BTreeMap<(PackageName, String), Need> = BTreeMap::new();
        let mut needs = Needs::default();
        for file in files {
            let bytes =
                read(file).map_err(|source| NeedsError::File { file: file.clone(), source })?;
            let found = Lockfile::read(&file.to_string_lossy(), &bytes)
                .map_err(|source| NeedsError::Lockfile { file: file.clone(), source })?;
            needs.read.push((file.clone(), found.format));
            for wanted in found.wanted {
                let key = (wanted.name.clone(), wanted.version.clone());
                all.entry(key).or_insert_with(|| Need::of(&wanted)).add(wanted, file);
            }
            for other in found.others {
                if !needs.others.iter().any(|(_, known)| *known == other) {
                    needs.others.push((file.clone(), other));
                }
            }
        }
        needs.items = all.into_values().collect();
        Ok(needs)
    }
}

impl Need {
    fn of(wanted: &Wanted) -> Need {
        let (name, version) = (wanted.name.to_string(), wanted.version.clone());
        Need { item: Item { name, version, ..Item::default() }, by: Vec::new() }
    }

    fn add(&mut self, wanted: Wanted, file: &Path) {
        let Item { files, integrity, .. } = &mut self.item;
        note(files, wanted.file.map(|file| file.to_string()));
        note(integrity, wanted.integrity.map(|digests| digests.to_string()));
        note(&mut self.by, Some(file.to_owned()));
    }
}

fn note<T: PartialEq>(all: &mut Vec<T>, one: Option<T>) {
    all.extend(one.filter(|one| !all.contains(one)));
}

/// As much as is read of a lock file, and a byte more where it is longer.
fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match file.as_os_str() == STANDARD_INPUT {
        true => io::stdin().take(LONGEST + 1).read_to_end(&mut bytes)?,
        false => File::open(file)?.take(LONGEST + 1).read_to_end(&mut bytes)?,
    };
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Directories with files of these names and texts.
    fn files(all: &[(&str, &str)]) -> (tempfile::TempDir, Vec<PathBuf>) {
        let folder = tempfile::tempdir().unwrap();
        let write = |(name, text): &(&str, &str)| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let paths = all.iter().map(write).collect();
        (folder, paths)
    }

    #[test]
    fn what_two_files_name_is_needed_once_with_what_each_says_of_it() {
        let npm = r#"{"lockfileVersion": 3, "packages": {
            "node_modules/b": {"version": "2.0.0", "resolved": "https://registry.example/b/-/b@2.0.0.tgz"},
            "node_modules/a": {"version": "1.0.0"}, "node_modules/c": {"version": "git+https://git.example/c.git"}}}"#;
        let yarn = "# yarn lockfile v1\n\nb@^2:\n  version \"2.0.0\"\n  resolved \"https://registry.example/b/-/b-2.0.0.tgz#da39a3ee5e6b4b0d3255bfef95601890afd80709\"\n";
        let (_folder, paths) = files(&[("package-lock.json", npm), ("yarn.lock", yarn)]);
        let needs = Needs::of(&[&paths[..], &paths[..1]].concat()).unwrap();
        let names: Vec<_> = needs.items.iter().map(|need| need.item.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        let b = &needs.items[1];
        assert_eq!(b.item.files, ["b@2.0.0.tgz", "b-2.0.0.tgz"]);
        assert_eq!(b.item.integrity, ["sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="]);
        assert_eq!(b.by, paths);
        assert_eq!(needs.others.len(), 1);
        let formats: Vec<_> = needs.read.iter().map(|(_, format)| format.as_str()).collect();
        assert_eq!(formats, ["npm, version 3", "yarn, version 1", "npm, version 3"]);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let (folder, paths) = files(&[("package-lock.json", "{\n  \"lockfileVersion\": 3,\n")]);
        let told = Needs::of(&paths).unwrap_err().to_string();
        assert!(told.starts_with(&format!("{}: line 3: ", paths[0].display())), "{told}");
        let told = Needs::of(&[folder.path().join("none")]).unwrap_err().to_string();
        assert!(told.contains("none: No such file"), "{told}");
        assert!(Needs::of(&[folder.path().to_owned()]).is_err());
    }
}
