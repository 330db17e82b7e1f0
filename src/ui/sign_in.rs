//! Signing in and out.
//! Knows nothing of how passwords and sessions are kept.

use super::calls::{Undone, see_other};
use super::{Ui, Visit, back, nothing, notice, session};
use crate::access::{Access, SignedIn};
use crate::api::{Body, Call};
use crate::reply::Reply;
use crate::web::{SignIn, SignInCode};
use http::{StatusCode, header};
use std::borrow::Cow;
use url::form_urlencoded;

/// Where nobody has an account.
pub(super) const OPEN: &str =
    "this registry has no users (NOPAR_AUTH=open): there is nobody to sign in as";

/// Where one signs in.
const PAGE: &str = "/-/login";

impl Ui {
    pub(super) async fn sign_in(&self, visit: &Visit<'_>, body: &mut dyn Body) -> Reply {
        if self.access.is_open() {
            return nothing(OPEN);
        }
        if visit.acts() {
            return match self.form(visit, body).await {
                Err(reply) => reply,
                Ok(form) => {
                    let back = back::checked(form.get("back"));
                    let code = form.code();
                    let call = self.calling(visit, code.as_deref());
                    match form.get("form") {
                        "code" => self.by_code(visit, &call, form.get("proof"), back).await,
                        _ => {
                            let (user, password) = (form.trimmed("user"), form.get("password"));
                            self.by_password(visit, &call, user, password, back).await
                        }
                    }
                }
            };
        }
        let asked = asked_back(visit.query);
        let back = back::checked(&asked);
        if visit.caller.user().is_some() {
            return see_other(visit, back);
        }
        self.sign_in_page(visit, back, "", None)
    }

    async fn by_password(
        &self,
        visit: &Visit<'_>,
        call: &Call<'_>,
        user: &str,
        password: &str,
        back: &str,
    ) -> Reply {
        match self.api.sign_in(call, user, password).await {
            Ok(SignedIn::Session(session)) => self.signed_in(visit, &session, back).await,
            Ok(SignedIn::NeedsCode { proof }) => self.code_page(visit, back, user, &proof, None),
            Err(refusal) => self.sign_in_page(visit, back, user, Some(&refusal.into())),
        }
    }

    async fn by_code(&self, visit: &Visit<'_>, call: &Call<'_>, proof: &str, back: &str) -> Reply {
        match self.api.sign_in_by_code(call, proof).await {
            Ok(SignedIn::Session(session)) => self.signed_in(visit, &session, back).await,
            // Who has shown a code is asked for no other.
            Ok(SignedIn::NeedsCode { .. }) => self.sign_in_page(visit, back, "", None),
            Err((Some(user), refusal)) => {
                self.code_page(visit, back, &user, proof, Some(&refusal.into()))
            }
            Err((None, refusal)) => self.sign_in_page(visit, back, "", Some(&refusal.into())),
        }
    }

    /// The browser has a session from now on; those that it showed before end, also one that somebody else made it show.
    async fn signed_in(&self, visit: &Visit<'_>, new: &str, back: &str) -> Reply {
        for old in visit.shown {
            // Where it cannot be ended, its time is over some day.
            let _ = self.api.sign_out(&self.calling(visit, None), old).await;
        }
        let cookie = session::set(new, visit.base, Access::session_lasts());
        see_other(visit, back).with(header::SET_COOKIE, cookie)
    }

    fn sign_in_page(
        &self,
        visit: &Visit<'_>,
        back: &str,
        user: &str,
        undone: Option<&Undone>,
    ) -> Reply {
        let page = SignIn {
            frame: self.frame(visit).here("account"),
            csrf: &self.csrf(visit),
            back,
            error: undone.map(|undone| undone.error.as_str()),
            user,
        };
        dressed(undone, |status| page.reply(status))
    }

    fn code_page(
        &self,
        visit: &Visit<'_>,
        back: &str,
        user: &str,
        proof: &str,
        undone: Option<&Undone>,
    ) -> Reply {
        let page = SignInCode {
            frame: self.frame(visit).here("account"),
            csrf: &self.csrf(visit),
            back,
            error: undone.map(|undone| undone.error.as_str()),
            user,
            proof,
        };
        dressed(undone, |status| page.reply(status))
    }

    pub(super) async fn sign_out(&self, visit: &Visit<'_>, body: &mut dyn Body) -> Reply {
        if self.access.is_open() {
            return nothing(OPEN);
        }
        // Without a session there is nothing to protect, and nothing to end.
        let Some(session) = visit.session else { return self.signed_out(visit, "signed-out") };
        if let Err(reply) = self.form(visit, body).await {
            return reply;
        }
        match self.api.sign_out(&self.calling(visit, None), session).await {
            Ok(()) => self.signed_out(visit, "signed-out"),
            Err(refusal) => refusal.reply(),
        }
    }

    /// To the page by which one signs in; the browser forgets what it has shown, and is told why.
    pub(super) fn signed_out(&self, visit: &Visit<'_>, why: &str) -> Reply {
        let cookie = session::clear(visit.base);
        see_other(visit, &notice::telling(PAGE, why)).with(header::SET_COOKIE, cookie)
    }
}

/// To the page by which one signs in, and from there back to this path.
pub(super) fn to_sign_in(visit: &Visit<'_>, back: &str) -> Reply {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("back", back).finish();
    see_other(visit, &format!("{PAGE}?{query}"))
}

fn dressed(undone: Option<&Undone>, page: impl FnOnce(StatusCode) -> Reply) -> Reply {
    match undone {
        None => page(StatusCode::OK),
        Some(undone) => undone.dress(page(undone.status)),
    }
}

/// Where a query asks one to be sent.
fn asked_back(query: &str) -> Cow<'_, str> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == "back").map(|(_, back)| back).unwrap_or_default()
}
