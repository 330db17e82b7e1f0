//! What is told of packages and people beside packuments: who owns what, who likes what, who may see it.
//! Knows nothing of how any of it is changed.

use super::{Api, Body, Call, Presence, Refusal};
use crate::access::Permission;
use crate::hosted::{Authority, Package, Standing};
use crate::npm::PackageName;
use crate::reply::Reply;
use http::{StatusCode, header};
use serde_json::{Map, Value, json};

impl Api {
    /// `GET /-/package/PKG/visibility`.
    pub(super) async fn visibility(
        &self,
        call: &Call<'_>,
        name: &PackageName,
    ) -> Result<Reply, Refusal> {
        self.may_see(call, name).await?;
        Ok(told(&json!({"public": self.access.is_public(name)})))
    }

    /// `GET /-/package/PKG/access`.
    pub(super) async fn access_of(
        &self,
        call: &Call<'_>,
        name: &PackageName,
    ) -> Result<Reply, Refusal> {
        self.may_see(call, name).await?;
        let access = if self.access.is_public(name) { "public" } else { "restricted" };
        Ok(told(&json!({"access": access})))
    }

    /// Whether there is a package of this name for the caller to see.
    async fn may_see(&self, call: &Call<'_>, name: &PackageName) -> Result<(), Refusal> {
        self.allow(call, Permission::Read, name).await?;
        let is_there = match self.hosted.authority(name).await? {
            Authority::Own(package) => package.standing() == Standing::Published,
            Authority::Claimed(_) => false,
            Authority::Upstream(Some(_)) => true,
            // An upstream that does not say it is no reason to say that there is none.
            Authority::Upstream(None) => call.elsewhere.has(name).await != Presence::Absent,
        };
        if is_there { Ok(()) } else { Err(Refusal::no_package()) }
    }

    /// `POST /-/package/PKG/access`: what is so already may be wished for.
    pub(super) async fn set_access(
        &self,
        call: &Call<'_>,
        body: &mut dyn Body,
        name: &PackageName,
    ) -> Result<Reply, Refusal> {
        self.may_change(call, name).await?;
        let body = self.short(body).await?;
        let wish: Map<String, Value> = serde_json::from_slice(&body)
            .map_err(|_| Refusal::bad_body("the body is not a JSON object"))?;
        let now = if self.access.is_public(name) { "public" } else { "restricted" };
        let is_so = |(key, value): (&String, &Value)| match key.as_str() {
            "access" => value.as_str() == Some(now),
            "publish_requires_tfa" | "automation_token_overrides_tfa" => {
                value.as_bool() == Some(false)
            }
            _ => false,
        };
        if wish.iter().all(is_so) {
            return Ok(told(&json!({"ok": true, "access": now})));
        }
        let error = if self.access.is_open() {
            "everyone may read every package of this registry (NOPAR_AUTH=open); access cannot be restricted"
        } else {
            "who may read a package is said by the rules in the registry's configuration ([[rule]]), and is changed there"
        };
        Err(Refusal::new(StatusCode::FORBIDDEN, error, "not_allowed"))
    }

    /// `GET /-/package/PKG/collaborators`.
    pub(super) async fn collaborators(
        &self,
        call: &Call<'_>,
        name: &PackageName,
    ) -> Result<Reply, Refusal> {
        let owners = self.owners_of(call, name).await?;
        let owners = owners.into_iter().map(|owner| (owner.name, json!("read-write")));
        Ok(told(&Value::Object(owners.collect())))
    }

    /// `GET /-/user/NAME/package`.
    pub(super) async fn packages_of(&self, call: &Call<'_>, user: &str) -> Result<Reply, Refusal> {
        let names = self.published(call, |package| package.is_owned_by(user)).await?;
        let names = names.into_iter().map(|name| (name.as_str().to_owned(), json!("write")));
        Ok(told(&Value::Object(names.collect())))
    }

    /// `GET /-/_view/starredByUser?key="NAME"`.
    pub(super) async fn starred_by(&self, call: &Call<'_>, user: &str) -> Result<Reply, Refusal> {
        let names = self.published(call, |package| package.is_starred_by(user)).await?;
        let rows: Vec<Value> = names.iter().map(|name| json!({"value": name.as_str()})).collect();
        Ok(told(&json!({"rows": rows})))
    }

    /// `GET /-/user/NAME/stars`: pnpm prints the keys.
    pub(super) async fn stars(&self, call: &Call<'_>, user: &str) -> Result<Reply, Refusal> {
        let names = self.published(call, |package| package.is_starred_by(user)).await?;
        let names = names.into_iter().map(|name| (name.as_str().to_owned(), json!(true)));
        Ok(told(&Value::Object(names.collect())))
    }

    /// The published packages of which this is true, and which the caller may see.
    async fn published(
        &self,
        call: &Call<'_>,
        is_one: impl Fn(&Package) -> bool,
    ) -> Result<Vec<PackageName>, Refusal> {
        let packages = self.hosted.packages().await?;
        let ones = packages.iter().filter(|it| {
            let is_there = it.standing() == Standing::Published && is_one(it);
            is_there && self.may_list(&call.caller, &it.name)
        });
        Ok(ones.map(|package| package.name.clone()).collect())
    }
}

pub(super) fn told(body: &Value) -> Reply {
    Reply::json(StatusCode::OK, body).with(header::CACHE_CONTROL, "no-cache")
}
