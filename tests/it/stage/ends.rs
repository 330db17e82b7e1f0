//! What becomes of a stage when time passes, or the package is another's by then.
//! Knows nothing of clients that mean harm.

use std::time::Duration;

use serde_json::json;

use super::{
    alone, approving, check_published, ids, list, rejecting, stage, staged_files, staging, view,
};
use crate::asking::eventually;
use crate::support::client::{Request, get};
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, refusal, send};
use crate::support::upstream::FakeUpstream;

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn a_stage_that_nobody_approves_is_gone_after_a_week() {
    let (_upstream, nopar) = alone().await;
    let addr = nopar.addr();
    let old = stage(addr, "x", "1.0.0").await;
    let other = stage(addr, "x", "1.1.0").await;
    nopar.advance(6 * DAY);
    let young = stage(addr, "x", "2.0.0").await;
    assert_eq!(list(addr, "").await["total"], 3);
    nopar.advance(DAY);
    // Found out by who looks at it, and by who lists.
    for path in [format!("/-/stage/{old}"), format!("/-/stage/{old}/tarball")] {
        let said = refusal(&get(addr, &path).await, &[404], &path);
        assert!(said.contains("NOPAR_STAGE_TTL"), "{said}");
    }
    refusal(&approving(addr, &other).send().await, &[404], "an approval");
    assert_eq!(ids(&list(addr, "").await), std::slice::from_ref(&young));
    let left = staged_files(nopar.registry_path());
    assert!(left.iter().all(|file| file.contains(&young)), "{left:?}");
    approving(addr, &young).send().await.expect(201);
    check_published(addr, &Publish::of("x", "2.0.0"), "x", "2.0.0").await;
}

/// Nobody has to ask: a start looks.
#[tokio::test]
async fn a_start_removes_what_has_expired() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).stopped_clock().env("NOPAR_STAGE_TTL", "1h");
    let mut nopar = nopar.start().await;
    let id = stage(nopar.addr(), "x", "1.0.0").await;
    nopar.restart().await;
    view(nopar.addr(), &id).await.expect(200);
    nopar.stop().await;
    nopar.advance(Duration::from_secs(3600));
    nopar.restart().await;
    let registry = nopar.registry_path().to_owned();
    let gone = move || staged_files(&registry).is_empty();
    eventually(&nopar, "the end of what has expired", gone).await;
    refusal(&view(nopar.addr(), &id).await, &[404], "it has expired");
}

#[tokio::test]
async fn a_version_that_came_meanwhile_or_went_is_a_conflict() {
    let (_upstream, nopar) = alone().await;
    let addr = nopar.addr();
    Publish::of("x", "0.1.0").succeed(addr).await;
    let id = stage(addr, "x", "1.0.0").await;
    Publish::of("x", "1.0.0").succeed(addr).await;
    let said = refusal(&approving(addr, &id).send().await, &[409], "it was published");
    assert!(said.contains("previously published"), "{said}");
    let document = get(addr, "/x?write=true").await.expect(200).json();
    let path = format!("/x/-rev/{}", document["_rev"].as_str().expect("a revision"));
    let mut less = document;
    less["versions"].as_object_mut().expect("versions").remove("1.0.0");
    less["dist-tags"] = json!({"latest": "0.1.0"});
    let answer = send(addr, "PUT", &path, &less).send().await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    refusal(&approving(addr, &id).send().await, &[409], "it was taken back");
    // It can be looked at, and rejected.
    view(addr, &id).await.expect(200);
    get(addr, &format!("/-/stage/{id}/tarball")).await.expect(200);
    rejecting(addr, &id).send().await.expect(204);
    // What is taken, or was, is not staged.
    for version in ["0.1.0", "1.0.0"] {
        let publish = Publish::of("x", version);
        let answer = staging(addr, "x", &publish).send().await;
        refusal(&answer, &[403, 409], version);
    }
    assert_eq!(staged_files(nopar.registry_path()), [""; 0]);
}

