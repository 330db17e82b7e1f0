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
use crate::search::Query;
use crate::web::{Moment, PackageRow, ago, bytes, count};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::SystemTime;

/// All packages, and who looks at them.
pub(super) struct Seen {
    own: Vec<Arc<Package>>,
    pub(super) listing: Arc<Listing>,
    others: Arc<Others>,
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
        let (listing, others) = (self.listing().await?, Arc::clone(&self.others));
        Ok(Seen { own, listing, others, hosted, api, caller: visit.caller.clone() })
    }

    /// The copies, as the catalogue has them; made aside if it is time for that.
    ///
    /// # Errors
    /// When there is no place for it.
    pub(super) async fn listing(&self) -> Result<Arc<Listing>, Reply> {
        if let Some(listing) = self.catalogue.at_rest() {
            return Ok(listing);
        }
        let catalogue = Arc::clone(&self.catalogue);
        self.aside.run(move || catalogue.listing()).await
    }
}

impl Seen {
    /// This registry's own, by name.
    pub(super) fn local(&self) -> impl Iterator<Item = Item<'_>> {
        let own = self.own.iter().filter(|package| self.is_seen(&package.name));
        own.map(|package| Item::Local(package))
    }

    /// This registry's own, by name, be they seen or not.
    pub(super) fn own(&self) -> &[Arc<Package>] {
        &self.own
    }

    /// All copies, by name.
    pub(super) fn copies(&self) -> Vec<Item<'_>> {
        let packages = self.listing.packages();
        let others = self.others.of(&self.listing, &self.hosted);
        let copies = others.iter().filter_map(|at| packages.get(*at as usize));
        // To ask it of each name means to look at each: where everybody sees all, that is saved.
        let sees_all = self.api.is_open();
        copies.filter(|held| sees_all || self.is_seen(&held.name)).map(Item::Proxied).collect()
    }

    /// The copies that are found, the best first.
    pub(super) fn found(&self, query: &Query) -> Vec<Item<'_>> {
        let found = self.listing.search(query).into_iter();
        found.filter(|held| self.is_copy(&held.name)).map(Item::Proxied).collect()
    }

    /// Whether a name is that of a copy which is seen: one that is still another's.
    pub(super) fn is_copy(&self, name: &PackageName) -> bool {
        !self.hosted.is_known(name) && self.is_seen(name)
    }

    /// Whether packages of this name are for who looks.
    pub(super) fn is_seen(&self, name: &PackageName) -> bool {
        self.api.may_list(&self.caller, name)
    }
}

/// Which copies of the last listing are still another's: their names may have become this registry's own. To ask that of each
/// of 10,000 takes most of what a list of them costs, and changes seldom (`benches/pages`).
#[derive(Default)]
pub(super) struct Others(Mutex<Option<Known>>);

/// Of one listing, as of one epoch of the hosted names.
struct Known {
    listing: Arc<Listing>,
    epoch: u64,
    places: Arc<[u32]>,
}

impl Others {
    /// The places of those copies in the listing.
    fn of(&self, listing: &Arc<Listing>, hosted: &Hosted) -> Arc<[u32]> {
        // First: a name that becomes this registry's own meanwhile is left out by who comes next.
        let epoch = hosted.epoch();
        if let Some(known) = &*self.0.lock()
            && known.epoch == epoch
            && Arc::ptr_eq(&known.listing, listing)
        {
            return Arc::clone(&known.places);
        }
        let places = (0..).zip(listing.packages());
        let places = places.filter(|(_, held)| !hosted.is_known(&held.name)).map(|(at, _)| at);
        let places: Arc<[u32]> = places.collect();
        let known = Known { listing: Arc::clone(listing), epoch, places: Arc::clone(&places) };
        *self.0.lock() = Some(known);
        places
    }
}

impl Item<'_> {
    pub(super) fn name(&self) -> &str {
        match self {
            Item::Local(package) => package.name.as_str(),
            Item::Proxied(held) => held.name.as_str(),
        }
    }

    /// When it was last asked for; or, of this registry's own, when the latest version was published, if that was later.
    pub(super) fn when(&self) -> Option<SystemTime> {
        match self {
            Item::Local(package) => package.published().max(package.asked()),
            Item::Proxied(held) => Some(held.asked),
        }
    }

    /// When the latest version was published, of this registry's own.
    pub(super) fn published(&self) -> Option<SystemTime> {
        match self {
            Item::Local(package) => package.published(),
            Item::Proxied(_) => None,
        }
    }

    /// How often it was asked for in the last hour.
    pub(super) fn requests(&self, now: SystemTime) -> u32 {
        match self {
            Item::Local(package) => package.requests_until(now),
            Item::Proxied(held) => held.requests,
        }
    }

    /// Bytes in the cache; of this registry's own, those of its tarballs.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Item::Local(package) => package.bytes(),
            Item::Proxied(held) => held.bytes,
        }
    }

    /// How many versions are here: of this registry's own, all are.
    pub(super) fn held(&self) -> usize {
        match self {
            Item::Local(package) => package.versions() as usize,
            Item::Proxied(held) => held.held_versions.len(),
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
                let shown = package.shown();
                let size = match package.bytes() {
                    0 => "–".to_owned(),
                    some => bytes(some),
                };
                let is_of_publish = self.when() == package.published();
                let published =
                    |when: Moment| Moment { words: format!("published {}", when.words), ..when };
                let when = when.map(|when| if is_of_publish { published(when) } else { when });
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
