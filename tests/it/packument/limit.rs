//! NOPAR_MAX_PACKUMENT: what is longer, as sent or unpacked, is refused.
//! Knows nothing of tarballs.

use super::entries;
use crate::asking::WAYS;
use crate::support::nopar::TestNopar;
use crate::support::upstream::{BodyForm, FakeUpstream, Fault, made_up};

const LIMIT: usize = 64 << 10;

/// How a document goes over the wire: packed or not, with its length stated or not.
const WIRES: [(bool, BodyForm); 4] = [
    (false, BodyForm::Length),
    (false, BodyForm::Chunked),
    (true, BodyForm::Length),
    (true, BodyForm::Chunked),
];

async fn limited() -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_MAX_PACKUMENT", "64KiB").start().await;
    (upstream, nopar)
}

/// Makes a packument of exactly `size` bytes whose readme is cut from this text.
fn put(upstream: &FakeUpstream, name: &str, size: usize, text: &str) {
    let length = || upstream.packument(name).to_string().len();
    upstream.package(name).version("1.0.0", |v| v).readme("");
    let readme = &text[..size - length()];
    upstream.package(name).readme(readme);
    assert_eq!(length(), size, "the fixture");
}

/// Text that gzip makes much shorter, and text that stays longer than the limit.
fn texts() -> [(&'static str, String); 2] {
    let noise: String = made_up(1, 4 * LIMIT).iter().map(|byte| format!("{byte:02x}")).collect();
    [("plain", "a".repeat(8 * LIMIT)), ("noise", noise)]
}

/// A longer packument, also one that only unpacks to more, is a 502 that says so; nothing is kept.
#[tokio::test]
async fn a_longer_packument_is_a_502_and_not_kept() {
    for (what, text) in texts() {
        for (gzip, form) in WIRES {
            for size in [LIMIT + 1, 4 * LIMIT] {
                let case = format!("{what}, gzip: {gzip}, {form:?}, {size}");
                let (upstream, nopar) = limited().await;
                upstream.manners(|m| (m.gzip, m.body_form) = (gzip, form));
                put(&upstream, "big", size, &text);
                for path in ["/big", "/big/1.0.0", "/-/package/big/dist-tags"] {
                    let answer = nopar.get(path).await;
                    assert_eq!(answer.status, 502, "{case}: {path}");
                    assert_eq!(answer.header("content-type"), Some("application/json"), "{case}");
                    let told = answer.json();
                    assert_eq!(told["reason"], "upstream_too_large", "{case}: {path}: {told}");
                    assert!(told["error"].is_string(), "{case}");
                }
                assert_eq!(entries(&nopar), [""; 0], "{case}");
            }
        }
    }
}

/// One of exactly the limit is served, in every form, and kept.
#[tokio::test]
async fn a_packument_of_exactly_the_limit_is_served() {
    for (what, text) in texts() {
        for (gzip, form) in WIRES {
            let (upstream, nopar) = limited().await;
            upstream.manners(|m| (m.gzip, m.body_form) = (gzip, form));
            put(&upstream, "edge", LIMIT, &text);
            for way in WAYS {
                let answer = way.of(&nopar, "edge").send().await;
                way.check(&answer, &upstream.packument("edge"), &nopar.url());
            }
            assert_eq!(upstream.count_all(), 1, "{what}, gzip: {gzip}, {form:?}");
        }
    }
}

/// One that never ends is ended by the limit.
#[tokio::test]
async fn an_endless_packument_is_a_502() {
    let (upstream, nopar) = limited().await;
    upstream.always("/endless", Fault::Endless("application/json"));
    let answer = nopar.get("/endless").await.expect(502);
    assert_eq!(answer.json()["reason"], "upstream_too_large");
    assert_eq!(entries(&nopar), [""; 0]);
}
