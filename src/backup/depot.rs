//! A directory of backups: the bytes of files by their digests, and snapshots by their times.
//! Knows nothing of what files are. Everything here blocks.
//!
//! All of it belongs to who makes backups, and nobody else may look into it: there are keys and password hashes in it.

mod made;

pub(super) use made::naming_above;

use self::made::{FORMAT, check, prepare, shared};
use super::object::{ObjectError, bytes_of};
use super::snapshot::{Kept, Snapshot, SnapshotError};
use crate::keeper::Keeper;
use crate::npm::{hex, is_sha256};
use crate::regular::{self, owned, sync_folder};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

const OBJECTS: &str = "objects";
const SNAPSHOTS: &str = "snapshots";
const TEMPORARY: &str = "tmp";
/// How much is read at once, in bytes.
const PIECE: usize = 256 << 10;

/// Why a directory of backups cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DepotError {
    /// The system says why.
    #[error("the backup directory {} cannot be used: {source}", path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is something else in it.
    #[error("{} is not empty and not a backup directory: give a new one, or one that `nopar backup` made", .0.display())]
    Other(PathBuf),
    /// It is none.
    #[error("there is no backup in {}", .0.display())]
    Nothing(PathBuf),
    /// Another NOPAR made it, in a layout that this one does not know.
    #[error("the backup directory {} has format {found}, and this NOPAR knows only {FORMAT}", path.display())]
    Format {
        /// The directory.
        path: PathBuf,
        /// What its mark says.
        found: String,
    },
    /// Somebody is at work there.
    #[error("another nopar backup or nopar restore is at work in {}: wait for its end", .0.display())]
    Busy(PathBuf),
    /// There is none of that name.
    #[error("there is no snapshot {id} in {}: nopar restore {} --list tells which there are", path.display(), path.display())]
    Unknown {
        /// The directory.
        path: PathBuf,
        /// The snapshot.
        id: String,
    },
    /// It cannot be read.
    #[error("the snapshot {id} cannot be used: {source}")]
    Snapshot {
        /// Its name.
        id: String,
        /// What is wrong with it.
        source: SnapshotError,
    },
}

/// The directory. It is locked as long as this lives, unless it is only listed, or is a copy without a lock.
#[derive(Debug)]
pub struct Depot {
    path: PathBuf,
    keeper: Keeper,
    last: AtomicU64,
    _lock: Option<File>,
}

