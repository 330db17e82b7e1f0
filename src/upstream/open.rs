//! One request to an upstream, up to the first byte of its answer's body; and that body, piece by piece.
//! Knows nothing of what is asked for.

use super::guard::is_forbidden;
use super::slots::Permit;
use super::words::told;
use super::{Message, Target, Upstream};
use crate::counters::{Counters, Limited, Outcome};
use bytes::Bytes;
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use pingora::ErrorType;
use pingora::connectors::http::Connector;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::protocols::http::client::HttpSession;
use pingora::upstreams::peer::{HttpPeer, Peer};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Redirects followed for one request.
const REDIRECTS: usize = 5;
/// How much of a body nobody wants is read, to keep its connection.
const WORTH_DRAINING: usize = 64 * 1024;
const WORTH_WAITING: Duration = Duration::from_secs(1);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No connection, or it broke.
    #[error("{target} could not be fetched: {}", told(source, address.as_deref()))]
    Connection {
        /// What was asked for.
        target: String,
        /// What could not be connected to, if that is the matter.
        address: Option<String>,
        /// What Pingora said.
        source: Box<pingora::Error>,
    },
    /// It took too long.
    #[error("{target} could not be fetched: it took longer than {} s", after.as_secs_f64())]
    Timeout {
        /// What was asked for.
        target: String,
        /// The limit.
        after: Duration,
    },
    /// It was too long.
    #[error("{target} is longer than {limit} bytes (NOPAR_MAX_PACKUMENT, of a packument)")]
    TooLarge {
        /// What was asked for.
        target: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// As many requests as may go to the upstream at once were there all the time.
    #[error("{target} could not be asked for: {} s passed without a place among the requests to its upstream (NOPAR_UPSTREAM_CONNECTIONS, NOPAR_UPSTREAM_REQUESTS_PER_SECOND)", after.as_secs_f64())]
    Busy {
        /// What was asked for.
        target: String,
        /// How long it waited.
        after: Duration,
    },
    /// It wants fewer requests for a while, and was not sent this one.
    #[error("{target} is not asked for: its upstream wants fewer requests (429), for {} s", left.as_secs_f64().ceil())]
    HeldBack {
        /// What was asked for.
        target: String,
        /// For how long.
        left: Duration,
    },
    /// It answered, and what it answered did not come to its end.
    #[error(transparent)]
    Unfinished(Box<FetchError>),
    /// It was redirected in circles, or to where nothing can be fetched.
    #[error("{target} redirects too often, or not to an http or https URL")]
    Redirect {
        /// What was asked for.
        target: String,
    },
}

impl FetchError {
    /// Whether there was no answer at all, not even one that cannot be understood.
    fn is_absence(&self) -> bool {
        match self {
            FetchError::Connection { source, .. } => {
                source.etype() != &ErrorType::InvalidHTTPHeader
            }
            _ => self.is_timeout(),
        }
    }

    /// The word by which it is counted.
    fn outcome(&self) -> Outcome {
        match self {
            FetchError::Busy { .. } => Outcome::Busy,
            _ if self.is_timeout() => Outcome::Timeout,
            FetchError::Connection { source, .. } if is_forbidden(source) => Outcome::Forbidden,
            FetchError::Connection { source, .. } if is_of_connecting(source.etype()) => {
                Outcome::Unreachable
            }
            _ => Outcome::Broken,
        }
    }

