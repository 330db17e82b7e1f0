//! Files of another registry, read with the rights of whoever runs the command.
//! Knows nothing of what is in them.
//!
//! Root goes on as the owner of NOPAR's directory, so a thread that was begun before opens the files; what it hands out is
//! only ever read.

use crate::keeper::Keeper;
use crate::regular;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// What is in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its name.
    pub(super) name: String,
    /// Whether it is a folder, or a link to one.
    pub(super) is_folder: bool,
}

/// Who opens the files.
pub(super) struct Source(Keeper);

impl Source {
    /// Begins it, with the rights that this thread has now.
    pub(super) fn start() -> io::Result<Source> {
        Keeper::begin().map(Source)
    }

    /// Opens a file to read it.
    pub(super) fn open(&self, path: &Path) -> io::Result<File> {
        let path = path.to_owned();
        self.0.run(move || regular::open(&path))
    }

    /// All bytes of a file that has `most` at most.
    pub(super) fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(path)?.take(most + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most {
            return Err(io::Error::other(format!("it is longer than {most} bytes")));
        }
        Ok(bytes)
    }

    /// The same of a file that may be absent.
    pub(super) fn find(&self, path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
        match self.read(path, most) {
            Err(error) if is_absent(&error) => Ok(None),
            read => read.map(Some),
        }
    }

    /// What is in a folder, by name. Names that are no text are none of a registry's.
    pub(super) fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        let path = path.to_owned();
        self.0.run(move || list(&path))
    }
}

/// Whether there is nothing of that name.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn list(path: &Path) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        // A link that leads nowhere is no folder.
        let is_folder = fs::metadata(entry.path()).is_ok_and(|it| it.is_dir());
        entries.push(Entry { name, is_folder });
    }
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_and_folders_listed() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("b"), "1234").unwrap();
        fs::create_dir(home.path().join("a")).unwrap();
        std::os::unix::fs::symlink("nowhere", home.path().join("c")).unwrap();
        let source = Source::start().unwrap();
        let listed = source.list(home.path()).unwrap();
        let entry = |name: &str, is_folder| Entry { name: name.to_owned(), is_folder };
        assert_eq!(listed, [entry("a", true), entry("b", false), entry("c", false)]);
        assert_eq!(source.read(&home.path().join("b"), 4).unwrap(), b"1234");
        let long = source.read(&home.path().join("b"), 3).unwrap_err();
        assert!(long.to_string().contains("longer than 3 bytes"), "{long}");
        for absent in ["c", "d", "b/x"] {
            assert!(source.find(&home.path().join(absent), 4).unwrap().is_none(), "{absent}");
        }
        let folder = source.find(&home.path().join("a"), 4).unwrap_err();
        assert!(regular::is_no_file(&folder), "{folder}");
    }
}
