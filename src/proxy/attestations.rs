//! Attestations of an upstream's packages: from the copy that is held, or fetched and kept.
//! Knows nothing of what is in them, nor of those that were published here (`api`).
//!
//! They hardly ever change: a version has those that it was published with, unless some come later. So a copy is
//! fresh for a day, and after that good enough whenever the upstream fails.

use super::Door;
use super::behalf::Behalf;
use super::ctx::{CacheState, Ctx};
use super::failure::Failure;
use super::obtain::Look;
use super::own::Own;
use super::receive::Decision;
use super::refresh::{Refreshed, fetch, fill, is_gzip, kept_header};
use crate::cache::{Entry, Key};
use crate::document::{Attestations, DocumentLost};
use crate::npm::{PackageName, Selector};
use crate::upstream::Answer;
use crate::view::View;
use log::{error, info, warn};
use pingora_cache::{CachePhase, HttpCache, NoCacheReason};
use std::sync::Arc;
use std::time::Duration;

/// How long they are served without asking the upstream.
const FRESH: Duration = Duration::from_secs(24 * 3600);

/// Attestations that are asked for.
struct Wanted<'a> {
    key: Key,
    name: &'a PackageName,
    version: &'a str,
    confirm: bool,
}

/// Attestations to be sent, where they came from, and how long ago the upstream confirmed them.
type Told = (Arc<View>, CacheState, Duration);

impl Door {
    /// Answers for a version of an upstream's package; `None` when the package is NOPAR's own.
    pub(super) async fn attestations(
        &self,
        ctx: &mut Ctx,
        name: &PackageName,
        version: &Selector,
        confirm: bool,
    ) -> Option<Decision> {
        match self.whose(name, Failure::no_attestations()).await {
            Own::Ours(_) => return None,
            Own::Refused(failure) => return Some(failure.into()),
            Own::Elsewhere | Own::Copied(_) => self.reach_upstream(ctx, name),
        }
        let version = version.as_str();
        let key = self.attestations_key(name, version);
        let wanted = Wanted { key, name, version, confirm };
        Some(match self.attestations_elsewhere(ctx, &wanted).await {
            Ok((view, state, age)) => Decision::View(view, state, age),
            Err((failure, state)) => Decision::Reply(failure.reply(), state),
        })
    }

    async fn attestations_elsewhere(
        &self,
        ctx: &mut Ctx,
        wanted: &Wanted<'_>,
    ) -> Result<Told, (Failure, CacheState)> {
        let held = self.cache.get(&wanted.key).await;
        if !self.is_asked(wanted.name) {
            let told = match held {
                Some(entry) => self.tell(&entry, CacheState::Hit).await.ok(),
                None => None,
            };
            return told.ok_or((Failure::no_attestations(), CacheState::None));
        }
        if let Some(entry) = &held
            && let Some(state) = self.may_be_told(entry, wanted)
            && let Ok(told) = self.tell(entry, state).await
        {
            return Ok(told);
        }
        if held.is_none()
            && let Some(failure) = self.negatives.get(&wanted.key).filter(|_| !wanted.confirm)
        {
            return Err((failure, CacheState::Negative));
        }
        ctx.asking_upstream();
        let obtained = self.obtain_attestations(wanted, &ctx.behalf).await;
        ctx.upstream_answered();
        match obtained {
            Err(failure) if failure.status.is_server_error() => {
                self.told_in_place_of(&failure, wanted).await.ok_or((failure, CacheState::Miss))
            }
            obtained => obtained.map_err(|failure| (failure, CacheState::Miss)),
        }
    }

    /// How a copy may be told of at once, if it may.
    fn may_be_told(&self, entry: &Entry, wanted: &Wanted<'_>) -> Option<CacheState> {
        if entry.is_fresh(self.clock.now()) && !wanted.confirm {
            return Some(CacheState::Hit);
        }
        let failed = self.upstreams.of(wanted.name).is_down();
        (failed && self.may_be_sent_after_failure(entry)).then_some(CacheState::Stale)
    }

    /// What an entry holds. One that is of no use is dropped.
    async fn tell(&self, entry: &Arc<Entry>, state: CacheState) -> Result<Told, DocumentLost> {
        let view = self.views.attestations(entry).await;
        let view = view.inspect_err(|error| self.cache.drop_damaged(entry, error))?;
        self.cache.touch(entry, self.clock.now());
        Ok((view, state, self.age(entry)))
    }

    /// A copy of any age when the upstream failed, be it another process's.
    async fn told_in_place_of(&self, failure: &Failure, wanted: &Wanted<'_>) -> Option<Told> {
        let held = match self.cache.get(&wanted.key).await {
            None => self.cache.look_again(&wanted.key).await,
            held => held,
        };
        let entry = held.filter(|entry| self.may_be_sent_after_failure(entry))?;
        let told = self.tell(&entry, CacheState::Stale).await.ok()?;
        warn!("{}: serving stale attestations: {}", wanted.key.shown(), failure.error);
        Some(told)
    }

