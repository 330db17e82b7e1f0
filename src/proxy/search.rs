//! Searches at upstreams.
//! Knows nothing of what is found.

use super::Door;
use super::behalf::Behalf;
use super::refresh::is_gzip;
use crate::api::{Source, Unsearched};
use crate::document;
use crate::upstream::{FetchError, Upstream};
use bytes::Bytes;
use http::StatusCode;
use http::header::{self, HeaderName, HeaderValue};
use std::sync::Arc;
use std::time::Duration;

/// The longest that anybody waits for an upstream to be searched: hosted packages are known by then.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer in bytes, packed or not. Usual ones, of 250 results, have a quarter of a megabyte.
const LONGEST: u64 = 4 << 20;

impl Door {
    /// The upstreams, in the order in which their results follow each other.
    pub(super) fn sources(&self) -> Vec<Source> {
        let source = |(number, upstream): (usize, Arc<Upstream>)| Source {
            number,
            root: upstream.root().to_owned(),
            is_asked: upstream.is_asked(),
            patience: upstream.fetch_timeout().min(PATIENCE),
        };
        self.upstreams.default_last().into_iter().map(source).collect()
    }

    /// What one of them answers.
    pub(super) async fn search(
        &self,
        source: usize,
        query: &str,
        behalf: &Behalf,
    ) -> Result<Bytes, Unsearched> {
        let failed = |why: &str| Unsearched::Failed(why.to_owned());
        let upstream = self.upstreams.numbered(source);
        let upstream = upstream.ok_or_else(|| failed("another one was put in its place"))?;
        let (target, headers) = (upstream.service(&format!("-/v1/search?{query}")), headers());
        let fetch = upstream.fetch(&target, &headers, behalf.via.as_deref(), LONGEST);
        // The text of an error has the target in it, and that what is searched for: the log is not for that.
        let answer = fetch.await.map_err(|error| {
            failed(match &error {
                error if error.is_timeout() => "it took too long",
                FetchError::Busy { .. } => "there are too many other requests to it",
                FetchError::Unfinished(error) => match **error {
                    FetchError::TooLarge { .. } => "its answer has more than 4 MiB",
                    _ => "its answer broke off",
                },
                _ => "it could not be asked",
            })
        })?;
        match answer.status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND
            | StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::GONE
            | StatusCode::NOT_IMPLEMENTED => return Err(Unsearched::NoSearch),
            StatusCode::BAD_REQUEST
            | StatusCode::URI_TOO_LONG
            | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
            | StatusCode::UNPROCESSABLE_ENTITY => {
                return Err(Unsearched::Refused);
            }
            status => return Err(failed(&format!("it answered {status}"))),
        }
        if !is_gzip(&answer.headers) {
            return Ok(answer.body);
        }
        let turn = document::turn(answer.body.len() as u64, true).await;
        let unpacked = turn.work(move || document::gunzip(&answer.body, LONGEST)).await;
        match unpacked {
            Ok((Ok(unpacked), _room)) => Ok(unpacked.into()),
            _ => Err(failed("its answer could not be unpacked")),
        }
    }
}

fn headers() -> [(HeaderName, HeaderValue); 2] {
    [
        (header::ACCEPT, HeaderValue::from_static("application/json")),
        (header::ACCEPT_ENCODING, HeaderValue::from_static("gzip")),
    ]
}
