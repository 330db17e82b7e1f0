//! What the rules let somebody do, beside reading.
//! Knows nothing of who may read what.

use super::*;
use crate::support::publish::path_of;

async fn status(request: Request, of_whom: Option<&str>) -> u16 {
    of(request, of_whom).send().await.status
}

fn tagging(addr: SocketAddr, name: &str, tag: &str, version: &str) -> Request {
    let path = format!("/-/package{}/dist-tags/{tag}", path_of(name));
    send(addr, "PUT", &path, &json!(version))
}

/// Without any rule of the file: who is logged in creates, and maintainers do what is done later.
#[tokio::test]
async fn maintainers_publish_change_and_unpublish_their_own() {
    let (_upstream, nopar) = with_users("").await;
    let addr = nopar.addr();
    let (ann, bob) = (login(addr, "ann").await, login(addr, "bob").await);
    let (ann, bob) = (Some(ann.as_str()), Some(bob.as_str()));
    assert_eq!(publish(addr, "mine", "1.0.0", None).await, 401);
    assert_eq!(publish(addr, "mine", "1.0.0", ann).await, 201);
    assert_eq!(publish(addr, "mine", "1.1.0", bob).await, 403);
    assert_eq!(publish(addr, "mine", "1.1.0", None).await, 401);
    assert_eq!(publish(addr, "mine", "1.1.0", ann).await, 201);
    for (who, expected) in [(None, 401), (bob, 403), (ann, 201)] {
        assert_eq!(status(tagging(addr, "mine", "beta", "1.0.0"), who).await, expected);
    }
    // An owner may do what the one before could.
    let owners = "/-/package/mine/owners";
    let adding = || send(addr, "PUT", owners, &json!({"user": "bob"}));
    for (who, expected) in [(None, 401), (bob, 403), (ann, 201)] {
        assert_eq!(status(adding(), who).await, expected);
    }
    // One that nobody is would be whoever comes under that name.
    assert_eq!(status(send(addr, "PUT", owners, &json!({"user": "nobody"})), ann).await, 404);
    assert_eq!(publish(addr, "mine", "1.2.0", bob).await, 201);
    let rev = ask(addr, "/mine", None).await.expect(200).json()["_rev"].clone();
    let rev = rev.as_str().expect("a revision");
    let removing = || Request::new(addr, "DELETE", &format!("/mine/-rev/{rev}"));
    let eve = login(addr, "eve").await;
    for (who, expected) in [(None, 401), (Some(eve.as_str()), 403), (bob, 201)] {
        assert_eq!(status(removing(), who).await, expected);
    }
    // The name stays that of who had it.
    assert_eq!(publish(addr, "mine", "2.0.0", Some(&eve)).await, 403);
}

#[tokio::test]
async fn an_administrator_may_do_everything() {
    let (_upstream, nopar) = with_users(RULES).await;
    let addr = nopar.addr();
    let (ann, root) = (login(addr, "ann").await, login(addr, "root").await);
    assert_eq!(publish(addr, "@acme/ui", "1.0.0", Some(&ann)).await, 201);
    ask(addr, "/@acme%2fui", Some(&root)).await.expect(200);
    assert_eq!(publish(addr, "@acme/ui", "1.1.0", Some(&root)).await, 201);
}

/// A copy that is sent back may say that somebody likes a package, and nothing else unless they maintain it.
#[tokio::test]
async fn whoever_is_logged_in_may_like_a_package() {
    let (_upstream, nopar) = with_users("").await;
    let addr = nopar.addr();
    let (ann, bob) = (login(addr, "ann").await, login(addr, "bob").await);
    assert_eq!(publish(addr, "mine", "1.0.0", Some(&ann)).await, 201);
    let document = ask(addr, "/mine", None).await.expect(200).json();
    let star = json!({"_id": "mine", "_rev": document["_rev"], "users": {"bob": true}});
    let sending = || send(addr, "PUT", "/mine", &star).header("npm-command", "star");
    for (who, expected) in [(None, 401), (Some(bob.as_str()), 201)] {
        assert_eq!(status(sending(), who).await, expected);
    }
    let mut copy = ask(addr, "/mine", None).await.expect(200).json();
    assert_eq!(copy["users"], json!({"bob": true}));
    copy["versions"]["1.0.0"]["deprecated"] = json!("do not use");
    let deprecating = || send(addr, "PUT", "/mine", &copy).header("npm-command", "deprecate");
    for (who, expected) in [(None, 401), (Some(bob.as_str()), 403), (Some(ann.as_str()), 201)] {
        assert_eq!(status(deprecating(), who).await, expected);
    }
}

#[tokio::test]
async fn a_stage_is_for_who_may_publish_it() {
    let (_upstream, nopar) = with_users("").await;
    let addr = nopar.addr();
    let (ann, bob) = (login(addr, "ann").await, login(addr, "bob").await);
    assert_eq!(publish(addr, "mine", "1.0.0", Some(&ann)).await, 201);
    let document = Publish::of("mine", "1.1.0").document();
    let staging = || send(addr, "POST", "/-/stage/package/mine", &document);
    for (who, expected) in [(None, 401), (Some(bob.as_str()), 403)] {
        assert_eq!(status(staging(), who).await, expected);
    }
    let staged = of(staging(), Some(&ann)).send().await.expect(201).json();
    let id = staged["stageId"].as_str().expect("an id");
    for (who, total) in [(None, 0), (Some(bob.as_str()), 0), (Some(ann.as_str()), 1)] {
        assert_eq!(ask(addr, "/-/stage", who).await.expect(200).json()["total"], total);
    }
    let approving = || Request::new(addr, "POST", &format!("/-/stage/{id}/approve"));
    for (who, expected) in [(None, 404), (Some(bob.as_str()), 404), (Some(ann.as_str()), 201)] {
        assert_eq!(status(approving(), who).await, expected);
    }
}
