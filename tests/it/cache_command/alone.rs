//! A cache that no NOPAR serves from: commands look at its directory.
//! Knows nothing of sockets.

use serde_json::json;

use super::{Scene, entries_in, rows};
use crate::support::binary::Binary;
use crate::support::client::get;
use crate::support::kept::damage;

/// A scene whose NOPAR has held everything, and ended.
async fn left() -> Scene {
    let scene = Scene::new().await;
    let serving = scene.serve().await;
    serving.fill(&scene).await;
    serving.end().await;
    scene
}

#[tokio::test]
async fn what_is_held_is_listed_by_packages_and_versions() {
    let scene = left().await;
    let files = scene.files();
    let table = scene.done(&["ls"]).await;
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 6, "{table}");
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(
        words(lines[0]).join(" "),
        "PACKAGE VERSION WHAT SIZE FETCHED CONFIRMED HITS USED UPSTREAM"
    );
    let told: Vec<Vec<String>> = lines[1..5].iter().map(|line| words(line)[..3].to_vec()).collect();
    let expected = [
        ["@s/n", "-", "packument"],
        ["@s/n", "1.0.0", "tarball"],
        ["a", "-", "packument"],
        ["a", "1.0.0", "tarball"],
    ];
    assert_eq!(told, expected);
    assert!(lines[4].contains("293.") && lines[4].contains(" KiB "), "{table}");
    assert!(lines[4].ends_with(&scene.upstream.url()), "{table}");
    assert!(lines[5].starts_with("4 entries of 2 packages, "), "{table}");

    let rows = scene.rows(&["ls", "--json", "--sort", "size"]).await;
    assert_eq!(rows.len(), 4);
    let first = &rows[0];
    assert_eq!((&first["package"], &first["what"]), (&json!("a"), &json!("tarball")));
    assert_eq!((&first["version"], &first["file"]), (&json!("1.0.0"), &json!("a-1.0.0.tgz")));
    assert_eq!(first["upstream"], scene.upstream.url());
    assert_eq!((&first["hits"], &first["used"]), (&json!(null), &json!(null)));
    assert!(first["bytes"].as_u64().is_some_and(|bytes| bytes > 300_000));
    assert!(first["fetched"].as_str().is_some_and(|time| time.ends_with('Z')), "{first}");
    let mut paths: Vec<&str> =
        rows.iter().map(|row| row["path"].as_str().expect("a path")).collect();
    paths.sort_unstable();
    assert_eq!(paths, files);
    assert_eq!(scene.files(), files, "to look is no use, and removes nothing");
}

#[tokio::test]
async fn lists_are_chosen_sorted_and_summed_up() {
    let scene = left().await;
    let names = |rows: Vec<serde_json::Value>| -> Vec<String> {
        rows.iter().map(|row| row["package"].as_str().unwrap_or("-").to_owned()).collect()
    };
    for (arguments, expected) in [
        (&["a"][..], &["a", "a"][..]),
        (&["@s/*"], &["@s/n", "@s/n"]),
        (&["@s/n@1.0.0"], &["@s/n"]),
        (&["a", "a@1.0.0", "*"], &["@s/n", "@s/n", "a", "a"]),
        (&["--tarballs"], &["@s/n", "a"]),
        (&["--tarballs", "--reverse"], &["a", "@s/n"]),
        (&["--tarballs", "--sort", "size"], &["a", "@s/n"]),
        (&["--packages", "--sort", "size", "--reverse"], &["@s/n", "a"]),
        (&["--packages", "a"], &["a"]),
    ] {
        let rows = scene.rows(&[&["ls", "--json"], arguments].concat()).await;
        assert_eq!(names(rows), expected, "{arguments:?}");
    }
    let rows = scene.rows(&["ls", "--json", "--packages", "a"]).await;
    assert_eq!((&rows[0]["entries"], &rows[0]["tarballs"]), (&json!(2), &json!(1)));
    let table = scene.done(&["ls", "--packages"]).await;
    assert!(table.contains("PACKAGE") && table.contains("TARBALLS"), "{table}");
    assert_eq!(table.lines().count(), 4, "{table}");
}

