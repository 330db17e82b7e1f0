//! Dist-tags are set and removed.
//! Knows nothing of what a tag may be.

use super::change::done;
use super::{Api, Body, Call, Refusal};
use crate::npm::{DistTag, PackageName};
use crate::reply::Reply;
use log::info;

impl Api {
    /// `PUT` or `POST /-/package/PKG/dist-tags/TAG`, and `PUT /PKG/TAG` of old: the body is the version, as JSON.
    pub(super) async fn set_tag(
        &self,
        call: &Call<'_>,
        body: &mut dyn Body,
        name: PackageName,
        tag: &str,
    ) -> Result<Reply, Refusal> {
        self.may_change(call, &name).await?;
        let tag = DistTag::parse(tag)?;
        let body = self.short(body).await?;
        let version: String = serde_json::from_slice(&body)
            .map_err(|_| Refusal::bad_body("the body is not a version as a JSON string"))?;
        let (set, to) = (tag.clone(), version.clone());
        let edited = self.edit(&name, move |document, moment| {
            document.set_tag(&set, &to, moment)?;
            Ok(Vec::new())
        });
        let rev = edited.await?;
        info!("{name}: {tag} is {version}, set by {}", call.name());
        Ok(done("package tagged", &name, &rev))
    }

    /// `DELETE /-/package/PKG/dist-tags/TAG`.
    pub(super) async fn remove_tag(
        &self,
        call: &Call<'_>,
        name: PackageName,
        tag: &str,
    ) -> Result<Reply, Refusal> {
        self.may_change(call, &name).await?;
        let removed = tag.to_owned();
        let edited = self.edit(&name, move |document, moment| {
            document.remove_tag(&removed, moment)?;
            Ok(Vec::new())
        });
        let rev = edited.await?;
        info!("{name}: {tag} was removed by {}", call.name());
        Ok(done("dist-tag removed", &name, &rev))
    }
}
