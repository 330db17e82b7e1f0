//! What never goes upstream: callers' secrets, NOPAR's own paths, and requests that are none.
//! Knows nothing of what decent requests are answered with.

mod loops;
mod token;
mod user_agent;

use crate::support::client::{Request, Response};
use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

/// An upstream with one package `a` of one version.
async fn upstream() -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v);
    upstream
}

/// An error as clients read it.
#[track_caller]
fn json_error(answer: Response, status: u16, what: &str) -> Response {
    assert_eq!(answer.status, status, "{what}");
    assert_eq!(answer.header("content-type"), Some("application/json"), "{what}");
    assert!(answer.json()["error"].is_string(), "{what}");
    answer
}

/// A request upstream holds NOPAR's own headers and nothing of the caller's.
#[tokio::test]
async fn nothing_of_a_callers_headers_goes_upstream() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let secrets = [
        ("Authorization", "Bearer npm_secret"),
        ("Cookie", "session=secret"),
        ("Proxy-Authorization", "Basic c2VjcmV0"),
        ("npm-session", "secret"),
        ("npm-command", "install secret"),
        ("npm-otp", "123456"),
        ("npm-auth-type", "web"),
        ("pacote-req-type", "packument"),
        ("X-Forwarded-For", "192.0.2.7"),
        ("X-Forwarded-Host", "secret.example"),
        ("X-Real-IP", "192.0.2.7"),
        ("Forwarded", "for=192.0.2.7"),
        ("Referer", "http://intranet.example/secret"),
        ("User-Agent", "npm/secret"),
        ("Origin", "http://intranet.example"),
        ("X-Anything", "secret"),
        ("If-None-Match", "\"secret\""),
        ("If-Modified-Since", "Wed, 21 Oct 2015 07:28:00 GMT"),
        ("Range", "bytes=0-1"),
        ("Accept-Language", "tlh"),
    ];
    for path in ["/a", "/a/-/a-1.0.0.tgz"] {
        let request = nopar.request(path).host("intranet.example");
        let request =
            secrets.iter().fold(request, |request, (name, value)| request.header(name, value));
        request.send().await;
    }
    let own = ["host", "user-agent", "via", "accept", "accept-encoding"];
    let seen = upstream.requests();
    assert_eq!(seen.len(), 2);
    for request in seen {
        for (name, value) in request.headers.iter() {
            let name = name.to_ascii_lowercase();
            assert!(own.contains(&name.as_str()), "{}: {name}: {value}", request.path);
            assert!(!value.contains("secret") && !value.contains("intranet"), "{name}: {value}");
        }
        assert_eq!(request.header("host"), Some(upstream.addr().to_string().as_str()));
        let agent = request.header("user-agent").expect("a User-Agent");
        assert!(agent.starts_with("nopar/"), "{agent}");
        assert_eq!(request.method, "GET");
        assert!(request.body.is_empty());
    }
}

/// Everything under `/-/` is NOPAR's own: what it does not know is a 404 in JSON, whatever the method.
#[tokio::test]
async fn unknown_services_are_404_and_never_forwarded() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let paths = [
        "/-/x/y",
        "/-/x",
        "/-/all",
        "/-/v1/nothing",
        "/-/whoami2",
        "/-/npm/v1/nothing",
        "/-/",
        "/-",
        "/-/package/a/nothing",
        "/-/ping/x",
        "/%2d/x",
        "/-/a/-/a-1.0.0.tgz",
    ];
    for path in paths {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE"] {
            let request = nopar.request(path).method(method).header("Authorization", "Bearer x");
            let request = if method.starts_with('P') { request.body("{}") } else { request };
            let answer = request.send().await;
            let what = format!("{method} {path}");
            match method {
                "HEAD" => assert_eq!(answer.status, 404, "{what}"),
                _ => drop(json_error(answer, 404, &what)),
            }
        }
    }
    assert_eq!(upstream.count_all(), 0);
}

/// A ping is answered by NOPAR alone: also while its upstream is down.
#[tokio::test]
async fn ping_works_while_the_upstream_is_down() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    upstream.stop().await;
    for path in ["/-/ping", "/-/ping?write=true"] {
        let pong = nopar.get(path).await.expect(200);
        assert_eq!(pong.json(), serde_json::json!({}), "{path}");
        assert_eq!(pong.header("content-type"), Some("application/json"), "{path}");
    }
    assert_eq!(upstream.count_all(), 0);
}

