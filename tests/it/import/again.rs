//! An import that is not the first, or not the only one to use a name.
//! Knows nothing of users.

use super::*;

#[tokio::test]
async fn a_second_run_changes_nothing_and_does_what_was_left() {
    let scene = Scene::new();
    let beta = scene.stored("plain/plain-1.1.0-beta.1.tgz");
    fs::rename(&beta, scene.0.path().join("kept")).expect("it is away");
    scene.unwell("\"$V\"").await;
    assert_eq!(scene.document("plain/plain.json")["dist-tags"], json!({"latest": "1.0.0"}));
    let before = scene.contents();
    let told = scene.unwell("\"$V\"").await;
    assert!(
        told.contains("plain is here already\n  1.1.0-beta.1 is left out: its tarball is missing"),
        "{told}"
    );
    assert!(told.contains("user ann is here already"), "{told}");
    assert!(scene.contents() == before, "nothing was to be done");

    fs::rename(scene.0.path().join("kept"), &beta).expect("it is back");
    let told = scene.done("\"$V\"").await;
    assert!(told.contains("plain: 1 version more (1.1.0-beta.1), 303 B"), "{told}");
    assert!(told.contains("already here: 3 packages, 1 user"), "{told}");
    let plain = scene.document("plain/plain.json");
    assert_eq!(plain["dist-tags"], json!({"latest": "1.0.0", "beta": "1.1.0-beta.1"}));
    let last = scene.contents();
    assert!(
        before
            .iter()
            .all(|(file, bytes)| file == "plain/plain.json" || last.get(file) == Some(bytes))
    );
    let told = scene.done("\"$V\"").await;
    assert!(
        told.contains("imported: 0 packages with 0 versions") && scene.contents() == last,
        "{told}"
    );
}

/// What NOPAR has of a name, as it lies.
fn hold(scene: &Scene, text: &str) {
    fs::create_dir_all(scene.registry().join("plain")).expect("a folder");
    fs::write(scene.registry().join("plain/plain.json"), text).expect("a file");
}

#[tokio::test]
async fn another_package_of_the_same_name_is_left_alone_unless_both_are_to_be_one() {
    let scene = Scene::new();
    let held = r#"{"name":"plain","dist-tags":{"latest":"3.0.0"},"versions":{"3.0.0":{"dist":{}}},"maintainers":[{"name":"bob"}]}"#;
    hold(&scene, held);
    for arguments in ["\"$V\"", "--dry-run --package plain \"$V\""] {
        let told = scene.unwell(arguments).await;
        assert!(told.contains("plain is left out: there is already a package of this name here, with versions that Verdaccio does not have (3.0.0)"), "{told}");
        assert!(told.contains("--merge adds the 2 versions that it lacks"), "{told}");
        assert_eq!(
            fs::read_to_string(scene.registry().join("plain/plain.json")).expect("a file"),
            held
        );
    }
    let told = scene.done("--merge --owner ann \"$V\"").await;
    assert!(told.contains("plain: 2 versions more"), "{told}");
    assert!(told.contains("the tag latest is left out: here, it points to 3.0.0"), "{told}");
    let plain = scene.document("plain/plain.json");
    assert_eq!(plain["dist-tags"], json!({"latest": "3.0.0", "beta": "1.1.0-beta.1"}));
    assert_eq!(plain["versions"].as_object().map(serde_json::Map::len), Some(3));
    assert_eq!(plain["maintainers"], json!([{"name": "bob"}]));
}

#[tokio::test]
async fn a_version_is_never_replaced_and_never_comes_back() {
    let scene = Scene::new();
    let held = r#"{"name":"plain","versions":{"1.0.0":{"dist":{"shasum":"da39a3ee5e6b4b0d3255bfef95601890afd80709"}}},"time":{"1.1.0-beta.1":"2026-01-01T00:00:00.000Z"}}"#;
    hold(&scene, held);
    for arguments in ["\"$V\"", "--merge \"$V\""] {
        let told = scene.unwell(arguments).await;
        assert!(
            told.contains("  1.0.0 is left out: this version is here with another tarball"),
            "{told}"
        );
        assert!(
            told.contains("  1.1.0-beta.1 is left out: this version was unpublished here"),
            "{told}"
        );
        assert_eq!(
            fs::read_to_string(scene.registry().join("plain/plain.json")).expect("a file"),
            held
        );
    }
}

#[tokio::test]
async fn what_here_is_damaged_or_an_upstreams_copy_is_left_alone() {
    for (held, why) in [
        (r#"{"name":"plain","versions":"#, "plain is left out: "),
        (r#"{"name":"plain","_proxied":true,"versions":{}}"#, "a copy of the upstream's package"),
        (r#"{"name":"plain","versions":7}"#, "cannot be read"),
    ] {
        let scene = Scene::new();
        hold(&scene, held);
        let told = scene.unwell("--merge \"$V\"").await;
        assert!(told.contains(why) && told.contains("imported: 3 packages"), "{told}");
        assert_eq!(
            fs::read_to_string(scene.registry().join("plain/plain.json")).expect("a file"),
            held
        );
    }
}

#[tokio::test]
async fn two_imports_at_once_are_one() {
    let scene = Scene::new();
    let (one, other) = tokio::join!(scene.import("--json \"$V\""), scene.import("--json \"$V\""));
    assert!(one.success && other.success, "{}{}", one.stderr, other.stderr);
    let came = |ended: &Ended| -> i64 {
        rows(&ended.stdout).last().expect("a summary")["versions"].as_i64().expect("a number")
    };
    assert_eq!(came(&one) + came(&other), 6);
    assert_eq!(scene.contents().len(), 10);
}