#[tokio::test]
async fn a_pattern_that_nothing_matches_is_told_and_one_that_is_none() {
    let scene = left().await;
    let files = scene.files();
    for command in ["ls", "rm"] {
        let (_, why) = scene.failed(&[command, "left-pad", "a@2.0.0", "zz*"]).await;
        for pattern in ["\"left-pad\"", "\"a@2.0.0\"", "\"zz*\""] {
            assert!(
                why.contains(&format!("the cache holds nothing that matches {pattern}")),
                "{why}"
            );
        }
        for (pattern, told) in
            [("a@latest", "by its number"), ("../x", "matches no package"), ("", "no package")]
        {
            let (said, why) = scene.failed(&[command, pattern]).await;
            assert!(said.is_empty() && why.contains(told), "{command} {pattern}: {said}{why}");
        }
    }
    assert_eq!(scene.files(), files);
    // What is there goes all the same.
    let (said, _) = scene.failed(&["rm", "left-pad", "a"]).await;
    assert!(
        said.contains("2 entries removed, ") && said.contains("removed a 1.0.0 tarball 293."),
        "{said}"
    );
    assert_eq!(scene.files().len(), 2);
}

#[tokio::test]
async fn what_was_removed_is_fetched_again_by_the_next_nopar_and_the_rest_is_not() {
    let scene = left().await;
    let would = scene.done(&["rm", "--dry-run", "a@1.0.0", "@s/*"]).await;
    assert!(
        would.contains("would remove a 1.0.0 tarball")
            && would.contains("\n3 entries would be removed, "),
        "{would}"
    );
    assert_eq!(scene.files().len(), 4);
    let rows = scene.rows(&["rm", "--json", "a@1.0.0", "@s/*"]).await;
    assert_eq!(rows.len(), 4, "{rows:?}");
    let sum: u64 = rows[..3].iter().filter_map(|row| row["bytes"].as_u64()).sum();
    assert_eq!(
        rows[3],
        json!({"kind": "summary", "dry_run": false, "entries": 3, "bytes": sum, "unmatched": []})
    );
    assert_eq!(scene.files().len(), 1);
    scene.upstream.clear();
    let serving = scene.serve().await;
    get(serving.addr, "/a").await.expect(200);
    assert_eq!(scene.upstream.count_all(), 0);
    serving.fill(&scene).await;
    assert_eq!(scene.upstream.count_all(), 3, "{:?}", scene.upstream.requests());
    // Nothing of the registry's own is looked at, or made.
    assert!(!scene.path("registry").exists());
}

/// A command may have been given less room than the NOPAR whose cache it is.
#[tokio::test]
async fn whoever_looks_has_nothing_leave_for_lack_of_room() {
    let scene = left().await;
    let small = [("NOPAR_CACHE_SIZE", "1KiB"), ("NOPAR_CACHE_MIN_FREE", "99%")];
    for arguments in [&["ls"][..], &["stat"], &["gc"], &["rm", "--dry-run", "a"]] {
        let ended = scene.cache_with(arguments, &small).await;
        assert!(ended.success, "{arguments:?}: {}", ended.stderr);
        assert_eq!(scene.files().len(), 4, "{arguments:?}");
    }
    let lock = scene.path("package-lock.json");
    let text = r#"{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.0.0"}}}"#;
    std::fs::write(&lock, text).expect("a lock file");
    let ended = scene.run_with(&["check", lock.to_str().expect("UTF-8")], &small).await;
    assert_eq!((ended.code, scene.files().len()), (Some(0), 4), "{}", ended.stderr);
    let ended = scene.cache_with(&["stat", "--json"], &small).await;
    let stat = &rows(&ended.stdout)[0];
    assert_eq!((&stat["limit_bytes"], &stat["entries"]), (&json!(1024), &json!(4)), "{stat}");
    assert!(
        stat["min_free_bytes"].as_u64() > stat["free_bytes"].as_u64().map(|free| free / 2),
        "{stat}"
    );
    let parts = stat["parts"].as_array().expect("parts");
    assert_eq!(parts.len(), 2);
    assert!(
        parts.iter().all(|part| part["entries"] == 2 && part["is_configured"] == true),
        "{stat}"
    );
    assert_eq!(stat["serving"], json!(null));
    // One that is broken goes, and it alone.
    let file = scene.files().remove(0);
    damage(&scene.cache().join(&file), |bytes| bytes.len() - 2);
    let ended = scene.run_with(&["verify", "--only", "cache", "--repair"], &small).await;
    assert!(ended.success && !scene.files().contains(&file), "{}{}", ended.stdout, ended.stderr);
    assert_eq!(scene.files().len(), 3);
}

