//! Times and files of the cache, as they are shown.
//! Knows nothing of lists.

use crate::admin::{CacheEntry, What};
use crate::command::words::date;
use serde::Serialize;
use std::time::SystemTime;

/// In place of what is not known, or not there.
pub(super) const NOTHING: &str = "-";

/// The seconds since 1970.
pub(super) fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}

/// How long ago something was, in its largest unit: `3 h`.
pub(super) fn ago(time: Option<u64>, now: u64) -> String {
    let Some(time) = time else { return NOTHING.to_owned() };
    let seconds = now.saturating_sub(time);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A file for scripts.
#[derive(Serialize)]
pub(super) struct Row<'a> {
    kind: &'static str,
    package: Option<&'a str>,
    what: What,
    version: Option<&'a str>,
    file: Option<&'a str>,
    bytes: u64,
    fetched: Option<String>,
    confirmed: Option<String>,
    hits: Option<u64>,
    used: Option<String>,
    upstream: Option<&'a str>,
    path: &'a str,
}

impl<'a> From<&'a CacheEntry> for Row<'a> {
    fn from(entry: &'a CacheEntry) -> Row<'a> {
        Row {
            kind: "entry",
            package: entry.package.as_deref(),
            what: entry.what,
            version: entry.version.as_deref(),
            file: entry.file.as_deref(),
            bytes: entry.bytes,
            fetched: entry.fetched.and_then(date),
            confirmed: entry.confirmed.and_then(date),
            hits: entry.hits,
            used: entry.used.and_then(date),
            upstream: entry.upstream.as_deref(),
            path: &entry.path,
        }
    }
}

/// The package of a file; of one that is of none, where it lies.
pub(super) fn name(entry: &CacheEntry) -> &str {
    match (&entry.package, entry.what) {
        (Some(package), _) => package,
        (None, What::Keys) => NOTHING,
        (None, _) => &entry.path,
    }
}

/// What there is of a package: a version, or else a file name.
pub(super) fn part(entry: &CacheEntry) -> &str {
    entry.version.as_deref().or(entry.file.as_deref()).unwrap_or(NOTHING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_ago_something_was_is_told_in_one_unit() {
        for (seconds, expected) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (7199, "1 h"),
            (86_400, "1 d"),
            (8_640_000, "100 d"),
        ] {
            assert_eq!(ago(Some(1_000_000_000 - seconds), 1_000_000_000), expected);
        }
        assert_eq!(ago(None, 5), NOTHING);
        assert_eq!(ago(Some(9), 5), "0 s", "clocks differ");
    }
}
