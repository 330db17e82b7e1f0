//! Processes that are killed while many publish: what was acknowledged is there, the rest whole or absent.
//! Knows nothing of how files are written.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{check_tarball, packument, unfinished, versions};
use crate::support::binary::Binary;
use crate::support::client::{Request, get};
use crate::support::deadline::within;
use crate::support::publish::{Publish, path_of};
use crate::support::upstream::{FakeUpstream, made_up};

/// Packages that are published to; several publishers share one.
const PACKAGES: [&str; 3] = ["x", "@s/n", "z"];
const PUBLISHERS: usize = 9;
/// Acknowledged publishes before each kill: early, later, and in the middle of many.
const KILLS: [usize; 4] = [1, 5, 12, 30];
/// How often it is killed; `NOPAR_KILL_ROUNDS` says otherwise.
const ROUNDS: usize = 20;
/// All that was ever published is looked at after each kill, so there is a new registry now and then.
const ROUNDS_OF_A_REGISTRY: usize = 10;

/// What was published and acknowledged, by package and version.
type Acknowledged = BTreeMap<(String, String), Bytes>;

async fn start(upstream: &FakeUpstream, registry: &Path) -> (Binary, SocketAddr) {
    let registry = registry.to_str().expect("a path in UTF-8");
    Binary::serving(&upstream.url(), &[("NOPAR_REGISTRY_PATH", registry)]).await
}

/// The bytes of a version, which anybody can work out.
fn bytes_of(version: &str) -> Bytes {
    let seed = version.bytes().fold(7, |seed: u64, byte| seed * 31 % 1_000_003 + u64::from(byte));
    made_up(seed, [900, 40_000, 600_000][seed as usize % 3])
}

/// Publishes versions of its own, one after another, until the process is gone.
async fn publisher(
    addr: SocketAddr,
    round: usize,
    number: usize,
    acknowledged: Arc<watch::Sender<Acknowledged>>,
) -> Option<(String, String)> {
    let name = PACKAGES[number % PACKAGES.len()];
    for turn in 0.. {
        let version = format!("{round}.{number}.{turn}");
        let publish = Publish::of(name, &version).tarball(bytes_of(&version));
        let answer = publish.to(addr).try_send().await;
        let Some(answer) = answer.ok().filter(|answer| answer.complete) else {
            return Some((name.to_owned(), version));
        };
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
        acknowledged
            .send_modify(|all| drop(all.insert((name.to_owned(), version), publish.bytes())));
    }
    None
}

/// Lets many publish until so many more are acknowledged, and kills the process in the middle of it: what was on
/// its way then, by package and version.
async fn publish_and_kill(
    binary: &Binary,
    addr: SocketAddr,
    round: usize,
    acknowledged: &Arc<watch::Sender<Acknowledged>>,
) -> Vec<(String, String)> {
    let target = acknowledged.borrow().len() + KILLS[round % KILLS.len()];
    let mut publishers = JoinSet::new();
    for number in 0..PUBLISHERS {
        publishers.spawn(publisher(addr, round, number, Arc::clone(acknowledged)));
    }
    let mut count = acknowledged.subscribe();
    let enough = count.wait_for(|all| all.len() >= target);
    let waiting = within(format!("{target} acknowledged publishes"), enough);
    assert!(waiting.await.is_ok());
    binary.signal("KILL");
    binary.ended().await;
    publishers.join_all().await.into_iter().flatten().collect()
}

/// How many of these are there.
async fn found(addr: SocketAddr, cut_off: &[(String, String)]) -> usize {
    let mut found = 0;
    for name in PACKAGES {
        if get(addr, &path_of(name)).await.status == 404 {
            continue;
        }
        let there = versions(&packument(addr, name).await);
        found += cut_off.iter().filter(|(of, it)| of == name && there.contains(it)).count();
    }
    found
}

/// Fails the test unless everything acknowledged is there, and whatever else is there is whole.
async fn check(addr: SocketAddr, acknowledged: &Acknowledged) {
    for name in PACKAGES {
        let mine = acknowledged.keys().filter(|(of, _)| of == name);
        let mine: Vec<&String> = mine.map(|(_, version)| version).collect();
        let answer = get(addr, &path_of(name)).await;
        if answer.status == 404 {
            assert!(mine.is_empty(), "{name} is gone, with {mine:?}");
            continue;
        }
        let found = versions(&packument(addr, name).await);
        for version in &mine {
            assert!(found.contains(version), "{name}@{version} was acknowledged");
        }
        for version in &found {
            check_tarball(addr, name, version, &bytes_of(version)).await;
        }
    }
}

