//! What a job's token does not do: it publishes, or reads, and nobody's other work.
//! Knows nothing of how a job gets it.

use serde_json::{Value, json};

use super::Scene;
use crate::access::{kept, login, of};
use crate::support::client::{Request, Response};
use crate::support::publish::{Publish, path_of, send};

/// What users have, and may do here: everything that does not take a maintainer.
async fn with_users() -> (Scene, String) {
    let scene = Scene::new().await;
    let own = scene.nopar.registry_path().join(".nopar");
    std::fs::create_dir_all(&own).expect("a directory");
    let users = json!({"users": {"ann": kept("ann")}});
    std::fs::write(own.join("users.json"), users.to_string()).expect("users");
    let ann = login(scene.addr(), "ann").await;
    (scene, ann)
}

impl Scene {
    async fn send_as(&self, who: &str, method: &str, path: &str, body: &Value) -> Response {
        of(send(self.addr(), method, path, body), Some(who)).send().await
    }

    async fn ask_as(&self, who: &str, method: &str, path: &str) -> Response {
        of(Request::new(self.addr(), method, path), Some(who)).send().await
    }

    /// Stages a version of `left`; its id.
    async fn stage(&self, who: &str, version: &str) -> String {
        let document = Publish::of("left", version).document();
        let path = format!("/-/stage/package{}", path_of("left"));
        let staged = self.send_as(who, "POST", &path, &document).await.expect(201).json();
        staged["stageId"].as_str().expect("an id").to_owned()
    }
}

/// Fails the test unless somebody hears that this is not for jobs.
#[track_caller]
fn check(answer: &Response, what: &str) {
    assert_eq!(answer.status, 403, "{what}: {}", answer.text());
    let text = answer.text();
    assert!(
        text.contains("is a job, which may publish or read") && text.contains("npm login"),
        "{text}"
    );
}

#[tokio::test]
async fn a_job_neither_approves_nor_rejects_what_was_staged() {
    let (scene, ann) = with_users().await;
    let job = scene.admitted("left", json!({})).await;
    of(Publish::of("left", "1.0.0").to(scene.addr()), Some(&ann)).send().await.expect(201);
    let theirs = scene.stage(&ann, "1.1.0").await;
    let own = scene.stage(&job, "1.2.0").await;
    for id in [&theirs, &own, "no-such-stage"] {
        let path = format!("/-/stage/{id}");
        check(&scene.ask_as(&job, "DELETE", &path).await, "rejecting");
        check(&scene.ask_as(&job, "POST", &format!("{path}/approve")).await, "approving");
    }
    scene.ask_as(&ann, "DELETE", &format!("/-/stage/{theirs}")).await.expect(204);
    scene.ask_as(&ann, "POST", &format!("/-/stage/{own}/approve")).await.expect(201);
}

#[tokio::test]
async fn a_job_likes_no_package_and_sends_no_copy_back() {
    let (scene, ann) = with_users().await;
    of(Publish::of("left", "1.0.0").to(scene.addr()), Some(&ann)).send().await.expect(201);
    let jobs = [
        scene.admitted("left", json!({})).await,
        scene.admitted("right", json!({"ref": "refs/heads/main", "jti": "reads"})).await,
    ];
    for job in &jobs {
        let document = scene.ask_as(job, "GET", "/left").await.expect(200).json();
        let me = scene.ask_as(job, "GET", "/-/whoami").await.expect(200).json();
        let name = me["username"].as_str().expect("a name");
        let starred = json!({"_id": "left", "_rev": document["_rev"], "users": {name: true}});
        let rev = format!("/left/-rev/{}", document["_rev"].as_str().expect("a revision"));
        check(&scene.send_as(job, "PUT", &rev, &starred).await, "a copy");
        let request = send(scene.addr(), "PUT", "/left", &starred).header("npm-command", "star");
        check(&of(request, Some(job)).send().await, "a star");
        // Who does not say what it is is told by what comes.
        let answer = scene.send_as(job, "PUT", "/left", &starred).await;
        assert_eq!(answer.status, 403, "{}", answer.text());
    }
    let document = scene.ask_as(&ann, "GET", "/left").await.expect(200).json();
    assert!(document["users"].as_object().is_none_or(|users| users.is_empty()), "{document}");
    let starred = json!({"_id": "left", "_rev": document["_rev"], "users": {"ann": true}});
    scene.send_as(&ann, "PUT", "/left", &starred).await.expect(201);
}

#[tokio::test]
async fn a_job_does_not_learn_who_is_a_user() {
    let (scene, ann) = with_users().await;
    let job = scene.admitted("left", json!({})).await;
    let [there, absent] = ["ann", "nobody"].map(|user| format!("/-/user/org.couchdb.user:{user}"));
    let [told, other] =
        [scene.ask_as(&job, "GET", &there).await, scene.ask_as(&job, "GET", &absent).await];
    check(&told, "a user");
    assert_eq!((told.status, &told.body), (other.status, &other.body));
    scene.ask_as(&ann, "GET", &there).await.expect(200);
    scene.ask_as(&ann, "GET", &absent).await.expect(404);
}
