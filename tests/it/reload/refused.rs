//! A configuration with mistakes changes nothing, and says what is wrong in one line without secrets.
//! Knows nothing of what is followed.

use super::*;

/// What is said of a configuration that is not followed. What held before holds.
async fn refused(scene: &Scene, text: &str) -> String {
    std::fs::write(scene.nopar.file(), text).expect("a file");
    let handle = scene.nopar.reload_handle();
    let told = tokio::task::spawn_blocking(move || handle.reload()).await.expect("no panic");
    let told = told.expect_err("it is wrong");
    assert!(told.starts_with("nothing is changed: ") && !told.contains('\n'), "{told}");
    assert_eq!(scene.status("/a").await, 404, "what was claimed is not any more");
    told
}

/// One that claims `a`.
async fn claiming() -> Scene {
    Scene::with(&[("store.local_packages", "a")]).await
}

#[tokio::test]
async fn a_mistake_is_told_as_at_a_start_and_changes_nothing() {
    let scene = claiming().await;
    for (text, words) in [
        ("[cache]\nmeta_ttl = \"soon\"\n", "\"soon\" is not a length of time"),
        ("[cache]\nmeta_tll = \"1h\"\n", "there is no such setting; did you mean cache.meta_ttl?"),
        ("[cache]\nsize = \"x\"\nmeta_ttl = \"y\"\n", "2 mistakes: "),
        ("[cache\n", "it is not TOML, in line 1"),
        ("[[rule]]\nread = [\"ann\"]\n", "rule"),
        ("[upstream]\ntoken_file = \"/nowhere/token\"\n", "/nowhere/token cannot be read"),
        ("[upstream]\nca_file = \"/nowhere/ca.pem\"\n", "/nowhere/ca.pem cannot be read"),
        ("[server]\ntls_cert = \"/nowhere/cert.pem\"\n", "both are needed, or none"),
    ] {
        let told = refused(&scene, text).await;
        assert!(told.contains(words), "{told}");
    }
    // The first one that is right is followed.
    scene.reload(&[("store.local_packages", "b")], "").await.expect("it is right");
    assert_eq!(scene.status("/a").await, 200);
}

#[tokio::test]
async fn a_file_that_is_gone_changes_nothing() {
    let scene = claiming().await;
    std::fs::remove_file(scene.nopar.file()).expect("it was there");
    let handle = scene.nopar.reload_handle();
    let told = tokio::task::spawn_blocking(move || handle.reload()).await.expect("no panic");
    let told = told.expect_err("it is gone");
    assert!(told.contains("nopar.toml: it cannot be read"), "{told}");
    assert_eq!(scene.status("/a").await, 404);
}

#[tokio::test]
async fn saved_settings_that_make_no_sense_change_nothing() {
    let scene = claiming().await;
    let registry = scene.nopar.registry_path();
    std::fs::create_dir_all(registry).expect("a directory");
    std::fs::write(registry.join("registry.json"), "{").expect("a file");
    let told = refused(&scene, "").await;
    assert!(told.contains("registry.json"), "{told}");
}

/// No word of the configuration tells where it listens: the port is a free one.
#[tokio::test]
async fn an_upstream_that_is_this_nopar_is_not_followed() {
    let scene = claiming().await;
    let url = scene.nopar.url();
    for text in [
        format!("[upstream]\nurl = {url:?}\n"),
        format!("[[upstream]]\npackages = [\"@acme/*\"]\nurl = {url:?}\n"),
    ] {
        let told = refused(&scene, &text).await;
        assert!(told.contains("this NOPAR itself"), "{told}");
    }
}

#[tokio::test]
async fn secrets_are_told_neither_when_they_hold_nor_when_they_are_wrong() {
    let scene = claiming().await;
    let proxy = "http://ann:hidden-1@proxy.example:3128";
    let settings = [("upstream.token", "hidden-2"), ("upstream.proxy_url", proxy)];
    let told = scene.reload(&settings, "").await.expect("it is right");
    assert_eq!(told, "changed: upstream.proxy_url = ***, upstream.token = ***");
    for text in [
        "[upstream]\nproxy_url = \"hidden-1:x@y@z\"\n",
        "[upstream]\ntoken = \"hidden-2\\u0001\"\n",
        "[upstream]\nurl = \"https://ann:hidden-3@x y\"\n",
        "[upstream]\ntoken = \"hidden-2\n",
    ] {
        let told = refused(&scene, text).await;
        assert!(!told.contains("hidden"), "{told}");
    }
}

#[tokio::test]
async fn nothing_is_read_while_it_stops() {
    let mut scene = Scene::with(&[]).await;
    let hold = scene.upstream.hold("/a");
    let asking = tokio::spawn(scene.nopar.get("/a"));
    hold.arrived(1).await;
    scene.nopar.begin_stop();
    let told = scene.reload(&[("cache.meta_ttl", "1h")], "").await.expect_err("it stops");
    assert!(told.contains("NOPAR is stopping"), "{told}");
    hold.release();
    asking.await.expect("an answer").expect(200);
    scene.nopar.stop().await;
}
