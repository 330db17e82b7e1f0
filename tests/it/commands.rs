//! What commands print for scripts, which `docs/commands.md` has all of.
//! Knows nothing of what any command is for.

use serde_json::Value;

use crate::support::documented::expect_documented;
use crate::support::kept::{Kept, damage, rows, text};
use crate::support::upstream::FakeUpstream;

#[tokio::test]
async fn the_page_names_all_that_commands_print_for_scripts() {
    let upstream = FakeUpstream::start().await;
    let kept = Kept::filled(&upstream).await;
    let lock = kept.beside("package-lock.json");
    let packages =
        r#"{"node_modules/up":{"version":"1.0.0"},"node_modules/x":{"version":"9.0.0"}}"#;
    std::fs::write(&lock, format!(r#"{{"lockfileVersion":3,"packages":{packages}}}"#))
        .expect("a lock file");
    let check = format!("check --json {}", text(&lock));
    let alone = kept.copied();
    let (_nopar, _) = kept.served(&upstream.url()).await;
    for (command, arguments) in [
        ("status", "status --json"),
        ("cache ls", "cache ls --json"),
        ("cache ls", "cache ls --json --packages"),
        ("cache stat", "cache stat --json"),
        ("cache rm", "cache rm --json --dry-run up"),
        ("cache gc", "cache gc --json --size 1 --dry-run"),
        ("check", &check),
        ("keys", "keys --json"),
        ("keys", "keys rotate --json"),
        ("user ls", "user ls --json"),
    ] {
        let ended = kept.run(arguments).await;
        let rows = rows(&ended);
        assert!(!rows.is_empty(), "{arguments}: {}", ended.stderr);
        expect_documented(command, &rows);
        // A summary is the last, and no line is without a word for what it is then.
        if rows.iter().any(|row| row["kind"] == "summary") {
            assert_eq!(rows.last().expect("a row")["kind"], "summary", "{arguments}");
            assert!(rows.iter().all(|row| row["kind"].is_string()), "{arguments}: {rows:?}");
        }
    }
    let ended = alone.run("status --json").await;
    expect_documented("status", &rows(&ended));
    damage(&alone.registry().join("x/x-1.0.0.tgz"), |_| 0);
    let dir = text(&alone.beside("backup")).to_owned();
    for (command, arguments) in [
        ("verify", "verify --json".to_owned()),
        ("backup", format!("backup {dir} --json")),
        ("restore", format!("restore {dir} --list --json")),
        ("restore", format!("restore {dir} --dry-run --json")),
        ("restore", format!("restore {dir} --replace --even-damaged --json")),
    ] {
        let ended = alone.run(&arguments).await;
        let rows = rows(&ended);
        assert!(!rows.is_empty(), "{arguments}: {}", ended.stderr);
        expect_documented(command, &rows);
    }
}

#[tokio::test]
async fn keys_are_listed_for_scripts() {
    let kept = Kept::empty();
    std::fs::create_dir(kept.registry()).expect("a directory");
    let none = kept.run("keys --json").await;
    assert!(none.success && none.stdout.is_empty(), "{}{}", none.stdout, none.stderr);
    let first = rows(&kept.run("keys rotate --json").await);
    let both = rows(&kept.run("keys rotate --json").await);
    assert_eq!((first.len(), both.len()), (1, 2));
    assert_eq!((&both[0]["keyid"], &both[0]["key"]), (&first[0]["keyid"], &first[0]["key"]));
    assert_eq!((&first[0]["is_signing"], &first[0]["expires"]), (&true.into(), &Value::Null));
    assert_eq!((&both[0]["is_signing"], &both[1]["is_signing"]), (&false.into(), &true.into()));
    for time in [&both[0]["since"], &both[0]["expires"], &both[1]["since"]] {
        assert!(time.as_str().is_some_and(|time| time.ends_with('Z')), "{both:?}");
    }
    assert_eq!(rows(&kept.run("keys --json").await), both);
    let table = kept.run("keys").await.stdout;
    assert_eq!(table.lines().count(), 2, "{table}");
}
