//! The way to a TLS upstream through a corporate proxy: CONNECT (RFC 9110 §9.3.6).
//! Knows nothing of what goes through the tunnel; Pingora speaks TLS in it.

use super::resolve::Resolver;
use super::target::Target;
use async_trait::async_trait;
use http::HeaderValue;
use pingora::connectors::L4Connect;
use pingora::protocols::l4::socket::SocketAddr;
use pingora::protocols::l4::stream::Stream;
use pingora::{Error, ErrorType, OrErr, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A proxy's answer to CONNECT that is longer than this is no answer to CONNECT.
const LONGEST_ANSWER: usize = 16 * 1024;

/// Opens tunnels through one proxy to one host.
#[derive(Debug)]
pub(super) struct Tunnel {
    pub(super) resolver: Arc<Resolver>,
    pub(super) proxy: Target,
    pub(super) authorization: Option<HeaderValue>,
    /// Host and port behind the proxy.
    pub(super) to: String,
    pub(super) timeout: Duration,
}

#[async_trait]
impl L4Connect for Tunnel {
    async fn connect(&self, _addr: &SocketAddr) -> Result<Stream> {
        match tokio::time::timeout(self.timeout, self.open()).await {
            Ok(opened) => opened.map(Stream::from),
            Err(_) => Error::e_explain(ErrorType::ConnectTimedout, self.describe("did not answer")),
        }
    }
}

impl Tunnel {
    async fn open(&self) -> Result<TcpStream> {
        let address = self.resolver.address(&self.proxy.host, self.proxy.port).await?;
        let failed = || self.describe("could not be reached");
        let connected = TcpStream::connect(address).await;
        if connected.is_err() {
            self.resolver.failed(&self.proxy.host, self.proxy.port, address);
        }
        let mut stream = connected.or_err_with(ErrorType::ConnectError, failed)?;
        stream.set_nodelay(true).or_err_with(ErrorType::ConnectError, failed)?;
        let request = self.request();
        stream.write_all(&request).await.or_err_with(ErrorType::ConnectProxyFailure, failed)?;
        let status = self.status(&mut stream).await?;
        if !(200..300).contains(&status) {
            let refused = self.describe(&format!("answered CONNECT with {status}"));
            return Error::e_explain(ErrorType::ConnectProxyFailure, refused);
        }
        Ok(stream)
    }

    fn request(&self) -> Vec<u8> {
        let mut request = format!("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", self.to).into_bytes();
        if let Some(authorization) = &self.authorization {
            request.extend_from_slice(b"Proxy-Authorization: ");
            request.extend_from_slice(authorization.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        request
    }

    /// Reads the answer's head, byte by byte: what follows it belongs to the tunnel.
    async fn status(&self, stream: &mut TcpStream) -> Result<u16> {
        let mut head = Vec::with_capacity(256);
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() == LONGEST_ANSWER {
                let long = self.describe("answered CONNECT with an endless head");
                return Error::e_explain(ErrorType::ConnectProxyFailure, long);
            }
            let byte = stream.read_u8().await;
            head.push(byte.or_err_with(ErrorType::ConnectProxyFailure, || {
                self.describe("closed the connection before it answered CONNECT")
            })?);
        }
        let line = String::from_utf8_lossy(&head);
        let status = line.split(' ').nth(1).and_then(|status| status.get(..3)?.parse().ok());
        status.ok_or_else(|| {
            let odd = self.describe("did not answer CONNECT as a proxy does");
            Error::explain(ErrorType::ConnectProxyFailure, odd)
        })
    }

    fn describe(&self, what: &str) -> String {
        format!("the proxy {} {what} (on the way to {})", self.proxy.authority(), self.to)
    }
}
