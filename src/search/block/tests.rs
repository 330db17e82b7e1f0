//! What of an upstream's answer is kept, and how it is repaired.
//! Knows nothing of several blocks.

use super::*;
use serde_json::{Value, json};

fn parse(answer: &Value) -> Block {
    Block::parse(answer.to_string().as_bytes(), 0).unwrap()
}

/// What becomes of one result.
fn kept(object: &Value) -> Option<Value> {
    let block = parse(&json!({"objects": [object], "total": 1}));
    assert_eq!(block.came, 1);
    let found = block.found.first()?;
    Some(serde_json::from_str(&found.object).unwrap())
}

#[test]
fn what_is_right_goes_through_as_it_came() {
    let object = r#"{"score":{"final":0.10,"x":[1e400]}, "package":{"name":"@a/b","version":"1.0.0",
        "maintainers":[{"username":"ann","x":1}],"publisher":{"username":"bob","email":null},
        "new":{"b":1,"a":2}},"searchScore":1.50,"flags":{"insecure":0}}"#;
    let answer = format!(r#"{{"more":[],"objects":[{object}],"total":7,"time":"now"}}"#);
    let block = Block::parse(answer.as_bytes(), 0).unwrap();
    assert_eq!(block.found[0].name.as_str(), "@a/b");
    assert_eq!(&*block.found[0].object, object);
    assert_eq!((block.came, block.total), (1, 7));
    assert!(block.size() > object.len());
}

#[test]
fn people_have_a_username_or_are_none() {
    for (maintainers, expected) in [
        (json!([]), json!([])),
        (json!(null), json!([])),
        (json!("ann"), json!([])),
        (json!({"username": "ann"}), json!([])),
        (json!([{"name": "ann", "x": 1}]), json!([{"name": "ann", "x": 1, "username": "ann"}])),
        (
            json!([{"username": "ann"}, {"name": "bob"}, {}, 7, "x", {"username": ""}, null]),
            json!([{"username": "ann"}, {"name": "bob", "username": "bob"}]),
        ),
        (json!([{"username": 7, "name": "ann"}]), json!([{"username": "ann", "name": "ann"}])),
    ] {
        let object =
            json!({"package": {"name": "a", "maintainers": maintainers, "z": 1.0}, "y": 2});
        let expected = json!({"package": {"name": "a", "maintainers": expected, "z": 1.0}, "y": 2});
        assert_eq!(kept(&object), Some(expected), "{object}");
    }
    assert_eq!(
        kept(&json!({"package": {"name": "a"}})),
        Some(json!({"package": {"name": "a", "maintainers": []}}))
    );
    for (publisher, expected) in [
        (json!({"username": "ann"}), Some(json!({"username": "ann"}))),
        (json!({"name": "ann"}), Some(json!({"name": "ann", "username": "ann"}))),
        (json!({"email": "a@mail.example"}), None),
        (json!("ann"), None),
        (json!(null), None),
    ] {
        let object = json!({"package": {"name": "a", "maintainers": [], "publisher": publisher}});
        let kept = kept(&object).unwrap();
        assert_eq!(kept["package"].get("publisher"), expected.as_ref(), "{object}");
        assert_eq!(kept["package"]["maintainers"], json!([]));
    }
}

#[test]
fn what_names_no_package_is_left_out_and_counted() {
    for object in [
        json!(null),
        json!(7),
        json!([]),
        json!({}),
        json!({"package": null}),
        json!({"package": {}}),
        json!({"package": {"name": 7}}),
        json!({"package": {"name": ""}}),
        json!({"package": {"name": "../x"}}),
        json!({"package": {"name": "a", "description": "x".repeat(LONGEST)}}),
    ] {
        assert_eq!(kept(&object), None);
    }
}

#[test]
fn what_is_no_answer_is_an_error() {
    for answer in [
        "",
        "[]",
        "null",
        "{}",
        r#"{"total":1}"#,
        r#"{"objects":{},"total":1}"#,
        r#"{"objects":[],"total":-1}"#,
        r#"{"objects":[],"total":"1"}"#,
        r#"{"objects":[{],"total":1}"#,
        r#"{"objects":[],"total":1"#,
        "<!doctype html>",
        r#"{"error":"no"}"#,
    ] {
        assert!(Block::parse(answer.as_bytes(), 0).is_err(), "{answer}");
    }
}

#[test]
fn a_total_is_no_less_than_what_came() {
    let of = |count: usize, from: u64, total: Value| {
        let objects: Vec<Value> =
            (0..count).map(|n| json!({"package": {"name": format!("p{n}")}})).collect();
        let answer = json!({"objects": objects, "total": total});
        let block = Block::parse(answer.to_string().as_bytes(), from).unwrap();
        (block.found.len(), block.came, block.total)
    };
    assert_eq!(of(3, 0, json!(9)), (3, 3, 9));
    assert_eq!(of(3, 10, json!(1)), (3, 3, 13));
    assert_eq!(of(3, 10, json!(null)), (3, 3, 13));
    assert_eq!(of(250, 0, json!(null)), (250, 250, 251));
    assert_eq!(of(3, u64::MAX, json!(0)), (3, 3, u64::MAX));
    // One that sends all that it has.
    assert_eq!(of(MOST + 500, 0, json!(2500)), (MOST, MOST as u64, 2500));
}
