//! Questions in bulk: versions by name.
//! Knows nothing of trees.

use std::collections::HashSet;
use std::fmt;

use indexmap::IndexMap;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::hidden::is_like_a_placeholder;
use super::inquiry::{InquiryError, Limits, upstreams};
use super::json::{push_comma, push_quoted};
use super::spec::is_version;
use super::{Question, Reading};

/// Versions by name, in the order they came.
#[derive(Debug, Default)]
pub struct Bulk {
    versions: IndexMap<Box<str>, Vec<Box<str>>>,
}

impl Bulk {
    pub(super) fn parse(text: &[u8]) -> Result<Bulk, InquiryError> {
        let limits = Limits::default();
        let mut reader = serde_json::Deserializer::from_slice(text);
        let names = Names { limits: &limits };
        let parsed = names.deserialize(&mut reader).and_then(|bulk| reader.end().map(|()| bulk));
        parsed
            .map_err(|error| limits.error("an object with a list of versions for each name", error))
    }

    pub(super) fn names(&self) -> Vec<&str> {
        self.versions.keys().map(AsRef::as_ref).collect()
    }

    pub(super) fn questions(&self, owners: &[Option<usize>]) -> Vec<Question> {
        let owned = || self.versions.iter().zip(owners);
        let asked = owned()
            .filter(|((name, versions), _)| !versions.is_empty() && !is_like_a_placeholder(name));
        let asked: Vec<_> = asked
            .filter_map(|((name, versions), owner)| Some(((*owner)?, name, versions)))
            .collect();
        let of = |upstream| {
            let mut own: Vec<_> = asked.iter().filter(|(owner, ..)| *owner == upstream).collect();
            own.sort_unstable_by_key(|(_, name, _)| *name);
            let mut text = String::from("{");
            for (_, name, versions) in &own {
                push_comma(&mut text);
                push_quoted(&mut text, name);
                text.push(':');
                push_versions(&mut text, versions);
            }
            text.push('}');
            let names: HashSet<Box<str>> = own.iter().map(|(_, name, _)| (*name).clone()).collect();
            Question { upstream, text: text.into(), reading: Reading::Bulk(names) }
        };
        upstreams(asked.iter().map(|(owner, ..)| Some(*owner))).into_iter().map(of).collect()
    }
}

fn push_versions(text: &mut String, versions: &[Box<str>]) {
    let mut sorted: Vec<&str> = versions.iter().map(AsRef::as_ref).collect();
    sorted.sort_unstable();
    sorted.dedup();
    text.push('[');
    for version in sorted {
        push_comma(text);
        push_quoted(text, version);
    }
    text.push(']');
}

/// Reads the object.
struct Names<'a> {
    limits: &'a Limits,
}

impl<'de> DeserializeSeed<'de> for Names<'_> {
    type Value = Bulk;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Bulk, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Names<'_> {
    type Value = Bulk;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Bulk, A::Error> {
        let mut bulk = Bulk::default();
        while let Some(name) = members.next_key::<Box<str>>()? {
            let versions = bulk.versions.entry(name).or_default();
            members.next_value_seed(Versions { versions, limits: self.limits })?;
            self.limits.names(bulk.versions.len())?;
        }
        Ok(bulk)
    }
}

/// Reads a list, and keeps what looks like a version: nothing else could be found in an advisory.
struct Versions<'a> {
    versions: &'a mut Vec<Box<str>>,
    limits: &'a Limits,
}

impl<'de> DeserializeSeed<'de> for Versions<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Versions<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of versions")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(version) = list.next_element::<Box<str>>()? {
            self.limits.version()?;
            if is_version(&version) {
                self.versions.push(version);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::inquiry::Excess;
    use super::*;

    fn questions(text: &str, owner_of: impl Fn(&str) -> Option<usize>) -> Vec<(usize, String)> {
        let bulk = Bulk::parse(text.as_bytes()).unwrap();
        let owners: Vec<_> = bulk.names().into_iter().map(owner_of).collect();
        let questions = bulk.questions(&owners).into_iter();
        questions.map(|it| (it.upstream, String::from_utf8(it.text.to_vec()).unwrap())).collect()
    }

    #[test]
    fn each_upstream_is_asked_for_its_own_names() {
        let text = r#"{"b":["2.0.0","1.0.0","2.0.0"],"mine":["1.0.0"],"@s/a":["1.0.0"],
            "a":["1.0.0","file:../secret","3.0.0"],"b":["3.0.0"],"none":[],"odd":["secret"],
            "NOPAR-HIDDEN-1":["1.0.0"]}"#;
        let owner_of = |name: &str| match name {
            "mine" => None,
            "@s/a" => Some(1),
            _ => Some(0),
        };
        let expected = [
            (0, r#"{"a":["1.0.0","3.0.0"],"b":["1.0.0","2.0.0","3.0.0"]}"#.to_owned()),
            (1, r#"{"@s/a":["1.0.0"]}"#.to_owned()),
        ];
        assert_eq!(questions(text, owner_of), expected);
        assert_eq!(questions(text, |_| None), []);
        assert_eq!(questions("{}", owner_of), []);
    }

    #[test]
    fn what_is_no_object_of_lists_is_no_question() {
        for text in [
            "",
            "[]",
            "null",
            "{",
            "{} x",
            r#"{"a":"1.0.0"}"#,
            r#"{"a":{}}"#,
            r#"{"a":[1]}"#,
            r#"{"a":[null]}"#,
            "\"\u{0}\"",
            "{\"a\":[\"\\ud800\"]}",
        ] {
            let error = Bulk::parse(text.as_bytes()).unwrap_err();
            assert!(error.to_string().contains("a list of versions for each name"), "{error}");
        }
        assert!(Bulk::parse(b"{\"a\":[\"\xff\"]}").is_err());
    }

    #[test]
    fn there_is_an_end_to_names_and_versions() {
        let most = |names: usize| {
            let names: Vec<String> = (0..names).map(|n| format!("\"n{n}\":[]")).collect();
            Bulk::parse(format!("{{{}}}", names.join(",")).as_bytes())
        };
        assert_eq!(most(100_000).unwrap().versions.len(), 100_000);
        let excess = |error| match error {
            InquiryError::Excess(excess) => excess,
            InquiryError::Other { .. } => panic!("{error}"),
        };
        assert_eq!(excess(most(100_001).unwrap_err()), Excess::Names);
        let text = format!("{{\"a\":[{}\"\"]}}", "\"\",".repeat(500_000));
        assert_eq!(excess(Bulk::parse(text.as_bytes()).unwrap_err()), Excess::Versions);
    }
}
