//! The page of a package.
//! Knows nothing of how it looks. It is made of what is held, and asks no upstream for anything.

mod deeds;
mod known;
mod query;
mod readme;
mod relations;
mod versions;

#[cfg(test)]
mod tests;

pub(super) use known::Abouts;
pub(super) use readme::Readmes;

use super::clients::{quoted, shell_word};
use super::copies::TarballHeld;
use super::files::Tarball;
use super::{Ui, Visit, no_package, nothing};
use crate::base_url::BaseUrl;
use crate::cache::Entry;
use crate::hosted::{Authority, HostedError, HostedTarball, Package, Standing};
use crate::npm::{About, AboutVersion, PackageName, TarballName, encode_segment};
use crate::reply::Reply;
use crate::web::{Install, NotHeldPage, PackagePage, TagRow, VersionsPart};
use http::StatusCode;
use log::error;
use query::Asked;
use std::sync::Arc;
use versions::Listed;

/// What is held of a name.
pub(super) enum Held {
    /// A package of this registry.
    Own(Arc<Package>),
    /// A copy of an upstream's document.
    Copy(Arc<Entry>),
}

impl Held {
    /// No two documents have one number.
    fn id(&self) -> u64 {
        match self {
            Held::Own(package) => package.id(),
            Held::Copy(entry) => entry.id(),
        }
    }

    fn is_local(&self) -> bool {
        matches!(self, Held::Own(_))
    }
}

impl Ui {
    pub(super) async fn package(
        &self,
        visit: &Visit<'_>,
        name: &PackageName,
        query: &str,
    ) -> Reply {
        let held = match self.held(visit, name).await {
            Ok(Some(held)) => held,
            Ok(None) => return self.not_held(visit, name).await,
            Err(reply) => return reply,
        };
        let asked = Asked::of(query);
        let about = match self.about(&held, name, asked.version.as_deref()).await {
            Ok(Some(about)) => about,
            Ok(None) => return nothing("this package has no such version"),
            Err(reply) => return reply,
        };
        match self.page_of(visit, name, &held, &about, &asked).await {
            Ok(reply) | Err(reply) => reply,
        }
    }

    async fn page_of(
        &self,
        visit: &Visit<'_>,
        name: &PackageName,
        held: &Held,
        about: &Arc<About>,
        asked: &Asked,
    ) -> Result<Reply, Reply> {
        let readme = self.readme_of(held, name, about, asked).await?;
        let relations = self.relations(visit, name, about).await?;
        let path = name.path();
        // Where not everybody may read it, the registry's own URLs know nobody by their session.
        let (raw, tarballs) = match self.api.is_public(name) {
            true => (format!("/{path}"), format!("/{path}/-")),
            false => (format!("/-/package/{path}/raw"), format!("/-/package/{path}/raw/-")),
        };
        let latest = about.dist_tags.iter().find(|(tag, _)| tag == "latest");
        let latest = latest.map(|(_, version)| version.as_str());
        let is_latest = asked.version.is_none() || latest == Some(about.version.as_str());
        let file = TarballName::kept(name, &about.version, None);
        let file = file.map(|file| encode_segment(file.as_str()).to_string());
        let page = PackagePage {
            frame: self.frame(visit).here("packages"),
            name: name.as_str(),
            is_local: held.is_local(),
            is_latest,
            about,
            installs: installs(name, about, is_latest),
            at_once: held.is_local().then(|| at_once(&spec(name, about, is_latest), visit)),
            deeds: self.deeds(visit, name, held).await,
            readme: &readme,
            versions: self.versions(name, held, about, asked).await?,
            tags: tags(about, latest),
            dependencies: relations.dependencies,
            dependents: relations.dependents,
            dependents_count: relations.count,
            manifest: format!("{raw}/{}", encode_segment(&about.version)),
            document: raw,
            files: format!("/-/package/{path}/files/{}", encode_segment(&about.version)),
            tarball: file.map(|file| format!("{tarballs}/{file}")),
            path,
        };
        Ok(page.reply())
    }

    /// The page of versions that is asked for. Which of a copy's are held is known for all by the catalogue, a moment late,
    /// and looked up for those that are shown.
    async fn versions(
        &self,
        name: &PackageName,
        held: &Held,
        about: &About,
        asked: &Asked,
    ) -> Result<VersionsPart, Reply> {
        let listing = self.listing().await?;
        let known = listing.find(name).map(|it| it.held_versions.iter().map(|it| &**it));
        let known = match held {
            Held::Own(_) => None,
            Held::Copy(_) => Some(known.into_iter().flatten().collect()),
        };
        let listed = Listed { name, about, held: known };
        Ok(listed.part(asked, |it| match held {
            Held::Copy(_) => self.copies.held_of(name, it),
            Held::Own(package) => TarballHeld {
                is_held: true,
                len: self.hosted.tarball_len(package, &it.version, it.tarball.as_deref()),
            },
        }))
    }

    /// What is held of a name, if who looks may read it.
    ///
    /// # Errors
    /// What they hear; of a hidden package, and of a name that is kept for one, as of one that is not held.
    pub(super) async fn held(
        &self,
        visit: &Visit<'_>,
        name: &PackageName,
    ) -> Result<Option<Held>, Reply> {
        if let Err(refusal) = self.api.may_read(visit.caller.clone(), name).await {
            let is_absence = refusal.is_absence();
            return Err(if is_absence { self.not_there(visit, name) } else { refusal.reply() });
        }
        match self.hosted.authority(name).await {
            Ok(Authority::Own(package)) if package.standing() == Standing::Published => {
                Ok(Some(Held::Own(package)))
            }
            Ok(Authority::Own(_) | Authority::Claimed(_)) => Err(self.not_there(visit, name)),
            Ok(Authority::Upstream(_)) => Ok(self.copies.packument(name).await.map(Held::Copy)),
            Err(why) => Err(store_error(&why)),
        }
    }

