//! What lines of the log say in either format: who asked, by what, and what the request is called.
//! Knows nothing of how lines come to be written.

use serde_json::Value;

use crate::access::of;
use crate::support::binary::Binary;
use crate::support::client::{Connection, Request, get};
use crate::support::publish::Publish;
use crate::support::upstream::FakeUpstream;
use crate::trail::Watched;

const JSON: (&str, &str) = ("NOPAR_LOG_FORMAT", "json");

/// What the line of this path says, in JSON.
async fn line_of(binary: &Binary, path: &str) -> Value {
    let line = binary.says(&format!("\"path\":\"{path}\"")).await;
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// All there is, from the first line to the last, whoever wrote it and whatever clients send.
#[tokio::test]
async fn each_line_is_an_object() {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v);
    let (binary, addr) = Binary::serving(&upstream.url(), &[JSON]).await;
    let hostile: [&[u8]; 4] =
        [b"npm/11 \"}\\", b"\xff\xfe", "\u{85}\u{2028}\u{e9}".as_bytes(), b"x\ty"];
    for agent in hostile {
        Request::get(addr, "/a").header("User-Agent", agent).send().await.expect(200);
    }
    let long = "n".repeat(10_000);
    Request::get(addr, "/long").header("User-Agent", &long).send().await.expect(404);
    for path in ["/x%0a{", "/x\u{1b}[2J", "/x\u{85}y\"", "/\u{202e}"] {
        get(addr, path).await;
    }
    let mut connection = Connection::open(addr).await.expect("a connection");
    connection.send_bytes(b"GET /\xff\"\x1b HTTP/1.1\r\nA: \x1b\r\n\r\n").await.expect("sent");
    connection.receive().await.expect("an answer").expect(400);
    // A line of the trail, and one of a warning.
    Publish::of("own", "1.0.0").succeed(addr).await;
    Request::new(addr, "DELETE", "/-/user/token/npm_none").send().await;
    upstream.stop().await;
    get(addr, "/b").await;
    let cut = line_of(&binary, "/long").await;
    assert_eq!(cut["agent"], "n".repeat(200));
    binary.signal("TERM");
    let ended = binary.ended().await;
    assert!(ended.success);
    let mut targets = Vec::new();
    for line in ended.stderr.lines() {
        assert!(!line.contains(|c: char| c.is_control() || c == '\u{2028}' || c == '\u{202e}'));
        let object: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line:?}"));
        let text = |key: &str| object[key].as_str().unwrap_or_else(|| panic!("no {key}: {line}"));
        assert!(text("time").len() == 24 && text("time").ends_with('Z'), "{line}");
        assert!(["ERROR", "WARN", "INFO"].contains(&text("level")), "{line}");
        match text("target") {
            "access" => assert!(object["status"].is_u64() && text("id").len() == 16, "{line}"),
            "trail" => assert!(text("deed") == "logout" && !text("outcome").is_empty(), "{line}"),
            _ => assert!(!text("message").is_empty(), "{line}"),
        }
        targets.push(text("target").to_owned());
    }
    let count = |target: &str| targets.iter().filter(|it| *it == target).count();
    assert_eq!((count("access"), count("trail")), (4 + 1 + 4 + 1 + 3, 1), "{}", ended.stderr);
    assert!(targets.len() > 14, "there are others: {targets:?}");
}

/// A trusted proxy's word is taken if it is fit for a log, on both ways; what is made up is another one each time.
#[tokio::test]
async fn a_request_is_called_as_its_proxy_calls_it() {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v);
    for (proxies, hot_path) in [("127.0.0.1", "yes"), ("127.0.0.1", "no"), ("", "yes"), ("", "no")]
    {
        let env = [JSON, ("NOPAR_TRUSTED_PROXIES", proxies), ("NOPAR_HOT_PATH", hot_path)];
        let (binary, addr) = Binary::serving(&upstream.url(), &env).await;
        let long = "x".repeat(129);
        let said = ["one.Two_3-4", "a b", "", &long, "quo\"te", "one.Two_3-4"];
        for id in said {
            let answer = Request::get(addr, "/a").header("X-Request-Id", id).send().await;
            assert_eq!(answer.expect(200).header("x-request-id"), None, "no answer but an error");
        }
        let twice = Request::get(addr, "/a").header("X-Request-Id", "b");
        twice.header("X-Request-Id", "c").send().await.expect(200);
        let lines = binary.says_times(7, "\"path\":\"/a\"").await;
        let ids: Vec<String> = lines
            .iter()
            .map(|line| {
                serde_json::from_str::<Value>(line).expect(line)["id"]
                    .as_str()
                    .expect(line)
                    .to_owned()
            })
            .collect();
        // Their lines may be in another order.
        let given = ids.iter().filter(|id| *id == "one.Two_3-4").count();
        assert_eq!(given, if proxies.is_empty() { 0 } else { 2 }, "{ids:?}");
        let mut made: Vec<&String> = ids.iter().filter(|id| id.len() == 16).collect();
        assert_eq!(made.len() + given, ids.len(), "{ids:?}");
        made.sort();
        made.dedup();
        assert_eq!(made.len() + given, ids.len(), "twice the same: {ids:?}");
    }
}

