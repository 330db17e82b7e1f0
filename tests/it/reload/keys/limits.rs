//! Which limits hold at once, and what of the store does.
//! Knows nothing of connections, whose number needs a restart.

use std::time::Duration;

use super::{Scene, unknown};
use crate::support::client::Response;
use crate::support::publish::{Publish, send};

pub(super) async fn follow(key: &str) {
    match key {
        "store.local_packages" => {
            let scene = Scene::with(&[]).await;
            for _ in 0..3 {
                scene.nopar.get("/a").await.expect(200);
            }
            scene.set(key, "a").await;
            // Whatever is in memory.
            assert_eq!(scene.status("/a").await, 404);
            scene.reload(&[], "").await.expect("it is right");
            assert_eq!((scene.status("/a").await, scene.upstream.count_all()), (200, 1));
        }
        "store.stage_ttl" => {
            let scene = Scene::with(&[]).await;
            let answer = stage(&scene).await.expect(201).json();
            let path = format!("/-/stage/{}", answer["stageId"].as_str().expect("an id"));
            scene.nopar.advance(Duration::from_secs(7200));
            scene.nopar.get(&path).await.expect(200);
            scene.set(key, "1h").await;
            scene.nopar.get(&path).await.expect(404);
        }
        "store.stage_size" => {
            let scene = Scene::with(&[]).await;
            scene.set(key, "100").await;
            stage(&scene).await.expect(507);
        }
        "limits.packument_size" => {
            let scene = Scene::with(&[]).await;
            scene.set(key, "50").await;
            assert_eq!(scene.status("/a").await, 502);
        }
        "limits.tarball_size" => {
            let scene = Scene::with(&[]).await;
            scene.set(key, "1000").await;
            scene.upstream.package("a").version("1.0.0", |version| version.tarball_size(5000));
            for _ in 0..2 {
                scene.nopar.get("/a/-/a-1.0.0.tgz").await.expect(200);
            }
            assert_eq!(scene.upstream.count("/a/-/a-1.0.0.tgz"), 2, "it was kept");
        }
        "limits.body_size" => {
            let scene = Scene::with(&[]).await;
            scene.set(key, "100").await;
            Publish::of("x", "1.0.0").to(scene.nopar.addr()).send().await.expect(413);
        }
        "limits.connections_per_address" => {
            let scene = Scene::with(&[]).await;
            let several = async || {
                let (mut one, mut two) = (scene.nopar.connect().await, scene.nopar.connect().await);
                let mut all = [one.get("/a").await.status, two.get("/a").await.status];
                // Which of them is let in first is not said.
                all.sort_unstable();
                all
            };
            assert_eq!(several().await, [200, 200]);
            scene.set(key, "1").await;
            assert_eq!(several().await, [200, 429]);
        }
        "limits.requests_per_address" => {
            let scene = Scene::with(&[]).await;
            scene.set(key, "2/h").await;
            let ask = async || scene.status("/a").await;
            assert_eq!([ask().await, ask().await, ask().await], [200, 200, 429]);
        }
        "limits.requests_per_token" => {
            let scene = Scene::with(&[]).await;
            let token = crate::access::login(scene.nopar.addr(), "ann").await;
            scene.set(key, "1/h").await;
            let ask = async || {
                let request = scene.nopar.request("/a").header("Authorization", &token);
                request.send().await.status
            };
            assert_eq!([ask().await, ask().await, scene.status("/a").await], [200, 429, 200]);
        }
        _ => unknown(key),
    }
}

async fn stage(scene: &Scene) -> Response {
    let document = Publish::of("x", "1.0.0").document();
    send(scene.nopar.addr(), "POST", "/-/stage/package/x", &document).send().await
}
