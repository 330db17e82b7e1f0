//! A fake forward proxy: CONNECT tunnels and absolute-form requests, written down and passed on.
//! Knows nothing of registries and of TLS.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncWriteExt, BufReader, copy, copy_bidirectional};
use tokio::net::TcpStream;

use super::server::{Port, Server};
use super::upstream::{Log, Seen};
use super::wire::{BodyReader, Framing, RequestHead, read_request_head};

#[derive(Default)]
struct Policy {
    /// What Proxy-Authorization must be, if anything.
    credentials: Option<String>,
    /// `host:port` as asked for → where it really is.
    places: HashMap<String, SocketAddr>,
}

struct State {
    policy: Mutex<Policy>,
    log: Log,
}

/// A forward proxy on a port of 127.0.0.1, until it is dropped.
///
/// Its log holds each request as it came: `CONNECT host:port`, or `GET http://host:port/path`.
pub(crate) struct FakeProxy {
    state: Arc<State>,
    server: Server,
}

impl FakeProxy {
    /// A proxy that lets everybody through.
    pub(crate) async fn start() -> Self {
        let state = Arc::new(State { policy: Mutex::default(), log: Log::new() });
        let shared = Arc::clone(&state);
        let serve = move |stream, number| {
            let state = Arc::clone(&shared);
            async move {
                // Whoever hangs up first ends it; the tests look at the log.
                let _ = serve(&state, stream, number).await;
            }
        };
        let server = Server::start(Port::reserve(), serve).await;
        Self { state, server }
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr())
    }

    /// Where it listens.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// Answers 407 unless Proxy-Authorization is exactly this (`Basic …`).
    pub(crate) fn demand(&self, credentials: &str) {
        self.state.policy.lock().credentials = Some(credentials.to_owned());
    }

    /// Takes `place` (`registry.example:80`) to be at `addr`.
    pub(crate) fn place(&self, place: &str, addr: SocketAddr) {
        let places = &mut self.state.policy.lock().places;
        places.insert(place.to_owned(), addr);
    }

    /// Everything it was asked; `path` is the CONNECT target or the absolute URL.
    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.state.log.all()
    }

    /// How many requests there were.
    pub(crate) fn count_all(&self) -> usize {
        self.state.log.count_all()
    }

    /// Forgets the requests so far.
    pub(crate) fn clear(&self) {
        self.state.log.clear();
    }

    /// Goes down: connections are cut, new ones refused.
    pub(crate) async fn stop(&self) {
        self.server.close().await;
    }
}

async fn serve(state: &State, stream: TcpStream, connection: usize) -> io::Result<()> {
    let mut down = BufReader::new(stream);
    let Some(head) = read_request_head(&mut down).await? else {
        return Ok(());
    };
    let body = read_body(&head, &mut down).await?;
    state.log.push(Seen {
        method: head.method.clone(),
        path: head.target.clone(),
        headers: head.headers.clone(),
        body: body.clone(),
        connection,
    });
    let demanded = state.policy.lock().credentials.clone();
    let offered = head.headers.get("proxy-authorization");
    if demanded.is_some() && demanded.as_deref() != offered {
        let challenge = "Proxy-Authenticate: Basic realm=\"fake\"\r\n";
        return refuse(&mut down, "407 Proxy Authentication Required", challenge).await;
    }
    if head.method == "CONNECT" {
        return tunnel(state, &head.target, &mut down).await;
    }
    let Some((place, path)) = parts(&head.target) else {
        return refuse(&mut down, "400 Not absolute", "").await;
    };
    let Some(mut up) = connect(state, &place).await else {
        return refuse(&mut down, "502 Unreachable", "").await;
    };
    up.write_all(&passed_on(&head, &path, &body)).await?;
    copy(&mut up, &mut down).await?;
    down.shutdown().await
}

async fn read_body(head: &RequestHead, down: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let framing = Framing::of_request(head).map_err(io::Error::other)?;
    let mut reader = BodyReader::new(framing);
    let mut body = Vec::new();
    while let Some(piece) = reader.next(down).await.map_err(io::Error::other)? {
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

async fn tunnel(state: &State, place: &str, down: &mut BufReader<TcpStream>) -> io::Result<()> {
    let Some(mut up) = connect(state, place).await else {
        return refuse(down, "502 Unreachable", "").await;
    };
    down.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    copy_bidirectional(down, &mut up).await?;
    Ok(())
}

async fn connect(state: &State, place: &str) -> Option<TcpStream> {
    let known = state.policy.lock().places.get(place).copied();
    // Only addresses and known places: a fake asks no name server.
    let addr = known.or_else(|| place.parse().ok())?;
    TcpStream::connect(addr).await.ok()
}

async fn refuse(down: &mut BufReader<TcpStream>, status: &str, line: &str) -> io::Result<()> {
    let head = format!("HTTP/1.1 {status}\r\n{line}Content-Length: 0\r\nConnection: close\r\n\r\n");
    down.write_all(head.as_bytes()).await?;
    down.shutdown().await
}

/// `http://host:port/path` → (`host:port`, `/path`).
fn parts(target: &str) -> Option<(String, String)> {
    let rest = target.strip_prefix("http://")?;
    let slash = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at(slash);
    let has_port = host.rsplit(':').next().is_some_and(|p| p.parse::<u16>().is_ok());
    let place = if has_port { host.to_owned() } else { format!("{host}:80") };
    let path = if path.is_empty() { "/" } else { path };
    Some((place, path.to_owned()))
}

/// The request in origin form, freed of what concerned the proxy; the connection ends after it,
/// so that the answer can be copied without being understood.
fn passed_on(head: &RequestHead, path: &str, body: &[u8]) -> Vec<u8> {
    let mut headers = head.headers.clone();
    for name in ["proxy-authorization", "proxy-connection", "transfer-encoding"] {
        headers.remove(name);
    }
    headers.set("Connection", "close");
    if !body.is_empty() {
        headers.set("Content-Length", &body.len().to_string());
    }
    let mut out = format!("{} {path} HTTP/1.1\r\n", head.method).into_bytes();
    headers.write_to(&mut out);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
    out
}
