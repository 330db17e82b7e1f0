//! Beside a NOPAR that serves: it is asked, and goes on, under load as well.
//! Knows nothing of what is collected.

use std::io::Write;
use std::os::unix::net::UnixStream;

use serde_json::{Value, json};

use super::{Scene, rows};
use crate::support::client::{Connection, Request, get};
use crate::support::deadline::once;
use crate::support::load::Load;

const TARBALL: &str = "/a/-/a-1.0.0.tgz";
/// Enough of it that Pingora, which gathers small pieces, passes the head on.
const PART: usize = 1_000_000;

/// What a NOPAR tells of one thing.
async fn told(scene: &Scene, pattern: &str, what: &str) -> Value {
    let rows = scene.rows(&["ls", "--json", pattern]).await;
    rows.into_iter().find(|row| row["what"] == what).expect("it is held")
}

#[tokio::test]
async fn hits_and_last_use_are_told_and_to_list_something_is_no_use_of_it() {
    let scene = Scene::new().await;
    let serving = scene.serve().await;
    serving.fill(&scene).await;
    let before = told(&scene, "a", "tarball").await;
    for _ in 0..3 {
        get(serving.addr, TARBALL).await.expect(200);
    }
    let after = told(&scene, "a", "tarball").await;
    let hits = |row: &Value| row["hits"].as_u64().expect("a number");
    assert!(hits(&after) >= hits(&before) + 3, "{before} {after}");
    assert!(after["used"].is_string(), "{after}");
    for _ in 0..3 {
        assert_eq!(hits(&told(&scene, "a", "tarball").await), hits(&after));
    }
    let sorted = scene.rows(&["ls", "--json", "--tarballs", "--sort", "hits"]).await;
    assert_eq!(sorted[0]["package"], "a");

    let stat = scene.rows(&["stat", "--json"]).await.remove(0);
    assert_eq!(stat["entries"], 4);
    let serves = &stat["serving"];
    assert!(serves["hits"].as_u64() >= Some(3) && serves["misses"] == 4, "{stat}");
    assert!(serves["kept"] == 4 && serves["evictions"] == 0, "{stat}");
    assert!(serves["memory_rows"].as_u64() > Some(0), "{stat}");
    assert!(serves["started"].as_str().is_some_and(|time| time.ends_with('Z')), "{stat}");
    let text = scene.done(&["stat"]).await;
    for words in
        ["4 entries, ", "WHAT", "packument", "since NOPAR started ", "requests: ", "memory: "]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    serving.end().await;
}

/// From memory, too: the upstream says something else by then, and that is what comes next.
#[tokio::test]
async fn what_was_removed_is_served_anew_at_once() {
    let scene = Scene::new().await;
    let serving = scene.serve().await;
    serving.fill(&scene).await;
    for round in 1..=5 {
        let version = format!("1.{round}.0");
        scene.upstream.package("a").version(&version, |v| v);
        let latest = |document: Value| document["dist-tags"]["latest"].clone();
        let held = latest(get(serving.addr, "/a").await.expect(200).json());
        assert_ne!(held, json!(version), "it is fresh");
        scene.done(&["rm", "a"]).await;
        assert_eq!(latest(get(serving.addr, "/a").await.expect(200).json()), json!(version));
    }
    // A 404 is forgotten with it.
    assert_eq!(get(serving.addr, "/new").await.status, 404);
    scene.upstream.package("new").version("1.0.0", |v| v);
    scene.failed(&["rm", "new"]).await;
    get(serving.addr, "/new").await.expect(200);
    // What is published here is none of its business.
    let own = crate::support::publish::Publish::of("own", "1.0.0");
    own.succeed(serving.addr).await;
    let (_, why) = scene.failed(&["rm", "own"]).await;
    assert!(why.contains("the cache holds nothing that matches \"own\""), "{why}");
    scene.done(&["rm", "*"]).await;
    get(serving.addr, "/own/-/own-1.0.0.tgz").await.expect(200);
    serving.end().await;
}

