//! The whole way of a staged version, as clients go it.
//! Knows nothing of what goes wrong.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    alone, approving, check_published, check_unpublished, id_of, ids, list, rejecting, stage,
    staged_files, staging, view,
};
use crate::support::binary::Binary;
use crate::support::client::{Request, get};
use crate::support::publish::{Publish, basic, path_of};
use crate::support::upstream::{FakeUpstream, made_up, shasum};

#[tokio::test]
async fn a_staged_version_is_seen_by_who_asks_for_stages_and_by_nobody_else() {
    let (_upstream, nopar) = alone().await;
    let addr = nopar.addr();
    for (name, size) in [("x", 1_000), ("@s/n", 900_000)] {
        let publish = Publish::of(name, "1.0.0").tarball(made_up(3, size)).tag("next");
        let request = staging(addr, name, &publish).header("Authorization", basic("alice", "a"));
        let id = id_of(&request.send().await);
        check_unpublished(addr, name, "1.0.0").await;
        let query = format!("?page=0&perPage=100&package={}", &path_of(name)[1..]);
        let listed = list(addr, &query).await;
        assert_eq!((&listed["total"], &listed["page"]), (&json!(1), &json!(0)), "{listed}");
        assert_eq!(listed["perPage"], 100);
        let item = &listed["items"][0];
        let expected = json!({
            "id": id, "packageName": name, "version": "1.0.0", "tag": "next",
            "createdAt": item["createdAt"], "actor": "alice", "actorType": "user",
            "access": "public", "shasum": shasum(&publish.bytes()), "status": "staged",
        });
        assert_eq!(*item, expected);
        let created = item["createdAt"].as_str().expect("a date");
        assert!(created.len() == 24 && created.ends_with('Z'), "{created}");
        // In letters of either case, as a UUID is.
        for id in [id.clone(), id.to_uppercase()] {
            let seen = view(addr, &id).await.expect(200);
            assert_eq!(seen.json(), expected);
            assert_eq!(seen.header("cache-control"), Some("no-store"));
        }
        let path = format!("/-/stage/{id}/tarball");
        let tarball = get(addr, &path).await.expect(200);
        assert!(tarball.complete && tarball.body == publish.bytes(), "{name}");
        assert_eq!(tarball.header("content-type"), Some("application/octet-stream"));
        assert_eq!(tarball.header("content-length"), Some(size.to_string().as_str()));
        assert_eq!(tarball.header("cache-control"), Some("no-store"));
        let head = Request::get(addr, &path).method("HEAD").send().await.expect(200);
        assert_eq!(head.header("content-length"), Some(size.to_string().as_str()));

        let approval = approving(addr, &id).header("Authorization", basic("bob", "b"));
        let approved = approval.send().await.expect(201).json();
        assert_eq!(approved["ok"], true, "{approved}");
        check_published(addr, &publish, name, "1.0.0").await;
        let document = get(addr, &path_of(name)).await.expect(200).json();
        assert_eq!(document["dist-tags"]["next"], "1.0.0");
        assert_eq!(document["versions"]["1.0.0"]["_npmUser"]["name"], "alice");
        assert_eq!(document["versions"]["1.0.0"]["_stageId"], json!(id));
        for answer in
            [view(addr, &id).await, get(addr, &path).await, approving(addr, &id).send().await]
        {
            assert_eq!(answer.status, 404);
            assert!(answer.json()["error"].as_str().expect("words").contains(&id));
        }
    }
    assert_eq!(list(addr, "").await["total"], 0);
    assert_eq!(staged_files(nopar.registry_path()), [""; 0]);
}

