//! `/-/stage`: what is published once somebody has approved it.
//! Knows nothing of where it waits.
//!
//! What comes is taken as a publish is, up to the commit. Everything about a stage asks for the permission to publish its
//! package; to who has not got it, it is not there.

mod approve;
mod examine;
mod record;
mod refusal;
mod staging;

pub use examine::{Staged, staged};
pub use staging::Staging;

use super::incoming::Incoming;
use super::page::{Asked, USUAL};
use super::publish::Ready;
use super::{Api, Body, Call, DOCUMENT_LIMIT, Refusal};
use crate::access::Permission;
use crate::hosted::{HostedError, Large, computed};
use crate::npm::hosted::NewVersion;
use crate::npm::publish::{PublishDocument, PublishError, Put};
use crate::npm::{Integrity, PackageName, TarballName};
use crate::reply::Reply;
use crate::store::{StageId, StagePart, Tarball};
use bytes::Bytes;
use http::{StatusCode, header};
use log::info;
use record::{Record, Said};
use serde_json::{Value, json};
use std::sync::Arc;

impl Api {
    /// `GET /-/stage`: the newest first.
    pub(super) async fn stages(&self, call: &Call<'_>, query: &str) -> Result<Reply, Refusal> {
        let asked = Asked::parse(query, USUAL)?;
        let mut all = self.staging.all().await?;
        all.retain(|(_, record)| asked.package.as_ref().is_none_or(|name| *name == record.name));
        let mut visible = Vec::with_capacity(all.len());
        for (id, record) in all {
            if self.may(call, Permission::Publish, &record.name).await.is_ok() {
                visible.push((id, record));
            }
        }
        let mut all = visible;
        all.sort_by_key(|(id, record)| (std::cmp::Reverse(record.created), *id));
        let items = asked.part_of(&all).iter().map(|(id, record)| record.told(*id));
        let items: Vec<Value> = items.collect();
        Ok(told(&json!({
            "items": items,
            "page": asked.page,
            "perPage": asked.per_page,
            "total": all.len(),
        })))
    }

    /// `POST /-/stage/package/PKG`.
    pub(super) async fn stage(
        &self,
        call: &Call<'_>,
        body: &mut dyn Body,
        name: PackageName,
    ) -> Result<Reply, Refusal> {
        self.allow(call, Permission::Publish, &name).await?;
        self.check_length(body)?;
        let absent = self.check_name(call, &name).await?;
        self.staging.check_room(least_of(body)).await?;
        let Incoming { document, tarball } = self.receive(&name, body).await?;
        let (asked, had_tarball) = (name.clone(), tarball.is_some());
        let (document, _place) =
            document.work(move |text| published(&asked, text, had_tarball)).await?;
        let (document, tarball) = (document?, tarball.ok_or(PublishError::NoTarball)?);
        let Ready { new, tarball, bundle } = self.ready(call, &name, document, tarball).await?;
        let (new, manifest, digest) = written(new).await?;
        self.check_version_fits(&name, absent, &new).await?;
        let record = Record::of(name, &new, digest, self.clock.now());
        let mut parts = vec![
            (StagePart::Record, self.uploaded(record.to_bytes()).await?),
            (StagePart::Manifest, self.uploaded(manifest).await?),
            (StagePart::Tarball, tarball),
        ];
        parts.extend(bundle.map(|bundle| (StagePart::Bundle, bundle)));
        let id = self.staging.keep(&record.name, parts).await?;
        info!("{record} was staged by {} as {id}", record.actor);
        let body = json!({"ok": true, "stageId": id.to_string()});
        Ok(Reply::json(StatusCode::CREATED, &body).with(header::CACHE_CONTROL, "no-store"))
    }

    /// `GET /-/stage/ID`.
    pub(super) async fn staged(&self, call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
        let (id, record) = self.visible_stage(call, id).await?;
        Ok(told(&record.told(id)))
    }

    /// `GET /-/stage/ID/tarball`: the tarball, which is what was staged, and its bytes.
    pub(super) async fn staged_tarball(
        &self,
        call: &Call<'_>,
        id: &str,
    ) -> Result<(Arc<Large>, Tarball), Refusal> {
        let (id, record) = self.visible_stage(call, id).await?;
        let content = self.staging.part(id, StagePart::Tarball).await?;
        let content = content.ok_or_else(|| refusal::no_stage(&id.to_string()))?;
        Ok((self.checked_tarball(id, &record, &content).await?, content))
    }

    /// A stage that the caller may know of.
    async fn visible_stage(
        &self,
        call: &Call<'_>,
        text: &str,
    ) -> Result<(StageId, Arc<Record>), Refusal> {
        let absent = || refusal::no_stage(text);
        let id = StageId::parse(text).ok_or_else(absent)?;
        let record = self.staging.find(id).await?.ok_or_else(absent)?;
        self.may(call, Permission::Publish, &record.name).await.map_err(|_| absent())?;
        Ok((id, record))
    }

    /// Reads all of a tarball, once as long as its file is the same, and compares it with what was staged.
    async fn checked_tarball(
        &self,
        id: StageId,
        record: &Record,
        content: &Tarball,
    ) -> Result<Arc<Large>, Refusal> {
        let file = TarballName::kept(&record.name, record.version.as_str(), None);
        let integrity = Integrity::parse(&record.integrity).ok();
        let known = file.zip(integrity).ok_or_else(|| refusal::damaged_stage(id))?;
        match self.hosted.staged(&record.name, known.0, content, &known.1).await {
            Err(HostedError::Damaged { .. }) => Err(refusal::damaged_stage(id)),
            checked => Ok(checked?),
        }
    }
}

/// Bytes that a stage has at least whose body this is: most of a body is a tarball in base64, and of whatever else it is,
/// less may be kept.
fn least_of(body: &dyn Body) -> u64 {
    body.stated_len().map_or(0, |len| len / 2).saturating_sub(DOCUMENT_LIMIT as u64)
}

/// The version that a body publishes: it does nothing else here.
fn published(
    name: &PackageName,
    text: Vec<u8>,
    had_tarball: bool,
) -> Result<PublishDocument, PublishError> {
    match Put::parse(name, text, had_tarball)? {
        Put::Publish(document) => Ok(*document),
        Put::Change(_) => Err(PublishError::NoTarball),
    }
}

/// A version without what nobody will keep of it, and what is written down of it, with its digest.
async fn written(mut new: NewVersion) -> Result<(NewVersion, Bytes, String), Refusal> {
    let len = new.size();
    let work = move || {
        new.cut_readme();
        let text = Said::of(&new).to_bytes();
        let digest = Said::digest(&text);
        (new, text, digest)
    };
    let (written, _room) = computed(len, work).await.map_err(HostedError::from)?;
    Ok(written)
}

fn told(body: &Value) -> Reply {
    Reply::json(StatusCode::OK, body).with(header::CACHE_CONTROL, "no-store")
}
