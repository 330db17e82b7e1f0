//! `GET /-/npm/v1/attestations/NAME@VERSION`: the sigstore bundle that came with a version.
//! Knows nothing of what is in it but its kind.

use super::told::told;
use super::{Api, Call, DOCUMENT_LIMIT, Refusal};
use crate::access::Permission;
use crate::hosted::Authority;
use crate::npm::publish::Provenance;
use crate::npm::{PackageName, TarballName};
use crate::reply::Reply;
use serde_json::json;
use serde_json::value::RawValue;

impl Api {
    pub(super) async fn attestations(
        &self,
        call: &Call<'_>,
        name: &PackageName,
        version: &str,
    ) -> Result<Reply, Refusal> {
        self.allow(call, Permission::Read, name)?;
        let Authority::Own(_) = self.hosted.authority(name).await? else {
            return Err(Refusal::no_package());
        };
        let document = self.hosted.document(name).await?.ok_or_else(Refusal::no_package)?;
        // Looked up in the document: the store may have what no document names.
        let file = document.file(version).filter(|_| document.is_attested(version));
        let file = file.as_ref().and_then(TarballName::bundle).ok_or_else(Refusal::no_package)?;
        let bundle = self.hosted.store().tarball(name, &file).await?;
        let bundle = bundle.ok_or_else(Refusal::no_package)?.read(0, DOCUMENT_LIMIT as u64).await?;
        // It was read before it was kept.
        let text = String::from_utf8_lossy(&bundle);
        let predicate_type = Provenance::predicate_type(&text).ok_or_else(Refusal::no_package)?;
        let bundle = RawValue::from_string(text.into_owned());
        let bundle = bundle.map_err(|_| Refusal::no_package())?;
        let stated = json!({"predicateType": predicate_type, "bundle": bundle});
        Ok(told(&json!({"attestations": [stated]})))
    }
}
