//! The packages that NOPAR itself is the registry of: which names those are, and what clients see of them.
//! Knows nothing of HTTP, of upstreams, nor of how packages change.
//!
//! **One authority per name.** A name is NOPAR's own when its store has a document of it, also of a package that
//! was taken back as a whole; or when it is claimed by the configuration, whether or not anything is published.
//! All other names are the upstream's. Copies of an upstream's documents that an older NOPAR kept in the same
//! directory make no name NOPAR's own.
//!
//! Each request looks at the store's stamp of its package, so that what any process on it commits is seen by the
//! next request. Views live in the memory tier under a generation that ends with the stamp.

mod checked;
mod findings;
mod large;
mod listing;
mod many;
mod names;
mod package;
mod release;
mod requests;
mod search;
mod settled;
mod staged;
mod survey;
mod tarball;
mod work;

#[cfg(test)]
mod tests;

pub use findings::Findings;
pub use large::Large;
pub use package::{Package, Standing};
pub use release::{ReleaseError, release, released, releasing};
pub use survey::Survey;
pub use tarball::HostedTarball;
pub use work::{Room, Worked, computed, in_turn, turn_for};

use crate::config::Pattern;
use crate::npm::hosted::{DocumentUnreadable, HostedDocument};
use crate::npm::{DocumentError, Index, PackageName, TarballName};
use crate::store::{Stamp, Store, StoreError};
use crate::view::{self, Ask, Held, Memory, MemoryKey, View, Want, What};
use checked::Checked;
use listing::Listing;
use log::warn;
use names::Names;
use package::Known;
use parking_lot::RwLock;
use quick_cache::sync::Cache;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::runtime::Handle;

/// What a method of a store returns.
type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How many readings of documents are remembered: for those who wait for one. After that the names remember it.
const READINGS: usize = 1024;

/// Hosted packages.
pub struct Hosted {
    store: Arc<dyn Store>,
    memory: Arc<Memory>,
    claims: RwLock<Arc<[Pattern]>>,
    names: Names,
    /// What documents said when they were read: each is read by the first who meets its stamp.
    readings: Cache<(PackageName, Stamp), Arc<Package>>,
    checked: Checked,
    asked: large::Asked,
    listing: Listing<Listed>,
    changed: search::Changed,
}

/// All packages, or why they cannot be listed: for all who asked for them at once.
type Listed = Result<Arc<[Arc<Package>]>, Arc<str>>;

/// Who is the authority of a name.
#[derive(Clone, Debug)]
pub enum Authority {
    /// NOPAR, which holds this.
    Own(Arc<Package>),
    /// NOPAR, which publishes nothing of that name; an older NOPAR may have left a copy of the upstream's package in
    /// its place.
    Claimed(Option<Arc<Package>>),
    /// The upstream; an older NOPAR may have left a copy of what it said.
    Upstream(Option<Arc<Package>>),
}

/// Why something of a hosted package cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum HostedError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The document is none that can be worked with.
    #[error("the document of {0} cannot be read: {1}")]
    Unreadable(PackageName, DocumentUnreadable),
    /// No view can be made of it.
    #[error("the document of {0} is no packument: {1}")]
    NoPackument(PackageName, DocumentError),
    /// A tarball is not what its `dist` says: it is not sent.
    #[error(
        "{file} of {name} in the store is damaged, and not sent: it is not what the document says of it"
    )]
    Damaged {
        /// Whose it is.
        name: PackageName,
        /// As the store keeps it.
        file: TarballName,
    },
    /// There is no document, or no such version or dist-tag in it.
    #[error("there is no such package, version or dist-tag")]
    Absent,
    /// Nobody can say which packages there are.
    #[error("the packages cannot be listed: {0}")]
    Unlisted(Arc<str>),
    /// Work on another thread was not done.
    #[error("working on it failed: {0}")]
    Work(#[from] tokio::task::JoinError),
}

impl Hosted {
    /// What `store` holds, views of it kept in `memory`; names that match `claims` are NOPAR's own besides.
    pub fn new(store: Arc<dyn Store>, memory: Arc<Memory>, claims: Vec<Pattern>) -> Hosted {
        let (names, checked, asked, listing, changed) = Default::default();
        let (readings, claims) = (Cache::new(READINGS), RwLock::new(claims.into()));
        Hosted { store, memory, claims, names, readings, checked, asked, listing, changed }
    }

