//! What is told of a publish that is not right: one thing, by its name.
//! Knows nothing of what else is refused (the module above).

use super::*;

/// A list of all digests would be looked through for the one that is another.
#[test]
fn the_digest_that_is_another_is_told_and_no_other() {
    let computed = {
        let mut digester = Digester::of_all();
        digester.update(b"hello w0rld");
        digester.finish()
    };
    let dist = |key: &str, value: &str| {
        let mut document = document();
        document["versions"]["1.0.0"]["dist"] = json!({key: value});
        published(&document).check_tarball(11, &computed).expect_err(key).to_string()
    };
    let told = dist("shasum", "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed");
    assert!(told.starts_with("the sha1 digest of the tarball is "), "{told}");
    assert!(told.ends_with("the document says 2aae6c35c94fcfb415dbe95f408b9ce91ee846ed"), "{told}");
    assert!(!told.contains("sha512"), "{told}");
    let sha256 = "sha256-uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=";
    let told = dist("integrity", sha256);
    assert!(told.starts_with("the sha256 digest of the tarball is sha256-"), "{told}");
    assert!(told.ends_with(sha256), "{told}");
    assert!(!told.contains("sha512") && !told.contains("sha1"), "{told}");
}

#[test]
fn what_is_of_another_type_is_told_by_its_name() {
    let another = |place: &str, value: Value, words: &str| {
        let mut document = document();
        *document.pointer_mut(place).expect(place) = value;
        let text = document.to_string();
        let error = Put::parse(&name(), text.into_bytes(), true).expect_err(words).to_string();
        assert_eq!(error, words);
    };
    let manifest = "/versions/1.0.0";
    for value in [json!([]), json!(""), json!(1), json!(true)] {
        another("/versions", value.clone(), "\"versions\" of the document is not an object");
        another("/dist-tags", value.clone(), "\"dist-tags\" of the document is not an object");
        let attachments = "\"_attachments\" of the document is not an object";
        another("/_attachments", value.clone(), attachments);
        another(manifest, value.clone(), "\"1.0.0\" of versions is not an object");
        let dist = "\"dist\" of the manifest is not an object";
        another(&format!("{manifest}/dist"), value, dist);
    }
    let dist = "\"dist\" of the manifest is not an object";
    another(&format!("{manifest}/dist"), json!(null), dist);
    for value in [json!([]), json!({}), json!(1), json!(true)] {
        another("/name", value.clone(), "\"name\" of the document is not a text");
        another("/_id", value.clone(), "\"_id\" of the document is not a text");
        another("/access", value.clone(), "\"access\" of the document is not a text");
        another("/dist-tags/latest", value.clone(), "\"latest\" of dist-tags is not a text");
        let name = "\"name\" of the manifest is not a text";
        another(&format!("{manifest}/name"), value.clone(), name);
        another(&format!("{manifest}/dist/shasum"), value, "\"shasum\" of dist is not a text");
    }
    let attachment = "/_attachments/@s~1n-1.0.0.tgz";
    another(attachment, json!(null), "\"@s/n-1.0.0.tgz\" of _attachments is not an object");
    let data = "\"data\" of an attachment is not a text";
    another(&format!("{attachment}/data"), json!(7), data);
    for value in [json!("11"), json!(-1), json!(1.5), json!([])] {
        let length = "\"length\" of an attachment is not a number of bytes";
        another(&format!("{attachment}/length"), value, length);
    }
    for text in ["", "null", "[]", "[\"@s/n\"]", "\"x\"", "7", "<html>"] {
        let error = Put::parse(&name(), text.as_bytes().to_vec(), false).expect_err(text);
        assert!(matches!(error, PublishError::NoObject), "{text}: {error}");
    }
}