    /// What there is to tell of a package. `None` if it has no such version.
    ///
    /// # Errors
    /// A page, when its document cannot be read.
    pub(super) async fn about(
        &self,
        held: &Held,
        name: &PackageName,
        version: Option<&str>,
    ) -> Result<Option<Arc<About>>, Reply> {
        let made = |wanted: Option<String>| async move {
            match held {
                Held::Own(package) => match self.hosted.about(package, wanted).await {
                    Ok(about) => Ok(Some(about)),
                    Err(HostedError::Absent) => Ok(None),
                    Err(why) => Err(store_error(&why)),
                },
                Held::Copy(entry) => self.copies.about(entry, wanted).await.map_err(|why| {
                    error!("the copy of {name} cannot be shown: {why}");
                    let text = "the copy of this package was damaged, and is fetched again when a client asks for it";
                    Reply::error(StatusCode::INTERNAL_SERVER_ERROR, text, "damaged")
                }),
            }
        };
        self.abouts.get(held.id(), version, made).await
    }

    /// The tarball of a version, if it is held.
    ///
    /// # Errors
    /// A page, when the store fails.
    pub(super) async fn tarball_of(
        &self,
        held: &Held,
        name: &PackageName,
        version: &AboutVersion,
    ) -> Result<Option<Tarball>, Reply> {
        let package = match held {
            Held::Copy(_) => return Ok(self.copies.tarball(name, version).await),
            Held::Own(package) => package,
        };
        let Some(file) = TarballName::kept(name, &version.version, None) else { return Ok(None) };
        match self.hosted.tarball(package, &file).await {
            Ok(tarball @ (HostedTarball::Small(_) | HostedTarball::Large(..))) => {
                Ok(Some(Tarball::hosted(package.id(), file.as_str(), tarball)))
            }
            Err(HostedError::Absent) => Ok(None),
            Err(why) => Err(store_error(&why)),
        }
    }

    /// The page of a name of which nothing is held. It offers nothing of an upstream: only to ask for it.
    pub(super) async fn not_held(&self, visit: &Visit<'_>, name: &PackageName) -> Reply {
        self.absent(visit, name, self.fetched_at(visit, name).await)
    }

    /// The same of a name of which nothing can be fetched: one that is hidden from who looks, or this registry's own.
    pub(super) fn not_there(&self, visit: &Visit<'_>, name: &PackageName) -> Reply {
        self.absent(visit, name, None)
    }

    fn absent(&self, visit: &Visit<'_>, name: &PackageName, refresh: Option<String>) -> Reply {
        if !visit.accepts_html {
            return no_package();
        }
        let page = NotHeldPage {
            frame: self.frame(visit).here("packages"),
            name: name.as_str(),
            command: asking(name, visit.base),
            refresh,
        };
        page.reply()
    }
}

/// The command that has a client ask for a package. Anybody can link to the page of any name: of one that no package
/// would be given today, nobody is offered anything to type into a shell.
fn asking(name: &PackageName, base: &BaseUrl) -> Option<String> {
    let is_fit = name.check_publishable().is_ok() && !name.as_str().starts_with('-');
    let (word, url) = (quoted(name.as_str()), format!("{}/", base.as_str()));
    is_fit.then(|| format!("npm view {word} --registry {}", shell_word(&url)))
}

/// What clients are told to install.
fn spec(name: &PackageName, about: &About, is_latest: bool) -> String {
    if is_latest { name.to_string() } else { format!("{name}@{}", about.version) }
}

/// The command that finds what is published here also from where no client knows of this registry.
fn at_once(spec: &str, visit: &Visit<'_>) -> String {
    let url = format!("{}/", visit.base.as_str());
    format!("npm install {} --registry {}", quoted(spec), shell_word(&url))
}

fn installs(name: &PackageName, about: &About, is_latest: bool) -> Vec<Install> {
    let spec = spec(name, about, is_latest);
    let clients = [
        ("npm", "npm install"),
        ("pnpm", "pnpm add"),
        ("yarn", "yarn add"),
        ("bun", "bun add"),
        ("deno", "deno add npm:"),
    ];
    let command = |(client, words): (&'static str, &str)| {
        let gap = if words.ends_with(':') { "" } else { " " };
        Install { client, command: format!("{words}{gap}{}", quoted(&spec)) }
    };
    clients.into_iter().map(command).collect()
}

fn tags(about: &About, latest: Option<&str>) -> Vec<TagRow> {
    let highest = about.highest.as_deref().filter(|highest| Some(*highest) != latest);
    let row = |(tag, version): &(String, String)| TagRow {
        tag: tag.clone(),
        version: version.clone(),
        higher: highest.filter(|_| tag == "latest").map(str::to_owned),
    };
    about.dist_tags.iter().map(row).collect()
}

fn store_error(why: &HostedError) -> Reply {
    error!("{why}");
    let text = "the registry's store could not be read; its log says why";
    Reply::error(StatusCode::INTERNAL_SERVER_ERROR, text, "store_error")
}
