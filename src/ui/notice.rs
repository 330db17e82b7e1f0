//! What was done just now, as the next page tells it.
//! Knows nothing of how it was done. What an address says is one of these words: nobody else writes on a page by a link.

use url::form_urlencoded;

/// The name in a query.
const KEY: &str = "done";

/// Words, and what they say.
const NOTICES: &[(&str, &str)] = &[
    ("saved", "Saved."),
    (
        "password",
        "The password is changed. Your tokens have ended, and you are signed out everywhere: sign in again.",
    ),
    ("revoked", "The token is revoked."),
    ("factor", "Codes are asked for elsewhere from now on."),
    ("no-factor", "There is no second factor any more."),
    ("elsewhere", "You are signed out everywhere else."),
    ("signed-out", "You are signed out."),
    ("ended", "Your session has ended, and nothing was done: sign in again."),
    ("refreshed", "The copy is as its upstream has it now."),
    ("deleted", "The package is deleted."),
    ("dropped", "The copy is discarded."),
];

/// What the query of a page says was done.
pub(super) fn of(query: &str) -> Option<&'static str> {
    let (_, word) = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == KEY)?;
    NOTICES.iter().find(|(one, _)| *one == word).map(|(_, says)| *says)
}

/// A path whose page tells it; the path has no query.
pub(super) fn telling(path: &str, word: &str) -> String {
    debug_assert!(NOTICES.iter().any(|(one, _)| *one == word), "{word} is no notice");
    format!("{path}?{KEY}={word}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_tells_what_was_done_in_words_of_its_own() {
        assert_eq!(of("done=deleted&x=1"), Some("The package is deleted."));
        for nothing in ["", "done=", "done=<b>", "done=you+have+won", "deleted", "do=deleted"] {
            assert_eq!(of(nothing), None, "{nothing}");
        }
        let path = telling("/-/account", "saved");
        assert_eq!(of(path.split_once('?').unwrap().1), Some("Saved."));
    }
}
