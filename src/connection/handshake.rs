//! The beginning of a connection that speaks TLS; who speaks plain HTTP instead is told so.
//! Knows nothing of what was asked.

use super::{Patience, farewell};
use crate::reply::Reply;
use http::StatusCode;
use log::warn;
use pingora::listeners::tls::Acceptor;
use pingora::protocols::l4::stream::Stream as L4Stream;
use pingora::protocols::tls::TlsStream;
use pingora::protocols::{GetSocketDigest, Peek, Stream};
use pingora::{Error, ErrorType, OrErr, Result};
use tokio::time::timeout;

/// Shakes hands, in the time that there is for a head; `None` when that comes to nothing.
pub(super) async fn shake(
    acceptor: &Acceptor,
    stream: Stream,
    patience: &Patience,
) -> Option<Stream> {
    // Pingora has listeners of other kinds, but not here.
    let stream: Box<L4Stream> = stream.into_any().downcast().ok()?;
    let client = stream.get_socket_digest();
    let shaken = timeout(patience.head, begin(acceptor, *stream, patience)).await;
    let late = || Error::explain(ErrorType::TLSHandshakeTimedout, "it takes too long");
    match shaken.unwrap_or_else(|_| Err(late())) {
        Ok(stream) => Some(Box::new(stream)),
        Err(error) => {
            let client = client.as_ref().and_then(|digest| digest.peer_addr());
            let client = client.map_or("somebody".to_owned(), ToString::to_string);
            warn!("no TLS with {client}: {error}");
            None
        }
    }
}

async fn begin(
    acceptor: &Acceptor,
    mut stream: L4Stream,
    patience: &Patience,
) -> Result<TlsStream<L4Stream>> {
    let mut first = [0];
    let gone = || "the client left before it said anything";
    stream.try_peek(&mut first).await.or_err_with(ErrorType::ConnectionClosed, gone)?;
    // A method is in capitals; a handshake begins with 22 (RFC 8446 §5.1). Whoever sends something else
    // gets the alert of TLS.
    if !first[0].is_ascii_uppercase() {
        return acceptor.tls_handshake(stream).await;
    }
    let error = "this port speaks HTTPS, not HTTP";
    let reply = Reply::error(StatusCode::BAD_REQUEST, error, "http_to_tls");
    farewell::answer(&mut stream, &reply, false, patience).await;
    Error::e_explain(ErrorType::TLSHandshakeFailure, "a plain HTTP request")
}
