//! Documents that are long also without their tarball: a readme, a manifest, a copy that is sent back.
//! Knows nothing of long tarballs.

use std::time::Duration;

use serde_json::json;

use super::{alone, check_tarball, done, nothing_stored, packument};
use crate::support::client::get;
use crate::support::publish::{Publish, put, refusal};

/// A manifest that every installation would have to read is refused, in words that say what is too long; npm prints
/// them.
#[tokio::test]
async fn a_manifest_that_is_too_long_is_refused() {
    let (_upstream, nopar) = alone().await;
    let long = Publish::of("x", "1.0.0").field("exports", json!("x".repeat(1 << 20)));
    let error = refusal(&long.to(nopar.addr()).send().await, &[413], "long");
    assert!(error.contains("the manifest of version 1.0.0 has"), "{error}");
    assert!(error.contains("1048576"), "{error}");
    nothing_stored(&nopar, "long").await;
    // What is long and real is welcome.
    let long = Publish::of("x", "1.0.0").field("exports", json!("x".repeat(900_000)));
    long.succeed(nopar.addr()).await;
}

/// Readmes are not in manifests, wherever the client puts them: they may be longer, and are cut where npm's own registry
/// cuts them.
#[tokio::test]
async fn a_long_readme_is_published_and_cut() {
    let (_upstream, nopar) = alone().await;
    let readme = json!("# x\n".repeat(500_000));
    let in_manifest = Publish::of("x", "1.0.0").field("readme", readme.clone());
    let at_root = Publish::of("y", "1.0.0").top("readme", readme.clone());
    for (name, publish) in [("x", in_manifest), ("y", at_root)] {
        publish.succeed(nopar.addr()).await;
        check_tarball(nopar.addr(), name, "1.0.0", &publish.bytes()).await;
        let kept = json!("# x\n".repeat(16_384));
        assert!(packument(nopar.addr(), name).await["readme"] == kept, "{name}");
    }
}

/// A long copy that is sent back changes what it says, by either path.
#[tokio::test]
async fn a_long_copy_changes_a_package() {
    let (_upstream, nopar) = alone().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    for message in ["by its path", "by its revision"] {
        let mut copy = packument(nopar.addr(), "x").await;
        copy["versions"]["1.0.0"]["deprecated"] = json!(message);
        copy["odd"] = json!("x".repeat(3 << 20));
        let request = match message {
            "by its path" => put(nopar.addr(), "x", &copy),
            _ => super::at_revision(nopar.addr(), "PUT", &copy, &copy),
        };
        done(&request.send().await, message);
        let now = packument(nopar.addr(), "x").await;
        assert_eq!(now["versions"]["1.0.0"]["deprecated"], message);
        assert_eq!(now.get("odd"), None, "{message}");
    }
}

/// Who finds no room waits until another is done; what is short passes meanwhile, also with a long readme.
#[tokio::test]
async fn long_documents_wait_for_room() {
    let (_upstream, nopar) = alone().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    let head = |path: &str, len: usize| {
        format!("PUT {path} HTTP/1.1\r\nHost: npm.test\r\nContent-Length: {len}\r\n\r\n")
    };
    // These take 32 and 24 MiB, which is all the room of long ones.
    let mut holders = Vec::new();
    for len in [30 << 20, 23 << 20] {
        let mut holder = nopar.connect().await;
        holder.deliver(head("/x/-rev/undefined", 32 << 20).as_bytes()).await;
        holder.deliver(&vec![b' '; len]).await;
        holders.push(holder);
    }
    // Meanwhile NOPAR reads what of them is still in the sockets' buffers.
    for number in 0..20 {
        let short = Publish::of("z", &format!("1.0.{number}"));
        short.top("readme", json!("x".repeat(number * 20_000))).succeed(nopar.addr()).await;
    }
    let long = Publish::of("y", "1.0.0").top("readme", json!("x".repeat(600_000)));
    let body = long.document().to_string();
    let mut waiting = nopar.connect().await;
    waiting.deliver(head("/y", body.len()).as_bytes()).await;
    waiting.deliver(body.as_bytes()).await;
    Publish::of("z", "2.0.0").succeed(nopar.addr()).await;
    assert!(!waiting.says_within(Duration::from_millis(1)).await, "there was room for it");
    drop(holders.pop());
    waiting.receive().await.expect("an answer").expect(201);
    check_tarball(nopar.addr(), "y", "1.0.0", &long.bytes()).await;
}

/// What is long and no document is refused like what is short.
#[tokio::test]
async fn what_is_long_and_no_document_is_refused() {
    let (_upstream, nopar) = alone().await;
    let whole = Publish::of("x", "1.0.0").top("odd", json!("x".repeat(100_000)));
    let whole = whole.document().to_string();
    for body in [format!("[{whole}]"), format!("{whole}]"), whole.replacen(':', ",", 1)] {
        let answer = put(nopar.addr(), "x", &json!(null)).body(body).send().await;
        refusal(&answer, &[400], "no document");
    }
    nothing_stored(&nopar, "no document").await;
    assert_eq!(get(nopar.addr(), "/x").await.status, 404);
}
