//! Documents of Verdaccio, those of the fixture among them.

use super::*;
use serde_json::{Value, json};

fn parse(document: &Value) -> Package {
    Package::parse(&"a".parse().unwrap(), document.to_string().as_bytes(), false).unwrap()
}

fn dist(file: &str) -> Value {
    json!({"dist": {"shasum": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "tarball": format!("http://verdaccio.example/a/-/{file}")}})
}

fn versions(package: &Package) -> Vec<&str> {
    package.own.iter().map(|own| own.version.as_str()).collect()
}

fn fixture(name: &str) -> Package {
    let root = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    let file = format!("{root}/tests/fixtures/verdaccio/storage/{name}/package.json");
    Package::parse(&name.parse().unwrap(), &std::fs::read(file).unwrap(), false).unwrap()
}

/// What the real Verdaccio wrote.
#[test]
fn what_was_published_there_is_told_from_what_was_not() {
    let plain = fixture("plain");
    assert_eq!(versions(&plain), ["1.0.0", "1.1.0-beta.1"]);
    assert!(plain.is_proven && !plain.is_proxied() && plain.merged.is_empty());
    assert_eq!(plain.own[0].files[0].as_str(), "plain-1.0.0.tgz");
    assert_eq!(plain.own[0].stated.len(), 3, "integrity, shasum, and what it computed itself");
    assert!(plain.own.iter().all(|own| own.time.is_some()) && plain.created.is_some());
    let tags = [("latest", "1.0.0"), ("beta", "1.1.0-beta.1")];
    assert_eq!(plain.tags, tags.map(|(tag, to)| (tag.to_owned(), to.to_owned())));
    assert!(plain.members.contains_key("readme") && plain.members.contains_key("users"));

    let ui = fixture("@acme/ui");
    assert_eq!(versions(&ui), ["1.0.0", "1.0.1"]);
    assert_eq!(ui.own[1].files[0].as_str(), "ui-1.0.1.tgz");
    let merged = fixture("merged");
    assert_eq!(
        (versions(&merged), &merged.merged),
        (vec!["2.0.0"], &vec!["1.0.0".into(), "1.1.0".into()])
    );
    let proxied = fixture("proxied");
    assert!(proxied.is_proxied() && proxied.own.is_empty() && proxied.merged.len() == 2);
    assert_eq!(versions(&fixture("taken-back")), ["1.0.0"]);
}

/// A Verdaccio may have left out where an uplink's tarball is; and there are documents that were made by hand.
#[test]
fn what_nothing_is_said_of_is_an_uplinks_where_uplinks_were_asked() {
    let mut document = json!({"name": "a", "versions": {"1.0.0": dist("a-1.0.0.tgz")},
        "_uplinks": {"up": {"etag": "x"}}, "_attachments": {"a-1.0.0.tgz": {"shasum": "0a"}}});
    let package = parse(&document);
    assert!(package.is_proxied() && !package.is_proven && package.unclear == 1);
    let own = Package::parse(&"a".parse().unwrap(), document.to_string().as_bytes(), true).unwrap();
    assert_eq!((versions(&own), own.unclear), (vec!["1.0.0"], 0));
    document["_uplinks"] = json!({});
    let package = parse(&document);
    assert_eq!((versions(&package), package.is_proven), (vec!["1.0.0"], false));
    document["_distfiles"] = json!({"a-1.0.0.tgz": {"url": "https://registry.example/"}});
    assert!(parse(&document).is_proxied() && parse(&document).unclear == 0);
    let own = Package::parse(&"a".parse().unwrap(), document.to_string().as_bytes(), true).unwrap();
    assert!(own.is_proxied(), "whoever says so is wrong");
    // Published before the uplink had it.
    document["_attachments"] = json!({"a-1.0.0.tgz": {"version": "1.0.0"}});
    let package = parse(&document);
    assert_eq!((versions(&package), package.is_proven), (vec!["1.0.0"], true));
}

