//! A process that is killed while it fills.
//! Knows nothing of how files are written.

use std::net::SocketAddr;
use std::path::Path;

use tempfile::TempDir;
use tokio::task::JoinSet;

use super::{Listing, Thing, rounds};
use crate::support::binary::Binary;
use crate::support::client::Request;
use crate::support::upstream::{FakeUpstream, Hold, made_up};

/// How much of all bodies together the upstream lets out at a time.
const STEP: usize = 16 * 1024;
/// Sizes of one round's tarballs: below what is held back, between, and of several chunks.
const SIZES: [usize; 4] = [10_000, 90_000, 300_000, 800_000];

async fn start(upstream: &FakeUpstream, cache: &Path) -> (Binary, SocketAddr) {
    let cache = cache.to_str().expect("a path in UTF-8");
    // Everything is stale at once: a packument that has changed is replaced.
    let env = [("NOPAR_CACHE_PATH", cache), ("NOPAR_META_TTL", "1s"), ("NOPAR_STALE_TTL", "0s")];
    Binary::serving(&upstream.url(), &env).await
}

/// The packages of a round: a new one for each size, and one that is there in all rounds and changes.
fn publish(upstream: &FakeUpstream, round: usize) -> Vec<String> {
    let readme: String = made_up(round as u64, 50_000).iter().map(|b| format!("{b:02x}")).collect();
    let mut names = vec!["common".to_owned()];
    for size in SIZES {
        names.push(format!("r{round}-{size}"));
    }
    for (name, size) in names.iter().zip([1000].iter().chain(&SIZES)) {
        let package = upstream.package(name).readme(&readme);
        // Of the common one the tarball stays as it is: the same name is always the same bytes.
        let seed = if name == "common" { 1 } else { round * 1_000_000 + size };
        package.version("1.0.0", |v| v.tarball(made_up(seed as u64, *size)));
    }
    names
}

/// A request that no copy answers which is not the upstream's newest.
fn anew(thing: &Thing, addr: SocketAddr) -> Request {
    thing.request(addr).header("Cache-Control", "no-cache")
}

/// Asks for everything at once; the answers do not matter.
fn ask_all(names: &[String], addr: SocketAddr) -> JoinSet<()> {
    let mut asking = JoinSet::new();
    for thing in names.iter().flat_map(|name| Thing::of(name)) {
        let request = match thing {
            Thing::Packument(..) => anew(&thing, addr),
            Thing::Tarball(_) => thing.request(addr),
        };
        asking.spawn(async move {
            let _ = request.try_send().await;
        });
    }
    asking
}

/// How many steps it takes until all is there.
async fn steps(upstream: &FakeUpstream) -> usize {
    let home = TempDir::new().expect("a directory");
    let names = publish(upstream, 0);
    let (_binary, addr) = start(upstream, home.path()).await;
    let trickle = upstream.trickle("*", STEP);
    trickle.admit(1_000_000);
    ask_all(&names, addr).join_all().await;
    trickle.arrivals()
}

/// When to kill: steps of the golden ratio spread evenly, however many rounds there are. A few steps
/// before the last, as the common tarball comes in only once.
fn moment(round: usize, steps: usize) -> usize {
    let part = (round as f64 * 0.618_034).fract();
    1 + (part * (steps - 4) as f64) as usize
}

/// Lets so many steps out, and waits until they were taken.
async fn let_out(trickle: &Hold<'_>, steps: usize) {
    trickle.admit(steps);
    trickle.arrived(steps).await;
}

/// Killed at any moment of several fills, NOPAR serves the upstream's bytes afterwards, has swept what
/// was unfinished, and knows how much there is.
#[tokio::test]
async fn what_a_kill_leaves_is_right() {
    let upstream = FakeUpstream::start().await;
    let steps = steps(&upstream).await;
    assert!(steps > 50, "{steps} steps are too few to be spread over");
    let home = TempDir::new().expect("a directory");
    let (mut binary, mut addr) = start(&upstream, home.path()).await;
    let (rounds, mut all, mut cut) = (rounds(10), Vec::new(), 0);
    for round in 1..=rounds {
        let names = publish(&upstream, round);
        let trickle = upstream.trickle("*", STEP);
        let asking = ask_all(&names, addr);
        let_out(&trickle, moment(round, steps)).await;
        binary.signal("KILL");
        binary.ended().await;
        drop(asking);
        trickle.release();
        let left = Listing::of(home.path());
        cut += left.temporary.len() - 1;
        (binary, addr) = start(&upstream, home.path()).await;
        let found = Listing::of(home.path());
        assert!(found.entries <= left.entries, "{found:?} of {left:?}");
        found.was_found_by(&binary).await;
        assert_eq!(found.temporary, ["lock"], "round {round}");
        for thing in names.iter().flat_map(|name| Thing::all_of(name)) {
            thing.check(&anew(&thing, addr).send().await, &upstream, addr);
        }
        all.extend(names);
    }
    assert!(
        cut >= rounds / 2,
        "{cut} unfinished files in {rounds} kills: they came too early or late"
    );
    walk(&upstream, &all, binary, home.path()).await;
}

/// Everything there is, without the upstream: all of it is held, and right.
async fn walk(upstream: &FakeUpstream, names: &[String], binary: Binary, cache: &Path) {
    binary.signal("KILL");
    binary.ended().await;
    let (binary, addr) = start(upstream, cache).await;
    let before = upstream.requests().len();
    upstream.stop().await;
    for thing in names.iter().flat_map(|name| Thing::all_of(name)) {
        thing.ask(upstream, addr).await;
    }
    assert_eq!(upstream.requests().len(), before);
    let names: std::collections::BTreeSet<_> = names.iter().collect();
    let found = Listing::of(cache);
    // Of a packument one form came in with it, or both.
    let (things, forms) = (2 * names.len(), names.len());
    assert!((things..=things + forms).contains(&found.entries), "{} of {things}", found.entries);
    found.was_found_by(&binary).await;
}
