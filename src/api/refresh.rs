//! `POST /-/package/PKG/refresh`: what is held of an upstream's package is brought up to date now.
//! Knows nothing of how an upstream is asked.

use super::{Api, Call, Refusal};
use crate::access::Permission;
use crate::hosted::{Authority, Standing};
use crate::npm::PackageName;
use crate::reply::Reply;
use http::{StatusCode, header};
use serde_json::json;

impl Api {
    /// No second factor is asked for: nothing that is published changes.
    pub(super) async fn refresh(
        &self,
        call: &Call<'_>,
        name: &PackageName,
    ) -> Result<Reply, Refusal> {
        self.administered_by(call, Permission::Change, name).await?;
        match self.hosted.authority(name).await? {
            Authority::Own(package) if package.standing() == Standing::Published => {
                Err(Refusal::hosted(name))
            }
            Authority::Own(_) | Authority::Claimed(_) => Err(Refusal::no_package()),
            Authority::Upstream(_) => {
                let refreshed = call.elsewhere.refresh(name).await;
                Ok(refreshed.err().unwrap_or_else(ok))
            }
        }
    }
}

/// What is told when it is done, as the old NOPAR did.
pub(super) fn ok() -> Reply {
    Reply::json(StatusCode::OK, &json!({"ok": true})).with(header::CACHE_CONTROL, "no-store")
}
