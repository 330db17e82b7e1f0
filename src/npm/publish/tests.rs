//! What clients send, and what is not a publish: taken apart, and refused with a reason.
//! Knows nothing of how it is cut into pieces (`property_tests`).

mod told;

use super::super::bounded::{MOST_MEMBERS, TooMany};
use super::document::{LONGEST_BUNDLE, LONGEST_MANIFEST};
use super::*;
use crate::npm::{Digester, PackageName};
use serde_json::{Value, json};

/// `hello world`, with padding.
const DATA: &str = "aGVsbG8gd29ybGQ=";
const LIMIT: usize = 10_000;
/// Its payload is `{"predicateType":"p"}`.
const BUNDLE: &str = r#"{"dsseEnvelope":{"payload":"eyJwcmVkaWNhdGVUeXBlIjoicCJ9"}}"#;

fn name() -> PackageName {
    "@s/n".parse().unwrap()
}

/// What npm sends for a publish of 1.0.0.
fn document() -> Value {
    json!({
        "_id": "@s/n", "name": "@s/n", "description": "d", "dist-tags": {"latest": "1.0.0"},
        "versions": {"1.0.0": {
            "name": "@s/n", "version": "1.0.0", "odd": 1.50,
            "dist": {"shasum": "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed",
                     "tarball": "http://registry.example/@s/n/-/@s/n-1.0.0.tgz"},
        }},
        "access": null, "readme": "# n",
        "_attachments": {"@s/n-1.0.0.tgz": {
            "content_type": "application/octet-stream", "data": DATA, "length": 11,
        }},
    })
}

/// The document that is left, the tarball, and whether there was one.
fn scanned(pieces: &[&[u8]]) -> Result<(Vec<u8>, Vec<u8>, bool), ScanError> {
    let (mut scanner, mut tarball) = (Scanner::new(LIMIT), Vec::new());
    for piece in pieces {
        scanner.feed(piece, &mut tarball)?;
    }
    let (document, had_tarball) = scanner.finish(&mut tarball)?;
    Ok((document, tarball, had_tarball))
}

fn put(document: &Value) -> Result<Put, PublishError> {
    let text = document.to_string();
    let (left, _, had_tarball) = scanned(&[text.as_bytes()]).expect("it can be scanned");
    Put::parse(&name(), left, had_tarball)
}

fn published(document: &Value) -> PublishDocument {
    match put(document).expect("a publish document") {
        Put::Publish(published) => *published,
        Put::Change(_) => panic!("it publishes nothing"),
    }
}

/// Fails the test unless the document is refused with these words, once `change` was done to it.
#[track_caller]
fn refused(change: impl FnOnce(&mut Value), words: &str) {
    let mut document = document();
    change(&mut document);
    let error = put(&document).expect_err(words).to_string();
    assert!(error.contains(words), "{error}");
}

/// Whether it is refused for the sake of the attachment with this key.
fn is_refused_for(put: Result<Put, PublishError>, key: &str) -> bool {
    matches!(put, Err(PublishError::Attachment { said, .. }) if said == key)
}

#[test]
fn what_npm_sends_is_taken_apart() {
    let text = document().to_string();
    let (left, tarball, had_tarball) = scanned(&[text.as_bytes()]).unwrap();
    assert_eq!(tarball, b"hello world");
    assert!(had_tarball);
    assert_eq!(String::from_utf8(left).unwrap(), text.replace(DATA, ""));
    let published = published(&document());
    assert_eq!(published.version.to_string(), "1.0.0");
    let tags: Vec<_> = published.tags.iter().map(ToString::to_string).collect();
    assert_eq!(tags, ["latest"]);
    assert_eq!(published.readme.as_deref(), Some("# n"));
    assert_eq!((published.access, published.provenance), (None, None));
    assert_eq!(published.manifest["odd"].get(), "1.5");
}

#[test]
fn only_data_of_attachments_is_taken_out() {
    for text in [
        r#"{"data":"aaaa","_attachments":{"data":"aaaa"}}"#,
        r#"{"_attachments":[{"x":{"data":"aaaa"}}]}"#,
        r#"{"versions":{"_attachments":{"x":{"data":"aaaa"}}}}"#,
        r#"{"_attachments":{"x":{"meta":{"data":"aaaa"},"more":["data","aaaa"]}}}"#,
        r#"{"a":"_attachments","b":{"x":{"data":"aaaa"}}}"#,
        r#"{"_attachments":{"x.sigstore":{"data":"{\"data\":\"aaaa\"}"}}}"#,
        r#"{"\"_attachments":{"x":{"data":"aaaa"}}}"#,
        r#"{"_attachments":{"x":{"data":["aaaa"]}}}"#,
    ] {
        let (left, tarball, had_tarball) = scanned(&[text.as_bytes()]).unwrap();
        assert_eq!(String::from_utf8(left).unwrap(), text);
        assert!(tarball.is_empty() && !had_tarball, "{text}");
    }
}

