//! A text in a line by somebody who may be no friend, as it stands on a page.
//! Knows nothing of what it says. That it is no HTML is seen to by who puts it there.

use std::borrow::Cow;

/// The text without what would turn the line around that it stands in, or end it: each of those is a sign that something
/// was there. What is written from right to left by its letters stays so.
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_odd) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| match c {
        '\n' | '\r' | '\t' => ' ',
        c if is_odd(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    Cow::Owned(text.chars().map(shown).collect())
}

/// Whether it is seen only by what it does to others (UAX #9, explicit formatting), or is no sign at all.
fn is_odd(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_turns_a_line_around() {
        for (text, expected) in [
            ("left-pad", "left-pad"),
            ("\u{202e}txt.exe", "\u{fffd}txt.exe"),
            ("a\u{2067}b\u{2069}", "a\u{fffd}b\u{fffd}"),
            ("two\nlines\u{2028}\u{0}", "two lines\u{fffd}\u{fffd}"),
            ("\u{5e9}\u{5dc}\u{5d5}\u{5dd}\u{200f}!", "\u{5e9}\u{5dc}\u{5d5}\u{5dd}\u{200f}!"),
            ("", ""),
        ] {
            assert_eq!(line(text), expected, "{text:?}");
        }
    }
}
