//! Pieces of JSON as they are read in questions and answers.
//! Knows nothing of what they are of.
//!
//! What is read over is read without recursion, so that nothing overflows the stack however deeply it nests.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

/// A string, or `None` for anything else.
pub(super) struct Text(pub(super) Option<Box<str>>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
        deserializer.deserialize_any(Any).map(|any| match any {
            Read::Text(text) => Text(Some(text)),
            _ => Text(None),
        })
    }
}

/// Whether it is `true`.
pub(super) struct Flag(pub(super) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Flag, D::Error> {
        deserializer.deserialize_any(Any).map(|any| Flag(matches!(any, Read::True)))
    }
}

enum Read {
    Text(Box<str>),
    True,
    Other,
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E>(self, text: &str) -> Result<Read, E> {
        Ok(Read::Text(text.into()))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Read, E> {
        Ok(if flag { Read::True } else { Read::Other })
    }

    fn visit_i64<E>(self, _: i64) -> Result<Read, E> {
        Ok(Read::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Read, E> {
        Ok(Read::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Read, E> {
        Ok(Read::Other)
    }

    fn visit_unit<E>(self) -> Result<Read, E> {
        Ok(Read::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Read, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Read::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Read, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Read::Other)
    }
}

/// An object, whose members are handed out one by one with the text of their values. What is done may say that the
/// object is none that is wanted.
struct Members<F>(F);

impl<'de, F: FnMut(&str, &'de str) -> Result<(), &'static str>> Visitor<'de> for Members<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = members.next_key()? {
            let value: &RawValue = members.next_value()?;
            (self.0)(&key, value.get()).map_err(serde::de::Error::custom)?;
        }
        Ok(())
    }
}

impl<'de, F: FnMut(&str, &'de str) -> Result<(), &'static str>> DeserializeSeed<'de>
    for Members<F>
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

/// A key, copied only if it has to be unescaped.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// Hands out the members of an object, each with the text of its value.
///
/// # Errors
/// When the text is no object and nothing else, or `each` says so.
pub(super) fn each_member<'a>(
    text: &'a str,
    each: impl FnMut(&str, &'a str) -> Result<(), &'static str>,
) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    Members(each).deserialize(&mut reader)?;
    reader.end()
}

/// Appends a text as a JSON string.
pub(super) fn push_quoted(out: &mut String, text: &str) {
    use fmt::Write;
    // Writing to a String does not fail.
    let _ = write!(out, "{}", serde_json::Value::from(text));
}

/// Appends a comma, unless the text ends where an object or a list has begun.
pub(super) fn push_comma(out: &mut String) {
    if !out.ends_with(['{', '[']) {
        out.push(',');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_handed_out_as_they_are_written() {
        let mut seen = Vec::new();
        let text = r#" { "a" : [1, 2 ] ,"\u00fc":{"x":"}"}, "a":1e5 } "#;
        let read = each_member(text, |key, value| {
            seen.push((key.to_owned(), value));
            Ok(())
        });
        read.unwrap();
        let seen: Vec<_> = seen.iter().map(|(key, value)| (key.as_str(), *value)).collect();
        assert_eq!(seen, [("a", "[1, 2 ]"), ("ü", r#"{"x":"}"}"#), ("a", "1e5")]);
        for wrong in ["", "[]", "{", "{} {}", "null", r#"{"a":}"#, r#"{"a":1,}"#] {
            assert!(each_member(wrong, |_, _| Ok(())).is_err(), "{wrong}");
        }
        assert!(each_member(r#"{"a":1}"#, |_, _| Err("no")).is_err());
    }

    #[test]
    fn what_is_read_over_may_nest_as_it_likes() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        each_member(&deep, |_, value| {
            assert_eq!(value.len(), 2_000_000);
            Ok(())
        })
        .unwrap();
        let mut reader = serde_json::Deserializer::from_str(&deep);
        reader.disable_recursion_limit();
        assert!(Text::deserialize(&mut reader).unwrap().0.is_none());
    }
}