/// Whoever knows the version need not wait for the tarball.
#[test]
fn the_version_is_known_before_the_tarball_comes() {
    let known = |text: &str| {
        let (mut scanner, mut tarball) = (Scanner::new(LIMIT), Vec::new());
        let begun = text.find(DATA).expect("data") + 4;
        scanner.feed(&text.as_bytes()[..begun], &mut tarball).unwrap();
        assert!(scanner.has_tarball());
        scanner.version().map(str::to_owned)
    };
    assert_eq!(known(&document().to_string()).as_deref(), Some("1.0.0"));
    let attached = format!(r#""_attachments":{{"x":{{"data":"{DATA}"}}}}"#);
    for (before, expected) in [
        (r#""versions":{"1.0.0":{"versions":{"2.0.0":{}}},"3.0.0":{}},"#, Some("1.0.0")),
        (r#""versions":{"\u0031.0.0":{}},"#, Some("1.0.0")),
        (r#""versions":{},"#, None),
        (r#""versions":["1.0.0"],"#, None),
        (r#""x":{"versions":{"1.0.0":{}}},"dist-tags":{"latest":"1.0.0"},"#, None),
        (r#""versions":"1.0.0","x":{"1.0.0":{}},"#, None),
        ("", None),
    ] {
        assert_eq!(known(&format!("{{{before}{attached}}}")).as_deref(), expected, "{before}");
    }
    let (mut scanner, mut tarball) = (Scanner::new(LIMIT), Vec::new());
    scanner.feed(br#"{"versions":{"1.0.0":{}}}"#, &mut tarball).unwrap();
    assert!(!scanner.has_tarball());
}

#[test]
fn keys_and_data_may_be_escaped() {
    let text = r#"{"\u005fattachments":{"x\"}":{"d\u0061ta":"aGVsbG8\u0067d2\u0039ybGQ\u003d","length":11}}}"#;
    let (left, tarball, _) = scanned(&[text.as_bytes()]).unwrap();
    assert_eq!(tarball, b"hello world");
    assert!(serde_json::from_slice::<Value>(&left).is_ok());
    let slash = br#"{"_attachments":{"x":{"data":"\/+\/+"}}}"#;
    assert_eq!(scanned(&[slash]).unwrap().1, [0xff, 0xef, 0xfe]);
}

#[test]
fn what_is_no_base64_is_refused() {
    for data in [
        "a",
        "aaaaa",
        "aa=a",
        "aaa=aaaa",
        "====",
        "aaaa====",
        "a a=",
        "a-_=",
        "aa\\n==",
        "\\ud83d",
        "\u{e9}aaa",
        "aaaa=",
    ] {
        let text = format!(r#"{{"_attachments":{{"x":{{"data":"{data}"}}}}}}"#);
        for size in [1, 3, 1000] {
            let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            let error = scanned(&pieces).expect_err(data);
            assert!(matches!(error, ScanError::Data(_)), "{data}: {error}");
        }
    }
    for data in ["", "aQ==", "aWk=", "aWlp", "aQ", "aWk"] {
        let text = format!(r#"{{"_attachments":{{"x":{{"data":"{data}"}}}}}}"#);
        assert!(scanned(&[text.as_bytes()]).is_ok(), "{data}");
    }
}

#[test]
fn a_second_tarball_and_a_long_document_are_refused_at_once() {
    let twice = br#"{"_attachments":{"x":{"data":"aaaa"},"y":{"data":"#;
    let (mut scanner, mut tarball) = (Scanner::new(LIMIT), Vec::new());
    scanner.feed(twice, &mut tarball).unwrap();
    assert_eq!(scanner.feed(b"\"", &mut tarball), Err(ScanError::SecondTarball));
    let mut scanner = Scanner::new(LIMIT);
    let long = format!(r#"{{"readme":"{}"#, "x".repeat(LIMIT));
    assert_eq!(scanner.feed(long.as_bytes(), &mut tarball), Err(ScanError::TooLarge(LIMIT)));
}

#[test]
fn a_body_that_is_cut_is_no_document() {
    let text = document().to_string();
    for end in 1..text.len() {
        let cut = scanned(&[&text.as_bytes()[..end]]);
        assert_eq!(cut.expect_err("it is cut"), ScanError::Cut, "{end}");
    }
}

#[test]
fn a_publish_that_is_not_right_is_refused_with_a_reason() {
    refused(|d| d["name"] = json!("other"), "the document is of \"other\"");
    refused(|d| d["_id"] = json!("other"), "the document is of \"other\"");
    refused(|d| d["versions"]["1.0.0"]["name"] = json!("other"), "the document is of \"other\"");
    refused(|d| d["versions"] = json!({}), "the document holds 0");
    refused(|d| d["versions"]["1.0.1"] = json!({}), "the document holds 2");
    refused(|d| d["versions"]["1.0.0"]["version"] = json!("1.0.1"), "says version \"1.0.1\"");
    refused(|d| d["versions"]["1.0.0"] = json!(7), "\"1.0.0\" of versions is not an object");
    refused(|d| d["versions"]["1.0.0"]["name"] = json!(null), "has no \"name\"");
    refused(|d| d["versions"]["1.0.0"]["version"] = json!(null), "has no \"version\"");
    refused(|d| d["dist-tags"]["latest"] = json!("0.9.0"), "dist-tag latest is of \"0.9.0\"");
    refused(|d| d["dist-tags"] = json!({"1.x": "1.0.0"}), "SemVer range");
    refused(|d| d["versions"]["1.0.0"]["dist"]["shasum"] = json!("zz"), "no usable integrity");
    refused(
        |d| {
            let manifest = d["versions"]["1.0.0"].take();
            d["versions"] = json!({"1.0": manifest});
        },
        "1.0",
    );
    refused(
        |d| {
            let bundle = json!({"data": BUNDLE, "content_type": "x"});
            d["_attachments"] = json!({"n-1.0.0.sigstore": bundle});
        },
        "no tarball",
    );
}

#[test]
fn a_manifest_has_a_longest_length_and_its_readme_none() {
    let put = |key: &str, len: usize| {
        let mut document = document();
        document["versions"]["1.0.0"][key] = json!("x".repeat(len));
        Put::parse(&name(), document.to_string().into_bytes(), true)
    };
    let overhead = document()["versions"]["1.0.0"].to_string().len() + ",\"odd2\":\"\"".len();
    assert!(put("odd2", LONGEST_MANIFEST - overhead).is_ok());
    let one_more = put("odd2", LONGEST_MANIFEST - overhead + 1);
    let too_long = LONGEST_MANIFEST + 1;
    assert!(matches!(one_more, Err(PublishError::LongManifest { len, .. }) if len == too_long));
    assert!(put("readme", 2 * LONGEST_MANIFEST).is_ok());
}

/// Short members in masses would take a hundred times the memory of the body.
#[test]
fn no_object_may_have_masses_of_members() {
    let masses = |count: usize| {
        let members: Vec<String> = (0..count).map(|number| format!("\"m{number}\":\"\"")).collect();
        format!("{{{}}}", members.join(","))
    };
    let put = |part: &str| {
        let mark = "\"HERE\"";
        let mut document = document();
        let place =
            part.split('.').fold(&mut document, |place, key| &mut place[key.replace('_', ".")]);
        *place = json!("HERE");
        let text = document.to_string().replace(mark, &masses(MOST_MEMBERS + 1));
        Put::parse(&name(), text.into_bytes(), true)
    };
    assert!(matches!(put("versions"), Err(PublishError::Versions(count)) if count > MOST_MEMBERS));
    for part in ["dist-tags", "versions.1_0_0"] {
        let error = put(part).expect_err(part);
        assert!(matches!(error, PublishError::TooMany(TooMany)), "{part}: {error}");
    }
    // What publishes nothing is looked at by who knows what it may change.
    let text = format!(r#"{{"versions":{}}}"#, masses(MOST_MEMBERS + 1));
    assert!(matches!(Put::parse(&name(), text.into_bytes(), false), Ok(Put::Change(_))));
}

#[test]
fn a_document_that_publishes_nothing_is_a_change() {
    for change in [json!({"_id": "@s/n", "users": {"u": true}}), {
        let mut whole = document();
        whole["_attachments"] = json!({});
        whole
    }] {
        assert!(
            matches!(put(&change), Ok(Put::Change(left)) if left == change.to_string().as_bytes())
        );
    }
}

#[test]
fn a_sigstore_bundle_comes_with_it() {
    let mut with_bundle = document();
    let kind = "application/vnd.dev.sigstore.bundle+json;version=0.2";
    with_bundle["_attachments"]["@s/n-1.0.0.sigstore"] =
        json!({"content_type": kind, "data": BUNDLE});
    let provenance = published(&with_bundle).provenance.expect("its bundle");
    assert_eq!((provenance.bundle.as_str(), provenance.predicate_type.as_str()), (BUNDLE, "p"));
    with_bundle["_attachments"]["@s/n-1.0.0.sigstore"]["data"] = json!("{}");
    assert!(matches!(put(&with_bundle), Err(PublishError::Bundle)));
    let mut other = document();
    // A text that is no tarball and no bundle; the tarball's data was taken out before.
    other["_attachments"]["more"] = json!({"length": 1});
    assert!(is_refused_for(put(&other), "more"));
}

#[test]
fn a_sigstore_bundle_has_a_longest_length() {
    let put = |len: usize| {
        let mut document = document();
        let bundle = format!("{BUNDLE}{}", " ".repeat(len - BUNDLE.len()));
        document["_attachments"]["@s/n-1.0.0.sigstore"] = json!({"data": bundle});
        Put::parse(&name(), document.to_string().into_bytes(), true)
    };
    assert!(put(LONGEST_BUNDLE).is_ok());
    let error = put(LONGEST_BUNDLE + 1).expect_err("it is too long");
    assert!(matches!(error, PublishError::LongBundle { len } if len == LONGEST_BUNDLE + 1));
    let error = error.to_string();
    assert!(error.contains("1048577") && error.contains("1048576"), "{error}");
}

#[test]
fn the_tarball_is_attached_by_the_version_s_name() {
    let by = |key: &str| {
        let mut document = document();
        let attachment = document["_attachments"]["@s/n-1.0.0.tgz"].take();
        document["_attachments"] = json!({key: attachment});
        put(&document)
    };
    for key in ["@s/n-1.0.0.tgz", "n-1.0.0.tgz"] {
        assert!(by(key).is_ok(), "{key}");
    }
    for key in ["n-1.0.1.tgz", "m-1.0.0.tgz", "@t/n-1.0.0.tgz", "s-n-1.0.0.tgz", "n-1.0.0", ""] {
        assert!(is_refused_for(by(key), key), "{key}");
    }
}

#[test]
fn the_bundle_is_attached_by_the_version_s_name() {
    let by = |keys: &[&str]| {
        let mut document = document();
        for key in keys {
            document["_attachments"][*key] = json!({"content_type": "x", "data": BUNDLE});
        }
        put(&document)
    };
    for key in ["@s/n-1.0.0.sigstore", "n-1.0.0.sigstore"] {
        assert!(by(&[key]).is_ok(), "{key}");
    }
    for key in [
        "@s/n-1.0.1.sigstore",
        "n-1.0.1.sigstore",
        "m-1.0.0.sigstore",
        "@t/n-1.0.0.sigstore",
        "s-n-1.0.0.sigstore",
        "@s/n-1.0.0.tgz.sigstore",
        "1.0.0.sigstore",
        ".sigstore",
    ] {
        let wrong = by(&[key]).expect_err(key).to_string();
        assert!(wrong.starts_with(&format!("attachment {key:?} is neither")), "{wrong}");
        assert!(wrong.contains("\"@s/n-1.0.0.sigstore\""), "{wrong}");
    }
    let twice = by(&["@s/n-1.0.0.sigstore", "n-1.0.0.sigstore"]);
    assert!(is_refused_for(twice, "n-1.0.0.sigstore"));
}

#[test]
fn the_tarball_has_to_be_what_the_document_says() {
    let digested = |bytes: &[u8]| {
        let mut digester = Digester::of_all();
        digester.update(bytes);
        digester.finish()
    };
    let right = digested(b"hello world");
    let document = published(&document());
    assert!(document.check_tarball(11, &right).is_ok());
    assert!(matches!(document.check_tarball(0, &right), Err(PublishError::Empty)));
    let short = document.check_tarball(10, &right);
    assert!(matches!(short, Err(PublishError::Length { arrived: 10, stated: 11 })));
    let wrong = document.check_tarball(11, &digested(b"hello w0rld"));
    assert!(matches!(wrong, Err(PublishError::Digest { algorithm: "sha1", .. })));
}
