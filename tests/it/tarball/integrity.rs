//! Bytes that are not what `dist` says: never a whole body, never kept.
//! Knows nothing of upstreams that send less than they should.

mod always;
mod later;
mod unsaid;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::json;
use sha2::{Digest, Sha256, Sha384};

use super::path;
use crate::asking::{afresh, settled};
use crate::packument::entries;
use crate::support::client::Response;
use crate::support::nopar::TestNopar;
use crate::support::upstream::{
    Answer, BodyForm, FakeUpstream, Fault, VersionBuilder, integrity, made_up, shasum,
};

/// What waits for the judgement on the whole, in bytes.
const HELD_BACK: usize = 64 * 1024;
/// A tarball of which nothing is sent before it, and one of which much is.
const SIZES: [usize; 2] = [10_000, 400_000];
const FORMS: [BodyForm; 3] = [BodyForm::Length, BodyForm::Chunked, BodyForm::UntilClose];

fn right(size: usize) -> Bytes {
    made_up(1, size)
}

/// As long, and different in its last byte only.
fn wrong(size: usize) -> Bytes {
    let mut bytes = right(size).to_vec();
    bytes[size - 1] ^= 1;
    bytes.into()
}

fn sends(bytes: Bytes) -> Fault {
    Answer::new(200).header("Content-Type", "application/octet-stream").body(bytes).into()
}

/// Describes a version whose `dist` names the digests of these bytes in one way.
type Said = fn(VersionBuilder, &[u8]) -> VersionBuilder;

fn sri(version: VersionBuilder, text: &str) -> VersionBuilder {
    version.without_shasum().dist_field("integrity", json!(text))
}

fn sha256(bytes: &[u8]) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(bytes)))
}

fn sha1(bytes: &[u8]) -> String {
    let hex = shasum(bytes);
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
    format!("sha1-{}", STANDARD.encode((0..hex.len()).step_by(2).map(byte).collect::<Vec<_>>()))
}

/// Every way in which a `dist` says what its tarball is.
const SAID: [(&str, Said); 7] = [
    ("sha512", |v, bytes| sri(v, &integrity(bytes))),
    ("shasum alone", |v, _| v.without_integrity()),
    ("sha1", |v, bytes| sri(v, &sha1(bytes))),
    ("sha256", |v, bytes| sri(v, &sha256(bytes))),
    ("sha384", |v, bytes| sri(v, &format!("sha384-{}", STANDARD.encode(Sha384::digest(bytes))))),
    ("several of all strengths", |v, bytes| {
        sri(v, &format!("md5-1B2M2Y8AsgTpgAmY7PhCfg== {} {}", sha1(bytes), integrity(bytes)))
    }),
    ("two of one strength, one of them right", |v, bytes| {
        sri(v, &format!("{} {}", sha256(b"another build"), sha256(bytes)))
    }),
];

fn publish(upstream: &FakeUpstream, size: usize, said: Said) {
    let bytes = right(size);
    upstream.package("a").version("1.0.0", |v| said(v.tarball(bytes.clone()), &bytes));
}

/// Wrong bytes of a length that was held back whole are a 502 that says so; of a longer tarball
/// nothing of the last 64 KB is sent, and the body does not come to an end.
#[track_caller]
fn check_refused(answer: &Response, size: usize, what: &str) {
    if size <= HELD_BACK {
        assert_eq!(answer.status, 502, "{what}");
        let error = answer.json();
        assert_eq!(error["reason"], "upstream_integrity", "{what}: {error}");
        return;
    }
    assert_eq!(answer.status, 200, "{what}");
    assert!(!answer.complete, "{what}: a whole body");
    assert!(answer.raw_len <= size - HELD_BACK, "{what}: {} bytes", answer.raw_len);
    assert_eq!(answer.body, right(size)[..answer.raw_len], "{what}");
}

/// Wrong bytes are refused by whatever digest there is, in whatever way they come; the next try gets
/// the right ones, and keeps them.
#[tokio::test]
async fn wrong_bytes_are_refused_by_every_kind_of_digest() {
    for (kind, said) in SAID {
        for size in SIZES {
            let what = format!("{kind}, {size} bytes");
            let upstream = FakeUpstream::start().await;
            publish(&upstream, size, said);
            let nopar = TestNopar::with(&upstream).start().await;
            nopar.get("/a").await.expect(200);
            let before = entries(&nopar);
            upstream.next(&path("a"), sends(wrong(size)));
            check_refused(&nopar.get(&path("a")).await, size, &what);
            assert_eq!(entries(&nopar), before, "{what}");
            upstream.clear();
            let good = afresh(&nopar, &path("a")).await.expect(200);
            assert!(good.body == right(size), "{what}");
            let held = nopar.get(&path("a")).await.expect(200);
            assert!(held.body == good.body, "{what}");
            assert_eq!(held.header("x-cache"), Some("hit"), "{what}");
            assert_eq!(upstream.count(&path("a")), 1, "{what}");
            assert_eq!(entries(&nopar).len(), before.len() + 1, "{what}");
        }
    }
}

