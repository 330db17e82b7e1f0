//! `nopar cache gc`: what nobody needs goes, for one reason after the other.
//! Knows nothing of lists.

use std::fs;

use serde_json::{Value, json};

use super::{Scene, rows};
use crate::support::client::{Request, get};
use crate::support::deadline::once;
use crate::support::upstream::FakeUpstream;

/// What was collected, by its reasons.
fn parts(told: &Value) -> Vec<(String, u64)> {
    let parts = told["parts"].as_array().expect("parts");
    let part = |part: &Value| {
        (
            part["why"].as_str().expect("a reason").to_owned(),
            part["entries"].as_u64().expect("a number"),
        )
    };
    parts.iter().map(part).collect()
}

impl Scene {
    /// What a run collects, after another one that only told it.
    async fn collected(&self, arguments: &[&str]) -> Value {
        let before = self.files();
        let mut dry = self.rows(&[&["gc", "--json", "--dry-run"], arguments].concat()).await;
        assert_eq!(self.files(), before);
        let mut told = self.rows(&[&["gc", "--json"], arguments].concat()).await;
        assert_eq!(
            (dry[0]["dry_run"].take(), told[0]["dry_run"].take()),
            (json!(true), json!(false))
        );
        assert_eq!(dry, told, "it was told before");
        told[0].clone()
    }
}

#[tokio::test]
async fn what_is_of_other_upstreams_goes_but_not_for_settings_of_somebody_else() {
    let scene = Scene::new().await;
    let serving = scene.serve().await;
    serving.fill(&scene).await;
    serving.end().await;
    assert_eq!(parts(&scene.collected(&[]).await), []);
    // Whoever forgets to name the upstream is asked whether that is so.
    let other = FakeUpstream::start().await;
    other.package("b").version("1.0.0", |v| v);
    let settings = [("NOPAR_FORWARDER_URL", other.url())];
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let ended = scene.cache_with(&["gc"], &settings).await;
    assert!(!ended.success && ended.stderr.contains("nothing was removed"), "{}", ended.stderr);
    assert!(ended.stderr.contains("nopar cache rm '*'"), "{}", ended.stderr);
    assert_eq!(scene.files().len(), 4);
    // A NOPAR with these settings knows its own.
    let scene = scene.with("NOPAR_FORWARDER_URL", &other.url());
    let serving = scene.serve_with(&[("NOPAR_FORWARDER_URL", &other.url())]).await;
    get(serving.addr, "/b").await.expect(200);
    once("five entries", async || match scene.files().len() {
        5 => Ok(()),
        count => Err(format!("{count}")),
    })
    .await;
    assert_eq!(parts(&scene.collected(&[]).await), [("no-upstream".to_owned(), 4)]);
    once("one entry", async || match scene.files().len() {
        1 => Ok(()),
        count => Err(format!("{count}")),
    })
    .await;
    assert_eq!(get(serving.addr, "/b").await.expect(200).header("x-cache"), Some("hit"));
    serving.end().await;
}

#[tokio::test]
async fn a_package_that_comes_from_another_upstream_now_leaves_the_first_one() {
    let scene = Scene::new().await;
    let serving = scene.serve().await;
    serving.fill(&scene).await;
    serving.end().await;
    let file = scene.path("nopar.toml");
    let text = "[[upstream]]\npackages = [\"@s/*\"]\nurl = \"http://registry.example/\"\n";
    fs::write(&file, text).expect("a file");
    let scene = scene.with("NOPAR_CONFIG", file.to_str().expect("a path in UTF-8"));
    let told = scene.collected(&[]).await;
    assert_eq!(parts(&told), [("other-upstream".to_owned(), 2)]);
    assert_eq!(scene.files().len(), 2);
}