#[tokio::test]
async fn a_download_goes_on_while_its_tarball_is_removed() {
    let scene = Scene::new().await;
    scene.upstream.package("a").version("1.0.0", |v| v.tarball_size(8_000_000));
    let serving = scene.serve().await;
    get(serving.addr, "/a").await.expect(200);
    // While it comes in: it is no entry yet, and becomes one.
    let hold = scene.upstream.hold_body(TARBALL, PART);
    let mut first = Connection::open(serving.addr).await.expect("a connection");
    first.send(&Request::get(serving.addr, TARBALL)).await.expect("a request on its way");
    assert_eq!(first.receive_head().await.expect("a head").status, 200);
    hold.arrived(1).await;
    scene.done(&["rm", "*"]).await;
    hold.release();
    let body = first.receive_body(usize::MAX).await.expect("a whole body");
    assert!(body == scene.upstream.tarball("a", "1.0.0"), "{} bytes", body.len());
    once("the tarball", async || match scene.files().len() {
        1 => Ok(()),
        count => Err(format!("{count}")),
    })
    .await;
    // While it is sent from its file.
    let mut second = Connection::open(serving.addr).await.expect("a connection");
    second.send(&Request::get(serving.addr, TARBALL)).await.expect("a request on its way");
    assert_eq!(second.receive_head().await.expect("a head").status, 200);
    let removed = scene.done(&["rm", "a@1.0.0"]).await;
    assert!(removed.contains("1 entry removed, "), "{removed}");
    let body = second.receive_body(usize::MAX).await.expect("a whole body");
    assert!(body == scene.upstream.tarball("a", "1.0.0"), "{} bytes", body.len());
    serving.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_are_served_while_things_are_listed_removed_and_collected() {
    let scene = Scene::new().await;
    let serving = scene.serve().await;
    serving.fill(&scene).await;
    let load = Load::begin(&scene.upstream, &["a", "@s/n"], serving.addr, 6);
    load.goes_on(50).await;
    for arguments in [
        &["rm", "*"][..],
        &["ls", "--json"],
        &["gc", "--size", "0", "--json"],
        &["stat", "--json"],
        &["gc", "--size", "100KiB", "--json"],
        &["rm", "*", "--json"],
        &["gc", "--json"],
    ] {
        let said = scene.done(arguments).await;
        assert!(!said.is_empty(), "{arguments:?}");
        load.goes_on(50).await;
    }
    load.end().await;
    // What it counts is what there is.
    let stat = scene.rows(&["stat", "--json"]).await.remove(0);
    once("the end of removed files", async || match scene.files().len() as u64 {
        count if stat["entries"] == count => Ok(()),
        count => Err(format!("{count} {stat}")),
    })
    .await;
    let listed = scene.rows(&["ls", "--json"]).await;
    let bytes: u64 = listed.iter().filter_map(|row| row["bytes"].as_u64()).sum();
    assert_eq!(stat["bytes"], bytes);
    serving.end().await;
}

/// One that has no socket cannot be asked, and is told of.
#[tokio::test]
async fn a_nopar_that_cannot_be_asked_is_told_of() {
    let scene = Scene::new().await;
    let elsewhere = scene.path("elsewhere");
    let elsewhere = elsewhere.to_str().expect("a path in UTF-8");
    let serving = scene.serve_with(&[("NOPAR_RUN_PATH", elsewhere)]).await;
    serving.fill(&scene).await;
    let ended = scene.cache_with(&["rm", "a@1.0.0"], &[]).await;
    assert!(ended.success && ended.stdout.contains("1 entry removed, "), "{}", ended.stderr);
    assert!(ended.stderr.contains("another NOPAR has this cache open"), "{}", ended.stderr);
    // It serves what it has in memory, or fetches anew: never anything wrong.
    let answer = get(serving.addr, TARBALL).await.expect(200);
    assert!(answer.body == scene.upstream.tarball("a", "1.0.0"));
    serving.end().await;
    let ended = scene.cache_with(&["rm", "a"], &[]).await;
    assert!(ended.success && ended.stderr.is_empty(), "{}", ended.stderr);
}

/// So many patterns that they do not fit into one ask.
#[tokio::test]
async fn any_number_of_patterns_can_be_given() {
    let scene = Scene::new().await;
    let serving = scene.serve().await;
    serving.fill(&scene).await;
    let many: Vec<String> = (0..3000).map(|n| format!("@scope-of-a-name/package-{n}*")).collect();
    let mut arguments = vec!["ls", "--json", "a"];
    arguments.extend(many.iter().map(String::as_str));
    arguments.push("*");
    let ended = scene.cache_with(&arguments, &[]).await;
    assert!(!ended.success);
    assert_eq!(rows(&ended.stdout).len(), 4, "none is told twice");
    assert_eq!(ended.stderr.lines().count(), 3000);
    serving.end().await;
}

/// What memory holds of what is gone would stay there until something else needs its place.
#[tokio::test]
async fn who_goes_away_while_things_are_removed_leaves_nothing_of_them_in_memory() {
    const PACKAGES: u64 = 300;
    let scene = Scene::new().await;
    let serving = scene.serve().await;
    for number in 0..PACKAGES {
        let name = format!("p{number}");
        scene.upstream.package(&name).version("1.0.0", |v| v);
        get(serving.addr, &format!("/{name}")).await.expect(200);
    }
    let held = async || {
        let stat = scene.rows(&["stat", "--json"]).await.remove(0);
        let number = |value: &Value| value.as_u64().expect("a number");
        (number(&stat["entries"]), number(&stat["serving"]["memory_rows"]))
    };
    let each = once("as many rows for each", async || match held().await {
        (entries, rows) if entries == PACKAGES && rows > 0 && rows % PACKAGES == 0 => {
            Ok(rows / PACKAGES)
        }
        told => Err(format!("{told:?}")),
    })
    .await;

    let ask = json!({"ask": {"ask": {"cache-remove": {"of": ["*"]}}}});
    let mut socket = UnixStream::connect(scene.path("run/nopar.sock")).expect("it is heard");
    writeln!(socket, "{ask}").expect("it is asked");
    drop(socket);
    once("no row of what is gone", async || match held().await {
        (entries, rows) if rows == each * entries && entries < PACKAGES => Ok(()),
        told => Err(format!("{told:?}")),
    })
    .await;
    serving.end().await;
}
