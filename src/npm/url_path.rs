//! Text as one segment of a URL path.
//! Knows nothing of names and versions; reading paths is the router's work.

use percent_encoding::{AsciiSet, CONTROLS, PercentEncode, utf8_percent_encode};

/// What may not stand raw in a path segment. All else stays as it is, because clients compute
/// tarball URLs from the raw name and version (`1.0.0+build`, `thirty-two@0.0.1`) and compare text.
/// Quote and backslash are in the set: encoded text is safe inside a JSON string.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// `text` as one segment of a URL path, a slash included: percent-encoded where needed.
/// The outcome is ASCII and holds neither quote nor backslash.
pub fn encode_segment(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, ESCAPED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_what_a_path_cannot_carry_and_nothing_else() {
        for (text, expected) in [
            ("1.0.0-rc.1+build", "1.0.0-rc.1+build"),
            ("thirty-two@0.0.1.tgz", "thirty-two@0.0.1.tgz"),
            ("~!$&'()*,;=:", "~!$&'()*,;=:"),
            ("a/b\\c\"d", "a%2Fb%5Cc%22d"),
            ("100% ?#", "100%25%20%3F%23"),
            ("é\u{0}", "%C3%A9%00"),
        ] {
            assert_eq!(encode_segment(text).to_string(), expected);
        }
    }
}
