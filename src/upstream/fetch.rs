//! Whole documents from an upstream, in memory, bounded.
//! Knows nothing of what is in them.

use super::open::{FetchError, Opened, Wanted};
use super::room::Room;
use super::{Target, Upstream};
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http::header::{HeaderMap, HeaderName, HeaderValue};

/// What an upstream answered.
#[derive(Debug)]
pub struct Answer {
    /// Its status; redirects have been followed.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as sent (see `Content-Encoding`); empty but for a 200.
    pub body: Bytes,
    /// Keeps its place among the documents in memory, until it is dropped.
    pub room: Option<Room>,
}

impl Upstream {
    /// Fetches a whole document of at most `limit` bytes as sent, on behalf of a request that passed
    /// the NOPARs in `via`.
    ///
    /// # Errors
    /// When the upstream gives no complete answer in time. Any status is an answer.
    pub async fn fetch(
        &self,
        target: &Target,
        headers: &[(HeaderName, HeaderValue)],
        via: Option<&str>,
        limit: u64,
    ) -> Result<Answer, FetchError> {
        let opened = self.open(target, headers, via, Wanted::Document).await?;
        self.whole(target, opened, limit).await
    }

    /// All of the answer to a request for `target`, which has begun.
    pub(super) async fn whole(
        &self,
        target: &Target,
        opened: Opened,
        limit: u64,
    ) -> Result<Answer, FetchError> {
        if opened.status != StatusCode::OK {
            // What it says beside its status is for nobody.
            let Opened { status, headers, body, .. } = opened;
            body.discard().await;
            return Ok(Answer { status, headers, body: Bytes::new(), room: None });
        }
        // To wait for room is not the upstream's delay.
        let left = self.fetch_timeout.saturating_sub(opened.since.elapsed());
        let room = Room::before(&opened.headers).await;
        let whole = tokio::time::timeout(left, read_whole(opened, room, limit)).await;
        let whole = whole.unwrap_or_else(|_| {
            let (target, after) = (target.to_string(), self.fetch_timeout);
            Err(FetchError::Timeout { target, after })
        });
        whole.map_err(|error| FetchError::Unfinished(Box::new(error)))
    }
}

async fn read_whole(mut opened: Opened, mut room: Room, limit: u64) -> Result<Answer, FetchError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = room.unless_slow(opened.body.next()).await? {
        if (body.len() + chunk.len()) as u64 > limit {
            return Err(FetchError::TooLarge { target: opened.target.to_string(), limit });
        }
        body.extend_from_slice(&chunk);
    }
    opened.body.release().await;
    let room = Some(room.of(body.len()).await);
    Ok(Answer { status: opened.status, headers: opened.headers, body: body.freeze(), room })
}
