//! Versions of packages that somebody wants to be held, and what becomes of each.
//! Knows nothing of who wants them.

use serde::{Deserialize, Serialize};

/// A version that is wanted.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Item {
    /// The package's name.
    pub name: String,
    /// The version.
    pub version: String,
    /// By which names its tarball will be asked for, beside its canonical one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// What its tarball must digest to: all of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub integrity: Vec<String>,
}

/// What became of one.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Fate {
    /// Which it is, of those that were asked for: from 0 on.
    pub item: usize,
    /// Whether its package's document and its tarball are held, and right.
    pub is_here: bool,
    /// Whether something of it was fetched for this.
    #[serde(default)]
    pub was_fetched: bool,
    /// Whether its package's document is held, but is too old to be served unless an upstream confirms it.
    #[serde(default)]
    pub is_too_old: bool,
    /// How many bytes that is together, as they are held.
    #[serde(default)]
    pub bytes: u64,
    /// Why it is not here: the end of a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}
