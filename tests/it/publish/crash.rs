//! Processes that are killed while many publish: what was acknowledged is there, the rest whole or absent.
//! Knows nothing of how files are written.

mod publisher;

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::sync::watch;

use self::publisher::{Acknowledged, Hit, PACKAGES, Phase, Publishers, Released, bytes_of};
use super::{check_tarball, packument, unfinished, versions};
use crate::support::binary::Binary;
use crate::support::client::{Request, get};
use crate::support::deadline::within;
use crate::support::publish::{Publish, path_of};
use crate::support::upstream::{FakeUpstream, made_up};

/// Acknowledged publishes before each kill: early, later, and in the middle of many.
const KILLS: [usize; 4] = [1, 5, 12, 30];
/// What so many are at when it comes, from then on.
const MOMENTS: [(usize, Phase); 5] = [
    (1, Phase::Sending),
    (1, Phase::Waiting),
    (1, Phase::Answered),
    (6, Phase::Waiting),
    (1, Phase::Before),
];
/// How often it is killed; `NOPAR_KILL_ROUNDS` says otherwise.
const ROUNDS: usize = 20;
/// All that was ever published is looked at after each kill, so there is a new registry now and then.
const ROUNDS_OF_A_REGISTRY: usize = 10;

/// What kills found, and what became of it.
#[derive(Default)]
struct Tally {
    kills: usize,
    /// Kills that found a publish between the first byte of its body and its answer.
    in_the_middle: usize,
    /// Publishes by what they were found at.
    found: [usize; 4],
    /// Publishes that were not answered, and how many of these are there.
    cut_off: usize,
    whole: usize,
}

impl Tally {
    fn add(&mut self, hit: &Hit, whole: usize) {
        self.kills += 1;
        let is_middle = |phase: &Phase| matches!(phase, Phase::Sending | Phase::Waiting);
        self.in_the_middle += usize::from(hit.phases.iter().any(is_middle));
        hit.phases.iter().for_each(|phase| self.found[*phase as usize] += 1);
        self.cut_off += hit.cut_off.len();
        self.whole += whole;
    }

    /// As lines of text.
    fn told(&self) -> String {
        let Tally { kills, in_the_middle, cut_off, whole, .. } = self;
        let [before, sending, waiting, answered] = self.found;
        let absent = cut_off - whole;
        format!(
            "{kills} kills, {in_the_middle} of them between the first byte of a body and its answer\n\
             publishes: {before} before the first byte of the body, {sending} in the body, {waiting} \
             between its last byte and the answer, {answered} after the answer\n\
             {cut_off} were cut off: {whole} are there, {absent} are not"
        )
    }
}

async fn start(upstream: &FakeUpstream, registry: &Path) -> (Binary, SocketAddr) {
    let registry = registry.to_str().expect("a path in UTF-8");
    Binary::serving(&upstream.url(), &[("NOPAR_REGISTRY_PATH", registry)]).await
}

/// Lets many publish until so many more are acknowledged, and kills the process in the middle of it.
async fn publish_and_kill(
    binary: &Binary,
    addr: SocketAddr,
    round: usize,
    acknowledged: &Arc<watch::Sender<Acknowledged>>,
) -> Hit {
    let target = acknowledged.borrow().len() + KILLS[round % KILLS.len()];
    let (many, phase) = MOMENTS[round % MOMENTS.len()];
    let publishers = Publishers::start(addr, round, acknowledged);
    let mut count = acknowledged.subscribe();
    let enough = count.wait_for(|all| all.len() >= target);
    let waiting = within(format!("{target} acknowledged publishes"), enough);
    assert!(waiting.await.is_ok());
    publishers.until(many, phase).await;
    let kill = async {
        binary.signal("KILL");
        binary.ended().await;
    };
    publishers.at_kill(kill).await
}

/// How many of these are there.
async fn found(addr: SocketAddr, cut_off: &[Released]) -> usize {
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
    let rounds = rounds.unwrap_or(ROUNDS);
    let mut tally = Tally::default();
    while tally.kills < rounds {
        let now = (rounds - tally.kills).min(ROUNDS_OF_A_REGISTRY);
        killed_again_and_again(now, &mut tally).await;
    }
    // Past what the test runner keeps back of a test that passes.
    let _ = writeln!(std::io::stderr(), "{}", tally.told());
    assert!(tally.in_the_middle * 2 >= rounds, "most kills found nothing on its way");
}

/// As many kills on one registry.
async fn killed_again_and_again(rounds: usize, tally: &mut Tally) {
    let upstream = FakeUpstream::start().await;
    let registry = TempDir::new().expect("a directory");
    let acknowledged = Arc::new(watch::Sender::new(Acknowledged::new()));
    let (mut binary, mut addr) = start(&upstream, registry.path()).await;
    let first = tally.kills;
    for round in first..first + rounds {
        let hit = publish_and_kill(&binary, addr, round, &acknowledged).await;
        (binary, addr) = start(&upstream, registry.path()).await;
        assert_eq!(unfinished(registry.path()), [""; 0], "round {round}");
        let all = acknowledged.borrow().clone();
        check(addr, &all).await;
        tally.add(&hit, found(addr, &hit.cut_off).await);
    }
    assert!(!binary.stderr().contains("panicked"), "{}", binary.stderr());
    // It goes on from there: what was cut off can be published, and what was not cannot.
    for name in PACKAGES {
        let version = "100000.0.0";
        let publish = Publish::of(name, version).tarball(bytes_of(version));
        publish.succeed(addr).await;
        let again = publish.to(addr).send().await;
        assert_eq!(again.status, 409, "{name}");
    }
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
