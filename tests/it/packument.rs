//! Packuments: what NOPAR changes in them, and what it leaves alone.
//! Knows nothing of tarballs' bytes.

mod absent;
mod crowd;
mod damage;
mod forms;
mod held;
mod hosts;
mod limit;
mod manners;
mod negotiation;
mod unusable;

use serde_json::{Value, json};

use crate::asking::{INSTALL, WAYS, Want, canonical};
use crate::support::client::Response;
use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

/// What is served of `name` in both forms: full, abbreviated.
async fn both(nopar: &TestNopar, name: &str) -> [Response; 2] {
    let path = format!("/{}", name.replace('/', "%2f"));
    let short = nopar.request(&path).header("Accept", INSTALL);
    [nopar.get(&path).await.expect(200), short.send().await.expect(200)]
}

/// Files of entries in the cache directory; those of the directory itself are not counted.
pub(crate) fn entries(nopar: &TestNopar) -> Vec<String> {
    let mut files = nopar.cache_files();
    files.retain(|file| file.as_bytes().get(2) == Some(&b'/'));
    files
}

/// Whether another generation took the place of what was held.
pub(crate) fn replaced(nopar: &TestNopar, before: &[String]) -> bool {
    let now = entries(nopar);
    now.len() == before.len() && now != before
}

/// The tarball URL in a packument.
fn tarball<'a>(packument: &'a Value, version: &str) -> &'a str {
    let url = &packument["versions"][version]["dist"]["tarball"];
    url.as_str().expect("a tarball URL")
}

/// Every tarball URL, in both forms, lies under the URL the client used, and leads to the bytes.
#[tokio::test]
async fn tarball_urls_lie_under_the_url_the_client_used() {
    let upstream = FakeUpstream::start().await;
    for name in ["plain", "@s/n"] {
        let package = upstream.package(name);
        package
            .version("1.0.0", |v| v)
            .version("2.0.0-rc.1", |v| v.script("install", "x"))
            .version("2.0.0", |v| v.tarball_path(&format!("/files/{name}/2")));
    }
    let nopar = TestNopar::with(&upstream).host("npm.test:8080").start().await;
    for name in ["plain", "@s/n"] {
        for way in WAYS {
            let answer = way.of(&nopar, name).send().await;
            way.check(&answer, &upstream.packument(name), "http://npm.test:8080");
        }
        for document in both(&nopar, name).await.map(|answer| answer.json()) {
            for version in ["1.0.0", "2.0.0-rc.1", "2.0.0"] {
                let url = tarball(&document, version);
                assert_eq!(url, canonical(&nopar.url(), name, version));
                let bytes = match version {
                    "2.0.0" => upstream.file_bytes(&format!("/files/{name}/2")),
                    _ => upstream.tarball(name, version),
                };
                assert_eq!(nopar.get(url).await.expect(200).body, bytes);
            }
        }
        assert_eq!(upstream.count(&format!("/{name}")), 1);
    }
    assert_eq!(upstream.count_all(), 2 + 6);
}

/// Odd basenames, query strings and other hosts upstream: the client sees the canonical URL, in
/// both forms, and the same in a version's own document.
#[tokio::test]
async fn tarball_urls_are_canonical_whatever_the_upstream_calls_them() {
    let upstream = FakeUpstream::start().await;
    upstream
        .package("thirty-two")
        .version("0.0.1", |v| v.tarball_path("/thirty-two/-/thirty-two@0.0.1.tgz"))
        .version("0.0.2", |v| v.tarball_path("/d/0a1b2c?sig=a%2Fb&x=1"))
        .version("0.0.3", |v| v.tarball_url("https://cdn.registry.example/thirty-two.tgz#x"))
        .version("1.0.0-rc.1+build.5", |v| v.tarball_path("/odd.tar.gz"));
    let nopar = TestNopar::with(&upstream).start().await;
    let expected = |version| canonical(&nopar.url(), "thirty-two", version);
    for document in both(&nopar, "thirty-two").await.map(|answer| answer.json()) {
        for version in ["0.0.1", "0.0.2", "0.0.3", "1.0.0-rc.1+build.5"] {
            assert_eq!(tarball(&document, version), expected(version));
        }
    }
    let manifest = nopar.get("/thirty-two/0.0.2").await.expect(200).json();
    assert_eq!(manifest["dist"]["tarball"], expected("0.0.2"));
    assert_eq!(upstream.count_all(), 1);
}

