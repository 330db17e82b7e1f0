//! The bodies of questions: malformed, too large, badly packed.
//! Knows nothing of what is answered to others.

use std::time::Duration;

use serde_json::{Value, json};

use super::{BULK, FULL, QUICK, answer, gzip, usual};
use crate::support::client::Request;
use crate::support::nopar::TestNopar;
use crate::support::publish::refusal;

fn raw(nopar: &TestNopar, path: &str, body: impl Into<bytes::Bytes>) -> Request {
    Request::new(nopar.addr(), "POST", path).body(body)
}

/// What is no question is a 400 that says what one is, and nothing is asked.
#[tokio::test]
async fn what_is_no_question_is_refused() {
    let (upstream, nopar) = usual().await;
    for (path, body, expected) in [
        (BULK, "", "list of versions for each name"),
        (BULK, "nonsense", "list of versions for each name"),
        (BULK, "[]", "list of versions for each name"),
        (BULK, r#"{"lodash":"4.17.20"}"#, "list of versions for each name"),
        (BULK, r#"{"lodash":["4.17.20"]"#, "list of versions for each name"),
        (QUICK, "[]", "`dependencies`"),
        (QUICK, r#"{"dependencies":{"lodash":"4.17.20"}}"#, "`dependencies`"),
        (FULL, "{", "`dependencies`"),
    ] {
        let what = format!("{path} {body}");
        let error = refusal(&raw(&nopar, path, body).send().await, &[400], &what);
        assert!(error.contains(expected), "{what}: {error}");
    }
    let nested = "{\"dependencies\":{\"a\":".repeat(100_000);
    let error = refusal(&raw(&nopar, QUICK, nested).send().await, &[413], "deep");
    assert!(error.contains("levels deep"), "{error}");
    assert_eq!(upstream.count_all(), 0);
}

/// A body is no longer unpacked than it may be packed, and what is packed is gzip.
#[tokio::test]
async fn a_body_has_its_limit_when_it_is_unpacked() {
    let (upstream, nopar) = usual().await;
    let long = format!("{{\"lodash\":[\"1.0.0\"{}]}}", " ".repeat(16 << 20));
    for path in [BULK, QUICK, FULL] {
        for (coding, body) in [("identity", long.clone().into_bytes()), ("gzip", gzip(&long))] {
            let request = raw(&nopar, path, body).header("Content-Encoding", coding);
            refusal(&request.send().await, &[413], &format!("{path} {coding}"));
        }
        let cut = gzip(r#"{"lodash":["4.17.20"]}"#);
        for body in [cut[..cut.len() - 12].to_vec(), b"{\"lodash\":[]}".to_vec()] {
            let request = raw(&nopar, path, body).header("Content-Encoding", "gzip");
            refusal(&request.send().await, &[400], path);
        }
        let request = raw(&nopar, path, "{}").header("Content-Encoding", "br");
        refusal(&request.send().await, &[415], path);
    }
    assert_eq!(upstream.count_all(), 0);
}

/// Thousands of names are one question, and thousands of own ones among them are none.
#[tokio::test]
async fn a_long_question_is_asked_as_a_whole() {
    let (upstream, nopar) = usual().await;
    let name = |n: usize| if n.is_multiple_of(2) { format!("@acme/p{n}") } else { format!("p{n}") };
    let names = (0..20_000).map(|n| (name(n), json!(["1.0.0", "2.0.0"])));
    let question = Value::Object(names.collect());
    answer(&nopar, BULK, &question).await.expect(200);
    let asked = super::asked(&upstream);
    let asked = asked[0].as_object().expect("an object");
    assert_eq!((asked.len(), upstream.count_all()), (10_000, 1));
    assert!(asked.keys().all(|name| !name.contains("acme")));
}

/// When the store cannot say whose names are, nobody hears of them.
#[tokio::test]
async fn without_the_registry_directory_nothing_is_asked() {
    let (upstream, nopar) = usual().await;
    let away = nopar.home().join("away");
    std::fs::rename(nopar.registry_path(), away).expect("moving the directory");
    nopar.advance(Duration::from_secs(60));
    let told = answer(&nopar, BULK, &json!({"lodash": ["4.17.20"], "mine": ["1.0.0"]})).await;
    refusal(&told, &[500], "without a directory");
    assert_eq!(upstream.count_all(), 0);
}
