//! The pages of what is in a tarball that is held.
//! Knows nothing of how they look, nor how a tarball is read.

mod archive;
mod list;
mod reading;
mod tarball;
mod unpacked;

#[cfg(test)]
mod tests;

pub(super) use archive::Unreadable;
pub(super) use reading::Reading;
pub(super) use tarball::{Tarball, TarballId};

use super::package::Held;
use super::{Ui, Visit, nothing};
use crate::npm::{AboutVersion, PackageName, Selector, encode_segment};
use crate::reply::Reply;
use crate::web::{FilePage, FileText, Frame, NoFilesPage};
use archive::Content;
use http::StatusCode;
use std::sync::Arc;
use std::time::Duration;

/// What is told of a version whose tarball is not held.
const NOT_HELD: &str = "The tarball of this version is not held. It is fetched when a client asks for it; this page asks \
                        nobody.";

/// How long a page of files waits for its tarball to be looked into.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whose files are shown.
struct Shown<'a> {
    frame: Frame<'a>,
    name: &'a PackageName,
    version: &'a AboutVersion,
    /// The path to the list of them.
    root: String,
}

impl Ui {
    pub(super) async fn files(
        &self,
        visit: &Visit<'_>,
        name: &PackageName,
        version: &Selector,
        path: &str,
    ) -> Reply {
        let held = match self.held(visit, name).await {
            Ok(Some(held)) => held,
            Ok(None) => return self.not_held(visit, name).await,
            Err(reply) => return reply,
        };
        let found = match self.version_of(&held, name, version).await {
            Ok(Some(version)) => version,
            Ok(None) => return nothing("this package has no such version or dist-tag"),
            Err(reply) => return reply,
        };
        let root = format!("/-/package/{}/files/{}", name.path(), encode_segment(&found.version));
        let frame = self.frame(visit).here("packages");
        let shown = Shown { frame, name, version: &found, root };
        let tarball = match self.tarball_of(&held, name, &found).await {
            Ok(Some(tarball)) => Arc::new(tarball),
            Ok(None) if !visit.accepts_html => return nothing(NOT_HELD),
            Ok(None) => return shown.none(StatusCode::NOT_FOUND, NOT_HELD),
            Err(reply) => return reply,
        };
        let reply = if path.is_empty() {
            let listing = self.reading.listing(&tarball, PATIENCE).await;
            listing.map(|listing| shown.list(&listing, list::asked(visit.query)))
        } else {
            let content = self.reading.content(&tarball, path, PATIENCE).await;
            content.map(|content| match content {
                Some(content) => shown.file(path, &content),
                None => nothing("this version has no such file"),
            })
        };
        reply.unwrap_or_else(|why| shown.unreadable(&why))
    }

    /// The version that a path names, or its tag.
    async fn version_of(
        &self,
        held: &Held,
        name: &PackageName,
        selector: &Selector,
    ) -> Result<Option<AboutVersion>, Reply> {
        let Some(about) = self.about(held, name, None).await? else { return Ok(None) };
        let version = about.resolve(selector.as_str());
        if let Some(found) = about.find(version) {
            return Ok(Some(found.clone()));
        }
        // One that is too old for the list of all.
        let about = self.about(held, name, Some(version)).await?;
        Ok(about.and_then(|about| about.find(version).cloned()))
    }
}

impl Shown<'_> {
    fn file(&self, path: &str, content: &Content) -> Reply {
        let page = FilePage {
            frame: self.frame,
            name: self.name.as_str(),
            path: self.name.path(),
            version: &self.version.version,
            list: self.root.clone(),
            file: path,
            len: content.len,
            text: content.text.as_deref().map(FileText::new),
            is_cut: content.is_cut,
        };
        page.reply()
    }

    fn unreadable(&self, why: &Unreadable) -> Reply {
        log::info!("the tarball of {}@{} is not shown: {why}", self.name, self.version.version);
        // That of others may be, or the same at another time.
        let status = match why {
            Unreadable::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Unreadable::Failed => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::OK,
        };
        self.none(status, &format!("Nothing is shown: {why}."))
    }

    fn none(&self, status: StatusCode, why: &str) -> Reply {
        let page = NoFilesPage {
            frame: self.frame,
            name: self.name.as_str(),
            path: self.name.path(),
            version: &self.version.version,
            why,
            status,
        };
        page.reply()
    }
}
