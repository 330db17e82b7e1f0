//! `/-/npm/v1/user`: what users see and change of themselves, as `npm profile` asks for it.
//! Knows nothing of how any of it is kept.
//!
//! A user comes here as who they are: with a login, or by a token of theirs without limits. What changes needs a code
//! where the user has a second factor, and what makes it easier to be them, a password or a second factor, the password.

use super::{Api, Body, Call, Refusal};
use crate::access::{Denied, ProfileChange, ProfileView, SecondFactorState};
use crate::clock::iso;
use crate::reply::Reply;
use crate::trail::Deed;
use http::{StatusCode, header};
use serde_json::{Map, Value, json};
use std::time::{Duration, UNIX_EPOCH};
use url::Url;

/// What an app shows beside the user's name, where the URL of the registry has no host.
const ISSUER: &str = "NOPAR";

impl Call<'_> {
    /// The name of the user who calls, for what is their own affair.
    ///
    /// # Errors
    /// To who is nobody in particular, and to jobs, which are no users.
    pub(super) fn user(&self) -> Result<&str, Refusal> {
        let user = self.caller.logged_in()?;
        if self.caller.limits().is_grant() {
            let error = format!("{user} is a job, and has neither a profile nor tokens to see to");
            return Err(Denied::Forbidden(error).into());
        }
        Ok(user)
    }

    /// The same where something changes: a token that is limited must be no way to one that is not.
    ///
    /// # Errors
    /// As for [`user`](Call::user), and to who comes with a token that has limits.
    pub(super) fn unlimited_user(&self) -> Result<&str, Refusal> {
        let user = self.user()?;
        if self.caller.limits().is_none() {
            return Ok(user);
        }
        let error = "this token is limited, and changes neither a profile nor tokens: log in (npm login) for that";
        Err(Denied::Forbidden(error.to_owned()).into())
    }
}

impl Api {
    /// `GET /-/npm/v1/user`.
    pub(super) async fn profile(&self, call: &Call<'_>) -> Result<Reply, Refusal> {
        self.told_profile(call.user()?).await
    }

    async fn told_profile(&self, user: &str) -> Result<Reply, Refusal> {
        Ok(told(&json(&self.access.profile(user).await?)))
    }

    /// `POST /-/npm/v1/user`: a change, or a step on the way to a second factor, which is one by itself.
    pub(super) async fn change_profile(
        &self,
        call: &Call<'_>,
        body: &mut dyn Body,
    ) -> Result<Reply, Refusal> {
        let user = call.unlimited_user()?;
        let mut body = self.object(body).await?;
        // npm sends null for what is not to be changed, and for what is to be empty.
        match body.remove("tfa").filter(|tfa| !tfa.is_null()) {
            Some(_) if body.values().any(|value| !value.is_null()) => Err(Refusal::bad_body(
                "a second factor (tfa) is changed by itself: send nothing else",
            )),
            Some(tfa) => self.second_factor(call, user, tfa).await,
            None => {
                let change = change(body)?;
                let is_password = change.password.is_some();
                if is_password {
                    call.notes.deed(Deed::Password);
                }
                let ended = self.access.change_profile(user, change, &call.secrets).await?;
                if is_password {
                    call.notes.with("tokens_ended", ended.to_string());
                }
                self.told_profile(user).await
            }
        }
    }

