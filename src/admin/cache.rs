//! What is asked about the cache, and the rows that come back.
//! Knows nothing of how it is found out or shown.

use serde::{Deserialize, Serialize};

/// What a file of the cache is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// A packument.
    Packument,
    /// A view of one that is kept by itself.
    View,
    /// A tarball.
    Tarball,
    /// The attestations of a version.
    Attestations,
    /// An upstream's public keys.
    Keys,
    /// Nobody knows: its head cannot be read.
    Damaged,
}

impl What {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            What::Packument => "packument",
            What::View => "view",
            What::Tarball => "tarball",
            What::Attestations => "attestations",
            What::Keys => "keys",
            What::Damaged => "damaged",
        }
    }
}

/// A file of the cache. Times are in seconds since 1970.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CacheEntry {
    /// What it is.
    pub what: What,
    /// Of which package, if it is of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// Of which version, if it is of one and that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The file name of a tarball.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Its length on the disk, in bytes.
    pub bytes: u64,
    /// The root URL of the upstream that it is from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// When it was fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched: Option<u64>,
    /// When the upstream last confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<u64>,
    /// How many requests found it, about, as far as the NOPAR that answers knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hits: Option<u64>,
    /// When one last did, to within ten seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<u64>,
    /// Where it lies below the cache's directory.
    pub path: String,
}

/// A row of what is listed, or was removed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CacheRow {
    /// Some of them.
    Entries(Vec<CacheEntry>),
    /// There are no more.
    End(CacheEnd),
}

/// What there is to say at the end.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct CacheEnd {
    /// The patterns that nothing matched.
    pub unmatched: Vec<String>,
    /// Whether a NOPAR that could not be asked has the directory open.
    #[serde(default)]
    pub is_shared: bool,
}

/// How much there is of one kind from one upstream.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CachePart {
    /// What it is.
    pub what: What,
    /// The root URL of the upstream, if that is known.
    pub upstream: Option<String>,
    /// Whether the configuration names it.
    pub is_configured: bool,
    /// How many files.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// A row of what is summed up.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CacheStatRow {
    /// Some parts of it.
    Parts(Vec<CachePart>),
    /// The whole, behind all parts.
    Whole(CacheStat),
}

/// The cache as a whole. Sizes are in bytes.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct CacheStat {
    /// Its directory.
    pub path: String,
    /// How many files it has.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The most these may be.
    pub limit: u64,
    /// How much of its file system is free, if that says so.
    pub free: Option<u64>,
    /// How large that file system is, if it says so.
    pub total: Option<u64>,
    /// How much of it stays free of copies.
    pub min_free: u64,
    /// What a NOPAR that serves has counted and holds in memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serving: Option<CacheServing>,
}

/// What a NOPAR that serves knows of its cache beside the directory. Numbers are from its start on.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct CacheServing {
    /// When it began to serve, in seconds since 1970.
    pub started: u64,
    /// Requests that were answered from what was held.
    pub hits: u64,
    /// Requests that waited for an upstream.
    pub misses: u64,
    /// Files that were kept.
    pub kept: u64,
    /// Files that had to make room.
    pub evictions: u64,
    /// Their bytes.
    pub evicted_bytes: u64,
    /// Files that were dropped as they were damaged.
    pub damaged: u64,
    /// Bytes that the memory tier holds.
    pub memory_bytes: u64,
    /// The most that may be.
    pub memory_limit: u64,
    /// Its rows.
    pub memory_rows: u64,
    /// Look-ups in it that found something.
    pub memory_hits: u64,
    /// And those that did not.
    pub memory_misses: u64,
    /// Rows that had to make room.
    pub memory_evictions: u64,
}

/// Why nobody needs something.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unneeded {
    /// It is of an upstream that the configuration does not name.
    NoUpstream,
    /// Its package comes from another upstream.
    OtherUpstream,
    /// Its head cannot be read.
    Damaged,
    /// It is a view of a packument that is not held.
    ViewAlone,
    /// A newer one took its place.
    Replaced,
    /// A process that is gone left it unfinished.
    Unfinished,
    /// It was used least recently, and all are to be smaller.
    LeastUsed,
}

impl Unneeded {
    /// All of them, in the order in which they are told.
    pub const ALL: [Unneeded; 7] = [
        Unneeded::NoUpstream,
        Unneeded::OtherUpstream,
        Unneeded::Damaged,
        Unneeded::ViewAlone,
        Unneeded::Replaced,
        Unneeded::Unfinished,
        Unneeded::LeastUsed,
    ];
}

/// What was removed, or would be, for one reason.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CollectedPart {
    /// The reason.
    pub why: Unneeded,
    /// How many files.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What was removed as nobody needs it, or would be.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct CacheCollected {
    /// By reasons, without those for which there was nothing.
    pub parts: Vec<CollectedPart>,
    /// What is left, in bytes.
    pub left_bytes: u64,
    /// As in [`CacheEnd`].
    #[serde(default)]
    pub is_shared: bool,
}
