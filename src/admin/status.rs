//! How a NOPAR does.
//! Knows nothing of how that is found out.

use serde::{Deserialize, Serialize};
use std::time::SystemTime;

/// A NOPAR that runs.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Its version.
    pub version: String,
    /// The number of its process.
    pub pid: u32,
    /// When it began to serve, in seconds since 1970.
    pub started: u64,
    /// Where it listens, in words.
    pub places: Vec<String>,
    /// Whether it does all that it is there for.
    pub is_ready: bool,
    /// Whether it is about to end.
    pub is_ending: bool,
    /// What it needs for that.
    pub parts: Vec<Part>,
    /// Where it gets packages from, by their addresses: one that is down makes no NOPAR unready. A NOPAR of old does not say.
    #[serde(default)]
    pub upstreams: Vec<Part>,
}

/// Something that is needed.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Part {
    /// What it is called.
    pub name: String,
    /// How it does, in words; `ok` for well.
    pub state: String,
    /// Where it is, if it is somewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

impl Status {
    /// For how many seconds it has served.
    pub fn uptime(&self, now: SystemTime) -> u64 {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        now.saturating_sub(self.started)
    }
}
