//! `/-/npm/v1/tokens`: the tokens of a user, as `npm token` asks for them.
//! Knows nothing of how tokens are kept; what a body wishes for is read here, and judged by `access`.

use super::page::{Asked, MOST};
use super::profile::{time, told};
use super::{Api, Body, Call, Refusal};
use crate::access::{TokenView, Wish};
use crate::reply::Reply;
use http::StatusCode;
use serde_json::{Map, Value, json};

/// How the tokens of this registry begin: of some of an older one, no more is known.
const PREFIX: &str = "npm_";

/// What is asked for, beside the password.
struct NewTokenBody {
    password: String,
    wish: Wish,
}

impl Api {
    /// `GET /-/npm/v1/tokens`, in pages, the newest first.
    pub(super) async fn tokens(&self, call: &Call<'_>, query: &str) -> Result<Reply, Refusal> {
        let user = call.user()?;
        // npm says nothing of how many, and asks on until it has all: each page is a look at every token.
        let asked = Asked::parse(query, MOST)?;
        let (tokens, total) = self.access.tokens_of(user, asked.first(), asked.per_page).await?;
        let page =
            |number: usize| format!("/-/npm/v1/tokens?page={number}&perPage={}", asked.per_page);
        let mut urls = Map::new();
        if asked.first().saturating_add(tokens.len()) < total && !tokens.is_empty() {
            urls.insert("next".to_owned(), page(asked.page + 1).into());
        }
        if asked.page > 0 && !tokens.is_empty() {
            urls.insert("prev".to_owned(), page(asked.page - 1).into());
        }
        let objects: Vec<Value> = tokens.iter().map(listed).collect();
        Ok(told(&json!({"objects": objects, "total": total, "urls": urls})))
    }

    /// `POST /-/npm/v1/tokens`: the only answer in which the token itself is.
    pub(super) async fn create_token(
        &self,
        call: &Call<'_>,
        body: &mut dyn Body,
    ) -> Result<Reply, Refusal> {
        let user = call.unlimited_user()?;
        let NewTokenBody { password, wish } = NewTokenBody::read(self.object(body).await?)?;
        let created = self.access.create_token(user, &password, wish, &call.secrets);
        let (token, view) = created.await?;
        call.notes.with("token", &view.key);
        let mut body = listed(&view);
        body["token"] = token.into();
        Ok(told(&body))
    }

    /// `DELETE /-/npm/v1/tokens/token/KEY`, where a key may be cut short, or the token itself.
    pub(super) async fn revoke_token(
        &self,
        call: &Call<'_>,
        shown: &str,
    ) -> Result<Reply, Refusal> {
        let user = call.unlimited_user()?;
        let Some(key) = self.access.end_token(user, shown, &call.secrets).await? else {
            let error = "you have no token of this key, or more than one whose key begins so: npm token list shows them";
            return Err(Refusal::new(StatusCode::NOT_FOUND, error, "not_found"));
        };
        call.notes.with("token", &key);
        Ok(told(&json!({"ok": "token revoked", "key": key})))
    }
}

/// A token in a list. npm shows what is there of the token, and three dots.
fn listed(view: &TokenView) -> Value {
    let cidr: Vec<String> = view.cidr.iter().map(ToString::to_string).collect();
    let mut body = json!({
        "token": view.hint.as_deref().unwrap_or(PREFIX),
        "key": view.key,
        "name": view.name,
        "cidr_whitelist": (!cidr.is_empty()).then_some(cidr),
        "readonly": view.read_only,
        "created": time(view.created),
        "updated": time(view.created),
        "last_used": time(view.used),
    });
    if let Some(expires) = view.expires {
        body["expires"] = time(expires).into();
    }
    if let Some(packages) = &view.packages {
        body["packages"] = json!(packages);
    }
    body
}

impl NewTokenBody {
    /// Reads what npm 12 sends, and older ones. What is not to be had is refused: a token that may do more than its user
    /// thinks is worse than none.
    fn read(body: Map<String, Value>) -> Result<NewTokenBody, Refusal> {
        let (mut wish, mut password, mut packages) = (Wish::default(), None, None::<Vec<String>>);
        let mut is_for_all = false;
        for (key, value) in body {
            match key.as_str() {
                // What is no number, npm sends as null: a token that was to end would not.
                "expires" => wish.days = Some(days(&value)?),
                _ if value.is_null() => {}
                "name" => wish.name = Some(text(&key, value)?),
                "password" => password = Some(text(&key, value)?),
                "readonly" => wish.read_only |= truth(&key, &value)?,
                "packages_and_scopes_permission" => wish.read_only |= is_read_only(&value)?,
                "cidr_whitelist" => wish.cidr = texts(&key, value)?,
                "packages_all" => is_for_all = truth(&key, &value)?,
                "packages" => packages.get_or_insert_default().extend(texts(&key, value)?),
                "scopes" => {
                    let scopes = texts(&key, value)?;
                    let scopes = scopes.iter().map(|scope| pattern(scope));
                    packages.get_or_insert_default().extend(scopes);
                }
                _ => check_absent(&key, &value)?,
            }
        }
        if is_for_all && packages.is_some() {
            let error = "a token for all packages (packages_all) is for no packages or scopes in particular: say one of both";
            return Err(Refusal::bad_body(error));
        }
        wish.packages = packages;
        Ok(NewTokenBody { password: password.unwrap_or_default(), wish })
    }
}

