//! The rules of a hosted document, one by one.
//! Knows nothing of the private parts; asks as the store and the api do.

mod bounds;
mod changes;
mod copies;
mod publishing;
mod signing;
mod unpublishing;

use serde_json::{Value, json};

use super::super::dist_tag::DistTag;
use super::super::packument::{Document, Form};
use super::super::version::Version;
use super::*;

/// As an old NOPAR wrote it, with what no rule names between what rules do.
const SEED: &str = r#"{
  "_id": "@acme/ui", "name": "@acme/ui", "x-odd": { "a" : 1.0e+2, "b":[ ] },
  "versions": {
    "1.0.0": {"name":"@acme/ui","version":"1.0.0","x" : [ 1.50 ],"readme":"One.","description":"1",
      "dist":{"shasum":"da39a3ee5e6b4b0d3255bfef95601890afd80709","tarball":"http://old:5984/@acme/ui/ui-old-1.0.0.tgz"}},
    "1.1.0+b": {"name":"@acme/ui","version":"1.1.0+b","description":"1.1","deprecated":"too old"}
  },
  "dist-tags": {"latest":"1.1.0+b", "1.x":"1.0.0"}, "maintainers": [{"name":"ann","email":null}],
  "_rev": 7, "_proxied": false, "_mtime": "x", "description":"1.1", "readme":"One.one.",
  "_attachments": {"ui-old-1.0.0.tgz":{"cached":true}, "ui-1.1.0+b.tgz":{"cached":true}}
}"#;

const NOW: Moment<'static> = Moment { now: "2026-11-28T11:35:00.000Z", rev: "0a1b" };
const LATER: Moment<'static> = Moment { now: "2026-11-29T00:00:00.000Z", rev: "2c3d" };

fn name(text: &str) -> PackageName {
    PackageName::parse(text).expect(text)
}

fn seed() -> HostedDocument {
    HostedDocument::parse(SEED.as_bytes()).expect("a document")
}

/// A package `n` with these versions, the last of them `latest`.
fn with(versions: &[&str]) -> HostedDocument {
    let mut document = HostedDocument::new(name("n"));
    for version in versions {
        document.publish(new(version, &["latest"]), NOW).expect(version);
    }
    document
}

fn person(name: &str) -> Person {
    Person { name: name.to_owned(), email: format!("{name}@example.org") }
}

fn new(version: &str, tags: &[&str]) -> NewVersion {
    let manifest = format!(
        r#"{{"name":"n","version":"{version}","description":"It is {version}","odd":{{ "a" : 1.0 }},"dist":{{"tarball":"http://evil/x.tgz","fileCount":3,"signatures":[]}},"readme":"Read {version}"}}"#
    );
    NewVersion {
        version: Version::parse(version).expect(version),
        manifest: serde_json::from_str(&manifest).expect("an object"),
        integrity: "sha512-AAAA".to_owned(),
        shasum: "da39".to_owned(),
        tags: tags.iter().map(|tag| DistTag::parse(tag).expect(tag)).collect(),
        readme: None,
        provenance: None,
        signature: None,
        publisher: person("ann"),
    }
}

fn value(document: &HostedDocument) -> Value {
    serde_json::from_slice(&document.to_bytes()).expect("JSON")
}

fn tags(document: &HostedDocument) -> Vec<(String, String)> {
    document.dist_tags().into_iter().collect()
}

fn pair(tag: &str, version: &str) -> (String, String) {
    (tag.to_owned(), version.to_owned())
}

fn messages(of: &[(&str, &str)]) -> Vec<Edit> {
    of.iter().map(|(version, message)| self::message(version, message)).collect()
}

fn message(version: &str, message: &str) -> Edit {
    Edit::Deprecate { version: version.to_owned(), message: message.to_owned() }
}

fn unpublish(version: &str) -> Edit {
    Edit::Unpublish(version.to_owned())
}

fn star(user: &str, starred: bool) -> Edit {
    Edit::Star { user: user.to_owned(), starred }
}

/// Checks that a change is refused for this reason and left no trace.
fn refused<T: std::fmt::Debug>(
    document: &HostedDocument,
    change: impl Fn(&mut HostedDocument) -> Result<T, ChangeError>,
    expected: ChangeError,
) {
    let mut changed = document.clone();
    assert_eq!(change(&mut changed).expect_err("a refusal"), expected);
    assert_eq!(&changed, document);
}

#[test]
fn an_old_document_is_written_as_it_was_read() {
    let document = seed();
    let text = String::from_utf8(document.to_bytes()).expect("UTF-8");
    assert_eq!(HostedDocument::parse(text.as_bytes()).expect("a document"), document);
    for kept in [r#""x-odd":{ "a" : 1.0e+2, "b":[ ] }"#, r#""x" : [ 1.50 ]"#, r#""_rev":7"#] {
        assert!(text.contains(kept), "{kept} in {text}");
    }
    let keys = |value: &Value| -> Vec<String> {
        value.as_object().expect("an object").keys().cloned().collect()
    };
    // `time` is added, nothing else.
    let mut written = value(&document);
    assert_eq!(keys(&written).pop().as_deref(), Some("time"));
    written.as_object_mut().expect("an object").shift_remove("time");
    let read: Value = serde_json::from_str(SEED).expect("JSON");
    assert_eq!(written.to_string(), read.to_string());
}

