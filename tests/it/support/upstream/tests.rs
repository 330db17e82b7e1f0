//! The fake upstream, tried: is it right when it should be?
//! Knows nothing of NOPAR. Misbehaviour is tried in `faults`.

mod faults;

use serde_json::json;

use super::{BodyForm, Etag, FakeUpstream, integrity, made_up, shasum};
use crate::support::client::{Connection, Request, get, get_many};

const INSTALL_FORM: &str = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8";

async fn with_lodash() -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    upstream.package("lodash").version("1.0.0", |v| v);
    upstream
}

#[tokio::test]
async fn a_packument_has_all_its_parts() {
    let upstream = FakeUpstream::start().await;
    upstream
        .package("@s/n")
        .version("1.0.0", |v| {
            v.tarball("bytes")
                .dependency("x", "^1")
                .script("install", "node x.js")
                .field("unknown", json!({"a": [1]}))
        })
        .version("2.0.0-rc.1", |v| v.without_integrity())
        .tag("beta", "2.0.0-rc.1")
        .time("1.0.0", "2019-01-01T00:00:00.000Z")
        .readme("# n")
        .field("license", json!("MIT"));
    let packument = get(upstream.addr(), "/@s%2fn").await.expect(200).json();
    assert_eq!(packument, get(upstream.addr(), "/@s/n").await.json());
    assert_eq!(packument, upstream.packument("@s/n"));
    assert_eq!(packument["name"], "@s/n");
    assert_eq!(packument["dist-tags"], json!({"latest": "1.0.0", "beta": "2.0.0-rc.1"}));
    assert_eq!(packument["time"]["created"], "2019-01-01T00:00:00.000Z");
    assert_eq!(packument["time"]["modified"], "2020-01-01T00:01:00.000Z");
    assert_eq!((&packument["readme"], &packument["license"]), (&json!("# n"), &json!("MIT")));
    let manifest = &packument["versions"]["1.0.0"];
    assert_eq!(manifest["unknown"], json!({"a": [1]}));
    assert_eq!(manifest["dependencies"], json!({"x": "^1"}));
    let dist = json!({
        "integrity": integrity(b"bytes"),
        "shasum": shasum(b"bytes"),
        "tarball": format!("{}/@s/n/-/n-1.0.0.tgz", upstream.url()),
    });
    assert_eq!(manifest["dist"], dist);
    assert!(packument["versions"]["2.0.0-rc.1"]["dist"].get("integrity").is_none());
}

