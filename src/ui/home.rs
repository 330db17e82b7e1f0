//! The first page: what this registry is, how it does, and how clients are pointed at it.
//! Knows nothing of how it looks.

mod numbers;
mod trends;

use super::clients;
use super::seen::{Item, Seen, moment};
use super::{Ui, UpstreamState, Visit};
use crate::catalogue::Held;
use crate::clock::Clock;
use crate::reply::Reply;
use crate::web::{Home, PackageRow, Requested, Stat, UpstreamRow, ago, count, span};
use std::cmp::Reverse;
use std::time::Duration;

/// So many packages are in each short list.
const FEW: usize = 8;

/// What is told of packages.
struct Told {
    local: usize,
    proxied: usize,
    requested: Vec<Requested>,
    newest: Vec<PackageRow>,
}

impl Ui {
    pub(super) async fn home(&self, visit: &Visit<'_>) -> Reply {
        let seen = match self.seen(visit).await {
            Ok(seen) => seen,
            Err(reply) => return reply,
        };
        let clock = self.clock.clone();
        let told = match self.aside.run(move || tell(&seen, &clock)).await {
            Ok(told) => told,
            Err(reply) => return reply,
        };
        let (frame, snapshot) = (self.frame(visit), visit.running.snapshot());
        let now = self.clock.now();
        // Where upstreams are is for who may ask them by this registry.
        let is_told = self.api.is_open() || visit.caller.user().is_some();
        let upstreams = visit.running.upstreams();
        let upstreams = upstreams.iter().enumerate().map(|(at, it)| upstream(at, it, is_told));
        let home = Home {
            frame,
            packages: packages(&told),
            traffic: numbers::traffic(&snapshot),
            room: numbers::room(&snapshot),
            trends: vec![
                trends::hour(&self.history.hour(), now),
                trends::day(&self.history.day(), now),
            ],
            upstreams: upstreams.collect(),
            latency: numbers::latency(&snapshot),
            requested: told.requested,
            newest: told.newest,
            clients: clients::help(visit.base, frame.has_users),
            since: moment(&self.clock, self.started),
        };
        home.reply()
    }
}

/// What is told of all packages that are seen.
fn tell(seen: &Seen, clock: &Clock) -> Told {
    let mut local: Vec<Item<'_>> = seen.local().collect();
    let proxied = seen.copies();
    let (locals, copies) = (local.len(), proxied.len());
    let held = proxied.iter().filter_map(|item| match item {
        Item::Proxied(held) => Some(*held),
        Item::Local(_) => None,
    });
    let mut held: Vec<&Held> = held.filter(|held| held.requests > 0).collect();
    held.sort_by_key(|held| Reverse(held.requests));
    let requested = held.iter().take(FEW).map(|held| Requested {
        name: held.name.as_str().to_owned(),
        requests: match held.requests {
            1 => "1 request".to_owned(),
            more => format!("{} requests", count(more.into())),
        },
    });
    local.retain(|item| item.when().is_some());
    local.sort_by_key(|item| Reverse(item.when()));
    Told {
        local: locals,
        proxied: copies,
        requested: requested.collect(),
        newest: local.iter().take(FEW).map(|item| published(item, clock)).collect(),
    }
}

/// A package on a list that is of what was published.
fn published(item: &Item<'_>, clock: &Clock) -> PackageRow {
    let when = item.when().map(|when| moment(clock, when));
    PackageRow { when, ..item.row(clock) }
}

fn packages(told: &Told) -> Vec<Stat> {
    let stat = |number: usize, name, more: &str| Stat {
        value: count(number as u64),
        name,
        more: more.to_owned(),
    };
    vec![
        stat(told.local + told.proxied, "packages", ""),
        stat(told.local, "local", "published to this registry"),
        stat(told.proxied, "proxied", "copies of packages of upstream registries"),
    ]
}

fn upstream(number: usize, state: &UpstreamState, is_told: bool) -> UpstreamRow {
    let name = match (is_told, number) {
        (true, _) => state.root.clone(),
        (false, 0) => "the usual one".to_owned(),
        (false, number) => format!("number {}", number + 1),
    };
    let words = |since: Option<Duration>| since.map_or_else(|| "none yet".to_owned(), ago);
    let (word, is_wrong) = match (state.is_asked, state.is_down, state.reached) {
        (false, ..) => ("not asked (NOPAR_AUTO_FORWARD): only copies are served", false),
        (true, true, _) => ("cannot be reached: copies are served", true),
        (true, false, Some(_)) => ("answers", false),
        (true, false, None) => ("was not asked yet", false),
    };
    let failed = match state.failed {
        None => "none".to_owned(),
        Some(since) => format!("{}, the last {} ago", count(state.failures), span(since)),
    };
    UpstreamRow { name, state: word, is_wrong, reached: words(state.reached), failed }
}