    async fn obtain_attestations(
        &self,
        wanted: &Wanted<'_>,
        behalf: &Behalf,
    ) -> Result<Told, Failure> {
        // What the upstream confirmed, the disk may have lost: then once more, all of it.
        for _ in 0..2 {
            let mut http_cache = self.http_cache(self.documents, &wanted.key);
            let refreshed = self.look_and_refresh(&mut http_cache, wanted, behalf).await;
            if http_cache.enabled() {
                // Lets go of the lock, if what was fetched was not kept.
                http_cache.disable(NoCacheReason::UpstreamError);
            }
            let (entry, state) = match refreshed? {
                Found::Held(entry, state) => (entry, state),
                Found::Fetched(view) => return Ok((view, CacheState::Miss, Duration::ZERO)),
            };
            if let Ok(told) = self.tell(&entry, state).await {
                return Ok(told);
            }
        }
        error!("{}: its attestations cannot be read from the cache", wanted.key.shown());
        Err(Failure::internal())
    }

    async fn look_and_refresh(
        &self,
        http_cache: &mut HttpCache,
        wanted: &Wanted<'_>,
        behalf: &Behalf,
    ) -> Result<Found, Failure> {
        let held = match self.look(http_cache, wanted.confirm, behalf.ticket).await? {
            Look::Held(entry) => return Ok(Found::Held(entry, CacheState::Hit)),
            Look::Fetch(held) => held,
        };
        let (key, ticket) = (&wanted.key, behalf.ticket);
        if let Some(entry) = self.meanwhile(http_cache, key, wanted.confirm, ticket).await? {
            return Ok(Found::Held(entry, CacheState::Hit));
        }
        let hurry = held.as_ref().is_some_and(|held| self.may_be_sent_after_failure(held));
        let behalf = Behalf { hurry, ..behalf.clone() };
        let asked = self.cache.next_ticket();
        let found = self.ask_for_attestations(http_cache, wanted, held, &behalf, asked).await;
        match &found {
            Ok(_) => self.negatives.forget(key),
            Err(failure) => self.remember(key, failure, asked),
        }
        found
    }

    async fn ask_for_attestations(
        &self,
        http_cache: &mut HttpCache,
        wanted: &Wanted<'_>,
        held: Option<Arc<Entry>>,
        behalf: &Behalf,
        asked: u64,
    ) -> Result<Found, Failure> {
        let shown = wanted.key.shown();
        let of = |root: &str| Key::attestations(root, wanted.name, wanted.version);
        let upstream = self.upstream_of(wanted.name, &wanted.key, of)?;
        let target = upstream.attestations(wanted.name, wanted.version);
        let limit = Attestations::LONGEST;
        let answer = fetch(&upstream, &target, held.as_deref(), behalf, limit, shown).await;
        let answer = answer.map_err(|failure| match failure.is_too_large() {
            true => Failure::long_attestations(),
            false => failure,
        })?;
        match (answer.status.as_u16(), held) {
            (200, _) => self.keep_attestations(http_cache, wanted, answer, asked).await,
            (304, Some(entry)) => Ok(match self.confirm(http_cache, entry, asked, FRESH).await? {
                Refreshed::Confirmed(entry) => Found::Held(entry, CacheState::Revalidated),
                Refreshed::Meanwhile(entry) | Refreshed::Kept(entry, _) => {
                    Found::Held(entry, CacheState::Hit)
                }
                Refreshed::Unkept(_) => return Err(Failure::internal()),
            }),
            (status @ (404 | 410 | 451), held) => {
                if let Some(entry) = held {
                    info!("{shown}: its attestations are gone upstream ({})", answer.status);
                    self.cache.discard(&entry);
                }
                Err(if status == 451 { Failure::withheld() } else { Failure::no_attestations() })
            }
            _ => {
                warn!("{shown}: the upstream answered {}", answer.status);
                Err(Failure::upstream_status(answer.status, &answer.headers))
            }
        }
    }

    async fn keep_attestations(
        &self,
        http_cache: &mut HttpCache,
        wanted: &Wanted<'_>,
        answer: Answer,
        asked: u64,
    ) -> Result<Found, Failure> {
        let shown = wanted.key.shown();
        let Answer { headers, body, room: _room, .. } = answer;
        let read = Attestations::of_sent(body, is_gzip(&headers)).await.map_err(|panic| {
            error!("{shown}: reading its attestations failed: {panic}");
            Failure::internal()
        })?;
        let attestations = read.map_err(|error| {
            error!("{shown}: the upstream's answer is not usable: {error}");
            Failure::bad_attestations(&error)
        })?;
        let pieces = attestations.body();
        let view = self.views.of_attestations(attestations).await;
        let meta = self.meta(kept_header(&headers), asked, FRESH);
        let fillable = matches!(http_cache.phase(), CachePhase::Miss | CachePhase::Stale);
        if fillable
            && let Ok(id) = fill(http_cache, meta, &pieces).await
            && let Some(entry) = self.cache.get(&wanted.key).await
            // Another process may have been faster with others.
            && id == Some(entry.id())
        {
            self.views.admit_attestations(&entry, &view);
        }
        Ok(Found::Fetched(view))
    }
}

/// Attestations that were obtained.
enum Found {
    /// In the cache; how they came to be right.
    Held(Arc<Entry>, CacheState),
    /// Fetched now, kept or not.
    Fetched(Arc<View>),
}
