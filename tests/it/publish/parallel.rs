//! Many who publish and change at once, through one process or two: nothing is lost, and nothing twice.
//! Knows nothing of processes that die.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use tempfile::TempDir;

use super::{alone, check_tarball, packument, tidied, unfinished, versions};
use crate::support::binary::Binary;
use crate::support::client::{Request, Response, get, send_all};
use crate::support::deadline::within;
use crate::support::publish::{Publish, path_of, send};
use crate::support::upstream::{FakeUpstream, integrity, made_up};

const PUBLISHERS: usize = 20;

/// A version for each publisher, some with a large tarball.
fn different(name: &str) -> Vec<Publish> {
    let publish = |number: usize| {
        let size = [500, 70_000, 700_000][number % 3] + number;
        let publish = Publish::of(name, &format!("1.0.{number}"));
        publish.tarball(made_up(size as u64, size))
    };
    (0..PUBLISHERS).map(publish).collect()
}

/// The same version from each publisher, each with bytes of its own.
fn same(name: &str, version: &str) -> Vec<Publish> {
    let publish = |number: usize| {
        let bytes = made_up(2 * number as u64 + 1, 50_000 + number);
        Publish::of(name, version).tarball(bytes)
    };
    (0..PUBLISHERS).map(publish).collect()
}

/// Publishes all at once, by turns at these addresses; the answers, in order.
async fn at_once(addresses: &[SocketAddr], all: &[Publish]) -> Vec<Response> {
    let turns = addresses.iter().cycle();
    send_all(all.iter().zip(turns).map(|(publish, addr)| publish.to(*addr))).await
}

/// Fails the test unless all of these were published, as both processes see it.
async fn check_all(addresses: &[SocketAddr], name: &str, all: &[Publish], answers: &[Response]) {
    for answer in answers {
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
    }
    for addr in addresses {
        let mut found = versions(&packument(*addr, name).await);
        found.sort();
        let mut expected: Vec<String> = (0..all.len()).map(|n| format!("1.0.{n}")).collect();
        expected.sort();
        assert_eq!(found, expected, "at {addr}");
        for (number, publish) in all.iter().enumerate() {
            check_tarball(*addr, name, &format!("1.0.{number}"), &publish.bytes()).await;
        }
    }
}

/// Fails the test unless one of these won, and its bytes are there, as both processes see it.
async fn check_one(addresses: &[SocketAddr], name: &str, all: &[Publish], answers: &[Response]) {
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    let (won, lost): (Vec<_>, Vec<_>) = statuses.iter().partition(|status| **status == 201);
    assert!(won.len() == 1 && lost.iter().all(|it| matches!(it, 403 | 409)), "{statuses:?}");
    let winner = statuses.iter().position(|status| *status == 201).expect("one");
    let bytes = all[winner].bytes();
    for addr in addresses {
        let document = packument(*addr, name).await;
        assert_eq!(document["versions"]["1.0.0"]["dist"]["integrity"], integrity(&bytes));
        check_tarball(*addr, name, "1.0.0", &bytes).await;
    }
}

/// Different versions at once: each is published, and stays.
#[tokio::test]
async fn different_versions_are_all_published() {
    let (_upstream, nopar) = alone().await;
    for name in ["x", "@s/n"] {
        let all = different(name);
        let answers = at_once(&[nopar.addr()], &all).await;
        check_all(&[nopar.addr()], name, &all, &answers).await;
    }
    tidied(&nopar).await;
}

/// The same version at once: one publisher wins, and the bytes are those.
#[tokio::test]
async fn one_publisher_of_a_version_wins() {
    let (_upstream, nopar) = alone().await;
    for name in ["x", "@s/n", "y"] {
        // Of a package that is new, and of one that is not.
        if name == "y" {
            Publish::of(name, "0.1.0").succeed(nopar.addr()).await;
        }
        let all = same(name, "1.0.0");
        let answers = at_once(&[nopar.addr()], &all).await;
        check_one(&[nopar.addr()], name, &all, &answers).await;
    }
    tidied(&nopar).await;
}

