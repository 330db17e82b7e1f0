//! An import beside a NOPAR that others publish to.
//! Knows nothing of users.

use super::*;
use crate::support::publish::Publish;

/// The same packages get versions from both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publishes_go_on_meanwhile_and_no_version_is_lost() {
    const PACKAGES: usize = 30;
    let (scene, upstream) = (Scene::new(), FakeUpstream::start().await);
    ends::multiply(&scene, PACKAGES);
    let registry = scene.registry();
    let env = [("NOPAR_REGISTRY_PATH", registry.to_str().expect("UTF-8"))];
    let (_nopar, addr) = Binary::serving(&upstream.url(), &env).await;
    let names = || (0..PACKAGES).map(|number| format!("p{number:03}"));
    let publisher = tokio::spawn(async move {
        for name in names() {
            Publish::of(&name, "5.0.0").succeed(addr).await;
            Publish::of(&name, "5.0.1").succeed(addr).await;
        }
    });
    let ended = scene.import("--merge --no-users \"$V\"").await;
    assert!(ended.success, "{}{}", ended.stdout, ended.stderr);
    publisher.await.expect("no publish failed");
    for name in names() {
        let packument = get(addr, &format!("/{name}")).await.expect(200).json();
        let versions = packument["versions"].as_object().expect("versions");
        let versions: Vec<&str> = versions.keys().map(String::as_str).collect();
        for version in ["1.0.0", "1.1.0-beta.1", "5.0.0", "5.0.1"] {
            assert!(versions.contains(&version), "{name}@{version}: {versions:?}");
            get(addr, &format!("/{name}/-/{name}-{version}.tgz")).await.expect(200);
        }
    }
    let again = scene.done("--no-users \"$V\"").await;
    assert!(again.contains("imported: 0 packages with 0 versions"), "{again}");
}
