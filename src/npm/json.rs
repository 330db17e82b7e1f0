//! JSON values that are kept as the text they were, and read when somebody asks.
//! Knows nothing of what they are of.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// The text of a JSON string; `None` for other types and for strings that are no Unicode text.
pub(super) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let inner = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(raw.get()).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

/// The text of a JSON string, or a number as it is written.
pub(super) fn text_or_number(raw: &RawValue) -> Option<Cow<'_, str>> {
    let is_number = raw.get().starts_with(|c: char| c.is_ascii_digit());
    if is_number { Some(Cow::Borrowed(raw.get())) } else { text(raw) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, as_text: Option<&str>, as_number: Option<&str>) {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        assert_eq!(text(raw).as_deref(), as_text, "{json}");
        assert_eq!(text_or_number(raw).as_deref(), as_number, "{json}");
    }

    #[test]
    fn strings_and_numbers_are_read() {
        for (json, expected) in [
            (r#""""#, Some("")),
            (r#""a""#, Some("a")),
            (r#""ü ☠""#, Some("ü ☠")),
            (r#""\"a\\""#, Some("\"a\\")),
            (r#""\u00fc\ud83d\ude00""#, Some("ü😀")),
            // Half a surrogate pair.
            (r#""\ud83d""#, None),
        ] {
            check(json, expected, expected);
        }
        check("7", None, Some("7"));
        check("1.50", None, Some("1.50"));
        for other in ["null", "true", "-1", "[]", "{}", r#"["a"]"#] {
            check(other, None, None);
        }
    }
}
