//! Audits: which packages are vulnerable is asked of upstreams, of their own packages only.
//! Knows nothing of what makes a package so.

mod bodies;
mod failing;
mod hiding;
mod sharing;

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::support::client::{Request, Response};
use crate::support::nopar::{TestNopar, TestNoparBuilder};
use crate::support::publish::{Publish, send};
use crate::support::upstream::{Answer, FakeUpstream};

const BULK: &str = "/-/npm/v1/security/advisories/bulk";
const QUICK: &str = "/-/npm/v1/security/audits/quick";
const FULL: &str = "/-/npm/v1/security/audits";

/// What is known of lodash.
fn advisory() -> Value {
    json!({
        "id": 1106913, "url": "https://advisories.example/GHSA-1", "title": "Injection",
        "severity": "high", "vulnerable_versions": "<4.17.21", "cwe": ["CWE-94"],
        "cvss": {"score": 7.2},
    })
}

/// A report that finds lodash at these paths.
fn report(paths: &Value) -> Value {
    json!({
        "actions": [{"action": "review", "module": "lodash", "resolves": [
            {"id": 1106913, "path": paths[0], "dev": false},
        ]}],
        "advisories": {"1106913": {
            "module_name": "lodash", "findings": [{"version": "4.17.20", "paths": paths}],
        }},
        "muted": [],
        "metadata": {"vulnerabilities": {"high": 1}, "dependencies": 2, "totalDependencies": 2},
    })
}

/// An upstream that says this to each question of a kind.
fn says(upstream: &FakeUpstream, path: &str, answer: &Value) {
    upstream.file(path, answer.to_string());
}

/// An upstream that knows of one advisory, and a NOPAR in front of it that hosts `mine` and claims `@acme/*`.
async fn hosting(
    change: impl FnOnce(TestNoparBuilder) -> TestNoparBuilder,
) -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    says(&upstream, BULK, &json!({"lodash": [advisory()]}));
    let nopar = TestNopar::with(&upstream).env("NOPAR_LOCAL_PACKAGES", "@acme/*");
    let nopar = change(nopar).start().await;
    for name in ["mine", "@acme/ui"] {
        Publish::of(name, "1.0.0").succeed(nopar.addr()).await;
    }
    upstream.clear();
    (upstream, nopar)
}

async fn usual() -> (FakeUpstream, TestNopar) {
    hosting(|nopar| nopar).await
}

/// A question as pnpm, yarn and deno send it.
fn ask(nopar: &TestNopar, path: &str, question: &Value) -> Request {
    send(nopar.addr(), "POST", path, question)
}

async fn answer(nopar: &TestNopar, path: &str, question: &Value) -> Response {
    ask(nopar, path, question).send().await
}

/// A body as npm and bun send it.
fn gzip(text: &str) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(text.as_bytes()).expect("packing in memory");
    packer.finish().expect("packing in memory")
}

/// What an upstream was asked, as JSON, in order. All of it was asked as a question should be.
#[track_caller]
fn asked(upstream: &FakeUpstream) -> Vec<Value> {
    let read = |seen: &crate::support::upstream::Seen| {
        assert_eq!(seen.method, "POST", "{}", seen.path);
        assert_eq!(seen.header("content-type"), Some("application/json"));
        assert_eq!(seen.header("content-length"), Some(seen.body.len().to_string().as_str()));
        assert_eq!(seen.header("content-encoding"), None);
        serde_json::from_slice(&seen.body).expect("a question in JSON")
    };
    upstream.requests().iter().map(read).collect()
}

/// npm packs its question, pnpm does not: both learn of the advisory.
#[tokio::test]
async fn an_advisory_is_told() {
    let (upstream, nopar) = usual().await;
    let question = json!({"lodash": ["4.17.20"], "left-pad": ["1.3.0"]});
    let packed = Request::new(nopar.addr(), "POST", BULK).header("Content-Encoding", "gzip");
    let packed =
        packed.header("Content-Type", "application/json").body(gzip(&question.to_string()));
    for request in [packed, ask(&nopar, BULK, &question)] {
        let told = request.send().await.expect(200);
        assert_eq!(told.json(), json!({"lodash": [advisory()]}));
        assert_eq!(told.header("content-type"), Some("application/json"));
        assert_eq!(told.header("cache-control"), Some("no-store"));
        assert_eq!(told.header("content-encoding"), None);
    }
    assert_eq!(asked(&upstream)[0], json!({"left-pad": ["1.3.0"], "lodash": ["4.17.20"]}));
}

/// An answer of the upstream that is packed comes unpacked.
#[tokio::test]
async fn a_packed_answer_is_unpacked() {
    let (upstream, nopar) = usual().await;
    let packed = gzip(&json!({"lodash": [advisory()]}).to_string());
    let packed = Answer::new(200).header("Content-Encoding", "gzip").body(packed);
    upstream.always(&format!("POST {BULK}"), packed);
    let told = answer(&nopar, BULK, &json!({"lodash": ["4.17.20"]})).await.expect(200);
    assert_eq!(told.json(), json!({"lodash": [advisory()]}));
}

/// Of NOPAR's own packages nothing is known, and no upstream is asked.
#[tokio::test]
async fn of_own_packages_nothing_is_asked() {
    let (upstream, nopar) = usual().await;
    let question =
        json!({"mine": ["1.0.0"], "@acme/ui": ["1.0.0"], "@acme/unpublished": ["2.0.0"]});
    for question in [question, json!({}), json!({"lodash": []}), json!({"../x": ["1.0.0"]})] {
        assert_eq!(answer(&nopar, BULK, &question).await.expect(200).json(), json!({}));
    }
    let tree = json!({"name": "app", "dependencies": {"mine": {"version": "1.0.0"}}});
    for path in [QUICK, FULL] {
        let told = answer(&nopar, path, &tree).await.expect(200).json();
        assert_eq!(told["advisories"], json!({}));
        assert_eq!(told["actions"], json!([]));
        assert_eq!(told["metadata"]["dependencies"], 1);
    }
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
}

/// Each kind of question goes to the path of its own, and is answered in its own form.
#[tokio::test]
async fn each_kind_is_asked_for_by_its_own_path() {
    let (upstream, nopar) = usual().await;
    let tree = json!({"name": "app", "dependencies": {"lodash": {"version": "4.17.20"}}});
    for path in [QUICK, FULL] {
        let expected = report(&json!(["lodash"]));
        says(&upstream, path, &expected);
        assert_eq!(answer(&nopar, path, &tree).await.expect(200).json(), expected);
        assert_eq!(upstream.count(&format!("POST {path}")), 1);
    }
    assert_eq!(upstream.count_all(), 2);
}

/// A token that has ended is no obstacle to a question that anybody may ask.
#[tokio::test]
async fn bad_credentials_are_none() {
    let (upstream, nopar) = usual().await;
    let request = ask(&nopar, BULK, &json!({"lodash": ["4.17.20"]}));
    request.header("Authorization", "Bearer npm_ended").send().await.expect(200);
    assert_eq!(upstream.requests()[0].header("authorization"), None);
}

/// A page of another site has a browser ask: it gets what any of its requests gets.
#[tokio::test]
async fn a_page_of_another_site_asks_nothing() {
    let (upstream, nopar) = usual().await;
    let request = ask(&nopar, BULK, &json!({"lodash": ["4.17.20"]}));
    let refused = request.header("Origin", "http://other.test").send().await.expect(403);
    assert_eq!(refused.json()["reason"], "cross_site");
    assert_eq!(upstream.count_all(), 0);
}
