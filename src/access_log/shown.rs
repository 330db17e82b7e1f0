//! Texts that clients choose, in quotes, in one line, of decent length.
//! Knows nothing of what they say.

/// Most of what a client says that it is, in bytes: npm's words have 80.
pub(super) const AGENT_SHOWN: usize = 200;

/// So many bytes of a text at most, and no half of a character at the end of them.
pub(super) fn cut(text: &[u8], most: usize) -> &[u8] {
    let Some(&next) = text.get(most) else { return text };
    // A character has three bytes at most behind its first, all of which look so.
    let is_inside = |byte: u8| byte & 0b1100_0000 == 0b1000_0000;
    let begins = |at: &usize| !is_inside(text[*at]);
    let end =
        if is_inside(next) { (most.saturating_sub(3)..most).rev().find(begins) } else { None };
    &text[..end.unwrap_or(most)]
}

/// Appends a text in quotes, escaped as those of Rust are; what is not UTF-8 as the bytes that it is.
pub(super) fn quoted(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    if text.iter().all(is_plain) {
        out.extend_from_slice(text);
    } else {
        escape(out, text);
    }
    out.push(b'"');
}

fn escape(out: &mut Vec<u8>, text: &[u8]) {
    for chunk in text.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                // In quotes of the other sort.
                '\'' => out.push(b'\''),
                _ => char.escape_debug().for_each(|char| {
                    out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                }),
            }
        }
        for byte in chunk.invalid() {
            out.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &[u8]) -> String {
        let mut out = Vec::new();
        quoted(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_text_ends_with_its_quotes() {
        for (text, expected) in [
            (&b"npm/11 'node'"[..], r#""npm/11 'node'""#),
            (b"a\" id=\"b\\", r#""a\" id=\"b\\""#),
            (b"'\x1b[2J\r\n\t", r#""'\u{1b}[2J\r\n\t""#),
            (b"\xff\xe2\x80\xa8\xe2\x80", r#""\xff\u{2028}\xe2\x80""#),
            ("\u{e9}\u{202e}".as_bytes(), "\"\u{e9}\\u{202e}\""),
        ] {
            assert_eq!(of(text), expected);
        }
    }

    #[test]
    fn no_character_is_cut_in_two() {
        assert_eq!(cut(b"abc", 3), b"abc");
        assert_eq!(cut(b"abcd", 3), b"abc");
        for text in ["é", "\u{2028}", "\u{1f4e6}"] {
            for before in 0..8 {
                let text = format!("{}{text}", "x".repeat(before));
                for most in 0..text.len() {
                    let end = text.floor_char_boundary(most);
                    assert_eq!(cut(text.as_bytes(), most), &text.as_bytes()[..end]);
                }
            }
        }
        assert_eq!(cut(&[0x80; 9], 4), [0x80; 4], "no text at all");
    }
}
