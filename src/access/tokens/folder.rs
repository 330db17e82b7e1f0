//! The directory of tokens: their files are read, put in place and removed, each at once or not at all.
//! Knows nothing of who may do what; all of it blocks.

use super::super::ground::Ground;
use super::record::Given;
use crate::npm::is_sha256;
use crate::regular::{self, owned, sync_folder};
use log::warn;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// More bytes than any file of a token has; what is longer is none.
pub(super) const LONGEST: usize = 4096;

/// The directory of tokens. Clones are the same directory.
#[derive(Clone)]
pub(super) struct Folder {
    pub(super) path: Arc<Path>,
    ground: Arc<dyn Ground>,
}

/// A token's file.
pub(super) struct Found {
    pub(super) file: File,
    pub(super) given: Given,
}

impl Folder {
    pub(super) fn new(path: PathBuf, ground: Arc<dyn Ground>) -> Folder {
        Folder { path: path.into(), ground }
    }

    /// The token with this digest, if there is one. A file that is damaged is none.
    pub(super) fn find(&self, digest: &str) -> io::Result<Option<Found>> {
        let place = self.place(digest);
        let file = match regular::open(&place).map_err(regular::naming(&place)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.ground.check()?;
                return Ok(None);
            }
            other => other?,
        };
        let given = read(&file)?;
        if given.is_none() {
            // What it says instead is not told: that may be anything.
            warn!("access: {} is damaged, and no token", place.display());
        }
        Ok(given.map(|given| Found { file, given }))
    }

    /// The digests of all tokens, and of files that are damaged; what is no file is none. There are none where there is
    /// no directory yet.
    pub(super) fn digests(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.ground.check()?;
                return Ok(Vec::new());
            }
            other => other?,
        };
        let mut digests = Vec::new();
        for entry in entries {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_file() || kind.is_symlink() {
                digests.extend(entry.file_name().into_string().ok().filter(|name| is_sha256(name)));
            }
        }
        Ok(digests)
    }

    /// Puts the file of a token in place. After a crash it is there, whole, or not there; beside it there
    /// may be one that begins with a dot, which nobody looks for. Its time is of the second in which it was
    /// `created`, since 1970: that may end while it is written, and a later time is that of a use.
    pub(super) fn keep(&self, digest: &str, record: &[u8], created: u64) -> io::Result<()> {
        self.prepare()?;
        let (place, unfinished) = (self.place(digest), self.unfinished(digest));
        let kept = owned::write(&unfinished, record)
            .and_then(|()| date(&unfinished, created))
            .and_then(|()| fs::rename(&unfinished, &place))
            .and_then(|()| self.sync());
        if kept.is_err() {
            // Best effort: one that stays is of a token that nobody has.
            let _ = fs::remove_file(&unfinished);
            let _ = fs::remove_file(&place);
        }
        kept
    }

    /// Removes a token's file; `false` when there is none. It may be back after a power failure unless
    /// [`sync`](Folder::sync) follows.
    pub(super) fn remove(&self, digest: &str) -> io::Result<bool> {
        match fs::remove_file(self.place(digest)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.ground.check()?;
                Ok(false)
            }
            other => other.map(|()| true),
        }
    }

    /// Waits until the names in the directory are on the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        sync_folder(&self.path)
    }

    /// Makes the directory, which only NOPAR's user may look into, and sees to it that its name is on the
    /// disk. Not only if it made it: who did may not have come so far.
    pub(super) fn prepare(&self) -> io::Result<()> {
        self.ground.prepare()?;
        if let Some(above) = self.path.parent() {
            if !self.path.is_dir() {
                // With the usual permissions: it is the place of other things as well.
                fs::create_dir_all(above)?;
            }
            owned::check_folder(above)?;
        }
        owned::make_folder(&self.path)?;
        for above in self.path.ancestors().skip(1) {
            // What cannot be opened was made by somebody else, long ago.
            let _ = sync_folder(above);
        }
        Ok(())
    }

    pub(super) fn place(&self, digest: &str) -> PathBuf {
        self.path.join(digest)
    }

    /// No digest begins with a dot, so what is there is no token.
    pub(super) fn unfinished(&self, digest: &str) -> PathBuf {
        self.path.join(format!(".{digest}.tmp"))
    }
}

/// What a file says of a token; `None` if it is none.
pub(super) fn read(file: &File) -> io::Result<Option<Given>> {
    let mut bytes = Vec::new();
    file.take(LONGEST as u64).read_to_end(&mut bytes)?;
    Ok(Given::parse(&bytes))
}

/// Keeps a file's time within this second since 1970. Those of one second stay in their order, by which the last are kept.
fn date(path: &Path, second: u64) -> io::Result<()> {
    let file = File::open(path)?;
    let last = UNIX_EPOCH + Duration::from_secs(second) + Duration::from_nanos(999_999_999);
    if file.metadata()?.modified()? > last { file.set_modified(last) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_that_ends_meanwhile_is_no_use() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let at = |millis| UNIX_EPOCH + Duration::from_millis(millis);
        for (written, second, kept) in
            [(5300, 5, at(5300)), (6001, 5, at(5999)), (4000, 5, at(4000))]
        {
            fs::write(&path, "").unwrap();
            File::open(&path).unwrap().set_modified(at(written)).unwrap();
            date(&path, second).unwrap();
            let modified = fs::metadata(&path).unwrap().modified().unwrap();
            assert!(modified >= kept && modified < kept + Duration::from_millis(1), "{modified:?}");
        }
    }
}
