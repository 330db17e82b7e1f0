//! More connections than may be.
//! Knows nothing of what they ask.

use crate::support::binary::Binary;
use crate::support::client::{Connection, NoResponse, Request, Response};

const NOWHERE: &str = "http://registry.example";

/// Asks on a connection of its own, which stays open.
async fn ask(addr: std::net::SocketAddr) -> (Connection, Response) {
    let mut connection = Connection::open(addr).await.expect("a connection");
    let answer = connection.ask(Request::get(addr, "/-/ping")).await;
    (connection, answer)
}

/// Who is too many is told so at once and to come back; there is room again when somebody leaves;
/// the log says it once.
#[tokio::test]
async fn more_connections_than_the_cap_are_refused() {
    let (binary, addr) = Binary::serving(NOWHERE, &[("NOPAR_MAX_CONNECTIONS", "2")]).await;
    let mut inside = vec![ask(addr).await, ask(addr).await];
    for _ in 0..5 {
        let (mut refused, answer) = ask(addr).await;
        let answer = answer.expect(503);
        assert_eq!(answer.json()["reason"], "too_many_connections");
        assert_eq!(answer.header("connection"), Some("close"));
        assert!(answer.header("retry-after").is_some());
        refused.closed().await;
    }
    for (connection, _) in &mut inside {
        connection.get("/-/ping").await.expect(200);
    }
    drop(inside);
    again(addr).await;
    let told = binary.stderr();
    let told: Vec<_> = told.lines().filter(|line| line.contains("NOPAR_MAX_CONNECTIONS")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("all 2 connections"), "{told:?}");
}

/// Asks until there is room.
async fn again(addr: std::net::SocketAddr) {
    let trying = async {
        loop {
            match Request::get(addr, "/-/ping").try_send().await {
                Ok(answer) if answer.status == 200 => return,
                Ok(_) | Err(NoResponse::Closed | NoResponse::Broken(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
    };
    crate::support::deadline::within("room".to_owned(), trying).await;
}

/// A flood beyond those who are told is closed at once, and does no harm to those inside.
#[tokio::test]
async fn a_flood_does_no_harm() {
    let (_binary, addr) = Binary::serving(NOWHERE, &[("NOPAR_MAX_CONNECTIONS", "1")]).await;
    let (mut inside, answer) = ask(addr).await;
    answer.expect(200);
    let mut flood = Vec::new();
    for _ in 0..300 {
        flood.push(Connection::open(addr).await.expect("a connection"));
    }
    inside.get("/-/ping").await.expect(200);
    for connection in &mut flood {
        connection.broken_off().await;
    }
    inside.get("/-/ping").await.expect(200);
}
