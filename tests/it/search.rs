//! Searching: hosted packages and upstreams' in one list, whatever upstreams do, and nothing private leaves.
//! Knows nothing of how texts match; that is tried beside the code. Checklist of how clients behave: they crash on
//! missing fields, page by `from` and `size`, and show `total` and `time`.

mod changes;
mod failing;
mod merging;
mod private;

use serde_json::{Value, json};

use crate::support::client::Response;
use crate::support::nopar::TestNopar;
use crate::support::upstream::{Answer, FakeUpstream, Fault};

/// Where upstreams are searched.
const SEARCH: &str = "/-/v1/search";

/// A search as it is answered.
async fn answer(nopar: &TestNopar, query: &str) -> Response {
    nopar.get(&format!("{SEARCH}?{query}")).await.expect(200)
}

/// The same, its body.
async fn search(nopar: &TestNopar, query: &str) -> Value {
    answer(nopar, query).await.json()
}

/// The names in an answer, in its order.
#[track_caller]
fn names(found: &Value) -> Vec<String> {
    let objects = found["objects"].as_array().unwrap_or_else(|| panic!("no objects in {found}"));
    let name = |object: &Value| object["package"]["name"].as_str().expect("a name").to_owned();
    objects.iter().map(name).collect()
}

/// What an upstream says of a package.
fn object(name: &str) -> Value {
    json!({
        "package": {"name": name, "version": "1.0.0", "maintainers": [{"username": "ann"}]},
        "score": {"final": 0.5}, "searchScore": 0.1, "of": "upstream",
    })
}

/// Has an upstream answer the search for this text with these names, in blocks, as the public registry does.
fn finds(upstream: &FakeUpstream, text: &str, names: &[String]) {
    let objects: Vec<Value> = names.iter().map(|name| object(name)).collect();
    for from in (0..=names.len()).step_by(250) {
        let block = objects.iter().skip(from).take(250);
        let block: Vec<&Value> = block.collect();
        let answer = json!({"objects": block, "total": names.len(), "time": "now"});
        let path = format!("{SEARCH}?text={text}&size=250&from={from}");
        upstream.file(&path, answer.to_string());
    }
}

/// The same of a few.
fn finds_few(upstream: &FakeUpstream, text: &str, names: &[&str]) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    finds(upstream, text, &names);
}

/// What is missing in an answer, and what is there, by its `Server-Timing`: `dur` for what took time.
fn timing(answer: &Response) -> Vec<(String, String)> {
    let value = answer.header("server-timing").expect("a Server-Timing");
    let part = |part: &str| {
        let (name, said) = part.trim().split_once(';').expect("a parameter");
        let (key, value) = said.split_once('=').expect("a value");
        match key {
            "dur" => {
                assert!(value.parse::<f64>().is_ok_and(|it| it >= 0.0), "{value}");
                (name.to_owned(), key.to_owned())
            }
            _ => (name.to_owned(), value.trim_matches('"').to_owned()),
        }
    };
    value.split(',').map(part).collect()
}

/// Fails the test unless the answer has hosted packages only, these, and says why.
#[track_caller]
fn only_hosted(answer: &Response, expected: &[&str], why: &str) {
    assert_eq!(answer.status, 200);
    let found = answer.json();
    assert_eq!(names(&found), expected);
    assert_eq!(found["total"], expected.len());
    let expected = [("hosted", "dur"), ("upstream", why)];
    assert_eq!(timing(answer), expected.map(|(name, said)| (name.to_owned(), said.to_owned())));
}

/// Has an upstream answer every search with nothing.
fn finds_nothing(upstream: &FakeUpstream) {
    fault(upstream, Answer::json(200, &json!({"objects": [], "total": 0, "time": "now"})));
}

/// A search that is answered in another way than it should be.
fn fault(upstream: &FakeUpstream, fault: impl Into<Fault>) {
    upstream.always(SEARCH, fault);
}