    /// Where the packages are.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Whether a name is claimed by the configuration, in any case of letters.
    pub fn is_claimed(&self, name: &PackageName) -> bool {
        self.claims.read().iter().any(|pattern| pattern.matches_any_case(name))
    }

    /// Has names be claimed that match these, and no others. What is remembered of requests depends on it: another epoch
    /// is to [begin](Self::begin_epoch) afterwards.
    pub fn claim(&self, claims: Vec<Pattern>) {
        *self.claims.write() = claims.into();
    }

    fn claims(&self) -> Arc<[Pattern]> {
        Arc::clone(&self.claims.read())
    }

    /// Whether a name may be NOPAR's own, as far as that is known without a look at the store. For ready answers
    /// out of the cache: a name that was ever found to be NOPAR's own must not be answered by a copy.
    pub fn is_known(&self, name: &PackageName) -> bool {
        self.is_claimed(name) || self.names.is_own(name)
    }

    /// How many names are NOPAR's own, as far as they were looked at.
    pub fn count_own(&self) -> usize {
        self.names.count_own()
    }

    /// How many versions the packages that are NOPAR's own have, and how many bytes the tarballs of these; of packages
    /// that were looked at, as they were then. Nothing is looked at for it.
    pub fn size(&self) -> (u64, u64) {
        self.names.size()
    }

    /// Begins another epoch, since what is remembered of requests depends on more than names, and that has changed.
    pub fn begin_epoch(&self) {
        self.names.begin_epoch();
    }

    /// Changes whenever [`is_known`](Self::is_known) may say otherwise of a name than before.
    pub fn epoch(&self) -> u64 {
        self.names.epoch()
    }

    /// Who is the authority of a name, just now.
    ///
    /// # Errors
    /// When the store cannot say it: nobody may be asked in its place then.
    pub async fn authority(&self, name: &PackageName) -> Result<Authority, HostedError> {
        match self.package(name).await? {
            Some(package) if package.standing() != Standing::Copy => Ok(Authority::Own(package)),
            copy if self.is_claimed(name) => Ok(Authority::Claimed(copy)),
            copy => Ok(Authority::Upstream(copy)),
        }
    }