#[test]
fn an_old_document_can_be_asked() {
    let document = seed();
    assert_eq!(document.name().as_str(), "@acme/ui");
    assert_eq!(document.rev().as_deref(), Some("7"));
    assert_eq!(document.versions().collect::<Vec<_>>(), ["1.0.0", "1.1.0+b"]);
    assert_eq!(tags(&document), [pair("latest", "1.1.0+b"), pair("1.x", "1.0.0")]);
    assert_eq!(document.deprecation("1.1.0+b").as_deref(), Some("too old"));
    assert_eq!(document.deprecation("1.0.0"), None);
    assert_eq!(document.file("1.0.0").expect("a file").as_str(), "ui-old-1.0.0.tgz");
    assert_eq!(document.file("1.1.0+b").expect("a file").as_str(), "ui-1.1.0+b.tgz");
    assert_eq!(document.file("2.0.0"), None);
    assert!(document.manifest("1.0.0").expect("a manifest").get().contains("1.50"));
    assert_eq!(document.maintainers(), [Person { name: "ann".to_owned(), email: String::new() }]);
    assert!(document.is_hosted() && !document.is_unpublished());
    let proxied = SEED.replace(r#""_proxied": false"#, r#""_proxied": true"#);
    assert!(!HostedDocument::parse(proxied.as_bytes()).expect("a document").is_hosted());
}

#[test]
fn clients_get_nothing_that_is_the_stores_own() {
    let public: Value = serde_json::from_slice(&seed().to_public_bytes()).expect("JSON");
    let kept: Vec<_> = public.as_object().expect("an object").keys().collect();
    let expected = [
        "_id",
        "name",
        "x-odd",
        "versions",
        "dist-tags",
        "maintainers",
        "_rev",
        "description",
        "readme",
        "time",
    ];
    assert_eq!(kept, expected);
}

#[test]
fn what_is_no_packages_document_is_not_read() {
    for (text, expected) in [
        ("", "the document is not a JSON object"),
        ("[]", "the document is not a JSON object"),
        (r#"{"name":"n""#, "the document is not a JSON object"),
        ("{}", "the document names no package"),
        (r#"{"name":1}"#, "the document names no package"),
        (r#"{"name":"../n"}"#, r#"package name "../n" holds a slash that does not follow a scope"#),
        (r#"{"name":"n","versions":[]}"#, "the document's versions is not an object"),
        (r#"{"name":"n","dist-tags":"x"}"#, "the document's dist-tags is not an object"),
        (r#"{"name":"n","time":1}"#, "the document's time is not an object"),
    ] {
        let error = HostedDocument::parse(text.as_bytes()).expect_err(text);
        assert_eq!(error.to_string(), expected);
    }
    let bare = r#"{"_id":"n","versions":null}"#;
    assert_eq!(HostedDocument::parse(bare.as_bytes()).expect("bare").versions().len(), 0);
}

#[test]
fn revisions_count_up_from_the_number_of_old() {
    let mut document = seed();
    document.apply(&[star("bob", true)], NOW).expect("starred");
    assert_eq!(document.rev().as_deref(), Some("8-0a1b"));
    document.apply(&[], LATER).expect("applied");
    assert_eq!(document.rev().as_deref(), Some("8-0a1b"), "nothing changed");
    document.apply(&[star("bob", false)], LATER).expect("starred");
    assert_eq!(document.rev().as_deref(), Some("9-2c3d"));
    for said in [None, Some(""), Some("undefined"), Some("9-2c3d")] {
        assert_eq!(document.check_rev(said), Ok(()));
    }
    for said in ["8-0a1b", "9", "null"] {
        let error = document.check_rev(Some(said)).expect_err(said);
        let expected =
            format!("must supply latest _rev to update @acme/ui: {said} is not the latest");
        assert_eq!(error.to_string(), expected);
    }
    assert_eq!(seed().check_rev(Some("7")), Ok(()));
}

#[test]
fn views_put_every_tarball_at_its_canonical_address() {
    for (package, version, expected) in [
        ("n", "1.0.0", "http://x/n/-/n-1.0.0.tgz"),
        ("@acme/ui", "1.0.0-rc.1", "http://x/@acme/ui/-/ui-1.0.0-rc.1.tgz"),
        ("it's!(ok)", "1.0.0", "http://x/it's!(ok)/-/it's!(ok)-1.0.0.tgz"),
    ] {
        let package = name(package);
        let mut document = HostedDocument::new(package.clone());
        let provenance = Some("https://slsa.dev/provenance/v1".to_owned());
        document
            .publish(NewVersion { provenance, ..new(version, &["latest"]) }, NOW)
            .expect("published");
        let bytes = document.to_public_bytes();
        let view = Document::parse(&bytes).expect("a packument");
        view.check_name(&package).expect("its name");
        for form in [Form::Full, Form::Abbreviated] {
            let filled = view.template(&package, form).fill("http://x");
            let filled: Value = serde_json::from_slice(&filled).expect("JSON");
            let dist = &filled["versions"][version]["dist"];
            assert_eq!(dist["tarball"], expected);
            let url = format!("http://x/-/npm/v1/attestations/{}@{version}", package.path());
            assert_eq!(dist["attestations"]["url"], url);
            assert_eq!(
                filled["time"][version], NOW.now,
                "complete, so the abbreviated form has it"
            );
        }
        let index = view.index();
        let file = document.file(version).expect("a file");
        assert_eq!(index.by_file(&package, &file).map(|(found, _)| found), Some(version));
    }
}
