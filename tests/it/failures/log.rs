//! One line tells the operator of each failure.
//! Knows nothing of what clients are told.

use super::ALL;
use super::behaviour::{Asset, Behaviour, Held, MOST_PACKUMENT};
use super::scene::{VERSIONS, publish};
use crate::support::binary::Binary;
use crate::support::client::get;
use crate::support::upstream::{FakeUpstream, usual_path};

/// The warnings and errors so far that name this.
fn lines(binary: &Binary, name: &str) -> Vec<String> {
    let log = binary.stderr();
    let lines = log.lines().filter(|line| line.contains(" WARN ") || line.contains(" ERROR "));
    lines.filter(|line| line.contains(name)).map(str::to_owned).collect()
}

/// Each failure of the upstream is one line at `warn` or `error` that names the package; that
/// something is not there is none.
#[tokio::test]
async fn each_failure_is_one_line() {
    let upstream = FakeUpstream::start().await;
    publish(&upstream, "other");
    let most = MOST_PACKUMENT.to_string();
    let env = [
        ("NOPAR_READ_TIMEOUT", "1s"),
        ("NOPAR_FETCH_TIMEOUT", "2s"),
        ("NOPAR_MAX_PACKUMENT", &most),
    ];
    let (binary, addr) = Binary::serving(&upstream.url(), &env).await;
    // Who wants a pause has one, for all packages: by the binary's clock, which nobody sets forward.
    let wants_pause = |of: &&(&str, Behaviour)| matches!(of.1, Behaviour::TooMany(Some(_)));
    let (last, all): (Vec<_>, Vec<_>) = ALL.iter().partition(wants_pause);
    for (name, behaviour) in all.into_iter().chain(last) {
        let (cold, known) = (format!("cold-{name}-x"), format!("known-{name}-x"));
        publish(&upstream, &cold);
        publish(&upstream, &known);
        get(addr, &format!("/{known}")).await.expect(200);
        let tarballs = VERSIONS.map(|(version, asset)| (usual_path(&known, version), asset));
        let mut paths = vec![(format!("/{cold}"), Asset::Packument)];
        paths.extend(tarballs);
        behaviour.begin(&upstream, &paths).await;
        let mut asked = Vec::new();
        for (path, asset) in paths {
            if behaviour.cold(asset).is_some() {
                get(addr, &path).await;
                asked.push(path);
            }
        }
        behaviour.end(&upstream).await;
        // Its line comes after all that was said before.
        get(addr, &format!("/-/after-{name}")).await.expect(404);
        binary.says(&format!("GET /-/after-{name} ")).await;
        check(&binary, behaviour, &asked);
    }
}

fn check(binary: &Binary, behaviour: Behaviour, asked: &[String]) {
    let expected = usize::from(behaviour.held() == Held::Stale);
    for path in asked {
        // The name of the package, or of the tarball's file.
        let said = lines(binary, path.rsplit('/').next().expect("a name"));
        assert_eq!(said.len(), expected, "{behaviour:?} {path}: {said:#?}");
    }
}
