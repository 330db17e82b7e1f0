//! What cannot be had is told, with why, and all else is fetched.
//! Knows nothing of how it is asked for.

use serde_json::{Value, json};

use super::{FILES, Site, three};
use crate::support::client::get;
use crate::support::upstream::Fault;

fn row(name: &str, version: &str, integrity: Value) -> (String, String, Value) {
    (format!("node_modules/{version}/node_modules/{name}"), version.to_owned(), integrity)
}

#[tokio::test]
async fn each_that_cannot_be_had_is_told_with_why_and_the_others_are_fetched() {
    let site = Site::new().await;
    three(&site.upstream);
    for name in ["cut", "other", "refused"] {
        site.upstream.package(name).version("1.0.0", |v| v.tarball_size(200_000));
    }
    site.upstream.always("/cut/-/*", Fault::CutBody(100));
    site.upstream.always("/refused", 500);
    let wrong = json!("sha512-".to_owned() + &"A".repeat(86) + "==");
    let lock = site.lock_of(
        "package-lock.json",
        [
            row("lantern", "1.0.0", Value::Null),
            row("lantern", "9.0.0", Value::Null),
            row("none", "1.0.0", Value::Null),
            row("cut", "1.0.0", Value::Null),
            row("other", "1.0.0", wrong.clone()),
            row("refused", "1.0.0", Value::Null),
        ]
        .into_iter(),
    );
    let (_nopar, _) = site.serving().await;
    let ended = site.ends(1, &["prefetch", &lock]).await;
    for expected in [
        "lantern@9.0.0: the upstream registry has no such version\n",
        "none@1.0.0: the upstream registry has no such package\n",
        "cut@1.0.0: the upstream registry broke the tarball off\n",
        "other@1.0.0: the digest of its tarball is sha",
        "refused@1.0.0: the upstream registry answered 500",
        "1 of 6 versions are here (1 fetched, ",
    ] {
        assert!(ended.stdout.contains(expected), "{expected}: {}", ended.stdout);
    }
    site.upstream.behave("*");
    site.upstream.clear();
    let ended = site.ends(1, &["prefetch", &lock]).await;
    assert!(ended.stdout.contains("3 of 6 versions are here"), "{}", ended.stdout);
    assert_eq!(site.upstream.count(FILES[0]), 0, "what is held is not fetched again");
}

#[tokio::test]
async fn a_404_that_is_remembered_is_not_believed() {
    let site = Site::new().await;
    let (_nopar, addr) = site.serving().await;
    get(addr, "/late").await.expect(404);
    site.upstream.package("late").version("1.0.0", |v| v);
    get(addr, "/late").await.expect(404);
    let lock = site.lock("package-lock.json", &[("late", "1.0.0")]);
    site.ends(0, &["prefetch", &lock]).await;
    get(addr, "/late").await.expect(200);
}

#[tokio::test]
async fn a_version_that_is_newer_than_the_packument_here_is_found() {
    let site = Site::new().await;
    three(&site.upstream);
    let (_nopar, addr) = site.serving().await;
    get(addr, "/lantern").await.expect(200);
    site.upstream.package("lantern").version("3.0.0", |v| v);
    let lock = site.lock("package-lock.json", &[("lantern", "3.0.0")]);
    let ended = site.ends(1, &["check", &lock]).await;
    assert!(ended.stdout.contains("does not list this version"), "{}", ended.stdout);
    site.ends(0, &["prefetch", &lock]).await;
    site.ends(0, &["check", &lock]).await;
}

#[tokio::test]
async fn an_upstream_that_wants_fewer_requests_is_asked_again_when_it_says() {
    let site = Site::new().await;
    let lock = site.lock("package-lock.json", &three(&site.upstream));
    site.upstream.next("GET /lantern", Fault::too_many(1));
    site.ends(0, &["prefetch", "--jobs", "1", &lock]).await;
    assert_eq!(site.upstream.count("GET /lantern"), 2);
}

