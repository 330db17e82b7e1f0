//! Errors as pages: what a client would read as JSON, for a person.
//! Knows nothing of what went wrong but what the answer says.

use super::{Frame, Plain};
use crate::reply::Reply;
use http::StatusCode;
use http::header::{self, HeaderName, HeaderValue};
use serde::Deserialize;

/// What describes a body, which is another one on a page, and what a page says itself.
const OF_BODY: [HeaderName; 3] =
    [header::CONTENT_TYPE, header::CONTENT_ENCODING, header::CACHE_CONTROL];

/// An error as clients read it.
#[derive(Default, Deserialize)]
struct Told {
    #[serde(default)]
    error: String,
    #[serde(default)]
    reason: String,
}

/// The same answer as a page, with the headers that it has; if it is no error, or one already, as it is.
pub fn wrong(frame: Frame<'_>, reply: Reply) -> Reply {
    let is_error = reply.status.is_client_error() || reply.status.is_server_error();
    let is_json = header_of(&reply, &header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    if !is_error || !is_json {
        return reply;
    }
    let told: Told = serde_json::from_slice(&reply.body).unwrap_or_default();
    let text = sentence(reply.status, &told);
    let page = Plain::new(frame, head(reply.status)).error(&text);
    let mut page = page
        .link("/", "Home")
        .link("/-/packages/all", "All packages held here")
        .reply(reply.status);
    let kept = reply.headers.into_iter().filter(|(name, _)| !OF_BODY.contains(name));
    page.headers.extend(kept);
    page
}

fn header_of<'a>(reply: &'a Reply, name: &HeaderName) -> Option<&'a HeaderValue> {
    reply.headers.iter().find(|(one, _)| one == name).map(|(_, value)| value)
}

/// What a status means, in words.
fn head(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "That address or request makes no sense here",
        401 => "You have to sign in for that",
        403 => "You may not do that",
        404 => "There is no such thing here",
        405 => "That cannot be done here",
        409 => "That does not fit what is there",
        413 => "That is too large",
        429 => "Too many tries",
        502..=504 => "The upstream registry does not answer as it should",
        507 => "The registry's disk is full",
        500.. => "Something went wrong in this registry",
        _ => "That did not work",
    }
}

/// What is told of it. CouchDB's words, which clients look for, say little to a person.
fn sentence(status: StatusCode, told: &Told) -> String {
    match told.error.as_str() {
        "" => status.to_string(),
        "not_found" if told.reason == "document not found" => {
            "No package of this name is here, or none that you may see.".to_owned()
        }
        "not_found" => format!("Not found: {}.", told.reason),
        error => error.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame<'static> {
        Frame::new("http://npm.example")
    }

    #[test]
    fn an_error_is_a_page_of_the_same_status_and_headers() {
        let error = Reply::error(StatusCode::METHOD_NOT_ALLOWED, "no <b>way</b>", "why")
            .with(header::ALLOW, "GET, HEAD")
            .with(header::CONTENT_TYPE, "application/json");
        let page = wrong(frame(), error);
        assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(header_of(&page, &header::ALLOW).unwrap(), "GET, HEAD");
        assert_eq!(header_of(&page, &header::CONTENT_TYPE).unwrap(), "text/html; charset=utf-8");
        assert_eq!(header_of(&page, &header::CACHE_CONTROL).unwrap(), "no-store");
        let types = page.headers.iter().filter(|(name, _)| name == header::CONTENT_TYPE);
        assert_eq!(types.count(), 1);
        let text = String::from_utf8(page.body.to_vec()).unwrap();
        assert!(
            text.contains("no &#60;b&#62;way&#60;/b&#62;") && !text.contains("<b>way"),
            "{text}"
        );
        assert!(text.contains(r#"role="alert""#));
    }

    #[test]
    fn what_is_no_error_or_no_json_stays_as_it_is() {
        let ok = Reply::json(StatusCode::OK, &serde_json::json!({"ok": true}));
        let text = Reply::text(StatusCode::NOT_FOUND, "text/plain", "gone");
        for reply in [ok, text] {
            let same = wrong(frame(), reply.clone());
            assert_eq!(
                (same.status, same.headers, same.body),
                (reply.status, reply.headers, reply.body)
            );
        }
    }

    #[test]
    fn words_for_programs_are_said_in_words_for_people() {
        for (error, reason, expected) in [
            ("not_found", "document not found", "No package of this name is here"),
            ("not_found", "no such endpoint", "Not found: no such endpoint."),
            ("the upstream is slow", "upstream_slow", "the upstream is slow"),
            ("", "", "404 Not Found"),
        ] {
            let page = wrong(frame(), Reply::error(StatusCode::NOT_FOUND, error, reason));
            let text = String::from_utf8(page.body.to_vec()).unwrap();
            assert!(text.contains(expected), "{text}");
        }
        let odd = Reply::text(StatusCode::BAD_GATEWAY, "application/json", "{");
        assert_eq!(wrong(frame(), odd).status, StatusCode::BAD_GATEWAY);
    }
}
