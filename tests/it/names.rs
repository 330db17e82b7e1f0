//! Spellings of a scoped name: all mean the same package.
//! Knows nothing of names that are refused.

use crate::asking::{INSTALL, lasting_headers};
use crate::support::client::Response;
use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

const SPELLINGS: [&str; 4] = ["@s%2fn", "@s%2Fn", "%40s%2fn", "@s/n"];

async fn with_scoped() -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    let package = upstream.package("@s/n").tag("beta", "1.0.0");
    package.version("1.0.0", |v| v).version("1.1.0", |v| v.tarball_path("/odd/@s/n-1-1-0.tgz"));
    let nopar = TestNopar::with(&upstream).start().await;
    (upstream, nopar)
}

/// Packument, version, dist-tag, dist-tags and both tarballs of the package in one spelling.
async fn everything(nopar: &TestNopar, spelling: &str) -> Vec<Response> {
    let mut answers = Vec::new();
    for path in [
        format!("/{spelling}"),
        format!("/{spelling}/1.0.0"),
        format!("/{spelling}/beta"),
        format!("/-/package/{spelling}/dist-tags"),
        format!("/{spelling}/-/n-1.0.0.tgz"),
        format!("/{spelling}/-/n-1.1.0.tgz"),
    ] {
        let request = nopar.request(&path).header("Accept", INSTALL);
        answers.push(request.send().await.expect(200));
    }
    answers
}

/// Every spelling gives the same packument, version, dist-tags and tarball, headers included, and
/// the upstream is asked once for each.
#[tokio::test]
async fn spellings_of_a_scoped_name_give_the_same() {
    let (upstream, nopar) = with_scoped().await;
    everything(&nopar, "@s/n").await;
    assert_eq!(upstream.count_all(), 3);
    let first = everything(&nopar, "@s/n").await;
    let own = "http://".to_owned() + &nopar.addr().to_string();
    let tarball = format!("{own}/@s/n/-/n-1.0.0.tgz");
    assert_eq!(first[1].json()["dist"]["tarball"], tarball);
    assert_eq!(first[2].body, first[1].body);
    let tags = serde_json::json!({"latest": "1.1.0", "beta": "1.0.0"});
    assert_eq!(first[3].json(), tags);
    assert_eq!(first[4].body, upstream.tarball("@s/n", "1.0.0"));
    for spelling in SPELLINGS {
        for (other, first) in everything(&nopar, spelling).await.iter().zip(&first) {
            assert!(other.body == first.body, "{spelling}: {}", other.text());
            assert_eq!(lasting_headers(other), lasting_headers(first), "{spelling}");
        }
    }
    assert_eq!(upstream.count_all(), 3);
}

/// Whichever spelling comes first, the upstream hears npm's own.
#[tokio::test]
async fn the_upstream_hears_one_spelling() {
    for spelling in SPELLINGS {
        let (upstream, nopar) = with_scoped().await;
        everything(&nopar, spelling).await;
        let asked: Vec<_> = upstream.requests().into_iter().map(|r| r.path).collect();
        let expected = ["/@s%2fn", "/@s/n/-/n-1.0.0.tgz", "/odd/@s/n-1-1-0.tgz"];
        assert_eq!(asked, expected, "{spelling}");
    }
}

/// Tarballs asked alone, on a cold cache, in every spelling: one upstream request.
#[tokio::test]
async fn spellings_of_a_cold_tarball_give_the_same() {
    let (upstream, nopar) = with_scoped().await;
    let bytes = upstream.tarball("@s/n", "1.0.0");
    for spelling in SPELLINGS {
        let path = format!("/{spelling}/-/n-1.0.0.tgz");
        assert_eq!(nopar.get(&path).await.expect(200).body, bytes, "{spelling}");
    }
    assert_eq!(upstream.count_all(), 1);
}

/// Lockfiles of old repeat the scope before the file name, encoded or not: the same bytes.
#[tokio::test]
async fn a_repeated_scope_gives_the_same_tarball() {
    let (upstream, nopar) = with_scoped().await;
    let bytes = upstream.tarball("@s/n", "1.0.0");
    for spelling in SPELLINGS {
        for file in SPELLINGS {
            let path = format!("/{spelling}/-/{file}-1.0.0.tgz");
            assert_eq!(nopar.get(&path).await.expect(200).body, bytes, "{path}");
        }
    }
    assert_eq!(upstream.count_all(), 1);
}

/// Names that differ in case, or only in what a careless decoder would confuse, are different.
#[tokio::test]
async fn different_names_are_different_packages() {
    let upstream = FakeUpstream::start().await;
    let names = [
        "jsonstream",
        "JSONStream",
        "constructor",
        "__proto__",
        "aux",
        "nul.x",
        "@s/n",
        "s-n",
        "-x",
        "@a/_b",
        "a+b",
    ];
    for (number, name) in names.into_iter().enumerate() {
        let package = upstream.package(name);
        package.version(&format!("1.0.{number}"), |v| v);
    }
    let nopar = TestNopar::with(&upstream).start().await;
    for _ in 0..2 {
        for (number, name) in names.into_iter().enumerate() {
            let document = nopar.get(&format!("/{name}")).await.expect(200).json();
            assert_eq!(document["name"], name);
            let version = format!("1.0.{number}");
            assert_eq!(document["dist-tags"]["latest"], version);
            let url = document["versions"][&version]["dist"]["tarball"].clone();
            let url = url.as_str().expect("a URL").to_owned();
            let tarball = nopar.get(&url).await.expect(200);
            assert_eq!(tarball.body, upstream.tarball(name, &version), "{name}");
        }
    }
    assert_eq!(upstream.count_all(), 2 * names.len());
}
