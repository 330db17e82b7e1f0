//! Attestations of the upstream's packages: found by the address in the packument, kept, and asked for again in time.
//! Knows nothing of whether what is in them is true; clients verify that.

mod failing;

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::asking::{INSTALL, eventually};
use crate::packument::entries;
use crate::support::client::{Response, send_all};
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, path_of, refusal};
use crate::support::upstream::{Etag, FakeUpstream};

const NAMES: [&str; 2] = ["a", "@s/n"];
const PREDICATE: &str = "https://slsa.dev/provenance/v1";
/// What is told where there are none, whosever the name is.
const NONE: &str = "no attestations of this version are known here";
/// For so long they are served without asking.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Where attestations of version 1.0.0 are.
fn path(name: &str) -> String {
    format!("/-/npm/v1/attestations/{name}@1.0.0")
}

/// What the upstream says of a version, spelled as no JSON writer would.
fn said(name: &str) -> Bytes {
    let bundle = r#"{ "mediaType":"x", "n":1.50e1 }"#;
    Bytes::from(format!(
        "{{\"attestations\": [{{\"predicateType\":\"{PREDICATE}\",\"bundle\":{bundle}}}], \"of\":\"{name}\"}}\n"
    ))
}

/// An upstream whose packages say where their attestations are, as npm's registry does.
async fn upstream() -> FakeUpstream {
    upstream_under("").await
}

async fn upstream_under(mount: &str) -> FakeUpstream {
    let upstream = FakeUpstream::start_under(mount).await;
    for name in NAMES {
        let url = format!("{}/-/npm/v1/attestations/{}@1.0.0", upstream.url(), &path_of(name)[1..]);
        let stated = json!({"url": url, "provenance": {"predicateType": PREDICATE}});
        let package = upstream.package(name);
        package.version("1.0.0", |v| v.dist_field("attestations", stated));
        upstream.file(&path(name), said(name));
    }
    upstream
}

/// Fails the test unless this is what the upstream says of `name`.
#[track_caller]
fn told(answer: Response, name: &str, cache: &str) -> Response {
    let answer = answer.expect(200);
    assert_eq!(answer.header("x-cache"), Some(cache), "{name}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("public, no-cache"));
    assert!(answer.header("age").is_some() && answer.header("etag").is_some());
    assert_eq!(answer.body, said(name));
    answer
}

/// Waits until so many entries are held: what was replaced or discarded goes a moment later.
async fn held(nopar: &TestNopar, count: usize) {
    eventually(nopar, &format!("{count} entries"), || entries(nopar).len() == count).await;
}

/// The URL that a packument states, in the form that is asked for.
async fn stated(nopar: &TestNopar, path: &str, accept: &str) -> Value {
    let document = nopar.request(path).header("Accept", accept).send().await.expect(200).json();
    let manifest =
        if path.ends_with("/1.0.0") { &document } else { &document["versions"]["1.0.0"] };
    manifest["dist"]["attestations"].clone()
}

/// In all forms the address is NOPAR's own, with its prefix; and it leads to the upstream's bytes.
#[tokio::test]
async fn a_packument_leads_to_its_attestations() {
    let upstream = upstream().await;
    for prefix in ["", "/npm"] {
        let base = format!("http://npm.test{prefix}");
        let nopar = TestNopar::with(&upstream).env("NOPAR_BASE_URL", &base).start().await;
        for name in NAMES {
            for (path, accept) in [
                (path_of(name), "application/json"),
                (path_of(name), INSTALL),
                (format!("{}/1.0.0", path_of(name)), "*/*"),
            ] {
                let stated = stated(&nopar, &path, accept).await;
                let url = format!("{base}/-/npm/v1/attestations/{name}@1.0.0");
                let provenance = json!({"predicateType": PREDICATE});
                assert_eq!(stated, json!({"url": url, "provenance": provenance}), "{path}");
            }
            let mut cache = "miss";
            // As it is stated, at the root of the host, and as pacote asks: by the path, behind the registry's own.
            for before in [prefix.to_owned(), String::new(), format!("{prefix}{prefix}")] {
                told(nopar.get(&format!("{before}{}", path(name))).await, name, cache);
                cache = "hit";
            }
        }
    }
}

/// Of a package that is published here as well: the address has the prefix, and is found in all these ways.
#[tokio::test]
async fn hosted_attestations_are_found_below_a_prefix_too() {
    let upstream = upstream().await;
    let base = "http://npm.test/npm";
    let nopar = TestNopar::with(&upstream).env("NOPAR_BASE_URL", base).start().await;
    let statement = json!({"_type": "https://in-toto.io/Statement/v1", "predicateType": PREDICATE});
    let payload = {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(statement.to_string())
    };
    let bundle = json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "dsseEnvelope": {"payload": payload, "payloadType": "x", "signatures": [{"sig": "MEUC"}]},
    });
    let publish = Publish::of("@own/x", "1.0.0").bundle(&bundle.to_string());
    publish.succeed(nopar.addr()).await;
    upstream.clear();
    let stated = stated(&nopar, "/npm/@own%2fx", INSTALL).await;
    assert_eq!(stated["url"], format!("{base}{}", path("@own/x")));
    for before in ["/npm", "", "/npm/npm"] {
        let answer = nopar.get(&format!("{before}{}", path("@own%2fx"))).await.expect(200);
        assert_eq!(answer.json()["attestations"][0]["bundle"], bundle, "{before}");
    }
    assert_eq!(upstream.count_all(), 0);
}

