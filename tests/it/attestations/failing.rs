//! Attestations while the upstream fails, or sends something else; and while the disk does.
//! Knows nothing of how they are found.

use std::fs;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

use super::{DAY, held, path, said, told, upstream};
use crate::asking::eventually;
use crate::packument::entries;
use crate::support::nopar::TestNopar;
use crate::support::publish::refusal;
use crate::support::upstream::{Answer, Fault};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("writing to memory");
    encoder.finish().expect("writing to memory")
}

fn packed(bytes: &[u8]) -> Fault {
    Answer::new(200).header("Content-Encoding", "gzip").body(gzip(bytes)).into()
}

fn plain(text: impl Into<bytes::Bytes>) -> Fault {
    Answer::new(200).body(text).into()
}

/// Attestations of more than four megabytes.
fn long() -> String {
    format!("{{\"attestations\":[\"{}\"]}}", "x".repeat(4 << 20))
}

/// What goes wrong, and what is told of it where nothing is held.
fn failures() -> Vec<(&'static str, Fault, u16, &'static str)> {
    let status = |status: u16| Fault::from(status);
    vec![
        ("500", status(500), 502, "upstream_status_500"),
        ("503", status(503), 503, "upstream_status_503"),
        ("504", status(504), 504, "upstream_status_504"),
        ("429", Fault::too_many(7), 503, "upstream_status_429"),
        ("401", status(401), 502, "upstream_status_401"),
        ("403", status(403), 502, "upstream_status_403"),
        ("204", status(204), 502, "upstream_status_204"),
        ("reset", Fault::Reset, 502, "upstream_unreachable"),
        ("cut", Fault::CutBody(10), 502, "upstream_unreachable"),
        ("a lie", Fault::LengthTooLong(5), 502, "upstream_unreachable"),
        ("a page", Fault::garbage(), 502, "upstream_invalid"),
        ("a list", plain("[[]]"), 502, "upstream_invalid"),
        ("an error", plain(r#"{"error":"x"}"#), 502, "upstream_invalid"),
        ("no list", plain(r#"{"attestations":{}}"#), 502, "upstream_invalid"),
        ("half", plain(r#"{"attestations":["#), 502, "upstream_invalid"),
        (
            "no gzip",
            Answer::new(200).header("Content-Encoding", "gzip").body("x").into(),
            502,
            "upstream_invalid",
        ),
        ("long", plain(long()), 502, "upstream_too_large"),
        ("a bomb", packed(long().as_bytes()), 502, "upstream_too_large"),
        ("endless", Fault::Endless("application/json"), 502, "upstream_too_large"),
        ("a loop", Fault::redirect(&path("a")), 502, "upstream_redirects"),
    ]
}

/// Where nothing is held, what went wrong is told, shared for a second, and nothing is kept of it.
#[tokio::test]
async fn a_failure_is_told_and_nothing_of_it_kept() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).stopped_clock().start().await;
    for (what, fault, status, reason) in failures() {
        upstream.always(&path("a"), fault);
        let answer = nopar.get(&path("a")).await;
        refusal(&answer, &[status], what);
        assert_eq!(answer.json()["reason"], reason, "{what}");
        assert_eq!(answer.header("x-cache"), Some("miss"), "{what}");
        let asked = upstream.count_all();
        let again = nopar.get(&path("a")).await;
        assert_eq!((again.status, again.header("x-cache")), (status, Some("negative")), "{what}");
        assert_eq!(upstream.count_all(), asked, "{what}");
        assert_eq!(entries(&nopar).len(), 0, "{what}");
        upstream.behave("*");
        nopar.advance(Duration::from_secs(31));
    }
    told(nopar.get(&path("a")).await, "a", "miss");
}

/// Where there is a copy, it is sent, whatever its age; and replaced when the upstream is well again.
#[tokio::test]
async fn a_copy_is_sent_in_place_of_a_failure() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).stopped_clock().start().await;
    told(nopar.get(&path("a")).await, "a", "miss");
    for (what, fault, _, _) in failures() {
        nopar.advance(DAY * 30);
        upstream.always(&path("a"), fault);
        for _ in 0..2 {
            let answer = told(nopar.get(&path("a")).await, "a", "stale");
            let age = answer.header("age").and_then(|age| age.parse().ok());
            assert!(age >= Some(DAY.as_secs() * 30), "{what}: {age:?}");
        }
        upstream.behave("*");
    }
    upstream.stop().await;
    nopar.advance(DAY);
    told(nopar.get(&path("a")).await, "a", "stale");
    upstream.restart().await;
}

/// As long as the operator lets it.
#[tokio::test]
async fn a_copy_that_is_too_old_is_sent_no_more() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_STALE_IF_ERROR", "1h").start().await;
    told(nopar.get(&path("a")).await, "a", "miss");
    upstream.always(&path("a"), 500);
    nopar.advance(DAY + Duration::from_secs(1800));
    told(nopar.get(&path("a")).await, "a", "stale");
    nopar.advance(Duration::from_secs(3600));
    refusal(&nopar.get(&path("a")).await, &[502], "too old");
}

/// That they are gone is believed, and they are gone here, too.
#[tokio::test]
async fn that_they_are_gone_is_believed() {
    for (said, told) in [(404, 404), (410, 404), (451, 451)] {
        let upstream = upstream().await;
        let nopar = TestNopar::with(&upstream).start().await;
        nopar.get(&path("a")).await.expect(200);
        upstream.always(&path("a"), said);
        nopar.advance(DAY + Duration::from_secs(1));
        refusal(&nopar.get(&path("a")).await, &[told], "gone");
        refusal(&nopar.get(&path("a")).await, &[told], "remembered");
        held(&nopar, 0).await;
        assert_eq!(upstream.count_all(), 2, "{said}");
    }
}

/// A slow upstream keeps nobody waiting who has a copy: it is sent after five seconds at the latest.
#[tokio::test]
async fn a_slow_upstream_keeps_nobody_waiting_who_has_a_copy() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    told(nopar.get(&path("a")).await, "a", "miss");
    nopar.advance(DAY * 2);
    upstream.always(&path("a"), Fault::Silence);
    told(nopar.get(&path("a")).await, "a", "stale");
    // It is known to be slow now, and nobody waits at all.
    let since = std::time::Instant::now();
    told(nopar.get(&path("a")).await, "a", "stale");
    assert!(since.elapsed() < Duration::from_secs(4), "{:?}", since.elapsed());
}

