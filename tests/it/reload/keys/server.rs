//! What of the server and of the log holds at once.
//! Knows nothing of what is logged in which words.

use super::{Scene, unknown};
use crate::reload::file;
use crate::support::binary::Binary;
use crate::support::client::get;
use crate::support::upstream::FakeUpstream;

pub(super) async fn follow(key: &str) {
    match key {
        "server.base_url" => {
            let scene = Scene::with(&[]).await;
            let tarball = async || {
                let document = scene.nopar.get("/a").await.expect(200).json();
                document["versions"]["1.0.0"]["dist"]["tarball"].to_string()
            };
            for _ in 0..3 {
                assert!(tarball().await.contains("http://127.0.0.1"));
            }
            scene.set(key, "https://npm.example/x").await;
            assert_eq!(tarball().await, "\"https://npm.example/x/a/-/a-1.0.0.tgz\"");
        }
        "server.trusted_proxies" => {
            let scene = Scene::with(&[]).await;
            let tarball = async || {
                let request = scene.nopar.request("/a").header("X-Forwarded-Proto", "https");
                let document = request.send().await.expect(200).json();
                document["versions"]["1.0.0"]["dist"]["tarball"].to_string()
            };
            for _ in 0..3 {
                assert!(tarball().await.starts_with("\"http://"));
            }
            scene.set(key, "127.0.0.1").await;
            for _ in 0..3 {
                assert!(tarball().await.starts_with("\"https://"));
            }
        }
        // The deadline of a stop is long before an hour.
        "server.stop_timeout" => {
            let mut scene = Scene::with(&[(key, "1h")]).await;
            let hold = scene.upstream.hold("/a");
            let asking = tokio::spawn(scene.nopar.request("/a").try_send());
            hold.arrived(1).await;
            scene.set(key, "0s").await;
            scene.nopar.stop().await;
            assert!(asking.await.expect("it does not panic").is_err());
        }
        "log.access" => {
            let ended = logged(&[], &[(key, "no")]).await;
            assert!(ended.contains("GET /before ") && !ended.contains("GET /after "), "{ended}");
            let ended = logged(&[(key, "no")], &[]).await;
            assert!(!ended.contains("GET /before ") && ended.contains("GET /after "), "{ended}");
        }
        "log.format" => {
            let ended = logged(&[], &[(key, "json")]).await;
            assert!(ended.contains(" GET /before 404 "), "{ended}");
            let line = ended.lines().find(|line| line.contains("/after")).expect("its line");
            let line: serde_json::Value = serde_json::from_str(line).expect("an object");
            assert_eq!((&line["path"], &line["status"]), (&"/after".into(), &404.into()));
        }
        "log.level" => {
            let ended = logged(&[], &[(key, "warn")]).await;
            assert!(ended.contains("GET /before ") && !ended.contains("GET /after "), "{ended}");
            assert!(ended.contains("reload: changed: log.level = warn"), "{ended}");
            assert!(!ended.contains("stopping"), "{ended}");
        }
        _ => unknown(key),
    }
}

/// What is logged by a process that is asked for `/before`, reads other settings, and is asked for `/after`.
async fn logged(before: &[(&str, &str)], after: &[(&str, &str)]) -> String {
    let upstream = FakeUpstream::start().await;
    let url = upstream.url();
    let usual = [("server.hostname", "127.0.0.1"), ("server.port", "0"), ("upstream.url", &url)];
    let folder = tempfile::tempdir().expect("a directory");
    let place = folder.path().join("nopar.toml");
    std::fs::write(&place, file(&[&usual[..], before].concat(), "")).expect("a file");
    let binary = Binary::start_in(folder, &["--config", "nopar.toml"], &[]);
    let addr = binary.listening().await;
    get(addr, "/before").await.expect(404);
    std::fs::write(&place, file(&[&usual[..], after].concat(), "")).expect("a file");
    binary.signal("HUP");
    binary.says("reload: changed").await;
    // A level that holds is known by what is not logged: once a second reload has been answered, the first one is over.
    std::fs::write(&place, "[server").expect("a file");
    binary.signal("HUP");
    binary.says("reload: nothing is changed").await;
    get(addr, "/after").await.expect(404);
    binary.signal("TERM");
    binary.ended().await.stderr
}
