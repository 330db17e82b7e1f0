//! Signatures that are put into a document.
//! Knows nothing of keys: a signature is the text that it is of.

use std::collections::HashMap;

use super::*;
use crate::npm::Signature;

fn document(versions: &str) -> HostedDocument {
    let text = format!(r#"{{"name":"@s/n","_rev":"7-a","versions":{{{versions}}},"time":{{}}}}"#);
    HostedDocument::parse(text.as_bytes()).expect("a document")
}

fn by(keyid: &'static str) -> impl Fn(&str) -> Option<Signature> {
    move |text| Some(Signature { keyid: keyid.to_owned(), sig: format!("of {text}") })
}

fn sign(document: &mut HostedDocument) {
    document.sign(|keyid| keyid == "ours", &HashMap::new(), by("ours"));
}

fn is_signed(document: &HostedDocument) -> bool {
    document.signers().are(|keyid| keyid == "ours")
}

fn dist(document: &HostedDocument, version: &str) -> Value {
    value(document)["versions"][version]["dist"].clone()
}

#[test]
fn a_version_is_signed_and_nothing_else_changes() {
    let mut document = document(
        r#""1.0.0":{"odd":{ "a" : 1.0 },"dist":{"x":1,"integrity":"sha512-A\u003d","tarball":"t"},"z":2}"#,
    );
    assert!(!is_signed(&document));
    sign(&mut document);
    let text = String::from_utf8(document.to_bytes()).expect("UTF-8");
    let expected = r#"{"name":"@s/n","_rev":"7-a","versions":{"1.0.0":{"odd":{ "a" : 1.0 },"dist":{"x":1,"integrity":"sha512-A\u003d","tarball":"t","signatures":[{"keyid":"ours","sig":"of @s/n@1.0.0:sha512-A="}]},"z":2}},"time":{},"dist-tags":{}}"#;
    let sorted = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    assert_eq!(sorted(&text), sorted(expected));
    assert!(text.contains(r#"{"odd":{ "a" : 1.0 },"dist":{"x":1,"integrity":"sha512-A\u003d""#));
    assert!(is_signed(&document));
    let before = document.clone();
    document.sign(|keyid| keyid == "ours", &HashMap::new(), |_| panic!("it is signed"));
    assert_eq!(document, before);
}

#[test]
fn what_others_have_signed_is_signed_anew() {
    for others in [
        r#"[{"keyid":"theirs","sig":"x"}]"#,
        r#"[{"keyid":"ours","sig":"x"},{"keyid":"theirs","sig":"x"}]"#,
        r#"[{"sig":"x"}]"#,
        r#"[["ours"]]"#,
        "[]",
        "{}",
        "null",
        "7",
    ] {
        let signatures = format!(r#""integrity":"sha512-A","signatures":{others}"#);
        let mut document = document(&format!(r#""1.0.0":{{"dist":{{{signatures}}}}}"#));
        assert!(!is_signed(&document), "{others}");
        sign(&mut document);
        let expected = json!([{"keyid": "ours", "sig": "of @s/n@1.0.0:sha512-A"}]);
        assert_eq!(dist(&document, "1.0.0")["signatures"], expected, "{others}");
        assert!(is_signed(&document), "{others}");
    }
}

/// A key that was rotated out is one of the registry's all the same.
#[test]
fn what_another_of_our_keys_has_signed_stays() {
    let mut document = document(
        r#""1.0.0":{"dist":{"integrity":"sha512-A","signatures":[{"keyid":"old","sig":"x"}]}},"1.1.0":{"dist":{"integrity":"sha512-B"}}"#,
    );
    let is_ours = |keyid: &str| ["old", "new"].contains(&keyid);
    document.sign(is_ours, &HashMap::new(), by("new"));
    assert_eq!(dist(&document, "1.0.0")["signatures"][0]["keyid"], "old");
    assert_eq!(dist(&document, "1.1.0")["signatures"][0]["keyid"], "new");
    assert!(document.signers().are(is_ours));
    assert!(!document.signers().are(|keyid| keyid == "new"));
}

#[test]
fn what_says_nothing_of_its_tarball_is_left_as_it_is() {
    for dist in [
        "null",
        "{}",
        "[]",
        r#"["sha512-A"]"#,
        r#"{"integrity":""}"#,
        r#"{"integrity":7,"shasum":null}"#,
        r#"{"tarball":"t"}"#,
    ] {
        let mut document =
            document(&format!(r#""1.0.0":{{"dist":{dist}}},"2.0.0":7,"3.0.0":{{}}"#));
        assert!(is_signed(&document), "nothing can be signed: {dist}");
        assert!(document.unhashed().is_empty(), "{dist}");
        let before = document.clone();
        sign(&mut document);
        assert_eq!(document, before, "{dist}");
    }
}

#[test]
fn an_integrity_is_added_where_the_tarball_was_read() {
    let mut document = document(
        r#""1.0.0":{"dist":{"shasum":"da39","tarball":"http://x.example/n_1.tgz"}},"1.1.0":{"dist":{"shasum":"da40","integrity":null}},"1.2.0":{"dist":{"shasum":"da41","integrity":"sha1-A"}}"#,
    );
    let unhashed = document.unhashed();
    let expected = [("1.0.0", "n_1.tgz", "da39"), ("1.1.0", "n-1.1.0.tgz", "da40")];
    let named = |it: &Unhashed| (it.version.clone(), it.file.to_string(), it.shasum.clone());
    let expected = expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()));
    assert_eq!(unhashed.iter().map(named).collect::<Vec<_>>(), expected);
    // Of another file, or of one that was replaced meanwhile, nothing is believed.
    let other = Unhashed { shasum: "da42".to_owned(), ..unhashed[1].clone() };
    let hashed = [(unhashed[0].clone(), "sha512-A".to_owned()), (other, "sha512-B".to_owned())];
    document.sign(|_| false, &HashMap::from(hashed), by("ours"));
    let first = dist(&document, "1.0.0");
    assert_eq!((&first["integrity"], &first["shasum"]), (&json!("sha512-A"), &json!("da39")));
    assert_eq!(first["signatures"][0]["sig"], "of @s/n@1.0.0:sha512-A");
    assert_eq!(dist(&document, "1.1.0"), json!({"shasum": "da40", "integrity": null}));
    assert_eq!(dist(&document, "1.2.0")["signatures"][0]["sig"], "of @s/n@1.2.0:sha1-A");
    assert!(!is_signed(&document), "one could not be signed");
}

/// Whoever says that ten thousand keys have signed a package is not believed, and takes no memory.
#[test]
fn many_and_long_names_of_keys_are_not_kept() {
    let version = |number: usize, keyid: &str| {
        format!(
            r#""1.0.{number}":{{"dist":{{"integrity":"sha512-A","signatures":[{{"keyid":"{keyid}"}}]}}}}"#
        )
    };
    let few: Vec<String> = (0..64).map(|number| version(number, &number.to_string())).collect();
    assert!(document(&few.join(",")).signers().are(|_| true));
    let many: Vec<String> = (0..65).map(|number| version(number, &number.to_string())).collect();
    assert!(!document(&many.join(",")).signers().are(|_| true));
    assert!(!document(&version(0, &"k".repeat(257))).signers().are(|_| true));
}

#[test]
fn a_publish_has_the_signature_it_is_given_and_no_other() {
    let mut document = HostedDocument::new("@s/n".parse().expect("a name"));
    document.publish(new("1.0.0", &["latest"]), NOW).expect("published");
    assert_eq!(dist(&document, "1.0.0").get("signatures"), None, "the client's is dropped");
    let signature = by("ours")("@s/n@2.0.0:sha512-AAAA");
    let signed = NewVersion { signature, ..new("2.0.0", &["latest"]) };
    document.publish(signed, NOW).expect("published");
    let expected = json!([{"keyid": "ours", "sig": "of @s/n@2.0.0:sha512-AAAA"}]);
    assert_eq!(dist(&document, "2.0.0")["signatures"], expected);
    sign(&mut document);
    assert!(is_signed(&document));
}