#[tokio::test]
async fn nothing_is_fetched_if_one_lock_file_cannot_be_read() {
    let site = Site::new().await;
    let lock = site.lock("package-lock.json", &three(&site.upstream));
    let broken = site.path("yarn.lock");
    std::fs::write(&broken, "# yarn lockfile v1\n\na@1:\n  resolved \"x\"\n").expect("a file");
    let broken = broken.to_str().expect("UTF-8");
    for (code, command) in [(1, "prefetch"), (2, "check")] {
        let ended = site.ends(code, &[command, &lock, broken]).await;
        let expected = format!("nopar: {broken}: line 3: \"a@1\" has no version\n");
        assert_eq!((ended.stderr, ended.stdout), (expected, String::new()));
    }
    let ended = site.ends(2, &["check", "no/such/file"]).await;
    assert!(ended.stderr.starts_with("nopar: no/such/file: "), "{}", ended.stderr);
    assert_eq!(site.upstream.count_all(), 0);
    assert!(!site.path("cache").exists(), "nothing is made for files that cannot be read");
}

/// Such an entry was listed as something that is from no registry, and all seemed to be here.
#[tokio::test]
async fn what_is_not_understood_of_a_lock_file_is_missing() {
    let site = Site::new().await;
    let odd = row("lantern", "1.0.0/../../x", Value::Null);
    let lock = site.lock_of("package-lock.json", std::iter::once(odd));
    let (_nopar, _) = site.serving().await;
    for command in ["check", "prefetch"] {
        let ended = site.ends(1, &[command, &lock]).await;
        let expected = ": NOPAR does not understand this entry of the lock file\n0 of 1 version is here (0 B), 1 missing\n";
        assert!(ended.stdout.ends_with(expected), "{}", ended.stdout);
        let rows = super::rows(&site.ends(1, &[command, "--json", &lock]).await);
        assert_eq!((&rows[1]["kind"], &rows[1]["package"]), (&json!("missing"), &Value::Null));
        assert!(rows[1]["what"].as_str().is_some_and(|what| what.contains("lantern")), "{rows:?}");
    }
}

/// A check asks nobody, so what only an answer makes good again was called here without a word.
#[tokio::test]
async fn packuments_that_are_too_old_to_be_served_alone_are_told_of() {
    let ages = ["NOPAR_META_TTL", "NOPAR_STALE_TTL", "NOPAR_STALE_IF_ERROR"].map(|age| (age, "0s"));
    let site = Site::with(&ages).await;
    let lock = site.lock("package-lock.json", &three(&site.upstream));
    let told = "; 2 packuments are too old to be served if the upstream registry fails (NOPAR_STALE_IF_ERROR)\n";
    for command in ["prefetch", "check"] {
        let ended = site.ends(0, &[command, &lock]).await;
        assert!(ended.stdout.ends_with(told), "{command}: {}", ended.stdout);
    }
    let rows = super::rows(&site.ends(0, &["check", "--json", &lock]).await);
    assert_eq!(rows.last().expect("a summary")["too_old"], 2);
    let (nopar, addr) = site.serving().await;
    site.upstream.stop().await;
    let answer = get(addr, "/lantern").await;
    assert!(answer.status >= 500, "{}", answer.status);
    nopar.signal("TERM");
    nopar.ended().await;
    // With either of these it is served as it is.
    let mut site = site;
    for (name, value) in [("NOPAR_STALE_IF_ERROR", "unlimited"), ("NOPAR_AUTO_FORWARD", "no")] {
        site.more = ages
            .iter()
            .filter(|(age, _)| *age != name)
            .map(|(age, zero)| (age.to_string(), zero.to_string()))
            .collect();
        site.more.push((name.to_owned(), value.to_owned()));
        let ended = site.ends(0, &["check", &lock]).await;
        assert!(!ended.stdout.contains("too old"), "{name}: {}", ended.stdout);
        let (nopar, addr) = site.serving().await;
        get(addr, "/lantern").await.expect(200);
        nopar.signal("TERM");
        nopar.ended().await;
    }
}

