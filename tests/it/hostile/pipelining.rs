//! Requests that do not wait for the answer to the one before.
//! Knows nothing of what is asked.

use crate::support::client::{NoResponse, Request};
use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

/// Pipelined requests are answered in order, or the connection is closed after some of them, cleanly,
/// so that the others can be asked again.
#[tokio::test]
async fn pipelined_requests_are_answered_in_order_or_closed() {
    let upstream = FakeUpstream::start().await;
    for name in ["a", "b", "c"] {
        upstream.package(name).version("1.0.0", |v| v.tarball_size(300_000));
    }
    let nopar = TestNopar::with(&upstream).start().await;
    let paths = ["/a", "/b/-/b-1.0.0.tgz", "/c", "/nothing"];
    let alone: Vec<_> = {
        let mut alone = Vec::new();
        for path in paths {
            alone.push(nopar.get(path).await);
        }
        alone
    };
    let mut left: Vec<usize> = (0..paths.len()).collect();
    while !left.is_empty() {
        let mut connection = nopar.connect().await;
        let requests: Vec<_> =
            left.iter().map(|at| Request::get(nopar.addr(), paths[*at])).collect();
        connection.send_pipelined(&requests).await.expect("sent");
        let before = left.len();
        while let Some(at) = left.first().copied() {
            match connection.receive().await {
                Ok(answer) => {
                    assert_eq!(answer.status, alone[at].status, "{}", paths[at]);
                    assert!(answer.complete && answer.body == alone[at].body, "{}", paths[at]);
                    left.remove(0);
                }
                Err(NoResponse::Closed) => break,
                Err(error) => panic!("{}: {error}", paths[at]),
            }
        }
        assert!(left.len() < before, "not even the first was answered");
    }
}

/// The same when the second request comes in the middle of the answer to the first, from the
/// upstream.
#[tokio::test]
async fn a_request_in_the_middle_of_an_answer_does_not_harm_it() {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v.tarball_size(3_000_000));
    let nopar = TestNopar::with(&upstream).start().await;
    let tarball = "/a/-/a-1.0.0.tgz";
    let hold = upstream.hold_body(tarball, 1_000_000);
    let mut connection = nopar.connect().await;
    connection.send(&Request::get(nopar.addr(), tarball)).await.expect("sent");
    connection.receive_head().await.expect("a head");
    let mut body = connection.receive_body(1000).await.expect("a beginning");
    connection.send(&Request::get(nopar.addr(), "/-/ping")).await.expect("sent");
    hold.release();
    body.extend(connection.receive_body(usize::MAX).await.expect("the rest"));
    assert!(body == upstream.tarball("a", "1.0.0"));
    match connection.receive().await {
        Ok(answer) => drop(answer.expect(200)),
        Err(error) => assert_eq!(error, NoResponse::Closed),
    }
}

/// What could be taken for two messages by one and for one by another is answered once, and nothing
/// behind it is taken for a request.
#[tokio::test]
async fn what_could_be_two_messages_is_answered_once() {
    let nopar = TestNopar::forwarding_to("http://registry.example").start().await;
    let hidden = "GET /-/ping HTTP/1.1\r\nHost: a.test\r\n\r\n";
    let length = hidden.len() + 5;
    for method in ["PUT", "GET"] {
        let mut connection = nopar.connect().await;
        let sent = format!(
            "{method} /-/nothing HTTP/1.1\r\nHost: a.test\r\nContent-Length: {length}\r\n\
             Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"
        );
        connection.send_bytes(sent.as_bytes()).await.expect("sent");
        let answer = connection.receive().await.expect("an answer").expect(404);
        assert_eq!(answer.surplus, 0);
        connection.closed().await;
    }
}
