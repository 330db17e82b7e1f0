//! What a refusal says: npm prints it to a person, who knows the document and not what it is read with.
//! Knows nothing of which words are right, only of those that are wrong.

use serde_json::{Value, json};

use super::{alone, packument};
use crate::support::client::{Request, Response};
use crate::support::publish::{Publish, refusal};

/// What no person has written into a document.
const PARSERS: [&str; 12] = [
    "struct",
    "enum",
    "u64",
    "i64",
    "u8",
    "tuple",
    "sequence",
    "visitor",
    "newtype",
    "RawValue",
    "serde",
    "at line 0",
];

/// Documents with something wrong in them, as they are sent: whole ones that publish a version, and others.
fn malformed() -> Vec<String> {
    let whole = Publish::of("x", "1.1.0").document();
    let with = |place: &str, value: Value| {
        let mut document = whole.clone();
        *document.pointer_mut(place).unwrap_or_else(|| panic!("no {place}")) = value;
        document.to_string()
    };
    let mut all: Vec<String> = [
        "",
        "null",
        "true",
        "7",
        "\"x\"",
        "[]",
        "[[]]",
        "{",
        "{}}",
        "<html>",
        r#"{"name"}"#,
        "{1:2}",
        r#"{"name":"x","name":"x"}"#,
        r#"{"name":"\ud83d"}"#,
        r#"{"versions":[]}"#,
        r#"{"users":7}"#,
        r#"["x","x",{},{},null,null,{}]"#,
    ]
    .map(str::to_owned)
    .into();
    for place in [
        "/_id",
        "/name",
        "/access",
        "/versions",
        "/versions/1.1.0",
        "/versions/1.1.0/name",
        "/versions/1.1.0/version",
        "/versions/1.1.0/dist",
        "/versions/1.1.0/dist/integrity",
        "/versions/1.1.0/dist/shasum",
        "/dist-tags",
        "/dist-tags/latest",
        "/_attachments",
        "/_attachments/x-1.1.0.tgz",
        "/_attachments/x-1.1.0.tgz/length",
    ] {
        all.extend([json!([]), json!(7.5), json!(false)].map(|value| with(place, value)));
    }
    all.push(with("/versions/1.1.0/dist", Value::Null));
    all.push(with("/versions/1.1.0/name", Value::Null));
    all.push(with("/_attachments/x-1.1.0.tgz/length", json!("1024")));
    all
}

/// Fails the test unless it is refused in words that a person understands.
#[track_caller]
fn check(answer: &Response, what: &str) -> String {
    let what: String = what.chars().take(200).collect();
    let error = refusal(answer, &[400, 422], &what);
    for word in PARSERS {
        assert!(!error.contains(word), "{what}: {error}");
    }
    assert!(error.contains(' '), "{what}: {error:?} is no sentence");
    error
}

/// Whichever way a document comes, no refusal of it is in the words of a parser.
#[tokio::test]
async fn no_refusal_speaks_like_a_parser() {
    let (_upstream, nopar) = alone().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    let before = packument(nopar.addr(), "x").await;
    let request = |path: &str, body: &str| {
        Request::new(nopar.addr(), "PUT", path).body(body.to_owned()).send()
    };
    for body in malformed() {
        check(&request("/x", &body).await, &body);
    }
    for path in
        ["/x/-rev/undefined", "/x/beta", "/-/package/x/dist-tags/beta", "/-/package/x/owners"]
    {
        for body in ["", "null", "[]", "7", "{}", "{\"user\":7}", "{\"user\":[]}"] {
            check(&request(path, body).await, &format!("{path} {body}"));
        }
    }
    assert_eq!(packument(nopar.addr(), "x").await, before);
}

/// What is missing is not told as if it were there and empty.
#[tokio::test]
async fn a_manifest_without_a_name_is_told_so() {
    let (_upstream, nopar) = alone().await;
    for gone in ["name", "version"] {
        let mut document = Publish::of("x", "1.0.0").document();
        document["versions"]["1.0.0"].as_object_mut().expect("a manifest").remove(gone);
        let request = Request::new(nopar.addr(), "PUT", "/x").body(document.to_string());
        let error = check(&request.send().await, gone);
        assert_eq!(error, format!("the manifest of version 1.0.0 has no \"{gone}\""));
    }
}
