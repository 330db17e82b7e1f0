//! Tarballs: found, passed on byte for byte, kept.
//! Knows nothing of packuments' contents.

mod age;
mod bodiless;
mod connection;
mod crowd;
mod damage;
mod eviction;
mod integrity;
mod limit;
mod odd;
mod order;
mod streaming;

use crate::asking::{WAYS, lasting_headers};
use crate::support::client::Response;
use crate::support::nopar::TestNopar;
use crate::support::upstream::{BodyForm, Etag, FakeUpstream, integrity, shasum};

/// The size of a tarball that is sent from memory once held, and of one that is not.
const SIZES: [(&str, usize); 2] = [("small", 10_000), ("large", 1 << 20)];

async fn with_tarballs() -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    for (name, size) in SIZES {
        let package = upstream.package(name);
        package.version("1.0.0", |v| v.tarball_size(size));
    }
    let nopar = TestNopar::with(&upstream).start().await;
    (upstream, nopar)
}

fn path(name: &str) -> String {
    format!("/{name}/-/{name}-1.0.0.tgz")
}

/// Paths the upstream was asked for since the last look, in order.
fn asked(upstream: &FakeUpstream) -> Vec<String> {
    let asked = upstream.requests().into_iter().map(|seen| seen.path);
    let asked = asked.collect();
    upstream.clear();
    asked
}

#[track_caller]
fn check_headers(answer: &Response) {
    assert_eq!(answer.status, 200);
    let kind = "application/octet-stream";
    assert_eq!(answer.header("content-type"), Some(kind));
    assert_eq!(answer.header("content-encoding"), None);
    let control = "public, max-age=31536000, immutable";
    assert_eq!(answer.header("cache-control"), Some(control));
    assert!(answer.complete);
}

/// `npm ci` asks for tarballs alone: the upstream's usual path is asked, and nothing else.
#[tokio::test]
async fn a_tarball_asked_alone_is_fetched_from_the_usual_path() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    for (name, path) in [("plain", "/plain/-/plain-1.0.0.tgz"), ("@s/n", "/@s/n/-/n-1.0.0.tgz")] {
        upstream.package(name).version("1.0.0", |v| v);
        for state in ["miss", "hit", "hit"] {
            let answer = nopar.get(path).await.expect(200);
            assert_eq!(answer.body, upstream.tarball(name, "1.0.0"));
            assert_eq!(answer.header("x-cache"), Some(state), "{name}");
        }
        assert_eq!(asked(&upstream), [path]);
    }
}

/// Below an upstream's path prefix the usual path is below it too.
#[tokio::test]
async fn the_usual_path_is_below_the_upstreams_own() {
    let upstream = FakeUpstream::start_under("/npm").await;
    upstream.package("@s/n").version("1.0.0", |v| v);
    let nopar = TestNopar::with(&upstream).start().await;
    let answer = nopar.get("/@s%2fn/-/n-1.0.0.tgz").await.expect(200);
    assert_eq!(answer.body, upstream.tarball("@s/n", "1.0.0"));
    assert_eq!(asked(&upstream), ["/npm/@s/n/-/n-1.0.0.tgz"]);
}

/// The bytes are the upstream's and match `dist`, cold and warm, whatever encoding is accepted.
#[tokio::test]
async fn the_bytes_match_the_packuments_digests() {
    let (upstream, nopar) = with_tarballs().await;
    for (name, _) in SIZES {
        for way in WAYS {
            let manifest = way.of(&nopar, name).send().await.expect(200).json();
            let manifest = match manifest.get("versions") {
                Some(versions) => &versions["1.0.0"],
                None => &manifest,
            };
            let url = manifest["dist"]["tarball"].as_str().expect("a URL");
            for coding in ["gzip", "identity", "gzip, deflate, br, zstd"] {
                let request = nopar.request(url).header("Accept-Encoding", coding);
                let answer = request.send().await;
                check_headers(&answer);
                assert!(answer.body == upstream.tarball(name, "1.0.0"));
                assert_eq!(manifest["dist"]["integrity"], integrity(&answer.body));
                assert_eq!(manifest["dist"]["shasum"], shasum(&answer.body));
            }
        }
    }
    assert_eq!(upstream.count_all(), 2 * SIZES.len());
}