/// Two processes over one registry directory.
struct Pair {
    binaries: [Binary; 2],
    addresses: [SocketAddr; 2],
    registry: TempDir,
    upstream: FakeUpstream,
}

async fn pair() -> Pair {
    let upstream = FakeUpstream::start().await;
    let registry = TempDir::new().expect("a directory");
    let path = registry.path().to_str().expect("a path in UTF-8");
    let env = [("NOPAR_REGISTRY_PATH", path)];
    let (one, at_one) = Binary::serving(&upstream.url(), &env).await;
    let (other, at_other) = Binary::serving(&upstream.url(), &env).await;
    Pair { binaries: [one, other], addresses: [at_one, at_other], registry, upstream }
}

/// Two processes lose nothing of what is published through either.
#[tokio::test]
async fn two_processes_publish_different_versions() {
    let pair = pair().await;
    let all = different("x");
    let answers = at_once(&pair.addresses, &all).await;
    check_all(&pair.addresses, "x", &all, &answers).await;
    for binary in pair.binaries {
        binary.signal("TERM");
        binary.ended().await;
    }
    assert_eq!(unfinished(pair.registry.path()), [""; 0]);
}

/// Two processes publish no version twice.
#[tokio::test]
async fn two_processes_publish_one_version_once() {
    let pair = pair().await;
    for name in ["x", "y", "z"] {
        let all = same(name, "1.0.0");
        let answers = at_once(&pair.addresses, &all).await;
        check_one(&pair.addresses, name, &all, &answers).await;
    }
    drop(pair);
}

/// What one process has changed, once or often, the next answer of the other shows.
#[tokio::test]
async fn a_change_is_seen_by_the_other_process() {
    let pair = pair().await;
    let [here, there] = pair.addresses;
    for version in ["1.0.0", "1.1.0"] {
        Publish::of("x", version).succeed(here).await;
        // Held in memory there from now on.
        let seen = get(there, "/x").await.expect(200).json();
        assert_eq!(seen["dist-tags"]["latest"], version);
    }
    for round in 0..50 {
        let tags = ["1.0.0", "1.1.0", "1.0.0", "1.1.0", "1.0.0"];
        let changes = &tags[..1 + round % tags.len()];
        for version in changes {
            let path = "/-/package/x/dist-tags/beta";
            send(here, "PUT", path, &json!(version)).send().await.expect(201);
        }
        let seen = get(there, "/x").await.expect(200).json();
        assert_eq!(Some(&json!(changes.last())), seen["dist-tags"].get("beta"), "round {round}");
    }
    let gone = Request::new(here, "DELETE", "/x/-rev/undefined").send().await;
    assert!(matches!(gone.status, 200 | 201), "{}", gone.status);
    for path in ["/x", "/x/1.0.0", "/x/-/x-1.0.0.tgz"] {
        get(there, path).await.expect(404);
    }
}

/// A name published through one process is NOPAR's own for the other, also if it was asked for before.
#[tokio::test]
async fn a_name_is_taken_for_both_processes() {
    let pair = pair().await;
    let [here, there] = pair.addresses;
    get(there, "/x").await.expect(404);
    Publish::of("x", "1.0.0").succeed(here).await;
    let seen = get(there, "/x").await.expect(200).json();
    assert_eq!(versions(&seen), ["1.0.0"]);
    get(there, "/x/-/x-1.0.0.tgz").await.expect(200);
}

