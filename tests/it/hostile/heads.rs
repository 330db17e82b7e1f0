//! Heads that do not come to their end, and connections on which nothing comes.
//! Knows nothing of heads that are whole but wrong.

use std::time::{Duration, Instant};

use crate::support::client::Connection;
use crate::support::deadline::within;
use crate::support::nopar::TestNopar;

const LIMIT: Duration = Duration::from_millis(300);
const NOWHERE: &str = "http://registry.example";

async fn hurried() -> TestNopar {
    TestNopar::forwarding_to(NOWHERE).patience(|patience| patience.head = LIMIT).start().await
}

/// Sends the beginning of a head; waits for the refusal and for the close. How long that took.
async fn refused(connection: &mut Connection) -> Duration {
    let begun = Instant::now();
    connection.send_bytes(b"GET /slow HTTP/1.1\r\nHost: a").await.expect("sent");
    let answer = connection.receive().await.expect("an answer").expect(408);
    let took = begun.elapsed();
    assert_eq!(answer.json()["reason"], "slow_head");
    assert_eq!(answer.header("connection"), Some("close"));
    connection.closed().await;
    took
}

/// A head that is not finished in time is refused, as the first on its connection and later.
#[tokio::test]
async fn a_head_that_is_not_finished_in_time_is_refused() {
    let nopar = hurried().await;
    let mut first = nopar.connect().await;
    assert!(refused(&mut first).await >= LIMIT);
    let mut later = nopar.connect().await;
    later.get("/-/ping").await.expect(200);
    assert!(refused(&mut later).await >= LIMIT);
    nopar.get("/-/ping").await.expect(200);
}

/// The limit is for the whole head: a byte now and then does not put it off.
#[tokio::test]
async fn a_head_that_dribbles_is_refused() {
    let nopar = hurried().await;
    let mut connection = nopar.connect().await;
    connection.send_bytes(b"GET /slow HTTP/1.1\r\n").await.expect("sent");
    let dribble = async {
        while !connection.says_within(LIMIT / 10).await {
            connection.send_bytes(b"X: y\r\n").await.expect("sent");
        }
    };
    within("the refusal".to_owned(), dribble).await;
    connection.receive().await.expect("an answer").expect(408);
}

/// Silence between requests is no slow head: the connection stays, for its own time.
#[tokio::test]
async fn an_idle_connection_is_no_slow_head() {
    let nopar = hurried().await;
    let mut idle = nopar.connect().await;
    let mut silent = nopar.connect().await;
    idle.get("/-/ping").await.expect(200);
    let mut slow = nopar.connect().await;
    refused(&mut slow).await;
    idle.get("/-/ping").await.expect(200);
    silent.get("/-/ping").await.expect(200);
}

/// A connection on which nothing more comes is closed without a word.
#[tokio::test]
async fn an_idle_connection_is_closed_after_its_time() {
    let nopar = TestNopar::forwarding_to(NOWHERE)
        .patience(|patience| patience.idle = Duration::from_secs(1))
        .start()
        .await;
    let mut idle = nopar.connect().await;
    idle.get("/-/ping").await.expect(200);
    idle.closed().await;
}

/// A client that leaves in the middle of a head leaves nothing behind, and a stop does not wait.
#[tokio::test]
async fn half_a_head_does_not_hold_up_a_stop() {
    let mut nopar = TestNopar::forwarding_to(NOWHERE).start().await;
    let mut gone = nopar.connect().await;
    gone.send_bytes(b"GET /a HTTP/1.1\r\nHost: a").await.expect("sent");
    gone.finish_sending().await;
    gone.closed().await;
    let mut half = nopar.connect().await;
    half.send_bytes(b"GET /a HTTP/1.1\r\nHost: a").await.expect("sent");
    nopar.get("/-/ping").await.expect(200);
    nopar.stop().await;
    half.closed().await;
}
