//! Who publishes and who owns, as packuments name them.
//! Knows nothing of accounts.

use serde::{Deserialize, Deserializer, Serialize};

/// A user by name. Clients print both members, so both are always written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The user's name.
    pub name: String,
    /// Empty if it is not known.
    #[serde(default, deserialize_with = "text_or_null")]
    pub email: String,
}

fn text_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
