//! A process that is killed while it makes its key and signs.
//! Knows nothing of how either is written.

use std::fs;
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use super::{check, full, keys};
use crate::support::binary::Binary;
use crate::support::client::Request;
use crate::support::publish::Publish;
use crate::support::upstream::{FakeUpstream, shasum};

const PACKAGES: usize = 40;

/// Packages that say nothing but the SHA-1 of their tarballs.
fn write(registry: &Path) {
    for number in 0..PACKAGES {
        let name = format!("p{number}");
        let (folder, bytes) = (registry.join(&name), Publish::of(&name, "1.0.0").bytes());
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(format!("{name}-1.0.0.tgz")), &bytes).expect("a tarball");
        let manifest =
            json!({"name": name, "version": "1.0.0", "dist": {"shasum": shasum(&bytes)}});
        let document = json!({
            "name": name, "_rev": "3-a", "dist-tags": {"latest": "1.0.0"},
            "versions": {"1.0.0": manifest},
        });
        fs::write(folder.join(format!("{name}.json")), document.to_string()).expect("a document");
    }
}

/// Whatever was signed is signed by the key that there is, and the rest is signed by the next process.
#[tokio::test]
async fn a_process_that_is_killed_leaves_nothing_half_signed() {
    let upstream = FakeUpstream::start().await;
    for answers in [0, 1, 7, 23] {
        let registry = TempDir::new().expect("a directory");
        write(registry.path());
        let env = [("NOPAR_REGISTRY_PATH", registry.path().to_str().expect("a path in UTF-8"))];
        let (binary, addr) = Binary::serving(&upstream.url(), &env).await;
        let asking = (0..PACKAGES).map(|number| {
            let request = Request::get(addr, &format!("/p{number}"));
            tokio::spawn(async move { request.try_send().await.map(drop) })
        });
        for asked in asking.collect::<Vec<_>>().into_iter().take(answers) {
            let _ = asked.await;
        }
        binary.signal("KILL");
        binary.ended().await;
        let (_binary, addr) = Binary::serving(&upstream.url(), &env).await;
        let offered = keys(addr).await;
        assert_eq!(offered.len(), 1);
        for number in 0..PACKAGES {
            let name = format!("p{number}");
            check(addr, &offered, &name).await;
            assert_eq!(full(addr, &name).await["_rev"], "3-a");
        }
    }
}