/// The upstream is asked as it spells its own addresses, below its own path, and once for all spellings; also
/// after a restart.
#[tokio::test]
async fn the_upstream_is_asked_once_in_its_own_spelling() {
    let upstream = upstream_under("/up").await;
    let mut nopar = TestNopar::with(&upstream).start().await;
    for _ in ["before", "after the restart"] {
        for spelling in ["@s/n", "@s%2fn", "@s%2Fn", "%40s%2fn"] {
            nopar.get(&path(spelling)).await.expect(200);
        }
        nopar.restart().await;
    }
    told(nopar.get(&path("@s/n")).await, "@s/n", "hit");
    let seen: Vec<_> = upstream.requests().into_iter().map(|seen| seen.path).collect();
    assert_eq!(seen, ["/up/-/npm/v1/attestations/@s%2fn@1.0.0"]);
}

/// Who has them already is told so; HEAD says what GET says.
#[tokio::test]
async fn who_has_them_is_told_so() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let first = told(nopar.get(&path("a")).await, "a", "miss");
    let etag = first.header("etag").expect("an ETag").to_owned();
    let again = nopar.request(&path("a")).header("If-None-Match", &etag).send().await.expect(304);
    assert_eq!((again.header("etag"), again.raw_len), (Some(etag.as_str()), 0));
    let head = nopar.request(&path("a")).method("HEAD").send().await.expect(200);
    assert_eq!(head.header("content-length"), first.header("content-length"));
    assert_eq!((head.header("etag"), head.raw_len), (Some(etag.as_str()), 0));
    upstream.file(&path("a"), said("b"));
    nopar.advance(DAY + Duration::from_secs(1));
    let changed = nopar.request(&path("a")).header("If-None-Match", &etag).send().await.expect(200);
    assert_eq!(changed.body, said("b"));
}

/// After a day, or when somebody wants no copy, the upstream confirms them by its own ETag, or sends them again.
#[tokio::test]
async fn after_a_day_the_upstream_confirms_them() {
    for (etag, state, conditional) in
        [(Etag::Strong, "revalidated", true), (Etag::Absent, "miss", false)]
    {
        let upstream = upstream().await;
        upstream.manners(|m| m.etag = etag);
        let nopar = TestNopar::with(&upstream).start().await;
        told(nopar.get(&path("a")).await, "a", "miss");
        nopar.advance(DAY - Duration::from_secs(60));
        told(nopar.get(&path("a")).await, "a", "hit");
        assert_eq!(upstream.count_all(), 1);
        nopar.advance(Duration::from_secs(61));
        told(nopar.get(&path("a")).await, "a", state);
        told(nopar.get(&path("a")).await, "a", "hit");
        let anew = nopar.request(&path("a")).header("Cache-Control", "no-cache");
        told(anew.send().await, "a", state);
        let seen = upstream.requests();
        let asked: Vec<_> =
            seen.iter().map(|seen| seen.header("if-none-match").is_some()).collect();
        assert_eq!(asked, [false, conditional, conditional]);
        held(&nopar, 1).await;
    }
}

