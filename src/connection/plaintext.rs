//! Who speaks plain HTTP to a port that speaks TLS is told so.
//! Knows nothing of what was asked.

use super::{Patience, farewell};
use crate::reply::Reply;
use async_trait::async_trait;
use http::StatusCode;
use pingora::listeners::PreTlsProcess;
use pingora::protocols::Peek;
use pingora::protocols::l4::stream::Stream;
use pingora::{Error, ErrorType, OrErr, Result};

/// Looks at the first byte of a connection before TLS does.
#[derive(Debug)]
pub struct Plaintext;

#[async_trait]
impl PreTlsProcess for Plaintext {
    async fn process(&self, stream: &mut Stream) -> Result<()> {
        let mut first = [0];
        let gone = || "the client left before it said anything";
        stream.try_peek(&mut first).await.or_err_with(ErrorType::ConnectionClosed, gone)?;
        // A method is in capitals; a handshake begins with 22 (RFC 8446 §5.1). Whoever sends something else
        // gets the alert of TLS.
        if !first[0].is_ascii_uppercase() {
            return Ok(());
        }
        let error = "this port speaks HTTPS, not HTTP";
        let reply = Reply::error(StatusCode::BAD_REQUEST, error, "http_to_tls");
        farewell::answer(stream, &reply, false, &Patience::default()).await;
        Error::e_explain(ErrorType::TLSHandshakeFailure, "a plain HTTP request")
    }
}
