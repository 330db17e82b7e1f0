//! Searches see what was published and taken back.
//! Knows nothing of upstreams, which find nothing here.

use std::time::Duration;

use serde_json::{Value, json};

use super::{SEARCH, names, search};
use crate::support::client::{Request, get};
use crate::support::deadline::within;
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, path_of, refusal, send};
use crate::support::upstream::FakeUpstream;

/// Unpublishes all of a package.
pub(super) async fn take_back(nopar: &TestNopar, name: &str) {
    let path = format!("{}?write=true", path_of(name));
    let document = get(nopar.addr(), &path).await.expect(200).json();
    let rev = document["_rev"].as_str().expect("a revision");
    let path = format!("{}/-rev/{rev}", path_of(name));
    Request::new(nopar.addr(), "DELETE", &path).send().await.expect(201);
}

async fn found(nopar: &TestNopar, text: &str) -> Vec<String> {
    names(&search(nopar, &format!("text={text}")).await)
}

/// What goes through this process is in the next search, also after others.
#[tokio::test]
async fn a_change_is_seen_by_the_next_search() {
    let upstream = FakeUpstream::start().await;
    let mut nopar = TestNopar::with(&upstream).stopped_clock().start().await;
    assert_eq!(found(&nopar, "button").await, [""; 0]);
    let publish =
        |version: &str| Publish::of("ui", version).field("description", json!("a button"));
    publish("1.0.0").succeed(nopar.addr()).await;
    assert_eq!(found(&nopar, "button").await, ["ui"]);
    let changed = Publish::of("ui", "1.1.0").field("description", json!("a slider"));
    let changed = changed.field("keywords", json!(["Knob"]));
    changed.succeed(nopar.addr()).await;
    assert_eq!(found(&nopar, "button").await, [""; 0]);
    assert_eq!(found(&nopar, "keywords:knob").await, ["ui"]);
    let object = search(&nopar, "text=slider").await["objects"][0]["package"].clone();
    assert_eq!((&object["version"], &object["description"]), (&json!("1.1.0"), &json!("a slider")));
    // The tag decides which version speaks for the package.
    let path = "/-/package/ui/dist-tags/latest";
    send(nopar.addr(), "PUT", path, &json!("1.0.0")).send().await.expect(201);
    assert_eq!(found(&nopar, "button").await, ["ui"]);
    nopar.restart().await;
    assert_eq!(found(&nopar, "button").await, ["ui"]);
    take_back(&nopar, "ui").await;
    assert_eq!(found(&nopar, "button").await, [""; 0]);
    assert_eq!(search(&nopar, "text=ui").await["total"], 0);
}

/// What another process publishes or takes back in the same directory is seen when the directory is looked at again,
/// which no search waits for.
#[tokio::test]
async fn what_another_process_does_is_seen_soon() {
    let upstream = FakeUpstream::start().await;
    let one = TestNopar::with(&upstream).stopped_clock().start().await;
    let registry = one.registry_path().to_str().expect("a path in UTF-8").to_owned();
    let other = TestNopar::with(&upstream).env("NOPAR_REGISTRY_PATH", &registry).start().await;
    Publish::of("own", "1.0.0").succeed(one.addr()).await;
    // The first search after a start sees everything.
    assert_eq!(found(&one, "*").await, ["own"]);
    assert_eq!(found(&other, "*").await, ["own"]);
    Publish::of("theirs", "1.0.0").succeed(other.addr()).await;
    assert_eq!(found(&one, "*").await, ["own"]);
    one.advance(Duration::from_secs(6));
    sees(&one, &["own", "theirs"]).await;
    take_back(&other, "own").await;
    std::fs::remove_dir_all(one.registry_path().join("theirs")).expect("it is there");
    one.advance(Duration::from_secs(6));
    sees(&one, &[]).await;
}

/// Waits until this is what there is.
async fn sees(nopar: &TestNopar, expected: &[&str]) {
    let seeing = async { while found(nopar, "*").await != expected {} };
    within(format!("searches to find {expected:?}"), seeing).await;
}

/// Where nobody can tell which packages there are, nobody is told that there are none, and no upstream is asked.
#[tokio::test]
async fn a_directory_that_is_gone_is_no_empty_one() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).stopped_clock().start().await;
    Publish::of("ui", "1.0.0").succeed(nopar.addr()).await;
    let (there, away) = (nopar.registry_path(), nopar.home().join("away"));
    std::fs::rename(there, &away).expect("it can be moved");
    let answer = nopar.get(&format!("{SEARCH}?text=ui")).await;
    refusal(&answer, &[500], "gone");
    std::fs::rename(&away, there).expect("it can be moved back");
    assert_eq!(found(&nopar, "ui").await, ["ui"]);
    std::fs::rename(there, &away).expect("it can be moved");
    nopar.advance(Duration::from_secs(6));
    let fails = async { while nopar.get(&format!("{SEARCH}?text=ui")).await.status != 500 {} };
    within("a search that fails".to_owned(), fails).await;
}

/// What was left by an older NOPAR as a copy of the upstream's package is no hosted one.
#[tokio::test]
async fn copies_of_old_are_not_found() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    for (name, is_copy) in [("copied", true), ("own", false)] {
        let folder = nopar.registry_path().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        let document: Value = json!({
            "name": name, "_proxied": is_copy, "dist-tags": {"latest": "1.0.0"},
            "versions": {"1.0.0": {"name": name, "version": "1.0.0"}},
        });
        let path = folder.join(format!("{name}.json"));
        std::fs::write(path, document.to_string()).expect("a file");
    }
    assert_eq!(found(&nopar, "*").await, ["own"]);
}