#[tokio::test]
async fn a_rejected_version_is_gone_and_can_be_staged_or_published_anew() {
    let (_upstream, nopar) = alone().await;
    let addr = nopar.addr();
    let id = stage(addr, "x", "1.0.0").await;
    let answer = rejecting(addr, &id).send().await.expect(204);
    assert!(answer.body.is_empty());
    for request in [rejecting(addr, &id), approving(addr, &id)] {
        assert_eq!(request.send().await.status, 404);
    }
    assert_eq!(staged_files(nopar.registry_path()), [""; 0]);
    let again = stage(addr, "x", "1.0.0").await;
    assert_ne!(id, again);
    // A version that is staged may be published, which is the end of the approval and not of the stage.
    let publish = Publish::of("x", "1.0.0").tarball(made_up(5, 2_000));
    publish.succeed(addr).await;
    assert_eq!(approving(addr, &again).send().await.status, 409);
    view(addr, &again).await.expect(200);
    check_published(addr, &publish, "x", "1.0.0").await;
    rejecting(addr, &again).send().await.expect(204);
}

/// The dates and the tags are those of the approval.
#[tokio::test]
async fn a_version_is_published_when_it_is_approved() {
    let (_upstream, nopar) = alone().await;
    let addr = nopar.addr();
    let id = stage(addr, "x", "1.0.0").await;
    nopar.advance(Duration::from_secs(3600));
    Publish::of("x", "1.1.0").succeed(addr).await;
    nopar.advance(Duration::from_secs(3600));
    approving(addr, &id).send().await.expect(201);
    let document = get(addr, "/x").await.expect(200).json();
    let time = |version: &str| document["time"][version].as_str().expect("a date").to_owned();
    assert!(time("1.0.0") > time("1.1.0"), "{}", document["time"]);
    assert_eq!(document["dist-tags"]["latest"], "1.0.0");
}

/// The readme and the bundle come with it, and nothing that a client says of stages.
#[tokio::test]
async fn all_that_came_with_a_version_is_published_with_it() {
    let (_upstream, nopar) = alone().await;
    let addr = nopar.addr();
    let predicate = "https://slsa.dev/provenance/v1";
    let statement = STANDARD.encode(json!({"predicateType": predicate}).to_string());
    let bundle = json!({"mediaType": "b", "dsseEnvelope": {"payload": statement}});
    let publish = Publish::of("@s/n", "1.0.0")
        .bundle(&bundle.to_string())
        .field("_stageId", json!("0b5e1f6a-1111-4222-8333-44445555666a"))
        .field("readme", json!("# The readme"))
        .field("odd", json!({"big": 12_345_678_901_234_567_890_u64}));
    let id = id_of(&staging(addr, "@s/n", &publish).send().await);
    approving(addr, &id).send().await.expect(201);
    check_published(addr, &publish, "@s/n", "1.0.0").await;
    let document = get(addr, "/@s%2fn").await.expect(200).json();
    assert_eq!(document["readme"], "# The readme");
    let version = &document["versions"]["1.0.0"];
    assert_eq!(version["odd"]["big"].to_string(), "12345678901234567890");
    assert_eq!(version["_stageId"], json!(id));
    let attested = get(addr, "/-/npm/v1/attestations/@s/n@1.0.0").await.expect(200).json();
    assert_eq!(attested["attestations"][0]["bundle"], bundle);
    // A publish says of no stage.
    let publish = Publish::of("@s/n", "1.1.0").field("_stageId", json!(id));
    publish.succeed(addr).await;
    let document = get(addr, "/@s%2fn").await.expect(200).json();
    assert_eq!(document["versions"]["1.1.0"].get("_stageId"), None);
}

#[tokio::test]
async fn lists_are_the_newest_first_and_in_pages() {
    let (_upstream, nopar) = alone().await;
    let addr = nopar.addr();
    let mut staged = Vec::new();
    for number in 0..25 {
        let name = ["x", "@s/y"][number % 2];
        staged.insert(0, stage(addr, name, &format!("1.0.{number}")).await);
        nopar.advance(Duration::from_secs(1));
    }
    let all = list(addr, "?page=0&perPage=100").await;
    assert_eq!(ids(&all), staged);
    let usual = list(addr, "").await;
    assert_eq!((ids(&usual), &usual["perPage"]), (staged[..10].to_vec(), &json!(10)));
    let last = list(addr, "?page=2&perPage=12").await;
    assert_eq!((ids(&last), &last["total"]), (staged[24..].to_vec(), &json!(25)));
    assert!(ids(&list(addr, "?page=3&perPage=12").await).is_empty());
    let of_one = list(addr, "?perPage=1000&package=%40s%2fy").await;
    assert_eq!((&of_one["total"], &of_one["perPage"]), (&json!(12), &json!(100)));
    assert!(
        of_one["items"].as_array().expect("items").iter().all(|it| it["packageName"] == "@s/y")
    );
    let none = list(addr, "?package=other").await;
    assert_eq!(none, json!({"items": [], "page": 0, "perPage": 10, "total": 0}));
}

