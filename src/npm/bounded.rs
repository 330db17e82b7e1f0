//! Objects in what clients send, with no more members than are kept.
//! Knows nothing of what they are of.
//!
//! A member takes a hundred times the memory that the shortest takes in a body, so that a limit to the body is none.

use std::fmt;
use std::marker::PhantomData;

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

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
        deserializer.deserialize_map(Members::<V, MOST>(PhantomData))
    }
}

struct Members<V, const MOST: usize>(PhantomData<V>);

impl<'de, V: Deserialize<'de>, const MOST: usize> Visitor<'de> for Members<V, MOST> {
    type Value = Bounded<V, MOST>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut bounded: Self::Value = Bounded::default();
        while let Some(key) = members.next_key::<String>()? {
            if bounded.kept.len() < MOST || bounded.kept.contains_key(&key) {
                bounded.kept.insert(key, members.next_value()?);
            } else {
                members.next_value::<IgnoredAny>()?;
                bounded.left_out += 1;
            }
        }
        Ok(bounded)
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
    fn what_is_read_over_is_json_all_the_same() {
        for text in [r#"{"a":1,"b"}"#, r#"{"a":1,"b":[}"#, r#"{"a":1,"b":2"#, "[]", "null"] {
            assert!(serde_json::from_str::<Bounded<u8, 1>>(text).is_err(), "{text}");
        }
    }
}
