//! What is told apart when something is counted.
//! Knows nothing of numbers.

use serde::{Serialize, Serializer};
use std::fmt;

/// What a request asked for: the words of `Route::kind` for what is read most, two for what NOPAR answers as a
/// registry of its own packages, and one for all that has no route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A packument.
    Packument,
    /// One version's manifest.
    Manifest,
    /// A tarball.
    Tarball,
    /// The map of a package's dist-tags.
    DistTags,
    /// A search.
    Search,
    /// Whether versions are known to be vulnerable.
    Audit,
    /// The keys that versions are signed with.
    Keys,
    /// The provenance of a version.
    Attestations,
    /// `/-/ping`, `/-/health` and `/-/ready`.
    Ping,
    /// `/`.
    Root,
    /// `/favicon.ico`.
    Favicon,
    /// `/robots.txt`.
    Robots,
    /// A publish, or another change of a package.
    Change,
    /// A page for people, and what it is made up with.
    Page,
    /// Logging in and out, and questions about people and who may do what.
    Account,
    /// Nothing that NOPAR knows: a bad path, another method, a head that was no request.
    Other,
}

impl Kind {
    /// All of them, in the order of their numbers.
    pub const ALL: [Kind; 16] = [
        Kind::Packument,
        Kind::Manifest,
        Kind::Tarball,
        Kind::DistTags,
        Kind::Search,
        Kind::Audit,
        Kind::Keys,
        Kind::Attestations,
        Kind::Ping,
        Kind::Root,
        Kind::Favicon,
        Kind::Robots,
        Kind::Change,
        Kind::Page,
        Kind::Account,
        Kind::Other,
    ];

    /// Whether it is of a browser that shows pages, and not of a client.
    pub fn is_of_pages(self) -> bool {
        matches!(self, Kind::Page | Kind::Favicon | Kind::Robots)
    }

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Packument => "packument",
            Kind::Manifest => "manifest",
            Kind::Tarball => "tarball",
            Kind::DistTags => "dist_tags",
            Kind::Search => "search",
            Kind::Audit => "audit",
            Kind::Keys => "keys",
            Kind::Attestations => "attestations",
            Kind::Ping => "ping",
            Kind::Root => "root",
            Kind::Favicon => "favicon",
            Kind::Robots => "robots",
            Kind::Change => "change",
            Kind::Page => "page",
            Kind::Account => "account",
            Kind::Other => "other",
        }
    }
}

/// How a request to an upstream ended: with a status, or why with none. A redirect that is followed
/// counts as a request of its own; another try on another connection does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// 2xx.
    Success,
    /// 304: what is held is confirmed.
    NotModified,
    /// Another 3xx.
    Redirect,
    /// 4xx.
    ClientError,
    /// 5xx, and what is no status.
    ServerError,
    /// No connection: its name, its address, its proxy or its TLS.
    Unreachable,
    /// No connection or no head of an answer in time.
    Timeout,
    /// The connection broke before the head of an answer, or the head was none.
    Broken,
    /// Not sent: it was to go to an address that is not public.
    Forbidden,
    /// Not sent: too many others were there all the time.
    Busy,
    /// Whoever asked did not wait for an answer.
    Abandoned,
}

impl Outcome {
    /// All of them, in the order of their numbers.
    pub const ALL: [Outcome; 11] = [
        Outcome::Success,
        Outcome::NotModified,
        Outcome::Redirect,
        Outcome::ClientError,
        Outcome::ServerError,
        Outcome::Unreachable,
        Outcome::Timeout,
        Outcome::Broken,
        Outcome::Forbidden,
        Outcome::Busy,
        Outcome::Abandoned,
    ];

    /// The outcome that is an answer with this status.
    pub fn of_status(status: u16) -> Outcome {
        match status {
            200..=299 => Outcome::Success,
            304 => Outcome::NotModified,
            300..=399 => Outcome::Redirect,
            400..=499 => Outcome::ClientError,
            _ => Outcome::ServerError,
        }
    }

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Success => "success",
            Outcome::NotModified => "not_modified",
            Outcome::Redirect => "redirect",
            Outcome::ClientError => "client_error",
            Outcome::ServerError => "server_error",
            Outcome::Unreachable => "unreachable",
            Outcome::Timeout => "timeout",
            Outcome::Broken => "broken",
            Outcome::Forbidden => "forbidden",
            Outcome::Busy => "busy",
            Outcome::Abandoned => "abandoned",
        }
    }

    /// Whether the head of an answer came.
    pub fn is_answer(self) -> bool {
        matches!(
            self,
            Outcome::Success
                | Outcome::NotModified
                | Outcome::Redirect
                | Outcome::ClientError
                | Outcome::ServerError
        )
    }
}

/// How a fill of the cache directory ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FillEnd {
    /// It is an entry now.
    Kept,
    /// Whole and right, but not kept: too long, or the disk takes no more.
    Unkept,
    /// Whole and wrong: its length or its digests.
    Wrong,
    /// Not whole: its upstream broke it off, or nobody wanted the rest.
    BrokenOff,
}