/// As with a publish: nobody gets the upstream's name, also not by having staged it before.
#[tokio::test]
async fn a_name_that_is_the_upstreams_is_neither_staged_nor_approved() {
    let (upstream, nopar) = alone().await;
    let addr = nopar.addr();
    upstream.package("theirs").version("1.0.0", |v| v);
    let publish = Publish::of("theirs", "2.0.0");
    let answer = staging(addr, "theirs", &publish).send().await;
    refusal(&answer, &[403], "a name of the upstream's");
    let id = stage(addr, "soon", "1.0.0").await;
    upstream.package("soon").version("9.9.9", |v| v);
    let said = refusal(&approving(addr, &id).send().await, &[403], "theirs by now");
    assert!(said.contains("NOPAR_LOCAL_PACKAGES"), "{said}");
    assert_eq!(get(addr, "/soon").await.expect(200).json()["dist-tags"]["latest"], "9.9.9");
    assert_eq!(ids(&list(addr, "").await), std::slice::from_ref(&id));
    rejecting(addr, &id).send().await.expect(204);
}

/// Names that are NOPAR's own never reach an upstream.
#[tokio::test]
async fn no_upstream_hears_of_what_is_staged_under_a_name_of_ones_own() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_LOCAL_PACKAGES", "@own/*").start().await;
    let addr = nopar.addr();
    let id = stage(addr, "@own/x", "1.0.0").await;
    list(addr, "?package=@own/x").await;
    view(addr, &id).await.expect(200);
    get(addr, &format!("/-/stage/{id}/tarball")).await.expect(200);
    approving(addr, &id).send().await.expect(201);
    let second = stage(addr, "@own/x", "2.0.0").await;
    rejecting(addr, &second).send().await.expect(204);
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
}

/// What is not what was staged is not published, and not sent.
#[tokio::test]
async fn a_stage_that_was_damaged_is_not_published() {
    let (_upstream, nopar) = alone().await;
    let addr = nopar.addr();
    let stages = nopar.registry_path().join(".nopar/stage");
    for (file, is_tarball) in [("tarball.tgz", true), ("manifest.json", false)] {
        let id = stage(addr, "x", "1.0.0").await;
        let path = stages.join(&id).join(file);
        let mut bytes = std::fs::read(&path).expect("a file");
        // In the middle of a text: it can be read as well as before.
        let at = bytes.windows(5).position(|piece| piece == b"1.0.0").unwrap_or(0);
        bytes[at] ^= 1;
        std::fs::write(&path, bytes).expect("it can be written");
        let said = refusal(&approving(addr, &id).send().await, &[500], file);
        assert!(said.contains("reject it"), "{said}");
        let tarball = get(addr, &format!("/-/stage/{id}/tarball")).await;
        assert_eq!(tarball.status, if is_tarball { 500 } else { 200 }, "{file}");
        assert_eq!(get(addr, "/x").await.status, 404, "{file}");
        view(addr, &id).await.expect(200);
        rejecting(addr, &id).send().await.expect(204);
    }
    // One whose record cannot be read is left out of lists.
    let id = stage(addr, "x", "1.0.0").await;
    std::fs::write(stages.join(&id).join("record.json"), "{").expect("it can be written");
    for answer in [view(addr, &id).await, rejecting(addr, &id).send().await] {
        let said = refusal(&answer, &[500], "a record");
        assert!(said.contains(&format!("removes the folder .nopar/stage/{id}")), "{said}");
    }
    let mut restarted = nopar;
    restarted.restart().await;
    assert_eq!(list(restarted.addr(), "").await["total"], 0);
    let other = stage(restarted.addr(), "x", "1.0.0").await;
    Request::new(restarted.addr(), "POST", &format!("/-/stage/{other}/approve"))
        .send()
        .await
        .expect(201);
}

/// A registry directory that is gone has no stages, and none is made in its place.
#[tokio::test]
async fn a_directory_that_is_gone_is_told_of_stages_too() {
    let (_upstream, nopar) = alone().await;
    let addr = nopar.addr();
    let id = stage(addr, "x", "1.0.0").await;
    let away = nopar.home().join("away");
    std::fs::rename(nopar.registry_path(), &away).expect("it goes");
    nopar.advance(Duration::from_secs(2));
    for answer in [
        get(addr, "/-/stage").await,
        view(addr, &id).await,
        get(addr, &format!("/-/stage/{id}/tarball")).await,
        approving(addr, &id).send().await,
        rejecting(addr, &id).send().await,
        staging(addr, "y", &Publish::of("y", "1.0.0")).send().await,
    ] {
        refusal(&answer, &[500], "it is gone");
    }
    assert!(!nopar.registry_path().exists(), "it was made anew");
    std::fs::rename(&away, nopar.registry_path()).expect("it comes back");
    approving(addr, &id).send().await.expect(201);
}
