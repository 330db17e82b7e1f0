//! The forms, encodings, headers and validators of NOPAR's own packages: those of an upstream's.
//! Knows nothing of how they came to be there.

use serde_json::json;

use super::{alone, packument};
use crate::asking::{INSTALL, WAYS, Want};
use crate::support::client::{Request, Response, get};
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, refusal};

fn etag(answer: &Response) -> &str {
    answer.header("etag").unwrap_or_else(|| panic!("no ETag: {:?}", answer.headers))
}

/// Two versions with all that the short form keeps or leaves out.
async fn publish_both(nopar: &TestNopar, name: &str) {
    let one = Publish::of(name, "1.0.0")
        .field("dependencies", json!({"y": "^1"}))
        .field("scripts", json!({"postinstall": "node x.js"}))
        .field("readme", json!("# long"))
        .field("libc", json!(["musl"]));
    one.succeed(nopar.addr()).await;
    let two = Publish::of(name, "2.0.0-rc.1").tag("next").field("maintainers", json!([]));
    two.succeed(nopar.addr()).await;
}

/// Full, abbreviated and one version's own, packed and not: each is right, and says what it is.
#[tokio::test]
async fn each_form_is_what_it_is_of_proxied_packages() {
    let (_upstream, nopar) = alone().await;
    for name in ["x", "@s/n"] {
        publish_both(&nopar, name).await;
        let full = packument(nopar.addr(), name).await;
        for _ in ["cold", "warm"] {
            for way in WAYS {
                way.check(&way.of(&nopar, name).send().await, &full, &nopar.url());
            }
        }
    }
}

/// A client asks again each time, so that it sees the next publish.
#[tokio::test]
async fn packuments_are_revalidated_each_time() {
    let (_upstream, nopar) = alone().await;
    publish_both(&nopar, "x").await;
    for way in WAYS {
        let answer = way.of(&nopar, "x").send().await.expect(200);
        let control = answer.header("cache-control").unwrap_or_default();
        assert!(control.contains("no-cache"), "{way:?}: {control:?}");
        if way.want != Want::Latest {
            assert!(answer.headers.lists("vary", "Accept"), "{way:?}: {:?}", answer.headers);
        }
    }
}

/// The ETag of a form is a 304 as long as nothing was published; of another form it never is.
#[tokio::test]
async fn an_etag_is_good_until_the_next_publish() {
    let (_upstream, nopar) = alone().await;
    let conditional = async |way: crate::asking::Way, tag: &str| {
        way.of(&nopar, "x").header("If-None-Match", tag).send().await
    };
    let mut old: Vec<String> = Vec::new();
    for round in 0..3 {
        Publish::of("x", &format!("1.{round}.0")).succeed(nopar.addr()).await;
        let full = packument(nopar.addr(), "x").await;
        for tag in &old {
            for way in WAYS {
                way.check(&conditional(way, tag).await, &full, &nopar.url());
            }
        }
        for (number, way) in WAYS.into_iter().enumerate() {
            let fresh = way.of(&nopar, "x").send().await.expect(200);
            let held = conditional(way, etag(&fresh)).await;
            assert_eq!((held.status, held.raw_len), (304, 0), "{way:?}");
            for name in ["etag", "vary", "cache-control", "last-modified"] {
                assert_eq!(held.header(name), fresh.header(name), "{way:?}: {name}");
            }
            let other = WAYS[(number + 1) % WAYS.len()];
            assert_eq!(conditional(other, etag(&fresh)).await.status, 200, "{way:?} {other:?}");
            old.push(etag(&fresh).to_owned());
        }
    }
}

/// A date is of a second, in which there may be two publishes: who has nothing else gets all of it.
#[tokio::test]
async fn a_date_alone_is_no_validator() {
    let (_upstream, nopar) = alone().await;
    publish_both(&nopar, "x").await;
    for way in WAYS {
        let fresh = way.of(&nopar, "x").send().await.expect(200);
        let ahead = "Fri, 01 Jan 2100 00:00:00 GMT";
        for date in [fresh.header("last-modified").unwrap_or(ahead), ahead] {
            let since = || way.of(&nopar, "x").header("If-Modified-Since", date);
            since().send().await.expect(200);
            since().method("HEAD").send().await.expect(200);
            since().header("If-None-Match", etag(&fresh)).send().await.expect(304);
            since().header("If-None-Match", "\"other\"").send().await.expect(200);
        }
    }
}

/// HEAD is GET without the body, and `Last-Modified` is the document's time of change.
#[tokio::test]
async fn head_is_get_without_a_body() {
    let (_upstream, nopar) = alone().await;
    publish_both(&nopar, "x").await;
    let lasting = |answer: &Response| crate::asking::lasting_headers(answer);
    for path in ["/x", "/x/1.0.0", "/x/latest", "/x/-/x-1.0.0.tgz", "/-/package/x/dist-tags"] {
        let whole = get(nopar.addr(), path).await.expect(200);
        let head = Request::new(nopar.addr(), "HEAD", path).send().await.expect(200);
        assert_eq!(lasting(&head), lasting(&whole), "{path}");
        assert_eq!((head.raw_len, head.surplus), (0, 0), "{path}");
    }
    let answer = get(nopar.addr(), "/x").await.expect(200);
    let modified = answer.json()["time"]["modified"].as_str().expect("a time").to_owned();
    let stated = answer.header("last-modified").expect("a Last-Modified");
    let stated = httpdate::parse_http_date(stated).expect("a date");
    let seconds = stated.duration_since(std::time::UNIX_EPOCH).expect("a date of today").as_secs();
    let modified: jiff::Timestamp = modified.parse().expect("a time");
    assert_eq!(u64::try_from(modified.as_second()), Ok(seconds));
}

