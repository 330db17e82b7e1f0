//! Where an answer came from: a word that clients, the access log and the counters share.
//! Knows nothing of how that was found out.

use serde::Serialize;

/// Where an answer came from, as `x-cache` and the access log say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CacheState {
    /// Not a matter of the cache.
    None,
    /// Held and fresh.
    Hit,
    /// Fetched now.
    Miss,
    /// Held, and confirmed by the upstream now.
    Revalidated,
    /// Held, past its time, sent while another request asks the upstream.
    Updating,
    /// Held, past its time, sent because the upstream failed.
    Stale,
    /// Remembered as not there.
    Negative,
    /// NOPAR's own: no copy of anything.
    Hosted,
}

impl CacheState {
    /// All of them, in the order of their numbers.
    pub const ALL: [CacheState; 8] = [
        CacheState::None,
        CacheState::Hit,
        CacheState::Miss,
        CacheState::Revalidated,
        CacheState::Updating,
        CacheState::Stale,
        CacheState::Negative,
        CacheState::Hosted,
    ];

    /// Whether nobody waited for an upstream.
    pub fn is_hit(self) -> bool {
        matches!(
            self,
            CacheState::Hit | CacheState::Updating | CacheState::Negative | CacheState::Hosted
        )
    }

    /// Whether it is no copy of anything.
    pub fn is_hosted(self) -> bool {
        self == CacheState::Hosted
    }

    /// Whether somebody did, for what is held or to be held.
    pub fn is_miss(self) -> bool {
        matches!(self, CacheState::Miss | CacheState::Revalidated | CacheState::Stale)
    }

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            CacheState::None => "-",
            CacheState::Hit => "hit",
            CacheState::Miss => "miss",
            CacheState::Revalidated => "revalidated",
            CacheState::Updating => "updating",
            CacheState::Stale => "stale",
            CacheState::Negative => "negative",
            CacheState::Hosted => "hosted",
        }
    }
}
