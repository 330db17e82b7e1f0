//! Hiding, of any tree: nothing of what is hidden goes out, and paths come back.
//! Knows nothing of how questions are made.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

/// Names that are hidden, of which no part is in anything else.
const HIDDEN: [&str; 4] = ["@acme-corp/ui", "@acme-corp/core", "zz-internal", "zz-über\"x\""];
const SHOWN: [&str; 4] = ["lodash", "@types/node", "left-pad", "n"];
const SECRETS: [&str; 5] = ["acme-corp", "zz-", "über", "secret", "qqqq"];

fn name() -> impl Strategy<Value = String> {
    let all = HIDDEN.iter().chain(&SHOWN).map(|name| (*name).to_owned()).collect::<Vec<_>>();
    proptest::sample::select(all)
}

/// A digest with letters in it that are in no other.
fn secret_digest() -> String {
    format!("sha512-{}==", "q".repeat(86))
}

fn spec() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("1.0.0".to_owned()),
        Just("^1.2 || 3.x".to_owned()),
        Just("secret-tag".to_owned()),
        Just("git+ssh://git@secret.example/x.git#1.0.0".to_owned()),
        Just("file:../secret".to_owned()),
        name().prop_map(|name| format!("npm:{name}@1.0.0")),
        name().prop_map(|name| format!("https://secret.example/{name}-1.0.0.tgz")),
    ]
}

fn requires() -> impl Strategy<Value = Value> {
    vec((name(), spec()), 0..4).prop_map(|all| {
        let all = all.into_iter().map(|(name, range)| (name, Value::from(range)));
        Value::Object(all.collect::<Map<_, _>>())
    })
}

/// A package of this name: what is hidden has a digest that must not go out.
fn package(name: &str, version: String, requires: Value, dependencies: Value) -> Value {
    let is_plain = version == "1.0.0";
    let mut package = json!({
        "version": version,
        "resolved": format!("https://secret.example/{name}"),
        "from": format!("{name}@secret"),
        "requires": requires,
        "dependencies": dependencies,
        "secret": {"secret": [name]},
    });
    if HIDDEN.contains(&name) || !is_plain {
        package["integrity"] = secret_digest().into();
    }
    package
}

fn dependencies() -> impl Strategy<Value = Value> {
    let leaf = Just(json!({}));
    leaf.prop_recursive(4, 40, 5, |inner| {
        vec((name(), spec(), requires(), inner), 0..5).prop_map(|all| {
            let packages = all.into_iter().map(|(name, version, requires, below)| {
                let package = package(&name, version, requires, below);
                (name, package)
            });
            Value::Object(packages.collect())
        })
    })
}

fn tree() -> impl Strategy<Value = Value> {
    let list = || vec((name(), spec()).prop_map(|(name, spec)| format!("{name}@{spec}")), 0..3);
    (name(), requires(), dependencies(), list(), list()).prop_map(
        |(name, requires, dependencies, install, remove)| {
            json!({
                "name": name, "version": "1.0.0-secret", "requires": requires,
                "dependencies": dependencies, "install": install, "remove": remove,
                "metadata": {"cwd": format!("/secret/{name}")}, "secret": name,
            })
        },
    )
}

/// The paths to all packages of a tree.
fn paths(dependencies: &Value, above: &str, all: &mut Vec<String>) {
    for (name, package) in dependencies.as_object().into_iter().flatten() {
        let path = if above.is_empty() { name.clone() } else { format!("{above}>{name}") };
        paths(&package["dependencies"], &path, all);
        all.push(path);
    }
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn nothing_hidden_goes_out_and_paths_come_back(tree in tree()) {
        let inquiry = Inquiry::tree(tree.to_string().as_bytes()).unwrap();
        let owners: Vec<_> = inquiry
            .names()
            .into_iter()
            .map(|name| SHOWN.iter().position(|shown| *shown == name).map(|at| at % 2))
            .collect();
        let mut expected = Vec::new();
        paths(&tree["dependencies"], "", &mut expected);
        expected.sort();
        for question in inquiry.questions(&owners) {
            let text = String::from_utf8(question.text.to_vec()).unwrap();
            for secret in SECRETS {
                prop_assert!(!text.contains(secret), "{secret} in {text}");
            }
            for (number, shown) in SHOWN.iter().enumerate() {
                let forms = [format!("\"{shown}\""), format!("npm:{shown}@")];
                let is_said = forms.iter().any(|form| text.contains(form));
                prop_assert!(!is_said || number % 2 == question.upstream, "{shown} in {text}");
            }
            // An upstream that finds something in every package.
            let asked: Value = serde_json::from_str(&text).unwrap();
            let mut found = Vec::new();
            paths(&asked["dependencies"], "", &mut found);
            let report = json!({"advisories": {"1": {"findings": [{"paths": found}]}}});
            let answers = [(question.reading, Bytes::from(report.to_string()))];
            let merged = merge(Form::Report, &answers).unwrap();
            let merged: Value = serde_json::from_str(&merged).unwrap();
            let told = &merged["advisories"]["1"]["findings"][0]["paths"];
            let mut told: Vec<String> = serde_json::from_value(told.clone()).unwrap();
            told.sort();
            prop_assert_eq!(&told, &expected);
        }
    }

    #[test]
    fn no_bytes_panic(text in vec(any::<u8>(), 0..200), json in "[\\[\\]{}\":,a-c0-9 ]{0,60}") {
        for text in [text.as_slice(), json.as_bytes()] {
            let _ = Inquiry::tree(text);
            let _ = Inquiry::bulk(text);
            let _ = check(Form::Bulk, text);
            let _ = check(Form::Report, text);
        }
    }
}
