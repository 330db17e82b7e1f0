//! Owners one by one, as pnpm adds and removes them; npm sends the list of all (`change`).
//! Knows nothing of what an owner may do.

use super::change::done;
use super::told::told;
use super::{Api, Body, Call, Refusal};
use crate::access::Permission;
use crate::npm::PackageName;
use crate::npm::hosted::{HostedDocument, Person};
use crate::reply::Reply;
use crate::route::is_user;
use serde::Deserialize;
use serde_json::json;

/// What comes with `PUT`.
#[derive(Deserialize)]
struct Wanted {
    user: String,
}

impl Api {
    /// `GET /-/package/PKG/owners`.
    pub(super) async fn owners(
        &self,
        call: &Call<'_>,
        name: &PackageName,
    ) -> Result<Reply, Refusal> {
        let owners = self.owners_of(call, name).await?;
        let owner = |owner: Person| json!({"username": owner.name, "email": owner.email});
        Ok(told(&owners.into_iter().map(owner).collect()))
    }

    /// Who owns a hosted package.
    pub(super) async fn owners_of(
        &self,
        call: &Call<'_>,
        name: &PackageName,
    ) -> Result<Vec<Person>, Refusal> {
        self.allow(call, Permission::Read, name).await?;
        // The owners of one that was taken back are noted, so that nobody else goes on under its name.
        let owners = |document: HostedDocument| {
            let is_there = document.is_hosted() && document.versions().len() > 0;
            is_there.then(|| document.maintainers())
        };
        let owners = self.hosted.work_on(name, 0, owners).await?;
        owners.and_then(|worked| worked.done).ok_or_else(Refusal::no_package)
    }

    /// `PUT /-/package/PKG/owners`. Whoever comes under a name later would have what is done here for one that nobody has.
    pub(super) async fn add_owner(
        &self,
        call: &Call<'_>,
        body: &mut dyn Body,
        name: PackageName,
    ) -> Result<Reply, Refusal> {
        self.may_own(call, &name).await?;
        let members = self.object(body).await?;
        let Wanted { user } = serde_json::from_value(members.into())
            .map_err(|_| Refusal::bad_body("the body is not a JSON object with a user"))?;
        if !is_user(&user) {
            return Err(Refusal::bad_body("that is not the name of a user"));
        }
        call.notes.with("added", &user);
        let Some(email) = self.access.email_of(&user).await? else {
            return Err(Refusal::no_user(&user));
        };
        let added = Person { name: user, email };
        let edited = self.edit(&name, move |document, moment| {
            let mut owners = document.maintainers();
            if owners.iter().all(|owner| owner.name != added.name) {
                owners.push(added.clone());
                document.set_maintainers(&owners, moment)?;
            }
            Ok(Vec::new())
        });
        let rev = edited.await?;
        Ok(done("owner added", &name, &rev))
    }

    /// `DELETE /-/package/PKG/owners/NAME`.
    pub(super) async fn remove_owner(
        &self,
        call: &Call<'_>,
        name: PackageName,
        user: &str,
    ) -> Result<Reply, Refusal> {
        self.may_own(call, &name).await?;
        call.notes.with("removed", user);
        let removed = user.to_owned();
        let edited = self.edit(&name, move |document, moment| {
            let mut owners = document.maintainers();
            let before = owners.len();
            owners.retain(|owner| owner.name != removed);
            if owners.len() == before {
                return Err(Refusal::no_owner(&removed));
            }
            document.set_maintainers(&owners, moment)?;
            Ok(Vec::new())
        });
        let rev = edited.await?;
        Ok(done("owner removed", &name, &rev))
    }
}
