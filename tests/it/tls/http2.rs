//! HTTP/2: many requests at once on one connection, whole answers or errors, never less.
//! Knows nothing of HTTP/1.1.

use std::sync::Arc;

use super::{LARGE, PACKUMENT, TARBALL, http2, nopar, started, upstream};
use crate::support::deadline::within;
use crate::support::tls::{Certificate, HOST};
use crate::support::upstream::Fault;
use tokio::task::JoinSet;

/// Cold, hot, 304 and HEAD; URLs in it are those of `:authority`, and https.
#[tokio::test]
async fn packuments() {
    let (upstream, certificate, nopar) = started().await;
    let client = http2(nopar.addr(), &certificate).await;
    let cold = client.get(PACKUMENT).await;
    assert_eq!((cold.status, cold.header("x-cache")), (200, Some("miss")));
    let url = &cold.json()["versions"]["1.0.0"]["dist"]["tarball"];
    assert_eq!(url, &format!("https://{HOST}{TARBALL}"));
    let hot = client.get(PACKUMENT).await;
    assert_eq!((hot.status, hot.header("x-cache")), (200, Some("hit")));
    assert!(hot.body == cold.body);
    assert_eq!(hot.header("connection"), None);
    let packed = client.ask("GET", PACKUMENT, &[("accept-encoding", "gzip")]).await.expect("whole");
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(packed.json(), cold.json());
    let etag = cold.header("etag").expect("an ETag");
    let same = client.ask("GET", PACKUMENT, &[("if-none-match", etag)]).await.expect("whole");
    assert_eq!((same.status, same.body.len()), (304, 0));
    let head = client.ask("HEAD", PACKUMENT, &[]).await.expect("whole");
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("etag"), Some(etag));
    assert_eq!(client.get("/-/nothing").await.status, 404);
    assert_eq!(upstream.count(PACKUMENT), 1);
    assert_eq!(nopar.counted(6).await.held.in_flight, 0);
}

/// A packument of many windows, cold and held.
#[tokio::test]
async fn a_large_packument() {
    let (upstream, certificate, nopar) = started().await;
    upstream.package("b").version("1.0.0", |v| v).readme(&"r".repeat(LARGE));
    let client = http2(nopar.addr(), &certificate).await;
    for state in ["miss", "hit", "hit"] {
        let answer = client.get("/b").await;
        assert_eq!(answer.header("x-cache"), Some(state));
        assert_eq!(answer.json()["readme"].as_str().map(str::len), Some(LARGE));
    }
}

/// A large tarball while it comes in, once it is held, and a part of it.
#[tokio::test]
async fn a_large_tarball() {
    let (upstream, certificate, nopar) = started().await;
    let client = http2(nopar.addr(), &certificate).await;
    let whole = upstream.tarball("a", "1.0.0");
    for state in ["miss", "hit", "hit"] {
        let answer = client.get(TARBALL).await;
        assert_eq!((answer.status, answer.header("x-cache")), (200, Some(state)));
        assert!(answer.body == whole, "{} bytes", answer.body.len());
    }
    let head = client.ask("HEAD", TARBALL, &[]).await.expect("whole");
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), Some(LARGE.to_string().as_str()));
    let part = client.ask("GET", TARBALL, &[("range", "bytes=1000-1999")]).await.expect("whole");
    assert_eq!(part.status, 206);
    assert!(part.body == whole[1000..2000]);
    assert_eq!(upstream.count(TARBALL), 1);
}

/// More streams than Pingora takes at once, of packuments and tarballs: each gets its own answer, and
/// the upstream is asked once for each thing.
#[tokio::test]
async fn many_streams_at_once() {
    const NAMES: usize = 40;
    let (upstream, certificate, nopar) = started().await;
    for n in 0..NAMES {
        let package = upstream.package(&format!("p{n}"));
        package.version("1.0.0", |v| v.tarball_size(10_000 + 7_000 * n));
    }
    let client = Arc::new(http2(nopar.addr(), &certificate).await);
    // By then it has heard how many streams it may have at once.
    client.get("/-/ping").await;
    let mut asking = JoinSet::new();
    for n in (0..NAMES).cycle().take(NAMES * 3) {
        let client = Arc::clone(&client);
        asking.spawn(async move { (n, client.get(&format!("/p{n}")).await, true) });
    }
    for n in (0..NAMES).cycle().take(NAMES * 3) {
        let client = Arc::clone(&client);
        asking
            .spawn(async move { (n, client.get(&format!("/p{n}/-/p{n}-1.0.0.tgz")).await, false) });
    }
    let answers = within("all answers".to_owned(), asking.join_all()).await;
    for (n, answer, is_packument) in answers {
        let name = format!("p{n}");
        assert_eq!(answer.status, 200, "{name}");
        match is_packument {
            true => assert_eq!(answer.json()["name"], name),
            false => assert!(answer.body == upstream.tarball(&name, "1.0.0"), "{name}"),
        }
    }
    for n in 0..NAMES {
        assert_eq!(upstream.count(&format!("/p{n}")), 1);
        assert_eq!(upstream.count(&format!("/p{n}/-/p{n}-1.0.0.tgz")), 1);
    }
}

/// A stream that its client gives up ends neither the connection nor the fill.
#[tokio::test]
async fn a_stream_that_is_given_up() {
    let (upstream, certificate, nopar) = started().await;
    let client = http2(nopar.addr(), &certificate).await;
    let hold = upstream.hold_body(TARBALL, LARGE / 2);
    let mut given_up = client.begin("GET", TARBALL, &[]).await.expect("a head");
    given_up.piece().await.expect("a piece").expect("bytes");
    drop(given_up);
    hold.arrived(1).await;
    assert_eq!(client.get(PACKUMENT).await.status, 200);
    hold.release();
    let answer = client.get(TARBALL).await;
    assert!(answer.body == upstream.tarball("a", "1.0.0"));
    assert_eq!(upstream.count(TARBALL), 1);
    nopar.counted(3).await;
}

/// What the upstream cuts in its middle is an error of the stream, and no end of it.
#[tokio::test]
async fn a_tarball_that_breaks_off_is_never_whole() {
    let (upstream, certificate, nopar) = started().await;
    let client = http2(nopar.addr(), &certificate).await;
    upstream.next(TARBALL, Fault::CutBody(LARGE / 2));
    let broken = client.ask("GET", TARBALL, &[]).await;
    assert!(broken.is_err(), "{} bytes as if whole", broken.map_or(0, |it| it.body.len()));
    // The connection is none the worse for it.
    assert_eq!(client.get("/-/ping").await.status, 200);
    nopar.forget_failures();
    assert!(client.get(TARBALL).await.body == upstream.tarball("a", "1.0.0"));
}

/// A fixed base URL goes before `:authority`.
#[tokio::test]
async fn a_fixed_base_url() {
    let (upstream, certificate) = (upstream().await, Certificate::new());
    let fixed = "https://npm.example/proxy";
    let nopar = nopar(&upstream, &certificate).env("NOPAR_BASE_URL", fixed).start().await;
    let client = http2(nopar.addr(), &certificate).await;
    let answer = client.get(PACKUMENT).await.json();
    let url = &answer["versions"]["1.0.0"]["dist"]["tarball"];
    assert_eq!(url, &format!("{fixed}{TARBALL}"));
}
