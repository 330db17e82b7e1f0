//! `POST /-/v1/login`: a login that is confirmed on a page, and what comes of it (`npm login`).
//! Knows nothing of how the page looks, nor of how long it waits.
//!
//! npm opens the page in a browser and asks, again and again, whether it is done. Where there is no such login, a 404 has
//! clients ask for user and password themselves.

mod form;

use super::account::secret;
use super::{Api, Body, Browser, Call, Refusal, on_page};
use crate::access::{Access, Asking, Denied, Step};
use crate::reply::Reply;
use crate::web::{AccountForm, Client, CodeForm, End, PasswordForm, SignedInAs};
use form::Form;
use http::{StatusCode, header};
use serde_json::{Map, Value, json};
use std::net::IpAddr;

/// In how many seconds a client asks again.
const ASK_AGAIN: &str = "2";

/// The longest that is kept of what a client says of itself, in characters.
const LONGEST: usize = 200;

/// What somebody hears whose browser shows no session that the page was made for.
const NOT_SIGNED_IN: &str = "you are not signed in any more, or somebody else is: load this page again, or log in by your password";

/// What is shown of a login: its page, and who asks.
struct Page<'a> {
    registry: &'a str,
    secret: &'a str,
    client: Client,
    wants_account: bool,
    may_sign_up: bool,
    browser: Option<&'a Browser<'a>>,
}

impl Api {
    /// `POST /-/v1/login`.
    pub(super) async fn begin_web_login(
        &self,
        call: &Call<'_>,
        body: &mut dyn Body,
    ) -> Result<Reply, Refusal> {
        self.has_web_login()?;
        let members = members(&self.short(body).await?)?;
        let short = |text: &str| text.chars().take(LONGEST).collect();
        let begun = self.access.begin_web_login(Asking {
            from: call.secrets.from,
            agent: call.agent.as_deref().map(short),
            machine: members.get("hostname").and_then(Value::as_str).map(short),
            wants_account: members.get("create") == Some(&Value::Bool(true)),
        })?;
        let base = call.base;
        let body = json!({
            "loginUrl": format!("{base}/-/v1/login/{}", begun.page),
            "doneUrl": format!("{base}/-/v1/done/{}", begun.done),
        });
        Ok(secret(StatusCode::OK, &body))
    }

    /// `GET /-/v1/done/SECRET`.
    pub(super) async fn web_login_done(
        &self,
        call: &Call<'_>,
        done: &str,
    ) -> Result<Reply, Refusal> {
        self.has_web_login()?;
        let fetched = self.access.fetch_token(done).await.inspect_err(|_| call.notes.nothing());
        match fetched? {
            Some((user, token)) => {
                call.notes.who(user);
                call.notes.with("token", Access::key_of(&token));
                Ok(secret(StatusCode::OK, &json!({"token": token})))
            }
            None => {
                call.notes.nothing();
                let reply = secret(StatusCode::ACCEPTED, &json!({}));
                Ok(reply.with(header::RETRY_AFTER, ASK_AGAIN))
            }
        }
    }

    /// `GET /-/v1/login/SECRET`.
    pub(super) fn login_page(&self, call: &Call<'_>, secret: &str) -> Result<Reply, Refusal> {
        self.has_web_login()?;
        Ok(match self.page(call, secret) {
            Ok(page) => page.first("", "", None),
            Err(refusal) => ended(call, &refusal),
        })
    }

    /// `POST /-/v1/login/SECRET`.
    pub(super) async fn confirm_login(
        &self,
        call: &Call<'_>,
        body: &mut dyn Body,
        secret: &str,
    ) -> Result<Reply, Refusal> {
        self.has_web_login()?;
        let page = match self.page(call, secret) {
            Ok(page) => page,
            Err(refusal) => return Ok(ended(call, &refusal)),
        };
        Ok(match Form::parse(&self.short(body).await?) {
            Form::Password { user, password } => {
                self.confirm_by_password(call, &page, &user, &password).await
            }
            Form::Session { csrf } => self.confirm_by_session(call, &page, &csrf).await,
            Form::Code { proof, code } => self.confirm_by_code(call, &page, &proof, code).await,
            Form::Account { user, email, password, again } => {
                let made = self.confirm_by_account(call, secret, &user, &email, password, again);
                match made.await {
                    Ok(user) => End::confirmed(call.base, &user),
                    Err(refusal) => {
                        call.notes.refused(&refusal);
                        page.refused(&refusal, |page, error| page.account(&user, &email, error))
                    }
                }
            }
        })
    }

    async fn confirm_by_password(
        &self,
        call: &Call<'_>,
        page: &Page<'_>,
        user: &str,
        password: &str,
    ) -> Reply {
        let secrets = &call.secrets;
        let confirming = self.access.confirm_by_password(page.secret, user, password, secrets);
        match confirming.await.map_err(Refusal::from) {
            Ok(step) => done_so_far(call, page, step),
            Err(refusal) => {
                call.notes.who(user);
                call.notes.refused(&refusal);
                page.refused(&refusal, |page, error| page.password(user, error))
            }
        }
    }

    /// By one button, for who is signed in on pages; with a second factor, they show a code as well.
    async fn confirm_by_session(&self, call: &Call<'_>, page: &Page<'_>, csrf: &str) -> Reply {
        let browser = call.browser.as_ref().filter(|browser| browser.has_sent(csrf));
        let Some(browser) = browser else {
            let refusal = Refusal::new(StatusCode::FORBIDDEN, NOT_SIGNED_IN, "csrf");
            call.notes.refused(&refusal);
            return page.password("", Some(&refusal));
        };
        let secrets = &call.secrets;
        let confirming = self.access.confirm_by_session(page.secret, browser.session, secrets);
        match confirming.await.map_err(Refusal::from) {
            Ok(step) => done_so_far(call, page, step),
            Err(refusal) => {
                call.notes.who(&*browser.user);
                call.notes.refused(&refusal);
                page.refused(&refusal, |page, error| page.password("", error))
            }
        }
    }

