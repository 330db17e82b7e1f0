//! Unpublishing: what goes, what stays, and which files nobody names any more.
//! Knows nothing of how long after a publish it may be done.

use super::*;

fn files(of: Result<Vec<TarballName>, ChangeError>) -> Vec<String> {
    of.expect("unpublished").iter().map(TarballName::to_string).collect()
}

#[test]
fn a_version_goes_with_its_tags_and_is_remembered() {
    let mut document = with(&["1.0.0", "2.0.0"]);
    for tag in ["next", "old"] {
        let version = if tag == "old" { "1.0.0" } else { "2.0.0" };
        document.set_tag(&DistTag::parse(tag).expect(tag), version, NOW).expect("set");
    }
    assert_eq!(files(document.apply(&[unpublish("2.0.0")], LATER)), ["n-2.0.0.tgz"]);
    assert_eq!(document.versions().collect::<Vec<_>>(), ["1.0.0"]);
    assert_eq!(tags(&document), [pair("latest", "1.0.0"), pair("old", "1.0.0")]);
    let written = value(&document);
    assert_eq!(written["time"]["2.0.0"], NOW.now);
    assert_eq!(written["time"]["modified"], LATER.now);
    assert_eq!(written["description"], "It is 1.0.0");
    let missing = ChangeError::NoVersion("2.0.0".to_owned());
    refused(&document, |it| it.apply(&[unpublish("2.0.0")], LATER), missing);
}

#[test]
fn latest_moves_to_the_highest_stable_version() {
    for (versions, gone, expected) in [
        (&["1.0.0", "1.10.0", "1.9.0", "2.0.0"][..], "2.0.0", "1.10.0"),
        (&["1.0.0", "3.0.0-rc.1", "2.0.0"][..], "2.0.0", "1.0.0"),
        (&["1.0.0-rc.2", "1.0.0-rc.10", "1.0.0"][..], "1.0.0", "1.0.0-rc.10"),
        (&["1.0.0", "2.0.0"][..], "1.0.0", "2.0.0"),
        (&["2.0.0", "1.5.0", "1.0.0"][..], "1.5.0", "1.0.0"),
    ] {
        let mut document = with(versions);
        document.apply(&[unpublish(gone)], LATER).expect(gone);
        assert_eq!(document.dist_tags()["latest"], expected, "{versions:?} without {gone}");
    }
}

#[test]
fn the_last_version_is_the_whole_package() {
    let mut one = with(&["1.0.0"]);
    let mut all = one.clone();
    assert_eq!(files(one.apply(&[unpublish("1.0.0")], LATER)), ["n-1.0.0.tgz"]);
    assert_eq!(files(all.unpublish_all(LATER)), ["n-1.0.0.tgz"]);
    assert_eq!(one, all);
    assert!(one.is_unpublished());
}

#[test]
fn a_package_that_was_unpublished_is_remembered_and_goes_on() {
    let mut document = with(&["1.0.0", "2.0.0"]);
    document.apply(&[star("bob", true)], NOW).expect("starred");
    assert_eq!(files(document.unpublish_all(LATER)), ["n-1.0.0.tgz", "n-2.0.0.tgz"]);
    let written = value(&document);
    let (now, later) = (NOW.now, LATER.now);
    let expected = json!({
        "created": now, "modified": later, "1.0.0": now, "2.0.0": now,
        "unpublished": {"name": "n", "time": later, "versions": ["1.0.0", "2.0.0"]},
    });
    assert_eq!(written["time"], expected);
    for (part, expected) in [("versions", json!({})), ("dist-tags", json!({}))] {
        assert_eq!(written[part], expected);
    }
    for part in ["readme", "description"] {
        assert_eq!(written[part], Value::Null);
    }
    assert_eq!(document.maintainers(), [person("ann")]);
    let nothing = ChangeError::NothingPublished(name("n"));
    refused(&document, |it| it.unpublish_all(LATER), nothing);

    document.publish(new("3.0.0", &["beta"]), LATER).expect("published");
    assert!(!document.is_unpublished());
    let written = value(&document);
    assert_eq!(written["time"]["unpublished"], Value::Null);
    assert_eq!(written["time"]["created"], now);
    assert_eq!(document.dist_tags()["latest"], "3.0.0");
}

#[test]
fn the_books_of_an_old_nopar_are_kept() {
    let mut document = seed();
    assert_eq!(files(document.apply(&[unpublish("1.0.0")], NOW)), ["ui-old-1.0.0.tgz"]);
    let written = value(&document);
    assert_eq!(written["_attachments"], json!({"ui-1.1.0+b.tgz": {"cached": true}}));
    assert_eq!(written["time"]["1.0.0"], NOW.now, "there was none");
    assert_eq!(tags(&document), [pair("latest", "1.1.0+b")]);
}

#[test]
fn a_file_that_another_version_names_stays() {
    let dist = r#"{"dist":{"tarball":"http://old/n/x.tgz"}}"#;
    let text = format!(r#"{{"name":"n","versions":{{"1.0.0":{dist},"1.0.1":{dist},"1.0.2":1}}}}"#);
    let mut document = HostedDocument::parse(text.as_bytes()).expect("a document");
    assert_eq!(files(document.apply(&[unpublish("1.0.0")], NOW)), [""; 0]);
    assert_eq!(files(document.apply(&[unpublish("1.0.1")], NOW)), ["x.tgz"]);
    assert_eq!(files(document.apply(&[unpublish("1.0.2")], NOW)), ["n-1.0.2.tgz"]);
}

/// Together, versions that share a file take it with them, once.
#[test]
fn a_file_that_no_version_names_any_more_goes_once() {
    let dist = r#"{"dist":{"tarball":"http://old/n/x.tgz"}}"#;
    let versions = format!(r#""1.0.0":{dist},"1.0.1":{dist},"1.0.2":{dist},"1.0.3":{{}}"#);
    let books = r#"{"x.tgz":{},"n-1.0.3.tgz":{}}"#;
    let text = format!(r#"{{"name":"n","versions":{{{versions}}},"_attachments":{books}}}"#);
    let document = HostedDocument::parse(text.as_bytes()).expect("a document");
    let without = |gone: &[&str]| {
        let mut document = document.clone();
        let gone = gone.iter().map(|version| Edit::Unpublish((*version).to_owned()));
        let files = files(document.apply(&gone.collect::<Vec<_>>(), NOW));
        (files, value(&document)["_attachments"].clone())
    };
    let all: Value = serde_json::from_str(books).expect("JSON");
    assert_eq!(without(&["1.0.0", "1.0.2"]), (vec![], all));
    let expected = (vec!["x.tgz".to_owned()], json!({"n-1.0.3.tgz": {}}));
    assert_eq!(without(&["1.0.0", "1.0.1", "1.0.2"]), expected);
}

/// What an old NOPAR wrote to a file system that ignores case: the other version's file may be this one.
#[test]
fn a_file_that_differs_in_case_from_a_named_one_stays() {
    let mut document = with(&["1.0.0", "1.1.0-rc", "1.1.0-RC"]);
    assert_eq!(files(document.apply(&[unpublish("1.1.0-RC")], NOW)), [""; 0]);
    assert_eq!(files(document.apply(&[unpublish("1.1.0-rc")], NOW)), ["n-1.1.0-rc.tgz"]);
    assert_eq!(files(document.unpublish_all(NOW)), ["n-1.0.0.tgz"]);
}
