//! The look at a directory of hosted packages that a start takes: what is wrong in it, and what lists are made of.
//! Knows nothing of where files are; nothing is changed for what it finds.

use super::findings::Findings;
use super::package::Known;
use super::{Hosted, HostedError, len_in};
use crate::npm::TarballName;
use crate::npm::hosted::HostedDocument;
use crate::store::disk::Seen;
use crate::store::{DiskStore, StoreError};
use log::{Level, info};

#[cfg(test)]
mod tests;

/// What a start has found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// How many packages have a document.
    pub packages: usize,
    /// How many of these are copies that an older NOPAR took from its upstream.
    pub copies: usize,
    /// What cannot be read, or is not in its place.
    pub left_out: Findings,
    /// Versions whose tarball is not there.
    pub missing: Findings,
    /// Tarballs that no version names.
    pub unnamed: Findings,
    /// Folders that nothing can be published to.
    pub foreign: Findings,
}

/// What is wrong with the tarballs of one package, in words.
#[derive(Default)]
struct Wrong {
    missing: Vec<String>,
    unnamed: Vec<String>,
}

impl Hosted {
    /// Looks at everything in the directory of the store, which has to be `store`: what is wrong there, and what
    /// [`packages`](Self::packages) needs to know. Reads every document once; blocks.
    ///
    /// # Errors
    /// When the directory itself cannot be read.
    pub fn survey(&self, store: &DiskStore) -> Result<Survey, StoreError> {
        let mut survey = Survey::default();
        let report = store.walk(|seen| match HostedDocument::parse(&seen.document) {
            Ok(document) => {
                let known = Known::of(&document, len_in(store));
                self.names.put(&seen.name, seen.stamp, known);
                if document.is_hosted() {
                    survey.compare(store, &seen, &document);
                }
            }
            Err(error) => survey.left_out.add(HostedError::Unreadable(seen.name, error)),
        })?;
        (survey.packages, survey.copies) = (report.packages, report.copies);
        report.problems.iter().for_each(|problem| survey.left_out.add(problem));
        report.foreign.iter().for_each(|problem| survey.foreign.add(problem));
        Ok(survey)
    }
}

impl Survey {
    /// Writes it to the log; `path` is that of the directory.
    pub fn tell(&self, path: &str) {
        let (packages, copies) = (self.packages, self.copies);
        let of = if copies > 0 {
            format!(", {copies} of them copies of an older NOPAR")
        } else {
            String::new()
        };
        info!("store: {packages} packages{of} in {path}");
        for (level, kind, findings) in [
            (Level::Warn, "left out", &self.left_out),
            (Level::Warn, "tarball missing", &self.missing),
            (Level::Warn, "publishing refused", &self.foreign),
            // Harmless.
            (Level::Info, "tarball of no version", &self.unnamed),
        ] {
            findings.lines(kind).for_each(|line| log::log!(level, "store: {line}"));
        }
    }

    /// Compares the tarballs of a package with what its document says.
    fn compare(&mut self, store: &DiskStore, seen: &Seen, document: &HostedDocument) {
        if wrong(store, seen, document).is_ok_and(|wrong| wrong.is_nothing()) {
            return;
        }
        // Somebody may be about to change it: what is wrong when nobody is, is wrong.
        let at_rest = store.at_rest(&seen.name, |seen| {
            let document = HostedDocument::parse(&seen.document);
            match document.ok().filter(HostedDocument::is_hosted) {
                Some(document) => wrong(store, &seen, &document),
                None => Ok(Wrong::default()),
            }
        });
        match at_rest.and_then(Option::transpose) {
            Ok(wrong) => {
                let wrong = wrong.unwrap_or_default();
                wrong.missing.iter().for_each(|what| self.missing.add(what));
                wrong.unnamed.iter().for_each(|what| self.unnamed.add(what));
            }
            Err(error) => {
                let name = &seen.name;
                self.missing.add(format!("those of {name} cannot be looked at: {error}"));
            }
        }
    }
}

impl Wrong {
    fn is_nothing(&self) -> bool {
        self.missing.is_empty() && self.unnamed.is_empty()
    }
}

/// What is wrong just now. Files that an old NOPAR kept books of are somebody's, and so are bundles beside tarballs.
fn wrong(store: &DiskStore, seen: &Seen, document: &HostedDocument) -> Result<Wrong, StoreError> {
    let name = &seen.name;
    let file_of = |version| Some((version, document.file(version)?));
    let versions: Vec<(&str, TarballName)> = document.versions().filter_map(file_of).collect();
    let named: Vec<TarballName> = versions.iter().map(|(_, file)| file.clone()).collect();
    let mut allowed: Vec<TarballName> = named.iter().filter_map(TarballName::bundle).collect();
    allowed.extend(document.booked_files());
    let compared = store.compare(seen, &named, &allowed)?;
    let missing = versions.iter().filter_map(|(version, file)| {
        let path = compared.missing.get(file)?.display();
        Some(format!(
            "version {version} of {name} cannot be installed, as {path} is not there, or no file: put the \
             file back, or unpublish the version"
        ))
    });
    let unnamed = compared.unnamed.iter().map(|path| {
        let path = path.display();
        format!(
            "{path} is what a publish or an unpublish of {name} left that was cut short: it is \
             sent to nobody, and may be removed"
        )
    });
    Ok(Wrong { missing: missing.collect(), unnamed: unnamed.collect() })
}