#[test]
fn a_tarball_is_looked_for_where_the_document_says_and_by_the_usual_name() {
    let mut document = json!({"name": "a", "versions": {"1.0.0": dist("odd.tgz")}});
    let files = |document: &Value| -> Vec<String> {
        let package = parse(document);
        package.own[0].files.iter().map(ToString::to_string).collect()
    };
    assert_eq!(files(&document), ["odd.tgz", "a-1.0.0.tgz"]);
    document["_attachments"] = json!({"kept.tgz": {"version": "1.0.0"}, "../x": {"version": "x"}});
    assert_eq!(files(&document), ["kept.tgz", "odd.tgz", "a-1.0.0.tgz"]);
    // As some clients spell it, slash and all.
    document["versions"]["1.0.0"] = dist("@s%2fa-1.0.0.tgz");
    assert_eq!(files(&document), ["kept.tgz", "a-1.0.0.tgz"]);
    document["_attachments"] = json!({"../../secret": {"version": "1.0.0"}});
    assert_eq!(files(&document), ["a-1.0.0.tgz"], "it leads out of the folder");
}

#[test]
fn versions_that_cannot_be_had_are_named() {
    let package = parse(&json!({"name": "a", "versions": {
        "1.0": dist("a.tgz"), "1.0.0": {}, "1.0.1": 7, "1.0.2": {"dist": {"shasum": "0a"}},
        "1.0.3": {"dist": 7}, "1.0.4+b": dist("a.tgz"), "2.0.0": dist("a.tgz"),
    }, "time": {"2.0.0": "yesterday", "created": 7}, "dist-tags": {"x": 7}, "maintainers": [7, {"name": ""}]}));
    assert_eq!(versions(&package), ["2.0.0"]);
    let why: Vec<&str> = package.odd.iter().map(|(_, why)| why.as_str()).collect();
    assert!(why[0].contains("is not a semantic version"), "{why:?}");
    assert!(why[1].contains("no digest of its tarball"), "{why:?}");
    assert!(why[2].contains("manifest is not an object"), "{why:?}");
    assert!(why[3].contains("no usable"), "{why:?}");
    assert!(why[4].contains("no digest") && why[5].contains("build metadata"), "{why:?}");
    assert_eq!((package.own[0].time.as_deref(), package.created), (None, None));
    assert_eq!(package.odd_times, ["2.0.0", "created"]);
    assert!(package.tags.is_empty() && package.owners.is_empty());
}

/// What is no date breaks `npm install --before`, and is shown on pages.
#[test]
fn times_are_dates_and_written_as_npm_does() {
    let versions = json!({"1.0.0": dist("a.tgz"), "1.1.0": dist("a.tgz"), "1.2.0": dist("a.tgz")});
    let package = parse(&json!({"name": "a", "versions": versions, "time": {
        "created": "9999999-evil", "modified": "2026-01-02T03:04:05+01:00",
        "1.0.0": "0 <script>", "1.1.0": "2026-01-02T03:04:05Z", "1.2.0": null,
    }}));
    let times: Vec<_> = package.own.iter().map(|own| own.time.as_deref()).collect();
    assert_eq!(times, [None, Some("2026-01-02T03:04:05.000Z"), None]);
    assert_eq!(package.modified.as_deref(), Some("2026-01-02T02:04:05.000Z"));
    assert_eq!(
        (package.created, package.odd_times),
        (None, vec!["created".into(), "1.0.0".into()])
    );
}

#[test]
fn a_document_that_cannot_be_read_is_told_without_what_is_in_it() {
    let parse =
        |text: &str| Package::parse(&"a".parse().unwrap(), text.as_bytes(), false).unwrap_err();
    assert_eq!(parse(r#"{"name":"b"}"#), PackageUnreadable::Another);
    assert_eq!(parse("{}"), PackageUnreadable::Another);
    for damaged in ["", "{\"name\":\"a\",", "root:x:0", "[]"] {
        let why = parse(damaged).to_string();
        assert!(why.starts_with("its package.json is damaged in line 1"), "{why}");
    }
    for (damaged, part) in [
        (r#"{"name":"a","versions":[1]}"#, "versions"),
        (r#"{"name":"a","time":"x"}"#, "time"),
        (r#"{"name":7}"#, "name"),
        (r#"{"name":"a","_attachments":{"x":1}}"#, "_attachments"),
    ] {
        assert_eq!(parse(damaged), PackageUnreadable::Member(part));
        let told = format!("{part:?} in its package.json has the wrong type");
        assert_eq!(parse(damaged).to_string(), told);
    }
}
