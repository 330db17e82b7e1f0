//! Publishes that are refused: with the right words, and without a trace.
//! Knows nothing of how bodies come.

use serde_json::{Value, json};

use super::{alone, at_revision, check_tarball, done, nothing_stored, packument, stored, tidied};
use crate::support::client::{Request, get};
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, basic, put, refusal};
use crate::support::upstream::{integrity, made_up, shasum};

/// A document of `x@1.0.0` with something wrong in it.
fn wrong(change: impl FnOnce(&mut Value)) -> Value {
    let mut document = Publish::of("x", "1.0.0").document();
    change(&mut document);
    document
}

/// The tarball's attachment in such a document.
fn attachment(document: &mut Value) -> &mut Value {
    &mut document["_attachments"]["x-1.0.0.tgz"]
}

fn manifest(document: &mut Value) -> &mut Value {
    &mut document["versions"]["1.0.0"]
}

/// Fails the test unless the document is refused with one of these, and leaves nothing.
async fn check(nopar: &TestNopar, what: &str, document: Value, statuses: &[u16]) {
    let answer = put(nopar.addr(), "x", &document).send().await;
    refusal(&answer, statuses, what);
    nothing_stored(nopar, what).await;
    let answer = get(nopar.addr(), "/x").await;
    refusal(&answer, &[404], what);
}

/// Digests that are not the tarball's are a 422: the body was understood, and is not what it says.
#[tokio::test]
async fn wrong_digests_are_refused() {
    let (_upstream, nopar) = alone().await;
    let other = made_up(77, 100);
    let (sha512, sha1) = (integrity(&other), shasum(&other));
    for (key, value) in [("integrity", &sha512), ("shasum", &sha1)] {
        let document = wrong(|it| manifest(it)["dist"][key] = json!(value));
        check(&nopar, key, document, &[422]).await;
        // Also alone, or beside one that is right.
        let document = wrong(|it| manifest(it)["dist"] = json!({key: value}));
        check(&nopar, key, document, &[422]).await;
    }
    let document = wrong(|it| {
        let right = manifest(it)["dist"]["integrity"].as_str().expect("one").to_owned();
        manifest(it)["dist"]["integrity"] = json!(format!("{right} {sha512}x"));
    });
    let answer = put(nopar.addr(), "x", &document).send().await;
    assert_ne!(answer.status / 100, 5, "{}", answer.status);
}

/// A tarball that is not as long as stated, not base64, empty, or not there.
#[tokio::test]
async fn wrong_attachments_are_refused() {
    let (_upstream, nopar) = alone().await;
    let check = async |what: &str, change: &dyn Fn(&mut Value)| {
        check(&nopar, what, wrong(change), &[400, 422]).await;
    };
    check("too short", &|it| attachment(it)["length"] = json!(1025)).await;
    check("too long", &|it| attachment(it)["length"] = json!(1023)).await;
    check("no base64", &|it| attachment(it)["data"] = json!("!!!!")).await;
    check("half base64", &|it| {
        let data = attachment(it)["data"].as_str().expect("data").to_owned();
        attachment(it)["data"] = json!(format!("{}*", &data[..data.len() - 1]));
    })
    .await;
    check("base64 for URLs", &|it| attachment(it)["data"] = json!("-_-_")).await;
    check("padding in the middle", &|it| attachment(it)["data"] = json!("AA==AA==")).await;
    check("no text", &|it| attachment(it)["data"] = json!(1)).await;
    check("empty", &|it| {
        *attachment(it) = json!({"data": "", "length": 0});
        manifest(it)["dist"] = json!({});
    })
    .await;
    check("two tarballs", &|it| {
        it["_attachments"]["y-1.0.0.tgz"] = attachment(it).clone();
    })
    .await;
    check("another version's tarball", &|it| {
        it["_attachments"] = json!({"x-1.0.1.tgz": attachment(it).clone()});
    })
    .await;
    check("a bundle alone", &|it| {
        it["_attachments"] = json!({"x-1.0.0.sigstore": {"data": "{}", "length": 2}});
    })
    .await;
}

/// Without a tarball nothing is published, whatever else it may be taken for.
#[tokio::test]
async fn no_version_comes_without_a_tarball() {
    let (_upstream, nopar) = alone().await;
    for attachments in [json!({}), Value::Null] {
        let document = wrong(|it| it["_attachments"] = attachments);
        check(&nopar, "no attachments", document, &[400]).await;
    }
    let document = wrong(|it| drop(it.as_object_mut().expect("it").remove("_attachments")));
    let answer = put(nopar.addr(), "x", &document).send().await;
    assert_eq!(refusal(&answer, &[400], "at all"), "no tarball is attached");
    check(&nopar, "no attachments at all", document, &[400]).await;
}

