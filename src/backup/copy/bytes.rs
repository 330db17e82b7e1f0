//! The bytes of one file, copied into the backup unless it has them.
//! Knows nothing of packages, nor of folders.

use super::{Copier, Lately};
use crate::backup::snapshot::Kept;
use crate::npm::{Digester, hex};
use crate::regular;
use sha2::{Digest, Sha256};
use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;

/// A file of up to so many bytes is in memory as a whole, and written only if it is new.
const SMALL: u64 = 1 << 20;
/// How much of a longer one is, in bytes.
const PIECE: usize = 256 << 10;
const TARBALL: &str = ".tgz";

/// Why a file is not copied.
pub(super) enum Trouble {
    /// It cannot be read, which is no reason to copy no other.
    Unread(io::Error),
    /// The backup cannot be written.
    Unwritten(io::Error),
}

/// As an error of what is read.
impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Trouble {
        Trouble::Unread(error)
    }
}

impl Copier<'_> {
    /// Copies a file, unless it is the one that was copied before; `None` when it is gone.
    pub(super) fn file(&self, path: &str, lately: &mut Lately) -> Result<Option<Kept>, Trouble> {
        let mut file = match regular::open(&self.root.join(path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let it = file.metadata()?;
        let is_tarball = path.ends_with(TARBALL);
        if let Some(known) = lately.files.get(path).filter(|known| known.is_still(&it)) {
            return Ok(Some(known.clone()));
        }
        let known = self.before.get(path).filter(|known| !self.is_full && known.is_still(&it));
        if let Some(known) = known.filter(|known| !is_tarball || known.integrity.is_some())
            && self.depot.has(&known.sha256, known.size, false)
        {
            let mode = format!("{:o}", it.mode() & 0o777);
            return Ok(Some(Kept { mode, ..known.clone() }));
        }
        let kept = if it.len() <= SMALL {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            let kept = self.small(&it, bytes, is_tarball, &mut lately.new);
            kept.map_err(Trouble::Unwritten)?
        } else {
            self.large(&it, file, is_tarball, &mut lately.new)?
        };
        lately.files.insert(path.to_owned(), kept.clone());
        Ok(Some(kept))
    }

    /// Copies a file that is in memory as a whole.
    pub(super) fn small(
        &self,
        it: &Metadata,
        bytes: Vec<u8>,
        is_tarball: bool,
        new: &mut (usize, u64),
    ) -> io::Result<Kept> {
        let integrity = is_tarball.then(|| {
            let mut digester = Digester::new(None);
            digester.update(&bytes);
            digester.finish()
        });
        let (sha256, size) = (hex(&Sha256::digest(&bytes)), bytes.len() as u64);
        if !self.depot.has(&sha256, size, self.is_full) {
            self.put(new, &sha256, size, |file| file.write_all(&bytes))?;
        }
        Ok(Kept::of(it, sha256, size, integrity))
    }

    /// Copies a file of which only a piece is in memory.
    fn large(
        &self,
        it: &Metadata,
        mut from: File,
        is_tarball: bool,
        new: &mut (usize, u64),
    ) -> Result<Kept, Trouble> {
        let unwritten = Trouble::Unwritten;
        let (unfinished, mut to) = self.depot.begin().map_err(unwritten)?;
        let (mut sha256, mut digester) = (Sha256::new(), is_tarball.then(|| Digester::new(None)));
        let mut copy = || {
            let (mut piece, mut size) = (vec![0; PIECE], 0);
            loop {
                let read = match from.read(&mut piece) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    read => read?,
                };
                if read == 0 {
                    return to.sync_all().map(|()| size).map_err(Trouble::Unwritten);
                }
                to.write_all(&piece[..read]).map_err(Trouble::Unwritten)?;
                sha256.update(&piece[..read]);
                digester.iter_mut().for_each(|digester| digester.update(&piece[..read]));
                size += read as u64;
            }
        };
        let size = copy().inspect_err(|_: &Trouble| self.depot.discard(unfinished.clone()))?;
        let sha256 = hex(&sha256.finalize());
        if self.depot.has(&sha256, size, self.is_full) {
            self.depot.discard(unfinished);
        } else {
            self.depot.keep(unfinished, &sha256).map_err(unwritten)?;
            *new = (new.0 + 1, new.1 + size);
        }
        Ok(Kept::of(it, sha256, size, digester.map(Digester::finish)))
    }

    /// Puts bytes into the depot.
    fn put(
        &self,
        new: &mut (usize, u64),
        sha256: &str,
        size: u64,
        write: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> io::Result<()> {
        let (unfinished, mut file) = self.depot.begin()?;
        let written = write(&mut file).and_then(|()| file.sync_all());
        written.inspect_err(|_| self.depot.discard(unfinished.clone()))?;
        self.depot.keep(unfinished, sha256)?;
        *new = (new.0 + 1, new.1 + size);
        Ok(())
    }

    /// Copies bytes that are no file of the registry.
    pub(in crate::backup) fn copy_bytes(&self, it: &Metadata, bytes: Vec<u8>) -> io::Result<Kept> {
        self.small(it, bytes, false, &mut (0, 0))
    }
}
