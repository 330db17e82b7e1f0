//! Versions that an operator wants to be held: which are, and fetching those that are not.
//! Knows nothing of lock files.

mod asked;

use self::asked::Asked;
use super::Administration;
use crate::admin::{Fate, Item, Rows, Unanswered, tell};
use crate::base_url::BaseUrl;
use crate::cache::Entry;
use crate::hosted::{Authority, HostedError, Package};
use crate::npm::{Integrity, TarballName};
use crate::proxy::Door;
use crate::proxy::behalf::Behalf;
use crate::proxy::copy::not_kept;
use crate::proxy::ctx::CacheState;
use crate::proxy::failure::Failure;
use crate::proxy::obtain::Obtained;
use crate::proxy::tarball::Wanted;
use http::StatusCode;
use std::sync::Arc;
use std::time::Duration;

/// How often something is asked for whose upstream wants fewer requests, or broke off.
const ATTEMPTS: u32 = 3;
/// What views of a package are made for that no client has asked for yet, where no address is known.
const ANY_ADDRESS: &str = "http://localhost:5984";

/// What is held of it.
#[derive(Debug)]
struct Here {
    bytes: u64,
    was_fetched: bool,
    /// Whether that is of use only while the upstream answers.
    is_too_old: bool,
}

impl Here {
    fn of(bytes: u64) -> Here {
        Here { bytes, was_fetched: false, is_too_old: false }
    }
}

/// What is held, or the end of a sentence that says why it is not.
type Told = Result<Here, String>;

impl Administration {
    /// Tells which of these are held.
    pub(super) async fn holds(
        &self,
        items: Vec<Item>,
        rows: &mut Rows<'_>,
    ) -> Result<(), Unanswered> {
        let (base, behalf) = (self.base(), self.door.own_behalf());
        for (number, item) in items.iter().enumerate() {
            let told = match Asked::of(item) {
                Ok(asked) => self.door.holds_item(&asked, &base, &behalf).await,
                Err(why) => Err(why),
            };
            tell(rows, &fate(number, told))?;
        }
        Ok(())
    }

    /// Has these be held.
    pub(super) async fn keep(
        &self,
        items: Vec<Item>,
        rows: &mut Rows<'_>,
    ) -> Result<(), Unanswered> {
        // What was confirmed for the first of a package is good enough for all that are asked for with it.
        let (base, mut behalf) = (self.base(), self.door.own_behalf());
        for (number, item) in items.iter().enumerate() {
            let told = match Asked::of(item) {
                Ok(asked) => self.door.keep_in_the_end(&asked, &base, &mut behalf).await,
                Err(why) => Err(why),
            };
            tell(rows, &fate(number, told))?;
        }
        Ok(())
    }

    /// The address by which clients will come, as far as that can be known beforehand.
    fn base(&self) -> BaseUrl {
        let told = self.door.current.get().base_url.clone();
        let place = || self.places.iter().find_map(|place| BaseUrl::parse(place).ok());
        told.or_else(place).unwrap_or_else(|| {
            BaseUrl::parse(ANY_ADDRESS).expect("a scheme, a host and a port are a base URL")
        })
    }
}

fn fate(item: usize, told: Told) -> Fate {
    match told {
        Ok(Here { bytes, was_fetched, is_too_old }) => {
            Fate { item, is_here: true, was_fetched, is_too_old, bytes, why: None }
        }
        Err(why) => Fate { item, why: Some(why), ..Fate::default() },
    }
}

/// What keeps something from being held.
enum Hindrance {
    /// A failure, which may pass.
    Failed(Failure),
    /// It is as it is.
    Final(String),
}

impl From<Failure> for Hindrance {
    fn from(failure: Failure) -> Hindrance {
        Hindrance::Failed(failure)
    }
}

impl Hindrance {
    /// How long to wait before another attempt, if one may help.
    fn pause(&self) -> Option<Duration> {
        match self {
            Hindrance::Failed(failure) if failure.is_passing() || failure.is_cut() => {
                Some(failure.patience())
            }
            _ => None,
        }
    }

    fn told(self) -> String {
        match self {
            Hindrance::Final(why) => why,
            // That word is for programs.
            Hindrance::Failed(failure)
                if failure.status == StatusCode::NOT_FOUND && failure.error == "not_found" =>
            {
                "the upstream registry has no such package".to_owned()
            }
            Hindrance::Failed(failure) => failure.error,
        }
    }
}

impl Door {
    fn own_behalf(&self) -> Behalf {
        Behalf { ticket: self.cache.ticket(), hurry: false, via: None }
    }

    async fn holds_item(&self, asked: &Asked, base: &BaseUrl, behalf: &Behalf) -> Told {
        if let Some(package) = self.own(asked).await? {
            return self.hosts(&package, asked).await;
        }
        let packument = self.cache.get(&self.packument_key(&asked.name)).await;
        let Some(packument) = packument else {
            return Err("its packument is not here".to_owned());
        };
        if !self.knows(&packument, asked).await {
            return Err("its packument here does not list this version".to_owned());
        }
        let mut bytes = packument.body_len();
        for file in &asked.files {
            let wanted = self.wanted(asked, file, base, behalf);
            let held = self.holds_tarball(&wanted, Some(&packument)).await;
            let entry = held.ok_or_else(|| format!("its tarball {file} is not here"))?;
            self.compare(&entry, asked).await?;
            bytes += entry.body_len();
        }
        // Who may be asked may also fail, which nobody finds out here.
        let is_too_old = self.is_asked(&asked.name) && !self.may_be_sent_if_all_fails(&packument);
        Ok(Here { is_too_old, ..Here::of(bytes) })
    }

