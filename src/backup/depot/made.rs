//! How a directory of backups comes about, and how it is known to be one.
//! Knows nothing of what is kept in it. Everything here blocks.

use super::{DepotError, OBJECTS, SNAPSHOTS, TEMPORARY, at, of};
use crate::regular::{self, owned, sync_folder};
use rustix::process::geteuid;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// The file that says which layout a directory has.
const MARK: &str = "nopar-backup";
/// The layout of this NOPAR.
pub(super) const FORMAT: &str = "1";
const LOCK: &str = "lock";

/// How to do without NOPAR.
const README: &str = "\
Backups of a registry of packages, made by `nopar backup`.

snapshots/TIME.json lists the files of the registry's directory at that time, a
line for each: its path, and the SHA-256 of its bytes. objects/ has the bytes,
under that digest, with its first two digits as a folder. They are not packed.

To put all of it back:      nopar restore DIR          (nopar restore --help)
To see which there are:     nopar restore DIR --list
To get one file by hand:
  grep '\"my-package/my-package-1.0.0.tgz\"' snapshots/TIME.json
  cp objects/ab/abcdef... my-package-1.0.0.tgz
To see if objects are whole: each must digest to its own name
  cd objects && for f in */*; do echo \"$(basename $f)  $f\"; done | sha256sum -c --quiet

There are secrets in here: password hashes, tokens' digests, and the private
key that versions are signed with. Keep it as safe as the registry itself.
";

/// Whether a directory is one of backups.
pub(super) fn check(path: &Path) -> Result<(), DepotError> {
    let mark = path.join(MARK);
    match regular::read_to_string(&mark).map_err(of(&mark)) {
        Ok(found) if found.trim() == FORMAT => Ok(()),
        Ok(found) => {
            Err(DepotError::Format { path: path.to_owned(), found: found.trim().to_owned() })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(DepotError::Nothing(path.to_owned()))
        }
        Err(error) => Err(at(path)(error)),
    }
}

/// Locks one that is there, together with others who read; `None` where there is no lock, as nobody has made a backup there
/// since it was copied.
pub(super) fn shared(path: &Path) -> Result<Option<File>, DepotError> {
    check(path)?;
    // Reading is enough for a lock: it may be a medium that is only read.
    let place = path.join(LOCK);
    let lock = match regular::open(&place).map_err(of(&place)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(at(path))?,
    };
    match lock.try_lock_shared() {
        Ok(()) => Ok(Some(lock)),
        Err(fs::TryLockError::WouldBlock) => Err(DepotError::Busy(path.to_owned())),
        Err(fs::TryLockError::Error(error)) => Err(at(path)(error)),
    }
}

/// Makes what is missing, and locks it.
pub(super) fn prepare(path: &Path) -> Result<File, DepotError> {
    match check(path) {
        Ok(()) => {}
        Err(DepotError::Nothing(_)) => begin(path)?,
        Err(error) => return Err(error),
    }
    let failed = at(path);
    let lock = owned::try_lock(&path.join(LOCK)).map_err(&failed)?;
    let lock = lock.ok_or_else(|| DepotError::Busy(path.to_owned()))?;
    for folder in [OBJECTS, SNAPSHOTS, TEMPORARY] {
        owned::make_folder(&path.join(folder)).map_err(&failed)?;
    }
    for unfinished in fs::read_dir(path.join(TEMPORARY)).map_err(&failed)? {
        let place = unfinished.map_err(&failed)?.path();
        fs::remove_file(&place).map_err(of(&place)).map_err(&failed)?;
    }
    Ok(lock)
}

/// The same error; where there is no directory to make it in, with the name of that. One that is mistyped is not made.
pub(in crate::backup) fn naming_above(error: io::Error, path: &Path) -> io::Error {
    match (error.kind(), path.parent()) {
        (io::ErrorKind::NotFound, Some(above)) => {
            let what = format!("there is no directory {}: make it first", above.display());
            io::Error::new(io::ErrorKind::NotFound, what)
        }
        _ => error,
    }
}

/// Makes a directory of backups: the mark last.
fn begin(path: &Path) -> Result<(), DepotError> {
    let failed = at(path);
    owned::make_folder(path).map_err(|error| failed(naming_above(error, path)))?;
    for there in fs::read_dir(path).map_err(&failed)? {
        let name = there.map_err(&failed)?.file_name();
        // What a crash may have left of this, and what file systems have of their own.
        if !["lost+found", "README.txt", "nopar-backup.new"].iter().any(|own| name == *own) {
            return Err(DepotError::Other(path.to_owned()));
        }
    }
    let write = || {
        if fs::metadata(path)?.uid() == geteuid().as_raw() {
            fs::set_permissions(path, Permissions::from_mode(0o700))?;
        }
        let [readme, mark] = ["README.txt", "nopar-backup.new"].map(|name| path.join(name));
        owned::clear(&readme)?;
        owned::clear(&mark)?;
        owned::create(&readme)?.write_all(README.as_bytes())?;
        owned::write(&mark, format!("{FORMAT}\n").as_bytes())?;
        fs::rename(&mark, path.join(MARK))?;
        sync_folder(path)?;
        // The directory above may be somebody else's.
        let _ = path.parent().map(sync_folder);
        Ok(())
    };
    write().map_err(failed)
}
