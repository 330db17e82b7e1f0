//! What pages of other sites may have a browser show them: what the upstream shows to everybody, and of NOPAR's own
//! what the configuration says.
//! Knows nothing of what they may do, which is nothing.

use crate::support::client::Response;
use crate::support::nopar::TestNopar;
use crate::support::publish::Publish;
use crate::support::upstream::FakeUpstream;

const PAGE: &str = "https://docs.example";
const OTHER: &str = "https://other.example";
const ATTESTED: &str = "/-/npm/v1/attestations/a@1.0.0";
const TARBALL: &str = "/a/-/a-1.0.0.tgz";

/// What of the upstream's everybody gets, and what is about no package.
const OPEN: [&str; 9] = [
    "/a",
    "/a/1.0.0",
    "/-/package/a/dist-tags",
    TARBALL,
    "/large/-/large-1.0.0.tgz",
    ATTESTED,
    "/-/ping",
    "/",
    "/favicon.ico",
];

/// What is NOPAR's own, there or not, and what lists.
const OWN: [&str; 9] = [
    "/own",
    "/own/1.0.0",
    "/own/latest",
    "/-/package/own/dist-tags",
    "/own/-/own-1.0.0.tgz",
    "/own/9.9.9",
    "/own/-/own-9.9.9.tgz",
    "/-/npm/v1/attestations/own@1.0.0",
    "/@acme/ui",
];

/// A NOPAR with packages of its own and of its upstream.
async fn both(env: &[(&str, &str)]) -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v);
    upstream.package("large").version("1.0.0", |v| v.tarball_size(700_000));
    upstream.file(ATTESTED, r#"{"attestations":[]}"#);
    let builder = TestNopar::with(&upstream).env("NOPAR_LOCAL_PACKAGES", "@acme/*");
    let builder = env.iter().fold(builder, |builder, (name, value)| builder.env(name, value));
    let nopar = builder.start().await;
    Publish::of("own", "1.0.0").succeed(nopar.addr()).await;
    (upstream, nopar)
}

async fn asked_by(nopar: &TestNopar, origin: &str, path: &str) -> Response {
    nopar.request(path).header("Origin", origin).send().await
}

/// What an answer says of pages.
fn said(answer: &Response) -> Vec<(String, String)> {
    let lower = |(name, value): (&str, &str)| (name.to_ascii_lowercase(), value.to_owned());
    let mut said: Vec<_> = answer.headers.iter().map(lower).collect();
    said.retain(|(name, value)| {
        name.starts_with("access-control-") || (name == "vary" && value == "Origin")
    });
    said.sort();
    said
}

/// Whose pages may read an answer. Credentials are never let through.
#[track_caller]
fn allowed(answer: &Response) -> Option<&str> {
    assert!(!answer.headers.has("access-control-allow-credentials"), "{:?}", answer.headers);
    let allowed = answer.header("access-control-allow-origin");
    let exposed = answer.header("access-control-expose-headers");
    assert_eq!(allowed.is_some(), exposed.is_some(), "{:?}", answer.headers);
    assert!(exposed.is_none_or(|exposed| exposed.contains("ETag")), "{exposed:?}");
    allowed
}

/// Cold, warm, stale, by HEAD, for who has it, in part: pages of every site may read it, and the answer is otherwise
/// what everybody gets.
#[tokio::test]
async fn pages_read_what_the_upstream_shows_to_everybody() {
    let (upstream, nopar) = both(&[]).await;
    for path in OPEN {
        for _ in ["cold", "warm", "hot"] {
            for origin in [PAGE, OTHER, "null"] {
                let answer = asked_by(&nopar, origin, path).await.expect(200);
                assert_eq!(allowed(&answer), Some("*"), "{path}");
                assert_eq!(said(&answer).len(), 2, "{path}: {:?}", answer.headers);
                let usual = nopar.get(path).await.expect(200);
                assert_eq!(said(&usual), [], "{path}");
                assert_eq!(answer.body, usual.body, "{path}");
            }
        }
        let head = nopar.request(path).method("HEAD").header("Origin", PAGE).send().await;
        assert_eq!((head.status, allowed(&head)), (200, Some("*")), "{path}");
        if let Some(etag) = head.header("etag") {
            let held = nopar.request(path).header("Origin", PAGE).header("If-None-Match", etag);
            assert_eq!(allowed(&held.send().await.expect(304)), Some("*"), "{path}");
        }
    }
    for path in [TARBALL, "/large/-/large-1.0.0.tgz"] {
        for (range, status) in [("bytes=0-9", 206), ("bytes=900000-", 416)] {
            let part = nopar.request(path).header("Origin", PAGE).header("Range", range);
            assert_eq!(allowed(&part.send().await.expect(status)), Some("*"), "{path} {range}");
        }
    }
    upstream.stop().await;
    nopar.advance(std::time::Duration::from_secs(40 * 24 * 3600));
    for path in ["/a", ATTESTED] {
        let stale = asked_by(&nopar, PAGE, path).await.expect(200);
        assert_eq!((stale.header("x-cache"), allowed(&stale)), (Some("stale"), Some("*")));
    }
}