#[tokio::test]
async fn what_is_damaged_alone_replaced_or_unfinished_goes() {
    let scene = Scene::new().await;
    let serving = scene.serve().await;
    serving.fill(&scene).await;
    // The form that nobody has asked for yet is kept by itself.
    let full =
        Request::get(serving.addr, "/a").header("Accept", "application/vnd.npm.install-v1+json");
    full.send().await.expect(200);
    once("five entries", async || match scene.files().len() {
        5 => Ok(()),
        count => Err(format!("{count}")),
    })
    .await;
    serving.end().await;
    let rows = scene.rows(&["ls", "--json"]).await;
    let path_of = |package: &str, what: &str| {
        let found = rows.iter().find(|row| row["package"] == package && row["what"] == what);
        found.expect(what)["path"].as_str().expect("a path").to_owned()
    };
    // A view whose packument is gone, a file that is none, one that a dead process had begun.
    fs::remove_file(scene.cache().join(path_of("a", "packument"))).expect("a file less");
    let damaged = scene.cache().join(path_of("@s/n", "packument"));
    let mut bytes = fs::read(&damaged).expect("a file");
    bytes[70] ^= 1;
    fs::write(&damaged, bytes).expect("damage");
    let unfinished = scene.cache().join("tmp/0000000000000001");
    fs::create_dir_all(&unfinished).expect("a folder");
    fs::write(unfinished.join("lock"), "").expect("a lock");
    fs::write(unfinished.join("0000000000000002"), vec![0; 1000]).expect("a file");
    let told = scene.done(&["gc"]).await;
    for line in [
        "  1 file, ",
        ": damaged\n",
        ": views whose packument is gone\n",
        "  1 file, 1000 B: left unfinished by processes that have ended\n",
        "3 files, ",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    assert_eq!(scene.files().len(), 2, "{told}");
    assert!(!unfinished.exists());
    assert!(scene.done(&["gc"]).await.starts_with("nothing to remove"));
}

/// Beside a NOPAR that serves: what a process left that died meanwhile, and a file that another process has replaced.
#[tokio::test]
async fn a_nopar_that_runs_collects_what_others_left() {
    let scene = Scene::new().await;
    let serving = scene.serve().await;
    serving.fill(&scene).await;
    let unfinished = scene.cache().join("tmp/0000000000000001");
    fs::create_dir_all(&unfinished).expect("a folder");
    fs::write(unfinished.join("lock"), "").expect("a lock");
    fs::write(unfinished.join("0000000000000002"), vec![0; 1000]).expect("a file");
    // An older generation of what is held: its number is the second part of its name.
    let files = scene.files();
    let (hash, rest) = files[0].split_once('-').expect("a generation");
    let (_, size) = rest.split_once('-').expect("a size");
    let older = scene.cache().join(format!("{hash}-{:016x}-{size}", 1));
    fs::copy(scene.cache().join(&files[0]), &older).expect("a copy");
    let told = scene.collected_beside().await;
    assert_eq!(parts(&told), [("replaced".to_owned(), 1), ("unfinished".to_owned(), 1)]);
    assert!(!older.exists() && !unfinished.exists());
    assert_eq!(scene.files(), files);
    // Its own folder is somebody's who lives.
    assert_eq!(fs::read_dir(scene.cache().join("tmp")).expect("a folder").count(), 1);
    serving.end().await;
}

impl Scene {
    /// As [`Scene::collected`], where files are not removed by the process that tells of it.
    async fn collected_beside(&self) -> Value {
        let dry = rows(&self.done(&["gc", "--json", "--dry-run"]).await).remove(0);
        let told = rows(&self.done(&["gc", "--json"]).await).remove(0);
        assert_eq!(dry["parts"], told["parts"]);
        told
    }
}

#[tokio::test]
async fn with_a_size_what_was_used_least_recently_leaves() {
    let scene = Scene::new().await;
    let serving = scene.serve().await;
    serving.fill(&scene).await;
    serving.end().await;
    let told = scene.collected(&["--size", "10KiB"]).await;
    assert_eq!(parts(&told), [("least-used".to_owned(), 2)], "a and its tarball came first");
    assert!(told["left_bytes"].as_u64().is_some_and(|left| left <= 10 << 10), "{told}");
    let rows = scene.rows(&["ls", "--json"]).await;
    assert!(rows.iter().all(|row| row["package"] == "@s/n") && rows.len() == 2, "{rows:?}");
    // There is no less than nothing.
    let told = scene.collected(&["--size", "0"]).await;
    assert_eq!(
        (parts(&told), &told["left_bytes"]),
        (vec![("least-used".to_owned(), 2)], &json!(0))
    );
    assert!(scene.files().is_empty());
    let (said, why) = scene.failed(&["gc", "--size", "much"]).await;
    assert!(said.is_empty() && why.contains("\"much\" is not a size"), "{why}");
}

/// What was removed until then is not kept in memory.
#[tokio::test]
async fn a_directory_that_cannot_be_read_is_told_of_and_what_was_removed_is_forgotten() {
    let scene = Scene::new().await;
    let file = scene.path("nopar.toml");
    fs::write(&file, "").expect("a file");
    let scene = scene.with("NOPAR_CONFIG", file.to_str().expect("a path in UTF-8"));
    let serving = scene.serve().await;
    serving.fill(&scene).await;
    let upstreams =
        "[[upstream]]\npackages = [\"a\", \"@s/*\"]\nurl = \"http://registry.example/\"\n";
    fs::write(&file, upstreams).expect("a file");
    serving.binary.signal("HUP");
    serving.binary.says("reload: ").await;
    let memory = async || {
        let stat = scene.rows(&["stat", "--json"]).await.remove(0);
        stat["serving"]["memory_rows"].as_u64().expect("a number")
    };
    assert!(memory().await > 0);
    // A file where a folder of entries would be.
    let folders = (0..=255).map(|number| scene.cache().join(format!("{number:02x}")));
    let folder = folders.into_iter().find(|folder| !folder.exists()).expect("a free name");
    fs::write(&folder, "in the way").expect("a file");
    let (_, why) = scene.failed(&["gc"]).await;
    assert!(why.contains("not all of the cache could be read: "), "{why}");
    assert_eq!(memory().await, 0);
    fs::remove_file(&folder).expect("it was there");
    assert_eq!(parts(&scene.collected(&[]).await), []);
    serving.end().await;
}