    /// Whether time ran out, rather than something being wrong.
    pub fn is_timeout(&self) -> bool {
        match self {
            FetchError::Timeout { .. } => true,
            FetchError::Unfinished(error) => error.is_timeout(),
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

/// An answer whose body is still to be read.
pub struct Opened {
    /// Where it came from, redirects followed.
    pub target: Target,
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Body,
    /// When it was asked for.
    pub since: Instant,
}

/// A body on its way. Dropped before its end, its connection is closed.
pub struct Body {
    session: HttpSession,
    peer: Box<HttpPeer>,
    connector: Arc<Connector>,
    target: String,
    counters: Arc<Counters>,
    _permit: Permit,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A document, which is short and which others wait for.
    Document,
    /// A tarball, which may take its time.
    Tarball,
    /// What the upstream thinks of something, which may take its time, and which no installation waits for.
    Opinion,
}

impl Body {
    /// The next piece; `None` after the last.
    ///
    /// # Errors
    /// When the connection broke, or nothing came for too long: what came is not all.
    pub async fn next(&mut self) -> Result<Option<Bytes>, FetchError> {
        let read = self.session.read_response_body().await;
        match read {
            Ok(piece) => {
                self.counters.fetched(piece.as_ref().map_or(0, Bytes::len));
                Ok(piece)
            }
            Err(source) => {
                self.counters.body_broke();
                let target = self.target.clone();
                Err(FetchError::Connection { target, address: None, source })
            }
        }
    }

    /// Hands the connection back, after the last piece.
    pub async fn release(self) {
        let idle = self.peer.options.idle_timeout;
        self.connector.release_http_session(self.session, &*self.peer, idle).await;
    }

    /// Reads a body nobody wants, if it is short and comes soon, to keep its connection.
    pub async fn discard(self) {
        let _ = tokio::time::timeout(WORTH_WAITING, self.drain()).await;
    }

    async fn drain(mut self) {
        let mut read = 0;
        while let Ok(next) = self.next().await {
            match next {
                Some(piece) => read += piece.len(),
                None => return self.release().await,
            }
            if read > WORTH_DRAINING {
                return;
            }
        }
    }
}

impl Upstream {
    /// Asks for `target` and follows redirects (an issuer's are answers), on behalf of a request that passed the NOPARs in
    /// `via`. The head of an answer may take as long as a whole document.
    ///
    /// # Errors
    /// When there is no answer. Any status is an answer.
    pub async fn open(
        &self,
        target: &Target,
        headers: &[(HeaderName, HeaderValue)],
        via: Option<&str>,
        wanted: Wanted,
    ) -> Result<Opened, FetchError> {
        self.send(target, Message { headers, via, body: None }, wanted).await
    }

    /// The same with any message. One with a body is repeated where a redirect says so (307, 308); other redirects
    /// would have it asked for without its body, and are an answer.
    pub(super) async fn send(
        &self,
        target: &Target,
        message: Message<'_>,
        wanted: Wanted,
    ) -> Result<Opened, FetchError> {
        let mut at = target.clone();
        for _ in 0..=REDIRECTS {
            self.not_held_back(&at)?;
            let mut asking = self.counters.asking();
            let permit = match self.permit(&at, wanted).await {
                Ok(permit) => permit,
                Err(busy) => {
                    asking.ends(busy.outcome());
                    return Err(busy);
                }
            };
            asking.begins();
            let since = Instant::now();
            let after = self.fetch_timeout;
            let late = || FetchError::Timeout { target: at.to_string(), after };
            let opened = tokio::time::timeout(after, self.ask(&at, message, permit)).await;
            let opened = opened.unwrap_or_else(|_| Err(late()));
            let status = opened.as_ref().map(|opened| opened.status.as_u16());
            let answered = status.ok();
            asking.ends(status.map_or_else(FetchError::outcome, Outcome::of_status));
            let is_absent = matches!(&opened, Err(error) if error.is_absence());
            if self.is_own(&at) {
                self.note(answered, is_absent, since.elapsed(), wanted);
            }
            let opened = opened?;
            if opened.status == StatusCode::TOO_MANY_REQUESTS && self.is_of_package(&at) {
                self.pause.wanted(&self.root_text, &opened.headers);
            }
            let is_repeated = message.body.is_some();
            let location = redirect(opened.status, &opened.headers, is_repeated);
            let Some(location) = location.filter(|_| self.follows) else {
                return Ok(opened);
            };
            let Ok(next) = at.redirected(location) else { break };
            opened.body.discard().await;
            at = next;
        }
        Err(FetchError::Redirect { target: target.to_string() })
    }

    /// Whether the upstream has not asked for a pause.
    fn not_held_back(&self, target: &Target) -> Result<(), FetchError> {
        let Some(left) = self.pause.left().filter(|_| self.is_of_package(target)) else {
            return Ok(());
        };
        self.counters.limited(Limited::Upstream);
        Err(FetchError::HeldBack { target: target.to_string(), left })
    }

    /// Notes how a request went. One that cannot answer a question, or thinks about it for too long, has its packages all the
    /// same.
    fn note(&self, answered: Option<u16>, is_absent: bool, took: Duration, wanted: Wanted) {
        let is_opinion = wanted == Wanted::Opinion;
        match answered {
            Some(status) if !is_opinion => self.health.note_answer(status, took),
            Some(_) => self.health.note(true),
            None if is_absent && is_opinion => {}
            None => self.health.note(!is_absent),
        }
    }

    async fn ask(
        &self,
        target: &Target,
        message: Message<'_>,
        permit: Permit,
    ) -> Result<Opened, FetchError> {
        let failed = |source, address| {
            let target = target.to_string();
            FetchError::Connection { target, address, source }
        };
        let broken = |source| failed(source, None);
        let since = Instant::now();
        let (mut attempt, mut tried_anew) = (1, false);
        loop {
            let request = self.request(target, message).map_err(broken)?;
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
                    return Err(failed(error, Some(peer.address().to_string())));
                }
            };
            match exchange(&mut session, &peer, request, message.body).await {
                Ok(header) => {
                    let body = Body {
                        session,
                        peer,
                        connector: Arc::clone(&self.connector),
                        target: target.to_string(),
                        counters: Arc::clone(&self.counters),
                        _permit: permit,
                    };
                    let (status, headers) = (header.status, header.headers.clone());
                    return Ok(Opened { target: target.clone(), status, headers, body, since });
                }
                // The upstream closed an idle connection just as it was taken from the pool, and others
                // with it, perhaps: each try takes one out, and in the end there is a new one.
                Err(error) if reused && was_closed(&error) => {}
                // A new one, closed without a word: once may be an accident on the way.
                Err(error) if !tried_anew && was_closed(&error) => tried_anew = true,
                Err(error) => return Err(broken(error)),
            }
        }
    }
}

/// Whether there was no connection at all.
fn is_of_connecting(kind: &ErrorType) -> bool {
    use ErrorType::*;
    matches!(
        kind,
        ConnectRefused
            | ConnectNoRoute
            | ConnectError
            | ConnectProxyFailure
            | BindError
            | SocketError
            | TLSWantX509Lookup
            | TLSHandshakeFailure
            | HandshakeError
            | InvalidCert
    )
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
    request: RequestHeader,
    body: Option<&Bytes>,
) -> pingora::Result<ResponseHeader> {
    session.set_read_timeout(peer.options.read_timeout);
    session.set_write_timeout(peer.options.write_timeout);
    session.write_request_header(Box::new(request)).await?;
    if let Some(body) = body {
        session.write_request_body(body.clone(), false).await?;
    }
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

/// Where to ask next; of a request that is repeated as it is, only what says so leads anywhere.
fn redirect(status: StatusCode, headers: &HeaderMap, is_repeated: bool) -> Option<&str> {
    let redirects = match status.as_u16() {
        307 | 308 => true,
        301..=303 => !is_repeated,
        _ => false,
    };
    headers.get(header::LOCATION).filter(|_| redirects)?.to_str().ok()
}
