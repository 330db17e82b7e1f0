//! An installation of a few packages, warm and cold, while the upstream misbehaves.
//! Knows nothing of single answers' headers.

use super::behaviour::{Asset, Behaviour, Cold, Held};
use super::scene::{A_MINUTE, VERSIONS, YEAR, publish};
use crate::asking::{INSTALL, TTL};
use crate::packument::entries;
use crate::support::client::Response;
use crate::support::nopar::TestNopar;
use crate::support::upstream::{FakeUpstream, integrity, usual_path};

const PACKAGES: [&str; 4] = ["a", "b", "@s/c", "d"];

/// A package's packument as a client that installs asks for it.
async fn packument(nopar: &TestNopar, name: &str) -> Response {
    let path = format!("/{}", name.replace('/', "%2f"));
    let request = nopar.request(&path).header("Accept", INSTALL);
    request.header("Accept-Encoding", "gzip").send().await
}

/// All packuments, then all tarballs they name, each with the digest it should have.
async fn install(nopar: &TestNopar) {
    for name in PACKAGES {
        let document = packument(nopar, name).await.expect(200).json();
        for (version, _) in VERSIONS {
            let dist = &document["versions"][version]["dist"];
            let url = dist["tarball"].as_str().expect("a URL");
            let tarball = nopar.get(url).await.expect(200);
            assert_eq!(dist["integrity"], integrity(&tarball.body), "{name} {version}");
        }
    }
}

/// The tarballs alone, as from a lockfile.
async fn frozen_install(nopar: &TestNopar, upstream: &FakeUpstream) {
    for name in PACKAGES {
        for (version, _) in VERSIONS {
            let tarball = nopar.get(&usual_path(name, version)).await.expect(200);
            assert!(tarball.body == upstream.tarball(name, version), "{name} {version}");
        }
    }
}

async fn set(behaviour: Behaviour) -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    PACKAGES.iter().for_each(|name| publish(&upstream, name));
    publish(&upstream, "other");
    let builder = behaviour.settings(TestNopar::with(&upstream)).host("npm.test");
    (upstream, builder.start().await)
}

async fn begin(behaviour: Behaviour, upstream: &FakeUpstream) {
    let mut paths = Vec::new();
    for name in PACKAGES {
        // Changed, so that "not modified" is no answer.
        upstream.package(name).version("1.1.0", |v| v);
        paths.push((format!("/{name}"), Asset::Packument));
        paths.extend(VERSIONS.map(|(version, asset)| (usual_path(name, version), asset)));
    }
    behaviour.begin(upstream, &paths).await;
}

/// An installation whose packages were seen once passes whatever the upstream does, a little and
/// long after that, before and after a restart; but that packages are gone is believed, and then
/// their tarballs stay.
pub(super) async fn warm(behaviour: Behaviour) {
    let (upstream, mut nopar) = set(behaviour).await;
    install(&nopar).await;
    nopar.advance(TTL);
    begin(behaviour, &upstream).await;
    install_or_gone(&nopar, behaviour, true).await;
    frozen_install(&nopar, &upstream).await;
    nopar.advance(YEAR);
    install_or_gone(&nopar, behaviour, false).await;
    nopar.restart().await;
    install_or_gone(&nopar, behaviour, false).await;
    frozen_install(&nopar, &upstream).await;
    behaviour.end(&upstream).await;
    nopar.advance(A_MINUTE);
    install(&nopar).await;
}

async fn install_or_gone(nopar: &TestNopar, behaviour: Behaviour, at_once: bool) {
    match behaviour.held() {
        Held::Gone(status) if !at_once => {
            for name in PACKAGES {
                assert_eq!(packument(nopar, name).await.status, status, "{name}");
            }
        }
        _ => install(nopar).await,
    }
}

/// An installation of what was never seen fails as the table says, keeps nothing, and passes as
/// soon as the upstream is well, with one request for each thing.
pub(super) async fn cold(behaviour: Behaviour) {
    let (upstream, nopar) = set(behaviour).await;
    begin(behaviour, &upstream).await;
    for name in PACKAGES {
        let answer = packument(&nopar, name).await;
        let Some(Cold::Fails(status, reason, _)) = behaviour.cold(Asset::Packument) else {
            panic!("a packument never breaks off");
        };
        assert_eq!((answer.status, &answer.json()["reason"]), (status, &reason.into()), "{name}");
    }
    assert_eq!(entries(&nopar), [""; 0]);
    behaviour.end(&upstream).await;
    nopar.advance(A_MINUTE);
    upstream.clear();
    install(&nopar).await;
    assert_eq!(upstream.count_all(), PACKAGES.len() * (1 + VERSIONS.len()));
}
