//! A request's path as it may be shown: without query and secrets, in one line, of decent length.
//! Knows nothing of the rest of the line, nor of which paths mean something.
//!
//! Tokens are in paths: `npm logout` deletes one by naming it. So what is behind a word that says so is left out, and
//! what looks like a token wherever it is; both in whatever way the path is spelt, since a path that means nothing to
//! NOPAR may have been meant.

use crate::npm;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// What stands for what is left out.
const REDACTED: &str = "[redacted]";

/// The words behind which a token follows, or the secret of a login by a page, in a path that has a `-` before.
const BEFORE_SECRETS: [&str; 4] = ["token", "tokens", "login", "done"];

/// Where these words are none: `token` is the name of a package behind these, and in the path by which a job asks for one.
const NAMES: [&str; 3] = ["package", "attestations", "oidc"];

/// How often a path may be encoded. What is encoded more often is not worth showing.
const ROUNDS: usize = 8;

/// Longest path that is written out, in bytes; no name, version and file together are as long.
const PATH_SHOWN: usize = 1024;

/// Appends what may be shown of a target.
pub(super) fn push(out: &mut Vec<u8>, target: &str) {
    match plain(target.as_bytes()) {
        Some(path) => out.extend_from_slice(path),
        None => out.extend_from_slice(careful(target).as_bytes()),
    }
}

/// The path, if nothing is to be done about it, as with nearly all: found out in one look at each byte.
fn plain(target: &[u8]) -> Option<&[u8]> {
    // A whole URL may have a password in it.
    if target.first() != Some(&b'/') {
        return None;
    }
    let mut at = 0;
    while let Some(byte) = target.get(at) {
        match byte {
            b'?' => break,
            // The escapes clients use, `/` and `@`, cannot hide a letter of what is secret.
            b'%' if matches!(target.get(at + 1..at + 3), Some(b"2f" | b"2F" | b"40")) => {}
            b'%' | b'\\' | 0..=b' ' | 0x7f.. => return None,
            b't' | b'T' | b'l' | b'L' | b'd' | b'D' if is_word(&target[..at], &target[at..]) => {
                return None;
            }
            // How tokens begin (`npm::without_tokens`).
            b'n' if target[at..].starts_with(b"npm_") => return None,
            b'e' if target[at..].starts_with(b"eyJ") => return None,
            _ => {}
        }
        at += 1;
    }
    (at <= PATH_SHOWN).then_some(&target[..at])
}

/// Whether a segment begins here as those do behind which secrets are.
fn is_word(before: &[u8], rest: &[u8]) -> bool {
    let begins = matches!(before.last(), Some(b'/' | b'f' | b'F'));
    let is = |word: &&str| {
        rest.get(..word.len()).is_some_and(|rest| rest.eq_ignore_ascii_case(word.as_bytes()))
    };
    begins && BEFORE_SECRETS.iter().any(is)
}

fn careful(target: &str) -> String {
    printable(&shortened(&redacted(target))).into_owned()
}

/// The path without its query, and without secrets, however they are encoded.
fn redacted(target: &str) -> Cow<'_, str> {
    let path = target.split('?').next().unwrap_or_default();
    // As it came: what is decoded of a password may look like the end of it.
    let open = without_password(path);
    let Some(decoded) = decoded(&open) else { return Cow::Borrowed(REDACTED) };
    let shown = without_tokens(&decoded);
    match (shown, open) {
        (Some(shown), _) => Cow::Owned(shown),
        (None, open) => open,
    }
}

/// The path decoded until there is nothing left to decode; `None` if that takes too often.
fn decoded(path: &str) -> Option<Cow<'_, str>> {
    let mut text = Cow::Borrowed(path);
    for _ in 0..ROUNDS {
        let next = percent_decode_str(&text).decode_utf8_lossy();
        if next == text {
            return Some(text);
        }
        text = Cow::Owned(next.into_owned());
    }
    None
}