/// Attestations that came packed are sent as they were before that, to everybody.
#[tokio::test]
async fn what_comes_packed_is_kept_unpacked() {
    let upstream = upstream().await;
    upstream.always(&path("a"), packed(&said("a")));
    let mut nopar = TestNopar::with(&upstream).start().await;
    told(nopar.get(&path("a")).await, "a", "miss");
    nopar.restart().await;
    let request = nopar.request(&path("a")).header("Accept-Encoding", "gzip");
    told(request.send().await, "a", "hit");
}

/// Damage on disk is noticed, and what it spoils fetched again.
#[tokio::test]
async fn a_damaged_entry_is_fetched_again() {
    let upstream = upstream().await;
    let mut nopar = TestNopar::with(&upstream).start().await;
    told(nopar.get(&path("a")).await, "a", "miss");
    for at in [1, 60, 200] {
        nopar.stop().await;
        let [file] = &entries(&nopar)[..] else { panic!("one entry") };
        let file = nopar.cache_path().join(file);
        let mut bytes = fs::read(&file).expect("the entry");
        let place = bytes.len() - at;
        bytes[place] ^= 1;
        fs::write(&file, bytes).expect("the damage");
        nopar.restart().await;
        told(nopar.get(&path("a")).await, "a", "miss");
        told(nopar.get(&path("a")).await, "a", "hit");
    }
    assert_eq!(upstream.count_all(), 4);
}

/// What is damaged while the upstream would confirm it is fetched whole.
#[tokio::test]
async fn what_was_confirmed_and_is_damaged_is_fetched_whole() {
    let upstream = upstream().await;
    let mut nopar = TestNopar::with(&upstream).start().await;
    told(nopar.get(&path("a")).await, "a", "miss");
    nopar.stop().await;
    let [file] = &entries(&nopar)[..] else { panic!("one entry") };
    let file = nopar.cache_path().join(file);
    let mut bytes = fs::read(&file).expect("the entry");
    *bytes.last_mut().expect("a byte") ^= 1;
    fs::write(&file, bytes).expect("the damage");
    nopar.advance(DAY * 2);
    nopar.restart().await;
    told(nopar.get(&path("a")).await, "a", "miss");
}

/// They count as what the cache holds: of more than it may hold, the least recently used leave.
#[tokio::test]
async fn they_leave_when_the_cache_is_full() {
    let upstream = upstream().await;
    let text = format!("{{\"attestations\":[\"{}\"]}}", "x".repeat(300_000));
    let nopar = TestNopar::with(&upstream).env("NOPAR_CACHE_SIZE", "1MiB").start().await;
    for number in 0..8 {
        let path = path(&format!("p{number}"));
        upstream.file(&path, text.clone());
        assert_eq!(nopar.get(&path).await.expect(200).body, text.as_bytes());
    }
    eventually(&nopar, "three entries", || entries(&nopar).len() <= 3).await;
    assert!(!entries(&nopar).is_empty());
}