    async fn confirm_by_code(
        &self,
        call: &Call<'_>,
        page: &Page<'_>,
        proof: &str,
        code: String,
    ) -> Reply {
        let mut secrets = call.secrets;
        secrets.code = Some(&code);
        let (user, denied) = match self.access.confirm_by_code(page.secret, proof, &secrets).await {
            Ok((user, Ok(()))) => return done_so_far(call, page, Step::Confirmed(user)),
            Ok((user, Err(denied))) => (Some(user), denied),
            Err(denied) => (None, denied),
        };
        let user = user.inspect(|user| call.notes.who(user));
        // Whose account has another password meanwhile shows that one.
        let user = user.filter(|_| !matches!(denied, Denied::BadLogin));
        let refusal = Refusal::from(denied);
        call.notes.refused(&refusal);
        page.refused(&refusal, |page, error| match &user {
            Some(user) => page.code(user, proof, error),
            None => page.password("", error),
        })
    }

    async fn confirm_by_account(
        &self,
        call: &Call<'_>,
        secret: &str,
        user: &str,
        email: &str,
        password: String,
        again: String,
    ) -> Result<String, Refusal> {
        if password != again {
            return Err(Refusal::bad_body("the two passwords are not the same: type them again"));
        }
        let proved = self.make_account(call, user, email, password).await?;
        let name = proved.user().to_owned();
        self.access.confirm(secret, proved)?;
        Ok(name)
    }

    /// In the open mode everybody may log in, and nobody has a password to type on a page.
    fn has_web_login(&self) -> Result<(), Refusal> {
        if self.access.is_open() { Err(Refusal::no_endpoint()) } else { Ok(()) }
    }

    fn page<'a>(&self, call: &'a Call<'_>, secret: &'a str) -> Result<Page<'a>, Refusal> {
        let asking = self.access.web_login(secret).inspect_err(|_| call.notes.nothing())?;
        let text = |address: Option<IpAddr>| address.map(|address| address.to_string());
        call.notes.with("client", text(asking.from).unwrap_or_default());
        let client = Client::new(
            text(asking.from),
            asking.machine.as_deref(),
            asking.agent.as_deref(),
            text(call.secrets.from),
        );
        let (wants_account, may_sign_up) = (asking.wants_account, self.access.signs_up());
        let (registry, browser) = (call.base, call.browser.as_ref());
        Ok(Page { registry, secret, client, wants_account, may_sign_up, browser })
    }
}

impl Page<'_> {
    /// What is shown first.
    fn first(&self, user: &str, email: &str, error: Option<&Refusal>) -> Reply {
        match self.wants_account && self.may_sign_up {
            true => self.account(user, email, error),
            false => self.password(user, error),
        }
    }

    fn password(&self, user: &str, error: Option<&Refusal>) -> Reply {
        let form = PasswordForm {
            registry: self.registry,
            action: self.secret,
            client: &self.client,
            error: error.map(|refusal| refusal.error.as_str()),
            user,
            is_closed: self.wants_account && !self.may_sign_up,
            may_sign_up: self.may_sign_up,
            signed_in: self.browser.map(|it| SignedInAs { user: &it.user, csrf: &it.csrf }),
        };
        dressed(form.reply(status(error)), error)
    }

    fn code(&self, user: &str, proof: &str, error: Option<&Refusal>) -> Reply {
        let form = CodeForm {
            registry: self.registry,
            action: self.secret,
            client: &self.client,
            error: error.map(|refusal| refusal.error.as_str()),
            user,
            proof,
        };
        dressed(form.reply(status(error)), error)
    }

    fn account(&self, user: &str, email: &str, error: Option<&Refusal>) -> Reply {
        let form = AccountForm {
            registry: self.registry,
            action: self.secret,
            client: &self.client,
            error: error.map(|refusal| refusal.error.as_str()),
            user,
            email,
        };
        dressed(form.reply(status(error)), error)
    }

    /// What is shown of a refusal: the form again, unless the login is over.
    fn refused(
        &self,
        refusal: &Refusal,
        again: impl FnOnce(&Self, Option<&Refusal>) -> Reply,
    ) -> Reply {
        match refusal.status {
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                End::refused(self.registry, refusal.status, &refusal.error)
            }
            _ => again(self, Some(refusal)),
        }
    }
}

/// What is shown of what is right so far.
fn done_so_far(call: &Call<'_>, page: &Page<'_>, step: Step) -> Reply {
    match step {
        Step::Confirmed(user) => {
            call.notes.who(&user);
            End::confirmed(call.base, &user)
        }
        Step::NeedsCode { user, proof } => {
            call.notes.who(&user);
            call.notes.refused(&Denied::NeedsCode.into());
            page.code(&user, &proof, None)
        }
    }
}

/// What is shown of a login that is none.
fn ended(call: &Call<'_>, refusal: &Refusal) -> Reply {
    End::refused(call.base, refusal.status, &refusal.error)
}

fn status(error: Option<&Refusal>) -> StatusCode {
    error.map_or(StatusCode::OK, |refusal| refusal.status)
}

/// A page with what programs are told of a refusal.
fn dressed(page: Reply, error: Option<&Refusal>) -> Reply {
    let Some(refusal) = error else { return page };
    let after = refusal.retry_after.map(|seconds| seconds.to_string());
    on_page(page, refusal.status, after.as_deref())
}

/// What a client says with its question; nothing by an empty body.
fn members(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_slice(body).map_err(|_| Refusal::bad_body("the body is not a JSON object"))
}
