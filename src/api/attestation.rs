//! `GET /-/npm/v1/attestations/NAME@VERSION`: the sigstore bundle that came with a version.
//! Knows nothing of what is in it: the document says of which kind it is.

use super::{Api, Call, DOCUMENT_LIMIT, Refusal};
use crate::access::Permission;
use crate::hosted::{Authority, HostedError, in_turn, turn_for};
use crate::npm::PackageName;
use crate::npm::hosted::HostedDocument;
use crate::reply::Reply;
use http::{StatusCode, header};
use serde::Serialize;
use serde_json::value::RawValue;

/// What is told of a version.
#[derive(Serialize)]
struct Told<'a> {
    attestations: [Stated<'a>; 1],
}

/// A bundle, as it came.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stated<'a> {
    predicate_type: &'a str,
    bundle: &'a RawValue,
}

impl Api {
    pub(super) async fn attestations(
        &self,
        call: &Call<'_>,
        name: &PackageName,
        version: &str,
    ) -> Result<Reply, Refusal> {
        self.allow(call, Permission::Read, name).await?;
        let Authority::Own(_) = self.hosted.authority(name).await? else {
            return Err(Refusal::no_attestations());
        };
        let version = version.to_owned();
        // Looked up in the document: the store may have what no document names.
        let look = move |document: HostedDocument| {
            let file = document.file(&version)?;
            Some((file.bundle()?, document.predicate_type(&version)?))
        };
        let looked = self.hosted.work_on(name, 0, look).await?;
        let stated = looked.and_then(|worked| worked.done);
        let (file, predicate_type) = stated.ok_or_else(Refusal::no_attestations)?;
        let bundle = self.hosted.store().tarball(name, &file).await?;
        let bundle = bundle.ok_or_else(Refusal::no_attestations)?;
        // None so long is taken today, but one may lie there.
        let turn = turn_for(bundle.len()).await;
        let bundle = bundle.read(0, DOCUMENT_LIMIT as u64).await?;
        let told = in_turn(turn, move || told(&bundle, &predicate_type)).await;
        let (told, _room) = told.map_err(HostedError::from)?;
        told.ok_or_else(Refusal::no_attestations)
    }
}

/// The answer, without another copy of the bundle; `None` if that is no JSON, which it was before it was kept.
fn told(bundle: &[u8], predicate_type: &str) -> Option<Reply> {
    let bundle: &RawValue = serde_json::from_slice(bundle).ok()?;
    let body = serde_json::to_vec(&Told { attestations: [Stated { predicate_type, bundle }] });
    let reply = Reply::text(StatusCode::OK, "application/json", body.ok()?);
    Some(reply.with(header::CACHE_CONTROL, "no-cache"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_told_as_it_came() {
        let told = |bundle: &str| told(bundle.as_bytes(), "p\"q").map(|reply| reply.body);
        let body = told("{ \"b\":1.50, \"a\":[] }\n").unwrap();
        let expected =
            r#"{"attestations":[{"predicateType":"p\"q","bundle":{ "b":1.50, "a":[] }}]}"#;
        assert_eq!(std::str::from_utf8(&body).unwrap(), expected);
        for damaged in ["", "{", "{} {}"] {
            assert_eq!(told(damaged), None, "{damaged}");
        }
    }
}
