//! What of the cache holds at once.
//! Knows nothing of where it is, nor of how much may be in it, which need a restart.

use std::time::Duration;

use super::{Scene, unknown};

/// A minute of freshness, and what comes after it.
const MINUTE: (&str, &str) = ("cache.meta_ttl", "60s");
const AFTER: Duration = Duration::from_secs(90);
const NO_STALE: (&str, &str) = ("cache.stale_while_revalidate", "0s");

pub(super) async fn follow(key: &str) {
    match key {
        "cache.memory_size" => {
            let scene = Scene::with(&[]).await;
            assert_eq!(scene.nopar.counted(0).await.held.memory_limit, 256 << 20);
            scene.set(key, "1MiB").await;
            assert_eq!(scene.nopar.counted(0).await.held.memory_limit, 1 << 20);
        }
        "cache.meta_ttl" => {
            let scene = Scene::with(&[NO_STALE]).await;
            scene.set(key, "60s").await;
            scene.nopar.get("/a").await.expect(200);
            scene.nopar.advance(AFTER);
            scene.nopar.get("/a").await.expect(200);
            assert_eq!(scene.upstream.count("/a"), 2);
        }
        "cache.stale_while_revalidate" => {
            let scene = Scene::with(&[MINUTE]).await;
            scene.nopar.get("/a").await.expect(200);
            scene.nopar.advance(AFTER);
            scene.upstream.package("a").version("2.0.0", |version| version);
            scene.set(key, "0s").await;
            let document = scene.nopar.get("/a").await.expect(200).json();
            assert_eq!(document["dist-tags"]["latest"], "2.0.0", "what is stale was sent");
        }
        "cache.not_found_ttl" => {
            let scene = Scene::with(&[]).await;
            for (ttl, name, then) in [("60s", "/b", 404), ("0s", "/c", 200)] {
                if ttl != "60s" {
                    scene.set(key, ttl).await;
                }
                scene.nopar.get(name).await.expect(404);
                scene.upstream.package(&name[1..]).version("1.0.0", |version| version);
                assert_eq!(scene.status(name).await, then, "{ttl}");
            }
        }
        "cache.stale_if_error" => {
            let scene = Scene::with(&[MINUTE, NO_STALE]).await;
            scene.nopar.get("/a").await.expect(200);
            scene.nopar.advance(AFTER);
            scene.upstream.always("*", 500);
            scene.nopar.get("/a").await.expect(200);
            scene.set(key, "0s").await;
            scene.nopar.advance(AFTER);
            assert!(scene.status("/a").await >= 500);
        }
        "cache.verify" => {
            let scene = Scene::with(&[]).await;
            scene.upstream.package("b").version("1.0.0", |version| version);
            scene.nopar.get("/a/-/a-1.0.0.tgz").await.expect(200);
            assert_eq!(scene.upstream.count("/a"), 0);
            scene.set(key, "always").await;
            scene.nopar.get("/b/-/b-1.0.0.tgz").await.expect(200);
            assert_eq!(scene.upstream.count("/b"), 1, "its packument speaks for it");
            // Also what is in memory.
            scene.nopar.get("/a/-/a-1.0.0.tgz").await.expect(200);
            assert_eq!(scene.upstream.count("/a"), 1);
        }
        _ => unknown(key),
    }
}
