//! A listener for who scrapes: one request on each connection, few at once, each in its time.
//! Knows nothing of what it sends but that it is text.

mod silent;
#[cfg(test)]
mod tests;

use self::silent::{Quiet, Silent};
use http::{StatusCode, header};
use httparse::{EMPTY_HEADER, Error, Status};
use log::{error, info, warn};
use std::fmt::Write;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// The one path there is.
const PATH: &str = "/metrics";
/// What the text is (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Room for the head that Prometheus sends.
const USUAL_HEAD: usize = 1 << 10;
/// Longest head in bytes.
const MOST_HEAD: usize = 8 << 10;
/// Most lines in it.
const MOST_LINES: usize = 64;
/// What is read of a body, which nobody wants, so that closing the connection does not destroy the answer before it.
const MOST_BODY: u64 = 64 << 10;
/// How long the system is left alone when it gives no connection, as there are too many open files.
const PAUSE: Duration = Duration::from_millis(100);
const USUAL: Bounds =
    Bounds { connections: 8, head: Duration::from_secs(2), deadline: Duration::from_secs(10) };

/// What it bears.
#[derive(Clone, Copy)]
struct Bounds {
    /// Connections at once; others wait in the system's queue. Where one waits, the oldest that has said nothing leaves.
    connections: usize,
    /// From when a connection is taken to the end of its head.
    head: Duration,
    /// From when a connection is taken to the end of its answer.
    deadline: Duration,
}

/// There is no socket for metrics.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source} (NOPAR_METRICS_LISTEN)")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// One that is there cannot be used.
    #[error("the socket of the metrics cannot be used: {0}")]
    Inherited(#[source] io::Error),
}

/// A socket that is bound, for metrics.
#[derive(Debug)]
pub struct Endpoint {
    listener: TcpListener,
    address: SocketAddr,
}

impl Endpoint {
    /// Binds it; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address is in use, or not this machine's.
    pub fn bind(address: SocketAddr) -> Result<Endpoint, BindError> {
        let bound = TcpListener::bind(address).and_then(Endpoint::on);
        bound.map_err(|source| BindError::Bind { address, source })
    }

    /// Metrics on a socket that is bound already.
    ///
    /// # Errors
    /// When the system knows nothing of it.
    pub fn on(listener: TcpListener) -> io::Result<Endpoint> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Endpoint { listener, address })
    }

    /// Its socket.
    pub fn socket(&self) -> &TcpListener {
        &self.listener
    }

    /// Tells where it is, and warns when others than this machine reach it: metrics know no permissions.
    pub fn tell(&self) {
        let address = self.address;
        info!("metrics at http://{address}{PATH}");
        if !address.ip().is_loopback() {
            warn!(
                "metrics at {address}: everyone who reaches this address may read them (NOPAR_METRICS_LISTEN)"
            );
        }
    }

    /// Answers with what `text` makes, anew for each that asks. Does not end.
    pub async fn serve(self, text: impl Fn() -> String + Send + Sync + 'static) {
        self.serve_within(USUAL, text).await;
    }

    async fn serve_within(self, bounds: Bounds, text: impl Fn() -> String + Send + Sync + 'static) {
        let listener = match tokio::net::TcpListener::from_std(self.listener) {
            Ok(listener) => listener,
            Err(error) => return error!("metrics at {} cannot be served: {error}", self.address),
        };
        let (places, text) = (Arc::new(Semaphore::new(bounds.connections)), Arc::new(text));
        let silent = Silent::default();
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            if places.available_permits() == 0 {
                silent.dismiss_oldest();
            }
            // The semaphore is never closed.
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let (text, quiet) = (Arc::clone(&text), silent.enter());
            tokio::spawn(async move {
                let _place = place;
                // Who is late, or leaves, gets nothing more, and is told of to nobody: the next scrape comes by itself.
                let answering = answer(stream, quiet, bounds.head, &*text);
                let _ = tokio::time::timeout(bounds.deadline, answering).await;
            });
        }
    }
}

/// Reads a request, answers it, and ends the connection.
async fn answer(
    mut stream: TcpStream,
    quiet: Quiet,
    patience: Duration,
    text: &(dyn Fn() -> String + Sync),
) -> io::Result<()> {
    let asked = tokio::time::timeout(patience, asked(&mut stream, quiet, text)).await;
    let Some(answer) = asked.map_err(|_| io::ErrorKind::TimedOut)?? else { return Ok(()) };
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    tokio::io::copy(&mut stream.take(MOST_BODY), &mut tokio::io::sink()).await.map(drop)
}

/// Reads a head; the answer to it. `None` if there is none, or another needs the place before anything was said.
async fn asked(
    stream: &mut TcpStream,
    quiet: Quiet,
    text: &(dyn Fn() -> String + Sync),
) -> io::Result<Option<String>> {
    let mut head = Vec::with_capacity(USUAL_HEAD);
    let mut read = tokio::select! {
        // First: who has just said something stays.
        biased;
        read = stream.read_buf(&mut head) => read?,
        () = quiet.dismissed() => return Ok(None),
    };
    drop(quiet);
    while read > 0 {
        if let Some(answer) = answer_to(&head, text) {
            return Ok(Some(answer));
        }
        // A read takes what there is room for, which is never more than twice the longest head.
        read = stream.read_buf(&mut head).await?;
    }
    Ok(None)
}

/// The answer to what came of a head, once that can be said.
fn answer_to(head: &[u8], text: &dyn Fn() -> String) -> Option<String> {
    let mut lines = [EMPTY_HEADER; MOST_LINES];
    let mut request = httparse::Request::new(&mut lines);
    Some(match request.parse(head) {
        Ok(Status::Complete(_)) => {
            let (method, target) = (request.method?, request.path?);
            let with_body = method != "HEAD";
            match (target.split('?').next(), method) {
                (Some(PATH), "GET" | "HEAD") => written(StatusCode::OK, "", &text(), with_body),
                (Some(PATH), _) => {
                    refused(StatusCode::METHOD_NOT_ALLOWED, "Allow: GET, HEAD\r\n", true)
                }
                _ => refused(StatusCode::NOT_FOUND, "", with_body),
            }
        }
        Ok(Status::Partial) if head.len() < MOST_HEAD => return None,
        Ok(Status::Partial) | Err(Error::TooManyHeaders) => {
            refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "", true)
        }
        Err(_) => refused(StatusCode::BAD_REQUEST, "", true),
    })
}

/// An answer that says what is wrong by its status.
fn refused(status: StatusCode, more: &str, with_body: bool) -> String {
    let reason = status.canonical_reason().unwrap_or_default();
    written(status, more, &format!("{reason}: metrics are at {PATH}\n"), with_body)
}

/// An answer as it is sent; `more` are whole lines of its head.
fn written(status: StatusCode, more: &str, body: &str, with_body: bool) -> String {
    let mut out = String::with_capacity(512 + body.len());
    let (code, reason) = (status.as_str(), status.canonical_reason().unwrap_or_default());
    let date = httpdate::fmt_http_date(SystemTime::now());
    let len = body.len();
    write!(out, "HTTP/1.1 {code} {reason}\r\nDate: {date}\r\n").expect("a String takes all");
    for (name, value) in [
        (header::CONTENT_TYPE, CONTENT_TYPE),
        (header::CONTENT_LENGTH, &len.to_string()),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONNECTION, "close"),
    ] {
        write!(out, "{name}: {value}\r\n").expect("a String takes all");
    }
    out.push_str(more);
    out.push_str("\r\n");
    if with_body {
        out.push_str(body);
    }
    out
}
