//! Objects in what clients send, with no more members than are kept.
//! Knows nothing of what they are of.
//!
//! A member takes a hundred times the memory that the shortest takes in a body, so that a limit to the body is none.

use std::fmt;
use std::marker::PhantomData;

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The most members of an object. The largest packages have some ten thousands of versions.
pub(super) const MOST_MEMBERS: usize = 100_000;

/// An object has more than 100,000 members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an object of the document has more than {MOST_MEMBERS} members")]
pub struct TooMany;

/// An object of which no more than `MOST` members were kept, and the others only read over.
#[derive(Debug)]
pub(super) struct Bounded<V, const MOST: usize = MOST_MEMBERS> {
    kept: IndexMap<String, V>,
    left_out: usize,
}

impl<V, const MOST: usize> Bounded<V, MOST> {
    /// How many there were.
    pub(super) fn count(&self) -> usize {
        self.kept.len() + self.left_out
    }

    /// Those that were kept, in the order they came.
    pub(super) fn kept(self) -> IndexMap<String, V> {
        self.kept
    }

    /// All members.
    pub(super) fn all(self) -> Result<IndexMap<String, V>, TooMany> {
        if self.left_out > 0 { Err(TooMany) } else { Ok(self.kept) }
    }
}

impl<V, const MOST: usize> Default for Bounded<V, MOST> {
    fn default() -> Self {
        Self { kept: IndexMap::new(), left_out: 0 }
    }
}

impl<'de, V: Deserialize<'de>, const MOST: usize> Deserialize<'de> for Bounded<V, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members: Members<V> = Members::at_most(MOST);
        let (kept, left_out) = deserializer.deserialize_map(members)?;
        Ok(Self { kept, left_out })
    }
}

/// The members of an object that may have more of them than [`MOST_MEMBERS`]: `held`, which are in memory of another
/// one anyway. `None` if it has more than either.
///
/// # Errors
/// When it is no object.
pub(super) fn members_beside(
    object: &RawValue,
    held: usize,
) -> Result<Option<IndexMap<String, Box<RawValue>>>, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(object.get());
    let members: Members<Box<RawValue>> = Members::at_most(MOST_MEMBERS.max(held));
    let (kept, left_out) = reader.deserialize_map(members)?;
    Ok((left_out == 0).then_some(kept))
}

/// The member `key` of an object, whatever else there is in it: all others are only read over.
///
/// # Errors
/// When it is no object.
pub(super) fn member_of(
    object: &RawValue,
    key: &str,
) -> Result<Option<Box<RawValue>>, serde_json::Error> {
    serde_json::Deserializer::from_str(object.get()).deserialize_map(Member(key))
}

/// Keeps so many members, and counts the others.
struct Members<V> {
    most: usize,
    value: PhantomData<V>,
}

impl<V> Members<V> {
    fn at_most(most: usize) -> Self {
        Self { most, value: PhantomData }
    }
}

impl<'de, V: Deserialize<'de>> Visitor<'de> for Members<V> {
    type Value = (IndexMap<String, V>, usize);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let (mut kept, mut left_out) = (IndexMap::new(), 0);
        while let Some(key) = members.next_key::<String>()? {
            if kept.len() < self.most || kept.contains_key(&key) {
                kept.insert(key, members.next_value()?);
            } else {
                members.next_value::<IgnoredAny>()?;
                left_out += 1;
            }
        }
        Ok((kept, left_out))
    }
}

/// Keeps the member with this key; of several, the last, as [`Members`] does.
struct Member<'a>(&'a str);

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<Box<RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = members.next_key::<String>()? {
            if key == self.0 {
                found = Some(members.next_value()?);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<const MOST: usize>(text: &str) -> Bounded<u8, MOST> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn no_more_are_kept_than_may_be() {
        let text = r#"{"a":1,"b":2,"a":3,"c":4}"#;
        let all = of::<3>(text).all().unwrap();
        let all: Vec<_> = all.iter().map(|(key, value)| (key.as_str(), *value)).collect();
        assert_eq!(all, [("a", 3), ("b", 2), ("c", 4)]);
        assert_eq!(of::<2>(text).all(), Err(TooMany));
        let one = of::<1>(text);
        assert_eq!(one.count(), 3);
        assert_eq!(one.kept().into_iter().collect::<Vec<_>>(), [("a".to_owned(), 3)]);
    }

    #[test]
    fn as_many_are_kept_as_are_held_anyway() {
        let members: Vec<String> = (0..=MOST_MEMBERS).map(|n| format!("\"m{n}\":0")).collect();
        let text = format!("{{{}}}", members.join(","));
        let object: &RawValue = serde_json::from_str(&text).unwrap();
        for (held, kept) in [(0, None), (MOST_MEMBERS, None), (MOST_MEMBERS + 1, Some(100_001))] {
            let members = members_beside(object, held).unwrap();
            assert_eq!(members.map(|members| members.len()), kept, "{held}");
        }
    }

    #[test]
    fn one_member_is_found_among_any() {
        let object: &RawValue = serde_json::from_str(r#"{"a":1,"b":[2],"a":{}}"#).unwrap();
        let found = |key| member_of(object, key).unwrap().map(|raw| raw.get().to_owned());
        assert_eq!(found("a").as_deref(), Some("{}"));
        assert_eq!(found("b").as_deref(), Some("[2]"));
        assert_eq!(found("c"), None);
        let list: &RawValue = serde_json::from_str("[]").unwrap();
        assert!(member_of(list, "a").is_err());
    }

    #[test]
    fn what_is_read_over_is_json_all_the_same() {
        for text in [r#"{"a":1,"b"}"#, r#"{"a":1,"b":[}"#, r#"{"a":1,"b":2"#, "[]", "null"] {
            assert!(serde_json::from_str::<Bounded<u8, 1>>(text).is_err(), "{text}");
        }
    }
}
