//! Changes of a package that bring no tarball: documents sent back, and versions taken back.
//! Knows nothing of what may be changed in a document.

use super::commit::Absent;
use super::{Api, Body, Call, Refusal};
use crate::access::Permission;
use crate::hosted::Authority;
use crate::npm::hosted::{ClientCopy, Edit, HostedDocument, Person, Request};
use crate::npm::{PackageName, TarballName};
use crate::reply::Reply;
use crate::trail::Deed;
use http::{StatusCode, header};
use log::info;
use parking_lot::Mutex;
use serde_json::json;
use std::sync::Arc;

impl Api {
    /// `PUT /PKG/-rev/REV`.
    pub(super) async fn put_revision(
        &self,
        call: &Call<'_>,
        body: &mut dyn Body,
        name: PackageName,
        rev: &str,
    ) -> Result<Reply, Refusal> {
        self.may_send_copy(call, &name).await?;
        let copy = self.whole(&name, body).await?;
        let (copy, _place) = copy.work(|text| ClientCopy::parse(&text)).await?;
        self.put_copy(call, name, Some(rev), copy?.seen_at(rev), Request::Revision).await
    }

    /// A client's copy of a document comes back, and says what is to be different. Whoever sent it may change the
    /// package.
    pub(super) async fn put_copy(
        &self,
        call: &Call<'_>,
        name: PackageName,
        rev: Option<&str>,
        copy: ClientCopy,
        request: Request,
    ) -> Result<Reply, Refusal> {
        let (rev, user) = (rev.map(str::to_owned), call.caller.user().map(str::to_owned));
        let (files, len) = (Vec::new(), copy.size());
        // What a copy asks for is known once it is compared.
        let may_change = self.allow(call, Permission::Change, &name).await;
        let may_unpublish = self.allow(call, Permission::Unpublish, &name).await;
        let may_own = self.allow(call, Permission::Own, &name).await;
        let may_star = call.check_no_job("say which packages you like");
        let owners = Arc::new(Mutex::new(None));
        let owners_to_be = Arc::clone(&owners);
        let edited = self.commit(&name, Absent::Refuse, files, len, move |document, moment| {
            document.check_rev(rev.as_deref())?;
            let edits = document.edits_of(&copy, request, user.as_deref())?;
            // It may be asked again, of another document.
            *owners_to_be.lock() = owners_of(&edits);
            for edit in &edits {
                match edit {
                    // Whoever is somebody may say what they like.
                    Edit::Star { .. } => may_star.clone()?,
                    Edit::Unpublish(_) | Edit::UnpublishAll => may_unpublish.clone()?,
                    Edit::Owners(_) => may_own.clone()?,
                    _ => may_change.clone()?,
                }
            }
            Ok(document.apply(&edits, moment)?)
        });
        let edited = edited.await;
        if let Some(owners) = owners.lock().take() {
            call.notes.deed(Deed::Owners);
            call.notes.with("owners", owners);
        }
        let rev = edited?;
        info!("{name} was changed by {}", call.name());
        Ok(done("updated package", &name, &rev))
    }

    /// `DELETE /PKG/-rev/REV`: all versions are taken back. Without a `rev` nobody looks at the present one.
    pub(super) async fn unpublish(
        &self,
        call: &Call<'_>,
        name: PackageName,
        rev: Option<&str>,
    ) -> Result<Reply, Refusal> {
        self.may_unpublish(call, &name).await?;
        let seen = rev.map(str::to_owned);
        let edited = self.edit(&name, move |document, moment| {
            document.check_rev(seen.as_deref())?;
            Ok(document.unpublish_all(moment)?)
        });
        let rev = edited.await?;
        info!("{name} was unpublished by {}", call.name());
        Ok(done("package removed", &name, &rev))
    }

    /// `DELETE /PKG/-/FILE/-rev/REV`: what clients send after they have taken a version out of the document. It
    /// went with that. The file has the name that packuments give it, whatever an old NOPAR has called it.
    pub(super) async fn remove_tarball(
        &self,
        call: &Call<'_>,
        name: PackageName,
        file: &TarballName,
    ) -> Result<Reply, Refusal> {
        self.may_unpublish(call, &name).await?;
        let tarball = file.clone();
        let look = move |document: HostedDocument| {
            let of = tarball.canonical_version(document.name());
            let is_its = |version: &str| {
                of == Some(version) || document.file(version).as_ref() == Some(&tarball)
            };
            let is_there = document.versions().any(is_its);
            (is_there, of.is_some_and(|version| document.had(version)), document.rev())
        };
        let looked = self.hosted.work_on(&name, 0, look).await?.ok_or_else(Refusal::no_package)?;
        let (is_there, was_there, rev) = looked.done;
        if is_there {
            let error = format!(
                "{file} is the tarball of a version that is published; unpublish the version"
            );
            return Err(Refusal::new(StatusCode::CONFLICT, error, "conflict"));
        }
        if !was_there {
            return Err(Refusal::no_tarball(file));
        }
        Ok(done("tarball removed", &name, &rev.unwrap_or_default()))
    }

    /// Whether the caller may change this package, and it is NOPAR's to change.
    pub(super) async fn may_change(
        &self,
        call: &Call<'_>,
        name: &PackageName,
    ) -> Result<(), Refusal> {
        self.allow(call, Permission::Change, name).await?;
        self.is_ours(name).await
    }

    /// The same of its owners.
    pub(super) async fn may_own(&self, call: &Call<'_>, name: &PackageName) -> Result<(), Refusal> {
        self.allow(call, Permission::Own, name).await?;
        self.is_ours(name).await
    }

    /// The same of taking versions back.
    async fn may_unpublish(&self, call: &Call<'_>, name: &PackageName) -> Result<(), Refusal> {
        self.allow(call, Permission::Unpublish, name).await?;
        self.is_ours(name).await
    }

    /// Whether the caller may send a copy of this package's document at all: whoever is logged in and may read it may
    /// say that they like it, and what else the copy asks for is looked at then.
    pub(super) async fn may_send_copy(
        &self,
        call: &Call<'_>,
        name: &PackageName,
    ) -> Result<(), Refusal> {
        call.check_no_job("change what is published")?;
        if let Err(refusal) = self.allow(call, Permission::Change, name).await
            && (call.caller.user().is_none() || call.caller.limits().is_read_only())
        {
            return Err(refusal);
        }
        self.allow(call, Permission::Read, name).await?;
        self.is_ours(name).await
    }

    async fn is_ours(&self, name: &PackageName) -> Result<(), Refusal> {
        match self.hosted.authority(name).await? {
            Authority::Own(_) => Ok(()),
            Authority::Claimed(_) => Err(Refusal::no_package()),
            Authority::Upstream(_) => Err(Refusal::not_hosted(name)),
        }
    }
}

/// The owners that a package gets by these, if it gets others.
fn owners_of(edits: &[Edit]) -> Option<String> {
    let owners = edits.iter().find_map(|edit| match edit {
        Edit::Owners(owners) => Some(owners),
        _ => None,
    });
    let names = |owners: &Vec<Person>| owners.iter().map(|owner| owner.name.clone()).collect();
    owners.map(names).map(|names: Vec<String>| names.join(", "))
}

/// What is told of a change.
pub(super) fn done(ok: &str, name: &PackageName, rev: &str) -> Reply {
    let body = json!({"ok": ok, "success": true, "id": name.as_str(), "rev": rev});
    Reply::json(StatusCode::CREATED, &body).with(header::CACHE_CONTROL, "no-store")
}
