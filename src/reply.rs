//! An answer as a value: status, headers, body.
//! Knows nothing of why, and nothing of connections.

use bytes::Bytes;
use http::StatusCode;
use http::header::{self, HeaderName, HeaderValue};
use serde_json::{Map, Value};

/// An answer NOPAR makes itself.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers, without Content-Length.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Its body.
    pub body: Bytes,
}

impl Reply {
    /// A JSON body.
    pub fn json(status: StatusCode, body: &Value) -> Reply {
        Reply::text(status, "application/json", body.to_string())
    }

    /// A body of another type.
    pub fn text(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Reply {
        let content_type = HeaderValue::from_static(content_type);
        Reply { status, headers: vec![(header::CONTENT_TYPE, content_type)], body: body.into() }
    }

    /// An error as clients read it. npm prints `error`; CouchDB's clients read `reason`.
    pub fn error(status: StatusCode, error: &str, reason: &str) -> Reply {
        let mut body = Map::new();
        body.insert("error".to_owned(), error.into());
        body.insert("reason".to_owned(), reason.into());
        Reply::json(status, &Value::Object(body)).with(header::CACHE_CONTROL, "no-cache")
    }

    /// The same with another header; a value that cannot be sent is left out.
    pub fn with(mut self, name: HeaderName, value: impl AsRef<str>) -> Reply {
        if let Ok(value) = HeaderValue::from_str(value.as_ref()) {
            self.headers.push((name, value));
        }
        self
    }
}
