//! Pages that are packed on their way.
//! Knows nothing of what is on them.
//!
//! Only those without a form that changes anything: how long a packed page is tells of what on it is alike, and the secret
//! of a form must not be guessed by that (BREACH).

use super::{Ui, Visit};
use crate::negotiate::Encoding;
use crate::reply::Reply;
use crate::route::Route;
use crate::web;
use flate2::Compression;
use http::header;

/// What is shorter fits into two packets anyway.
const SHORTEST: usize = 2048;

impl Ui {
    /// A page as it is sent to who looks.
    pub(super) async fn packed(&self, visit: &Visit<'_>, reply: Reply) -> Reply {
        let is_plain = reply.headers.iter().all(|(name, _)| name != header::CONTENT_ENCODING);
        let is_long = reply.body.len() >= SHORTEST;
        if visit.encoding != Encoding::Gzip || !may_be_packed(visit.route) || !is_long || !is_plain
        {
            return reply;
        }
        let body = reply.body.clone();
        // As fast as it goes: a page is sent once.
        match self.aside.run(move || web::packed(&body, Compression::fast())).await {
            Ok(Some(body)) => Reply { body, ..reply }.with(header::CONTENT_ENCODING, "gzip"),
            // It is good as it is.
            _ => reply,
        }
    }
}

/// Whether a page has no secret on it.
fn may_be_packed(route: &Route) -> bool {
    matches!(
        route,
        Route::Root | Route::Packages { .. } | Route::PackagePage { .. } | Route::Files { .. }
    )
}
