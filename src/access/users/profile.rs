//! What a user says of themselves: the members of npm's profile that are text.
//! Knows nothing of who it is of.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// The members that there are, which `npm profile set` writes.
pub(crate) const KEYS: [&str; 5] = ["fullname", "homepage", "freenode", "twitter", "github"];

/// The longest value, in bytes.
const LONGEST: usize = 1024;

/// What a user says of themselves. Members that this NOPAR does not write stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Profile(IndexMap<String, String>);

/// Why something cannot be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadProfile {
    #[error("a profile has no such member; it has {}", KEYS.join(", "))]
    Key,
    #[error("this is too long: a profile takes at most {LONGEST} bytes of each member")]
    Long,
    #[error("a profile takes no control characters")]
    Control,
}

impl Profile {
    /// What is said for a member; empty if nothing is.
    pub(crate) fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    /// Says something for a member; nothing by an empty text.
    ///
    /// # Errors
    /// When there is no such member, or the text cannot be kept.
    pub(crate) fn set(&mut self, key: &str, text: &str) -> Result<(), BadProfile> {
        if !KEYS.contains(&key) {
            return Err(BadProfile::Key);
        }
        if text.len() > LONGEST {
            return Err(BadProfile::Long);
        }
        if text.contains(char::is_control) {
            return Err(BadProfile::Control);
        }
        if text.is_empty() {
            self.0.shift_remove(key);
        } else {
            self.0.insert(key.to_owned(), text.to_owned());
        }
        Ok(())
    }

    /// Whether nothing is said.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_kept_until_something_else_is() {
        let mut profile: Profile = serde_json::from_str(r#"{"later":"x"}"#).unwrap();
        profile.set("fullname", "Ann B.").unwrap();
        profile.set("github", "ann").unwrap();
        profile.set("github", "").unwrap();
        assert_eq!((profile.get("fullname"), profile.get("github")), ("Ann B.", ""));
        assert_eq!(
            serde_json::to_string(&profile).unwrap(),
            r#"{"later":"x","fullname":"Ann B."}"#
        );
        profile.set("fullname", "").unwrap();
        assert!(!profile.is_empty());
    }

    #[test]
    fn what_cannot_be_said_changes_nothing() {
        let mut profile = Profile::default();
        for (key, text, why) in [
            ("password", "x", BadProfile::Key),
            ("fullname", &*"x".repeat(LONGEST + 1), BadProfile::Long),
            ("fullname", "\u{1b}[2J", BadProfile::Control),
        ] {
            assert_eq!(profile.set(key, text), Err(why));
        }
        assert!(profile.is_empty());
        assert!(
            BadProfile::Key
                .to_string()
                .ends_with("it has fullname, homepage, freenode, twitter, github")
        );
    }
}
