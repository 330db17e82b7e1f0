//! Views of packuments: from what is held at once, or by way of pingora-cache and the upstream.
//! Knows nothing of how a document is fetched and kept (`refresh`).

mod fetched;
mod found;

pub(super) use found::not_modified;

use super::Door;
use super::ctx::{CacheState, Ctx, PackumentPlan, Plan};
use super::failure::Failure;
use super::receive::Decision;
use crate::cache::Entry;
use crate::config::StaleIfError;
use crate::npm::PackageName;
use crate::view::{Ask, View, ViewError, Want};
use std::sync::Arc;
use std::time::Duration;

impl Door {
    /// Answers from an entry that is fresh, or nearly so; or plans to go on.
    pub(super) async fn packument(
        self: &Arc<Self>,
        ctx: &mut Ctx,
        ask: Ask,
        mut confirm: bool,
    ) -> Decision {
        let key = self.packument_key(&ask.name);
        let held = self.cache.get(&key).await;
        if !self.is_asked(&ask.name) {
            return self.without_upstream(held, &ask).await;
        }
        match held {
            None if !confirm => {
                if let Some(failure) = self.negatives.get(&key) {
                    return Decision::Reply(failure.reply(), CacheState::Negative);
                }
            }
            Some(entry) if self.may_be_sent(&entry, &ask.name, confirm) => {
                match self.current_view(&entry, &ask).await {
                    Ok((entry, view)) => return self.send_held(&entry, view, &ask, confirm),
                    // The upstream may have it by now: a version is asked for soon after it is
                    // published, and asked for again if it is not there.
                    Err(ViewError::NoSuchVersion) => confirm = true,
                    Err(ViewError::Lost(_)) => {}
                }
            }
            _ => {}
        }
        ctx.plan = Plan::Packument(PackumentPlan { ask, key, confirm, entry: None, answer: None });
        Decision::GoOn
    }

    /// Whether an entry is sent without waiting for the upstream: fresh, or stale for so short a time
    /// that it is confirmed meanwhile; and with an upstream that just failed, any that may be sent
    /// after a failure, even to who wants it confirmed (pnpm does, of every packument it has).
    fn may_be_sent(&self, entry: &Entry, name: &PackageName, confirm: bool) -> bool {
        if !confirm && self.is_young(entry) {
            return true;
        }
        // A slow upstream is down no more once an update has its head; the body may take its time all
        // the same, and the update has the lock until then.
        let failed =
            self.upstreams.of(name).is_down() || (!confirm && self.updates.is_running(entry.key()));
        failed && self.may_be_sent_after_failure(entry)
    }

    /// Whether an entry is fresh, or stale for so short a time that it is sent while it is confirmed.
    fn is_young(&self, entry: &Entry) -> bool {
        let now = self.clock.now();
        entry.freshness().fresh_until(now) + self.current.get().stale_while_revalidate > now
    }

    /// Whether an entry is young enough to be sent when the upstream fails.
    pub(super) fn may_be_sent_after_failure(&self, entry: &Entry) -> bool {
        match self.current.get().stale_if_error {
            StaleIfError::Unlimited => true,
            StaleIfError::For(time) => entry.freshness().fresh_until + time > self.clock.now(),
        }
    }

    /// Whether an entry is sent to who asks for nothing special now, even if the upstream fails.
    pub(super) fn may_be_sent_if_all_fails(&self, entry: &Entry) -> bool {
        self.is_young(entry) || self.may_be_sent_after_failure(entry)
    }

    fn send_held(
        self: &Arc<Self>,
        entry: &Entry,
        view: Arc<View>,
        ask: &Ask,
        confirm: bool,
    ) -> Decision {
        self.cache.touch(entry, self.clock.now());
        let state = if entry.is_fresh(self.clock.now()) && !confirm {
            CacheState::Hit
        } else {
            self.update(ask, confirm);
            if self.upstreams.of(&ask.name).is_down() || !self.is_young(entry) {
                CacheState::Stale
            } else {
                CacheState::Updating
            }
        };
        Decision::View(view, state, self.age(entry))
    }

    /// The answer of a NOPAR that must not ask the upstream: what it holds, of any age.
    async fn without_upstream(&self, held: Option<Arc<Entry>>, ask: &Ask) -> Decision {
        let Some(entry) = held else { return Failure::not_held().into() };
        match self.current_view(&entry, ask).await {
            Ok((entry, view)) => Decision::View(view, CacheState::Hit, self.age(&entry)),
            Err(ViewError::NoSuchVersion) => missing(ask).into(),
            Err(ViewError::Lost(_)) => Failure::not_held().into(),
        }
    }

    /// How long ago the upstream confirmed an entry.
    pub(super) fn age(&self, entry: &Entry) -> Duration {
        entry.freshness().age(self.clock.now())
    }

    /// A view of `entry`, or of the generation that has taken its place meanwhile. An entry that is
    /// of no use is dropped.
    async fn current_view(
        &self,
        entry: &Arc<Entry>,
        ask: &Ask,
    ) -> Result<(Arc<Entry>, Arc<View>), ViewError> {
        let error = match self.views.view(entry, ask).await {
            Err(ViewError::Lost(error)) => error,
            viewed => return viewed.map(|view| (Arc::clone(entry), view)),
        };
        self.cache.drop_damaged(entry, &error);
        let newer = self.cache.get(entry.key()).await;
        let newer = newer.ok_or(ViewError::Lost(error))?;
        let view = self.views.view(&newer, ask).await?;
        Ok((newer, view))
    }
}

/// What is told of what a package does not have.
pub(super) fn missing(ask: &Ask) -> Failure {
    match &ask.want {
        Want::Manifest(selector) => Failure::no_version(selector.as_str()),
        _ => Failure::no_package(),
    }
}
