//! `GET /-/v1/search`: packages by text, NOPAR's own and upstreams'.
//! Knows nothing of how they match (`search`), nor of how upstreams are asked (`Elsewhere`).
//!
//! Hosted packages come from memory, and always: an upstream that is down, slow, without a search, or that must not be
//! told what is looked for, is left out. `Server-Timing` says how long each took, and what was left out.

mod asking;
mod blocks;
mod looks;
mod timing;

use super::{Api, Call, Refusal};
use crate::access::{Permission, Standing};
use crate::clock::Clock;
use crate::clock::iso;
use crate::npm::PackageName;
use crate::reply::Reply;
use crate::search::{Asked, BadSearch};
use blocks::Blocks;
use http::StatusCode;
use http::header::{self, HeaderName};
use looks::Looks;
use std::sync::Arc;
use std::time::{Duration, Instant};
use timing::Timing;

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// An upstream, as far as a search has to know it.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its number.
    pub number: usize,
    /// Its root URL, for the log.
    pub root: String,
    /// Whether it may be asked at all.
    pub is_asked: bool,
    /// How long it is waited for.
    pub patience: Duration,
}

/// Why an upstream does not say what it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsearched {
    /// It cannot be searched.
    NoSearch,
    /// It does not search for this text.
    Refused,
    /// It could not be reached, was slow, or answered something else; in words, without what was searched for.
    Failed(String),
}

/// What searches remember.
pub(super) struct Searching {
    looks: Looks,
    blocks: Blocks,
}

impl Searching {
    pub(super) fn new(clock: Clock) -> Searching {
        Searching { looks: Looks::new(clock.clone()), blocks: Blocks::new(clock) }
    }
}

impl Api {
    /// Returns when all that is published has been seen once, for who lists packages.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn look_around(&self) -> Result<(), Refusal> {
        Ok(self.searching.looks.seen(&self.hosted).await?)
    }

    pub(super) async fn search(&self, call: &Call<'_>, query: &str) -> Result<Reply, Refusal> {
        let asked = Asked::parse(query)?;
        let (began, mut timing) = (Instant::now(), Timing::default());
        self.searching.looks.seen(&self.hosted).await?;
        let (access, caller) = (Arc::clone(&self.access), call.caller.clone());
        let is_visible = move |name: &PackageName| {
            // What is for maintainers only, is not found.
            access.allow(&caller, Permission::Read, name, Standing::Stranger).is_ok()
        };
        let (query, window) = (asked.query.clone(), asked.window.clone());
        let page = self.hosted.search(query, window, is_visible).await?;
        timing.took("hosted", began.elapsed());
        let merge = self.asked_of_upstreams(call, &asked, page.total(), &mut timing).await?;
        let hosted = page.objects(call.base);
        let objects = hosted.iter().map(String::as_str).chain(merge.objects());
        let objects: Vec<&str> = objects.collect();
        let (total, now) = (merge.total(), iso(self.clock.now()));
        let objects = objects.join(",");
        let body = format!(r#"{{"objects":[{objects}],"total":{total},"time":"{now}"}}"#);
        let reply = Reply::text(StatusCode::OK, "application/json", body);
        // Who asks may see what others may not.
        let kept = if self.access.is_open() { "no-cache" } else { "private, no-cache" };
        Ok(reply.with(header::CACHE_CONTROL, kept).with(SERVER_TIMING, timing.text()))
    }
}

impl From<BadSearch> for Refusal {
    fn from(error: BadSearch) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, error.to_string(), "bad_search")
    }
}
