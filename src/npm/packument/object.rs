//! A JSON object, one level deep: keys in the order they came, values as the text they were.
//! Knows nothing of packuments.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::LazyLock;

use indexmap::IndexMap;
use serde::Deserializer;
use serde::de::{DeserializeSeed, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::super::json::text;

/// An object's members. Of equal keys the last value stands at the first place.
pub(super) type Object<'a> = IndexMap<Key<'a>, &'a RawValue>;

/// A key: equal by what it says, written as it was spelled.
#[derive(Debug, Clone, Eq)]
pub(super) struct Key<'a> {
    /// With its quotes and escapes.
    pub(super) raw: &'a str,
    /// Decoded. A key that is no Unicode text (half a surrogate pair) stands for itself.
    pub(super) text: Cow<'a, str>,
}

impl<'a> Key<'a> {
    pub(super) fn new(raw: &'a RawValue) -> Self {
        let raw_text = raw.get();
        Self { raw: raw_text, text: text(raw).unwrap_or(Cow::Borrowed(raw_text)) }
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Hash for Key<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // As `str` does: lookups are by `&str`.
        (*self.text).hash(state);
    }
}

impl Borrow<str> for Key<'_> {
    fn borrow(&self) -> &str {
        &self.text
    }
}

/// Parses text that must hold one object and nothing else.
pub(super) fn parse(text: &str) -> Result<Object<'_>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let object = Members.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(object)
}

/// Stands among an object's members for an object that was read further: all that may be asked of it is
/// that it is one.
pub(super) fn elsewhere() -> &'static RawValue {
    static EMPTY: LazyLock<&RawValue> =
        LazyLock::new(|| serde_json::from_str("{}").expect("an empty object is JSON"));
    *EMPTY
}

/// The object that `raw` is, if it is one.
pub(super) fn of(raw: &RawValue) -> Option<Object<'_>> {
    // Asked first: an error of serde_json costs a count of all lines before it.
    raw.get().starts_with('{').then(|| parse(raw.get()).ok())?
}

/// The object that is the member `key`, if there is one and it is an object.
pub(super) fn member<'a>(object: &Object<'a>, key: &str) -> Option<Object<'a>> {
    object.get(key).copied().and_then(of)
}

/// The text of the member `key`, if it is there and a string.
pub(super) fn text_of<'a>(object: &Object<'a>, key: &str) -> Option<Cow<'a, str>> {
    object.get(key).copied().and_then(text)
}

/// Whether `raw` is a string, be it Unicode text or not.
pub(super) fn is_string(raw: &RawValue) -> bool {
    raw.get().starts_with('"')
}

/// Reads an object's members.
#[derive(Clone, Copy)]
pub(super) struct Members;

impl<'de> DeserializeSeed<'de> for Members {
    type Value = Object<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut object = Object::new();
        while let Some((key, value)) = map.next_entry::<&'de RawValue, &'de RawValue>()? {
            object.insert(Key::new(key), value);
        }
        Ok(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_spelling_and_order_and_lets_the_last_of_equal_keys_win() {
        let object =
            parse(" {\"b\" : 1.0e+2 , \"\\u0061\":[ 1 ], \"a\":\"\\/\",\"\\ud800\":null} ");
        let object = object.expect("an object");
        let members: Vec<_> = object.iter().map(|(k, v)| (k.raw, v.get())).collect();
        assert_eq!(
            members,
            [(r#""b""#, "1.0e+2"), (r#""\u0061""#, r#""\/""#), (r#""\ud800""#, "null")]
        );
        assert_eq!(text_of(&object, "a").as_deref(), Some("/"));
        assert_eq!(text_of(&object, "b"), None);
    }

    #[test]
    fn refuses_everything_that_is_not_one_object() {
        for text in ["", "[]", "1", "{", "{}{}", "{\"a\":}", "{1:2}", "{\"a\":1,}", "null"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn depth_is_no_danger() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
        assert_eq!(parse(&deep).expect("deep").len(), 1);
    }
}
