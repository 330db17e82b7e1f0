//! A request as a value, with nothing added that was not asked for but Host and Content-Length.
//! Knows nothing of answers.

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;

use super::connection::Connection;
use super::response::{NoResponse, Response};

/// One request to one address.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    addr: SocketAddr,
    /// Where it comes from; `None`: as the system likes.
    from: Option<IpAddr>,
    method: String,
    target: String,
    version: &'static str,
    /// `None` until chosen: then the address.
    host: Option<Vec<Vec<u8>>>,
    headers: Vec<(String, Vec<u8>)>,
    body: Option<Bytes>,
}

impl Request {
    /// Any method and target, sent as they are.
    pub(crate) fn new(addr: SocketAddr, method: &str, target: &str) -> Self {
        Self {
            addr,
            from: None,
            method: method.to_owned(),
            target: target.to_owned(),
            version: "HTTP/1.1",
            host: None,
            headers: Vec::new(),
            body: None,
        }
    }

    /// A GET.
    pub(crate) fn get(addr: SocketAddr, target: &str) -> Self {
        Self::new(addr, "GET", target)
    }

    /// Another method.
    pub(crate) fn method(mut self, method: &str) -> Self {
        self.method = method.to_owned();
        self
    }

    /// Adds a header line; doubles are kept. Values need not be text.
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Another Host than the address. Twice makes two lines.
    pub(crate) fn host(mut self, host: impl AsRef<[u8]>) -> Self {
        let hosts = self.host.get_or_insert_default();
        hosts.push(host.as_ref().to_vec());
        self
    }

    /// No Host line.
    pub(crate) fn without_host(mut self) -> Self {
        self.host = Some(Vec::new());
        self
    }

    /// From this address of the machine, if it has a connection of its own.
    pub(crate) fn from(mut self, address: IpAddr) -> Self {
        self.from = Some(address);
        self
    }

    /// HTTP/1.0.
    pub(crate) fn http10(mut self) -> Self {
        self.version = "HTTP/1.0";
        self
    }

    /// A body, with its Content-Length unless that or Transfer-Encoding was given by hand.
    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sends it over a connection of its own; fails the test when no head comes back.
    ///
    /// A spoilt body does not: see [`Response::complete`].
    #[track_caller]
    pub(crate) fn send(self) -> impl Future<Output = Response> + Send {
        let caller = std::panic::Location::caller();
        async move {
            let what = format!("{} {}", self.method, self.target);
            match self.try_send().await {
                Ok(response) => response,
                Err(error) => panic!("{what}: {error} (sent at {caller})"),
            }
        }
    }

    /// Sends it over a connection of its own.
    pub(crate) async fn try_send(self) -> Result<Response, NoResponse> {
        let mut connection = match self.from {
            Some(address) => Connection::open_from(self.addr, address).await?,
            None => Connection::open(self.addr).await?,
        };
        connection.send(&self).await?;
        connection.receive().await
    }

    pub(super) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    /// The bytes that go out.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = format!("{} {} {}\r\n", self.method, self.target, self.version).into_bytes();
        let mut line = |name: &str, value: &[u8]| {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value);
            out.extend_from_slice(b"\r\n");
        };
        match &self.host {
            Some(hosts) => hosts.iter().for_each(|host| line("Host", host)),
            None => line("Host", self.addr.to_string().as_bytes()),
        }
        for (name, value) in &self.headers {
            line(name, value);
        }
        if let (Some(body), false) = (&self.body, self.states_length()) {
            line("Content-Length", body.len().to_string().as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(self.body.as_deref().unwrap_or_default());
        out
    }

    fn states_length(&self) -> bool {
        let stated = |name: &str| {
            name.eq_ignore_ascii_case("content-length")
                || name.eq_ignore_ascii_case("transfer-encoding")
        };
        self.headers.iter().any(|(name, _)| stated(name))
    }
}