/// A failure can be read where what it is about could be.
#[tokio::test]
async fn pages_read_why_there_is_nothing() {
    let (upstream, nopar) = both(&[]).await;
    let nowhere = "/-/npm/v1/attestations/nope@1.0.0";
    for path in ["/nope", "/nope/-/nope-1.0.0.tgz", "/a/9.9.9", nowhere, "/-/nothing", "/-/all"] {
        for _ in 0..2 {
            let answer = asked_by(&nopar, PAGE, path).await.expect(404);
            assert_eq!(allowed(&answer), Some("*"), "{path}");
        }
    }
    assert_eq!(allowed(&asked_by(&nopar, PAGE, "/a%2").await.expect(400)), Some("*"));
    upstream.stop().await;
    for path in ["/down", "/down/-/down-1.0.0.tgz", "/-/npm/v1/attestations/down@1.0.0"] {
        let answer = asked_by(&nopar, PAGE, path).await.expect(502);
        assert_eq!(allowed(&answer), Some("*"), "{path}");
    }
}

/// What is NOPAR's own, and what lists, no page reads, as long as nobody said so; nor what acts.
#[tokio::test]
async fn no_page_reads_what_is_nopars_own() {
    let (_upstream, nopar) = both(&[]).await;
    for path in
        OWN.into_iter().chain(["/-/v1/search?text=own", "/-/whoami", "/-/package/own/access"])
    {
        for _ in 0..2 {
            let answer = asked_by(&nopar, PAGE, path).await;
            assert_eq!(said(&answer), [], "{path}: {}", answer.status);
        }
    }
}

