//! HEAD of everything that can be read: what GET says, without its body.
//! Knows nothing of what that is.

use crate::asking::INSTALL;
use crate::support::client::{Request, Response};
use crate::support::nopar::TestNopar;
use crate::support::publish::Publish;
use crate::support::upstream::FakeUpstream;

/// What is asked of a package with version 1.0.0.
fn of_package(name: &str) -> Vec<String> {
    let base = name.split('/').next_back().unwrap_or(name);
    let encoded = name.replace('/', "%2f");
    vec![
        format!("/{encoded}"),
        format!("/{encoded}/1.0.0"),
        format!("/{encoded}/latest"),
        format!("/{encoded}/9.9.9"),
        format!("/{name}/-/{base}-1.0.0.tgz"),
        format!("/{name}/-/{base}-9.9.9.tgz"),
        format!("/-/package/{encoded}/dist-tags"),
        format!("/-/npm/v1/attestations/{name}@1.0.0"),
        format!("/-/package/{encoded}/visibility"),
        format!("/-/package/{encoded}/collaborators"),
        format!("/-/package/{encoded}/owners"),
        format!("/-/package/{encoded}/access"),
    ]
}

const OTHERS: [&str; 17] = [
    "/",
    "/favicon.ico",
    "/robots.txt",
    "/-/ping",
    "/-/whoami",
    "/-/user/org.couchdb.user:ann",
    "/-/org/ann/package",
    "/-/user/ann/stars",
    "/-/_view/starredByUser?key=%22ann%22",
    "/-/v1/search?text=own",
    "/-/npm/v1/keys",
    "/-/stage",
    "/-/stage/0b5e",
    "/-/stage/0b5e/tarball",
    "/-/nothing",
    "/_changes",
    "/a%2",
];

/// Status and header lines, but for those that tell when it was said, and how long it took.
fn said(answer: &Response) -> (u16, Vec<(String, String)>) {
    let lower = |(name, value): (&str, &str)| (name.to_ascii_lowercase(), value.to_owned());
    let mut headers: Vec<_> = answer.headers.iter().map(lower).collect();
    headers.retain(|(name, _)| !matches!(name.as_str(), "date" | "age" | "server-timing"));
    // Each has its own.
    headers.iter_mut().filter(|(name, _)| name == "x-request-id").for_each(|it| it.1.clear());
    headers.sort();
    (answer.status, headers)
}

/// Fails the test unless both are answered alike, the HEAD without a body.
async fn check(request: impl Fn(&str) -> Request, what: &str) {
    // What is remembered is told by both, and small tarballs are in memory from the second time on.
    for _ in 0..2 {
        request("GET").send().await;
    }
    let (head, get) = (request("HEAD").send().await, request("GET").send().await);
    assert_eq!(said(&head), said(&get), "{what}");
    assert_eq!((head.raw_len, head.surplus), (0, 0), "{what}");
    let length = get.raw_len.to_string();
    assert_eq!(head.header("content-length"), Some(length.as_str()), "{what}");
}

/// Of proxied packages, hosted ones and none, by the hot path and Pingora's, and for pages of other sites.
#[tokio::test]
async fn head_says_what_get_says() {
    let upstream = FakeUpstream::start().await;
    for (name, size) in [("a", 10_000), ("@s/n", 700_000)] {
        upstream.package(name).version("1.0.0", |v| v.tarball_size(size));
        let path = format!("/-/npm/v1/attestations/{name}@1.0.0");
        upstream.file(&path, r#"{"attestations":[]}"#);
    }
    for hot_path in ["yes", "no"] {
        let nopar = TestNopar::with(&upstream).env("NOPAR_HOT_PATH", hot_path).start().await;
        for name in ["own", "@own/large"] {
            let publish = Publish::of(name, "1.0.0");
            let size = if name == "own" { 1000 } else { 400_000 };
            publish.tarball(vec![7; size]).succeed(nopar.addr()).await;
        }
        let named = ["a", "@s/n", "own", "@own/large", "nope"].into_iter().flat_map(of_package);
        for path in named.chain(OTHERS.map(str::to_owned)) {
            for (name, value) in [
                ("Accept", INSTALL),
                ("Accept-Encoding", "gzip"),
                ("Origin", "https://docs.example"),
            ] {
                let request =
                    |method: &str| nopar.request(&path).method(method).header(name, value);
                check(request, &format!("{path} {name}: {value} (hot path: {hot_path})")).await;
            }
        }
    }
}
