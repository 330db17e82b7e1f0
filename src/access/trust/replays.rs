//! Which tokens were shown before: each has a note, for all processes on the directory and those to come.
//! Knows nothing of what they are.
//!
//! ```text
//! <registry>/.nopar/shown/DIGEST   until when it has to be known that this one was shown, in seconds since 1970
//! <registry>/.nopar/shown/lock     held by who removes notes
//! ```
//!
//! Of all who make a note, whichever process they are of, one does (O_EXCL, open(2)), and the token counts for that one.
//! Only who holds the lock removes notes, and only those whose time is over: so none that was just made goes in place of
//! an older one. There are so many at most; with more, tokens are refused, since what is forgotten could be shown again.

use super::super::ground::Ground;
use super::Refused;
use crate::clock::to_millis;
use crate::npm::{hex, is_sha256};
use crate::regular::{self, owned, sync_folder};
use log::{error, warn};
use parking_lot::Mutex;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::task::{JoinError, spawn_blocking};

/// Where the notes are, in the directory of a registry.
const FOLDER: &str = ".nopar/shown";
/// The file that is locked to remove some.
const LOCK: &str = "lock";
/// How many there are at most. Each is of a job that is trusted: others are not noted.
const MOST: usize = 10_000;
/// How many a process makes before it counts them again: by so many each, several of them may exceed the most.
const BETWEEN: usize = 100;
/// More bytes than a note has.
const LONGEST: u64 = 32;
/// How long one is kept that a crash has left unfinished, in seconds: longer than any token is good.
const UNFINISHED: u64 = 25 * 3600;

/// What was shown. Clones are the same.
#[derive(Clone)]
pub(super) struct Replays(Arc<Notes>);

struct Notes {
    folder: PathBuf,
    ground: Arc<dyn Ground>,
    most: usize,
    /// Held by who makes a note: there are few.
    room: Mutex<Room>,
}

/// How many notes may be made.
#[derive(Default)]
struct Room {
    /// So many before they are counted again.
    left: usize,
    /// There is none before then, in seconds since 1970.
    full_until: u64,
}

/// What is there after those were removed whose time is over.
struct Swept {
    kept: usize,
    /// When the first of them goes.
    next: u64,
}

impl Replays {
    /// The notes in the directory of a registry, which `ground` looks after.
    pub(super) fn new(registry: &Path, ground: Arc<dyn Ground>) -> Replays {
        let (folder, room) = (registry.join(FOLDER), Mutex::default());
        Replays(Arc::new(Notes { folder, ground, most: MOST, room }))
    }

    /// Whether a token was not shown before, so that it can be noted. Others may note it meanwhile.
    ///
    /// # Errors
    /// As of [`note`](Replays::note); that there may be no more is not always known.
    pub(super) async fn check(&self, identity: &[u8; 32], now: u64) -> Result<(), Refused> {
        let (notes, digest) = (Arc::clone(&self.0), hex(identity));
        self.noted(spawn_blocking(move || notes.check(&digest, now)).await)
    }

    /// Notes that a token is shown, which is good until then. What is noted is on the disk.
    ///
    /// # Errors
    /// [`Refused::Replayed`] if it was before, [`Refused::Busy`] when there may be no more notes, [`Refused::Unnoted`]
    /// when none can be made, for which the log has the reason.
    pub(super) async fn note(
        &self,
        identity: &[u8; 32],
        until: u64,
        now: u64,
    ) -> Result<(), Refused> {
        let (notes, digest) = (Arc::clone(&self.0), hex(identity));
        self.noted(spawn_blocking(move || notes.note(&digest, until, now)).await)
    }

    fn noted(
        &self,
        noted: Result<io::Result<Result<(), Refused>>, JoinError>,
    ) -> Result<(), Refused> {
        let noted = noted.unwrap_or_else(|panic| Err(io::Error::other(panic)));
        noted.unwrap_or_else(|failed| {
            let folder = self.0.folder.display();
            error!("access: an ID token was refused, as {folder} cannot be used: {failed}");
            Err(Refused::Unnoted)
        })
    }
}

