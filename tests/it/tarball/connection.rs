//! What becomes of a client's connection after a tarball that could not be had.
//! Knows nothing of tarballs that could.

use super::path;
use crate::support::client::{Connection, Response};
use crate::support::nopar::TestNopar;
use crate::support::upstream::{FakeUpstream, Fault};

/// The connection works on after this answer, or the answer said that it would not.
async fn check_fate(nopar: &TestNopar, mut connection: Connection, answer: &Response, what: &str) {
    assert_eq!(answer.surplus, 0, "{what}");
    if answer.headers.lists("connection", "close") {
        return connection.closed().await;
    }
    for path in [path("good"), "/-/ping".to_owned()] {
        let sent = connection.send(&nopar.request(&path)).await;
        let next = match sent {
            Ok(()) => connection.receive().await,
            Err(error) => Err(error),
        };
        match next {
            Ok(next) => drop(next.expect(200)),
            Err(error) => panic!("{what}: no `Connection: close`, and then {path}: {error}"),
        }
    }
}

/// After a cold tarball that is nowhere (404) the connection works on, or was announced to close.
#[tokio::test]
async fn a_404_for_a_tarball_does_not_close_the_connection_unannounced() {
    let upstream = FakeUpstream::start().await;
    upstream.package("good").version("1.0.0", |v| v);
    let nopar = TestNopar::with(&upstream).start().await;
    for method in ["GET", "HEAD"] {
        // Of an unknown package, of a package not held yet, remembered, of a held package.
        for (what, name) in [("unknown", "nope"), ("cold", "good"), ("again", "nope")] {
            let path = format!("/{name}/-/{name}-9.9.{}.tgz", method.len());
            let mut connection = nopar.connect().await;
            let request = nopar.request(&path).method(method);
            let answer = connection.ask(request).await.expect(404);
            check_fate(&nopar, connection, &answer, &format!("{method} {what}")).await;
        }
    }
}

/// After a cold tarball that the upstream fails to give (502, 503) the same holds.
#[tokio::test]
async fn a_502_for_a_tarball_does_not_close_the_connection_unannounced() {
    let faults: [(&str, Fault, u16); 5] = [
        ("500", 500.into(), 502),
        ("403", 403.into(), 502),
        ("429", 429.into(), 503),
        ("reset", Fault::Reset, 502),
        ("closed", Fault::CloseBeforeHead, 502),
    ];
    for (what, fault, status) in faults {
        let upstream = FakeUpstream::start().await;
        upstream.package("good").version("1.0.0", |v| v);
        upstream.package("bad").version("1.0.0", |v| v);
        upstream.always("/bad/-/*", fault);
        let nopar = TestNopar::with(&upstream).start().await;
        for method in ["GET", "HEAD"] {
            let mut connection = nopar.connect().await;
            let request = nopar.request(&path("bad")).method(method);
            let answer = connection.ask(request).await.expect(status);
            check_fate(&nopar, connection, &answer, &format!("{method} {what}")).await;
        }
    }
}
