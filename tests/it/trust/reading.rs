//! Jobs that may only read: they install what is hidden from strangers.
//! Knows nothing of who may publish.

use serde_json::json;

use super::Scene;
use crate::support::client::{Request, Response};
use crate::support::publish::Publish;

/// Of a job that is no publisher.
fn reader() -> serde_json::Value {
    json!({"repository": "acme/app", "ref": "refs/heads/main", "sub": "repo:acme/app"})
}

impl Scene {
    async fn get_as(&self, authorization: Option<&str>, path: &str) -> Response {
        let mut request = Request::get(self.addr(), path);
        if let Some(authorization) = authorization {
            request = request.header("Authorization", authorization);
        }
        request.send().await
    }

    /// Has a job publish a version.
    async fn publish(&self, name: &str) {
        let job = self.admitted(name, json!({"jti": name})).await;
        let version = Publish::of(name, "1.0.0").to(self.addr());
        version.header("Authorization", &job).send().await.expect(201);
    }
}

#[tokio::test]
async fn a_job_installs_hidden_packages_with_the_token_it_gets() {
    let scene = Scene::new().await;
    scene.publish("@acme/ui").await;
    let (document, tarball) = ("/@acme%2fui", "/@acme/ui/-/ui-1.0.0.tgz");
    let job = scene.admitted("@acme/ui", reader()).await;
    for path in [document, tarball] {
        scene.get_as(None, path).await.expect(404);
        let answer = scene.get_as(Some(&job), path).await.expect(200);
        let control = answer.header("cache-control").unwrap_or_default();
        assert!(control.contains("private"), "{control}");
        // Again, and from memory.
        scene.get_as(Some(&job), path).await.expect(200);
        scene.get_as(None, path).await.expect(404);
    }
    let bytes = scene.get_as(Some(&job), tarball).await.body;
    assert_eq!(bytes, Publish::of("@acme/ui", "1.0.0").bytes());
    assert_eq!(scene.upstream.count_all(), 0, "hidden names are asked for nowhere");
}

/// It reads all that the `[[trust]]` is for, whichever of it was asked for, and changes nothing.
#[tokio::test]
async fn a_job_that_reads_gets_all_that_it_is_trusted_with_and_publishes_nothing() {
    let scene = Scene::new().await;
    scene.publish("@acme/ui").await;
    scene.publish("@acme/ui-kit").await;
    let job = scene.admitted("right", reader()).await;
    for path in ["/@acme%2fui", "/@acme%2fui-kit"] {
        scene.get_as(Some(&job), path).await.expect(200);
    }
    for name in ["@acme/ui", "right", "other"] {
        let version = Publish::of(name, "2.0.0").to(scene.addr());
        let answer = version.header("Authorization", &job).send().await;
        assert_eq!(answer.status, 403, "{name}: {}", answer.text());
    }
}

/// One that publishes reads what it publishes, and nothing else that is hidden.
#[tokio::test]
async fn a_job_that_publishes_reads_no_other_hidden_package() {
    let scene = Scene::new().await;
    scene.publish("@acme/ui").await;
    scene.publish("@acme/ui-kit").await;
    let job = scene.admitted("@acme/ui", json!({"jti": "again"})).await;
    scene.get_as(Some(&job), "/@acme%2fui").await.expect(200);
    let other = scene.get_as(Some(&job), "/@acme%2fui-kit").await.expect(404);
    let nothing = scene.get_as(Some(&job), "/@acme%2fnothing").await.expect(404);
    assert_eq!(other.body, nothing.body);
}