/// A version may get some later: that there are none is remembered for a minute, whoever asks.
#[tokio::test]
async fn a_version_without_any_is_remembered_for_a_minute() {
    let upstream = upstream().await;
    upstream.remove(&path("a"));
    let nopar = TestNopar::with(&upstream).start().await;
    for cache in ["miss", "negative", "negative"] {
        let answer = nopar.get(&path("a")).await;
        assert_eq!(refusal(&answer, &[404], "none"), NONE);
        assert_eq!(answer.header("x-cache"), Some(cache));
    }
    assert_eq!((upstream.count_all(), entries(&nopar).len()), (1, 0));
    upstream.file(&path("a"), said("a"));
    let anew = nopar.request(&path("a")).header("Cache-Control", "no-cache");
    told(anew.send().await, "a", "miss");
    upstream.remove(&path("a"));
    nopar.advance(DAY + Duration::from_secs(1));
    refusal(&nopar.get(&path("a")).await, &[404], "gone");
    held(&nopar, 0).await;
    upstream.file(&path("a"), said("a"));
    nopar.advance(Duration::from_secs(61));
    told(nopar.get(&path("a")).await, "a", "miss");
}

/// Many who ask at once cost one request, for what is there and for what is not.
#[tokio::test]
async fn a_crowd_costs_one_request() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    for (name, status) in [("a", 200), ("nothing", 404)] {
        upstream.clear();
        let hold = upstream.hold(&path(name));
        let requests: Vec<_> = (0..50).map(|_| nopar.request(&path(name))).collect();
        let answers = tokio::spawn(send_all(requests));
        hold.arrived(1).await;
        hold.release();
        for answer in answers.await.expect("answers") {
            let answer = answer.expect(status);
            assert!(status != 200 || answer.body == said(name), "{name}");
        }
        assert_eq!(upstream.count_all(), 1, "{name}");
    }
}

/// Names that are NOPAR's own, claimed or published, are not told to the upstream.
#[tokio::test]
async fn nopars_own_names_stay_here() {
    let upstream = upstream().await;
    let claims = "@acme/*";
    let nopar = TestNopar::with(&upstream).env("NOPAR_LOCAL_PACKAGES", claims).start().await;
    Publish::of("own", "1.0.0").succeed(nopar.addr()).await;
    upstream.clear();
    for name in ["@acme/ui", "@acme%2fui", "own"] {
        assert_eq!(refusal(&nopar.get(&path(name)).await, &[404], name), NONE);
    }
    assert_eq!(upstream.count_all(), 0);
}

/// A NOPAR that asks nobody has those that it holds, of any age.
#[tokio::test]
async fn without_asking_there_is_what_is_held() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    nopar.get(&path("a")).await.expect(200);
    let quiet = TestNopar::with(&upstream).env("NOPAR_AUTO_FORWARD", "no");
    let cache = nopar.cache_path().to_str().expect("a path in UTF-8").to_owned();
    let quiet = quiet.env("NOPAR_CACHE_PATH", &cache).start().await;
    upstream.clear();
    quiet.advance(DAY * 300);
    told(quiet.get(&path("a")).await, "a", "hit");
    refusal(&quiet.get(&path("@s/n")).await, &[404], "not held");
    assert_eq!(upstream.count_all(), 0);
}

/// Who discards a package's copy discards its attestations, too.
#[tokio::test]
async fn a_copy_is_discarded_with_its_attestations() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    for name in NAMES {
        nopar.get(&path_of(name)).await.expect(200);
        nopar.get(&path(name)).await.expect(200);
        let delete = format!("/-/package{}/delete", path_of(name));
        nopar.request(&delete).method("POST").send().await.expect(200);
        held(&nopar, 0).await;
        told(nopar.get(&path(name)).await, name, "miss");
        nopar.request(&delete).method("POST").send().await.expect(404);
        std::fs::remove_dir_all(nopar.cache_path()).expect("an empty cache");
    }
}