/// Lets what is not to be had pass where it is not asked for.
fn check_absent(key: &str, value: &Value) -> Result<(), Refusal> {
    let is_empty = match value {
        Value::Bool(truth) => !truth,
        Value::Array(all) => all.is_empty(),
        Value::String(text) => text.is_empty() || key == "orgs_permission" && text == "no-access",
        _ => false,
    };
    if is_empty {
        return Ok(());
    }
    let error = match key {
        "description" => "a token has no description here: say it by its name (--name)",
        "orgs" | "orgs_permission" => {
            "there are no organizations here: name scopes instead (--scopes=@acme)"
        }
        "bypass_2fa" => {
            "no token bypasses a second factor here: let it be asked for at logins only (npm profile enable-2fa auth-only), or let jobs publish by a [[trust]] of the registry's configuration"
        }
        _ => {
            "the body has a member that this registry does not know: a token has name, expires, packages, packages_all, scopes, packages_and_scopes_permission, cidr_whitelist and readonly"
        }
    };
    Err(Refusal::bad_body(error))
}

fn is_read_only(permission: &Value) -> Result<bool, Refusal> {
    match permission.as_str() {
        Some("read-only") => Ok(true),
        Some("read-write") => Ok(false),
        _ => {
            Err(Refusal::bad_body("packages_and_scopes_permission is read-only or read-write here"))
        }
    }
}

/// The packages of a scope.
fn pattern(scope: &str) -> String {
    let scope = scope.strip_suffix("/*").unwrap_or(scope);
    format!("@{}/*", scope.strip_prefix('@').unwrap_or(scope))
}

fn days(value: &Value) -> Result<u64, Refusal> {
    value.as_u64().ok_or_else(|| Refusal::bad_body("expires is not a number of days"))
}

fn truth(key: &str, value: &Value) -> Result<bool, Refusal> {
    value.as_bool().ok_or_else(|| Refusal::bad_body(format!("{key} is neither true nor false")))
}

fn text(key: &str, value: Value) -> Result<String, Refusal> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(Refusal::bad_body(format!("{key} is not a text"))),
    }
}

fn texts(key: &str, value: Value) -> Result<Vec<String>, Refusal> {
    let all = match value {
        Value::Array(all) => all.into_iter().map(|one| one.as_str().map(str::to_owned)).collect(),
        _ => None,
    };
    all.ok_or_else(|| Refusal::bad_body(format!("{key} is not a list of texts")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: Value) -> Result<NewTokenBody, Refusal> {
        let Value::Object(body) = body else { panic!("{body}") };
        NewTokenBody::read(body)
    }

    #[test]
    fn what_clients_ask_for_is_understood() {
        let texts = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        let old = read(json!({"password": "p", "readonly": true, "cidr_whitelist": []})).unwrap();
        assert_eq!(old.password, "p");
        assert_eq!(old.wish, Wish { read_only: true, ..Wish::default() });
        let new = json!({
            "name": "ci", "password": "p", "packages": ["left-pad"], "scopes": ["@acme", "b", "@c/*"],
            "packages_and_scopes_permission": "read-only", "orgs_permission": "no-access",
            "orgs": [], "expires": 30, "cidr_whitelist": ["10.0.0.0/8"], "bypass_2fa": false,
            "packages_all": false, "description": null,
        });
        let wish = Wish {
            name: Some("ci".to_owned()),
            read_only: true,
            cidr: texts(&["10.0.0.0/8"]),
            days: Some(30),
            packages: Some(texts(&["left-pad", "@acme/*", "@b/*", "@c/*"])),
        };
        let mut found = read(new).unwrap().wish;
        // Members of an object have no order.
        found.packages.as_mut().unwrap().sort();
        let mut expected = wish;
        expected.packages.as_mut().unwrap().sort();
        assert_eq!(found, expected);
        let all = read(json!({"packages_all": true, "name": null})).unwrap();
        assert_eq!((all.wish, all.password.as_str()), (Wish::default(), ""));
    }

    #[test]
    fn what_is_not_to_be_had_is_refused_with_words() {
        for (body, words) in [
            (json!({"expires": null}), "number of days"),
            (json!({"expires": -1}), "number of days"),
            (json!({"expires": "soon"}), "number of days"),
            (json!({"name": 7}), "name is not a text"),
            (json!({"readonly": "yes"}), "neither true nor false"),
            (json!({"cidr_whitelist": "10.0.0.0/8"}), "list of texts"),
            (json!({"packages": [1]}), "list of texts"),
            (json!({"packages": ["a"], "packages_all": true}), "say one of both"),
            (json!({"packages_and_scopes_permission": "read-write-stage-only"}), "read-only or"),
            (json!({"packages_and_scopes_permission": "no-access"}), "read-only or"),
            (json!({"description": "for the build"}), "--name"),
            (json!({"orgs": ["acme"]}), "--scopes"),
            (json!({"orgs_permission": "read-write"}), "--scopes"),
            (json!({"bypass_2fa": true}), "auth-only"),
            (json!({"automation": true}), "does not know"),
        ] {
            let refused = read(body.clone()).err().unwrap();
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
            assert!(refused.error.contains(words), "{body}: {}", refused.error);
        }
    }
}