/// Keys are this registry's own, and of upstreams with a token; and why there are none says where upstreams are.
#[tokio::test]
async fn no_page_reads_keys_or_where_upstreams_are() {
    let (upstream, nopar) = both(&[]).await;
    let keys = "/-/npm/v1/keys";
    upstream.file(keys, r#"{"keys":[]}"#);
    assert_eq!(said(&asked_by(&nopar, PAGE, keys).await.expect(200)), []);
    upstream.stop().await;
    let (upstream, nopar) = both(&[]).await;
    upstream.always("*", 500);
    let answer = asked_by(&nopar, PAGE, keys).await.expect(502);
    assert!(answer.text().contains(&upstream.url()), "{}", answer.text());
    assert_eq!(said(&answer), []);
}

/// Nor what an upstream shows to nobody but NOPAR; and nothing at all where that is said.
#[tokio::test]
async fn no_page_reads_what_the_upstream_does_not_show_to_everybody() {
    for (name, value) in [("NOPAR_FORWARDER_TOKEN", "npm_secret"), ("NOPAR_CORS_ORIGINS", "off")] {
        let (_upstream, nopar) = both(&[(name, value)]).await;
        let private = &OPEN[..6];
        for path in private.iter().copied().chain(["/nope", "/nope/-/nope-1.0.0.tgz"]) {
            for _ in 0..2 {
                let answer = asked_by(&nopar, PAGE, path).await;
                assert_eq!(said(&answer), [], "{name} {path}");
            }
        }
        let ping = asked_by(&nopar, PAGE, "/-/ping").await.expect(200);
        assert_eq!(allowed(&ping).is_some(), name == "NOPAR_FORWARDER_TOKEN");
    }
    let env = [("NOPAR_FORWARDER_TOKEN", "npm_secret"), ("NOPAR_CORS_ORIGINS", PAGE)];
    let (_upstream, nopar) = both(&env).await;
    assert_eq!(allowed(&asked_by(&nopar, PAGE, "/a").await.expect(200)), Some(PAGE));
    assert_eq!(allowed(&asked_by(&nopar, OTHER, "/a").await.expect(200)), None);
}

/// Whatever there is of a name that is NOPAR's own, or is not: all answers look alike to a page.
#[tokio::test]
async fn pages_of_named_origins_read_nopars_own() {
    let (_upstream, nopar) =
        both(&[("NOPAR_CORS_ORIGINS", "https://docs.example, http://localhost:3000")]).await;
    for path in OWN.into_iter().chain(["/-/v1/search?text=own", "/-/whoami"]) {
        for origin in [PAGE, "http://localhost:3000"] {
            let answer = asked_by(&nopar, origin, path).await;
            assert_eq!(allowed(&answer), Some(origin), "{path}");
            assert!(answer.headers.all("vary").any(|vary| vary == "Origin"), "{path}");
        }
        for origin in [OTHER, "null", "http://docs.example", "https://docs.example:8443", ""] {
            let answer = asked_by(&nopar, origin, path).await;
            assert_eq!(allowed(&answer), None, "{path} {origin}");
            assert!(answer.headers.all("vary").any(|vary| vary == "Origin"), "{path}");
        }
        let two = nopar.request(path).header("Origin", PAGE).header("Origin", PAGE).send().await;
        assert_eq!(said(&two), [], "{path}");
    }
    for path in OPEN {
        let answer = asked_by(&nopar, OTHER, path).await.expect(200);
        assert_eq!(allowed(&answer), Some("*"), "{path}");
    }
}

/// With `*`, pages of every site read all that reads; what acts, none does.
#[tokio::test]
async fn with_an_asterisk_pages_read_everything() {
    let (_upstream, nopar) = both(&[("NOPAR_CORS_ORIGINS", "*")]).await;
    for path in OWN.into_iter().chain(OPEN).chain(["/-/v1/search?text=own"]) {
        let answer = asked_by(&nopar, PAGE, path).await;
        assert_eq!(allowed(&answer), Some("*"), "{path}");
        assert_eq!(said(&answer).len(), 2, "{path}");
    }
    for (method, path) in [
        ("POST", "/-/package/a/refresh"),
        ("POST", "/-/package/a/delete"),
        ("PUT", "/own"),
        ("DELETE", "/own/-rev/1"),
        ("POST", "/a"),
        ("BREW", "/a"),
    ] {
        let answer = nopar.request(path).method(method).header("Origin", PAGE).send().await;
        assert!(matches!(answer.status, 403 | 405), "{method} {path}: {}", answer.status);
        assert_eq!(said(&answer), [], "{method} {path}");
    }
}

/// A browser's question is answered by the path alone, nobody being asked whose a name is; and for reading only.
#[tokio::test]
async fn a_preflight_tells_nothing_of_a_name() {
    let (upstream, nopar) = both(&[]).await;
    upstream.clear();
    let ask = |path: &str, method: &str| {
        let question = nopar.request(path).method("OPTIONS").header("Origin", PAGE);
        let question = question.header("Access-Control-Request-Method", method);
        question.header("Access-Control-Request-Headers", "if-none-match").send()
    };
    let usual = said(&ask("/nope", "GET").await.expect(204));
    for path in
        ["/own", "/@acme/ui", "/a", TARBALL, "/own/-/own-1.0.0.tgz", "/own/1.0.0", "/-/ping"]
    {
        for method in ["GET", "HEAD"] {
            let answer = ask(path, method).await.expect(204);
            assert_eq!(said(&answer), usual, "{path}");
            assert!(answer.header("allow").is_some_and(|allow| allow.starts_with("GET, HEAD")));
            let value = |name: &str| answer.header(&format!("access-control-{name}")).unwrap_or("");
            assert_eq!(value("allow-origin"), "*");
            assert_eq!(value("allow-methods"), "GET, HEAD");
            assert!(value("allow-headers").contains("If-None-Match"));
            for never in ["authorization", "content-type"] {
                assert!(!value("allow-headers").to_ascii_lowercase().contains(never));
            }
            assert!(value("max-age").parse::<u32>().is_ok());
            assert_eq!(answer.raw_len, 0);
        }
        for method in ["PUT", "POST", "DELETE"] {
            assert_eq!(said(&ask(path, method).await.expect(204)), [], "{method} {path}");
        }
    }
    for path in ["/-/v1/search?text=x", "/-/whoami", "/-/package/a/refresh", "/a/-rev/1"] {
        assert_eq!(said(&ask(path, "GET").await.expect(204)), [], "{path}");
    }
    for path in ["/-/nothing", "/_all_docs"] {
        ask(path, "GET").await.expect(404);
    }
    assert_eq!(upstream.count_all(), 0);
}

/// Of what lists, those learn by it whose pages may read it.
#[tokio::test]
async fn a_preflight_of_a_list_is_for_named_origins() {
    let (_upstream, nopar) = both(&[("NOPAR_CORS_ORIGINS", PAGE)]).await;
    for (origin, expected) in [(PAGE, Some(PAGE)), (OTHER, None)] {
        let question = nopar.request("/-/v1/search?text=x").method("OPTIONS");
        let question = question.header("Origin", origin);
        let question = question.header("Access-Control-Request-Method", "GET");
        let answer = question.send().await.expect(204);
        assert_eq!(answer.header("access-control-allow-origin"), expected);
    }
}

/// A question without an origin is not a browser's.
#[tokio::test]
async fn options_tell_which_methods_there_are() {
    let (_upstream, nopar) = both(&[]).await;
    for (path, allow) in [
        (TARBALL, "GET, HEAD, PURGE"),
        ("/a", "GET, HEAD, PUT, PURGE"),
        ("/a/-rev/1", "PUT, DELETE"),
        ("/-/package/a/refresh", "POST"),
    ] {
        let answer = nopar.request(path).method("OPTIONS").send().await.expect(204);
        assert_eq!((answer.header("allow"), said(&answer)), (Some(allow), vec![]), "{path}");
    }
}
