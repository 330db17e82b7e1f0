//! The pages of what is in a tarball that is held.
//! Knows nothing of how they look, nor how a tarball is read.

mod archive;
mod reading;
mod tarball;
mod unpacked;

#[cfg(test)]
mod tests;

pub(super) use reading::Reading;
pub(super) use tarball::{Tarball, TarballId};

use super::package::Held;
use super::{Ui, Visit, nothing};
use crate::npm::{AboutVersion, PackageName, Selector, encode_segment};
use crate::reply::Reply;
use crate::web::{FilePage, FileRow, FileText, FilesPage, NoFilesPage};
use archive::Unreadable;

/// What is told of a version whose tarball is not held.
const NOT_HELD: &str = "The tarball of this version is not held. It is fetched when a client asks for it; this page asks \
                        nobody.";

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
        let frame = self.frame(visit).here("packages");
        let no_files = |why: &str, is_held: bool| {
            let (name, path) = (name.as_str(), name.path());
            NoFilesPage { frame, name, path, version: &found.version, why, is_held }.reply()
        };
        let tarball = match self.tarball_of(&held, name, &found).await {
            Ok(Some(tarball)) => tarball,
            Ok(None) if !visit.accepts_html => return nothing(NOT_HELD),
            Ok(None) => return no_files(NOT_HELD, false),
            Err(reply) => return reply,
        };
        let root = format!("/-/package/{}/files/{}", name.path(), encode_segment(&found.version));
        if path.is_empty() {
            return match self.reading.listing(tarball).await {
                Ok(listing) => {
                    let row = |file: &archive::Listed| FileRow {
                        path: file.path.clone(),
                        link: (file.is_plain && !file.is_link).then(|| below(&root, &file.path)),
                        len: file.len,
                        is_link: file.is_link,
                    };
                    let files = listing.files.iter().map(row).collect();
                    FilesPage {
                        frame,
                        name: name.as_str(),
                        path: name.path(),
                        version: &found.version,
                        files,
                    }
                    .reply()
                }
                Err(why) => no_files(&unreadable(name, &found, &why), true),
            };
        }
        match self.reading.content(tarball, path.to_owned()).await {
            Ok(Some(content)) => FilePage {
                frame,
                name: name.as_str(),
                path: name.path(),
                version: &found.version,
                list: root,
                file: path,
                len: content.len,
                text: content.text.map(FileText::new),
                is_cut: content.is_cut,
            }
            .reply(),
            Ok(None) => nothing("this version has no such file"),
            Err(why) => no_files(&unreadable(name, &found, &why), true),
        }
    }

    /// The version that a path names, or its tag.
    async fn version_of(
        &self,
        held: &Held,
        name: &PackageName,
        selector: &Selector,
    ) -> Result<Option<AboutVersion>, Reply> {
        if let Some(about) = self.about(held, name, None).await?
            && let Some(found) = about.find(selector.as_str())
        {
            return Ok(Some(found.clone()));
        }
        // One that is too old for the list of all.
        let about = self.about(held, name, Some(selector.as_str())).await?;
        Ok(about.and_then(|about| about.find(selector.as_str()).cloned()))
    }
}

fn below(root: &str, path: &str) -> String {
    path.split('/').fold(root.to_owned(), |link, part| format!("{link}/{}", encode_segment(part)))
}

fn unreadable(name: &PackageName, version: &AboutVersion, why: &Unreadable) -> String {
    log::info!("the tarball of {name}@{} is not shown: {why}", version.version);
    format!("Nothing is shown: {why}.")
}
