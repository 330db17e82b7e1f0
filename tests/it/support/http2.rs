//! A client that speaks HTTP/2 over TLS: many requests on one connection, each read or dropped at will.
//! Knows nothing of NOPAR; believes in one certificate's authority.

use std::net::SocketAddr;

use bytes::Bytes;
use h2::RecvStream;
use h2::client::{self, SendRequest};
use http::{HeaderMap, Request};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio_rustls::client::TlsStream;

use super::client::gunzip;
use super::deadline::within;
use super::tls::{Certificate, HOST};

/// One connection.
pub(crate) struct Http2 {
    send: SendRequest<Bytes>,
    /// Moves its frames.
    moving: JoinHandle<Result<(), h2::Error>>,
}

/// The head of an answer, and its body on its way.
pub(crate) struct Incoming {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    body: RecvStream,
}

/// A whole answer.
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Http2 {
    /// Connects.
    pub(crate) async fn open(addr: SocketAddr, certificate: &Certificate) -> Self {
        let stream = certificate.connect(addr, &[b"h2", b"http/1.1"]).await;
        Self::over(stream).await
    }

    /// On a stream that leads there.
    pub(crate) async fn over<S>(stream: TlsStream<S>) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
        let shaking = within("an HTTP/2 handshake".to_owned(), client::handshake(stream));
        let (send, connection) = shaking.await.expect("an HTTP/2 connection");
        Self { send, moving: tokio::spawn(connection) }
    }

    /// Sends a request, and waits for the head of its answer.
    pub(crate) async fn begin(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Incoming, h2::Error> {
        let mut request = Request::builder().method(method).uri(format!("https://{HOST}{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(()).expect("a request");
        let what = format!("{method} {path}");
        let asking = async {
            let mut send = self.send.clone().ready().await?;
            send.send_request(request, true)?.0.await
        };
        let (head, body) = within(what, asking).await?.into_parts();
        Ok(Incoming { status: head.status.as_u16(), headers: head.headers, body })
    }

    /// A request and its whole answer.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Received, h2::Error> {
        self.begin(method, path, headers).await?.whole().await
    }

    /// GETs a path; fails the test when there is no whole answer.
    pub(crate) async fn get(&self, path: &str) -> Received {
        let answer = self.ask("GET", path, &[]).await;
        answer.unwrap_or_else(|error| panic!("GET {path}: {error}"))
    }

    /// Waits until the other side has ended the connection; how.
    pub(crate) async fn ended(self) -> Result<(), h2::Error> {
        let Self { send, moving } = self;
        let ended = within("the end of an HTTP/2 connection".to_owned(), moving).await;
        drop(send);
        ended.expect("it does not panic")
    }
}

impl Incoming {
    /// The next piece of the body; the window is opened by as much.
    pub(crate) async fn piece(&mut self) -> Option<Result<Bytes, h2::Error>> {
        let piece = within("more of a body".to_owned(), self.body.data()).await?;
        if let Ok(bytes) = &piece {
            let _ = self.body.flow_control().release_capacity(bytes.len());
        }
        Some(piece)
    }

    /// The rest, to its end.
    pub(crate) async fn whole(mut self) -> Result<Received, h2::Error> {
        let mut body = Vec::new();
        while let Some(piece) = self.piece().await {
            body.extend_from_slice(&piece?);
        }
        Ok(Received { status: self.status, headers: self.headers, body })
    }
}

impl Received {
    /// A header's text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON, unpacked if it is packed.
    pub(crate) fn json(&self) -> Value {
        let packed = self.header("content-encoding") == Some("gzip");
        let text = if packed { gunzip(&self.body) } else { self.body.clone() };
        serde_json::from_slice(&text).expect("JSON")
    }
}
