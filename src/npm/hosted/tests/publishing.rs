//! Publishing: what a version's manifest becomes, and which versions may be published.
//! Knows nothing of bodies and tarballs.

use super::*;

#[test]
fn the_first_version_makes_the_package() {
    let mut document = HostedDocument::new(name("n"));
    document.publish(new("1.0.0", &["beta"]), NOW).expect("published");
    let now = NOW.now;
    let ann = json!({"name": "ann", "email": "ann@example.org"});
    let expected = json!({
        "_id": "n",
        "_rev": "1-0a1b",
        "name": "n",
        "dist-tags": {"beta": "1.0.0", "latest": "1.0.0"},
        "versions": {"1.0.0": {
            "name": "n",
            "version": "1.0.0",
            "description": "It is 1.0.0",
            "odd": {"a": 1.0},
            "dist": {
                "tarball": "/n/-/n-1.0.0.tgz", "fileCount": 3,
                "integrity": "sha512-AAAA", "shasum": "da39",
            },
            "_id": "n@1.0.0",
            "_npmUser": ann,
            "maintainers": [ann],
        }},
        "time": {"created": now, "modified": now, "1.0.0": now},
        "maintainers": [ann],
        "description": "It is 1.0.0",
        "readme": "Read 1.0.0",
    });
    // As text, because equality of values does not see the order of keys.
    assert_eq!(value(&document).to_string(), expected.to_string());
    let text = document.to_bytes();
    let odd = br#""odd":{ "a" : 1.0 }"#;
    assert!(text.windows(odd.len()).any(|it| it == odd), "byte for byte");
}

#[test]
fn only_what_becomes_latest_shows_at_the_root() {
    let mut document = with(&["1.0.0"]);
    let beta = NewVersion { publisher: person("bob"), ..new("2.0.0-rc.1", &["beta", "rc"]) };
    document.publish(beta, LATER).expect("published");
    let written = value(&document);
    let expected = json!({"latest": "1.0.0", "beta": "2.0.0-rc.1", "rc": "2.0.0-rc.1"});
    assert_eq!(written["dist-tags"], expected);
    assert_eq!(written["description"], "It is 1.0.0");
    assert_eq!(written["readme"], "Read 1.0.0");
    assert_eq!(written["versions"]["2.0.0-rc.1"]["_npmUser"]["name"], "bob");
    assert_eq!(document.maintainers(), [person("ann")], "the first publisher");
    assert_eq!(written["time"]["created"], NOW.now);
    assert_eq!(written["time"]["modified"], LATER.now);
    assert_eq!(written["time"]["2.0.0-rc.1"], LATER.now);

    // Without a word of it, latest stays; with one, all of the root is of the new version.
    document.publish(new("1.5.0", &[]), LATER).expect("published");
    assert_eq!(document.dist_tags()["latest"], "1.0.0");
    let mut bare = NewVersion { readme: Some("Root".to_owned()), ..new("2.0.0", &["latest"]) };
    bare.manifest.shift_remove("description");
    document.publish(bare, LATER).expect("published");
    let written = value(&document);
    assert_eq!(written["description"], Value::Null);
    assert_eq!(written["readme"], "Root", "said by the document, so not the manifest's");
    let mut bare = new("3.0.0", &["latest"]);
    bare.manifest.shift_remove("readme");
    document.publish(bare, LATER).expect("published");
    assert_eq!(value(&document)["readme"], Value::Null, "not that of another version");
}

#[test]
fn a_version_is_never_used_twice() {
    let mut document = with(&["1.0.0", "1.1.0"]);
    let publish = |version: &'static str| {
        move |it: &mut HostedDocument| it.publish(new(version, &["latest"]), LATER)
    };
    refused(&document, publish("1.0.0"), ChangeError::VersionExists("1.0.0".to_owned()));
    document.apply(&[unpublish("1.0.0")], LATER).expect("unpublished");
    refused(&document, publish("1.0.0"), ChangeError::VersionUnpublished("1.0.0".to_owned()));
    document.unpublish_all(LATER).expect("unpublished");
    for gone in ["1.0.0", "1.1.0"] {
        refused(&document, publish(gone), ChangeError::VersionUnpublished(gone.to_owned()));
    }
    for (error, expected) in [
        (
            ChangeError::VersionExists("1.0.0".to_owned()),
            "You cannot publish over the previously published versions: 1.0.0.",
        ),
        (
            ChangeError::VersionUnpublished("1.0.0".to_owned()),
            "You cannot publish over the previously published versions: 1.0.0. \
             It was unpublished, and no version is used twice.",
        ),
    ] {
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn build_metadata_of_old_makes_no_other_version() {
    let exists = ChangeError::VersionExists("1.1.0".to_owned());
    refused(&seed(), |it| it.publish(new("1.1.0", &[]), NOW), exists);
    let mut document = seed();
    document.apply(&[unpublish("1.1.0+b")], NOW).expect("unpublished");
    let gone = ChangeError::VersionUnpublished("1.1.0".to_owned());
    refused(&document, |it| it.publish(new("1.1.0", &[]), NOW), gone);
}

#[test]
fn a_package_of_old_goes_on() {
    let mut document = seed();
    document.publish(new("2.0.0", &["latest"]), NOW).expect("published");
    assert_eq!(document.rev().as_deref(), Some("8-0a1b"));
    let written = value(&document);
    assert_eq!(written["time"], json!({"modified": NOW.now, "2.0.0": NOW.now}));
    assert_eq!(written["maintainers"], json!([{"name": "ann", "email": null}]), "untouched");
    assert_eq!(written["versions"]["2.0.0"]["dist"]["tarball"], "/@acme/ui/-/ui-2.0.0.tgz");
    assert_eq!(written["versions"]["2.0.0"]["name"], "@acme/ui");
}

#[test]
fn a_tag_that_points_nowhere_is_no_latest() {
    let text = r#"{"name":"n","dist-tags":{"latest":"0.9.0"},"versions":{}}"#;
    let mut document = HostedDocument::parse(text.as_bytes()).expect("a document");
    document.publish(new("1.0.0", &["beta"]), NOW).expect("published");
    assert_eq!(tags(&document), [pair("latest", "1.0.0"), pair("beta", "1.0.0")]);
}
