//! The page of a user's own affairs, and what they change by it.
//! Knows nothing of how any of it is kept, nor of how it looks.

mod change;
mod list;

use super::calls::Undone;
use super::form::Form;
use super::sign_in::{OPEN, to_sign_in};
use super::{Ui, Visit, nothing};
use crate::access::ProfileView;
use crate::api::{Body, Refusal};
use crate::reply::Reply;
use crate::web::{self, Draft, Factor, Wrong};
use http::StatusCode;
use list::Listed;

/// Where it is.
const PAGE: &str = "/-/account";

/// What was sent, and why it was not done.
struct Failed<'a> {
    form: &'a Form,
    /// The field that is the matter, if it is one.
    field: &'static str,
    undone: Undone,
}

impl Ui {
    pub(super) async fn account(&self, visit: &Visit<'_>, body: &mut dyn Body) -> Reply {
        if self.access.is_open() {
            return nothing(OPEN);
        }
        match visit.caller.user() {
            None if visit.acts() => self.signed_out(visit, "ended"),
            None => to_sign_in(visit, PAGE),
            Some(_) if visit.acts() => match self.form(visit, body).await {
                Ok(form) => self.change_account(visit, &form).await,
                Err(reply) => reply,
            },
            Some(user) => self.account_page(visit, user, None).await,
        }
    }

    /// The page; after something was not done, with what was typed and what is wrong with it.
    async fn account_page(
        &self,
        visit: &Visit<'_>,
        user: &str,
        failed: Option<Failed<'_>>,
    ) -> Reply {
        let (profile, listed, sessions) = match self.affairs(visit, user, failed.as_ref()).await {
            Ok(found) => found,
            // Who is no user any more, a moment after they were found to be one.
            Err(refusal) if refusal.status == StatusCode::UNAUTHORIZED => {
                return self.signed_out(visit, "ended");
            }
            Err(refusal) => return refusal.reply(),
        };
        let Listed { tokens, count, pages, revoking } = listed;
        let typed = |form: &str| failed.as_ref().filter(|it| it.form.get("form") == form);
        let said = typed("profile").map(|it| (it.form.get("email"), it.form.get("fullname")));
        let full_name = profile.members.iter().find(|(key, _)| *key == "fullname");
        let full_name = full_name.map_or("", |(_, text)| text.as_str());
        let (email, full_name) = said.unwrap_or((profile.email.as_str(), full_name));
        let wrong = failed.as_ref().map_or_else(Wrong::default, |it| Wrong {
            form: it.form.get("form"),
            field: it.field,
            error: &it.undone.error,
        });
        let page = web::Account {
            frame: self.frame(visit).here("account"),
            csrf: &self.csrf(visit),
            wrong,
            name: user,
            email,
            full_name,
            factor: factor(&profile),
            tokens,
            count,
            pages,
            revoking,
            sessions,
            draft: typed("token").map_or_else(Draft::default, |it| draft(it.form)),
        };
        match failed.as_ref() {
            None => page.reply(StatusCode::OK),
            Some(Failed { undone, .. }) => undone.dress(page.reply(undone.status)),
        }
    }

    /// What there is to show of a user: the last is how many sessions they have beside this one.
    async fn affairs(
        &self,
        visit: &Visit<'_>,
        user: &str,
        failed: Option<&Failed<'_>>,
    ) -> Result<(ProfileView, Listed, usize), Refusal> {
        let profile = self.access.profile(user).await?;
        let revoked = failed.map(|it| it.form.get("key")).unwrap_or_default();
        let listed = self.listed_tokens(user, visit.query, revoked).await?;
        let sessions = match visit.session {
            Some(session) => self.access.other_sessions(user, session).await?,
            None => 0,
        };
        Ok((profile, listed, sessions))
    }
}

fn factor(profile: &ProfileView) -> Factor {
    match profile.second_factor {
        None => Factor::None,
        Some((_, true)) => Factor::Pending,
        Some((mode, false)) => Factor::InUse { writes: mode == "auth-and-writes" },
    }
}

fn draft(form: &Form) -> Draft<'_> {
    Draft {
        name: form.get("name"),
        packages: form.get("packages"),
        addresses: form.get("addresses"),
        days: form.get("days"),
        read_only: form.has("read_only"),
    }
}
