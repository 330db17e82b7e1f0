//! What pages have done: the endpoints do it, as for a client, by the same rules and with the same lines on the trail.
//! Knows nothing of what any endpoint does.

use super::csrf;
use super::form::Form;
use super::{Ui, Visit};
use crate::access::Secrets;
use crate::api::{Answer, Body, Call, Notes, Refusal, on_page};
use crate::reply::Reply;
use crate::route::Route;
use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, StatusCode, header};
use serde_json::Value;
use tokio::sync::OnceCell;

/// Why a form was not looked at.
const STRAY: &str = "this form was not made for you by this registry, or before it was started again, and nothing was \
                     done: load its page again, and send it from there";

/// Why something was not done, as an endpoint says it.
pub(super) struct Undone {
    pub(super) status: StatusCode,
    pub(super) error: String,
    pub(super) reason: String,
    retry_after: Option<String>,
}

impl Undone {
    /// Whether a code of a second factor would help.
    pub(super) fn needs_code(&self) -> bool {
        self.reason == "otp_required"
    }

    /// A page that tells it, with what programs are told of it.
    pub(super) fn dress(&self, page: Reply) -> Reply {
        on_page(page, self.status, self.retry_after.as_deref())
    }

    fn of(reply: &Reply) -> Undone {
        let told: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let text = |key: &str| told[key].as_str().unwrap_or_default().to_owned();
        let (mut error, reason) = (text("error"), text("reason"));
        if error == "not_found" {
            error = reason.clone();
        }
        let after = reply.headers.iter().find(|(name, _)| *name == header::RETRY_AFTER);
        let after = after.and_then(|(_, value)| value.to_str().ok()).map(str::to_owned);
        Undone { status: reply.status, error, reason, retry_after: after }
    }
}

impl From<Refusal> for Undone {
    fn from(refusal: Refusal) -> Undone {
        Undone::of(&refusal.reply())
    }
}

impl Ui {
    /// The form that was sent, if it was sent from a page that was made for who sends it.
    ///
    /// # Errors
    /// What they hear else.
    pub(super) async fn form(&self, visit: &Visit<'_>, body: &mut dyn Body) -> Result<Form, Reply> {
        let form = self.api.form(body).await.map_err(|refusal| refusal.reply())?;
        let form = Form::parse(&form);
        if self.csrf.is(form.get(csrf::FIELD), visit.session, visit.from) {
            return Ok(form);
        }
        Err(Reply::error(StatusCode::FORBIDDEN, STRAY, "csrf"))
    }

    /// What forms on a page hold, so that they are known again.
    pub(super) fn csrf(&self, visit: &Visit<'_>) -> String {
        self.csrf.token(visit.session, visit.from)
    }

    /// A call of an endpoint by who looks, with the code that they have typed.
    pub(super) fn calling<'v>(&self, visit: &'v Visit<'_>, code: Option<&'v str>) -> Call<'v> {
        Call {
            caller: visit.caller.clone(),
            // Not the session: what ends all tokens but that of the caller ends it as well.
            secrets: Secrets { authorization: None, code, from: visit.from },
            is_near: visit.is_near,
            authorization: Vec::new(),
            browser: None,
            verified: OnceCell::new(),
            command: None,
            agent: None,
            base: visit.base.as_str(),
            notes: Notes::default(),
            elsewhere: visit.elsewhere,
        }
    }

    /// Has an endpoint do something; what it answers, in JSON.
    ///
    /// # Errors
    /// When it did not.
    pub(super) async fn have_done(
        &self,
        call: &Call<'_>,
        method: Method,
        route: Route,
        body: &Value,
    ) -> Result<Value, Undone> {
        let mut body = Whole::of(body);
        match self.api.answer(&method, route, call, &mut body).await {
            Answer::Reply(reply) if reply.status.is_success() => {
                Ok(serde_json::from_slice(&reply.body).unwrap_or_default())
            }
            Answer::Reply(reply) => Err(Undone::of(&reply)),
            // No page asks for one.
            Answer::Tarball(..) => Ok(Value::Null),
        }
    }
}

/// Sends a browser to another page of this registry, by a path of it.
pub(super) fn see_other(visit: &Visit<'_>, path: &str) -> Reply {
    let place = format!("{}{path}", visit.base.path_prefix());
    Reply::text(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", Bytes::new())
        .with(header::LOCATION, place)
        .with(header::CACHE_CONTROL, "no-store")
}

/// A body that is there.
struct Whole {
    len: u64,
    rest: Option<Bytes>,
}

impl Whole {
    fn of(value: &Value) -> Whole {
        let text = if value.is_null() { String::new() } else { value.to_string() };
        Whole { len: text.len() as u64, rest: Some(Bytes::from(text)) }
    }
}

#[async_trait]
impl Body for Whole {
    fn stated_len(&self) -> Option<u64> {
        Some(self.len)
    }

    fn came(&self) -> u64 {
        if self.rest.is_none() { self.len } else { 0 }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        Ok(self.rest.take().filter(|rest| !rest.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_endpoint_refuses_is_told_on_a_page_without_words_for_programs() {
        let refusal = Refusal {
            retry_after: Some(7),
            ..Refusal::new(StatusCode::TOO_MANY_REQUESTS, "wait", "x")
        };
        let undone = Undone::from(refusal);
        assert_eq!((undone.status.as_u16(), undone.error.as_str()), (429, "wait"));
        let page = undone.dress(Reply::text(undone.status, "text/html", ""));
        let after = page.headers.iter().find(|(name, _)| *name == header::RETRY_AFTER);
        assert_eq!(after.unwrap().1, "7");
        let gone = Refusal::new(StatusCode::NOT_FOUND, "not_found", "no such token");
        assert_eq!(Undone::from(gone).error, "no such token");
        let code = Undone::from(Refusal::new(StatusCode::UNAUTHORIZED, "a code", "otp_required"));
        assert!(code.needs_code());
        let page = code.dress(Reply::text(code.status, "text/html", ""));
        let asks = page.headers.iter().find(|(name, _)| *name == header::WWW_AUTHENTICATE);
        assert!(asks.unwrap().1.to_str().unwrap().starts_with("Bearer"));
    }
}