/// Whoever was told of an error can say which one.
#[tokio::test]
async fn an_error_says_what_its_line_is_called() {
    let upstream = FakeUpstream::start().await;
    let (binary, addr) = Binary::serving(&upstream.url(), &[JSON]).await;
    let absent = get(addr, "/absent").await.expect(404);
    let id = absent.header("x-request-id").expect("an id").to_owned();
    assert_eq!(line_of(&binary, "/absent").await["id"], id);
    let page = Request::get(addr, "/-/none").header("Accept", "text/html").send().await;
    let id = page.expect(404).header("x-request-id").expect("an id").to_owned();
    assert_eq!(line_of(&binary, "/-/none").await["id"], id);
    // A head that is no request.
    let mut connection = Connection::open(addr).await.expect("a connection");
    connection.send_bytes(b"GET /bad HTTP/1.1\r\nno colon\r\n\r\n").await.expect("sent");
    let bad = connection.receive().await.expect("an answer").expect(400);
    let id = bad.header("x-request-id").expect("an id").to_owned();
    assert_eq!(line_of(&binary, "/bad").await["id"], id);
    // Without a line there is nothing to find by it.
    let (_binary, addr) = Binary::serving(&upstream.url(), &[("NOPAR_ACCESS_LOG", "no")]).await;
    assert_eq!(get(addr, "/absent").await.expect(404).header("x-request-id"), None);
}

/// Who asked is told where it was looked at, also by an answer that was ready; never by a secret.
#[tokio::test]
async fn a_line_says_who_asked_where_that_matters() {
    for hot_path in ["yes", "no"] {
        let more = [("NOPAR_HOT_PATH", hot_path)];
        let mut scene = Watched::start_with("info", &more).await;
        let ann = scene.comes("ann").await;
        of(Publish::of("@acme/ui", "1.0.0").to(scene.addr), Some(&ann)).send().await.expect(201);
        of(Publish::of("open", "1.0.0").to(scene.addr), Some(&ann)).send().await.expect(201);
        for _ in 0..5 {
            scene.bare("GET", "/@acme%2fui", Some(&ann)).await.expect(200);
            scene.bare("GET", "/open", Some(&ann)).await.expect(200);
        }
        scene.bare("GET", "/-/whoami", Some(&ann)).await.expect(200);
        scene.bare("GET", "/@acme%2fui?anonymous", None).await;
        let said = async |times: usize, request: &str| {
            let lines = scene.binary.says_times(times, &format!("access] {request} ")).await;
            let caller = |line: &String| {
                let (_, line) = line.split_once(" caller=").expect(line);
                line.split_once(" agent=").expect(line).0.to_owned()
            };
            let mut callers: Vec<String> = lines.iter().map(caller).collect();
            callers.dedup();
            callers
        };
        assert_eq!(said(1, "PUT /@acme%2fui").await, ["\"ann\""]);
        // The last one was nobody.
        assert_eq!(said(6, "GET /@acme%2fui").await, ["\"ann\"", "-"]);
        assert_eq!(said(5, "GET /open").await, ["-"], "everybody may read it, so nobody looked");
        assert_eq!(said(1, "GET /-/whoami").await, ["\"ann\""]);
        assert_eq!(
            said(1, "PUT /-/user/org.couchdb.user:ann").await,
            ["-"],
            "who logs in is nobody"
        );
        let secret = ann.trim_start_matches("Bearer ").to_owned();
        assert!(!scene.end().await.contains(&secret));
    }
}
