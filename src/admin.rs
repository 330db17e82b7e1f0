//! What an operator asks a NOPAR about what it holds, and what comes back: the same whether one that runs hears it
//! through its socket, or a command has opened the directories itself.
//! Knows nothing of sockets, of how anything is found out, or of how it is shown.

mod cache;
mod dropped;
mod item;
mod status;

pub use cache::{
    CacheCollected, CacheEnd, CacheEntry, CachePart, CacheRow, CacheServing, CacheStat,
    CacheStatRow, CollectedPart, Unneeded, What,
};
pub use dropped::Dropped;
pub use item::{Fate, Item};
pub use status::{Part, Status};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};

/// What can be asked. Other versions of NOPAR hear it: asks, and members of them that may be left out, are added, never
/// changed.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ask {
    /// How it does: one [`Status`].
    Status {},
    /// What its cache holds that matches one of these patterns, or all of it if there is none: [`CacheRow`]s.
    CacheEntries {
        /// Names of packages, beginnings of them with a `*`, or a name, an `@` and a version.
        of: Vec<String>,
    },
    /// Has what matches one of these removed from its cache, or only told; the same rows, of what is removed.
    CacheRemove {
        /// As before, but nothing for none.
        of: Vec<String>,
        /// Whether it stays.
        #[serde(default)]
        dry_run: bool,
    },
    /// How much its cache holds of what: [`CacheStatRow`]s.
    CacheStat {},
    /// Has what nobody needs removed from its cache, or only told: one [`CacheCollected`].
    CacheCollect {
        /// How many bytes may be left at most, if that matters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size: Option<u64>,
        /// Whether it stays.
        #[serde(default)]
        dry_run: bool,
    },
    /// Which of these are held, also while no upstream can be reached: a [`Fate`] for each.
    Holds {
        /// As many as one line has room for.
        items: Vec<Item>,
    },
    /// Has these be held, fetching what is not: a [`Fate`] for each.
    Keep {
        /// As many as one line has room for; those of one package cost least.
        items: Vec<Item>,
    },
    /// Drop these entries of the cache, by the names of their files: one [`Dropped`] for each.
    Drop {
        /// The names.
        files: Vec<String>,
    },
}

/// An ask, and whose things it is about.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Question {
    /// What is asked.
    pub ask: Ask,
    /// The directories that it is about; `None`: those of whoever hears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Directories>,
}

/// The directories that a NOPAR works with, as the system names them without links.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Directories {
    /// That of copies.
    pub cache: PathBuf,
    /// That of hosted packages.
    pub registry: PathBuf,
}

impl Directories {
    /// These two, whether they are there or not.
    pub fn new(cache: &Path, registry: &Path) -> Directories {
        let real = |path: &Path| {
            let there = path.canonicalize();
            there.or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
        };
        Directories { cache: real(cache), registry: real(registry) }
    }
}

/// Takes one answer after the other, each a row of the kind that its ask names. An error: nobody takes any more.
pub type Rows<'a> = dyn FnMut(Value) -> io::Result<()> + Send + 'a;

/// Why an ask was not answered.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// As a sentence for who asked.
    #[error("{0}")]
    Refused(String),
    /// Who asked is gone.
    #[error("nobody takes the answer: {0}")]
    Gone(#[from] io::Error),
}

impl From<serde_json::Error> for Unanswered {
    fn from(error: serde_json::Error) -> Unanswered {
        Unanswered::Refused(format!("the answer cannot be written down: {error}"))
    }
}

/// Whoever can answer.
#[async_trait]
pub trait Administrator: Send + Sync {
    /// Which directories it works with.
    fn directories(&self) -> &Directories;

    /// Answers with rows, and does what is asked for. Dropped meanwhile, it leaves nothing half done.
    ///
    /// # Errors
    /// Why it does not; what it told before is so all the same.
    async fn answer(&self, ask: Ask, rows: &mut Rows<'_>) -> Result<(), Unanswered>;
}

/// One row of an answer.
///
/// # Errors
/// When nobody takes it.
pub fn tell(rows: &mut Rows<'_>, row: &impl Serialize) -> Result<(), Unanswered> {
    Ok(rows(serde_json::to_value(row)?)?)
}
