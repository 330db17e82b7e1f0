//! A raw HTTP/1.1 client: sends what it is told, byte for byte, and believes nothing it hears.
//! Knows nothing of NOPAR; follows no redirect, keeps no cookie, mends no header.

mod connection;
mod request;
mod response;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use tokio::task::JoinSet;

pub(crate) use self::connection::Connection;
pub(crate) use self::request::Request;
pub(crate) use self::response::{NoResponse, Response, gunzip};
pub(crate) use super::wire::BodyFault;

/// GETs a path over a connection of its own.
pub(crate) async fn get(addr: SocketAddr, path: &str) -> Response {
    Request::get(addr, path).send().await
}

/// GETs the same path `n` times at once, each over a connection of its own.
pub(crate) async fn get_many(addr: SocketAddr, n: usize, path: &str) -> Vec<Response> {
    send_all((0..n).map(|_| Request::get(addr, path))).await
}

/// Sends all requests at once, each over a connection of its own; answers in their order.
pub(crate) async fn send_all(requests: impl IntoIterator<Item = Request>) -> Vec<Response> {
    let mut running = JoinSet::new();
    for (number, request) in requests.into_iter().enumerate() {
        running.spawn(async move { (number, request.send().await) });
    }
    let mut answers = running.join_all().await;
    answers.sort_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answer)| answer).collect()
}
