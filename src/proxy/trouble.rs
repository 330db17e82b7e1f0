//! Why an answer is a 5xx, in a word, for the line of its request.
//! Knows nothing of the line.

use super::carried::{self, Carried, carried};
use crate::reply::Reply;
use http::StatusCode;
use pingora_proxy::Session;
use serde::Deserialize;

/// The longest that is a word.
const LONGEST: usize = 64;

/// The word, once an answer has one.
#[derive(Default)]
struct Trouble(Option<String>);

impl Carried for Trouble {}

/// What an error says of itself.
#[derive(Default, Deserialize)]
struct Told {
    #[serde(default)]
    reason: String,
}

/// Has each request carry it.
pub(super) fn module() -> pingora::modules::http::ModuleBuilder {
    carried::builder::<Trouble>()
}

/// Notes why this answer is what it is, if it is a 5xx.
pub(super) fn note(session: &mut Session, reply: &Reply) {
    if reply.status.is_server_error() {
        carried::settle(session, Trouble(Some(word(reply))));
    }
}

/// What was noted.
pub(super) fn of(session: &Session) -> Option<&str> {
    carried::<Trouble>(session)?.0.as_deref()
}

/// The reason that the answer gives, if that is a word; else what its status is called.
fn word(reply: &Reply) -> String {
    let told: Told = serde_json::from_slice(&reply.body).unwrap_or_default();
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let is_word = (1..=LONGEST).contains(&told.reason.len()) && told.reason.bytes().all(is_letter);
    if is_word { told.reason } else { called(reply.status) }
}

/// `service_unavailable`.
fn called(status: StatusCode) -> String {
    let name = status.canonical_reason().unwrap_or("server error");
    name.to_ascii_lowercase().replace([' ', '-'], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_a_word_whatever_its_body_is() {
        let [bad, down] = [StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE];
        for (reply, expected) in [
            (Reply::error(bad, "a sentence", "upstream_unreachable"), "upstream_unreachable"),
            (Reply::error(bad, "a sentence", "upstream_status_500"), "upstream_status_500"),
            (Reply::error(down, "a sentence", "the disk is full"), "service_unavailable"),
            (Reply::error(down, "a sentence", ""), "service_unavailable"),
            (Reply::text(bad, "text/plain", "no JSON"), "bad_gateway"),
            (Reply::text(bad, "application/json", "{\"reason\": \"a b\"}"), "bad_gateway"),
        ] {
            assert_eq!(word(&reply), expected);
        }
    }
}
