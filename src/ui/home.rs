//! The first page: what this registry is, how it does, and how clients are pointed at it.
//! Knows nothing of how it looks.

mod numbers;
mod trends;

use super::clients;
use super::seen::{Item, Seen, moment};
use super::{Ui, UpstreamState, Visit};
use crate::clock::Clock;
use crate::reply::Reply;
use crate::web::{Home, Moment, PackageRow, Requested, Stat, UpstreamRow, count};
use std::cmp::Reverse;
use std::time::{Duration, SystemTime};

/// So many packages are in each short list.
const FEW: usize = 8;

/// What is told of packages.
struct Told {
    local: usize,
    proxied: usize,
    requested: Vec<Requested>,
    newest: Vec<PackageRow>,
    is_whole: bool,
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
        // The minute that goes on is in the curves as it is in the numbers.
        self.history.sample(now, &snapshot);
        // Where upstreams are is for who may ask them by this registry.
        let is_told = self.api.is_open() || visit.caller.user().is_some();
        let upstreams = visit.running.upstreams();
        let row = |(at, it)| upstream(&self.clock, at, it, is_told);
        let upstreams = upstreams.iter().enumerate().map(row);
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
            requested: told.requested,
            newest: told.newest,
            clients: clients::help(visit.base, frame.has_users),
            since: moment(&self.clock, self.started),
            is_partial: !told.is_whole,
        };
        home.reply()
    }
}

/// What is told of all packages that are seen.
fn tell(seen: &Seen, clock: &Clock) -> Told {
    let mut local: Vec<Item<'_>> = seen.local().collect();
    let proxied = seen.copies();
    let (locals, copies) = (local.len(), proxied.len());
    let now = clock.now();
    let all = local.iter().chain(&proxied).map(|item| (item.requests(now), item));
    let mut asked: Vec<(u32, &Item<'_>)> = all.filter(|(requests, _)| *requests > 0).collect();
    asked.sort_by_key(|(requests, _)| Reverse(*requests));
    let requested = asked.iter().take(FEW).map(|(requests, item)| Requested {
        name: item.name().to_owned(),
        requests: match requests {
            1 => "1 request".to_owned(),
            more => format!("{} requests", count((*more).into())),
        },
    });
    let requested = requested.collect();
    local.retain(|item| item.published().is_some());
    local.sort_by_key(|item| Reverse(item.published()));
    Told {
        local: locals,
        proxied: copies,
        requested,
        newest: local.iter().take(FEW).map(|item| published(item, clock)).collect(),
        is_whole: seen.listing.is_whole(),
    }
}

/// A package on a list that is of what was published.
fn published(item: &Item<'_>, clock: &Clock) -> PackageRow {
    let when = item.published().map(|when| moment(clock, when));
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
        stat(told.local, "local", "published here"),
        stat(told.proxied, "proxied", "copies from upstreams"),
    ]
}

fn upstream(clock: &Clock, number: usize, state: &UpstreamState, is_told: bool) -> UpstreamRow {
    let name = match (is_told, number) {
        (true, _) => state.root.clone(),
        (false, 0) => "the usual one".to_owned(),
        (false, number) => format!("number {}", number + 1),
    };
    let (word, is_wrong) = word(state);
    let ago = |since: Duration| -> Moment {
        moment(clock, clock.now().checked_sub(since).unwrap_or(SystemTime::UNIX_EPOCH))
    };
    let often = |number: u64, last: Option<Duration>| Some((count(number), ago(last?)));
    UpstreamRow {
        name,
        state: word,
        is_wrong,
        reached: state.reached.map(ago),
        failed: often(state.failures, state.failed),
        erred: often(state.errors, state.erred.map(|(since, _)| since)),
        latency: numbers::latency(&state.latency),
    }
}

/// How an upstream does, and whether that is wrong.
fn word(state: &UpstreamState) -> (String, bool) {
    let (word, is_wrong) = match (state.is_asked, state.is_down, state.reached) {
        (false, ..) => ("not asked (NOPAR_AUTO_FORWARD): only copies are served", false),
        (true, true, _) => ("cannot be reached: copies are served", true),
        (true, false, Some(_)) => match state.erred.filter(|_| state.is_erring) {
            None => ("answers", false),
            Some((_, status)) => {
                let what = match status {
                    401 | 403 => "it does not let this registry in",
                    429 => "it is asked too often",
                    _ => "copies are served",
                };
                return (format!("answers with errors ({status}): {what}"), true);
            }
        },
        (true, false, None) => ("was not asked yet", false),
    };
    (word.to_owned(), is_wrong)
}
