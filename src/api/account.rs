//! Who calls: logging in and out, and being told who one is.
//! Knows nothing of packages.

use super::{Api, Body, Call, Refusal};
use crate::access::Access;
use crate::npm::hosted::Person;
use crate::reply::Reply;
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What comes with a login. Clients of old send more of it.
#[derive(Deserialize)]
struct Login {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    password: Option<String>,
    #[serde(default)]
    email: Value,
}

impl Api {
    /// `PUT /-/user/org.couchdb.user:NAME`, the first time and each time after; where people make accounts for
    /// themselves, the first time makes one.
    pub(super) async fn log_in(
        &self,
        call: &Call<'_>,
        body: &mut dyn Body,
        user: &str,
    ) -> Result<Reply, Refusal> {
        let body = self.short(body).await?;
        let no_object = |_| Refusal::bad_body("the body is not a JSON object with a password");
        // As an object first: serde would take an array for the members in their order.
        let members: Map<String, Value> = serde_json::from_slice(&body).map_err(no_object)?;
        let login: Login = serde_json::from_value(members.into()).map_err(no_object)?;
        if login.name.as_deref().is_some_and(|name| name != user) {
            return Err(Refusal::bad_body("the body names another user than the path does"));
        }
        let password = login.password.unwrap_or_default();
        let token = if self.access.signs_up() && self.access.email_of(user).await?.is_none() {
            let email = login.email.as_str().unwrap_or_default();
            let proved = self.make_account(call, user, email, password).await?;
            self.access.token_of(proved).await?
        } else {
            self.access.log_in(user, &password, &call.secrets).await?
        };
        call.notes.with("token", Access::key_of(&token));
        let body = json!({
            "ok": format!("you are authenticated as '{user}'"),
            "id": format!("org.couchdb.user:{user}"),
            "rev": "_we_dont_use_revs_any_more",
            "token": token,
        });
        Ok(secret(StatusCode::CREATED, &body))
    }

    /// `GET /-/user/org.couchdb.user:NAME`: where users have passwords, who they are is told to users only, and not to
    /// jobs.
    pub(super) async fn user(&self, call: &Call<'_>, user: &str) -> Result<Reply, Refusal> {
        if !self.access.is_open() {
            call.caller.logged_in()?;
            call.check_no_job("look users up")?;
        }
        let Some(email) = self.access.email_of(user).await? else {
            return Err(Refusal::new(StatusCode::NOT_FOUND, "not_found", "no such user"));
        };
        let body = json!({
            "_id": format!("org.couchdb.user:{user}"),
            "name": user,
            "email": email,
            "type": "user",
            "roles": [],
        });
        Ok(secret(StatusCode::OK, &body))
    }

    /// A user as packuments name them: with the address of their account, if there is one.
    pub(super) async fn person(&self, name: &str) -> Result<Person, Refusal> {
        let email = self.access.email_of(name).await?.unwrap_or_default();
        Ok(Person { name: name.to_owned(), email })
    }

    /// `DELETE /-/user/token/TOKEN`.
    pub(super) async fn log_out(&self, call: &Call<'_>, token: &str) -> Result<Reply, Refusal> {
        let Some(user) = self.access.log_out(token).await? else {
            return Err(Refusal::new(StatusCode::NOT_FOUND, "not_found", "no such token"));
        };
        call.notes.who(user);
        call.notes.with("token", Access::key_of(token));
        Ok(secret(StatusCode::OK, &json!({"ok": "logged out"})))
    }

    /// `GET /-/whoami`.
    pub(super) fn whoami(&self, call: &Call<'_>) -> Result<Reply, Refusal> {
        let user = call.caller.logged_in()?;
        Ok(secret(StatusCode::OK, &json!({"username": user})))
    }

    /// `POST /_session`, by which clients of old asked whether they may come in.
    pub(super) async fn session(&self, body: &mut dyn Body) -> Result<Reply, Refusal> {
        self.short(body).await?;
        Ok(secret(StatusCode::OK, &json!({"ok": true})))
    }
}

/// An answer that is for the caller alone.
pub(super) fn secret(status: StatusCode, body: &Value) -> Reply {
    Reply::json(status, body).with(header::CACHE_CONTROL, "no-store")
}
