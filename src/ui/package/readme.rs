//! The readme of a package as it stands on its page: out of its document, or else out of its tarball.
//! Knows nothing of Markdown.

use super::Held;
use super::query::Asked;
use crate::document;
use crate::npm::{About, PackageName, Readme, Repository};
use crate::reply::Reply;
use crate::ui::Ui;
use crate::ui::files::{TarballId, Unreadable};
use crate::ui::remembered::remembered;
use crate::web::{self, ReadmePart, ReadmeShown};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of readmes that are remembered, and about how many that are.
const REMEMBERED: u64 = 16 << 20;
const READMES: usize = 1000;
/// How much longer a text is than it looks to who waits for his turn: to make a page of it takes as long as to read a
/// document many times its length.
const WORK: u64 = 8;
/// How long a page waits for a tarball that may have a readme: it has more to show.
const PATIENCE: Duration = Duration::from_millis(500);

/// What a readme is of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Of {
    /// A generation of a document, and one of its versions.
    Document(u64, Option<String>),
    /// A tarball.
    Tarball(TarballId),
}

/// Readmes that were made ready.
pub(in crate::ui) struct Readmes(Cache<Of, Arc<ReadmeShown>, Weight>);

#[derive(Clone)]
struct Weight;

impl Weighter<Of, Arc<ReadmeShown>> for Weight {
    fn weight(&self, _: &Of, readme: &Arc<ReadmeShown>) -> u64 {
        readme.text.len() as u64 + 200
    }
}

impl Default for Readmes {
    fn default() -> Readmes {
        Readmes(remembered(READMES, REMEMBERED, Weight))
    }
}

impl Readmes {
    async fn get(
        &self,
        of: Of,
        readme: Readme,
        repository: Option<Repository>,
    ) -> Arc<ReadmeShown> {
        let made = async {
            let turn = document::turn(readme.text.len() as u64 * WORK, false).await;
            let made = turn.work(move || shown(readme, repository.as_ref())).await;
            let empty = ReadmeShown { text: String::new(), is_html: false, is_cut: true };
            Ok::<_, Infallible>(Arc::new(made.map_or(empty, |(shown, _room)| shown)))
        };
        let Ok(shown) = self.0.get_or_insert_async(&of, made).await;
        shown
    }
}

/// As HTML where it is Markdown, and can be made that; else as the text it is.
fn shown(readme: Readme, repository: Option<&Repository>) -> ReadmeShown {
    let html = readme.is_markdown.then(|| web::markdown(&readme.text, repository)).flatten();
    let (is_html, is_cut) = (html.is_some(), readme.is_cut);
    ReadmeShown { text: html.unwrap_or(readme.text), is_html, is_cut }
}

impl Ui {
    /// The readme of the version that is told of, if there is one. Some clients publish none beside the tarball.
    pub(super) async fn readme_of(
        &self,
        held: &Held,
        name: &PackageName,
        about: &About,
        asked: &Asked,
    ) -> Result<ReadmePart, Reply> {
        let repository = about.repository.clone();
        if let Some(readme) = about.readme.clone() {
            let of = Of::Document(held.id(), asked.version.clone());
            return Ok(ReadmePart::Shown(self.readmes.get(of, readme, repository).await));
        }
        let Some(version) = about.find(&about.version) else { return Ok(ReadmePart::Absent) };
        let Some(tarball) = self.tarball_of(held, name, version).await? else {
            return Ok(ReadmePart::Absent);
        };
        let tarball = Arc::new(tarball);
        let listing = match self.reading.listing(&tarball, PATIENCE).await {
            Ok(listing) => listing,
            Err(Unreadable::Busy) => return Ok(ReadmePart::Awaited),
            // One that cannot be read has no readme; the page of its files says what is wrong with it.
            Err(_) => return Ok(ReadmePart::Absent),
        };
        let Some(readme) = listing.readme.clone() else { return Ok(ReadmePart::Absent) };
        let of = Of::Tarball(tarball.id().clone());
        Ok(ReadmePart::Shown(self.readmes.get(of, readme, repository).await))
    }
}
