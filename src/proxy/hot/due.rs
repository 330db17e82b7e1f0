//! What a client is to get of what is held: by what it has already, and by who else may have it.
//! Knows nothing of what is held.

use crate::connection::Plain;
use crate::view::{Heads, HeadsFor};
use std::sync::OnceLock;

/// A request, and whether its answer is for who asked alone.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) plain: &'a Plain<'a>,
    pub(super) is_private: bool,
}

/// What a client is to get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// All of it; else it has it already.
    pub(super) is_whole: bool,
    /// No cache on the way may keep it for others.
    pub(super) is_private: bool,
}

impl Wanted<'_> {
    /// What is due of what bears this ETag. `None` when that takes a closer look.
    pub(super) fn due(&self, etag: Option<&str>) -> Option<Due> {
        let is_same = match self.plain.if_none_match {
            Some(held) => is_same(held, etag)?,
            None => false,
        };
        Some(Due { is_whole: !is_same, is_private: self.is_private })
    }
}

impl Due {
    /// Where the head of such an answer is.
    pub(super) fn place(self, heads: &Heads) -> &OnceLock<Box<[u8]>> {
        let HeadsFor { whole, not_modified } =
            if self.is_private { &heads.private } else { &heads.public };
        if self.is_whole { whole } else { not_modified }
    }
}

/// Whether the one ETag of an If-None-Match is `etag`, by weak comparison (RFC 9110 §8.8.3.2).
fn is_same(held: &str, etag: Option<&str>) -> Option<bool> {
    let held = opaque(held.trim())?;
    match etag {
        Some(etag) => Some(held == opaque(etag)?),
        None => Some(false),
    }
}

/// What an ETag has between its quotes.
fn opaque(tag: &str) -> Option<&str> {
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    let inside = tag.strip_prefix('"')?.strip_suffix('"')?;
    (!inside.contains('"')).then_some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn etags_are_compared_weakly_and_only_when_they_are_simple() {
        let check = |held, etag, same| assert_eq!(is_same(held, Some(etag)), same, "{held}");
        check("\"a\"", "\"a\"", Some(true));
        check("W/\"a\"", "\"a\"", Some(true));
        check(" \"a\" ", "W/\"a\"", Some(true));
        check("\"b\"", "\"a\"", Some(false));
        check("\"\"", "\"a\"", Some(false));
        for odd in ["*", "a", "\"a\", \"b\"", "\"a", "", "w/\"a\""] {
            check(odd, "\"a\"", None);
        }
        assert_eq!(is_same("\"a\"", None), Some(false));
    }
}
