//! What needs a restart is named, and stays as it is until then.
//! Knows nothing of what holds at once.

use nopar::config::Config;

use super::file;
use crate::support::binary::Binary;
use crate::support::client::{Request, get};
use crate::support::publish::Publish;
use crate::support::tls::Certificate;
use crate::support::upstream::FakeUpstream;

/// Another value for each setting that needs one, in the order of the default file.
fn others(certificate: &Certificate) -> Vec<(&'static str, String)> {
    let others = [
        ("server.hostname", "127.0.0.2"),
        ("server.port", "1"),
        ("server.listen", "127.0.0.1:1"),
        ("server.tls_cert", &certificate.cert()),
        ("server.tls_key", &certificate.key()),
        ("server.threads", "3"),
        ("server.hot_path", "no"),
        ("server.sendfile", "no"),
        ("server.home", "elsewhere"),
        ("server.run_path", "other-run"),
        ("server.run_as_user", "nobody"),
        ("store.path", "other-registry"),
        ("cache.path", "other-cache"),
        ("cache.size", "1GiB"),
        ("cache.min_free", "1%"),
        ("access.auth", "users"),
        ("log.file", "other.log"),
        ("metrics.listen", "127.0.0.1:1"),
        ("limits.connections", "7"),
    ];
    others.map(|(key, value)| (key, value.to_owned())).into()
}

#[tokio::test]
async fn what_needs_a_restart_is_named_and_stays() {
    let (upstream, certificate) = (FakeUpstream::start().await, Certificate::new());
    upstream.package("a").version("1.0.0", |version| version);
    let (url, others) = (upstream.url(), others(&certificate));
    let keys: Vec<&str> = others.iter().map(|(key, _)| *key).collect();
    let all = Config::default().settings();
    let needing = all.iter().filter(|view| view.needs_restart).map(|view| &*view.key);
    assert!(keys.iter().copied().eq(needing), "each is tried: {keys:?}");

    let usual = [("server.hostname", "127.0.0.1"), ("server.port", "0"), ("upstream.url", &*url)];
    let folder = tempfile::tempdir().expect("a directory");
    let place = folder.path().join("nopar.toml");
    std::fs::write(&place, file(&usual, "")).expect("a file");
    let binary = Binary::start_in(folder, &["--config", "nopar.toml"], &[]);
    let addr = binary.listening().await;
    let page = async || {
        let request = Request::get(addr, "/-/settings").header("Accept", "text/html");
        request.send().await.expect(200).text()
    };
    assert!(!page().await.contains("until a restart"));

    let mut wanted = vec![("upstream.url", &*url), ("cache.meta_ttl", "1h")];
    wanted.extend(others.iter().map(|(key, value)| (*key, &**value)));
    std::fs::write(&place, file(&wanted, "")).expect("a file");
    binary.signal("HUP");
    let line = binary.says("reload: changed").await;
    let names = keys.join(", ");
    let told = format!("reload: changed: cache.meta_ttl = 1h; needs a restart: {names}");
    assert!(line.ends_with(&told), "{line}\nis not\n{told}");
    let text = page().await;
    assert!(text.contains("another one holds until a restart"), "{text}");
    assert_eq!(text.matches("; needs a restart").count(), keys.len() - 2, "{text}");

    // By the address and the directories of before, over plain HTTP, by who shows no password.
    get(addr, "/a").await.expect(200);
    Publish::of("own", "1.0.0").succeed(addr).await;
    let there = |name: &str| binary.folder().join(name).exists();
    assert!(there("registry/own") && there("cache"));
    for absent in ["elsewhere", "other-run", "other-registry", "other-cache", "other.log"] {
        assert!(!there(absent), "{absent}");
    }

    std::fs::write(&place, file(&usual, "")).expect("a file");
    binary.signal("HUP");
    let line = binary.says("cache.meta_ttl = 6h").await;
    assert!(line.ends_with("reload: changed: cache.meta_ttl = 6h"), "{line}");
    assert!(!page().await.contains("until a restart"));
    binary.signal("TERM");
    assert!(binary.ended().await.success);
}

/// Who runs NOPAR is told which those are.
#[test]
fn the_page_about_settings_names_all_of_them() {
    let page = include_str!("../../../docs/settings.md");
    let (_, rest) = page.split_once("After a restart only hold").expect("the sentence");
    let told = rest.split(';').next().expect("its part");
    let told: Vec<&str> = told.split('`').skip(1).step_by(2).collect();
    let all = Config::default().settings();
    let needing = all.iter().filter(|view| view.needs_restart).map(|view| &*view.key);
    assert!(told.iter().copied().eq(needing), "{told:?}");
}