/// Killed in the middle of many publishes, again and again: every acknowledged version is there with its
/// bytes, and the next start leaves no file that has no name.
#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let rounds = std::env::var("NOPAR_KILL_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    let (mut left, mut cut_off, mut whole) = (rounds.unwrap_or(ROUNDS), 0, 0);
    let rounds = left;
    while left > 0 {
        let now = left.min(ROUNDS_OF_A_REGISTRY);
        left -= now;
        let (off, there) = killed_again_and_again(now).await;
        (cut_off, whole) = (cut_off + off, whole + there);
    }
    let absent = cut_off - whole;
    println!("{rounds} kills cut {cut_off} publishes off: {whole} are there, {absent} are not");
    assert!(cut_off >= rounds / 2, "only {cut_off} publishes were cut off by {rounds} kills");
}

/// As many kills on one registry: how many publishes they cut off, and how many of these are there.
async fn killed_again_and_again(rounds: usize) -> (usize, usize) {
    let upstream = FakeUpstream::start().await;
    let registry = TempDir::new().expect("a directory");
    let acknowledged = Arc::new(watch::Sender::new(Acknowledged::new()));
    let (mut binary, mut addr) = start(&upstream, registry.path()).await;
    let (mut cut_off, mut whole) = (0, 0);
    for round in 0..rounds {
        let cut = publish_and_kill(&binary, addr, round, &acknowledged).await;
        (binary, addr) = start(&upstream, registry.path()).await;
        assert_eq!(unfinished(registry.path()), [""; 0], "round {round}");
        let all = acknowledged.borrow().clone();
        check(addr, &all).await;
        (cut_off, whole) = (cut_off + cut.len(), whole + found(addr, &cut).await);
    }
    assert!(!binary.stderr().contains("panicked"), "{}", binary.stderr());
    // It goes on from there: what was cut off can be published, and what was not cannot.
    for name in PACKAGES {
        let version = "99.0.0";
        let publish = Publish::of(name, version).tarball(bytes_of(version));
        publish.succeed(addr).await;
        let again = publish.to(addr).send().await;
        assert_eq!(again.status, 409, "{name}");
    }
    (cut_off, whole)
}

/// A publisher whose answer was lost in the kill publishes again: it is there, once, either way.
#[tokio::test]
async fn a_lost_answer_can_be_asked_for_again() {
    let upstream = FakeUpstream::start().await;
    let registry = TempDir::new().expect("a directory");
    for round in 0..4 {
        let (binary, addr) = start(&upstream, registry.path()).await;
        let version = format!("1.0.{round}");
        let publish = Publish::of("x", &version).tarball(bytes_of(&version));
        let sending = tokio::spawn(publish.to(addr).try_send());
        // The kill comes somewhere between the first byte and the answer.
        for _ in 0..round {
            Request::get(addr, "/-/ping").send().await.expect(200);
        }
        binary.signal("KILL");
        binary.ended().await;
        let first = sending.await.expect("a client").map(|answer| answer.status);
        let (_binary, addr) = start(&upstream, registry.path()).await;
        let again = publish.to(addr).send().await.status;
        match first {
            Ok(201) => assert_eq!(again, 409, "round {round}: it was acknowledged"),
            _ => assert!(matches!(again, 201 | 409), "round {round}: {again}"),
        }
        check_tarball(addr, "x", &version, &publish.bytes()).await;
        assert_eq!(unfinished(registry.path()), [""; 0], "round {round}");
    }
}

/// What a living process is about to publish is not swept when another one starts beside it.
#[tokio::test]
async fn a_start_sweeps_nothing_of_who_lives() {
    let upstream = FakeUpstream::start().await;
    let registry = TempDir::new().expect("a directory");
    let (_living, addr) = start(&upstream, registry.path()).await;
    let publish = Publish::of("x", "1.0.0").tarball(made_up(1, 4_000_000));
    let body = publish.document().to_string();
    let (first, rest) = body.as_bytes().split_at(body.len() - 1000);
    let mut connection = crate::support::client::Connection::open(addr).await.expect("one");
    let head = format!("PUT /x HTTP/1.1\r\nHost: n\r\nContent-Length: {}\r\n\r\n", body.len());
    connection.deliver(head.as_bytes()).await;
    connection.deliver(first).await;
    let begun = async {
        while unfinished(registry.path()).is_empty() {
            get(addr, "/-/ping").await;
        }
    };
    within("the beginning of an upload".to_owned(), begun).await;
    for _ in 0..2 {
        let (dies, other) = start(&upstream, registry.path()).await;
        Publish::of("z", &format!("1.0.{}", other.port())).succeed(other).await;
        dies.signal("KILL");
        dies.ended().await;
    }
    connection.deliver(rest).await;
    connection.receive().await.expect("an answer").expect(201);
    check_tarball(addr, "x", "1.0.0", &publish.bytes()).await;
}