/// A tarball is its bytes, with its length, and never packed once more.
#[tokio::test]
async fn a_tarball_is_served_as_it_is() {
    let (_upstream, nopar) = alone().await;
    for (name, size) in [("small", 10_000), ("large", 1_500_000)] {
        let bytes = crate::support::upstream::made_up(3, size);
        Publish::of(name, "1.0.0").tarball(bytes.clone()).succeed(nopar.addr()).await;
        for coding in ["identity", "gzip", "gzip, deflate, br, zstd"] {
            let request = nopar.request(&format!("/{name}/-/{name}-1.0.0.tgz"));
            let answer = request.header("Accept-Encoding", coding).send().await.expect(200);
            assert!(answer.body == bytes, "{name}: {} of {size} bytes", answer.body.len());
            assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
            assert_eq!(answer.header("content-length"), Some(&*size.to_string()));
            assert_eq!(answer.header("content-encoding"), None);
            let control = answer.header("cache-control").unwrap_or_default();
            assert!(control.contains("immutable"), "{control:?}");
        }
    }
}

/// Where `Accept-Ranges` says so, a part of a tarball can be had.
#[tokio::test]
async fn a_part_of_a_tarball_is_served() {
    let (_upstream, nopar) = alone().await;
    for (name, size) in [("small", 10_000), ("large", 1_500_000)] {
        let bytes = crate::support::upstream::made_up(3, size);
        Publish::of(name, "1.0.0").tarball(bytes.clone()).succeed(nopar.addr()).await;
        let ask = || nopar.request(&format!("/{name}/-/{name}-1.0.0.tgz"));
        assert_eq!(ask().send().await.header("accept-ranges"), Some("bytes"), "{name}");
        let part = ask().header("Range", "bytes=1000-1999").send().await;
        assert_eq!(part.status, 206, "{name}");
        assert_eq!(part.header("content-range"), Some(&*format!("bytes 1000-1999/{size}")));
        assert!(part.body == bytes[1000..2000], "{name}: {} bytes", part.body.len());
        let rest = ask().header("Range", format!("bytes={}-", size - 10)).send().await;
        assert!(rest.status == 206 && rest.body == bytes[size - 10..], "{name}");
        for none in [format!("bytes={size}-"), "bytes=-0".to_owned()] {
            let answer = ask().header("Range", &none).send().await;
            assert_eq!(answer.status, 416, "{name}: {none}");
            let stated = format!("bytes */{size}");
            assert_eq!(answer.header("content-range"), Some(&*stated), "{name}: {none}");
        }
    }
}

/// One version and the tags have documents of their own.
#[tokio::test]
async fn versions_and_tags_have_their_own_documents() {
    let (upstream, nopar) = alone().await;
    publish_both(&nopar, "@s/n").await;
    let full = packument(nopar.addr(), "@s/n").await;
    upstream.clear();
    for (selector, version) in [
        ("1.0.0", "1.0.0"),
        ("latest", "1.0.0"),
        ("2.0.0-rc.1", "2.0.0-rc.1"),
        ("next", "2.0.0-rc.1"),
    ] {
        let manifest = get(nopar.addr(), &format!("/@s%2fn/{selector}")).await.expect(200).json();
        assert_eq!(manifest, full["versions"][version], "{selector}");
    }
    for selector in ["9.9.9", "nightly"] {
        let answer = get(nopar.addr(), &format!("/@s%2fn/{selector}")).await;
        refusal(&answer, &[404], selector);
    }
    let tags = get(nopar.addr(), "/-/package/@s%2fn/dist-tags").await.expect(200).json();
    assert_eq!(tags, json!({"latest": "1.0.0", "next": "2.0.0-rc.1"}));
    assert_eq!(upstream.count_all(), 0);
}

/// A tarball that no version has is not there.
#[tokio::test]
async fn a_tarball_of_no_version_is_not_there() {
    let (upstream, nopar) = alone().await;
    publish_both(&nopar, "x").await;
    upstream.clear();
    // One beside the others that no document names, as a crash may leave it.
    std::fs::write(nopar.registry_path().join("x/x-3.0.0.tgz"), "stray").expect("a file");
    for file in ["x-3.0.0.tgz", "x-9.9.9.tgz", "x.json", "y-1.0.0.tgz"] {
        let answer = get(nopar.addr(), &format!("/x/-/{file}")).await;
        refusal(&answer, &[404], file);
    }
    assert_eq!(upstream.count_all(), 0);
}

/// A fresh publish replaces what is held in memory of the package, in every form.
#[tokio::test]
async fn a_publish_is_seen_in_every_form() {
    let (_upstream, nopar) = alone().await;
    for patch in 0..5 {
        Publish::of("x", &format!("1.0.{patch}")).succeed(nopar.addr()).await;
        // The short form first in odd rounds, the full one in even ones.
        let short = nopar.request("/x").header("Accept", INSTALL);
        let full = nopar.request("/x");
        let mut requests = [short, full];
        requests.rotate_left(patch % 2);
        for request in requests {
            let read = request.send().await.expect(200).json();
            assert_eq!(read["dist-tags"]["latest"], format!("1.0.{patch}"));
        }
    }
}
