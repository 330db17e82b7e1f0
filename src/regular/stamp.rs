//! What tells a file from others in its place.
//! Knows nothing of what is in it.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The device and number of a file, its length, and its times: when it was written, and when anything of it changed,
/// which nobody sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp([u64; 7]);

impl Stamp {
    /// Of what is in a place; `None` if nothing is.
    ///
    /// # Errors
    /// As the system says, also where a folder above it is a file: somebody made something else of it.
    pub fn at(place: &Path) -> io::Result<Option<Stamp>> {
        match fs::metadata(place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other.map(|it| Some(Stamp::from(&it))),
        }
    }

    /// Of a file that is open.
    ///
    /// # Errors
    /// As the system says.
    pub fn of(file: &File) -> io::Result<Stamp> {
        Ok(Stamp::from(&file.metadata()?))
    }
}

impl From<&Metadata> for Stamp {
    fn from(it: &Metadata) -> Stamp {
        let times = [it.mtime(), it.mtime_nsec(), it.ctime(), it.ctime_nsec()];
        let [written, written_nanos, changed, changed_nanos] = times.map(i64::cast_unsigned);
        let numbers = [it.dev(), it.ino(), it.size()];
        let [device, number, length] = numbers;
        Stamp([device, number, length, written, written_nanos, changed, changed_nanos])
    }
}
