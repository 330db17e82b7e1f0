//! The way back: a directory is made of a snapshot beside the registry's, looked at, and put in its place.
//! Knows nothing of who serves it: that nobody does is for who calls to see to.
//!
//! Nothing is replaced before all of it is known to be whole: each file by its digest, and then each document, each
//! tarball against its document, users, tokens and keys, as `verify` looks at them.

use super::Stride;
use super::depot::{Depot, DepotError};
use super::snapshot::{Kept, Snapshot};
use super::swap::{Beside, Place, place_of};
use crate::npm::hex;
use crate::regular::owned;
use crate::verify::{self, Step, VerifyError, in_parallel};
use sha2::{Digest, Sha256};
use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How much is read at once, in bytes.
const PIECE: usize = 256 << 10;
/// So many things that are wrong are told one by one in an error.
const TOLD: usize = 20;

/// How it is to go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// Whether a registry that is there is moved aside.
    pub replaces: bool,
    /// Whether it goes on where something is damaged, without that.
    pub even_damaged: bool,
    /// Whether the objects are only read and compared.
    pub is_dry: bool,
}

/// What was restored.
#[derive(Debug, Default)]
pub struct Restored {
    /// Files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Where the registry is that was there before.
    pub aside: Option<PathBuf>,
    /// What is damaged, a sentence each: none, unless it was to go on all the same.
    pub damaged: Vec<String>,
}

/// Why nothing was restored. What was there is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Something is there already.
    #[error("{} is not empty: --replace moves it aside, under another name; --to DIRECTORY restores to another place", .0.display())]
    Full(PathBuf),
    /// Somebody does the same.
    #[error("another nopar restore is at work beside {}", .0.display())]
    Busy(PathBuf),
    /// Not all of it is whole.
    #[error("{}", told(.0))]
    Damaged(Vec<String>),
    /// The backup cannot be read.
    #[error(transparent)]
    Depot(#[from] DepotError),
    /// What was written cannot be looked at.
    #[error("what was restored cannot be looked at: {0}")]
    Unseen(#[from] VerifyError),
    /// It cannot be written.
    #[error("{} cannot be restored: {source}{}", path.display(), help(source))]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn told(damaged: &[String]) -> String {
    let mut text =
        "nothing is restored, as not all of it is whole (--even-damaged restores what is):"
            .to_owned();
    for what in damaged.iter().take(TOLD) {
        text += &format!("\n  {what}");
    }
    if damaged.len() > TOLD {
        text += &format!("\n  and {} more", damaged.len() - TOLD);
    }
    text
}

fn help(error: &io::Error) -> &'static str {
    match error.raw_os_error() {
        Some(libc::EBUSY) => {
            ": it is where something is mounted, which no other directory takes the place of; restore to a directory below \
             it (--to), and let NOPAR_REGISTRY_PATH be that"
        }
        _ => "",
    }
}

/// Restores a snapshot to `target`. Blocks.
///
/// # Errors
/// Why nothing was restored.
pub fn restore(
    depot: &Depot,
    snapshot: &Snapshot,
    target: &Path,
    way: Way,
    now: SystemTime,
    watch: &mut dyn FnMut(Stride),
) -> Result<Restored, RestoreError> {
    let failed = |source| RestoreError::Io { path: target.to_owned(), source };
    watch(Stride::Expected(snapshot.bytes()));
    if way.is_dry {
        let damaged = compared(depot, snapshot, watch);
        return whole(snapshot, damaged, way);
    }
    if !way.replaces && place_of(target).map_err(failed)? == Place::Full {
        return Err(RestoreError::Full(target.to_owned()));
    }
    let beside = Beside::make(target, depot.keeper()).map_err(failed)?;
    let beside = beside.ok_or_else(|| RestoreError::Busy(target.to_owned()))?;
    let restored = fill(depot, snapshot, beside.path(), watch).map_err(failed);
    let restored = restored.and_then(|mut damaged| {
        damaged.extend(looked_at(beside.path())?);
        let restored = whole(snapshot, damaged, way)?;
        finish(snapshot, beside.path()).map_err(failed)?;
        Ok(restored)
    });
    let mut restored = match restored {
        Ok(restored) => restored,
        Err(error) => {
            // Best effort: the next one removes what stays.
            let _ = beside.discard();
            return Err(error);
        }
    };
    if !way.replaces && place_of(target).map_err(failed)? == Place::Full {
        let _ = beside.discard();
        return Err(RestoreError::Full(target.to_owned()));
    }
    let time = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let time = i64::try_from(time).ok().and_then(|it| jiff::Timestamp::from_second(it).ok());
    let time = time.unwrap_or_default().to_string().replace(':', "-");
    restored.aside = beside.swap(&format!(".before-restore-{time}")).map_err(failed)?;
    Ok(restored)
}

fn whole(snapshot: &Snapshot, damaged: Vec<String>, way: Way) -> Result<Restored, RestoreError> {
    if !damaged.is_empty() && !way.even_damaged {
        return Err(RestoreError::Damaged(damaged));
    }
    let (files, bytes) = (snapshot.files.len(), snapshot.bytes());
    Ok(Restored { files, bytes, aside: None, damaged })
}

