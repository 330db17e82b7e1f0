//! A package as the store has it just now.
//! Knows nothing of what it consists of.

use super::requests::Requests;
use super::settled::Settled;
use crate::clock::Clock;
use crate::npm::hosted::{HostedDocument, Signers};
use crate::npm::{Needs, PackageName, TarballName};
use crate::search::{Entry, Query, Shown};
use crate::store::Stamp;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::SystemTime;

/// One generation of a package: it ends with the next commit.
#[derive(Debug)]
pub struct Package {
    /// Whose.
    pub name: PackageName,
    id: u64,
    pub(super) stamp: Stamp,
    known: Known,
    /// Whether what its signatures lack was seen to.
    settled: Settled,
    requests: Arc<Requests>,
}

/// No two generations have one number.
impl PartialEq for Package {
    fn eq(&self, other: &Package) -> bool {
        self.id == other.id
    }
}

impl Eq for Package {}

/// What lists of packages are made of, so that nobody reads all documents for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    standing: Standing,
    owners: Vec<String>,
    stars: Vec<String>,
    signers: Signers,
    /// What searches know of it, if it is published.
    entry: Option<Entry>,
    /// Its latest version, and what that needs.
    latest: Option<Box<str>>,
    needs: Needs,
    versions: u32,
    /// Of all its tarballs.
    bytes: u64,
    /// When its latest version was published, as far as the document says it.
    published: Option<SystemTime>,
}

/// What a document in the store means for its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is published here.
    Published,
    /// It was published here, and taken back as a whole: the name stays NOPAR's own, and there is nothing.
    Unpublished,
    /// It is a copy of what an upstream said, kept by an older NOPAR.
    Copy,
}

impl Standing {
    fn of(document: &HostedDocument) -> Standing {
        if !document.is_hosted() {
            return Standing::Copy;
        }
        // A document of old without a version is one that nothing was ever published under, or nothing is left of.
        if document.versions().len() == 0 { Standing::Unpublished } else { Standing::Published }
    }
}

impl Known {
    /// What a document says; `len_of` is how many bytes a tarball of its package has, if it is there.
    pub(super) fn of(
        document: &HostedDocument,
        len_of: impl Fn(&PackageName, &TarballName) -> u64,
    ) -> Known {
        let owners = document.maintainers().into_iter().map(|owner| owner.name).collect();
        let (standing, stars) = (Standing::of(document), document.stars());
        let summary = document.summary().filter(|_| standing == Standing::Published);
        let latest = summary.as_ref().map(|summary| Box::from(summary.version.as_str()));
        let needs = latest.as_deref().and_then(|latest| document.manifest(latest));
        let needs = needs.map(Needs::of_manifest).unwrap_or_default();
        let published = summary.as_ref().and_then(|summary| date(summary.date.as_deref()));
        let versions = u32::try_from(document.versions().len()).unwrap_or(u32::MAX);
        let entry = summary.map(|summary| Entry::of(document.name(), &summary));
        // What is not published has nothing that could be signed.
        let signers = match standing {
            Standing::Published => document.signers(),
            Standing::Unpublished | Standing::Copy => Signers::default(),
        };
        let lens = document.versions().filter_map(|version| document.file(version));
        let lens = lens.map(|file| len_of(document.name(), &file));
        let bytes = if standing == Standing::Published { lens.sum() } else { 0 };
        Known { standing, owners, stars, signers, entry, latest, needs, versions, bytes, published }
    }
}

/// A date as documents have it.
fn date(text: Option<&str>) -> Option<SystemTime> {
    text?.parse::<Timestamp>().ok().map(SystemTime::from)
}

impl Package {
    pub(super) fn new(
        name: PackageName,
        id: u64,
        stamp: Stamp,
        known: Known,
        requests: Arc<Requests>,
    ) -> Package {
        Package { name, id, stamp, known, settled: Settled::default(), requests }
    }

    pub(super) fn requests(&self) -> &Arc<Requests> {
        &self.requests
    }

    /// A request was answered with it, or with a tarball of it.
    pub fn note_request(&self, now: SystemTime) {
        self.requests.note(now);
    }

    /// How many were in the last three quarters of an hour to an hour, since the start.
    pub fn requests_until(&self, now: SystemTime) -> u32 {
        self.requests.count(now)
    }

    /// When the last one was, if any was since the start.
    pub fn asked(&self) -> Option<SystemTime> {
        self.requests.last()
    }

    /// The generation, by which memory keeps what is made of it. No entry of the cache has such a number.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// What it means for its name.
    pub fn standing(&self) -> Standing {
        self.known.standing
    }

    /// What searches know of it, if it is published.
    pub(super) fn entry(&self) -> Option<&Entry> {
        self.known.entry.as_ref()
    }

    /// Its latest version, if it is published.
    pub fn latest(&self) -> Option<&str> {
        self.known.latest.as_deref()
    }

    /// What its latest version needs.
    pub fn dependencies(&self) -> &Needs {
        &self.known.needs
    }

    /// How well it matches, as of [`Entry::rank`]; `None` if it does not, or is not published.
    pub fn rank(&self, query: &Query) -> Option<u32> {
        self.entry()?.rank(query)
    }

    /// What lists tell of it; nothing if it is not published.
    pub fn shown(&self) -> Shown {
        self.entry().map(Entry::shown).unwrap_or_default()
    }

    /// Bytes of the tarballs of all its versions, as they were when its document was read.
    pub fn bytes(&self) -> u64 {
        self.known.bytes
    }

    /// How many versions it has.
    pub fn versions(&self) -> u32 {
        self.known.versions
    }

    /// When its latest version was published, if its document says that.
    pub fn published(&self) -> Option<SystemTime> {
        self.known.published
    }

    /// Whether it has any owner.
    pub fn is_owned(&self) -> bool {
        !self.known.owners.is_empty()
    }

    /// Whether a user is among its owners.
    pub fn is_owned_by(&self, user: &str) -> bool {
        self.known.owners.iter().any(|owner| owner == user)
    }

    /// Whether a user likes it.
    pub fn is_starred_by(&self, user: &str) -> bool {
        self.known.stars.iter().any(|star| star == user)
    }

    /// Whether each version that can be signed is, by one of the keys that `is_ours` means.
    pub fn is_signed_by(&self, is_ours: impl Fn(&str) -> bool) -> bool {
        self.known.signers.are(is_ours)
    }

    /// Whether [`settle`](Self::settle) has nothing to do just now.
    pub fn is_settled(&self, clock: &Clock) -> bool {
        self.settled.is(clock)
    }

    /// Does what is to be done once in this generation, for all who ask for it: one does it, and the others wait. `work`
    /// says whether it is done; if it could not be, it is tried again after a while.
    pub async fn settle(&self, clock: &Clock, work: impl Future<Output = bool>) {
        self.settled.see_to(clock, work).await;
    }
}
