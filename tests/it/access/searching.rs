//! Texts of who may not read a name: it is told to no upstream, be it there or not.
//! Knows nothing of all the ways to write a name, nor of what is found.

use super::*;

const HIDING: &str = r#"
[[rule]]
packages = ["secret-*", "exact", "@hid*"]
read = ["ann"]
"#;

/// What is said of the upstream in a search: whether it was asked, and if not, why; and the total.
async fn searched(addr: SocketAddr, text: &str, who: Option<&str>) -> (String, Value) {
    let answer = ask(addr, &format!("/-/v1/search?text={text}"), who).await.expect(200);
    let timing = answer.header("server-timing").expect("a Server-Timing").to_owned();
    let (_, upstream) = timing.split_once("upstream;").expect("the upstream");
    let is_asked = upstream.starts_with("dur");
    let said = if is_asked { "asked" } else { upstream.trim_start_matches("desc=") };
    (said.trim_matches('"').to_owned(), answer.json()["total"].clone())
}

/// Has the upstream answer every search with nothing.
fn finds_nothing(upstream: &FakeUpstream) {
    let nothing = json!({"objects": [], "total": 0, "time": "now"});
    upstream.always("/-/v1/search", Answer::json(200, &nothing));
}

#[tokio::test]
async fn a_hidden_name_is_searched_for_here_only_whether_or_not_it_is_there() {
    let (upstream, nopar) = with_users(HIDING).await;
    let addr = nopar.addr();
    finds_nothing(&upstream);
    let (ann, eve) = (login(addr, "ann").await, login(addr, "eve").await);
    assert_eq!(publish(addr, "secret-real", "1.0.0", Some(&ann)).await, 201);
    upstream.clear();
    let untold = "not told of private names".to_owned();
    for who in [None, Some(eve.as_str())] {
        for text in
            ["secret-real", "secret-zeal", "SECRET-Zeal@1", "x+exact", "@hidden", "@hid/any"]
        {
            let said = searched(addr, text, who).await;
            assert_eq!(said, (untold.clone(), json!(0)), "{text}");
        }
    }
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
    // To who may read it, what is hosted is found; and what is not may be the upstream's.
    assert_eq!(searched(addr, "secret-real", Some(&ann)).await, (untold, json!(1)));
    assert_eq!(searched(addr, "secret-zeal", Some(&ann)).await.0, "asked");
    for who in [None, Some(eve.as_str())] {
        assert_eq!(searched(addr, "secret", who).await.0, "asked");
    }
}

#[tokio::test]
async fn where_everything_is_for_users_nothing_of_others_is_sent() {
    let rules = "[[rule]]\npackages = [\"*\"]\nread = [\"$authenticated\"]\n";
    let (upstream, nopar) = with_users(rules).await;
    let addr = nopar.addr();
    finds_nothing(&upstream);
    for text in ["react", "@scope", "%3F"] {
        assert_eq!(searched(addr, text, None).await.0, "not told of private names", "{text}");
    }
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
    let eve = login(addr, "eve").await;
    assert_eq!(searched(addr, "react", Some(&eve)).await.0, "asked");
}