/// Reads all objects of a snapshot; what is wrong with them.
fn compared(depot: &Depot, snapshot: &Snapshot, watch: &mut dyn FnMut(Stride)) -> Vec<String> {
    let mut damaged = Vec::new();
    in_parallel(
        snapshot.files.iter(),
        |(path, kept)| {
            let done = depot.open_object(&kept.sha256).map_err(Uncopied::Unread);
            let done = done.and_then(|file| copy(file, None, kept));
            (kept.size, done.err().map(|error| format!("{path}: {error}")))
        },
        |(size, wrong)| {
            watch(Stride::Done(size));
            damaged.extend(wrong);
        },
    );
    damaged.sort_unstable();
    damaged
}

/// Writes all files of a snapshot that are whole; what is wrong with the others.
fn fill(
    depot: &Depot,
    snapshot: &Snapshot,
    to: &Path,
    watch: &mut dyn FnMut(Stride),
) -> io::Result<Vec<String>> {
    for folder in snapshot.folders.keys() {
        fs::create_dir_all(to.join(folder))?;
    }
    let (mut damaged, mut failed) = (Vec::new(), None);
    in_parallel(
        snapshot.files.iter(),
        |(path, kept)| (path, kept.size, put(depot, kept, &to.join(path))),
        |(path, size, done)| {
            watch(Stride::Done(size));
            match done {
                Ok(None) => {}
                Ok(Some(wrong)) => damaged.push(format!("{path}: {wrong}")),
                Err(error) => drop(failed.get_or_insert(error)),
            }
        },
    );
    damaged.sort_unstable();
    failed.map_or(Ok(damaged), Err)
}

/// Writes a file; what is wrong with it in the backup, if something is: then there is none.
fn put(depot: &Depot, kept: &Kept, place: &Path) -> io::Result<Option<String>> {
    let from = match depot.open_object(&kept.sha256) {
        Ok(from) => from,
        Err(error) => return Ok(Some(error.to_string())),
    };
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut to = owned::create(place)?;
    if let Err(error) = copy(from, Some(&mut to), kept) {
        fs::remove_file(place)?;
        return match error {
            Uncopied::Unwritten(error) => Err(error),
            wrong => Ok(Some(wrong.to_string())),
        };
    }
    to.set_permissions(Permissions::from_mode(mode_of(&kept.mode)))?;
    to.set_modified(time_of(kept.mtime))?;
    Ok(None)
}

/// Why bytes are not those that are wanted.
#[derive(Debug, thiserror::Error)]
enum Uncopied {
    #[error("the backup has no such bytes any more: {0}")]
    Unread(#[from] io::Error),
    #[error("its bytes in the backup are damaged: they do not digest to {0}")]
    Damaged(String),
    #[error("it cannot be written: {0}")]
    Unwritten(io::Error),
}

/// Copies what is kept, and compares it with its digest.
fn copy(mut from: File, mut to: Option<&mut File>, kept: &Kept) -> Result<(), Uncopied> {
    let (mut digest, mut piece) = (Sha256::new(), vec![0; PIECE]);
    loop {
        let read = match from.read(&mut piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        if read == 0 {
            break;
        }
        digest.update(&piece[..read]);
        if let Some(to) = &mut to {
            to.write_all(&piece[..read]).map_err(Uncopied::Unwritten)?;
        }
    }
    match hex(&digest.finalize()) == kept.sha256 {
        true => Ok(()),
        false => Err(Uncopied::Damaged(kept.sha256.clone())),
    }
}

/// What is damaged of a registry that was written.
fn looked_at(root: &Path) -> Result<Vec<String>, VerifyError> {
    let mut damaged = Vec::new();
    verify::registry(root, &mut |step| {
        if let Step::Found(finding) = step
            && finding.is_damage
        {
            damaged.push(format!("{}: {}", finding.path, finding.what));
        }
    })?;
    damaged.sort_unstable();
    Ok(damaged)
}

/// Gives folders their modes, and sees to it that all is on the disk.
fn finish(snapshot: &Snapshot, root: &Path) -> io::Result<()> {
    // Those within others first: a folder may be one that nobody may write to.
    for (folder, mode) in snapshot.folders.iter().rev() {
        fs::set_permissions(root.join(folder), Permissions::from_mode(mode_of(mode)))?;
    }
    Ok(rustix::fs::syncfs(File::open(root)?)?)
}

/// A mode by its octal digits; what makes no sense is for the owner alone.
fn mode_of(digits: &str) -> u32 {
    u32::from_str_radix(digits, 8).map_or(0o700, |mode| mode & 0o777)
}

fn time_of((seconds, nanos): (i64, i64)) -> SystemTime {
    let nanos = Duration::from_nanos(nanos.unsigned_abs());
    match u64::try_from(seconds) {
        Ok(seconds) => UNIX_EPOCH + Duration::from_secs(seconds) + nanos,
        Err(_) => UNIX_EPOCH,
    }
}
