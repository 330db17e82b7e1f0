//! `POST /-/package/PKG/delete`: a package goes, whosever it is. NOPAR's own is unpublished, of an upstream's the copy
//! is discarded.
//! Knows nothing of either.

use super::refresh::ok;
use super::{Api, Call, Refusal};
use crate::access::Permission;
use crate::hosted::Authority;
use crate::npm::PackageName;
use crate::reply::Reply;
use log::info;

impl Api {
    /// `rev` is the revision that the caller has seen of a package that is NOPAR's own, if they say it.
    pub(super) async fn delete(
        &self,
        call: &Call<'_>,
        name: PackageName,
        rev: Option<&str>,
    ) -> Result<Reply, Refusal> {
        self.administered_by(call, Permission::Unpublish, &name).await?;
        self.allow(call, Permission::Unpublish, &name).await?;
        match self.hosted.authority(&name).await? {
            Authority::Own(_) => self.unpublish(call, name, rev).await,
            Authority::Claimed(_) => Err(Refusal::no_package()),
            Authority::Upstream(left) => {
                if call.elsewhere.discard(&name).await {
                    info!("the copy of {name} was discarded by {}", call.name());
                    return Ok(ok());
                }
                // What an older NOPAR left is never touched.
                Err(if left.is_some() { Refusal::copied(&name) } else { Refusal::no_package() })
            }
        }
    }
}