/// Attestations are found by the path of their URL on the registry's host: it lies under the base
/// URL too, and everything beside it is as it was.
#[tokio::test]
async fn attestation_urls_lie_under_the_base_url() {
    let upstream = FakeUpstream::start().await;
    let attestations = json!({
        "url": "https://registry.example/-/npm/v1/attestations/a@1.0.0",
        "provenance": {"predicateType": "https://slsa.example/provenance/v1"},
    });
    let package = upstream.package("a");
    package.version("1.0.0", |v| v.dist_field("attestations", attestations));
    let nopar = TestNopar::with(&upstream).start().await;
    let expected = json!({
        "url": format!("{}/-/npm/v1/attestations/a@1.0.0", nopar.url()),
        "provenance": {"predicateType": "https://slsa.example/provenance/v1"},
    });
    for document in both(&nopar, "a").await.map(|answer| answer.json()) {
        assert_eq!(document["versions"]["1.0.0"]["dist"]["attestations"], expected);
    }
}

/// The parts of a document that a client may verify, spelt as no JSON writer would.
const VERIFIED: [&str; 3] = [
    r#""integrity": "sha1-abc= sha512-\u0041\/b==" "#,
    r#""shasum" :"0123456789ABCDEF\u0030""#,
    r#""signatures":[ {"keyid":"SHA256:x", "sig":"MEUC\/\u003d"}  ]"#,
];
/// Parts of the full form nobody knows, spelt likewise.
const UNKNOWN: [&str; 4] = [
    r#""\u005fodd":  {"n":1e400,"f":1.10,"z":-0}"#,
    r#""users": {"é":true,"\ud83d\ude00":1}"#,
    r#""x": [ 12345678901234567890123, null ]"#,
    r#""description":"a \/ b\u2028""#,
];

fn spelt() -> String {
    let [integrity, shasum, signatures] = VERIFIED;
    let [odd, users, x, description] = UNKNOWN;
    format!(
        r#"{{ {odd}, "name":"a", {users}, "dist-tags":{{"latest":"1.0.0"}},
        "versions":{{"1.0.0":{{"name":"a","version":"1.0.0",{x},"dist":{{ {integrity},{shasum},
        "tarball":"https:\/\/registry.example\/a-1.0.0.tgz",{signatures} }} }} }},
        "time":{{"1.0.0":"2020-01-01T00:00:00.000Z","modified":"2020-01-01T00:00:01.000Z"}},
        {description} }}"#
    )
}

/// Integrity, shasum and signatures are the upstream's byte for byte, in every form and encoding.
#[tokio::test]
async fn digests_and_signatures_are_the_upstreams_byte_for_byte() {
    let upstream = FakeUpstream::start().await;
    upstream.document("a", spelt());
    let nopar = TestNopar::with(&upstream).start().await;
    for way in WAYS {
        let text = way.of(&nopar, "a").send().await.expect(200).text();
        for part in VERIFIED {
            let (_, value) = part.split_once(':').expect("a member");
            assert!(text.contains(value.trim()), "{way:?}: {part} in {text}");
        }
        assert!(!text.contains("registry.example"), "{way:?}: {text}");
    }
    assert_eq!(upstream.count_all(), 1);
}

