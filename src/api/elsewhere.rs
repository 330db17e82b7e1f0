//! The registries that all names belong to which are not NOPAR's own, as the endpoints ask them.
//! Knows nothing of how they are asked, nor of what is held of what they said.

use super::{Asked, Source, Told, Unsearched};
use crate::npm::{PackageName, Selector, TarballName};
use crate::reply::Reply;
use async_trait::async_trait;
use bytes::Bytes;
use serde_json::value::RawValue;
use std::sync::Arc;

/// Whether a package is in the upstream registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is.
    There,
    /// It is not.
    Absent,
    /// There is nobody to ask: the upstream cannot be reached, or fails, or must not be asked.
    Unasked,
    /// The upstream answers and does not say it, or NOPAR itself does not get to ask.
    Unsaid(Evasion),
}

/// What leaves open what the upstream was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evasion {
    /// What it answered, or why it was not asked, as a sentence without its end.
    pub said: String,
    /// Whether it may answer otherwise before long.
    pub is_passing: bool,
    /// In how many seconds to ask it again, if it said that.
    pub retry_after: Option<u64>,
}

/// What of a package somebody wants to be rid of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purged {
    /// All of it.
    Package,
    /// What is of this version alone: its tarball and its attestations.
    Version(Selector),
    /// This tarball.
    Tarball(TarballName),
}

/// How many copies were removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// So many.
    pub count: u64,
    /// Their bytes on the disk.
    pub bytes: u64,
}

/// The registry that all names belong to which are not NOPAR's own.
#[async_trait]
pub trait Elsewhere: Send + Sync {
    /// Whether it has a package, by what it says now: what it said before may have changed since.
    async fn has(&self, name: &PackageName) -> Presence;

    /// Has what is held of a package confirmed, or fetched anew.
    ///
    /// # Errors
    /// What a client is told who asks for the package, and cannot be served from a copy.
    async fn refresh(&self, name: &PackageName) -> Result<(), Reply>;

    /// Discards what is held of a package; whether there was anything.
    async fn discard(&self, name: &PackageName) -> bool;

    /// Removes what is held of a package, or of a part of it; how much that was.
    async fn purge(&self, name: &PackageName, part: &Purged) -> Removed;

    /// The public keys that the packages of each upstream are signed with.
    ///
    /// # Errors
    /// What a client is told when those of one are not known: without them its packages would pass for unsigned.
    async fn keys(&self) -> Result<Vec<Arc<[UpstreamKey]>>, Reply>;

    /// The number of the upstream that a package comes from.
    fn upstream_of(&self, name: &PackageName) -> usize;

    /// Whether a name, or the beginning of all names of a scope, is by the configuration that of another upstream than
    /// this one, and not the default one's. In lower case: whoever writes one in capitals means it as well.
    fn is_of_another(&self, source: usize, beginning: &str) -> bool;

    /// The upstreams, in the order in which their results follow each other.
    fn sources(&self) -> Vec<Source>;

    /// What the upstream of this number answers to a search, as JSON: one of some megabytes is a failure. `query` is
    /// sent as it is.
    ///
    /// # Errors
    /// When it does not answer as one that can be searched.
    async fn search(&self, source: usize, query: &str) -> Result<Bytes, Unsearched>;

    /// What upstreams say of vulnerabilities, one for each question.
    ///
    /// # Errors
    /// What a client is told when one of them does not say it: nothing is known then.
    async fn audit(&self, asked: Asked) -> Result<Told, Reply>;
}

/// A public key of an upstream.
#[derive(Debug)]
pub struct UpstreamKey {
    /// Its `keyid`.
    pub keyid: String,
    /// All that the upstream says of it, as it came.
    pub text: Box<RawValue>,
}