#[tokio::test]
async fn a_cache_that_is_too_small_is_told_of() {
    let site = Site::with(&[("NOPAR_CACHE_SIZE", "100 KiB")]).await;
    let names = ["a", "b", "c", "d"];
    for name in names {
        site.upstream.package(name).version("1.0.0", |v| v.tarball_size(40_000));
    }
    let lock = site.lock("package-lock.json", &names.map(|name| (name, "1.0.0")));
    let ended = site.ends(1, &["prefetch", "--jobs", "1", &lock]).await;
    assert!(
        ended.stdout.contains("it was fetched, and then removed to make room for others: "),
        "{}",
        ended.stdout
    );
    assert!(
        ended.stderr.contains("raise NOPAR_CACHE_SIZE, or,")
            && ended.stderr.contains("NOPAR_CACHE_MIN_FREE"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn a_tarball_that_is_longer_than_is_kept_is_told_of() {
    let site = Site::with(&[("NOPAR_MAX_TARBALL", "100 KiB")]).await;
    let lock = site.lock("package-lock.json", &three(&site.upstream));
    let ended = site.ends(1, &["prefetch", &lock]).await;
    let expected = "lantern@2.0.0: it could not be kept: it is longer than NOPAR_MAX_TARBALL";
    assert!(ended.stdout.contains(expected), "{}", ended.stdout);
    assert!(ended.stdout.contains("2 of 3 versions are here (2 fetched, "), "{}", ended.stdout);
}

#[tokio::test]
async fn one_that_is_killed_goes_on_where_it_was_when_it_is_run_again() {
    let site = Site::new().await;
    let lock = site.lock("package-lock.json", &three(&site.upstream));
    let hold = site.upstream.hold_body(FILES[1], 1000);
    let killed = site.begin(&["prefetch", "--jobs", "1", &lock]);
    site.upstream.wait_for(1, FILES[1]).await;
    killed.signal("KILL");
    assert!(!killed.ended().await.success);
    drop(hold);
    let fetched = site.upstream.count(FILES[0]);
    site.ends(1, &["check", &lock]).await;
    site.ends(0, &["prefetch", &lock]).await;
    assert_eq!((fetched, site.upstream.count(FILES[0])), (1, 1));
    assert_eq!(site.upstream.count("GET /lantern"), 1, "its packument was held");
}

#[tokio::test]
async fn a_name_that_is_claimed_is_asked_of_nobody() {
    let site = Site::with(&[("NOPAR_LOCAL_PACKAGES", "@s/*")]).await;
    let lock = site.lock("package-lock.json", &three(&site.upstream)[2..]);
    let (_nopar, _) = site.serving().await;
    for command in ["check", "prefetch"] {
        let ended = site.ends(1, &[command, &lock]).await;
        assert!(ended.stdout.contains("NOPAR_LOCAL_PACKAGES"), "{}", ended.stdout);
    }
    assert_eq!(site.upstream.count_all(), 0);
}

#[tokio::test]
async fn nothing_is_asked_of_an_upstream_that_is_not_to_be_asked() {
    let site = Site::with(&[("NOPAR_AUTO_FORWARD", "no")]).await;
    let lock = site.lock("package-lock.json", &three(&site.upstream));
    let ended = site.ends(1, &["prefetch", &lock]).await;
    assert!(ended.stdout.contains("NOPAR_AUTO_FORWARD"), "{}", ended.stdout);
    assert_eq!(site.upstream.count_all(), 0);
}

/// With `NOPAR_VERIFY=always` a tarball is served only once its packument was fetched; a check fetches none.
#[tokio::test]
async fn a_check_asks_no_upstream_however_strict_the_settings() {
    let site = Site::with(&[("NOPAR_VERIFY", "always")]).await;
    let lock = site.lock("package-lock.json", &three(&site.upstream));
    let (_nopar, _) = site.serving().await;
    site.ends(1, &["check", &lock]).await;
    assert_eq!(site.upstream.count_all(), 0);
    site.ends(0, &["prefetch", &lock]).await;
    let asked = site.upstream.count_all();
    site.ends(0, &["check", &lock]).await;
    assert_eq!(site.upstream.count_all(), asked);
}
