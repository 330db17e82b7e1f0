//! Texts of anybody's as strings of JSON, in one line that moves no cursor.
//! Knows nothing of what they are about.

/// Appends a member behind others.
pub(crate) fn member(out: &mut Vec<u8>, key: &str, text: &str) {
    out.push(b',');
    string(out, |out| out.extend_from_slice(key.as_bytes()));
    out.push(b':');
    string(out, |out| out.extend_from_slice(text.as_bytes()));
}

/// Appends a string of what `write` appends. What is not UTF-8 in that is shown as U+FFFD.
pub(crate) fn string(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    let at = out.len();
    write(out);
    // Nearly all are plain, and stay where they are.
    if !out[at..].iter().all(is_plain) {
        let text = out.split_off(at);
        escape(out, &String::from_utf8_lossy(&text));
    }
    out.push(b'"');
}

fn is_plain(byte: &u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')
}

fn escape(out: &mut Vec<u8>, text: &str) {
    for char in text.chars() {
        match char {
            '"' | '\\' => out.extend_from_slice(&[b'\\', char as u8]),
            '\n' => out.extend_from_slice(b"\\n"),
            ' '..='~' => out.push(char as u8),
            // What has no look of its own, and what turns others around.
            _ if char.escape_debug().len() > 1 => {
                for unit in char.encode_utf16(&mut [0; 2]) {
                    out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
            _ => out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn of(text: &[u8]) -> String {
        let mut out = Vec::new();
        string(&mut out, |out| out.extend_from_slice(text));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn odd_characters_are_escaped() {
        for (text, expected) in [
            ("npm/11 node", r#""npm/11 node""#),
            ("a\"b\\c\r\nd", r#""a\"b\\c\u000d\nd""#),
            ("\u{1b}[2J\u{7f}\u{85}", r#""\u001b[2J\u007f\u0085""#),
            ("\u{2028}\u{202e}\u{e0001}", r#""\u2028\u202e\udb40\udc01""#),
            ("\u{e9}\u{1f4e6}", "\"\u{e9}\u{1f4e6}\""),
        ] {
            assert_eq!(of(text.as_bytes()), expected);
        }
        assert_eq!(of(b"a\xffb"), "\"a\u{fffd}b\"");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(text: Vec<u8>) {
            let string = of(&text);
            prop_assert!(!string.contains(char::is_control), "{:?}", string);
            let read: Value = serde_json::from_str(&string).unwrap();
            prop_assert_eq!(read, Value::from(&*String::from_utf8_lossy(&text)));
        }
    }
}
