//! What users change of their own affairs by the forms of their page.
//! Knows nothing of how it is done: the endpoints of `npm profile` and `npm token` do it.
//!
//! What is shown once stands in the answer to its form, which is in no address and kept nowhere.

use super::super::calls::{Undone, see_other};
use super::super::form::Form;
use super::super::{Ui, Visit, notice};
use super::{Failed, PAGE};
use crate::access::Part;
use crate::api::Refusal;
use crate::reply::Reply;
use crate::route::Route;
use crate::web::{FactorBegun, RecoveryCodes, TokenShown};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use url::Url;

impl Ui {
    /// What comes of a form.
    pub(super) async fn change_account(&self, visit: &Visit<'_>, form: &Form) -> Reply {
        let changed = match form.get("form") {
            "profile" => self.save_profile(visit, form).await,
            "password" => self.change_password(visit, form).await,
            "factor" => self.set_factor(visit, form).await,
            "confirm" => self.confirm_factor(visit, form).await,
            "token" => self.create_token(visit, form).await,
            "revoke" => self.revoke_token(visit, form).await,
            "sessions" => self.end_sessions(visit).await,
            _ => Err(mistake("", "this page has no such form: load it again")),
        };
        match (changed, visit.caller.user()) {
            (Ok(reply), _) => reply,
            (Err((field, undone)), Some(user)) => {
                self.account_page(visit, user, Some(Failed { form, field, undone })).await
            }
            (Err(_), None) => self.signed_out(visit, "ended"),
        }
    }

    async fn save_profile(&self, visit: &Visit<'_>, form: &Form) -> Changed {
        let body = json!({"email": form.trimmed("email"), "fullname": form.trimmed("fullname")});
        self.profile(visit, form, &body, "").await?;
        Ok(see_other(visit, &notice::telling(PAGE, "saved")))
    }

    async fn change_password(&self, visit: &Visit<'_>, form: &Form) -> Changed {
        if form.get("new") != form.get("again") {
            let error = "the two passwords are not the same: type them again";
            return Err(mistake("again", error));
        }
        let both = json!({"old": form.get("password"), "new": form.get("new")});
        self.profile(visit, form, &json!({"password": both}), "new").await?;
        Ok(self.signed_out(visit, "password"))
    }

    async fn set_factor(&self, visit: &Visit<'_>, form: &Form) -> Changed {
        let tfa = json!({"mode": form.get("mode"), "password": form.get("password")});
        let said = self.profile(visit, form, &json!({"tfa": tfa}), "").await?;
        let Value::String(url) = &said["tfa"] else {
            let word = if said["tfa"].is_object() { "factor" } else { "no-factor" };
            return Ok(see_other(visit, &notice::telling(PAGE, word)));
        };
        let parsed = Url::parse(url).ok();
        let mut pairs = parsed.as_ref().map(Url::query_pairs);
        let secret = pairs.as_mut().and_then(|pairs| pairs.find(|(key, _)| key == "secret"));
        let secret = secret.map(|(_, secret)| secret.into_owned()).unwrap_or_default();
        let (frame, csrf) = (self.frame(visit).here("account"), self.csrf(visit));
        Ok(FactorBegun { frame, csrf: &csrf, secret: &secret, url }.reply())
    }

    async fn confirm_factor(&self, visit: &Visit<'_>, form: &Form) -> Changed {
        let code = form.code().unwrap_or_default();
        let said = self.profile(visit, form, &json!({"tfa": [code]}), "code").await?;
        let codes = said["tfa"].as_array().into_iter().flatten();
        let codes: Vec<String> = codes.filter_map(Value::as_str).map(str::to_owned).collect();
        Ok(RecoveryCodes { frame: self.frame(visit).here("account"), codes: &codes }.reply())
    }

    async fn create_token(&self, visit: &Visit<'_>, form: &Form) -> Changed {
        let (name, days) = (form.trimmed("name"), form.trimmed("days"));
        let packages = form.list("packages");
        let mut body = json!({
            "name": name,
            "password": form.get("password"),
            "readonly": form.has("read_only"),
            "cidr_whitelist": form.list("addresses"),
        });
        if !packages.is_empty() {
            body["packages"] = json!(packages);
        }
        if !days.is_empty() {
            let days = days.parse::<u64>();
            let days = days.map_err(|_| mistake("days", "this is no number of days"))?;
            body["expires"] = days.into();
        }
        let code = form.code();
        let call = self.calling(visit, code.as_deref());
        let route = Route::Tokens { query: String::new() };
        let said = self.have_done(&call, Method::POST, route, &body).await;
        let said = said.map_err(|undone| (field_of(&undone, ""), undone))?;
        let token = said["token"].as_str().unwrap_or_default();
        Ok(TokenShown { frame: self.frame(visit).here("account"), name, token }.reply())
    }

    async fn revoke_token(&self, visit: &Visit<'_>, form: &Form) -> Changed {
        let code = form.code();
        let call = self.calling(visit, code.as_deref());
        let route = Route::TokenOf { shown: form.get("key").to_owned() };
        let done = self.have_done(&call, Method::DELETE, route, &Value::Null).await;
        done.map_err(|undone| (field_of(&undone, ""), undone))?;
        Ok(see_other(visit, &notice::telling(PAGE, "revoked")))
    }

    async fn end_sessions(&self, visit: &Visit<'_>) -> Changed {
        let Some(session) = visit.session else { return Ok(self.signed_out(visit, "ended")) };
        let ended = self.api.sign_out_elsewhere(&self.calling(visit, None), session).await;
        ended.map_err(|refusal| ("", refusal.into()))?;
        Ok(see_other(visit, &notice::telling(PAGE, "elsewhere")))
    }

    /// Has the profile changed; `other` is the field that is the matter of what cannot be kept, where that is not said.
    async fn profile(
        &self,
        visit: &Visit<'_>,
        form: &Form,
        body: &Value,
        other: &'static str,
    ) -> Result<Value, (&'static str, Undone)> {
        let code = form.code();
        let call = self.calling(visit, code.as_deref());
        let done = self.have_done(&call, Method::POST, Route::Profile, body).await;
        done.map_err(|undone| (field_of(&undone, other), undone))
    }
}

/// A page, or why there is none, and the field that is the matter.
type Changed = Result<Reply, (&'static str, Undone)>;

/// What is wrong with a field before anybody is asked.
fn mistake(field: &'static str, error: &str) -> (&'static str, Undone) {
    (field, Refusal::new(StatusCode::BAD_REQUEST, error, "bad_request").into())
}

/// The fields of which programs are told these reasons.
const REASONS: [(&str, &str); 7] = [
    ("wrong_password", "password"),
    (Part::TokenName.reason(), "name"),
    (Part::TokenDays.reason(), "days"),
    (Part::TokenAddresses.reason(), "addresses"),
    (Part::TokenPackages.reason(), "packages"),
    (Part::Email.reason(), "email"),
    (Part::FullName.reason(), "fullname"),
];

/// The field that is the matter; `other` where something cannot be kept of which no more is said, else none.
fn field_of(undone: &Undone, other: &'static str) -> &'static str {
    let of_reason = REASONS.iter().find(|(reason, _)| *reason == undone.reason);
    match (of_reason, undone.reason.as_str()) {
        (Some((_, field)), _) => field,
        _ if undone.needs_code() => "code",
        (None, "bad_request") => other,
        _ => "",
    }
}
