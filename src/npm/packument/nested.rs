//! A document read in one pass: its members, its versions' members and their `dist`'s at once.
//! Knows only documents of the usual shape; of any other it says no more than that it cannot.
//!
//! Member by member, each text would be scanned once for itself and once for everything it is in.

use indexmap::IndexMap;
use serde::Deserializer;
use serde::de::{DeserializeSeed, MapAccess, Visitor};
use std::fmt;

use super::Versions;
use super::entry::{Dist, Entry, Manifest};
use super::object::{self, Key, Members, Object};

/// A document's members and its versions. In the place of what was read further, the members hold
/// [`object::elsewhere`].
///
/// # Errors
/// When the text is no JSON object, or has a version or a `dist` that is not an object, or versions
/// that are not: then it has to be read member by member.
pub(super) fn parse(text: &str) -> Result<(Object<'_>, Versions<'_>), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let document = With { key: "versions", inner: Each(Version) };
    let (members, versions) = document.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok((members, versions.unwrap_or_default()))
}

/// An object with one member that is read further, if it is there.
#[derive(Clone, Copy)]
struct With<S> {
    key: &'static str,
    inner: S,
}

impl<'de, S: DeserializeSeed<'de> + Copy> DeserializeSeed<'de> for With<S> {
    type Value = (Object<'de>, Option<S::Value>);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: DeserializeSeed<'de> + Copy> Visitor<'de> for With<S> {
    type Value = (Object<'de>, Option<S::Value>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut object = Object::new();
        let mut found = None;
        while let Some(key) = map.next_key()?.map(Key::new) {
            let value = if key.text == self.key {
                found = Some(map.next_value_seed(self.inner)?);
                object::elsewhere()
            } else {
                map.next_value()?
            };
            object.insert(key, value);
        }
        Ok((object, found))
    }
}

/// An object all of whose members are read further.
#[derive(Clone, Copy)]
struct Each<S>(S);

impl<'de, S: DeserializeSeed<'de> + Copy> DeserializeSeed<'de> for Each<S> {
    type Value = IndexMap<Key<'de>, S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: DeserializeSeed<'de> + Copy> Visitor<'de> for Each<S> {
    type Value = IndexMap<Key<'de>, S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut each = IndexMap::new();
        while let Some(key) = map.next_key()?.map(Key::new) {
            each.insert(key, map.next_value_seed(self.0)?);
        }
        Ok(each)
    }
}

/// A version's manifest.
#[derive(Clone, Copy)]
struct Version;

impl<'de> DeserializeSeed<'de> for Version {
    type Value = Entry<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let (members, dist) = With { key: "dist", inner: Members }.deserialize(deserializer)?;
        Ok(Entry::Manifest(Manifest { members, dist: dist.map(Dist::new) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_usual_shape_is_read() {
        for text in [
            "{}",
            r#"{"versions":{}}"#,
            r#"{"versions":{"1":{},"2":{"dist":{}}},"x":[{"dist":1}]}"#,
            r#"{"versi\u006fns":{"1":{"d\u0069st":{"tarball":1}}}}"#,
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
        for text in [
            "[]",
            r#"{"versions":[]}"#,
            r#"{"versions":null,"versions":{}}"#,
            r#"{"versions":{"1":1}}"#,
            r#"{"versions":{"1":{"dist":"x"}}}"#,
            r#"{"versions":{"1":{}}}{}"#,
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn of_versions_told_twice_the_last_count() {
        let text = r#"{"versions":{"1":{}},"a":1,"versions":{"2":{},"3":{}}}"#;
        let (members, versions) = parse(text).unwrap();
        assert_eq!(
            members.keys().map(|key| key.raw).collect::<Vec<_>>(),
            [r#""versions""#, r#""a""#]
        );
        assert_eq!(versions.keys().map(|key| key.raw).collect::<Vec<_>>(), [r#""2""#, r#""3""#]);
    }
}
