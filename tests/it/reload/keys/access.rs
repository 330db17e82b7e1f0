//! What of access holds at once.
//! Knows nothing of rules, which are tables, nor of the mode, which needs a restart.

use serde_json::json;

use super::{Scene, unknown};
use crate::reload::tables::{HIDING, users};
use crate::support::client::Request;
use crate::support::publish::{Publish, send};
use crate::web::browser::Browser;

pub(super) async fn follow(key: &str) {
    match key {
        "access.admins" => {
            let scene = users(&[]).await;
            scene.reload(&[], HIDING).await.expect("it is right");
            let ann = crate::access::login(scene.nopar.addr(), "ann").await;
            let read = || scene.nopar.request("/a").header("Authorization", &ann).send();
            read().await.expect(404);
            let told = scene.reload(&[(key, "ann")], HIDING).await.expect("it is right");
            assert_eq!(told, "changed: access.admins = ann");
            read().await.expect(200);
        }
        "access.sign_up" => {
            let scene = users(&[]).await;
            let join = |name: &str| {
                let body = json!({"name": name, "password": "a long password", "type": "user"});
                let path = format!("/-/user/org.couchdb.user:{name}");
                send(scene.nopar.addr(), "PUT", &path, &body).send()
            };
            assert_ne!(join("joe").await.status, 201);
            scene.set(key, "yes").await;
            join("joe").await.expect(201);
            scene.reload(&[], "").await.expect("it is right");
            assert_ne!(join("jim").await.status, 201);
        }
        "access.open_admin" => {
            // Who comes by a proxy is not at this machine.
            let scene = Scene::with(&[("server.trusted_proxies", "127.0.0.1")]).await;
            let browser = Browser::at(scene.nopar.addr());
            browser.get("/-/settings").await.expect(403);
            scene.set(key, "yes").await;
            browser.get("/-/settings").await.expect(200);
        }
        "access.cors_origins" => {
            let scene = Scene::with(&[]).await;
            Publish::of("own", "1.0.0").succeed(scene.nopar.addr()).await;
            let allowed = async || {
                let request = Request::get(scene.nopar.addr(), "/own");
                let answer = request.header("Origin", "https://docs.example").send().await;
                answer.expect(200).header("access-control-allow-origin").map(str::to_owned)
            };
            assert_eq!(allowed().await, None);
            scene.set(key, "https://docs.example").await;
            assert!(allowed().await.is_some());
        }
        _ => unknown(key),
    }
}
