//! Hosted packages first, and then what is an upstream's own; page by page.
//! Knows nothing of what goes wrong.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use tokio::task::JoinSet;

use super::{SEARCH, answer, fault, finds, finds_few, names, object, search, timing};
use crate::support::client::Request;
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, refusal};
use crate::support::upstream::{Answer, FakeUpstream};

/// Each name once, from whom it belongs to.
#[tokio::test]
async fn hosted_packages_come_before_upstreams() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_LOCAL_PACKAGES", "@acme/*");
    let nopar = nopar.start().await;
    for name in ["ui-own", "@acme/ui", "other"] {
        Publish::of(name, "1.0.0").succeed(nopar.addr()).await;
    }
    finds_few(&upstream, "ui", &["ui", "@acme/ui", "ui-own", "@acme/never", "ui-x", "ui"]);
    let answered = answer(&nopar, "text=ui").await;
    assert_eq!(answered.header("cache-control"), Some("no-cache"));
    assert_eq!(answered.header("content-type"), Some("application/json"));
    let found = answered.json();
    assert_eq!(names(&found), ["@acme/ui", "ui-own", "ui", "ui-x"]);
    assert_eq!(found["total"], 4);
    let time = found["time"].as_str().expect("a time");
    assert!(time.len() == 24 && time.ends_with('Z') && time.contains('T'), "{time}");
    assert_eq!(found["objects"][2], object("ui"));
    let own = &found["objects"][0];
    assert_eq!(own["package"]["scope"], "acme");
    assert_eq!(own["package"]["links"]["npm"], format!("{}/@acme%2fui", nopar.url()));
    assert_eq!(own["package"]["version"], "1.0.0");
    assert!(own["package"]["maintainers"].is_array() && own["package"]["keywords"].is_array());
    let said: Vec<String> = timing(&answered).into_iter().map(|(_, said)| said).collect();
    assert_eq!(said, ["dur", "dur"]);
}

/// Pages of any size give the same list, whose total is right on the last one; upstreams are asked in blocks of 250,
/// each once.
#[tokio::test]
async fn pages_have_no_gaps_and_no_doubles() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).stopped_clock().start().await;
    for number in 0..7 {
        Publish::of(&format!("ui-own-{number}"), "1.0.0").succeed(nopar.addr()).await;
    }
    // Some are hosted here.
    let listed: Vec<String> = (0..600)
        .map(|n| if n % 100 == 3 { format!("ui-own-{}", n / 100) } else { format!("ui-{n}") })
        .collect();
    finds(&upstream, "ui", &listed);
    let mut expected: Vec<String> = (0..7).map(|n| format!("ui-own-{n}")).collect();
    expected.extend(listed.iter().filter(|name| !name.starts_with("ui-own")).cloned());
    for size in [7, 100, 250] {
        let (mut all, mut total) = (Vec::new(), u64::MAX);
        while (all.len() as u64) < total {
            let found = search(&nopar, &format!("text=ui&size={size}&from={}", all.len())).await;
            total = found["total"].as_u64().expect("a number");
            let page = names(&found);
            assert!(!page.is_empty(), "no end at {}", all.len());
            all.extend(page);
        }
        assert_eq!(all, expected, "{size}");
    }
    assert_eq!(upstream.count(SEARCH), 3);
    // Clamped, and behind the end.
    assert_eq!(names(&search(&nopar, "text=ui&size=1000").await).len(), 250);
    for query in ["size=0", "from=601", "from=18446744073709551615&size=250"] {
        let found = search(&nopar, &format!("text=ui&{query}")).await;
        assert_eq!(names(&found), [""; 0], "{query}");
        assert!(found["total"].as_u64().is_some_and(|total| total >= 601), "{found}");
    }
    assert_eq!(upstream.count(SEARCH), 3);
    // After a while, it is asked again.
    nopar.advance(std::time::Duration::from_secs(61));
    search(&nopar, "text=ui").await;
    assert_eq!(upstream.count(SEARCH), 4);
}

/// Each upstream says what belongs to it, in the order of the configuration, the default one last.
#[tokio::test]
async fn several_upstreams_follow_each_other() {
    let (all, acme) = (FakeUpstream::start().await, FakeUpstream::start().await);
    let file = format!(
        "[[upstream]]\nurl = \"{}\"\n\n[[upstream]]\npackages = [\"@acme/*\"]\nurl = \"{}\"\n",
        all.url(),
        acme.url()
    );
    let nopar = TestNopar::forwarding_to("").without_env("NOPAR_FORWARDER_URL").file(&file);
    let nopar = nopar.start().await;
    finds_few(&all, "ui", &["ui", "@acme/ui", "ui-x"]);
    finds_few(&acme, "ui", &["ui", "@acme/ui", "@acme/kit"]);
    let found = search(&nopar, "text=ui").await;
    assert_eq!(names(&found), ["@acme/ui", "@acme/kit", "ui", "ui-x"]);
    assert_eq!(found["total"], 4);
    let page = search(&nopar, "text=ui&from=1&size=2").await;
    assert_eq!(names(&page), ["@acme/kit", "ui"]);
}

/// What is asked of an upstream is made here: no parameter or header of the client goes along.
#[tokio::test]
async fn a_question_is_built_from_nothing() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let query = "text=a%26b+%C3%BC&quality=0.65&popularity=9&x=secret&size=3&from=2&text=secret";
    let request = nopar.request(&format!("{SEARCH}?{query}"));
    let request = request.header("Authorization", "Bearer secret").header("X-Any", "secret");
    request.send().await.expect(200);
    let seen = upstream.requests();
    assert_eq!(seen.len(), 1);
    let path = format!("{SEARCH}?text=a%26b+%C3%BC&quality=0.65&size=250&from=0");
    assert_eq!((seen[0].method.as_str(), seen[0].path.as_str()), ("GET", path.as_str()));
    assert!(!format!("{:?}", seen[0].headers).contains("secret"));
}

/// Whatever fields are missing at the upstream, those are there that clients crash without.
#[tokio::test]
async fn results_are_repaired_where_clients_would_crash() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let objects = json!([
        {"package": {"name": "bare"}},
        {"package": {"name": "people", "maintainers": [{"name": "ann"}, {}], "publisher": {"email": ""}}},
        {"package": {"name": "../x"}}, {}, null,
    ]);
    let body = json!({"objects": objects, "total": 5}).to_string();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(body.as_bytes()).expect("a Vec takes it");
    let packed = packed.finish().expect("a Vec takes it");
    fault(&upstream, Answer::new(200).header("Content-Encoding", "gzip").body(packed));
    let found = search(&nopar, "text=x").await;
    let expected = json!([
        {"package": {"name": "bare", "maintainers": []}},
        {"package": {"name": "people", "maintainers": [{"name": "ann", "username": "ann"}]}},
    ]);
    assert_eq!((&found["objects"], &found["total"]), (&expected, &json!(2)));
}

/// A crowd that searches for the same has one request made for it.
#[tokio::test]
async fn a_crowd_shares_one_request() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).stopped_clock().start().await;
    finds_few(&upstream, "ui", &["ui"]);
    let hold = upstream.hold(SEARCH);
    let mut crowd = JoinSet::new();
    for _ in 0..30 {
        crowd.spawn(nopar.get(&format!("{SEARCH}?text=ui")));
    }
    hold.arrived(1).await;
    hold.release();
    for answer in crowd.join_all().await {
        assert_eq!(names(&answer.expect(200).json()), ["ui"]);
    }
    assert_eq!(upstream.count(SEARCH), 1);
}

/// No text is told to send one; HEAD has the headers of GET.
#[tokio::test]
async fn what_is_no_search_is_told_what_to_send() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    for query in ["", "?", "?text=", "?text=%20&size=20", "?size=20"] {
        let answer = nopar.get(&format!("{SEARCH}{query}")).await;
        let error = refusal(&answer, &[400], query);
        assert!(error.contains("text="), "{error}");
    }
    assert_eq!(upstream.count_all(), 0);
    let head = Request::new(nopar.addr(), "HEAD", &format!("{SEARCH}?text=ui")).send().await;
    let head = head.expect(200);
    assert!(head.body.is_empty());
    let length: usize = head.header("content-length").expect("a length").parse().expect("a number");
    assert_eq!(answer(&nopar, "text=ui").await.body.len(), length);
    let post = Request::new(nopar.addr(), "POST", &format!("{SEARCH}?text=ui")).send().await;
    refusal(&post, &[405], "POST");
}