/// A name that one process holds in its cache, published through the other when the upstream has given it up:
/// the cached copy is not the answer any more, within about a second.
#[tokio::test]
async fn a_cached_name_is_taken_over_for_both_processes() {
    let pair = pair().await;
    let [here, there] = pair.addresses;
    pair.upstream.package("x").version("1.0.0", |v| v).version("1.1.0", |v| v);
    for path in ["/x", "/x", "/x/-/x-1.0.0.tgz", "/x/-/x-1.0.0.tgz"] {
        get(there, path).await.expect(200);
    }
    pair.upstream.remove("x");
    Publish::of("x", "1.0.0").succeed(here).await;
    assert_eq!(versions(&get(here, "/x").await.expect(200).json()), ["1.0.0"]);
    let seen = async {
        while versions(&get(there, "/x").await.expect(200).json()) != ["1.0.0"] {
            tokio::task::yield_now().await;
        }
    };
    within("the publish of the other process".to_owned(), seen).await;
    let bytes = Publish::of("x", "1.0.0").bytes();
    check_tarball(here, "x", "1.0.0", &bytes).await;
    check_tarball(there, "x", "1.0.0", &bytes).await;
}

/// Changes of different kinds at once: each is made.
#[tokio::test]
async fn changes_of_all_kinds_are_all_made() {
    let (_upstream, nopar) = alone().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    let tag = |number: usize| {
        let path = format!("/-/package/x/dist-tags/t{number}");
        send(nopar.addr(), "PUT", &path, &json!("1.0.0"))
    };
    let publish = |number: usize| {
        let publish = Publish::of("x", &format!("2.0.{number}")).tag("next");
        publish.to(nopar.addr())
    };
    let requests = (0..PUBLISHERS).flat_map(|number| [tag(number), publish(number)]);
    for answer in send_all(requests).await {
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
    }
    let document = packument(nopar.addr(), "x").await;
    for number in 0..PUBLISHERS {
        assert_eq!(document["dist-tags"][format!("t{number}")], "1.0.0", "{document}");
    }
    assert_eq!(versions(&document).len(), 1 + PUBLISHERS);
    assert_eq!(document["dist-tags"]["latest"], "1.0.0");
}

/// Whoever reads while others publish sees whole documents, whose tarballs are there.
#[tokio::test]
async fn readers_see_whole_documents() {
    let (_upstream, nopar) = alone().await;
    let (addr, done) = (nopar.addr(), Arc::new(AtomicBool::new(false)));
    Publish::of("x", "0.1.0").succeed(addr).await;
    let reader = |done: Arc<AtomicBool>| async move {
        let mut seen = 0;
        while !done.load(Ordering::SeqCst) {
            let document = get(addr, &path_of("x")).await.expect(200).json();
            let found = versions(&document);
            assert!(found.len() >= seen, "{} versions after {seen}", found.len());
            seen = found.len();
            let last = found.last().expect("a version");
            let tarball = get(addr, &format!("/x/-/x-{last}.tgz")).await.expect(200);
            let stated = &document["versions"][last]["dist"]["integrity"];
            assert_eq!(*stated, integrity(&tarball.body), "{last}");
        }
    };
    let readers: Vec<_> = (0..4).map(|_| tokio::spawn(reader(Arc::clone(&done)))).collect();
    let all = different("x");
    let answers = at_once(&[addr], &all).await;
    done.store(true, Ordering::SeqCst);
    for reader in readers {
        reader.await.expect("a reader that saw nothing wrong");
    }
    assert!(answers.iter().all(|answer| answer.status == 201));
}

/// Whoever lists packages finds what was published before, however many publish and list at once.
#[tokio::test]
async fn lists_hold_what_was_published_before() {
    let (_upstream, nopar) = alone().await;
    let addr = nopar.addr();
    let publisher = |number: usize| async move {
        let name = format!("x{number}");
        Publish::of(&name, "1.0.0").succeed(addr).await;
        for _ in 0..3 {
            let listed = get(addr, "/-/user/anonymous/package").await.expect(200).json();
            assert_eq!(listed[&name], "write", "{listed}");
        }
    };
    let publishers: Vec<_> = (0..PUBLISHERS).map(|n| tokio::spawn(publisher(n))).collect();
    for publisher in publishers {
        publisher.await.expect("one that found its package");
    }
    let listed = get(addr, "/-/user/anonymous/package").await.expect(200).json();
    assert_eq!(listed.as_object().map(serde_json::Map::len), Some(PUBLISHERS), "{listed}");
}
