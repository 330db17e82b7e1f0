//! What NOPAR can tell of itself: its counters, and what its parts hold just now.
//! Knows nothing of who asks, nor of how it is shown.

use super::ctx::Ctx;
use super::{Door, Proxy};
use crate::cache::DiskCache;
use crate::connection;
use crate::counters::{Counters, Held, Kind, Snapshot};
use crate::hosted::Hosted;
use crate::inflight::InFlight;
use crate::route::Route;
use crate::ui::{Running, UpstreamState};
use crate::upstream::Upstream;
use crate::view::Memory;
use http::Method;
use pingora::{Error, ErrorSource};
use pingora_proxy::Session;
use std::sync::Arc;

/// Where a [`Snapshot`] can be had, as long as one likes.
#[derive(Clone)]
pub struct Figures {
    counters: Arc<Counters>,
    cache: &'static DiskCache,
    memory: Arc<Memory>,
    hosted: Arc<Hosted>,
    in_flight: InFlight,
}

impl Figures {
    /// The numbers of now. Takes some tens of microseconds, and keeps nobody waiting.
    pub fn snapshot(&self) -> Snapshot {
        let (hosted_versions, hosted_bytes) = self.hosted.size();
        self.counters.snapshot(Held {
            in_flight: self.in_flight.count() as u64,
            hosted: self.hosted.count_own() as u64,
            hosted_versions,
            hosted_bytes,
            memory_bytes: self.memory.weight(),
            memory_limit: self.memory.limit(),
            memory_rows: self.memory.len() as u64,
            disk_entries: self.cache.len() as u64,
            disk_bytes: self.cache.size(),
            disk_limit: self.cache.limit(),
            disk_free: self.cache.room().free(),
            disk_min_free: self.cache.room().least(),
        })
    }
}

impl Proxy {
    /// What it can tell of itself.
    pub fn figures(&self) -> Figures {
        self.door.figures()
    }
}

impl Door {
    pub(super) fn figures(&self) -> Figures {
        Figures {
            counters: Arc::clone(&self.counters),
            cache: self.cache,
            memory: Arc::clone(&self.memory),
            hosted: Arc::clone(&self.hosted),
            in_flight: self.in_flight.clone(),
        }
    }
}

impl Running for Door {
    fn snapshot(&self) -> Snapshot {
        self.figures().snapshot()
    }

    fn upstreams(&self) -> Vec<UpstreamState> {
        let state = |upstream: &Upstream| {
            let (contact, is_asked) = (upstream.contact(), upstream.is_asked());
            UpstreamState {
                root: upstream.root().to_owned(),
                is_asked,
                is_down: contact.is_down,
                reached: contact.reached,
                failed: contact.failed,
                failures: contact.failures,
                erred: contact.erred,
                errors: contact.errors,
                is_erring: contact.is_erring,
                latency: contact.latency,
            }
        };
        self.upstreams.all().iter().map(|(_, upstream)| state(upstream)).collect()
    }
}

/// Counts a finished request; `error` is what broke it off.
pub(super) fn count(counters: &Counters, session: &Session, error: Option<&Error>, ctx: &Ctx) {
    let status = session.response_written().map_or(0, |header| header.status.as_u16());
    let bytes = session.body_bytes_sent() as u64;
    counters.request(ctx.kind, ctx.cache_state, status, bytes, ctx.started.elapsed());
    if let Some(error) = error.filter(|_| status > 0) {
        let is_cut = connection::of(session).is_some_and(|it| it.cut_reason().is_some());
        counters.answer_broke(is_cut || *error.esource() == ErrorSource::Downstream);
    }
}

/// What a request is counted as that may have no route.
pub(super) fn kind_of_any(method: &Method, route: Option<&Route>) -> Kind {
    route.map_or(Kind::Other, |route| kind_of(method, route))
}

/// What a request is counted as.
pub(super) fn kind_of(method: &Method, route: &Route) -> Kind {
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    match route {
        Route::Packument { .. } | Route::Manifest { .. } | Route::Tarball { .. } if !is_read => {
            Kind::Change
        }
        Route::Root => Kind::Root,
        Route::Packument { .. } | Route::Refresh { .. } => Kind::Packument,
        Route::Manifest { .. } => Kind::Manifest,
        Route::Tarball { .. } => Kind::Tarball,
        Route::DistTags { .. } => Kind::DistTags,
        Route::Search { .. } => Kind::Search,
        Route::Audit(_) => Kind::Audit,
        Route::Keys => Kind::Keys,
        Route::Attestations { .. } => Kind::Attestations,
        Route::Ping | Route::Health | Route::Ready => Kind::Ping,
        Route::Favicon => Kind::Favicon,
        Route::Robots => Kind::Robots,
        Route::Revision { .. }
        | Route::TarballRevision { .. }
        | Route::DistTag { .. }
        | Route::Delete { .. }
        | Route::Stages { .. }
        | Route::StageOf { .. }
        | Route::Stage { .. }
        | Route::StageTarball { .. }
        | Route::StageApproval { .. } => Kind::Change,
        _ if route.is_of_pages() => Kind::Page,
        _ => Kind::Account,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purge() -> Method {
        Method::from_bytes(b"PURGE").unwrap()
    }

    #[test]
    fn routes_are_counted_by_their_own_words() {
        for path in [
            "/",
            "/a",
            "/a/1.0.0",
            "/a/-/a-1.0.0.tgz",
            "/-/package/a/dist-tags",
            "/-/v1/search",
            "/-/npm/v1/keys",
            "/-/npm/v1/attestations/a@1.0.0",
            "/-/ping",
            "/favicon.ico",
            "/robots.txt",
        ] {
            let route = Route::parse(&Method::GET, path.as_bytes(), "").unwrap().route;
            assert_eq!(kind_of(&Method::GET, &route).as_str(), route.kind(), "{path}");
        }
    }

    #[test]
    fn what_is_done_to_a_package_is_counted_as_what_it_is_about() {
        for (method, path, kind) in [
            (Method::POST, "/-/package/a/refresh", Kind::Packument),
            (Method::POST, "/-/package/a/delete", Kind::Change),
            (Method::DELETE, "/a/-rev/1", Kind::Change),
            (Method::PUT, "/a", Kind::Change),
            (purge(), "/a", Kind::Change),
            (purge(), "/a/1.0.0", Kind::Change),
            (purge(), "/a/-/a-1.0.0.tgz", Kind::Change),
            (Method::POST, "/-/stage/package/a", Kind::Change),
            (Method::POST, "/-/npm/v1/security/audits", Kind::Audit),
            (Method::POST, "/-/npm/v1/oidc/token/exchange/package/a", Kind::Account),
            (Method::POST, "/-/npm/v1/user", Kind::Account),
            (Method::GET, "/-/npm/v1/tokens", Kind::Account),
            (Method::GET, "/-/packages/all", Kind::Page),
            (Method::GET, "/-/package/a", Kind::Page),
            (Method::GET, "/-/package/a/raw", Kind::Page),
            (Method::POST, "/-/login", Kind::Page),
            (Method::POST, "/-/v1/login", Kind::Account),
            (Method::GET, "/-/v1/done/abc", Kind::Account),
            (Method::DELETE, "/-/npm/v1/tokens/token/ab12", Kind::Account),
            (Method::GET, "/-/health", Kind::Ping),
            (Method::GET, "/-/ready", Kind::Ping),
        ] {
            let route = Route::parse(&method, path.as_bytes(), "").unwrap().route;
            assert_eq!(kind_of(&method, &route), kind, "{method} {path}");
        }
    }
}