/// One version may be staged several times: the first that is approved is published.
#[tokio::test]
async fn a_version_may_be_staged_twice_and_is_published_once() {
    let (_upstream, nopar) = alone().await;
    let addr = nopar.addr();
    let [first, second] = [7, 9].map(|seed| Publish::of("x", "1.0.0").tarball(made_up(seed, 900)));
    let one = id_of(&staging(addr, "x", &first).send().await);
    let other = id_of(&staging(addr, "x", &second).send().await);
    approving(addr, &other).send().await.expect(201);
    let refused = approving(addr, &one).send().await;
    assert_eq!(refused.status, 409);
    let said = refused.json()["error"].as_str().expect("words").to_owned();
    assert!(said.contains("previously published"), "{said}");
    check_published(addr, &second, "x", "1.0.0").await;
    assert_eq!(ids(&list(addr, "").await), [one]);
}

/// Another process of the same directory sees it, after a restart as well, and approves it.
#[tokio::test]
async fn what_one_process_has_staged_another_approves() {
    let upstream = FakeUpstream::start().await;
    let registry = TempDir::new().expect("a directory");
    let path = registry.path().to_str().expect("a path in UTF-8");
    let env = [("NOPAR_REGISTRY_PATH", path)];
    let (one, at_one) = Binary::serving(&upstream.url(), &env).await;
    let (_other, at_other) = Binary::serving(&upstream.url(), &env).await;
    let publish = Publish::of("x", "1.0.0").tarball(made_up(1, 700_000));
    let request = staging(at_one, "x", &publish).header("Authorization", basic("alice", "a"));
    let id = id_of(&request.send().await);
    let second = stage(at_one, "x", "2.0.0").await;
    assert_eq!(list(at_other, "").await["total"], 2);
    one.signal("TERM");
    one.ended().await;
    let (third, at_third) = Binary::serving(&upstream.url(), &env).await;
    let approval = approving(at_third, &id).header("Authorization", basic("bob", "b"));
    approval.send().await.expect(201);
    check_published(at_other, &publish, "x", "1.0.0").await;
    assert_eq!(ids(&list(at_other, "").await), std::slice::from_ref(&second));
    rejecting(at_third, &second)
        .header("Authorization", basic("bob", "b"))
        .send()
        .await
        .expect(204);
    assert_eq!(list(at_other, "").await["total"], 0);
    // Who did what is in the log.
    one.says(&format!("x@1.0.0 was staged by alice as {id}")).await;
    third.says(&format!("x@1.0.0 was published: staged by alice as {id}, approved by bob")).await;
    third.says(&format!("x@2.0.0, staged by anonymous as {second}, was rejected by bob")).await;
}

/// Nothing of it is in lists of packages, nor looked at as one.
#[tokio::test]
async fn what_is_staged_is_in_no_list_of_packages() {
    let (_upstream, nopar) = alone().await;
    let addr = nopar.addr();
    let by = |request: Request| request.header("Authorization", basic("alice", "a"));
    let publish = Publish::of("x", "1.0.0");
    let id = id_of(&by(staging(addr, "x", &publish)).send().await);
    let owned = || async { get(addr, "/-/user/alice/package").await.expect(200).json() };
    assert_eq!(owned().await, json!({}));
    by(approving(addr, &id)).send().await.expect(201);
    let expected: Value = json!({"x": "write"});
    assert_eq!(owned().await, expected);
}