/// Without what is before the `@` of a host, in a target that is a whole URL.
fn without_password(path: &str) -> Cow<'_, str> {
    let url = path.split_once("://").filter(|_| !path.starts_with('/'));
    let Some((scheme, rest)) = url else { return Cow::Borrowed(path) };
    let host = rest.split(['/', '\\', '#']).next().unwrap_or_default();
    match host.rfind('@') {
        Some(at) => Cow::Owned(format!("{scheme}://{REDACTED}{}", &rest[at..])),
        None => Cow::Borrowed(path),
    }
}

/// Without tokens, by their place and by their looks; `None` if there are none.
fn without_tokens(path: &str) -> Option<String> {
    match behind_a_word(path) {
        Some(at) => Some(npm::without_tokens(&path[..at]).into_owned() + REDACTED),
        None => match npm::without_tokens(path) {
            Cow::Owned(shown) => Some(shown),
            Cow::Borrowed(_) => None,
        },
    }
}

/// Where what follows a word begins behind which tokens are.
fn behind_a_word(path: &str) -> Option<usize> {
    let (mut has_dash, mut is_behind, mut last) = (false, false, "");
    let mut end = 0;
    for segment in path.split(['/', '\\']) {
        let at = end;
        end = at + segment.len() + 1;
        // What is between two slashes, or a dot, changes nothing in what some servers take a path for.
        if segment.is_empty() || segment == "." {
            continue;
        }
        let word = segment.split(';').next().unwrap_or_default();
        let is_one = BEFORE_SECRETS.iter().any(|it| word.eq_ignore_ascii_case(it));
        if is_behind && !is_one {
            return Some(at);
        }
        let is_name = last.starts_with('@') || NAMES.iter().any(|it| last.eq_ignore_ascii_case(it));
        is_behind = is_one && (is_behind || (has_dash && !is_name));
        has_dash |= word == "-";
        last = word;
    }
    None
}

/// Whoever sends long paths must not fill the disk with them.
fn shortened(path: &str) -> Cow<'_, str> {
    if path.len() <= PATH_SHOWN {
        return Cow::Borrowed(path);
    }
    Cow::Owned(format!("{}[{} bytes]", &path[..path.floor_char_boundary(PATH_SHOWN)], path.len()))
}

/// Escapes what could make one line look like two, or a word like two, and what moves a terminal's cursor.
fn printable(path: &str) -> Cow<'_, str> {
    if path.chars().any(is_odd) {
        return Cow::Owned(path.escape_debug().to_string().replace(' ', "\\u{20}"));
    }
    Cow::Borrowed(path)
}