impl Notes {
    /// Blocks.
    fn check(&self, digest: &str, now: u64) -> io::Result<Result<(), Refused>> {
        self.ground.check()?;
        let until = until_of(&self.folder.join(digest))?;
        let was_shown = until.is_some_and(|until| until > now);
        let room = self.room.lock();
        let is_full = room.left == 0 && now < room.full_until;
        Ok(match (was_shown, is_full) {
            (true, _) => Err(Refused::Replayed),
            (_, true) => Err(Refused::Busy),
            _ => Ok(()),
        })
    }

    /// Blocks.
    fn note(&self, digest: &str, until: u64, now: u64) -> io::Result<Result<(), Refused>> {
        let mut room = self.room.lock();
        self.prepare()?;
        let place = self.folder.join(digest);
        if until_of(&place)?.is_some_and(|until| until > now) {
            return Ok(Err(Refused::Replayed));
        }
        if !self.has_room(&mut room, now)? {
            return Ok(Err(Refused::Busy));
        }
        let mut is_made = self.make(&place, until)?;
        if !is_made {
            // Of a token of long ago that its issuer called the same.
            self.sweep(now)?;
            is_made = self.make(&place, until)?;
        }
        room.left -= usize::from(is_made);
        Ok(if is_made { Ok(()) } else { Err(Refused::Replayed) })
    }

    /// Makes the folder, which only NOPAR's user may look into, in a directory that is there.
    fn prepare(&self) -> io::Result<()> {
        self.ground.prepare()?;
        let above = self.folder.parent().unwrap_or(Path::new("."));
        if !self.folder.is_dir() {
            fs::create_dir_all(above)?;
        }
        owned::check_folder(above)?;
        owned::make_folder(&self.folder)?;
        sync_folder(above)
    }

    /// Whether there may be one more.
    fn has_room(&self, room: &mut Room, now: u64) -> io::Result<bool> {
        if room.left == 0 && now >= room.full_until {
            let Swept { kept, next } = self.sweep(now)?;
            room.left = self.most.saturating_sub(kept).min(BETWEEN);
            if room.left == 0 {
                room.full_until = next;
                let folder = self.folder.display();
                warn!(
                    "access: ID tokens are refused for {} s: {kept} that were shown are still good ({folder})",
                    next.saturating_sub(now)
                );
            }
        }
        Ok(room.left > 0)
    }

    /// Makes a note; `false` if there is one. After a crash it may be there although nobody was told.
    fn make(&self, place: &Path, until: u64) -> io::Result<bool> {
        let mut file = match owned::create(place) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
            made => made?,
        };
        let written = writeln!(file, "{until}")
            .and_then(|()| file.sync_all())
            .and_then(|()| sync_folder(&self.folder));
        if written.is_err() {
            // The token was not taken, and may be shown again. Best effort: else it is good no more.
            let _ = fs::remove_file(place);
        }
        written.map(|()| true)
    }

    /// Removes the notes whose time is over, while nobody else does.
    fn sweep(&self, now: u64) -> io::Result<Swept> {
        let _lock = owned::lock(&self.folder.join(LOCK))?;
        let mut swept = Swept { kept: 0, next: u64::MAX };
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            // Somebody may have put anything there, and the lock is there as well.
            if !entry.file_name().to_str().is_some_and(is_sha256) {
                continue;
            }
            match until_of(&entry.path())? {
                Some(until) if until <= now => fs::remove_file(entry.path())?,
                Some(until) => {
                    swept.kept += 1;
                    swept.next = swept.next.min(until);
                }
                None => {}
            }
        }
        Ok(swept)
    }
}

/// Until when it has to be known, by the note in this place; `None` if there is none.
fn until_of(place: &Path) -> io::Result<Option<u64>> {
    let file = match regular::open(place).map_err(regular::naming(place)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let mut text = String::new();
    let said = (&file).take(LONGEST).read_to_string(&mut text);
    let said = said.ok().filter(|_| text.ends_with('\n'));
    let until = said.and_then(|_| text.trim_end().parse().ok());
    let made = || Ok::<u64, io::Error>(to_millis(file.metadata()?.modified()?) / 1000);
    Ok(Some(match until {
        Some(until) => until,
        None => made()? + UNFINISHED,
    }))
}

#[cfg(test)]
mod tests;
