//! `PURGE /PKG`, `/PKG/VERSION` and `/PKG/-/FILE`: copies of an upstream's package go, by the method that caches of the web
//! have for that. The next request has them fetched anew.
//! Knows nothing of how copies are kept.

use super::{Api, Call, Purged, Refusal, Removed};
use crate::access::Permission;
use crate::hosted::{Authority, Standing};
use crate::npm::PackageName;
use crate::reply::Reply;
use http::{StatusCode, header};
use log::info;
use serde_json::json;

impl Api {
    /// No second factor is asked for: nothing that is published changes. What is not held is as gone as what was.
    pub(super) async fn purge(
        &self,
        call: &Call<'_>,
        name: &PackageName,
        part: Purged,
    ) -> Result<Reply, Refusal> {
        self.administered_by(call, Permission::Unpublish, name).await?;
        // A name that is only claimed, or was unpublished, may have copies of before.
        if let Authority::Own(package) = self.hosted.authority(name).await?
            && package.standing() == Standing::Published
        {
            return Err(Refusal::no_copy(name));
        }
        if let Purged::Version(selector) = &part
            && !selector.as_str().starts_with(|c: char| c.is_ascii_digit())
        {
            return Err(Refusal::no_version(selector));
        }
        let Removed { count, bytes } = call.elsewhere.purge(name, &part).await;
        let what = match &part {
            Purged::Package => name.to_string(),
            Purged::Version(version) => format!("{name}@{version}"),
            Purged::Tarball(file) => format!("{name}, {file}"),
        };
        let copies = if count == 1 { "copy" } else { "copies" };
        info!("{} purged {count} {copies} of {what}, {bytes} bytes", call.name());
        let told = json!({"ok": true, "removed": count, "bytes": bytes});
        Ok(Reply::json(StatusCode::OK, &told).with(header::CACHE_CONTROL, "no-store"))
    }
}