fn is_odd(c: char) -> bool {
    c == ' ' || c.is_control() || (!c.is_ascii() && c.escape_debug().len() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tokens_in_paths_are_not_logged() {
        let token = "npm_0123456789abcdefABCDEF";
        for (target, shown) in [
            ("/-/user/token/npm_abc", "/-/user/token/[redacted]"),
            ("/npm/%2d/user%2Ftoken/npm_abc?x=1", "/npm/-/user/token/[redacted]"),
            ("/%252d/user/token%252Fabc", "/-/user/token/[redacted]"),
            ("//-/user/token/abc", "//-/user/token/[redacted]"),
            ("/-//user/.//Token/abc/-rev/1", "/-//user/.//Token/[redacted]"),
            ("/-\\user\\token\\abc", "/-\\user\\token\\[redacted]"),
            ("/-/user/token;a=b/abc", "/-/user/token;a=b/[redacted]"),
            ("/-/npm/v1/tokens/token/abc", "/-/npm/v1/tokens/token/[redacted]"),
            ("/-/npm/v1/tokens/abc", "/-/npm/v1/tokens/[redacted]"),
            ("http://h/-/user/token/abc", "http://h/-/user/token/[redacted]"),
            ("/npm/-/v1/login/abc", "/npm/-/v1/login/[redacted]"),
            ("/-/v1%2fdone/abc?x", "/-/v1/done/[redacted]"),
            ("/-/V1/Done//abc/d", "/-/V1/Done//[redacted]"),
            (&format!("/user/{token}/x"), "/user/npm_[redacted]/x"),
            (&format!("/n%70m%5f{}", &token[4..]), "/npm_[redacted]"),
            ("/a/eyJhbGciOiJSUzI1NiJ9.e-_0.x", "/a/eyJ[redacted]"),
            ("HTTP://ann:secret@h/lodash", "HTTP://[redacted]@h/lodash"),
            ("http://ann%3Asecret%40h@h", "http://[redacted]@h"),
            ("http://ann:a%2fb@h/lodash", "http://[redacted]@h/lodash"),
        ] {
            assert_eq!(redacted(target), shown, "{target}");
        }
        let often = format!("/%{}2d/user", "25".repeat(20));
        assert_eq!(redacted(&often), REDACTED);
        assert_eq!(printable("/a\u{1b}[2Jb"), "/a\\u{1b}[2Jb");
        assert_eq!(printable("/a b\u{202e}é"), "/a\\u{20}b\\u{202e}é");
        assert_eq!(printable("/a'\\é"), "/a'\\é");
    }

    #[test]
    fn what_is_no_secret_is_shown_as_it_came() {
        for path in [
            "/lodash",
            "/-/npm/v1/tokens",
            "/-/package/token/dist-tags/latest",
            "/-/package/@acme%2ftoken/owners",
            "/-/npm/v1/oidc/token/exchange/package/@acme%2fui",
            "/-/npm/v1/attestations/token@1.0.0",
            "/token/-/token-1.0.0.tgz",
            "/npm_lazy/-/npm_lazy-1.0.0.tgz",
            "/js-tokens/-/js-tokens-4.0.0.tgz",
            "/-/stage/package/token",
        ] {
            assert_eq!(redacted(path), path);
            assert_eq!(redacted(&format!("{path}?token=x")), path);
        }
    }

    #[test]
    fn long_paths_are_cut() {
        assert_eq!(shortened("/lodash"), "/lodash");
        let long = format!("/a{}", "é".repeat(PATH_SHOWN));
        let shown = shortened(&long);
        assert!(shown.len() < PATH_SHOWN + 20 && shown.ends_with("[2050 bytes]"), "{shown}");
    }

    #[test]
    fn what_clients_ask_for_is_plain() {
        for path in [
            "/lodash",
            "/@types%2fnode",
            "/%40types%2Fnode",
            "/a-b/-/a-b-1.0.0-rc.1+x.tgz",
            "/npm/-/npm-10.0.0.tgz",
            "/user/-/user-1.0.0.tgz",
            "/-/ping",
        ] {
            assert_eq!(plain(path.as_bytes()), Some(path.as_bytes()));
            assert_eq!(plain(format!("{path}?a=%00").as_bytes()), Some(path.as_bytes()));
        }
        assert_eq!(plain("/a".repeat(PATH_SHOWN).as_bytes()), None);
    }

    /// Pieces that secrets, escapes and trouble are made of.
    fn piece() -> impl Strategy<Value = String> {
        let pieces = [
            "/",
            "%2f",
            "%2F",
            "-",
            "%2d",
            "user",
            "token",
            "npm",
            "v1",
            "tokens",
            "%",
            "%4",
            "%40",
            "?",
            "u",
            "%75ser",
            "\u{1b}",
            "é",
            "\u{85}",
            " ",
            "/-/user/token/",
            "/-/npm/v1/tokens",
            "/-/v1/login/",
            "/-/v1/done",
            "%2",
            "2f",
            "@a",
            "1.0.0.tgz",
            "Token/",
            "tokens",
            "\\",
            ";",
            "npm_",
            "0123456789abcdef",
            "eyJ",
            "http://a:b@c",
            "%25",
        ];
        prop_oneof![
            10 => prop::sample::select(pieces.to_vec()).prop_map(str::to_owned),
            1 => any::<char>().prop_map(String::from),
        ]
    }

    proptest! {
        #[test]
        fn the_short_way_shows_what_the_long_one_would(pieces in prop::collection::vec(piece(), 0..12)) {
            let target = pieces.concat();
            let mut out = Vec::new();
            push(&mut out, &target);
            prop_assert_eq!(String::from_utf8(out).unwrap(), careful(&target));
        }
    }
}