#[test]
fn digests_are_the_usual_ones() {
    assert_eq!(shasum(b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    let sha512 = "sha512-3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9\
                  RU1EI2Q86A4qmslPpUyknw==";
    assert_eq!(integrity(b"abc"), sha512);
    assert_eq!(made_up(7, 100), made_up(7, 100));
    assert_ne!(made_up(7, 100), made_up(9, 100));
}

#[tokio::test]
async fn the_abbreviated_form_is_short() {
    let upstream = FakeUpstream::start().await;
    let package = upstream.package("a").readme("long");
    package.version("1.0.0", |v| {
        v.script("install", "x").field("unknown", json!(1)).field("libc", json!(["musl"]))
    });
    let short = Request::get(upstream.addr(), "/a").header("Accept", INSTALL_FORM);
    let short = short.send().await.expect(200);
    let kind = "application/vnd.npm.install-v1+json";
    assert_eq!(short.header("content-type"), Some(kind));
    let document = short.json();
    let manifest = &document["versions"]["1.0.0"];
    assert_eq!(manifest["hasInstallScript"], true);
    assert_eq!(manifest["libc"], json!(["musl"]));
    assert!(manifest.get("unknown").is_none() && document.get("readme").is_none());
    let full = get(upstream.addr(), "/a").await.expect(200);
    assert_eq!(full.header("content-type"), Some("application/json"));
    assert_ne!(full.header("etag"), short.header("etag"));

    upstream.manners(|m| m.abbreviated = false);
    let asked = Request::get(upstream.addr(), "/a").header("Accept", INSTALL_FORM);
    assert_eq!(asked.send().await.body, full.body);
}

#[tokio::test]
async fn validators_are_honoured() {
    let upstream = with_lodash().await;
    let first = get(upstream.addr(), "/lodash").await.expect(200);
    let etag = first.header("etag").expect("an ETag").to_owned();
    let ask =
        |etag: &str| Request::get(upstream.addr(), "/lodash").header("If-None-Match", etag).send();
    assert_eq!(ask(&etag).await.expect(304).raw_len, 0);
    ask(&format!("\"x\", W/{etag}")).await.expect(304);
    ask("\"other\"").await.expect(200);

    upstream.package("lodash").version("1.1.0", |v| v);
    let changed = ask(&etag).await.expect(200).json();
    assert_eq!(changed["dist-tags"]["latest"], "1.1.0");

    let moment = "Wed, 21 Oct 2015 07:28:00 GMT";
    upstream.manners(|m| {
        m.etag = Etag::Absent;
        m.last_modified = Some(moment.to_owned());
    });
    ask(&etag).await.expect(200);
    let since = Request::get(upstream.addr(), "/lodash").header("If-Modified-Since", moment);
    let since = since.send().await.expect(304);
    assert_eq!((since.header("etag"), since.header("last-modified")), (None, Some(moment)));
    upstream.manners(|m| m.etag = Etag::Weak);
    let weak = get(upstream.addr(), "/lodash").await.expect(200);
    assert!(weak.header("etag").expect("an ETag").starts_with("W/\""));
}

#[tokio::test]
async fn gzip_is_given_to_who_asks() {
    let upstream = with_lodash().await;
    let ask = |accepted: &str| {
        let request = Request::get(upstream.addr(), "/lodash");
        request.header("Accept-Encoding", accepted).send()
    };
    let zipped = ask("gzip, br").await.expect(200);
    assert_eq!(zipped.header("content-encoding"), Some("gzip"));
    assert_eq!(zipped.json(), upstream.packument("lodash"));
    assert_eq!(ask("gzip;q=0").await.expect(200).header("content-encoding"), None);
    upstream.manners(|m| m.gzip = false);
    assert_eq!(ask("gzip").await.expect(200).header("content-encoding"), None);
}

#[tokio::test]
async fn bodies_come_in_each_form() {
    let upstream = with_lodash().await;
    let expected = upstream.packument("lodash");
    for (form, length, coding) in [
        (BodyForm::Length, true, None),
        (BodyForm::Chunked, false, Some("chunked")),
        (BodyForm::UntilClose, false, None),
    ] {
        upstream.manners(|m| m.body_form = form);
        let response = get(upstream.addr(), "/lodash").await.expect(200);
        assert_eq!(response.headers.has("content-length"), length, "{form:?}");
        assert_eq!(response.header("transfer-encoding"), coding, "{form:?}");
        assert_eq!(response.json(), expected);
    }
}

#[tokio::test]
async fn tarballs_are_where_the_packument_says() {
    let upstream = FakeUpstream::start_under("/npm").await;
    let big = made_up(1, 300_000);
    upstream
        .package("a")
        .version("1.0.0", |v| v.tarball(big.clone()))
        .version("2.0.0", |v| v.tarball_path("/files/odd-002.tgz?sig=a%2Fb"))
        .version("3.0.0", |v| v.tarball_url("https://cdn.example/a.tgz"));
    let addr = upstream.addr();
    let packument = get(addr, "/npm/a").await.expect(200).json();
    let stated = |version: &str| {
        let url = &packument["versions"][version]["dist"]["tarball"];
        url.as_str().expect("a URL").to_owned()
    };
    let path = |version| stated(version).replace(&format!("http://{addr}"), "");
    let tarball = get(addr, &path("1.0.0")).await.expect(200);
    assert_eq!(tarball.header("content-type"), Some("application/octet-stream"));
    assert_eq!(tarball.body, big);
    assert_eq!(tarball.body, upstream.tarball("a", "1.0.0"));
    assert_eq!(path("2.0.0"), "/npm/files/odd-002.tgz?sig=a%2Fb");
    get(addr, &path("2.0.0")).await.expect(200);
    get(addr, "/npm/files/odd-002.tgz").await.expect(404);
    assert_eq!(stated("3.0.0"), "https://cdn.example/a.tgz");
    get(addr, "/a").await.expect(404);
    get(addr, "/npma").await.expect(404);
}

#[tokio::test]
async fn head_has_the_head_of_get() {
    let upstream = with_lodash().await;
    let mut connection = Connection::open(upstream.addr()).await.expect("a connection");
    let whole = connection.get("/lodash").await.expect(200);
    let head = Request::new(upstream.addr(), "HEAD", "/lodash");
    let head = connection.ask(head).await.expect(200);
    assert_eq!(head.headers, whole.headers);
    assert_eq!(head.raw_len, 0);
    connection.get("/lodash").await.expect(200);
}

#[tokio::test]
async fn raw_documents_and_removals() {
    let upstream = with_lodash().await;
    upstream.document("raw", "{\"name\" :\"raw\"}");
    assert_eq!(get(upstream.addr(), "/raw").await.expect(200).body, b"{\"name\" :\"raw\"}");
    let file = "/lodash/-/lodash-1.0.0.tgz";
    upstream.file(file, "other");
    assert_eq!(get(upstream.addr(), file).await.body, b"other");
    let package = upstream.package("lodash").version("2.0.0", |v| v);
    package.without_version("2.0.0");
    assert_eq!(upstream.packument("lodash")["dist-tags"]["latest"], "1.0.0");
    upstream.remove("lodash");
    get(upstream.addr(), "/lodash").await.expect(404);
    get(upstream.addr(), file).await.expect(404);
}

#[tokio::test]
async fn requests_are_logged() {
    let upstream = with_lodash().await;
    let mut connection = Connection::open(upstream.addr()).await.expect("a connection");
    connection.get("/lodash").await;
    connection.get("/@s%2Fn?write=true").await;
    let post = Request::new(upstream.addr(), "POST", "/-/x").header("X-A", "1");
    post.header("x-a", "2").body("hello").send().await.expect(404);
    assert_eq!(upstream.count("GET /lodash"), 1);
    assert_eq!(upstream.count("/@s/n"), 1);
    assert_eq!((upstream.count("POST *"), upstream.count_all()), (1, 3));
    let seen = upstream.requests();
    assert_eq!(seen[1].path, "/@s%2Fn?write=true");
    assert_eq!(seen[2].headers.all("x-a").collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!((seen[2].header("X-A"), seen[2].body.as_slice()), (Some("1"), &b"hello"[..]));
    let connections: Vec<usize> = seen.iter().map(|seen| seen.connection).collect();
    assert_eq!((connections, upstream.connections()), (vec![0, 0, 1], 2));
    upstream.clear();
    assert_eq!(upstream.count_all(), 0);

    let (answers, ()) =
        tokio::join!(get_many(upstream.addr(), 4, "/lodash"), upstream.wait_for(4, "GET /lodash"));
    assert_eq!(answers.len(), 4);
}
