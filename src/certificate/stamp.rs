//! By what it is seen that a file is another one, without reading it.
//! Knows nothing of what is in it.

use std::fs::metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Of a file: device, number, length; and when it was changed, and written. `None` if it cannot be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp(Option<([u64; 3], [i64; 4])>);

impl Stamp {
    pub(super) fn of(path: &Path) -> Stamp {
        let looked_at = metadata(path).ok();
        Stamp(looked_at.map(|file| {
            let times = [file.ctime(), file.ctime_nsec(), file.mtime(), file.mtime_nsec()];
            ([file.dev(), file.ino(), file.size()], times)
        }))
    }
}