/// Nor of a package that there is: what the document does not say of the version, its deprecation, stays.
#[tokio::test]
async fn no_version_comes_again_without_a_tarball() {
    let (_upstream, nopar) = alone().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    let mut copy = packument(nopar.addr(), "x").await;
    copy["versions"]["1.0.0"]["deprecated"] = json!("old");
    done(&put(nopar.addr(), "x", &copy).send().await, "a deprecation");
    let before = packument(nopar.addr(), "x").await;
    for version in ["1.0.0", "1.1.0"] {
        for attachments in [None, Some(Value::Null), Some(json!({}))] {
            let mut document = Publish::of("x", version).document();
            let members = document.as_object_mut().expect("a document");
            match attachments {
                None => drop(members.remove("_attachments")),
                Some(none) => drop(members.insert("_attachments".to_owned(), none)),
            }
            for command in ["publish", "deprecate"] {
                let request = put(nopar.addr(), "x", &document).header("npm-command", command);
                let answer = request.send().await;
                let error = refusal(&answer, &[400], version);
                assert_eq!(error, "no tarball is attached", "{version} {command}");
                assert_eq!(packument(nopar.addr(), "x").await, before, "{version} {command}");
            }
        }
    }
}

/// Names and versions that contradict one another, or the path.
#[tokio::test]
async fn contradictions_are_refused() {
    let (_upstream, nopar) = alone().await;
    let check = async |what: &str, change: &dyn Fn(&mut Value)| {
        check(&nopar, what, wrong(change), &[400, 422]).await;
    };
    check("another name", &|it| it["name"] = json!("y")).await;
    check("another _id", &|it| it["_id"] = json!("y")).await;
    check("another name in the manifest", &|it| manifest(it)["name"] = json!("y")).await;
    check("no name in the manifest", &|it| manifest(it)["name"] = Value::Null).await;
    check("another case", &|it| it["name"] = json!("X")).await;
    check("another version in the manifest", &|it| manifest(it)["version"] = json!("1.0.1")).await;
    check("two versions", &|it| {
        it["versions"]["1.0.1"] = json!({"name": "x", "version": "1.0.1"});
    })
    .await;
    check("no versions", &|it| it["versions"] = json!({})).await;
    check("versions in a list", &|it| it["versions"] = json!([])).await;
    check("a tag of another version", &|it| it["dist-tags"]["latest"] = json!("2.0.0")).await;
    for range in ["1.x", "v1", "*", "^1.0.0", "1.0.0", ""] {
        check(range, &|it| it["dist-tags"] = json!({range: "1.0.0"})).await;
    }
}

/// What is no version of npm's.
#[tokio::test]
async fn what_is_no_version_is_refused() {
    let (_upstream, nopar) = alone().await;
    for version in ["1.0", "v1.0.0", "01.0.0", "1.0.0+build", "latest", "../1.0.0", ""] {
        let document = Publish::of("x", version).document();
        check(&nopar, version, document, &[400, 422]).await;
    }
}

/// What is no document at all.
#[tokio::test]
async fn what_is_no_document_is_refused() {
    let (_upstream, nopar) = alone().await;
    let whole = Publish::of("x", "1.0.0").document().to_string();
    let cut = &whole[..whole.len() - 1];
    let behind = format!("{whole}{whole}");
    for body in ["", "null", "[]", "\"x\"", "{", "<html>", "\u{feff}{}", cut, &behind] {
        let what: String = body.chars().take(40).collect();
        let request = Request::new(nopar.addr(), "PUT", "/x").body(body.to_owned());
        let answer = request.header("Content-Type", "application/json").send().await;
        refusal(&answer, &[400, 413, 422], &what);
        nothing_stored(&nopar, &what).await;
    }
}

/// What is nested as deep as no reader can follow is refused, or served as it is; it ends no process, and the
/// package goes on.
#[tokio::test]
async fn a_deep_document_harms_nobody() {
    let (_upstream, nopar) = alone().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let placed = |document: Value| document.to_string().replace("\"DEEP\"", &deep);
    let in_manifest = Publish::of("x", "1.1.0").field("odd", json!("DEEP")).document();
    let at_root = Publish::of("x", "1.2.0").top("odd", json!("DEEP")).document();
    let mut change = packument(nopar.addr(), "x").await;
    change["versions"]["1.0.0"]["deprecated"] = json!("DEEP");
    for (what, document) in [("manifest", in_manifest), ("root", at_root), ("change", change)] {
        let request = Request::new(nopar.addr(), "PUT", "/x").body(placed(document));
        let answer = request.send().await;
        assert_ne!(answer.status / 100, 5, "{what}: {}", answer.status);
        for path in ["/x", "/x/latest"] {
            get(nopar.addr(), path).await.expect(200);
        }
        let short = nopar.request("/x").header("Accept", crate::asking::INSTALL);
        short.send().await.expect(200);
    }
    Publish::of("x", "2.0.0").succeed(nopar.addr()).await;
}

