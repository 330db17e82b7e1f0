//! The packages that somebody may see: this registry's own, and copies.
//! Knows nothing of where they are shown.

use super::{Ui, Visit};
use crate::access::Caller;
use crate::api::Api;
use crate::catalogue::{Held, Listing};
use crate::clock::{Clock, iso};
use crate::hosted::{Hosted, Package};
use crate::npm::PackageName;
use crate::reply::Reply;
use crate::web::{Moment, PackageRow, ago, bytes, count};
use std::sync::Arc;
use std::time::SystemTime;

/// All packages, and who looks at them.
pub(super) struct Seen {
    own: Vec<Arc<Package>>,
    pub(super) listing: Arc<Listing>,
    hosted: Arc<Hosted>,
    api: Arc<Api>,
    caller: Caller,
}

/// One of them.
#[derive(Clone, Copy)]
pub(super) enum Item<'a> {
    /// This registry's own.
    Local(&'a Package),
    /// A copy.
    Proxied(&'a Held),
}

impl Ui {
    /// All packages, for who looks.
    ///
    /// # Errors
    /// When the store cannot be read: what is told then.
    pub(super) async fn seen(&self, visit: &Visit<'_>) -> Result<Seen, Reply> {
        self.api.look_around().await.map_err(|refusal| refusal.reply())?;
        let own = self.hosted.published().await;
        let own = own.map_err(|error| crate::api::Refusal::from(error).reply())?;
        let (hosted, api) = (Arc::clone(&self.hosted), Arc::clone(&self.api));
        let (listing, caller) = (self.catalogue.listing(), visit.caller.clone());
        Ok(Seen { own, listing, hosted, api, caller })
    }
}

impl Seen {
    /// About how many there are.
    pub(super) fn len(&self) -> usize {
        self.own.len() + self.listing.len()
    }

    /// This registry's own, by name.
    pub(super) fn local(&self) -> impl Iterator<Item = Item<'_>> {
        let own = self.own.iter().filter(|package| self.is_seen(&package.name));
        own.map(|package| Item::Local(package))
    }

    /// Of these copies, those that are still another's: a name may have become this registry's own.
    pub(super) fn proxied<'a>(
        &'a self,
        held: impl Iterator<Item = &'a Held>,
    ) -> impl Iterator<Item = Item<'a>> {
        let copies = held.filter(|held| !self.hosted.is_known(&held.name));
        copies.filter(|held| self.is_seen(&held.name)).map(Item::Proxied)
    }

    fn is_seen(&self, name: &PackageName) -> bool {
        self.api.may_list(&self.caller, name)
    }
}

impl Item<'_> {
    pub(super) fn name(&self) -> &str {
        match self {
            Item::Local(package) => package.name.as_str(),
            Item::Proxied(held) => held.name.as_str(),
        }
    }

    /// When it was last asked for; of this registry's own, when the latest version was published.
    pub(super) fn when(&self) -> Option<SystemTime> {
        match self {
            Item::Local(package) => package.published(),
            Item::Proxied(held) => Some(held.asked),
        }
    }

    /// Bytes in the cache; of this registry's own, nobody counts them.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Item::Local(_) => 0,
            Item::Proxied(held) => held.bytes,
        }
    }

    /// How many versions there are.
    pub(super) fn versions(&self) -> u32 {
        match self {
            Item::Local(package) => package.versions(),
            Item::Proxied(held) => held.versions(),
        }
    }

    /// As pages show it.
    pub(super) fn row(&self, clock: &Clock) -> PackageRow {
        let (name, is_local) = (self.name().to_owned(), matches!(self, Item::Local(_)));
        let when = self.when().map(|when| moment(clock, when));
        let versions = count(self.versions().into());
        match self {
            Item::Local(package) => {
                let (shown, size) = (package.shown(), "–".to_owned());
                let when =
                    when.map(|when| Moment { words: format!("published {}", when.words), ..when });
                let (version, description) = (shown.version, shown.description);
                PackageRow { name, is_local, version, description, versions, size, when }
            }
            Item::Proxied(held) => {
                let version = held.latest().unwrap_or("–").to_owned();
                let description = held.description().to_owned();
                let versions = match held.has_packument() {
                    true => format!("{} of {versions}", count(held.held_versions.len() as u64)),
                    false => count(held.held_versions.len() as u64),
                };
                let size = bytes(held.bytes);
                PackageRow { name, is_local, version, description, versions, size, when }
            }
        }
    }
}

/// A moment, as of now.
pub(super) fn moment(clock: &Clock, when: SystemTime) -> Moment {
    // What is later than now is of a clock that was set back.
    let since = clock.now().duration_since(when).unwrap_or_default();
    Moment { exact: iso(when), words: ago(since) }
}
