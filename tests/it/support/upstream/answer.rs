//! An answer as a value: status, headers, body.
//! Knows nothing of sockets, nor of why it is given.

use bytes::Bytes;
use serde_json::Value;

use crate::support::headers::Headers;

/// A whole answer. Content-Length or chunking is added when it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) body: Bytes,
}

impl Answer {
    /// An answer without a body.
    pub(crate) fn new(status: u16) -> Self {
        Self { status, headers: Headers::default(), body: Bytes::new() }
    }

    /// A JSON answer.
    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self::new(status).header("Content-Type", "application/json").body(value.to_string())
    }

    /// Adds a header line.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push(name, value);
        self
    }

    /// Sets the body.
    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Whether this status never has a body.
    pub(super) fn bodiless(&self) -> bool {
        self.status < 200 || matches!(self.status, 204 | 304)
    }
}
