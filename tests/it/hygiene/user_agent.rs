//! What NOPAR calls itself towards the upstream.
//! Knows nothing of what it asks for there.

use crate::support::nopar::{TestNopar, TestNoparBuilder};
use crate::support::upstream::FakeUpstream;

/// Asks for a packument, its confirmation and tarballs, and checks who the upstream thinks asked.
async fn check(upstream: &FakeUpstream, nopar: TestNoparBuilder, expected: &str) {
    upstream.package("a").version("1.0.0", |v| v);
    upstream.package("odd").version("1.0.0", |v| v.tarball_path("/d/odd"));
    let nopar = nopar.start().await;
    for path in ["/a", "/a", "/a/-/a-1.0.0.tgz", "/odd/-/odd-1.0.0.tgz"] {
        let request = nopar.request(path).header("Cache-Control", "no-cache");
        request.header("User-Agent", "npm/11.0.0 node/v24.0.0").send().await.expect(200);
    }
    let asked = upstream.requests();
    assert_eq!(asked.len(), 6, "{asked:?}");
    for seen in asked {
        let agents: Vec<_> = seen.headers.all("user-agent").collect();
        assert_eq!(agents, [expected], "{}", seen.path);
    }
}

/// NOPAR_USER_AGENT is what the upstream sees, whoever the client is.
#[tokio::test]
async fn the_upstream_sees_the_chosen_user_agent() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_USER_AGENT", "mirror of example/2 (ours)");
    check(&upstream, nopar, "mirror of example/2 (ours)").await;
}

/// Without it, or with an empty one, it is `nopar/VERSION`.
#[tokio::test]
async fn the_usual_user_agent_is_nopar_and_its_version() {
    let usual = concat!("nopar/", env!("CARGO_PKG_VERSION"));
    let upstream = FakeUpstream::start().await;
    check(&upstream, TestNopar::with(&upstream), usual).await;
    let upstream = FakeUpstream::start().await;
    check(&upstream, TestNopar::with(&upstream).env("NOPAR_USER_AGENT", ""), usual).await;
}