#[tokio::test]
async fn a_directory_that_is_no_cache_is_told_and_left_as_it_is() {
    let scene = Scene::new().await;
    for arguments in [&["ls"][..], &["stat"], &["gc"], &["rm", "*"]] {
        let (said, why) = scene.failed(arguments).await;
        assert!(said.is_empty() && why.contains("there is no cache in"), "{arguments:?}: {why}");
        assert!(!scene.cache().exists(), "{arguments:?}");
    }
    std::fs::create_dir(scene.cache()).expect("a directory");
    std::fs::write(scene.cache().join("notes.txt"), "mine").expect("a file");
    scene.failed(&["gc"]).await;
    assert_eq!(std::fs::read_dir(scene.cache()).expect("a directory").count(), 1);
}

#[tokio::test]
async fn an_empty_cache_is_told_to_be_empty() {
    let scene = Scene::new().await;
    scene.serve().await.end().await;
    assert_eq!(scene.done(&["ls"]).await, "the cache is empty\n");
    let tarballs = scene.done(&["ls", "--tarballs", "*"]).await;
    assert_eq!(tarballs, "nothing in the cache matches\n");
    assert_eq!(scene.done(&["ls", "--json", "--packages"]).await, "");
    assert_eq!(scene.done(&["rm", "*"]).await, "0 entries removed, 0 B\n");
    assert!(scene.done(&["stat"]).await.contains("0 entries, 0 B of"));
    assert!(scene.done(&["gc"]).await.starts_with("nothing to remove; the cache holds 0 B"));
}

#[tokio::test]
async fn what_cannot_be_read_is_listed_as_damaged() {
    let scene = left().await;
    let files = entries_in(&scene.cache());
    std::fs::write(scene.cache().join(&files[0]), "?").expect("damage");
    let rows = scene.rows(&["ls", "--json"]).await;
    let damaged: Vec<_> = rows.iter().filter(|row| row["what"] == "damaged").collect();
    assert_eq!((rows.len(), damaged.len()), (4, 1));
    assert_eq!((&damaged[0]["path"], &damaged[0]["package"]), (&json!(files[0]), &json!(null)));
    assert!(scene.done(&["ls"]).await.contains(&files[0]));
    assert_eq!(scene.files().len(), 4, "to look mends nothing");
}

/// A new user has the help, and nothing else.
#[tokio::test]
async fn help_tells_what_patterns_mean_and_what_exit_codes_say() {
    for (arguments, words) in [
        (&[][..], &["ls", "rm", "stat", "gc", "NOPAR_CACHE_PATH", "NOPAR_RUN_PATH"][..]),
        (&["ls"], &["'@types/*'", "lodash@4.17.21", "--tarballs", "--packages", "--sort"]),
        (&["rm"], &["'@types/*'", "lodash@4.17.21", "--dry-run"]),
        (&["stat"], &["--json"]),
        (&["gc"], &["--size", "5GiB", "--dry-run"]),
    ] {
        let arguments = [&["cache"], arguments, &["--help"]].concat();
        let help = Binary::start(&arguments, &[]).ended().await;
        assert!(help.success, "{}", help.stderr);
        for word in words.iter().chain(&["Exit codes:", "1, "]) {
            assert!(help.stdout.contains(word), "{arguments:?} {word}: {}", help.stdout);
        }
    }
}
