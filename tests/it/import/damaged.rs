//! A storage in which something is missing or damaged: all of it is named, and the rest is imported.
//! Knows nothing of what is here already.

use super::*;
use crate::support::disk::fifo;

#[tokio::test]
async fn a_version_whose_tarball_cannot_be_had_is_named_and_the_others_come() {
    let scene = Scene::new();
    fs::remove_file(scene.stored("plain/plain-1.0.0.tgz")).expect("a tarball");
    let place = scene.stored("@acme/ui/ui-1.0.1.tgz");
    let mut bytes = fs::read(&place).expect("a tarball");
    bytes[100] ^= 1;
    fs::write(&place, &bytes).expect("a tarball");
    fs::write(scene.stored("taken-back/taken-back-1.0.0.tgz"), "").expect("a tarball");
    let merged = scene.stored("merged/merged-2.0.0.tgz");
    fs::remove_file(&merged).expect("a tarball");
    fifo(&merged);
    let told = scene.unwell("\"$V\"").await;
    for lines in [
        "plain: 1 version (1.1.0-beta.1), 303 B\n  1.0.0 is left out: its tarball is missing\n  the tag latest is left out: it points to 1.0.0, which is not here; here, it points to 1.1.0-beta.1\n",
        "@acme/ui: 1 version (1.0.0), 298 B\n  1.0.1 is left out: its tarball is damaged: its 298 bytes do not match the digests it was published with\n",
        "taken-back is left out: none of it can be imported\n  1.0.0 is left out: its tarball is damaged: its 0 bytes",
        "merged is left out: none of it can be imported\n  2.0.0 is left out: its tarball cannot be read: it is not a file\n",
        "left out, see above: 2 packages, 4 versions, 3 users\n",
    ] {
        assert!(told.contains(lines), "{lines}: {told}");
    }
    let plain = scene.document("plain/plain.json");
    assert_eq!(plain["dist-tags"], json!({"beta": "1.1.0-beta.1", "latest": "1.1.0-beta.1"}));
    assert_eq!(plain["time"].get("1.0.0"), None, "it may be imported, or published, later");
    let files: Vec<String> = scene.contents().into_keys().collect();
    assert!(
        !files.iter().any(|file| file.contains("merged") || file.contains("1.0.1")),
        "{files:?}"
    );
}

/// `npm install --before` finds no version whose time is no date.
#[tokio::test]
async fn a_time_that_is_no_date_is_replaced_and_told_of() {
    let scene = Scene::new();
    let created = "\"created\": \"2026-11-29T15:06:41.977Z\"";
    scene.change("plain/package.json", created, "\"created\": \"9999999-evil\"");
    let time = "\"1.0.0\": \"2026-11-29T15:06:41.977Z\"";
    scene.change("plain/package.json", time, "\"1.0.0\": \"0 <script>\"");
    let told = scene.done("--no-users \"$V\"").await;
    let line = "  2 times replaced, not a valid date (created, 1.0.0): with that of the tarball's file, or now";
    assert!(told.lines().any(|it| it == line) && !told.contains("script"), "{told}");
    let times = scene.document("plain/plain.json")["time"].clone();
    for key in ["created", "1.0.0"] {
        let time = times[key].as_str().expect("a time");
        assert!(time.starts_with("20") && time.ends_with('Z') && time.len() == 24, "{key}: {time}");
    }
    assert_eq!(times["1.1.0-beta.1"], "2026-11-29T15:06:42.950Z");
    let again = scene.done("--no-users \"$V\"").await;
    assert!(!again.contains("replaced"), "nothing of it came: {again}");
}

#[tokio::test]
async fn a_document_that_cannot_be_read_is_named_without_what_is_in_it() {
    let scene = Scene::new();
    let cut = fs::read(scene.stored("plain/package.json")).expect("a document");
    fs::write(scene.stored("plain/package.json"), &cut[..cut.len() / 2]).expect("a document");
    scene.change(
        "taken-back/package.json",
        "\"name\": \"taken-back\",\n\t\"versions\"",
        "\"name\": \"other\",\n\t\"versions\"",
    );
    fs::remove_file(scene.stored("merged/package.json")).expect("a document");
    fs::create_dir(scene.stored("no name")).expect("a folder");
    fs::write(scene.stored("no name/package.json"), "s3cret").expect("a document");
    fs::create_dir(scene.stored("lost")).expect("a folder, which is none of a package");
    let told = scene.unwell("\"$V\"").await;
    for line in [
        "plain is left out: its package.json is damaged in line ",
        "taken-back is left out: its package.json is that of another package",
        "merged is left out: .verdaccio-db.json lists it, but it has no package.json",
        "@acme/ui: 2 versions",
        "left out, see above: 4 packages, 0 versions, 3 users",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    assert!(told.contains("no name is left out") && !told.contains("s3cret"), "{told}");
    assert!(!told.contains("lost"), "{told}");
}

/// What is in nobody's list and has no sign of a publish may be an uplink's: as its own, it would hide that.
#[tokio::test]
async fn what_may_not_have_been_published_there_comes_when_it_is_asked_for() {
    let scene = Scene::new();
    let database = r#"{"list":["@acme/ui"],"secret":""}"#;
    fs::write(scene.stored(".verdaccio-db.json"), database).expect("a list");
    scene.change("plain/package.json", "\"version\": \"1.0.0\"\n\t\t}", "\"x\": 1\n\t\t}");
    scene.change("plain/package.json", "\"version\": \"1.1.0-beta.1\"\n\t\t}", "\"x\": 1\n\t\t}");
    let told = scene.unwell("\"$V\"").await;
    let line = "plain is left out: .verdaccio-db.json does not list it, and nothing says that it was published there: --package plain imports it";
    assert!(told.contains(line), "{told}");
    // The document of this one says it.
    assert!(told.contains("merged: 1 version"), "{told}");
    let told = scene.done("--package plain \"$V\"").await;
    assert!(told.contains("plain: 2 versions"), "{told}");
}

/// As Verdaccio's predecessor left them, if uplinks were asked later.
#[tokio::test]
async fn what_is_listed_and_not_told_apart_is_no_copy_that_stays_behind_in_silence() {
    let scene = Scene::new();
    for version in ["1.0.0", "1.1.0-beta.1"] {
        let attached = format!("\"version\": \"{version}\"\n\t\t}}");
        scene.change("plain/package.json", &attached, "\"x\": 1\n\t\t}");
    }
    scene.change(
        "plain/package.json",
        "\"_uplinks\": {}",
        "\"_uplinks\": {\"up\": {\"fetched\": 1}}",
    );
    let told = scene.unwell("\"$V\"").await;
    let line = "plain is left out: .verdaccio-db.json lists it, but nothing says which of its versions were published there: --package plain imports all";
    assert!(told.contains(line), "{told}");
    let told = scene.done("--package plain --no-users \"$V\"").await;
    assert!(told.contains("plain: 2 versions"), "{told}");
}

#[tokio::test]
async fn a_list_or_a_configuration_that_is_damaged_stops_it_before_anything_is_done() {
    for (file, text, why) in [
        (
            "storage/.verdaccio-db.json",
            "{\"list\":[\"s3cret\"",
            "storage/.verdaccio-db.json: it is damaged in line 1",
        ),
        ("config.yaml", "storage: [s3cret", "config.yaml: it cannot be read as a configuration"),
    ] {
        let scene = Scene::new();
        fs::write(scene.verdaccio().join(file), text).expect("a file");
        let told = scene.unwell("\"$V\"").await;
        assert!(told.contains(why) && !told.contains("s3cret"), "{told}");
        assert!(scene.contents().is_empty());
    }
}