    /// Tries again where that may help.
    async fn keep_in_the_end(
        self: &Arc<Self>,
        asked: &Asked,
        base: &BaseUrl,
        behalf: &mut Behalf,
    ) -> Told {
        let mut attempts = 1;
        loop {
            let hindrance = match self.keep_item(asked, base, behalf).await {
                Ok(here) => return Ok(here),
                Err(hindrance) => hindrance,
            };
            match hindrance.pause() {
                Some(pause) if attempts < ATTEMPTS => tokio::time::sleep(pause).await,
                _ => return Err(hindrance.told()),
            }
            attempts += 1;
            // What has just failed is no answer to it.
            *behalf = self.own_behalf();
        }
    }

    async fn keep_item(
        self: &Arc<Self>,
        asked: &Asked,
        base: &BaseUrl,
        behalf: &Behalf,
    ) -> Result<Here, Hindrance> {
        if let Some(package) = self.own(asked).await.map_err(Hindrance::Final)? {
            return self.hosts(&package, asked).await.map_err(Hindrance::Final);
        }
        let (packument, mut was_fetched) = self.keep_packument(asked, base, behalf).await?;
        let mut bytes = packument.body_len();
        for file in &asked.files {
            let wanted = self.wanted(asked, file, base, behalf);
            let (entry, is_new) = match self.holds_tarball(&wanted, Some(&packument)).await {
                Some(entry) => (entry, false),
                None if !self.is_asked(&asked.name) => return Err(not_asked()),
                None => self.keep_tarball(&wanted).await?,
            };
            self.compare(&entry, asked).await.map_err(Hindrance::Final)?;
            bytes += entry.body_len();
            was_fetched |= is_new;
        }
        Ok(Here { was_fetched, ..Here::of(bytes) })
    }

    /// The packument, if it is fresh and knows the version; else the upstream is asked, whatever is remembered of it.
    async fn keep_packument(
        &self,
        asked: &Asked,
        base: &BaseUrl,
        behalf: &Behalf,
    ) -> Result<(Arc<Entry>, bool), Hindrance> {
        let name = &asked.name;
        let held = match self.cache.get(&self.packument_key(name)).await {
            Some(entry) if self.knows(&entry, asked).await => {
                if entry.is_fresh(self.clock.now()) || entry.confirmed_since(behalf.ticket) {
                    return Ok((entry, false));
                }
                Some(entry)
            }
            _ => None,
        };
        if !self.is_asked(name) {
            return held.map(|entry| (entry, false)).ok_or_else(not_asked);
        }
        match (self.obtain(name, base, true, behalf).await, held) {
            (Ok(Obtained::Held(entry, state)), _) => match self.knows(&entry, asked).await {
                true => Ok((entry, state == CacheState::Miss)),
                false => Err(Hindrance::Final("the upstream registry has no such version".into())),
            },
            (Ok(Obtained::Sent(_)), _) => Err(not_kept(name).into()),
            // What is held serves as well as it did before.
            (Err(failure), Some(entry)) if failure.status.is_server_error() => Ok((entry, false)),
            (Err(failure), _) => Err(failure.into()),
        }
    }

    /// The package, if NOPAR is the registry of it.
    async fn own(&self, asked: &Asked) -> Result<Option<Arc<Package>>, String> {
        match self.hosted.authority(&asked.name).await {
            Ok(Authority::Own(package)) => Ok(Some(package)),
            Ok(Authority::Upstream(_)) => Ok(None),
            Ok(Authority::Claimed(_)) => {
                let why = "the name is reserved for this registry (NOPAR_LOCAL_PACKAGES), but the package is not published here";
                Err(why.to_owned())
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// What is published here is held; whether it is what is wanted.
    async fn hosts(&self, package: &Package, asked: &Asked) -> Told {
        match self.hosted.kept(package, &asked.version, &asked.integrity).await {
            Ok((bytes, None)) => Ok(Here::of(bytes)),
            Ok((_, Some(expected))) => Err(differs(&expected, None)),
            Err(HostedError::Absent) => {
                Err("the package is published here, but has no such version".to_owned())
            }
            Err(error) => Err(error.to_string()),
        }
    }

    async fn knows(&self, packument: &Arc<Entry>, asked: &Asked) -> bool {
        let index = self.index_of(packument).await;
        index.is_ok_and(|index| index.by_version(&asked.version).is_some())
    }

    async fn compare(&self, entry: &Arc<Entry>, asked: &Asked) -> Result<(), String> {
        for expected in &asked.integrity {
            if !self.is(entry, expected).await {
                return Err(differs(expected, entry.integrity()));
            }
        }
        Ok(())
    }

    fn wanted(&self, asked: &Asked, file: &TarballName, base: &BaseUrl, behalf: &Behalf) -> Wanted {
        Wanted {
            key: self.tarball_key(&asked.name, file),
            name: asked.name.clone(),
            file: file.clone(),
            base: base.clone(),
            behalf: behalf.clone(),
            needs_length: false,
        }
    }
}

fn not_asked() -> Hindrance {
    let why =
        "it is not here, and no upstream registry may be asked for it (NOPAR_AUTO_FORWARD=no)";
    Hindrance::Final(why.to_owned())
}

fn differs(expected: &Integrity, computed: Option<&Integrity>) -> String {
    match computed {
        Some(computed) => format!("the digest of its tarball is {computed}; expected {expected}"),
        None => format!("its tarball does not have the expected digest {expected}"),
    }
}
