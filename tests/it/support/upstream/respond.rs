//! The right answer to a request: catalogue and manners.
//! Knows nothing of faults and sockets.

use serde_json::json;

use super::State;
use super::answer::Answer;
use super::catalogue::Rendered;
use super::manners::{Etag, Manners};
use super::pattern;
use crate::support::headers::Headers;
use crate::support::wire::RequestHead;

const INSTALL_FORM: &str = "application/vnd.npm.install-v1+json";

/// What a good registry would say.
pub(super) fn respond(state: &State, head: &RequestHead) -> Answer {
    let (path, query) = pattern::split(&head.target);
    let below = path.strip_prefix(&state.mount);
    let Some(path) = below.filter(|path| path.starts_with('/')) else {
        return not_found();
    };
    // A question finds what lies at its path, whatever it asks.
    if !matches!(head.method.as_str(), "GET" | "HEAD" | "POST") {
        return not_found();
    }
    let with_query = match &query {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let manners = state.manners.lock().clone();
    if let Some(bytes) = state.catalogue.lock().file(&with_query) {
        return file(&manners, &Rendered::new(bytes), &head.headers);
    }
    if head.method == "POST" {
        return not_found();
    }
    let name = path.strip_prefix('/').unwrap_or(path);
    packument(state, name, &head.headers).unwrap_or_else(not_found)
}

/// The packument of `name` as this caller wants it, if there is one.
pub(super) fn packument(state: &State, name: &str, asked: &Headers) -> Option<Answer> {
    let manners = state.manners.lock().clone();
    let short = manners.abbreviated && asked.lists("accept", INSTALL_FORM);
    let rendered = state.catalogue.lock().packument(name, short)?;
    Some(document(&manners, short, &rendered, asked))
}

fn document(manners: &Manners, short: bool, rendered: &Rendered, asked: &Headers) -> Answer {
    let mut headers = Headers::default();
    headers.push("Vary", "Accept, Accept-Encoding");
    if let Some(moment) = &manners.last_modified {
        headers.push("Last-Modified", moment);
    }
    for (name, value) in &manners.document_headers {
        headers.push(name, value);
    }
    if unchanged(manners, rendered, asked, &mut headers) {
        return answer(304, headers);
    }
    let kind = if short { INSTALL_FORM } else { "application/json" };
    headers.push("Content-Type", kind);
    if manners.gzip && asked.lists("accept-encoding", "gzip") {
        headers.push("Content-Encoding", "gzip");
        return answer(200, headers).body(rendered.gzip());
    }
    answer(200, headers).body(rendered.bytes.clone())
}

fn file(manners: &Manners, rendered: &Rendered, asked: &Headers) -> Answer {
    let mut headers = Headers::default();
    for (name, value) in &manners.file_headers {
        headers.push(name, value);
    }
    if unchanged(manners, rendered, asked, &mut headers) {
        return answer(304, headers);
    }
    headers.push("Content-Type", "application/octet-stream");
    answer(200, headers).body(rendered.bytes.clone())
}

/// Adds the ETag, and tells whether the caller has this content already.
fn unchanged(manners: &Manners, now: &Rendered, asked: &Headers, headers: &mut Headers) -> bool {
    match manners.etag {
        Etag::Strong => headers.push("ETag", &now.etag),
        Etag::Weak => headers.push("ETag", &format!("W/{}", now.etag)),
        Etag::Absent => {}
    }
    // RFC 9110, 13.1.3: If-Modified-Since is ignored beside If-None-Match.
    if asked.has("if-none-match") {
        let mut tags = asked.all("if-none-match").flat_map(|v| v.split(','));
        return manners.etag != Etag::Absent
            && tags.any(|tag| {
                let tag = tag.trim();
                tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == now.etag
            });
    }
    let since = asked.get("if-modified-since");
    since.is_some() && since == headers.get("last-modified")
}

fn answer(status: u16, headers: Headers) -> Answer {
    Answer { headers, ..Answer::new(status) }
}

pub(super) fn not_found() -> Answer {
    Answer::json(404, &json!({"error": "Not found"}))
}
