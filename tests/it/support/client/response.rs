//! A response as a value, which knows whether it is whole.
//! Knows nothing of sockets.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::support::headers::Headers;
use crate::support::wire::BodyFault;

/// Why there is no response at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoResponse {
    #[error("no connection: {0:?}")]
    Connect(io::ErrorKind),
    #[error("the connection closed before a response")]
    Closed,
    #[error("the connection broke before a response: {0:?}")]
    Broken(io::ErrorKind),
    #[error("a malformed response head: {0}")]
    BadHead(String),
    #[error("no response head within the deadline")]
    Deadline,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    /// The body, freed of chunking but not of Content-Encoding; as much as came.
    pub(crate) body: Vec<u8>,
    /// Bytes of `body`, that is before gunzip.
    pub(crate) raw_len: usize,
    /// Whether the body came to the end its head promised.
    pub(crate) complete: bool,
    /// Why not, if not.
    pub(crate) fault: Option<BodyFault>,
    /// Bytes already received behind the end: the next pipelined response, or an overlong body.
    pub(crate) surplus: usize,
}

impl Response {
    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// Fails the test unless the status is this and the body whole.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        let body = String::from_utf8_lossy(&self.body[..self.body.len().min(300)]);
        assert_eq!(self.status, status, "{:?} {body}", self.headers);
        self.assert_complete();
        self
    }

    /// The body, gunzipped if the head says gzip; fails the test when it is not whole.
    #[track_caller]
    pub(crate) fn content(&self) -> Vec<u8> {
        self.assert_complete();
        match self.header("content-encoding") {
            None | Some("identity") => self.body.clone(),
            Some("gzip") => gunzip(&self.body),
            Some(other) => panic!("nobody asked for Content-Encoding {other}"),
        }
    }

    /// The content as text.
    #[track_caller]
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.content()).expect("a body in UTF-8")
    }

    /// The content as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let content = self.content();
        serde_json::from_slice(&content).unwrap_or_else(|error| {
            let start = String::from_utf8_lossy(&content[..content.len().min(300)]);
            panic!("a {} whose body is not JSON ({error}): {start}", self.status)
        })
    }

    #[track_caller]
    fn assert_complete(&self) {
        if let Some(fault) = &self.fault {
            let (status, got) = (self.status, self.raw_len);
            panic!("a {status} cut short after {got} bytes: {fault}");
        }
    }
}

/// Decompresses gzip; fails the test when it is broken or has something behind it.
#[track_caller]
pub(crate) fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let read = MultiGzDecoder::new(bytes).read_to_end(&mut out);
    assert!(read.is_ok(), "broken gzip of {} bytes: {read:?}", bytes.len());
    out
}
