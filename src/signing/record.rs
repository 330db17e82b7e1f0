//! The file of the keys, as text.
//! Knows nothing of disks.

use super::error::KeyError;
use super::file::Folder;
use super::pair::{KeyPair, PublicKey};
use super::{Key, Keys};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// All keys, oldest first.
///
/// One that says more is of a later NOPAR: what that means is not guessed.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    keys: Vec<Entry>,
}

/// One key.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    keyid: String,
    key: String,
    since: String,
    expires: Option<String>,
    /// Of the one that signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    private: Option<String>,
}

impl Record {
    pub(super) fn parse(text: &[u8], path: &Path) -> Result<Record, KeyError> {
        // The place of what is wrong, and not its text: that may be a key.
        let place = |error: serde_json::Error| {
            format!("it is not the JSON of keys (line {}, column {})", error.line(), error.column())
        };
        serde_json::from_slice(text).map_err(|error| KeyError::damaged(path, place(error)))
    }

    /// What is offered of these keys.
    pub(super) fn of(keys: &Keys) -> Record {
        let entry = |key: &Key| Entry {
            keyid: key.public.keyid.clone(),
            key: key.public.key.clone(),
            since: key.since.clone(),
            expires: key.expires.clone(),
            private: None,
        };
        Record { keys: keys.all().iter().map(entry).collect() }
    }

    /// The same with the last one ended.
    pub(super) fn retired(mut self, expires: &str) -> Record {
        if let Some(last) = self.keys.last_mut() {
            last.expires = Some(expires.to_owned());
        }
        self
    }

    /// The same with another key behind.
    pub(super) fn with(mut self, pair: &KeyPair, private: &str, since: String) -> Record {
        let PublicKey { keyid, key } = pair.public().clone();
        self.keys.push(Entry {
            keyid,
            key,
            since,
            expires: None,
            private: Some(private.to_owned()),
        });
        self
    }

    pub(super) fn text(&self) -> Vec<u8> {
        let mut text = serde_json::to_vec_pretty(self).expect("texts and lists of them are JSON");
        text.push(b'\n');
        text
    }

    /// The keys in it, each checked: all but the last are over, and the last can sign.
    pub(super) fn keys(self, folder: &Folder) -> Result<Keys, KeyError> {
        let damaged = |why: String| KeyError::damaged(folder.place(), why);
        let (mut all, mut pair) = (Vec::new(), None);
        let count = self.keys.len();
        for (number, entry) in self.keys.into_iter().enumerate() {
            let id = entry.keyid;
            let public = PublicKey::parse(&entry.key).filter(|public| public.keyid == id);
            let public = public
                .ok_or_else(|| damaged(format!("{id} is not the key that it is said to be")))?;
            let times = [Some(&entry.since), entry.expires.as_ref()];
            if times.into_iter().flatten().any(|time| time.parse::<Timestamp>().is_err()) {
                return Err(damaged(format!("{id} has a time that is none")));
            }
            let is_last = number + 1 == count;
            if entry.expires.is_none() != is_last || entry.private.is_some() != is_last {
                return Err(damaged(format!("{id} is neither over nor the one that signs")));
            }
            if let Some(private) = entry.private {
                pair = KeyPair::parse(&private).filter(|pair| *pair.public() == public);
            }
            all.push(Key { public, since: entry.since, expires: entry.expires });
        }
        let pair =
            pair.ok_or_else(|| damaged("it lacks the private half of its last key".to_owned()))?;
        Ok(Keys { all, pair })
    }
}
