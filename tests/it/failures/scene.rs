//! An upstream with packages of which a NOPAR holds all, some or nothing.
//! Knows nothing of what goes wrong.

use std::time::Duration;

use super::behaviour::{Asset, Behaviour};
use crate::asking::WAYS;
use crate::support::nopar::TestNopar;
use crate::support::upstream::{FakeUpstream, usual_path};

/// Shorter than what is held back until a tarball was judged.
pub(super) const SHORT_TARBALL: usize = 10_000;
/// Much longer than that.
pub(super) const LONG_TARBALL: usize = 400_000;
pub(super) const YEAR: Duration = Duration::from_secs(366 * 24 * 3600);
/// Longer than any failure is remembered.
pub(super) const A_MINUTE: Duration = Duration::from_secs(61);

/// A NOPAR and its upstream. Of `held` all is held, of `known` the packument, of `cold`
/// and `unseen` nothing.
pub(super) struct Scene {
    pub(super) upstream: FakeUpstream,
    pub(super) nopar: TestNopar,
}

/// Versions of each package, with the kind of their tarballs.
pub(super) const VERSIONS: [(&str, Asset); 2] = [("1.0.0", Asset::Short), ("2.0.0", Asset::Long)];

/// A package with a tarball of each kind.
pub(super) fn publish(upstream: &FakeUpstream, name: &str) {
    upstream
        .package(name)
        .version("1.0.0", |v| v.tarball(crate::support::upstream::made_up(1, SHORT_TARBALL)))
        .version("2.0.0", |v| v.tarball(crate::support::upstream::made_up(2, LONG_TARBALL)));
}

impl Scene {
    /// A year after all was fetched that is held.
    pub(super) async fn set(behaviour: Behaviour) -> Self {
        let upstream = FakeUpstream::start().await;
        for name in ["held", "known", "cold", "unseen", "other"] {
            publish(&upstream, name);
        }
        let nopar = behaviour.settings(TestNopar::with(&upstream)).stopped_clock().start().await;
        for name in ["held", "known"] {
            nopar.get(&format!("/{name}")).await.expect(200);
        }
        for (version, _) in VERSIONS {
            nopar.get(&usual_path("held", version)).await.expect(200);
        }
        let scene = Self { upstream, nopar };
        scene.check_tarballs("held").await;
        scene.check_packument("held").await;
        scene.nopar.advance(YEAR);
        scene.upstream.clear();
        scene
    }

    /// Every tarball of `name` is right.
    pub(super) async fn check_tarballs(&self, name: &str) {
        for (version, _) in VERSIONS {
            let answer = self.nopar.get(&usual_path(name, version)).await.expect(200);
            assert!(answer.body == self.upstream.tarball(name, version), "{name} {version}");
        }
    }

    /// The packument of `name` is what the upstream has now, in every form.
    pub(super) async fn check_packument(&self, name: &str) {
        for way in WAYS {
            let answer = way.of(&self.nopar, name).send().await;
            way.check(&answer, &self.upstream.packument(name), &self.nopar.url());
        }
    }
}
