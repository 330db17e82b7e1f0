//! Questions to an upstream that are too long for a path: asked by POST, and answered in JSON.
//! Knows nothing of what is asked. All of it reads: asked twice, it is answered twice, and nothing is done.

use super::open::{FetchError, Wanted};
use super::{Answer, Message, Target, Upstream};
use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};

/// What is sent with a question.
const HEADERS: [(HeaderName, HeaderValue); 2] = [
    (header::ACCEPT, HeaderValue::from_static("application/json")),
    (header::ACCEPT_ENCODING, HeaderValue::from_static("gzip")),
];

impl Upstream {
    /// Asks `target` for what `question`, a JSON text, says, on behalf of a request that passed the NOPARs in `via`. The
    /// answer may have `limit` bytes as sent.
    ///
    /// # Errors
    /// When the upstream gives no complete answer in time. Any status is an answer, also one that redirects to where
    /// nobody could ask the same.
    pub async fn post(
        &self,
        target: &Target,
        question: &Bytes,
        via: Option<&str>,
        limit: u64,
    ) -> Result<Answer, FetchError> {
        let message = Message { headers: &HEADERS, via, body: Some(question) };
        let opened = self.send(target, message, Wanted::Opinion).await?;
        self.whole(target, opened, limit).await
    }
}
