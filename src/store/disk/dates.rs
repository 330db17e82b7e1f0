//! Dates of documents, which tell two of them apart that took the same place.
//! Knows nothing of where they are.
//!
//! A disk by itself dates files by a clock that ticks some hundred times a second, or once in two seconds; gives
//! a file the number of one that went a moment ago; and two documents may well be of one length. So each is
//! dated later than the one before it, by whichever process and whatever its clock says.

use crate::store::{Stamp, StoreError};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

/// By how much a document is dated later than the one before it, if time has not gone on: as little as its
/// disk can tell apart, which is tried.
const STEPS: [Duration; 4] = [
    Duration::from_nanos(1),
    Duration::from_micros(1),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// Dates a document later than the one before it, if there is one. `set` dates it, and says which date the disk
/// made of that.
pub(super) fn date_after(
    before: Option<SystemTime>,
    now: SystemTime,
    mut set: impl FnMut(SystemTime) -> Result<SystemTime, StoreError>,
) -> Result<(), StoreError> {
    let Some(before) = before else { return set(now).map(drop) };
    for step in STEPS {
        let later = before.checked_add(step).unwrap_or(before);
        if set(now.max(later))? > before {
            break;
        }
    }
    // A disk that keeps no dates is left with what else it says of a file.
    Ok(())
}

/// What tells a document's file from others in its place.
pub(super) fn stamp_of(file: &Metadata) -> Stamp {
    let nanoseconds = |seconds: i64, rest: i64| {
        seconds.wrapping_mul(1_000_000_000).wrapping_add(rest).cast_unsigned()
    };
    let dated = nanoseconds(file.mtime(), file.mtime_nsec());
    // Who changes a file by hand may leave its date; not this one.
    let changed = nanoseconds(file.ctime(), file.ctime_nsec());
    Stamp::new(file.size(), [file.ino(), dated, changed])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    /// What a disk makes of a date that tells so many nanoseconds apart.
    fn kept(time: SystemTime, grain: u128) -> SystemTime {
        let nanos = time.duration_since(UNIX_EPOCH).unwrap().as_nanos();
        UNIX_EPOCH + Duration::from_nanos(u64::try_from(nanos / grain * grain).unwrap())
    }

    #[test]
    fn each_is_dated_later_on_any_disk_by_any_clock() {
        let now = UNIX_EPOCH + Duration::new(1_764_331_199, 999_999_999);
        for grain in [1, 100, 1000, 4_000_000, 1_000_000_000, 2_000_000_000] {
            let mut before = None;
            // A clock that stands, that went back, that goes on.
            for now in [now, now, now - Duration::from_secs(60), now + Duration::from_secs(60)] {
                let mut dated = None;
                date_after(before, now, |time| Ok(*dated.insert(kept(time, grain)))).unwrap();
                assert!(dated > before, "{grain}: {dated:?} after {before:?}");
                before = dated;
            }
            assert!(before < Some(now + Duration::from_secs(61)), "{grain}: not too far");
        }
    }

    #[test]
    fn a_disk_without_dates_is_none_the_worse() {
        date_after(Some(UNIX_EPOCH), UNIX_EPOCH, |_| Ok(UNIX_EPOCH)).unwrap();
    }
}
