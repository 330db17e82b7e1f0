//! A package whose document holds as much as it may.
//! Knows nothing of how many bytes that is: documents of 100 MB are tried where they are made.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{at_revision, done, over, packument, stored, versions};
use crate::support::publish::{Publish, put, refusal, send};

/// A document of `x` with three versions, after so many others.
fn document(others: usize) -> Value {
    let mut time = json!({"created": "2013-01-01T00:00:00.000Z"});
    for number in 0..others {
        time[format!("0.0.{number}")] = json!("2013-01-01T00:00:00.000Z");
    }
    let mut versions = json!({});
    for version in ["1.0.0", "1.1.0", "1.2.0"] {
        versions[version] = json!({"name": "x", "version": version});
        time[version] = json!("2014-01-01T00:00:00.000Z");
    }
    json!({
        "_id": "x", "name": "x", "_rev": "7-0a", "dist-tags": {"latest": "1.2.0"},
        "versions": versions, "time": time, "maintainers": [{"name": "ann"}],
    })
}

/// One that has had as many versions as can be told apart is not published again, and goes on in all else.
#[tokio::test]
async fn a_package_has_a_last_version() {
    let registry = TempDir::new().expect("a directory");
    let folder = registry.path().join("x");
    std::fs::create_dir(&folder).expect("a folder");
    // The most that there may be, with those that are still there.
    let full = document(99_994).to_string();
    std::fs::write(folder.join("x.json"), &full).expect("a file");
    let (_upstream, nopar) = over(registry.path()).await;
    let addr = nopar.addr();
    let answer = Publish::of("x", "2.0.0").to(addr).send().await;
    let error = refusal(&answer, &[413], "one more");
    assert!(error.contains("99997 versions"), "{error}");
    assert!(error.contains("publish under another name"), "{error}");
    assert_eq!(stored(registry.path()), ["x/x.json"]);
    assert!(std::fs::read_to_string(folder.join("x.json")).expect("it") == full, "it was changed");

    let beta = "/-/package/x/dist-tags/beta";
    done(&send(addr, "PUT", beta, &json!("1.0.0")).send().await, "a tag");
    let mut copy = packument(addr, "x").await;
    copy["versions"]["1.0.0"]["deprecated"] = json!("old");
    done(&put(addr, "x", &copy).send().await, "a deprecation");
    let mut less = packument(addr, "x").await;
    assert_eq!(less["versions"]["1.0.0"]["deprecated"], "old");
    less["versions"].as_object_mut().expect("versions").remove("1.1.0");
    done(&at_revision(addr, "PUT", &less, &less).send().await, "a version less");
    let now = packument(addr, "x").await;
    assert_eq!(versions(&now), ["1.0.0", "1.2.0"]);
    assert_eq!(now["dist-tags"], json!({"latest": "1.2.0", "beta": "1.0.0"}));
    // That makes no room.
    refusal(&Publish::of("x", "2.0.0").to(addr).send().await, &[413], "after one less");
}