/// The same whatever way the length is stated, for one client and for many.
#[tokio::test]
async fn wrong_bytes_are_refused_whatever_way_their_length_is_stated() {
    for form in FORMS {
        for size in SIZES {
            let what = format!("{form:?}, {size} bytes");
            let upstream = FakeUpstream::start().await;
            publish(&upstream, size, SAID[0].1);
            let nopar = TestNopar::with(&upstream).start().await;
            nopar.get("/a").await.expect(200);
            let before = entries(&nopar);
            upstream.manners(|m| m.body_form = form);
            upstream.always(&path("a"), sends(wrong(size)));
            check_refused(&nopar.get(&path("a")).await, size, &what);
            check_refused(&afresh(&nopar, &path("a")).await, size, &what);
            assert!(settled(&nopar, &path("a")).await.is_none(), "{what}");
            nopar.forget_failures();
            let hold = upstream.hold_body(&path("a"), size / 2);
            let requests: Vec<_> = (0..20).map(|_| nopar.request(&path("a"))).collect();
            let answers = tokio::spawn(crate::support::client::send_all(requests));
            hold.arrived(1).await;
            hold.release();
            for answer in answers.await.expect("answers") {
                let told = answer.status == 502;
                if told && size > HELD_BACK {
                    // It came after the end, and was told what became of it.
                    continue;
                }
                check_refused(&answer, size, &what);
            }
            assert_eq!(entries(&nopar), before, "{what}");
            upstream.behave("*");
            assert!(afresh(&nopar, &path("a")).await.expect(200).body == right(size), "{what}");
        }
    }
}

/// A client of HTTP/1.0 takes a closed connection for the end of a body without a length: it gets
/// none that could yet turn out to be wrong.
#[tokio::test]
async fn a_client_of_http_1_0_never_takes_a_broken_body_for_a_whole_one() {
    for form in FORMS {
        for size in SIZES {
            let what = format!("{form:?}, {size} bytes");
            let upstream = FakeUpstream::start().await;
            publish(&upstream, size, SAID[0].1);
            let nopar = TestNopar::with(&upstream).start().await;
            nopar.get("/a").await.expect(200);
            upstream.manners(|m| m.body_form = form);
            upstream.next(&path("a"), sends(wrong(size)));
            let old = || nopar.request(&path("a")).http10();
            // No head at all is no body either.
            if let Ok(answer) = old().try_send().await {
                let visible = answer.status == 502 || !answer.complete;
                let (status, came) = (answer.status, answer.raw_len);
                assert!(visible, "{what}: a {status} of {came} bytes that looks whole");
            }
            afresh(&nopar, &path("a")).await.expect(200);
            let good = old().send().await.expect(200);
            assert!(good.body == right(size), "{what}: {} bytes", good.raw_len);
        }
    }
}

/// Packages of the years before 2017 name a shasum alone, or nothing: they are served and kept.
#[tokio::test]
async fn tarballs_with_little_or_no_digest_are_served() {
    let none: Said = |v, _| v.without_integrity().without_shasum();
    let unknown: Said = |v, _| sri(v, "md5-1B2M2Y8AsgTpgAmY7PhCfg==");
    let junk: Said = |v, _| v.dist_field("integrity", json!(7)).dist_field("shasum", json!({}));
    for (kind, said) in SAID.into_iter().chain([("none", none), ("md5", unknown), ("junk", junk)]) {
        for size in SIZES {
            for cold in [false, true] {
                let upstream = FakeUpstream::start().await;
                publish(&upstream, size, said);
                let nopar = TestNopar::with(&upstream).start().await;
                if !cold {
                    nopar.get("/a").await.expect(200);
                }
                for _ in 0..2 {
                    let answer = nopar.get(&path("a")).await.expect(200);
                    assert!(answer.body == right(size), "{kind}, {size} bytes, cold: {cold}");
                    nopar.get("/a").await.expect(200);
                }
                assert_eq!(upstream.count(&path("a")), 1, "{kind}, {size} bytes, cold: {cold}");
            }
        }
    }
}
