//! A request's path as it may be shown: without query and secrets, in one line, of decent length.
//! Knows nothing of the rest of the line, nor of which paths mean something.

use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// Paths whose last part is a secret: `npm logout` deletes a token by naming it.
const SECRET_BEHIND: [&str; 2] = ["/-/user/token/", "/-/npm/v1/tokens/token/"];

/// What follows the `-` of such a path, where slashes may be escaped. See `plain`.
const SECRET_MAY_FOLLOW: [&[u8]; 6] = [b"%", b"/%", b"/user/", b"/user%", b"/npm/", b"/npm%"];

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
    let mut at = 0;
    while let Some(byte) = target.get(at) {
        match byte {
            b'?' => break,
            // The escapes clients use, `/` and `@`, cannot hide a letter of what is secret.
            b'%' if matches!(target.get(at + 1..at + 3), Some(b"2f" | b"2F" | b"40")) => {}
            b'-' if SECRET_MAY_FOLLOW.iter().any(|next| target[at + 1..].starts_with(next)) => {
                return None;
            }
            b'%' | 0..=0x1f | 0x7f.. => return None,
            _ => {}
        }
        at += 1;
    }
    (at <= PATH_SHOWN).then_some(&target[..at])
}

fn careful(target: &str) -> String {
    printable(&shortened(&redacted(target))).into_owned()
}

/// The path without its query, and without what a secret is behind, however it is encoded.
fn redacted(target: &str) -> Cow<'_, str> {
    let path = target.split('?').next().unwrap_or_default();
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let secret = SECRET_BEHIND.iter().find_map(|prefix| Some(decoded.find(prefix)? + prefix.len()));
    match secret {
        Some(at) => Cow::Owned(format!("{}[redacted]", &decoded[..at])),
        None => Cow::Borrowed(path),
    }
}

/// Whoever sends long paths must not fill the disk with them.
fn shortened(path: &str) -> Cow<'_, str> {
    if path.len() <= PATH_SHOWN {
        return Cow::Borrowed(path);
    }
    Cow::Owned(format!("{}[{} bytes]", &path[..path.floor_char_boundary(PATH_SHOWN)], path.len()))
}

/// Escapes what could make one line look like two, or move a terminal's cursor.
fn printable(path: &str) -> Cow<'_, str> {
    if path.chars().any(|c| c.is_control() || c == '\u{2028}' || c == '\u{2029}') {
        return Cow::Owned(path.escape_debug().to_string());
    }
    Cow::Borrowed(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tokens_in_paths_are_not_logged() {
        assert_eq!(redacted("/-/user/token/npm_abc"), "/-/user/token/[redacted]");
        assert_eq!(redacted("/npm/%2d/user%2Ftoken/npm_abc?x=1"), "/npm/-/user/token/[redacted]");
        assert_eq!(redacted("/lodash?token=x"), "/lodash");
        assert_eq!(printable("/a\u{1b}[2Jb"), "/a\\u{1b}[2Jb");
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
            "%2",
            "2f",
            "@a",
            "1.0.0.tgz",
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
