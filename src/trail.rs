//! The trail: a line of the log for each thing that concerns who may do what here, so that it can be looked up later.
//! Knows nothing of how anything is done or decided; whoever writes a line hands no secret to it.
//!
//! A line is `DEED OUTCOME who="…" from="…"`, then what else is known as `key="…"`, and its target is `trail`: that word
//! is what to look for in a log. Where lines are JSON, it has the same as members. All words before a `=` are NOPAR's, all texts behind one are in quotes and escaped as
//! those of Rust are, so that nobody can write a line, or half of one.

use crate::npm::without_tokens;
use crate::telemetry;
use std::fmt::{self, Display, Write};

/// The target of these lines.
const TARGET: &str = "trail";

/// What each line of JSON begins with.
const HEAD: [&str; 3] = ["time", "level", "target"];

/// The longest text behind a `=`, in characters; more of it is left out, for which three dots stand.
const LONGEST: usize = 256;

/// What was done, or was to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Somebody logs in, or shows a user's password with a request.
    Login,
    /// A token is given back.
    Logout,
    /// A user has a token made.
    TokenCreate,
    /// A user ends one of their tokens.
    TokenRevoke,
    /// A job shows the ID token of its CI system for one of this registry.
    TokenExchange,
    /// A user gets another password.
    Password,
    /// Users change what they say of themselves.
    Profile,
    /// A second factor begins, is confirmed, is asked for elsewhere, or ends.
    SecondFactor,
    /// There is one user more.
    UserAdd,
    /// There is one user less.
    UserRemove,
    /// A setting becomes another one on the settings page.
    Settings,
    /// A package gets other owners.
    Owners,
    /// A package is changed otherwise.
    Write,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Ok,
    /// It was not to be done.
    Refused,
    /// It could not be done, or nobody knows.
    Failed,
}

impl Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Deed::Login => "login",
            Deed::Logout => "logout",
            Deed::TokenCreate => "token-create",
            Deed::TokenRevoke => "token-revoke",
            Deed::TokenExchange => "token-exchange",
            Deed::Password => "password",
            Deed::Profile => "profile",
            Deed::SecondFactor => "second-factor",
            Deed::UserAdd => "user-add",
            Deed::UserRemove => "user-remove",
            Deed::Settings => "settings",
            Deed::Owners => "owners",
            Deed::Write => "write",
        })
    }
}

impl Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Outcome::Ok => "ok",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
        })
    }
}

/// A line in the making.
#[must_use = "it is not written yet"]
#[derive(Debug)]
pub struct Line {
    text: String,
    /// The same as names and what they stand for.
    things: Vec<(String, String)>,
}

impl Line {
    /// What somebody did, or did not; who is nobody in particular, and what comes from nowhere that is known, is a `-`.
    pub fn of(deed: Deed, outcome: Outcome, who: Option<&str>, from: Option<&str>) -> Line {
        let text = format!("{deed} {outcome}");
        let things = [("deed", deed.to_string()), ("outcome", outcome.to_string())];
        let things = things.map(|(key, word)| (key.to_owned(), word));
        let line = Line { text, things: things.into() };
        line.with("who", who.unwrap_or("-")).with("from", from.unwrap_or("-"))
    }

    /// The same with one thing more. `key` is a word of NOPAR's, or of its configuration; `text` may be anything but a
    /// secret. A token that somebody gave for something else, such as a name, is left out.
    pub fn with(mut self, key: &str, text: impl AsRef<str>) -> Line {
        let text = &*without_tokens(text.as_ref());
        let end = text.char_indices().nth(LONGEST).map(|(end, _)| end);
        let shown = &text[..end.unwrap_or(text.len())];
        let dots = if end.is_some() { "..." } else { "" };
        // Writing into a string does not fail.
        let _ = write!(self.text, " {key}=\"{}{dots}\"", shown.escape_debug());
        let key = self.free(key);
        self.things.push((key, format!("{shown}{dots}")));
        self
    }

    /// A key that no member has: of two with one name, whoever reads JSON sees one.
    fn free(&self, key: &str) -> String {
        let is_taken =
            |key: &str| HEAD.contains(&key) || self.things.iter().any(|(taken, _)| taken == key);
        let mut key = key.to_owned();
        while is_taken(&key) {
            key.push('_');
        }
        key
    }

    /// Writes it.
    pub fn write(self) {
        telemetry::told(TARGET, &self.text, &self.things);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_who_did_what_from_where() {
        let line = Line::of(Deed::Login, Outcome::Ok, Some("ann"), Some("192.0.2.7"));
        let line = line.with("token", "0b5e");
        assert_eq!(line.text, r#"login ok who="ann" from="192.0.2.7" token="0b5e""#);
        let line = Line::of(Deed::Write, Outcome::Refused, None, None).with("package", "@acme/ui");
        assert_eq!(line.text, r#"write refused who="-" from="-" package="@acme/ui""#);
    }

    #[test]
    fn the_same_is_told_by_names() {
        let line = Line::of(Deed::TokenExchange, Outcome::Ok, Some("a\"b"), None);
        let line = line.with("from", "a claim").with("time", "now").with("from", "é".repeat(300));
        let things: Vec<(&str, &str)> =
            line.things.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect();
        let long = "é".repeat(LONGEST) + "...";
        let expected = [
            ("deed", "token-exchange"),
            ("outcome", "ok"),
            ("who", "a\"b"),
            ("from", "-"),
            ("from_", "a claim"),
            ("time_", "now"),
            ("from__", &long),
        ];
        assert_eq!(things, expected);
    }

    #[test]
    fn nobody_writes_a_second_line_nor_another_word_nor_moves_a_cursor() {
        let evil = "ann\" from=\"x\"\r\n[2026] login ok \\\u{1b}[2J\u{2028}\u{202e}\u{85}";
        let line = Line::of(Deed::Login, Outcome::Refused, Some(evil), None).text;
        assert!(!line.contains(|c: char| c.is_control()) && !line.contains('\u{2028}'), "{line}");
        assert!(!line.contains('\u{202e}'), "{line}");
        assert!(line.starts_with(r#"login refused who="ann\" from=\"x\"\r\n[2026] login ok \\"#));
    }

    #[test]
    fn a_token_in_place_of_a_name_is_left_out() {
        let token = format!("npm_{}", "x1".repeat(20));
        let line =
            Line::of(Deed::Login, Outcome::Refused, Some(&token), None).with("package", token);
        let expected = r#"login refused who="npm_[redacted]" from="-" package="npm_[redacted]""#;
        assert_eq!(line.text, expected);
    }

    #[test]
    fn a_line_is_of_decent_length() {
        let long = "é".repeat(LONGEST + 1);
        let line = Line::of(Deed::Profile, Outcome::Failed, Some(&long), None).text;
        assert_eq!(line.chars().count(), "profile failed who=\"...\" from=\"-\"".len() + LONGEST);
        let fits = "é".repeat(LONGEST);
        let line = Line::of(Deed::Profile, Outcome::Failed, Some(&fits), None).text;
        assert!(!line.contains("..."), "{line}");
    }
}
