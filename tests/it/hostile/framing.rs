//! Bodies whose framing is broken: nobody knows where they end, so that nothing behind them is a request.
//! Knows nothing of what is in a body.

use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, refusal};
use crate::support::upstream::FakeUpstream;

/// What a lenient proxy in front might take for the rest of the body, and is a request to who does not.
const SMUGGLED: &str = "GET /-/ping HTTP/1.1\r\nHost: a.test\r\n\r\n";

/// Whatever is asked for: the answer says that it is the last one, and it is, whether more came with the body or comes
/// after the answer.
#[tokio::test]
async fn nothing_behind_a_body_whose_framing_is_broken_is_a_request() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    for (method, path) in [
        ("PUT", "/x"),
        ("PUT", "/x/-rev/1-0"),
        ("PUT", "/-/package/x/dist-tags/beta"),
        ("PUT", "/-/user/org.couchdb.user:me"),
        ("POST", "/-/package/x/access"),
        ("GET", "/x"),
    ] {
        for body in ["zz\r\n", "5\r\n     XX", "5\r\n     XX0\r\n\r\n"] {
            for behind in ["", SMUGGLED] {
                let what = format!("{method} {path} {body:?} {behind:?}");
                let mut connection = nopar.connect().await;
                let lines = "Host: a.test\r\nTransfer-Encoding: chunked\r\n";
                let sent = format!("{method} {path} HTTP/1.1\r\n{lines}\r\n{body}{behind}");
                connection.deliver(sent.as_bytes()).await;
                let answer = connection.receive().await.expect("an answer");
                refusal(&answer, &[400], &what);
                assert_eq!(answer.json()["reason"], "bad_body", "{what}");
                assert_eq!(answer.header("connection"), Some("close"), "{what}");
                assert_eq!(answer.surplus, 0, "{what}");
                connection.send_bytes(SMUGGLED.as_bytes()).await.expect("sent");
                connection.closed().await;
            }
        }
    }
}
