//! Pages of other sites, by HTTP/2: they are told the same as by HTTP/1.1.
//! Knows nothing of who may read what.

use super::{PACKUMENT, TARBALL, http2, started};

/// Cold, held, and in a preflight.
#[tokio::test]
async fn pages_are_told_that_they_may_read() {
    let (_upstream, certificate, nopar) = started().await;
    let client = http2(nopar.addr(), &certificate).await;
    let origin = ("origin", "https://docs.example");
    for path in [PACKUMENT, TARBALL, "/-/nothing"] {
        for _ in ["cold", "warm"] {
            let answer = client.ask("GET", path, &[origin]).await.expect("whole");
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
        }
        let usual = client.get(path).await;
        assert_eq!(usual.header("access-control-allow-origin"), None, "{path}");
    }
    let question = [origin, ("access-control-request-method", "GET")];
    let answer = client.ask("OPTIONS", TARBALL, &question).await.expect("whole");
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-methods"), Some("GET, HEAD"));
}