    async fn second_factor(
        &self,
        call: &Call<'_>,
        user: &str,
        tfa: Value,
    ) -> Result<Reply, Refusal> {
        call.notes.deed(Deed::SecondFactor);
        let tfa = match tfa {
            Value::Array(codes) => {
                let [Value::String(code)] = &*codes else {
                    return Err(Refusal::bad_body("the list in tfa is not one code of your app"));
                };
                let access = &self.access;
                let codes = access.confirm_second_factor(user, code, &call.secrets).await?;
                call.notes.with("what", "confirmed");
                json!(codes)
            }
            Value::Object(tfa) => {
                let text = |key: &str| tfa.get(key).and_then(Value::as_str);
                let (Some(mode), Some(password)) = (text("mode"), text("password")) else {
                    return Err(Refusal::bad_body("tfa has no mode, or not your password"));
                };
                let issuer = issuer(call.base);
                let set =
                    self.access.set_second_factor(user, mode, password, &issuer, &call.secrets);
                let (what, told) = match set.await? {
                    SecondFactorState::Begun(url) => ("begun".to_owned(), url.into()),
                    SecondFactorState::Moved(mode) => {
                        (format!("moved to {mode}"), json!({"mode": mode, "pending": false}))
                    }
                    SecondFactorState::Ended => ("ended".to_owned(), false.into()),
                };
                call.notes.with("what", what);
                told
            }
            _ => return Err(Refusal::bad_body("tfa is neither an object nor a list of a code")),
        };
        Ok(told(&json!({"tfa": tfa})))
    }

    /// A short body that is an object.
    pub(super) async fn object(&self, body: &mut dyn Body) -> Result<Map<String, Value>, Refusal> {
        let body = self.short(body).await?;
        serde_json::from_slice(&body)
            .map_err(|_| Refusal::bad_body("the body is not a JSON object"))
    }
}

/// An answer that is for the caller alone.
pub(super) fn told(body: &Value) -> Reply {
    Reply::json(StatusCode::OK, body).with(header::CACHE_CONTROL, "no-store")
}

/// A time as npm writes it.
pub(super) fn time(seconds: u64) -> String {
    iso(UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH))
}

/// What a body without a second factor asks to be changed.
fn change(body: Map<String, Value>) -> Result<ProfileChange, Refusal> {
    let mut change = ProfileChange::default();
    for (key, value) in body {
        match (key.as_str(), value) {
            ("password", Value::Null) => {}
            ("password", value) => change.password = Some(passwords(&value)?),
            ("email", value) => change.email = Some(text(&key, value)?),
            (_, value) => {
                let said = text(&key, value)?;
                change.members.push((key, said));
            }
        }
    }
    Ok(change)
}

fn passwords(value: &Value) -> Result<(String, String), Refusal> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let both = text("old").zip(text("new"));
    both.ok_or_else(|| Refusal::bad_body("password has not both: the one you have as old, and new"))
}

fn text(key: &str, value: Value) -> Result<String, Refusal> {
    match value {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text),
        _ => Err(Refusal::bad_body(format!("{key} is not a text"))),
    }
}

/// What an app shows beside the user's name: the registry's host.
fn issuer(base: &str) -> String {
    let url = Url::parse(base).ok();
    let host = url.as_ref().and_then(Url::host_str);
    host.unwrap_or(ISSUER).to_owned()
}

fn json(profile: &ProfileView) -> Value {
    let tfa = match profile.second_factor {
        None => false.into(),
        Some((mode, pending)) => json!({"mode": mode, "pending": pending}),
    };
    let mut body = Map::new();
    body.insert("tfa".to_owned(), tfa);
    body.insert("name".to_owned(), profile.name.as_str().into());
    body.insert("email".to_owned(), profile.email.as_str().into());
    // Nobody has written to it.
    body.insert("email_verified".to_owned(), false.into());
    body.insert("created".to_owned(), profile.created.map(time).into());
    body.insert("updated".to_owned(), profile.changed.map(time).into());
    body.insert("cidr_whitelist".to_owned(), Value::Null);
    for (key, text) in &profile.members {
        body.insert((*key).to_owned(), text.as_str().into());
    }
    body.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_shows_the_host_of_the_registry() {
        assert_eq!(issuer("https://npm.acme.example:8443/npm"), "npm.acme.example");
        assert_eq!(issuer("nothing"), ISSUER);
    }

    #[test]
    fn times_are_as_npm_writes_them() {
        assert_eq!(time(1_764_000_000), "2025-11-24T16:00:00.000Z");
        assert_eq!(time(u64::MAX), "1970-01-01T00:00:00.000Z");
    }
}
