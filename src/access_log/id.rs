//! What a request is called, so that its line is found: by a number of this process, or as a proxy calls it.
//! Knows nothing of which proxies are believed.

use std::cell::Cell;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The longest that somebody else may give.
const LONGEST: usize = 128;

/// How many numbers a thread takes at once: so threads seldom write to what they share.
const TAKEN: u64 = 1024;

/// The next numbers that nobody has. The first is any, so that those of the process before are others.
static NEXT: LazyLock<AtomicU64> =
    LazyLock::new(|| AtomicU64::new(RandomState::new().hash_one(std::process::id())));

thread_local! {
    /// The next number of this thread, and how many it has.
    static MINE: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// The id of a request: 16 hexadecimal digits, or the letters, digits, `.`, `_` and `-` that a proxy sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Id);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Id {
    Made(u64),
    Given(Box<str>),
}

impl RequestId {
    /// One that no other request has.
    pub fn made() -> RequestId {
        let (next, left) = match MINE.get() {
            (_, 0) => (NEXT.fetch_add(TAKEN, Ordering::Relaxed), TAKEN),
            mine => mine,
        };
        MINE.set((next.wrapping_add(1), left - 1));
        RequestId(Id::Made(next))
    }

    /// The one that was given, if it is fit for one.
    pub fn given(text: &[u8]) -> Option<RequestId> {
        let is_fit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let is_short = (1..=LONGEST).contains(&text.len());
        let text = str::from_utf8(text).ok().filter(|_| is_short && text.iter().all(is_fit));
        text.map(|text| RequestId(Id::Given(text.into())))
    }

    /// Appends it.
    pub(super) fn push(&self, out: &mut Vec<u8>) {
        match &self.0 {
            Id::Made(number) => out.extend_from_slice(&digits(*number)),
            Id::Given(text) => out.extend_from_slice(text.as_bytes()),
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Id::Made(number) => write!(f, "{number:016x}"),
            Id::Given(text) => f.write_str(text),
        }
    }
}

fn digits(number: u64) -> [u8; 16] {
    let digit = |at: u32| b"0123456789abcdef"[(number >> (4 * (15 - at)) & 0xf) as usize];
    let mut digits = [0; 16];
    (0..).zip(&mut digits).for_each(|(at, place)| *place = digit(at));
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::thread;

    fn text(id: &RequestId) -> String {
        let mut out = Vec::new();
        id.push(&mut out);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, id.to_string());
        text
    }

    #[test]
    fn no_two_requests_have_the_same() {
        let many = || (0..3 * TAKEN).map(|_| text(&RequestId::made())).collect::<Vec<_>>();
        let threads: Vec<_> = (0..4).map(|_| thread::spawn(many)).collect();
        let all: Vec<String> = threads.into_iter().flat_map(|it| it.join().unwrap()).collect();
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        let is_digits = |id: &String| id.len() == 16 && id.bytes().all(|c| c.is_ascii_hexdigit());
        assert!(all.iter().all(is_digits));
    }

    #[test]
    fn digits_are_as_usual() {
        for number in [0, 1, 0x0123_4567_89ab_cdef, u64::MAX] {
            assert_eq!(text(&RequestId(Id::Made(number))), format!("{number:016x}"));
        }
    }

    #[test]
    fn what_is_given_is_short_and_clean() {
        for fit in ["a", "01HV.x_y-Z", &"x".repeat(LONGEST)] {
            assert_eq!(text(&RequestId::given(fit.as_bytes()).unwrap()), fit);
        }
        for other in ["", " a", "a b", "a,b", "a\"", "é", "a\n", &"x".repeat(LONGEST + 1)] {
            assert_eq!(RequestId::given(other.as_bytes()), None, "{other:?}");
        }
        assert_eq!(RequestId::given(b"\xff"), None);
    }
}
