//! What can be told of a tarball whose digests are not known: `npm ci` on a cold cache.
//! Knows nothing of what the packument says later, but that it is believed then.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::{SAID, SIZES, path, publish, right};
use crate::asking::afresh;
use crate::packument::entries;
use crate::support::nopar::TestNopar;
use crate::support::upstream::{Answer, FakeUpstream, Fault};

fn gzip(bytes: &[u8]) -> Bytes {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).expect("packing into memory");
    packer.finish().expect("packing into memory").into()
}

fn labelled(coding: &str, bytes: Bytes) -> Fault {
    Answer::new(200).header("Content-Encoding", coding).body(bytes).into()
}

/// Servers that call a .tgz "Content-Encoding: gzip", or worse, mean the file as it is: so it is
/// passed on, without the label, cold and with its digest known.
#[tokio::test]
async fn a_tarball_labelled_as_packed_is_passed_on_as_it_is() {
    for coding in ["gzip", "x-gzip", "br", "identity"] {
        for size in SIZES {
            for known in [false, true] {
                let what = format!("{coding}, {size} bytes, known: {known}");
                let upstream = FakeUpstream::start().await;
                publish(&upstream, size, SAID[0].1);
                let nopar = TestNopar::with(&upstream).start().await;
                if known {
                    nopar.get("/a").await.expect(200);
                }
                upstream.next(&path("a"), labelled(coding, right(size)));
                for state in ["miss", "hit"] {
                    let answer = nopar.get(&path("a")).await.expect(200);
                    assert_eq!(answer.header("content-encoding"), None, "{what}");
                    assert_eq!(answer.header("x-cache"), Some(state), "{what}");
                    assert!(answer.body == right(size), "{what}");
                    nopar.get("/a").await.expect(200);
                }
            }
        }
    }
}

/// One that was packed once more on its way, though nobody asked for that, is not the tarball: with
/// its digest known it is refused; cold it goes when the packument comes.
#[tokio::test]
async fn a_tarball_packed_on_its_way_does_not_stay() {
    for size in SIZES {
        for known in [false, true] {
            let what = format!("{size} bytes, known: {known}");
            let upstream = FakeUpstream::start().await;
            publish(&upstream, size, SAID[0].1);
            let nopar = TestNopar::with(&upstream).start().await;
            if known {
                nopar.get("/a").await.expect(200);
            }
            upstream.next(&path("a"), labelled("gzip", gzip(&right(size))));
            let answer = nopar.get(&path("a")).await;
            if known {
                assert!(answer.status == 502 || !answer.complete, "{what}");
                assert_eq!(entries(&nopar).len(), 1, "{what}");
            }
            nopar.get("/a").await.expect(200);
            assert!(afresh(&nopar, &path("a")).await.expect(200).body == right(size), "{what}");
        }
    }
}

/// No upstream is asked to pack a tarball, whatever the client would take.
#[tokio::test]
async fn no_encoding_is_asked_for() {
    let upstream = FakeUpstream::start().await;
    publish(&upstream, SIZES[0], SAID[0].1);
    let nopar = TestNopar::with(&upstream).start().await;
    let request = nopar.request(&path("a")).header("Accept-Encoding", "gzip, br");
    request.send().await.expect(200);
    let asked = upstream.requests()[0].header("accept-encoding").map(str::to_owned);
    assert!(asked.is_none() || asked.as_deref() == Some("identity"), "{asked:?}");
}

/// The page of a captive portal is no tarball, whoever asks first; `npm ci` never asks for the
/// packument that would drop it.
#[tokio::test]
async fn a_page_is_not_kept_as_a_tarball() {
    for kind in ["text/html", "text/html; charset=utf-8", "Text/HTML"] {
        let upstream = FakeUpstream::start().await;
        publish(&upstream, SIZES[0], SAID[0].1);
        let nopar = TestNopar::with(&upstream).start().await;
        let page = "<!doctype html><title>Please log in</title>";
        let page = Answer::new(200).header("Content-Type", kind).body(page);
        upstream.next(&path("a"), page);
        let answer = nopar.get(&path("a")).await.expect(502);
        assert_eq!(answer.json()["reason"], "upstream_invalid", "{kind}");
        assert_eq!(entries(&nopar), [""; 0], "{kind}");
        nopar.forget_failures();
        assert!(nopar.get(&path("a")).await.expect(200).body == right(SIZES[0]), "{kind}");
    }
}