/// A tarball has Content-Length, `application/octet-stream` and no Content-Encoding, cold and
/// warm and after a restart, even for who accepts gzip, and whatever the upstream says it is.
#[tokio::test]
async fn tarball_headers_are_plain() {
    let (upstream, mut nopar) = with_tarballs().await;
    upstream.manners(|m| {
        for (name, value) in [
            ("Content-Type", "application/gzip; charset=x"),
            ("Content-Encoding", "gzip"),
            ("Cache-Control", "private, no-store"),
            ("Set-Cookie", "a=b"),
            ("Vary", "Cookie"),
            ("Expires", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ] {
            m.file_headers.push((name.to_owned(), value.to_owned()));
        }
    });
    for restarted in [false, true] {
        for (name, size) in SIZES {
            for _ in 0..2 {
                let request = nopar.request(&path(name));
                let answer = request.header("Accept-Encoding", "gzip").send().await;
                check_headers(&answer);
                assert_eq!(answer.header("content-length"), Some(&*size.to_string()));
                assert!(answer.body == upstream.tarball(name, "1.0.0"));
                for absent in ["set-cookie", "expires"] {
                    assert_eq!(answer.header(absent), None, "restarted: {restarted}");
                }
            }
        }
        nopar.restart().await;
    }
    // Bytes that are labelled as packed are doubted: their packument is asked what they should be.
    for (name, _) in SIZES {
        assert!(upstream.count(&path(name)) <= 2, "{name}");
        assert_eq!(upstream.count(&format!("/{name}")), 1, "{name}");
    }
}

/// Upstreams that state no length, send chunks or no ETag: the bytes are whole, and a held tarball
/// states its length.
#[tokio::test]
async fn plainer_upstreams_work() {
    for form in [BodyForm::Length, BodyForm::Chunked, BodyForm::UntilClose] {
        let (upstream, nopar) = with_tarballs().await;
        upstream.manners(|m| {
            m.etag = Etag::Absent;
            m.body_form = form;
        });
        for (name, size) in SIZES {
            let cold = nopar.get(&path(name)).await;
            check_headers(&cold);
            assert!(cold.body == upstream.tarball(name, "1.0.0"), "{form:?}");
            let warm = nopar.get(&path(name)).await;
            check_headers(&warm);
            assert!(warm.body == cold.body, "{form:?}");
            assert_eq!(warm.header("content-length"), Some(&*size.to_string()));
            assert_eq!(warm.header("x-cache"), Some("hit"), "{form:?}");
        }
        // Where the end cannot be told from a cut, the packument is asked what the bytes should be.
        let asked = if form == BodyForm::UntilClose { 3 } else { 1 };
        assert_eq!(upstream.count_all(), asked * SIZES.len(), "{form:?}");
    }
}

/// A held tarball needs no upstream, also after a restart, and stays for as long as one likes.
#[tokio::test]
async fn a_held_tarball_needs_no_upstream() {
    let (upstream, mut nopar) = with_tarballs().await;
    let mut held = Vec::new();
    for (name, _) in SIZES {
        nopar.get(&path(name)).await.expect(200);
        held.push(nopar.get(&path(name)).await.expect(200));
    }
    upstream.stop().await;
    nopar.restart().await;
    nopar.advance(std::time::Duration::from_secs(365 * 24 * 3600));
    for ((name, _), held) in SIZES.into_iter().zip(&held) {
        let answer = nopar.get(&path(name)).await.expect(200);
        assert!(answer.body == held.body, "{name}");
        assert_eq!(lasting_headers(&answer), lasting_headers(held), "{name}");
    }
}