/// What a package does not allow is a 405 in JSON that says what it does allow.
#[tokio::test]
async fn other_methods_are_refused_in_json() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    for path in ["/a", "/@s%2fn", "/a/1.0.0", "/a/-/a-1.0.0.tgz", "/-/package/a/dist-tags", "/"] {
        for method in ["POST", "DELETE", "PATCH", "BREW"] {
            let request = nopar.request(path).method(method).body("{\"name\":\"a\"}");
            let what = format!("{method} {path}");
            let answer = json_error(request.send().await, 405, &what);
            let allow = answer.header("allow").expect("an Allow").to_owned();
            assert!(allow.contains("GET") && !allow.contains(method), "{what}: {allow}");
        }
    }
    assert_eq!(upstream.count_all(), 0);
}

/// A refused request with a body leaves the connection usable, or closes it: the next is not misread.
#[tokio::test]
async fn a_refused_body_is_not_taken_for_a_request() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let mut connection = nopar.connect().await;
    let body = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
    let put = nopar.request("/a").method("POST").body(body);
    connection.ask(put).await.expect(405);
    let ping = nopar.request("/-/ping");
    // Closing is as good an answer.
    if connection.send(&ping).await.is_ok()
        && let Ok(pong) = connection.receive().await
    {
        pong.expect(200);
    }
    assert_eq!(upstream.count("/smuggled"), 0);
}

/// A path that no registry gives out is a 400 in JSON, and never the upstream's affair.
#[tokio::test]
async fn malformed_paths_are_refused() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let paths = [
        "/..%2f..",
        "/..%2f..%2fetc%2fpasswd",
        "/%2e%2e",
        "/%2e%2e/a",
        "/../a",
        "/a/..",
        "/./a",
        "/%2e",
        "/a%00",
        "/%00",
        "/a%0d%0aX:1",
        "/a%5cb",
        "/%5c%5chost",
        "/a\\b",
        "/%",
        "/%2",
        "/%zz",
        "/a%f",
        "//a",
        "//x",
        "/a//1.0.0",
        "/a/-//a-1.0.0.tgz",
        "/@s",
        "/@s%2f",
        "/@/n",
        "/@s%2f..",
        "/%ff%fe",
        "/a/-/..%2fb.tgz",
        "/a/-/%2e%2e",
        "/.hidden%2fx/y/z%2f..",
        "/node_modules",
    ];
    for path in paths {
        let answer = Request::get(nopar.addr(), path).send().await;
        json_error(answer, 400, path);
    }
    assert_eq!(upstream.count_all(), 0);
}

/// Names that are odd but decent are asked for, encoded as npm encodes them.
#[tokio::test]
async fn odd_names_reach_the_upstream_encoded() {
    let upstream = upstream().await;
    for name in ["JSONStream", "-x", "@a/_b", "constructor", "__proto__", "aux.js", "nul"] {
        upstream.package(name).version("1.0.0", |v| v);
    }
    let nopar = TestNopar::with(&upstream).start().await;
    for name in ["JSONStream", "-x", "@a/_b", "constructor", "__proto__", "aux.js", "nul"] {
        let answer = nopar.get(&format!("/{}", name.replace('/', "%2F"))).await;
        assert_eq!(answer.expect(200).json()["name"], name);
    }
    assert_eq!(upstream.requests()[2].path, "/@a%2fb".replace('b', "_b"));
}

/// Browsers' questions are no packages.
#[tokio::test]
async fn browsers_questions_never_reach_the_upstream() {
    let upstream = upstream().await;
    upstream.package("favicon.ico").version("1.0.0", |v| v);
    let nopar = TestNopar::with(&upstream).start().await;
    for path in ["/favicon.ico", "/robots.txt", "/", "/_changes", "/_all_docs", "/_utils/"] {
        nopar.get(path).await;
    }
    assert_eq!(upstream.count_all(), 0);
}

/// With NOPAR_AUTO_FORWARD=no nothing at all is asked of the upstream.
#[tokio::test]
async fn without_auto_forward_the_upstream_is_left_alone() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_AUTO_FORWARD", "no").start().await;
    for path in ["/a", "/a/1.0.0", "/-/package/a/dist-tags", "/a/-/a-1.0.0.tgz"] {
        json_error(nopar.get(path).await, 404, path);
    }
    let told = nopar.get("/a").await.json();
    assert_eq!(told["error"], "not_found", "clients know that word");
    assert_eq!(told["reason"], "not here, and no upstream is asked (NOPAR_AUTO_FORWARD=no)");
    assert_eq!(upstream.count_all(), 0);
}