/// A version is published once: the second time is a 409 in npm's words, and changes nothing.
#[tokio::test]
async fn a_version_is_published_once() {
    let (_upstream, nopar) = alone().await;
    for name in ["x", "@s/n"] {
        let first = Publish::of(name, "1.0.0");
        first.succeed(nopar.addr()).await;
        let before = packument(nopar.addr(), name).await;
        let again = Publish::of(name, "1.0.0").tarball(made_up(5, 2000)).tag("beta");
        // The very same, too: nobody can tell that from a mistake.
        for publish in [&again, &first] {
            let answer = publish.to(nopar.addr()).send().await;
            let error = refusal(&answer, &[409], name);
            let words = "You cannot publish over the previously published versions: 1.0.0.";
            assert!(error.contains(words), "{error}");
            assert_eq!(packument(nopar.addr(), name).await, before);
            check_tarball(nopar.addr(), name, "1.0.0", &first.bytes()).await;
        }
    }
    let expected = ["@s/n/n-1.0.0.tgz", "@s/n/n.json", "x/x-1.0.0.tgz", "x/x.json"];
    assert_eq!(stored(nopar.registry_path()), expected);
    tidied(&nopar).await;
}

/// Whoever sends a long tarball of such a version hears it when that has just begun.
#[tokio::test]
async fn a_version_that_is_taken_is_refused_before_its_tarball() {
    let (_upstream, nopar) = alone().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    let again = Publish::of("x", "1.0.0").tarball(made_up(5, 3_000_000)).document().to_string();
    let begun = async |status: u16| {
        let mut connection = nopar.connect().await;
        let len = again.len();
        let head = format!("PUT /x HTTP/1.1\r\nHost: npm.test\r\nContent-Length: {len}\r\n\r\n");
        connection.deliver(head.as_bytes()).await;
        connection.deliver(&again.as_bytes()[..100_000]).await;
        let answer = connection.receive().await.expect("an answer to the beginning");
        let error = refusal(&answer, &[status], "the beginning");
        assert!(error.contains("previously published versions: 1.0.0."), "{error}");
    };
    begun(409).await;
    check_tarball(nopar.addr(), "x", "1.0.0", &Publish::of("x", "1.0.0").bytes()).await;
    let all = packument(nopar.addr(), "x").await;
    done(&at_revision(nopar.addr(), "DELETE", &all, &Value::Null).send().await, "taken back");
    begun(403).await;
    tidied(&nopar).await;
    let next = Publish::of("x", "1.0.1").tarball(made_up(5, 3_000_000));
    next.succeed(nopar.addr()).await;
    check_tarball(nopar.addr(), "x", "1.0.1", &next.bytes()).await;
}

/// Nor after it was taken back: that is a 403, also after a restart.
#[tokio::test]
async fn a_version_taken_back_is_not_published_again() {
    let (_upstream, mut nopar) = alone().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    Publish::of("x", "1.1.0").succeed(nopar.addr()).await;
    let mut one_less = packument(nopar.addr(), "x").await;
    one_less["versions"].as_object_mut().expect("versions").remove("1.1.0");
    let taken_back = at_revision(nopar.addr(), "PUT", &one_less, &one_less).send().await;
    done(&taken_back, "a version taken back");
    let again = async |nopar: &TestNopar, version| {
        let answer = Publish::of("x", version).to(nopar.addr()).send().await;
        let error = refusal(&answer, &[403], version);
        assert!(error.contains("previously published versions: "), "{error}");
    };
    again(&nopar, "1.1.0").await;
    nopar.restart().await;
    again(&nopar, "1.1.0").await;
    let all = packument(nopar.addr(), "x").await;
    let taken_back = at_revision(nopar.addr(), "DELETE", &all, &Value::Null).send().await;
    done(&taken_back, "all taken back");
    again(&nopar, "1.0.0").await;
    again(&nopar, "1.1.0").await;
    // Another one is welcome.
    Publish::of("x", "1.2.0").succeed(nopar.addr()).await;
    let document = packument(nopar.addr(), "x").await;
    assert_eq!(document["dist-tags"], json!({"latest": "1.2.0"}));
}

/// Who shows a token that nobody was given is refused before the body is read.
#[tokio::test]
async fn an_unknown_token_is_refused_before_the_body() {
    let (_upstream, nopar) = alone().await;
    let mut connection = nopar.connect().await;
    let head = "PUT /x HTTP/1.1\r\nHost: npm.test\r\nAuthorization: Bearer npm_nobodys\r\n\
                Content-Length: 100000\r\n\r\n";
    connection.deliver(head.as_bytes()).await;
    let answer = connection.receive().await.expect("an answer to a head alone");
    refusal(&answer, &[401], "before the body");
    let publish = Publish::of("x", "1.0.0");
    let answer =
        publish.to(nopar.addr()).header("Authorization", "Bearer npm_nobodys").send().await;
    refusal(&answer, &[401], "with the body");
    assert!(!answer.text().contains("one-time pass"), "npm would ask for one");
    let two = publish.to(nopar.addr()).header("Authorization", basic("a", "b"));
    let answer = two.header("Authorization", "Bearer npm_nobodys").send().await;
    refusal(&answer, &[400, 401], "two");
    nothing_stored(&nopar, "unknown token").await;
}
