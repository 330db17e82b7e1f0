//! A JSON object's members, owned: keys in the order they came, values as the text they were.
//! Knows nothing of packuments.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::super::json::text;

/// Of equal keys the last value stands at the first place, as with every JSON parser of the clients.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Members(IndexMap<String, Box<RawValue>>);

impl Members {
    /// Parses what must be an object.
    pub(super) fn parse(raw: &RawValue) -> Result<Self, serde_json::Error> {
        serde_json::from_str(raw.get())
    }

    /// Parses what is an object, or the `null` that some write when there is none.
    pub(super) fn parse_or_null(raw: &RawValue) -> Result<Self, serde_json::Error> {
        if raw.get() == "null" { Ok(Self::default()) } else { Self::parse(raw) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(key, raw)| (key.as_str(), &**raw))
    }

    pub(super) fn contains(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    pub(super) fn get(&self, key: &str) -> Option<&RawValue> {
        self.0.get(key).map(|raw| &**raw)
    }

    /// The text of the member `key`, if it is there and a string.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        text(self.get(key)?).map(Cow::into_owned)
    }

    /// The object that is the member `key`, if it is there and one.
    pub(super) fn object(&self, key: &str) -> Option<Self> {
        Self::parse(self.get(key)?).ok()
    }

    /// Sets a member: in its place if there is one of that name, else at the end.
    pub(super) fn put(&mut self, key: &str, raw: Box<RawValue>) {
        match self.0.get_mut(key) {
            Some(place) => *place = raw,
            None => {
                self.0.insert(key.to_owned(), raw);
            }
        }
    }

    pub(super) fn put_text(&mut self, key: &str, text: &str) {
        self.put(key, raw(text));
    }

    /// Sets a member to what `value` is in JSON.
    pub(super) fn put_value(&mut self, key: &str, value: &impl Serialize) {
        self.put(key, raw(value));
    }

    /// Sets a member to that of `other`, if there is none.
    pub(super) fn put_missing(&mut self, key: &str, other: &Self) {
        if let Some(raw) = other.get(key).filter(|_| !self.contains(key)) {
            self.put(key, raw.to_owned());
        }
    }

    /// Sets a member to that of `other`, also if that has none.
    pub(super) fn put_as_in(&mut self, key: &str, other: &Self) {
        match other.get(key) {
            Some(raw) => self.put(key, raw.to_owned()),
            None => self.remove(key),
        }
    }

    pub(super) fn remove(&mut self, key: &str) {
        self.0.shift_remove(key);
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&str, &RawValue) -> bool) {
        self.0.retain(|key, raw| keep(key, raw));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

impl From<IndexMap<String, Box<RawValue>>> for Members {
    fn from(members: IndexMap<String, Box<RawValue>>) -> Self {
        Self(members)
    }
}

/// Equal as text and in order.
impl PartialEq for Members {
    fn eq(&self, other: &Self) -> bool {
        let ours = self.iter().map(|(key, raw)| (key, raw.get()));
        ours.eq(other.iter().map(|(key, raw)| (key, raw.get())))
    }
}

/// What a value is in JSON.
pub(super) fn raw(value: &(impl Serialize + ?Sized)) -> Box<RawValue> {
    to_raw_value(value).expect("texts, lists and objects of them are always JSON")
}