impl Depot {
    /// The one in `path`, to put backups into; made if it is not there, though not the directory above it.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn make(path: &Path, keeper: Keeper) -> Result<Depot, DepotError> {
        let place = path.to_owned();
        let made = keeper.run(move || Ok(prepare(&place))).map_err(at(path))?;
        Ok(Depot::new(path, keeper, Some(made?)))
    }

    /// The one in `path`, to read backups.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn open(path: &Path, keeper: Keeper) -> Result<Depot, DepotError> {
        let place = path.to_owned();
        let opened = keeper.run(move || Ok(shared(&place))).map_err(at(path))?;
        Ok(Depot::new(path, keeper, opened?))
    }

    /// The one in `path`, to see which backups there are, whoever is at work there.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn look(path: &Path, keeper: Keeper) -> Result<Depot, DepotError> {
        let place = path.to_owned();
        keeper.run(move || Ok(check(&place))).map_err(at(path))??;
        Ok(Depot::new(path, keeper, None))
    }

    fn new(path: &Path, keeper: Keeper, lock: Option<File>) -> Depot {
        Depot { path: path.to_owned(), keeper, last: AtomicU64::new(0), _lock: lock }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Who has the rights in it.
    pub fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    /// The names of its snapshots, the oldest first, and among them those that somebody has called otherwise
    /// ([`Snapshot::is_called`]).
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn names(&self) -> Result<Vec<String>, DepotError> {
        let folder = self.path.join(SNAPSHOTS);
        let list = move || {
            let mut ids = Vec::new();
            for entry in fs::read_dir(folder)? {
                let name = entry?.file_name().into_string().unwrap_or_default();
                ids.extend(name.strip_suffix(".json").map(str::to_owned));
            }
            // Of one second, the later ones have a number behind.
            ids.sort();
            Ok(ids)
        };
        self.keeper.run(list).map_err(at(&self.path))
    }

    /// A snapshot, by its name, which need not be the one that it got when it was made.
    ///
    /// # Errors
    /// When there is none of that name, or it is damaged.
    pub fn snapshot(&self, id: &str) -> Result<Snapshot, DepotError> {
        let unknown = || DepotError::Unknown { path: self.path.clone(), id: id.to_owned() };
        if id.is_empty() || id.contains('/') {
            return Err(unknown());
        }
        let place = self.place_of(id);
        let read = match self.keeper.run(move || regular::read(&place)) {
            Ok(text) => Snapshot::read(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(unknown()),
            Err(error) => Err(SnapshotError::Unread(error)),
        };
        read.map_err(|source| DepotError::Snapshot { id: id.to_owned(), source })
    }

    /// Gives a snapshot its name, when all that it speaks of is on the disk.
    pub(super) fn put_snapshot(&self, snapshot: &Snapshot) -> io::Result<()> {
        let (unfinished, mut file) = self.begin()?;
        snapshot.write(&mut file)?;
        file.sync_all()?;
        let (path, place) = (self.path.clone(), self.place_of(&snapshot.id));
        self.keeper.run(move || {
            let objects = path.join(OBJECTS);
            for folder in folders_in(&objects)? {
                sync_folder(&folder)?;
            }
            sync_folder(&objects)?;
            fs::rename(unfinished, place)?;
            sync_folder(&path.join(SNAPSHOTS))
        })
    }

    pub(super) fn remove_snapshot(&self, id: &str) -> io::Result<()> {
        let (place, folder) = (self.place_of(id), self.path.join(SNAPSHOTS));
        self.keeper.run(move || fs::remove_file(place).and_then(|()| sync_folder(&folder)))
    }

    /// A file that has no name yet.
    pub(super) fn begin(&self) -> io::Result<(PathBuf, File)> {
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        let path = self.path.join(TEMPORARY).join(number.to_string());
        let place = path.clone();
        let file = self.keeper.run(move || owned::create(&place).map_err(of(&place)))?;
        Ok((path, file))
    }

    /// Gives the bytes of such a file their name, whatever has it; they are on the disk already.
    pub(super) fn keep(&self, unfinished: PathBuf, sha256: &str) -> io::Result<()> {
        let place = self.place_of_object(sha256);
        self.keeper.run(move || {
            if let Some(folder) = place.parent() {
                owned::make_folder(folder).map_err(of(folder))?;
            }
            fs::rename(unfinished, &place).map_err(of(&place))
        })
    }

    /// Removes such a file.
    pub(super) fn discard(&self, unfinished: PathBuf) {
        // What stays is removed by the next backup.
        let _ = self.keeper.run(move || fs::remove_file(unfinished));
    }

    /// Whether it has these bytes, by their length; with `whole`, they are read and compared. It has none that cannot be
    /// read: they are written anew, and if not even that can be, it is said then.
    pub(super) fn has(&self, sha256: &str, size: u64, whole: bool) -> bool {
        let place = self.place_of_object(sha256);
        let Ok(file) = self.keeper.run(move || regular::open(&place)) else { return false };
        file.metadata().is_ok_and(|it| it.len() == size)
            && (!whole || digest_of(file).is_ok_and(|digest| digest == sha256))
    }

    /// These bytes, to be read.
    pub(super) fn open_object(&self, sha256: &str) -> Result<File, ObjectError> {
        let place = self.place_of_object(sha256);
        let opened = self.keeper.run(move || regular::open(&place));
        opened.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ObjectError::Missing(sha256.to_owned()),
            _ => ObjectError::Unread(error),
        })
    }

    /// The bytes of a file that fits into memory, compared with their digest.
    ///
    /// # Errors
    /// Why they are not to be had.
    pub fn bytes(&self, kept: &Kept) -> Result<Vec<u8>, ObjectError> {
        bytes_of(self.open_object(&kept.sha256)?, kept)
    }

    /// Removes the objects that nobody wants: how many, and how many bytes.
    pub(super) fn sweep(
        &self,
        is_wanted: impl Fn(&str) -> bool + Send + 'static,
    ) -> io::Result<(usize, u64)> {
        let objects = self.path.join(OBJECTS);
        self.keeper.run(move || {
            let (mut count, mut bytes) = (0, 0);
            for folder in folders_in(&objects)? {
                for object in fs::read_dir(&folder).map_err(of(&folder))? {
                    let object = object?;
                    let name = object.file_name().into_string().unwrap_or_default();
                    // Whatever else lies there is somebody's.
                    if is_sha256(&name) && !is_wanted(&name) {
                        bytes += object.metadata()?.len();
                        count += 1;
                        fs::remove_file(object.path()).map_err(of(&object.path()))?;
                    }
                }
            }
            Ok((count, bytes))
        })
    }

    fn place_of_object(&self, sha256: &str) -> PathBuf {
        let folder = sha256.get(..2).unwrap_or_default();
        self.path.join(OBJECTS).join(folder).join(sha256)
    }

    fn place_of(&self, id: &str) -> PathBuf {
        self.path.join(SNAPSHOTS).join(format!("{id}.json"))
    }
}

/// The SHA-256 of what is read from there on.
pub(super) fn digest_of(mut file: File) -> io::Result<String> {
    let (mut digest, mut piece) = (Sha256::new(), vec![0; PIECE]);
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(hex(&digest.finalize())),
            Ok(read) => digest.update(&piece[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The folders in one; whatever else lies there is somebody's.
fn folders_in(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(path).map_err(of(path))? {
        let entry = entry?;
        folders.extend(entry.file_type()?.is_dir().then(|| entry.path()));
    }
    Ok(folders)
}

/// An error that says which file it is about.
fn of(path: &Path) -> impl FnOnce(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn at(path: &Path) -> impl Fn(io::Error) -> DepotError {
    let path = path.to_owned();
    move |source| DepotError::Io { path: path.clone(), source }
}
