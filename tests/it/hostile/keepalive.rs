//! Many requests on one connection, as installations send them.
//! Knows nothing of hostile ones.

use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

/// A thousand requests one after the other on one connection: every answer is that of its request.
#[tokio::test]
async fn a_thousand_requests_on_one_connection_are_answered() {
    let upstream = FakeUpstream::start().await;
    for name in ["a", "b"] {
        upstream.package(name).version("1.0.0", |v| v.tarball_size(300_000));
    }
    let nopar = TestNopar::with(&upstream).start().await;
    let mut connection = nopar.connect().await;
    let paths = ["/a", "/b/-/b-1.0.0.tgz", "/-/ping", "/a/-/a-1.0.0.tgz", "/nope", "/b/1.0.0"];
    for (number, path) in paths.iter().cycle().take(1000).enumerate() {
        connection.send(&nopar.request(path)).await.expect("a request sent");
        let answer = connection.receive().await.expect("an answer");
        let expected = if *path == "/nope" { 404 } else { 200 };
        assert_eq!(answer.status, expected, "{number}: {path}");
        if let Some(name) = path.strip_suffix("-1.0.0.tgz") {
            assert!(answer.body == upstream.tarball(&name[name.len() - 1..], "1.0.0"), "{number}");
        }
    }
}

/// What may be asked for is told.
#[tokio::test]
async fn options_are_told() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    for (path, allow) in [("/a", "GET, HEAD, PUT, PURGE"), ("/a/-/a-1.0.0.tgz", "GET, HEAD, PURGE")]
    {
        let answer = nopar.request(path).method("OPTIONS").send().await.expect(204);
        assert_eq!(answer.header("allow"), Some(allow), "{path}");
        assert_eq!(answer.raw_len, 0);
    }
    assert_eq!(upstream.count_all(), 0);
}
