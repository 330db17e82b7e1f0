//! The access log: one line per request, with what operators look for and no secret.
//! Knows nothing of other lines.

use std::net::SocketAddr;

use crate::support::binary::Binary;
use crate::support::client::Request;
use crate::support::upstream::FakeUpstream;

/// The words of an access line: `METHOD PATH STATUS BYTESb DURATIONms CACHE upstream=… CLIENT`.
struct Line {
    words: Vec<String>,
}

impl Line {
    /// Waits for the line of this request.
    async fn of(binary: &Binary, request: &str) -> Self {
        let line = binary.says(&format!(" {request} ")).await;
        let (_, rest) = line.split_once(&format!(" {request} ")).expect("it was looked for");
        Self { words: rest.split_whitespace().map(str::to_owned).collect() }
    }

    fn milliseconds(&self, word: usize, prefix: &str) -> f64 {
        let text = self.words[word].strip_prefix(prefix).and_then(|text| text.strip_suffix("ms"));
        let number = text.and_then(|text| text.parse().ok());
        number.unwrap_or_else(|| panic!("no milliseconds: {:?}", self.words))
    }
}

async fn serving(upstream: &FakeUpstream, env: &[(&str, &str)]) -> (Binary, SocketAddr) {
    upstream.package("a").version("1.0.0", |v| v.tarball("twelve bytes"));
    Binary::serving(&upstream.url(), env).await
}

/// Each request has its line: method, path, status, bytes, duration, cache state, upstream time.
#[tokio::test]
async fn each_request_has_its_line() {
    let upstream = FakeUpstream::start().await;
    let (binary, addr) = serving(&upstream, &[]).await;
    let ask = |method: &str, path: &str| Request::new(addr, method, path).send();
    ask("GET", "/a").await.expect(200);
    let miss = Line::of(&binary, "GET /a").await;
    assert_eq!((miss.words[0].as_str(), miss.words[3].as_str()), ("200", "miss"));
    assert!(miss.milliseconds(2, "") >= miss.milliseconds(4, "upstream="), "{:?}", miss.words);
    assert!(miss.words[5].starts_with("127.0.0.1"), "{:?}", miss.words);

    ask("HEAD", "/a").await.expect(200);
    let hit = Line::of(&binary, "HEAD /a").await;
    assert_eq!(hit.words[0..2], ["200", "0b"]);
    assert_eq!(hit.words[3..5], ["hit", "upstream=-"]);

    ask("GET", "/a/-/a-1.0.0.tgz").await.expect(200);
    let tarball = Line::of(&binary, "GET /a/-/a-1.0.0.tgz").await;
    assert_eq!(tarball.words[0..2], ["200", "12b"]);
    assert_eq!(tarball.words[3], "miss");
    assert!(tarball.milliseconds(4, "upstream=") > 0.0);

    ask("GET", "/-/ping").await.expect(200);
    let ping = Line::of(&binary, "GET /-/ping").await;
    assert_eq!(ping.words[3..5], ["-", "upstream=-"]);
    ask("POST", "/a").await.expect(405);
    assert_eq!(Line::of(&binary, "POST /a").await.words[0], "405");
    ask("GET", "/nothing").await.expect(404);
    assert_eq!(Line::of(&binary, "GET /nothing").await.words[0], "404");
    let lines = binary.stderr().lines().filter(|line| line.contains(" GET /a ")).count();
    assert_eq!(lines, 1, "{}", binary.stderr());
}

/// No token, neither in the path nor in a header nor NOPAR's own, comes into the log.
#[tokio::test]
async fn secrets_are_not_logged() {
    let upstream = FakeUpstream::start().await;
    for level in ["info", "debug"] {
        let env = [("NOPAR_LOGLEVEL", level), ("NOPAR_FORWARDER_TOKEN", "npm_hush")];
        let (binary, addr) = serving(&upstream, &env).await;
        let mut upstream_down = false;
        for _ in 0..2 {
            for path in [
                "/-/user/token/npm_hush",
                "/a",
                "/a/-/a-1.0.0.tgz",
                "/b/1.0.0",
                "/-/npm/v1/tokens/token/npm_hush",
                "/-/v1/login/npm_hush",
                "/-/v1/done/npm_hush",
            ] {
                let request = Request::new(addr, "GET", path)
                    .header("Authorization", "Bearer npm_hush")
                    .header("Cookie", "npm_hush")
                    .header("npm-otp", "npm_hush");
                request.send().await;
            }
            if !upstream_down {
                upstream.stop().await;
            }
            upstream_down = true;
        }
        upstream.restart().await;
        Request::new(addr, "DELETE", "/-/user/token/npm_hush").send().await;
        binary.says("DELETE /-/user/token/").await;
        let log = binary.stderr();
        let told = log.lines().find(|line| line.contains("npm_hush"));
        assert_eq!(told, None, "at level {level}");
    }
}

/// Nothing in a path can forge a line of the log.
#[tokio::test]
async fn a_path_cannot_forge_a_line() {
    let upstream = FakeUpstream::start().await;
    let (binary, addr) = serving(&upstream, &[]).await;
    for path in ["/x%0a[forged]", "/x\u{1b}[2J", "/x\u{85}y", "/x\u{2028}y"] {
        Request::get(addr, path).send().await;
    }
    Request::get(addr, "/-/ping").send().await.expect(200);
    binary.says("GET /-/ping").await;
    let log = binary.stderr();
    assert!(
        !log.contains('\u{1b}') && !log.contains('\u{85}') && !log.contains('\u{2028}'),
        "{log:?}"
    );
    assert!(!log.lines().any(|line| line.starts_with("[forged]")), "{log}");
}

/// The access log can be switched off, or sent to a file with all else.
#[tokio::test]
async fn the_access_log_can_be_switched_off() {
    let upstream = FakeUpstream::start().await;
    let (binary, addr) = serving(&upstream, &[("NOPAR_ACCESS_LOG", "no")]).await;
    Request::get(addr, "/a").send().await.expect(200);
    binary.signal("TERM");
    let ended = binary.ended().await;
    assert!(!ended.stderr.contains("GET /a"), "{}", ended.stderr);
}
