//! Versions are taken back, one or all.
//! Knows nothing of when that may be done; removes no tarball, but tells which nobody names any more.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Serialize;

use super::super::json::text;
use super::super::tarball::TarballName;
use super::{ChangeError, HostedDocument, Moment};

/// What `time` keeps of a package that was taken back as a whole.
#[derive(Serialize)]
struct Unpublished<'a> {
    name: &'a str,
    time: &'a str,
    versions: &'a [String],
}

impl HostedDocument {
    /// Takes all versions back, with their tags and what the root says of the latest. Owners stay, so that
    /// nobody else can go on under the name. Gives the files that may be removed once the document is written.
    ///
    /// # Errors
    /// When there is none.
    pub fn unpublish_all(&mut self, moment: Moment<'_>) -> Result<Vec<TarballName>, ChangeError> {
        let files = self.take_all_back(moment.now)?;
        let files = self.forget(files);
        self.date(moment);
        Ok(files)
    }

    /// Takes a version back, and the tags that point to it; `latest` moves to the highest version that is left, a
    /// stable one before a prerelease. The last version is [all](Self::unpublish_all) of them. Gives its file, to
    /// [`forget`](Self::forget) once all that goes is gone.
    pub(super) fn take_back(
        &mut self,
        version: &str,
        now: &str,
    ) -> Result<Vec<TarballName>, ChangeError> {
        if !self.versions.contains(version) {
            return Err(ChangeError::NoVersion(version.to_owned()));
        }
        if self.versions.len() == 1 {
            return self.take_all_back(now);
        }
        let file = self.file(version);
        self.remember(version, now);
        Arc::make_mut(&mut self.versions).remove(version);
        let was_latest = self.dist_tags.text("latest").as_deref() == Some(version);
        // `latest` gets its new version in its place.
        self.dist_tags.retain(|tag, to| tag == "latest" || text(to).as_deref() != Some(version));
        if let Some(highest) = self.highest().filter(|_| was_latest) {
            self.set_latest(&highest);
        }
        Ok(Vec::from_iter(file))
    }

    /// Takes all versions back. Gives their files, like [`take_back`](Self::take_back).
    pub(super) fn take_all_back(&mut self, now: &str) -> Result<Vec<TarballName>, ChangeError> {
        if self.versions.is_empty() {
            return Err(ChangeError::NothingPublished(self.name.clone()));
        }
        let versions: Vec<String> = self.versions().map(str::to_owned).collect();
        let files: Vec<_> = versions.iter().filter_map(|version| self.file(version)).collect();
        for version in &versions {
            self.remember(version, now);
        }
        let name = self.name.as_str();
        self.time.put_value("unpublished", &Unpublished { name, time: now, versions: &versions });
        self.versions = Arc::default();
        self.dist_tags.clear();
        self.clear_latest();
        Ok(files)
    }

    /// Keeps in mind that a version was there: documents of old may have no time of it.
    fn remember(&mut self, version: &str, now: &str) {
        if !self.time.contains(version) {
            self.time.put_text(version, now);
        }
    }

    /// Takes the files of versions that are gone from the books of an old NOPAR. Gives those that no version
    /// names: with the file names of old, two versions may have had one. Names that differ in case only are one
    /// on some file systems; where they are two, a file stays that nobody gets.
    ///
    /// Reads the manifests of all versions that are left, so it is done once for all that go.
    pub(super) fn forget(&mut self, mut gone: Vec<TarballName>) -> Vec<TarballName> {
        if gone.is_empty() {
            return gone;
        }
        let folded = |file: &TarballName| file.as_str().to_lowercase();
        let named = self.versions().filter_map(|version| self.file(version));
        let kept: HashSet<_> = named.map(|file| folded(&file)).collect();
        let mut told = HashSet::new();
        gone.retain(|file| !kept.contains(&folded(file)) && told.insert(file.as_str().to_owned()));
        if let Some(mut books) = self.members.object("_attachments") {
            books.retain(|file, _| !told.contains(file));
            self.members.put_value("_attachments", &books);
        }
        gone
    }
}
