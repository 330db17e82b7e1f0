//! A block of results as an upstream sent it.
//! Knows nothing of whose the packages are.
//!
//! Results go through as they came, but for what clients break on: npm reads `maintainers` as a list, and pnpm wants a
//! `username` of every person that there is.

use crate::npm::PackageName;
use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::{RawValue, to_raw_value};
use std::fmt;

/// How many results are asked for at once: the most that the public registry sends.
pub const BLOCK: u64 = 250;
/// The most results of one answer that are kept: some send all that they have, whatever they are asked for.
const MOST: usize = 2000;
/// The longest result that is kept, in bytes. Usual ones have a thousand.
const LONGEST: usize = 64 << 10;

/// Some results of an upstream, one behind the other.
#[derive(Debug, Default)]
pub struct Block {
    /// Those that can be sent.
    pub found: Vec<Found>,
    /// How many there were.
    pub came: u64,
    /// How many match in all, as the upstream says.
    pub total: u64,
}

/// One of them.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// Of which package.
    pub name: PackageName,
    /// The whole, in JSON.
    pub object: Box<str>,
}

/// A JSON object as the text that its members were.
type Object = IndexMap<String, Box<RawValue>>;

#[derive(serde::Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    objects: Bounded<'a>,
    total: Option<u64>,
}

impl Block {
    /// Reads the answer to a question for the results from `from` on. Results without a name are left out, as are those
    /// that are too long.
    ///
    /// # Errors
    /// When it is no answer.
    pub fn parse(answer: &[u8], from: u64) -> Result<Block, serde_json::Error> {
        let Answer { objects: Bounded(objects), total } = serde_json::from_slice(answer)?;
        let came = objects.len() as u64;
        let seen = from.saturating_add(came);
        // Who does not say it has at least one more, as long as blocks are full.
        let total = total.unwrap_or(seen.saturating_add(u64::from(came >= BLOCK))).max(seen);
        let found = objects.into_iter().filter_map(found).collect();
        Ok(Block { found, came, total })
    }

    /// About how many bytes it takes in memory.
    pub fn size(&self) -> usize {
        let sizes = self.found.iter().map(|it| it.object.len() + it.name.as_str().len() + 64);
        sizes.sum::<usize>() + 64
    }
}

/// A result that can be sent.
fn found(raw: &RawValue) -> Option<Found> {
    if raw.get().len() > LONGEST {
        return None;
    }
    let mut object: Object = serde_json::from_str(raw.get()).ok()?;
    let mut package: Object = serde_json::from_str(object.get("package")?.get()).ok()?;
    let name = PackageName::parse(&text(package.get("name")?)?).ok()?;
    let is_changed = repair(&mut package);
    let object = if is_changed {
        object.insert("package".to_owned(), to_raw_value(&package).ok()?);
        serde_json::to_string(&object).ok()?.into()
    } else {
        raw.get().into()
    };
    Some(Found { name, object })
}

/// Whether anything had to be repaired.
fn repair(package: &mut Object) -> bool {
    let held = package.get("maintainers");
    let maintainers = maintainers(held.map(|raw| &**raw));
    let is_right = held.is_some_and(|raw| maintainers.is_none() && raw.get().starts_with('['));
    if !is_right {
        let maintainers = maintainers.unwrap_or_default();
        if let Ok(list) = to_raw_value(&maintainers) {
            package.insert("maintainers".to_owned(), list);
        }
    }
    let Some(publisher) = package.get("publisher") else { return !is_right };
    match user(publisher) {
        Some(None) => return !is_right,
        Some(Some(repaired)) => {
            package.insert("publisher".to_owned(), repaired);
        }
        None => {
            package.shift_remove("publisher");
        }
    }
    true
}

/// The list as it has to be, if it is not so.
fn maintainers(raw: Option<&RawValue>) -> Option<Vec<Box<RawValue>>> {
    let list: Vec<Box<RawValue>> = serde_json::from_str(raw?.get()).ok()?;
    let mut is_right = true;
    let list = list.into_iter().filter_map(|raw| match user(&raw) {
        Some(None) => Some(raw),
        repaired => {
            is_right = false;
            repaired?
        }
    });
    let list = list.collect();
    if is_right { None } else { Some(list) }
}

/// Whether a person has a name: `None` if not, and `Some(Some(…))` if it has to stand elsewhere.
fn user(raw: &RawValue) -> Option<Option<Box<RawValue>>> {
    let mut person: Object = serde_json::from_str(raw.get()).ok()?;
    if person.get("username").is_some_and(|raw| text(raw).is_some()) {
        return Some(None);
    }
    let name = person.get("name")?.to_owned();
    text(&name)?;
    person.insert("username".to_owned(), name);
    to_raw_value(&person).ok().map(Some)
}

/// A text that is not empty.
fn text(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok().filter(|text: &String| !text.is_empty())
}

/// The first [`MOST`] of a list; the others are only read over.
struct Bounded<'a>(Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Bounded<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(First)
    }
}

struct First;

impl<'de> Visitor<'de> for First {
    type Value = Bounded<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of results")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut kept = Vec::new();
        while kept.len() < MOST {
            match list.next_element()? {
                Some(raw) => kept.push(raw),
                None => return Ok(Bounded(kept)),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Bounded(kept))
    }
}

#[cfg(test)]
mod tests;
