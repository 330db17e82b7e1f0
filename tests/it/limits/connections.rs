//! How many connections an address may have.
//! Knows nothing of what is asked on them.

use std::net::IpAddr;

use nopar::counters::Limited;

use super::{limited, upstream};
use crate::support::binary::Binary;
use crate::support::client::{Connection, Request, Response};
use crate::support::deadline::within;
use crate::support::nopar::TestNopar;

const MOST: (&str, &str) = ("NOPAR_MAX_CONNECTIONS_PER_ADDRESS", "2");

/// Asks on a connection of its own, which stays open.
async fn ask(addr: std::net::SocketAddr, from: u8) -> (Connection, Response) {
    let from = IpAddr::from([127, 0, 0, from]);
    let mut connection = Connection::open_from(addr, from).await.expect("a connection");
    let answer = connection.ask(Request::get(addr, "/-/ping")).await;
    (connection, answer)
}

/// Who has too many is told so and to come back, others are let in, and there is a place again when one is left; the log
/// says it once, as does what is counted, and no place of all is taken.
#[tokio::test]
async fn more_than_its_number_are_refused_an_address() {
    let most = ("NOPAR_MAX_CONNECTIONS", "4");
    let (binary, addr) = Binary::serving("http://registry.example", &[MOST, most]).await;
    let mut inside = vec![ask(addr, 2).await, ask(addr, 2).await];
    for _ in 0..5 {
        let (mut refused, answer) = ask(addr, 2).await;
        let answer = answer.expect(429);
        assert_eq!(answer.json()["reason"], "too_many_connections");
        assert_eq!(answer.header("connection"), Some("close"));
        assert_eq!(answer.header("retry-after"), Some("5"));
        refused.closed().await;
    }
    inside.extend([ask(addr, 4).await, ask(addr, 5).await]);
    let (_, of_all) = ask(addr, 6).await;
    assert_eq!(of_all.expect(503).json()["reason"], "too_many_connections");
    for (connection, answer) in &mut inside {
        assert_eq!(answer.status, 200);
        connection.get("/-/ping").await.expect(200);
    }
    inside.truncate(1);
    within("a place of its own".to_owned(), async { while ask(addr, 2).await.1.status != 200 {} })
        .await;
    let told = binary.stderr();
    let told: Vec<_> = told.lines().filter(|line| line.contains(MOST.0)).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("127.0.0.2 has 2 connections") && told[0].contains(" WARN "));
}

/// A proxy that is trusted speaks for many.
#[tokio::test]
async fn a_trusted_proxy_has_any_number() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).env(MOST.0, MOST.1);
    let nopar = nopar.env("NOPAR_TRUSTED_PROXIES", "127.0.0.3").start().await;
    let mut inside = Vec::new();
    for _ in 0..20 {
        let (connection, answer) = ask(nopar.addr(), 3).await;
        answer.expect(200);
        inside.push(connection);
    }
    assert_eq!(limited(&nopar.counted(20).await), []);
    for (number, status) in [(1, 200), (2, 200), (3, 429)] {
        let (connection, answer) = ask(nopar.addr(), 2).await;
        assert_eq!(answer.status, status, "number {number}");
        inside.push(connection);
    }
    let snapshot = nopar.counted(22).await;
    assert_eq!(limited(&snapshot), [(Limited::Connections, 1)]);
    assert_eq!(snapshot.connections.refused, 0, "there was room");
}
