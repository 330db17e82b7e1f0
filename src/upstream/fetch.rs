//! Whole documents from an upstream, in memory, bounded.
//! Knows nothing of what is in them.

use super::{Target, Upstream};
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use pingora::ErrorType;
use pingora::http::ResponseHeader;
use pingora::protocols::http::client::HttpSession;
use pingora::upstreams::peer::HttpPeer;
use std::time::Duration;

/// Redirects followed for one document.
const REDIRECTS: usize = 5;
/// How many connections are tried when reused ones turn out to be dead.
const ATTEMPTS: usize = 3;

/// What an upstream answered.
#[derive(Debug)]
pub struct Answer {
    /// Its status; redirects have been followed.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as sent (see `Content-Encoding`).
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No connection, or it broke.
    #[error("{target} could not be fetched: {source}")]
    Connection {
        /// What was asked for.
        target: String,
        /// What Pingora said.
        source: Box<pingora::Error>,
    },
    /// It took too long.
    #[error("{target} could not be fetched: it took longer than {} s", after.as_secs())]
    Timeout {
        /// What was asked for.
        target: String,
        /// The limit.
        after: Duration,
    },
    /// It was too long.
    #[error("{target} is longer than {limit} bytes (NOPAR_MAX_PACKUMENT)")]
    TooLarge {
        /// What was asked for.
        target: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// It was redirected in circles, or to where nothing can be fetched.
    #[error("{target} redirects too often, or not to an http or https URL")]
    Redirect {
        /// What was asked for.
        target: String,
    },
}

impl FetchError {
    /// Whether time ran out, rather than something being wrong.
    pub fn is_timeout(&self) -> bool {
        match self {
            FetchError::Timeout { .. } => true,
            FetchError::Connection { source, .. } => matches!(
                source.etype(),
                ErrorType::ConnectTimedout
                    | ErrorType::TLSHandshakeTimedout
                    | ErrorType::ReadTimedout
                    | ErrorType::WriteTimedout
            ),
            _ => false,
        }
    }
}

impl Upstream {
    /// Fetches a whole document of at most `limit` bytes as sent, on behalf of a request that passed the
    /// NOPARs in `via`.
    ///
    /// # Errors
    /// When the upstream gives no complete answer in time. Any status is an answer.
    pub async fn fetch(
        &self,
        target: &Target,
        headers: &[(HeaderName, HeaderValue)],
        via: Option<&str>,
        limit: u64,
    ) -> Result<Answer, FetchError> {
        let deadline = self.fetch_timeout;
        match tokio::time::timeout(deadline, self.follow(target, headers, via, limit)).await {
            Ok(answer) => answer,
            Err(_) => Err(FetchError::Timeout { target: target.to_string(), after: deadline }),
        }
    }

    async fn follow(
        &self,
        target: &Target,
        headers: &[(HeaderName, HeaderValue)],
        via: Option<&str>,
        limit: u64,
    ) -> Result<Answer, FetchError> {
        let mut at = target.clone();
        for _ in 0..=REDIRECTS {
            let answer = self.fetch_one(&at, headers, via, limit).await?;
            let Some(location) = redirect(&answer) else { return Ok(answer) };
            match at.redirected(location) {
                Ok(next) => at = next,
                Err(_) => break,
            }
        }
        Err(FetchError::Redirect { target: target.to_string() })
    }

    async fn fetch_one(
        &self,
        target: &Target,
        headers: &[(HeaderName, HeaderValue)],
        via: Option<&str>,
        limit: u64,
    ) -> Result<Answer, FetchError> {
        let broken = |source| FetchError::Connection { target: target.to_string(), source };
        let mut attempt = 1;
        loop {
            let request = self.request(target, headers, via).map_err(broken)?;
            let peer = self.peer(target).await.map_err(broken)?;
            let (mut session, reused) = match self.connector.get_http_session(&*peer).await {
                Ok(connected) => connected,
                // Perhaps another of its addresses answers.
                Err(error) => {
                    self.failed(target, &peer);
                    if attempt < self.attempts(target) {
                        attempt += 1;
                        continue;
                    }
                    return Err(broken(error));
                }
            };
            match exchange(&mut session, &peer, request).await {
                Ok(header) => {
                    let body = read_body(&mut session, target, limit).await?;
                    let idle = peer.options.idle_timeout;
                    self.connector.release_http_session(session, &*peer, idle).await;
                    let (status, headers) = (header.status, header.headers.clone());
                    return Ok(Answer { status, headers, body });
                }
                // The upstream closed an idle connection just as it was taken from the pool.
                Err(error) if reused && attempt < ATTEMPTS && was_closed(&error) => attempt += 1,
                Err(error) => return Err(broken(error)),
            }
        }
    }
}

/// Whether the connection was gone, rather than the upstream slow.
fn was_closed(error: &pingora::Error) -> bool {
    let kind = error.etype();
    matches!(kind, ErrorType::ConnectionClosed | ErrorType::ReadError | ErrorType::WriteError)
}

/// Sends the request and reads the head of the answer.
async fn exchange(
    session: &mut HttpSession,
    peer: &HttpPeer,
    request: pingora::http::RequestHeader,
) -> pingora::Result<ResponseHeader> {
    session.set_read_timeout(peer.options.read_timeout);
    session.set_write_timeout(peer.options.write_timeout);
    session.write_request_header(Box::new(request)).await?;
    session.finish_request_body().await?;
    loop {
        session.read_response_header().await?;
        let Some(header) = session.response_header() else {
            return pingora::Error::e_explain(ErrorType::InvalidHTTPHeader, "no response header");
        };
        if !header.status.is_informational() {
            return Ok(header.clone());
        }
    }
}

async fn read_body(
    session: &mut HttpSession,
    target: &Target,
    limit: u64,
) -> Result<Bytes, FetchError> {
    let mut body = BytesMut::new();
    loop {
        let chunk = session.read_response_body().await;
        let chunk = chunk
            .map_err(|source| FetchError::Connection { target: target.to_string(), source })?;
        let Some(chunk) = chunk else { return Ok(body.freeze()) };
        if (body.len() + chunk.len()) as u64 > limit {
            session.shutdown().await;
            return Err(FetchError::TooLarge { target: target.to_string(), limit });
        }
        body.extend_from_slice(&chunk);
    }
}

fn redirect(answer: &Answer) -> Option<&str> {
    let redirects = matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308);
    answer.headers.get(header::LOCATION).filter(|_| redirects)?.to_str().ok()
}