/// Fields nobody knows survive in the full form, spelt as they were, and are left out of the
/// abbreviated one.
#[tokio::test]
async fn unknown_fields_survive_in_the_full_form() {
    let upstream = FakeUpstream::start().await;
    upstream.document("a", spelt());
    let nopar = TestNopar::with(&upstream).start().await;
    for way in WAYS {
        let text = way.of(&nopar, "a").send().await.expect(200).text();
        for part in UNKNOWN {
            let (key, value) = part.split_once(':').expect("a member");
            let there = text.contains(key.trim()) && text.contains(value.trim());
            let expected = match way.want {
                Want::Full => true,
                Want::Abbreviated => false,
                Want::Latest => part == UNKNOWN[2],
            };
            assert_eq!(there, expected, "{way:?}: {part} in {text}");
        }
    }
}

/// The abbreviated form holds what an installation needs, and nothing else.
#[tokio::test]
async fn the_abbreviated_form_holds_what_an_installation_needs() {
    let upstream = FakeUpstream::start().await;
    let package = upstream.package("a").readme("# long");
    package.version("1.0.0", |v| {
        v.dependency("b", "^1")
            .script("postinstall", "node x.js")
            .deprecated("old")
            .field("libc", json!(["musl"]))
            .field("os", json!(["linux"]))
            .field("bundledDependencies", json!(["b"]))
            .field("acceptDependencies", json!({"c": "1"}))
            .field("maintainers", json!([{"name": "x"}]))
            .field("readme", json!("# long"))
            .dist_field("npm-signature", json!("-----BEGIN PGP"))
            .dist_field("fileCount", json!(3))
    });
    upstream.manners(|m| m.abbreviated = false);
    let nopar = TestNopar::with(&upstream).start().await;
    let [full, short] = both(&nopar, "a").await.map(|answer| answer.json());
    let keys = |value: &Value| -> Vec<String> {
        let mut keys: Vec<_> = value.as_object().expect("an object").keys().collect();
        keys.sort();
        keys.into_iter().cloned().collect()
    };
    let top = ["dist-tags", "modified", "name", "time", "versions"];
    assert_eq!(keys(&short), top);
    let manifest = &short["versions"]["1.0.0"];
    let kept = "acceptDependencies bundledDependencies dependencies deprecated dist \
                hasInstallScript libc name os version";
    assert_eq!(keys(manifest).join(" "), kept);
    assert_eq!(manifest["hasInstallScript"], true);
    let dist = "fileCount integrity shasum tarball";
    assert_eq!(keys(&manifest["dist"]).join(" "), dist);
    assert_eq!(full["readme"], "# long");
}

/// `time` has every version in both forms.
#[tokio::test]
async fn time_is_complete_in_both_forms() {
    let upstream = FakeUpstream::start().await;
    let mut package = upstream.package("a");
    for patch in 0..30 {
        package = package.version(&format!("1.0.{patch}"), |v| v);
    }
    package.time("1.0.7", "2015-05-05T05:05:05.555Z");
    let nopar = TestNopar::with(&upstream).start().await;
    let expected = upstream.packument("a")["time"].clone();
    assert_eq!(expected.as_object().expect("times").len(), 32);
    for document in both(&nopar, "a").await.map(|answer| answer.json()) {
        assert_eq!(document["time"], expected);
    }
}

/// A `time` that lacks a version is left out of the abbreviated form, whose readers would drop it;
/// the full form is what the upstream said.
#[tokio::test]
async fn incomplete_time_is_left_out_of_the_abbreviated_form() {
    let upstream = FakeUpstream::start().await;
    let package = upstream.package("a");
    package
        .version("1.0.0", |v| v)
        .version("1.1.0", |v| v)
        .field("time", json!({"1.0.0": "2020-01-01T00:00:00.000Z"}));
    let nopar = TestNopar::with(&upstream).start().await;
    let [full, short] = both(&nopar, "a").await.map(|answer| answer.json());
    assert_eq!(full["time"], json!({"1.0.0": "2020-01-01T00:00:00.000Z"}));
    assert_eq!(short.get("time"), None);
    assert_eq!(short["versions"].as_object().expect("versions").len(), 2);
}