    /// What the store has of a name. Of all who ask for it after a change, one reads the document, and the others wait.
    async fn package(&self, name: &PackageName) -> Result<Option<Arc<Package>>, HostedError> {
        let Some(stamp) = self.store.stamp(name).await? else {
            self.names.forget(name);
            return Ok(None);
        };
        if let Some(package) = self.names.get(name, stamp) {
            return Ok(Some(package));
        }
        let read = async {
            let store = Arc::clone(&self.store);
            let known = move |document: HostedDocument| Known::of(&document, len_in(&*store));
            let known = self.work_on(name, 0, known).await?;
            // An error is not remembered.
            let known = known.ok_or(HostedError::Absent)?.done;
            Ok::<_, HostedError>(self.names.generation(name, stamp, known))
        };
        match self.readings.get_or_insert_async(&(name.clone(), stamp), read).await {
            Ok(package) => Ok(Some(self.names.note(package))),
            Err(HostedError::Absent) => {
                self.names.forget(name);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// A view of a package, from memory, or made while all who ask for it wait.
    ///
    /// # Errors
    /// When the document lacks what is asked for, or cannot be read.
    pub async fn view(&self, package: &Package, ask: &Ask) -> Result<Arc<View>, HostedError> {
        let key = MemoryKey { id: package.id(), what: ask.what() };
        let made = async {
            let index = self.memory.look(package.id(), &What::Index);
            if let (Want::Manifest(selector), Some(Held::Index(index))) = (&ask.want, &index) {
                // Who asks for what is not there costs no parsing.
                index.select(selector).ok_or(HostedError::Absent)?;
            }
            let (ask, is_indexed) = (ask.clone(), index.is_some());
            let derived = self.derive(package, move |source| {
                (view::of_source(source, &ask), (!is_indexed).then(|| source.index()))
            });
            let (view, index) = derived.await?;
            if let Some(index) = index {
                // Tarballs are asked for next, and to read the document once more for that costs more.
                let key = MemoryKey { id: package.id(), what: What::Index };
                self.memory.put(key, Held::Index(Arc::new(index)));
            }
            let view = view.ok_or(HostedError::Absent)?;
            let body = self.memory.keep_long(view.body.bytes()).await;
            Ok::<_, HostedError>(Held::View(Arc::new(View { body, ..view })))
        };
        match self.memory.get_or_make(key, made).await? {
            Held::View(view) => Ok(view),
            _ => Err(HostedError::Absent),
        }
    }

    /// A package that is published, if that can be said without waiting for anything.
    pub fn ready(&self, name: &PackageName) -> Option<Arc<Package>> {
        let package = self.names.get(name, self.stamp_now(name)??)?;
        (package.standing() == Standing::Published).then_some(package)
    }

    /// Whether the store has nothing of a name, or a copy that is known. `false` in doubt.
    pub fn is_still_elsewhere(&self, name: &PackageName) -> bool {
        match self.stamp_now(name) {
            Some(Some(stamp)) => {
                self.names.get(name, stamp).is_some_and(|it| it.standing() == Standing::Copy)
            }
            Some(None) => true,
            None => false,
        }
    }

    /// The stamp of a package, if the store says it at once.
    fn stamp_now(&self, name: &PackageName) -> Option<Option<Stamp>> {
        at_once(self.store.stamp(name))
    }

    /// A view or a small tarball of a package, if it is in memory. Not counted as of use.
    pub fn look(&self, package: &Package, what: &What) -> Option<Held> {
        self.memory.look(package.id(), what)
    }

    async fn index(&self, package: &Package) -> Result<Arc<Index>, HostedError> {
        let key = MemoryKey { id: package.id(), what: What::Index };
        let made = async {
            let index = self.derive(package, |source| source.index()).await?;
            Ok::<_, HostedError>(Held::Index(Arc::new(index)))
        };
        match self.memory.get_or_make(key, made).await? {
            Held::Index(index) => Ok(index),
            _ => Err(HostedError::Absent),
        }
    }

    /// All that the store has, in order; what cannot be read is left out. Only documents that were changed since
    /// they were last looked at are read. What was committed before this is called is in it; all who call it at once
    /// share one look at the store.
    ///
    /// # Errors
    /// [`HostedError::Unlisted`] when the store fails.
    pub async fn packages(self: &Arc<Self>) -> Result<Arc<[Arc<Package>]>, HostedError> {
        let hosted = Arc::clone(self);
        // On the blocking pool: of thousands of packages, stamps alone take tens of milliseconds.
        let listed = self.listing.ask(move || Handle::current().block_on(hosted.list()));
        let listed = listed.await.unwrap_or_else(|_| Err("the work on it broke off".into()));
        listed.map_err(HostedError::Unlisted)
    }

    async fn list(&self) -> Listed {
        let names = self.store.names().await.map_err(|error| error.to_string())?;
        let mut packages = Vec::with_capacity(names.len());
        for name in names {
            match self.package(&name).await {
                Ok(package) => packages.extend(package),
                // A start has told of it, and whoever asks for it is told.
                Err(
                    HostedError::Store(StoreError::Damaged { .. }) | HostedError::Unreadable(..),
                ) => {}
                Err(error) => warn!("store: left out: {error}"),
            }
        }
        Ok(packages.into())
    }
}

/// How many bytes the tarballs of a package have in a store, as far as it says that at once: as with documents, a look at
/// names that the system has in memory costs less than the way to another thread.
fn len_in(store: &dyn Store) -> impl Fn(&PackageName, &TarballName) -> u64 + '_ {
    |name, file| {
        let stamp = at_once(store.tarball_stamp(name, file)).flatten();
        stamp.map_or(0, |stamp| stamp.len())
    }
}

/// What a store says, if it says it at once.
fn at_once<T>(mut said: BoxFuture<'_, Result<T, StoreError>>) -> Option<T> {
    match said.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(said)) => Some(said),
        _ => None,
    }
}
