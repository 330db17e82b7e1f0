//! `POST /-/stage/ID/approve`, `DELETE /-/stage/ID`: the two ends that a stage comes to.
//! Knows nothing of how a version is published.
//!
//! An approval is a publish whose body lies in the store. The stage goes after the version is there; who is stopped
//! between the two finds the version with the id of its stage, and has only that to remove.

use super::record::{Record, Said};
use super::refusal;
use crate::access::Permission;
use crate::api::publish::Ready;
use crate::api::room::Place;
use crate::api::{Api, Call, DOCUMENT_LIMIT, Refusal};
use crate::hosted::Large;
use crate::reply::Reply;
use crate::store::{CHUNK, StageId, StagePart, Tarball, Upload};
use http::{StatusCode, header};
use log::{info, warn};
use serde_json::json;
use std::sync::Arc;

impl Api {
    pub(in crate::api) async fn approve(
        &self,
        call: &Call<'_>,
        id: &str,
    ) -> Result<Reply, Refusal> {
        call.check_no_job("approve what was staged")?;
        let (id, record) = self.visible_stage(call, id).await?;
        self.allow(call, Permission::Publish, &record.name).await?;
        // Whose the name is may have changed since.
        let absent = self.check_name(call, &record.name).await?;
        let _turn = self.staging.turn().await;
        let held = self.staging.hold(id).await?;
        let (ready, _place) = self.ready_of(id, &record).await?;
        let published = self.put_version(&record.name, absent, ready).await;
        let rev = published.map_err(refusal::as_conflict)?;
        let (by, person) = (&record.actor, call.name());
        info!("{record} was published: staged by {by} as {id}, approved by {person}");
        self.count_published();
        if let Err(error) = self.staging.remove(&record.name, held).await {
            warn!("{record} is published, and its stage {id} stays: {error}");
        }
        let body = json!({"ok": true, "success": true, "id": record.name.as_str(), "rev": rev});
        Ok(Reply::json(StatusCode::CREATED, &body).with(header::CACHE_CONTROL, "no-store"))
    }

    pub(in crate::api) async fn reject(&self, call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
        call.check_no_job("reject what was staged")?;
        let (id, record) = self.visible_stage(call, id).await?;
        self.allow(call, Permission::Publish, &record.name).await?;
        let held = self.staging.hold(id).await?;
        let removed = self.staging.remove(&record.name, held).await;
        removed.map_err(Refusal::of_change)?;
        let by = &record.actor;
        info!("{record}, staged by {by} as {id}, was rejected by {}", call.name());
        let reply = Reply::text(StatusCode::NO_CONTENT, "text/plain", "");
        Ok(reply.with(header::CACHE_CONTROL, "no-store"))
    }

    /// What a stage publishes, as if it had just come; and the room that it takes in memory.
    async fn ready_of(&self, id: StageId, record: &Arc<Record>) -> Result<(Ready, Place), Refusal> {
        let damaged = || refusal::damaged_stage(id);
        let manifest = self.staging.part(id, StagePart::Manifest).await?;
        let manifest = manifest.filter(is_document).ok_or_else(damaged)?;
        let tarball = self.staging.part(id, StagePart::Tarball).await?.ok_or_else(damaged)?;
        let bundle = self.staging.part(id, StagePart::Bundle).await?;
        let whose = Arc::clone(record);
        let said = self.kept(&manifest).await?;
        let (new, place) = said.work(move |text| Said::parse(&text, &whose, id)).await?;
        let mut new = new.ok_or_else(damaged)?;
        new.publisher = self.person(&record.actor).await?;
        if new.provenance.is_some() != bundle.as_ref().is_some_and(is_document) {
            return Err(damaged());
        }
        let large = self.checked_tarball(id, record, &tarball).await?;
        let tarball = self.copied(&large, &tarball).await?;
        let bundle = match bundle {
            Some(bundle) => Some(self.uploaded(bundle.read(0, bundle.len()).await?).await?),
            None => None,
        };
        Ok((Ready { new, tarball, bundle }, place))
    }

    /// A copy under no name yet. Each piece is one of those that were digested.
    async fn copied(&self, large: &Large, content: &Tarball) -> Result<Box<dyn Upload>, Refusal> {
        let mut upload = self.upload().await?;
        for number in 0..large.len().div_ceil(CHUNK) {
            let piece = large.read(content, number).await?;
            upload.write(piece).await.map_err(Refusal::of_change)?;
        }
        Ok(upload)
    }
}

/// Whether a text may be one that was staged, by its length.
fn is_document(part: &Tarball) -> bool {
    part.len() <= DOCUMENT_LIMIT as u64
}
