//! What is refused: bodies that are no publish, ids that are none, more stages than there may be.
//! Knows nothing of what else a publish is refused for; staging asks the same.

use serde_json::{Value, json};

use super::{alone, approving, id_of, list, rejecting, stage, staged_files, staging, view};
use crate::support::client::{Request, get};
use crate::support::nopar::{TestNopar, files_below};
use crate::support::publish::{Publish, refusal, send};
use crate::support::upstream::{FakeUpstream, made_up};

/// Bodies that a publish is refused for, and the statuses that tell it.
fn wrong() -> Vec<(&'static str, Value, &'static [u16])> {
    let right = || Publish::of("x", "1.0.0");
    let (mut nothing, mut other) = (right().document(), right().document());
    nothing.as_object_mut().expect("an object").remove("_attachments");
    other["_attachments"][right().attachment()]["data"] = json!("AAAA");
    vec![
        ("nothing", json!({}), &[400]),
        ("no tarball", nothing, &[400]),
        ("another tarball", other, &[422]),
        ("another name", Publish::of("y", "1.0.0").document(), &[400]),
        ("no version", Publish::of("x", "one").document(), &[400]),
        ("a tag that is a range", right().tag("1.x").document(), &[400]),
        ("an empty tarball", right().tarball(Vec::new()).document(), &[400]),
        ("text", json!("1.0.0"), &[400]),
    ]
}

#[tokio::test]
async fn what_cannot_be_published_is_not_staged() {
    let (_upstream, nopar) = alone().await;
    let addr = nopar.addr();
    for is_new in [true, false] {
        for (what, body, statuses) in wrong() {
            let answer = send(addr, "POST", "/-/stage/package/x", &body).send().await;
            let said = refusal(&answer, statuses, what);
            assert!(!said.is_empty(), "{what}");
        }
        assert_eq!(staged_files(nopar.registry_path()), [""; 0]);
        assert_eq!(list(addr, "").await["total"], 0);
        if is_new {
            assert_eq!(get(addr, "/x").await.status, 404);
            Publish::of("x", "0.1.0").succeed(addr).await;
        }
    }
    let reserved = staging(addr, "node_modules", &Publish::of("node_modules", "1.0.0"));
    refusal(&reserved.send().await, &[400], "a name that nobody may have");
}

#[tokio::test]
async fn a_body_that_is_too_long_is_not_staged() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_MAX_BODY", "100KB").start().await;
    let publish = Publish::of("x", "1.0.0").tarball(vec![7; 200_000]);
    let answer = staging(nopar.addr(), "x", &publish).send().await;
    refusal(&answer, &[413], "too long");
    assert_eq!(staged_files(nopar.registry_path()), [""; 0]);
}

#[tokio::test]
async fn an_id_that_is_none_is_not_found() {
    let (_upstream, nopar) = alone().await;
    let addr = nopar.addr();
    let id = stage(addr, "x", "1.0.0").await;
    for odd in ["1", "0b5e1f6a-1111-4222-8333-44445555666a", &id[1..], "x"] {
        for request in [
            Request::get(addr, &format!("/-/stage/{odd}")),
            Request::get(addr, &format!("/-/stage/{odd}/tarball")),
            approving(addr, odd),
            rejecting(addr, odd),
        ] {
            refusal(&request.send().await, &[404], odd);
        }
    }
    for path in ["..", "%2e%2e%2ftokens", "lock", "record.json"] {
        let answer = get(addr, &format!("/-/stage/{path}")).await;
        assert!(matches!(answer.status, 400 | 404), "{path}: {}", answer.status);
    }
    view(addr, &id).await.expect(200);
}

#[tokio::test]
async fn a_query_that_cannot_be_understood_is_refused() {
    let (_upstream, nopar) = alone().await;
    for query in ["page=-1", "perPage=ten", "page=1.5", "package=..%2f"] {
        let answer = get(nopar.addr(), &format!("/-/stage?{query}")).await;
        refusal(&answer, &[400], query);
    }
}

/// However few they are: a tarball may have hundreds of megabytes.
#[tokio::test]
async fn no_more_bytes_are_staged_than_there_may_be() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_STAGE_SIZE", "1MB").start().await;
    let addr = nopar.addr();
    let publish = |version| Publish::of("x", version).tarball(made_up(5, 400_000));
    let first = id_of(&staging(addr, "x", &publish("1.0.0")).send().await);
    id_of(&staging(addr, "x", &publish("1.1.0")).send().await);
    let before = staged_files(nopar.registry_path());
    let said = refusal(&staging(addr, "x", &publish("1.2.0")).send().await, &[507], "too much");
    assert!(said.contains("NOPAR_STAGE_SIZE") && said.contains("nothing was changed"), "{said}");
    assert_eq!(staged_files(nopar.registry_path()), before);
    approving(addr, &first).send().await.expect(201);
    id_of(&staging(addr, "x", &publish("1.2.0")).send().await);
}

/// What can be known before a byte of it has come is said then.
#[tokio::test]
async fn a_body_that_there_is_no_room_for_is_not_read() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_STAGE_SIZE", "100kB").start().await;
    let head = "POST /-/stage/package/x HTTP/1.1\r\nHost: npm.test\r\n\
        Content-Type: application/json\r\nContent-Length: 300000000\r\n\
        Expect: 100-continue\r\n\r\n";
    let mut connection = nopar.connect().await;
    connection.deliver(head.as_bytes()).await;
    let heads = connection.receive_heads().await;
    assert_eq!(heads.iter().map(|head| head.status).collect::<Vec<_>>(), [507]);
}

/// A thousand are enough: the next one is told what to do.
#[tokio::test]
async fn no_more_are_staged_than_there_may_be() {
    let (_upstream, nopar) = alone().await;
    let addr = nopar.addr();
    let first = stage(addr, "x", "1.0.0").await;
    let stages = nopar.registry_path().join(".nopar/stage");
    // As many as it takes, by hand: each is like the first.
    for number in 1..1000 {
        let copy = stages.join(format!("0b5e1f6a-1111-4222-8333-{number:012x}"));
        std::fs::create_dir(&copy).expect("a folder");
        for file in files_below(&stages.join(&first)) {
            let (from, to) = (stages.join(&first).join(&file), copy.join(&file));
            std::fs::hard_link(from, to).expect("a link");
        }
    }
    assert_eq!(list(addr, "?page=9&perPage=100").await["total"], 1000);
    let answer = staging(addr, "x", &Publish::of("x", "2.0.0")).send().await;
    let said = refusal(&answer, &[507], "one more");
    assert!(said.contains("approve or reject") && said.contains("nothing was changed"), "{said}");
    rejecting(addr, &first).send().await.expect(204);
    stage(addr, "x", "2.0.0").await;
    // What has expired is no longer in the way.
    refusal(&staging(addr, "x", &Publish::of("x", "3.0.0")).send().await, &[507], "full again");
    nopar.advance(std::time::Duration::from_secs(7 * 24 * 3600));
    stage(addr, "x", "3.0.0").await;
    assert_eq!(list(addr, "").await["total"], 1);
}