impl FillEnd {
    /// All of them, in the order of their numbers.
    pub const ALL: [FillEnd; 4] =
        [FillEnd::Kept, FillEnd::Unkept, FillEnd::Wrong, FillEnd::BrokenOff];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            FillEnd::Kept => "kept",
            FillEnd::Unkept => "unkept",
            FillEnd::Wrong => "wrong",
            FillEnd::BrokenOff => "broken_off",
        }
    }
}

/// A status that NOPAR sends, or the class of one that it seldom does (`5xx`).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(u8);

/// Statuses that are counted by themselves; 0 is no answer: the client left before it.
const KNOWN: [u16; 33] = [
    0, 200, 201, 202, 204, 206, 301, 302, 304, 307, 308, 400, 401, 403, 404, 405, 406, 408, 409,
    412, 413, 414, 416, 422, 429, 431, 451, 500, 501, 502, 503, 504, 508,
];
/// The classes of all others follow them.
const CLASSES: usize = 5;
/// By status, its number.
const NUMBERS: [u8; 600] = numbers();

const fn numbers() -> [u8; 600] {
    let mut numbers = [0; 600];
    let mut status = 0;
    while status < numbers.len() {
        let class = status / 100;
        let class = if class == 0 { 1 } else { class };
        numbers[status] = (KNOWN.len() + class - 1) as u8;
        status += 1;
    }
    let mut number = 0;
    while number < KNOWN.len() {
        numbers[KNOWN[number] as usize] = number as u8;
        number += 1;
    }
    numbers
}

impl Status {
    /// How many there are.
    pub(super) const COUNT: usize = KNOWN.len() + CLASSES;

    /// The one that `status` is counted as; what is no status counts as `5xx`.
    #[inline]
    pub fn of(status: u16) -> Status {
        Status(NUMBERS[usize::from(status.min(599))])
    }

    pub(super) fn of_number(number: usize) -> Status {
        Status(u8::try_from(number).unwrap_or(u8::MAX).min(Status::COUNT as u8 - 1))
    }

    #[inline]
    pub(super) fn number(self) -> usize {
        usize::from(self.0)
    }

    /// The first digit of the status; 0 for no answer.
    pub fn class(self) -> u16 {
        match KNOWN.get(self.number()) {
            Some(status) => status / 100,
            None => (self.number() - KNOWN.len()) as u16 + 1,
        }
    }
}

/// `200`, `5xx`.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match KNOWN.get(self.number()) {
            Some(status) => write!(f, "{status}"),
            None => write!(f, "{}xx", self.class()),
        }
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache_state::CacheState;

    #[test]
    fn what_is_told_apart_has_its_own_number() {
        let numbers = |all: Vec<usize>| assert_eq!(all, (0..all.len()).collect::<Vec<_>>());
        numbers(Kind::ALL.map(|kind| kind as usize).to_vec());
        numbers(CacheState::ALL.map(|state| state as usize).to_vec());
        numbers(Outcome::ALL.map(|outcome| outcome as usize).to_vec());
        numbers(FillEnd::ALL.map(|end| end as usize).to_vec());
        numbers((0..Status::COUNT).map(|number| Status::of_number(number).number()).collect());
    }

    #[test]
    fn words_are_what_is_serialized() {
        fn check(word: &str, serialized: &impl Serialize) {
            assert_eq!(serde_json::to_string(serialized).unwrap(), format!("\"{word}\""));
        }
        Kind::ALL.iter().for_each(|kind| check(kind.as_str(), kind));
        Outcome::ALL.iter().for_each(|outcome| check(outcome.as_str(), outcome));
        FillEnd::ALL.iter().for_each(|end| check(end.as_str(), end));
    }

    #[test]
    fn a_status_is_itself_or_its_class() {
        for (status, text, class) in [
            (0, "0", 0),
            (99, "1xx", 1),
            (100, "1xx", 1),
            (200, "200", 2),
            (203, "2xx", 2),
            (304, "304", 3),
            (399, "3xx", 3),
            (404, "404", 4),
            (418, "4xx", 4),
            (502, "502", 5),
            (599, "5xx", 5),
            (600, "5xx", 5),
            (u16::MAX, "5xx", 5),
        ] {
            let counted = Status::of(status);
            assert_eq!((counted.to_string().as_str(), counted.class()), (text, class), "{status}");
        }
        for status in KNOWN {
            assert_eq!(Status::of(status).to_string(), status.to_string());
        }
    }

    #[test]
    fn each_status_of_an_upstream_is_an_answer() {
        for (status, outcome) in [
            (200, Outcome::Success),
            (206, Outcome::Success),
            (301, Outcome::Redirect),
            (304, Outcome::NotModified),
            (404, Outcome::ClientError),
            (500, Outcome::ServerError),
            (999, Outcome::ServerError),
            (101, Outcome::ServerError),
        ] {
            assert_eq!(Outcome::of_status(status), outcome, "{status}");
            assert!(outcome.is_answer());
        }
    }
}
