//! A package of a Verdaccio is read, compared with what is here, and taken over.
//! Knows nothing of users, nor of how it is told.
//!
//! Each commit is whole: a version is here with its tarball, or not at all. So whoever is stopped in the middle begins
//! again, and what is here by then stays.

use super::super::Problem;
use super::plan::{Plan, plan};
use super::rows::{Done, LeftOut, PackageRow};
use super::source::{Source, is_absent};
use super::tarball::{Loaded, load};
use crate::access::NewUser;
use crate::cli::VerdaccioOptions;
use crate::clock::{Clock, iso};
use crate::npm::hosted::{
    HostedDocument, LONGEST_DOCUMENT, Moment, Person, TakenOver, TakenVersion,
};
use crate::npm::{DistTag, PackageName, TarballName};
use crate::store::{Change, Committed, Store, StoreError, Tag, Upload};
use crate::verdaccio::{DATABASES, DOCUMENT, Package};
use bytes::Bytes;
use std::path::Path;

/// The longest document that is read, in bytes: what may be kept of one, and what Verdaccio has besides.
const LONGEST: u64 = 3 * LONGEST_DOCUMENT as u64;
/// So many versions come with one commit: each has an open file until then.
const AT_ONCE: usize = 64;
/// How often somebody else may change a package meanwhile.
const ATTEMPTS: usize = 20;

/// Takes packages over.
pub(super) struct Importer<'a> {
    pub(super) source: &'a Source,
    pub(super) store: &'a dyn Store,
    pub(super) options: &'a VerdaccioOptions,
    pub(super) clock: Clock,
}

/// What is here of a package, if anything is, and which document it was.
type Held = (Option<Tag>, Option<HostedDocument>);

/// What comes of a document.
enum Written {
    Done,
    Conflict,
    /// It cannot be, and why.
    Refused(String),
}

impl Importer<'_> {
    /// Takes over what was published of a package; `is_listed` says whether the list of packages has its name, if there is
    /// one. `None`: there is no package.
    ///
    /// # Errors
    /// When the store fails, so that nothing more can be done.
    pub(super) async fn package(
        &self,
        name: &str,
        folder: &Path,
        is_listed: Option<bool>,
    ) -> Result<Option<PackageRow>, Problem> {
        let text = match self.source.read(&folder.join(DOCUMENT), LONGEST) {
            Err(error) if is_absent(&error) => {
                let is_asked = self.options.package.iter().any(|asked| asked.as_str() == name);
                let why = match is_listed == Some(true) {
                    true => format!("{} lists it, but it has no {DOCUMENT}", DATABASES[0]),
                    false => "there is no such package".to_owned(),
                };
                let is_missed = is_asked || is_listed == Some(true);
                return Ok(is_missed.then(|| PackageRow::left_out(name, why)));
            }
            Err(error) => {
                return Ok(Some(PackageRow::left_out(
                    name,
                    format!("its {DOCUMENT} cannot be read: {error}"),
                )));
            }
            Ok(text) => text,
        };
        let left_out = |why: String| Ok(Some(PackageRow::left_out(name, why)));
        let parsed = match PackageName::parse(name) {
            Ok(parsed) => parsed,
            Err(error) => return left_out(error.to_string()),
        };
        let is_asked = self.options.package.contains(&parsed);
        let package = match Package::parse(&parsed, &text, is_asked) {
            Ok(package) => package,
            Err(error) => return left_out(error.to_string()),
        };
        let merged = package.merged.clone();
        if package.is_proxied() && package.unclear > 0 && is_listed == Some(true) {
            return left_out(format!(
                "{} lists it, but nothing says which of its versions were published there: --package {name} imports all \
                 that are not known to be an uplink's",
                DATABASES[0]
            ));
        }
        if package.is_proxied() {
            return Ok(Some(PackageRow { merged, ..PackageRow::new(name, Done::Proxied) }));
        }
        if package.own.is_empty() && package.odd.is_empty() {
            return Ok(Some(PackageRow::new(name, Done::Empty)));
        }
        if !package.is_proven && is_listed == Some(false) && !is_asked {
            return left_out(format!(
                "{} does not list it, and nothing says that it was published there: --package {name} imports it",
                DATABASES[0]
            ));
        }
        self.take_over(&package, folder).await.map(Some)
    }

    async fn take_over(&self, package: &Package, folder: &Path) -> Result<PackageRow, Problem> {
        let mut row = PackageRow::new(package.name.as_str(), Done::Here);
        // Later attempts find what earlier ones have written.
        let mut was_new = None;
        for _ in 0..ATTEMPTS {
            let (tag, held) = match self.held(&package.name).await? {
                Ok(held) => held,
                Err(why) => return Ok(row.broken_off(why)),
            };
            let plan = match plan(package, held.as_ref(), self.options.merge) {
                Ok(plan) => plan,
                Err(why) => return Ok(row.broken_off(why)),
            };
            let is_here = held.is_some();
            let was_new = *was_new.get_or_insert(!is_here);
            let document = held.unwrap_or_else(|| HostedDocument::new(package.name.clone()));
            match self.add(package, folder, (tag, document), plan, &mut row).await? {
                Written::Conflict => {}
                Written::Refused(why) => return Ok(row.broken_off(why)),
                Written::Done => {
                    row.merged.clone_from(&package.merged);
                    let odd = package.odd.iter().map(|(version, why)| LeftOut::new(version, why));
                    row.left_out.extend(odd);
                    note_what_is_odd(package, was_new, &mut row);
                    row.outcome = match row.versions.is_empty() {
                        true if is_here => Done::Here,
                        true => Done::LeftOut,
                        false if was_new => Done::Imported,
                        false => Done::Added,
                    };
                    return Ok(row);
                }
            }
        }
        Ok(row.broken_off("it kept being changed meanwhile: run this again"))
    }

    /// What is here of a package; in words, why that cannot be used.
    async fn held(&self, name: &PackageName) -> Result<Result<Held, String>, Problem> {
        let stored = match self.store.document(name).await {
            Err(damaged @ StoreError::Damaged { .. }) => return Ok(Err(damaged.to_string())),
            stored => stored?,
        };
        let Some(stored) = stored else { return Ok(Ok((None, None))) };
        Ok(match HostedDocument::parse(&stored.document) {
            Ok(held) => Ok((Some(stored.tag), Some(held))),
            Err(error) => Err(format!("the package already here cannot be read: {error}")),
        })
    }

    /// Adds the versions of a plan. What `row` says of those that came with earlier attempts stays.
    async fn add(
        &self,
        package: &Package,
        folder: &Path,
        (mut tag, mut document): (Option<Tag>, HostedDocument),
        plan: Plan,
        row: &mut PackageRow,
    ) -> Result<Written, Problem> {
        row.here = plan.here.saturating_sub(row.versions.len());
        row.left_out = plan.left_out;
        for places in plan.add.chunks(AT_ONCE) {
            let (mut versions, mut files) = (Vec::new(), Vec::new());
            let mut bytes = 0;
            for own in places.iter().map(|place| &package.own[*place]) {
                let store = (!self.options.dry_run).then_some(self.store);
                match load(self.source, folder, own, store).await? {
                    Ok(Loaded { upload, integrity, shasum, len, time }) => {
                        let file = TarballName::kept(&package.name, own.version.as_str(), None);
                        let Some(file) = file else {
                            row.left_out.push(LeftOut::new(
                                own.version.as_str(),
                                "it makes no valid file name",
                            ));
                            continue;
                        };
                        files.extend(upload.map(|upload| (file, upload)));
                        bytes += len;
                        versions.push(TakenVersion {
                            version: own.version.clone(),
                            manifest: own.manifest.clone(),
                            integrity,
                            shasum,
                            time: own.time.clone().unwrap_or(time),
                        });
                    }
                    Err(why) => row.left_out.push(LeftOut::new(own.version.as_str(), why)),
                }
            }
            if versions.is_empty() {
                continue;
            }
            let come: Vec<String> = versions.iter().map(|it| it.version.to_string()).collect();
            match self
                .commit(package, (&mut tag, &mut document), versions, files, plan.is_merge)
                .await?
            {
                Written::Done => {}
                other => return Ok(other),
            }
            row.versions.extend(come);
            row.bytes += bytes;
        }
        row.is_ownerless = !row.versions.is_empty() && document.maintainers().is_empty();
        row.tags_left_out = tags_left_out(package, &document);
        Ok(Written::Done)
    }

    async fn commit(
        &self,
        package: &Package,
        (tag, document): (&mut Option<Tag>, &mut HostedDocument),
        versions: Vec<TakenVersion>,
        files: Vec<(TarballName, Box<dyn Upload>)>,
        is_merge: bool,
    ) -> Result<Written, Problem> {
        // What an old document names by some odd name is not replaced.
        let named: Vec<TarballName> =
            document.versions().filter_map(|it| document.file(it)).collect();
        if let Some((file, _)) = files.iter().find(|(file, _)| named.contains(file)) {
            return Ok(Written::Refused(format!(
                "another version here already has the file {file}"
            )));
        }
        let before = document.clone();
        let now = iso(self.clock.now());
        let rev = before.end_of_revision(&now);
        let taken = taken(package, &self.options.owner, versions, is_merge);
        if let Err(error) = document.take_over(taken, Moment { now: &now, rev: &rev }) {
            return Ok(Written::Refused(error.to_string()));
        }
        let bytes = match document.to_bytes_within(LONGEST_DOCUMENT, &before) {
            Ok(bytes) => Bytes::from(bytes),
            Err(error) => return Ok(Written::Refused(error.to_string())),
        };
        if self.options.dry_run {
            return Ok(Written::Done);
        }
        let change = Change { document: bytes, add: files, remove: Vec::new() };
        match self.store.commit(&package.name, tag.as_ref(), change).await {
            Ok(Committed::Done(next)) => *tag = Some(next),
            Ok(Committed::Conflict(_)) => return Ok(Written::Conflict),
            // Of another package of almost this name, on a disk for which both are one; the others can be had.
            Err(damaged @ StoreError::Damaged { .. }) => {
                return Ok(Written::Refused(damaged.to_string()));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(Written::Done)
    }
}

/// What is taken over of a package with these versions.
fn taken(
    package: &Package,
    owners: &[String],
    versions: Vec<TakenVersion>,
    is_merge: bool,
) -> TakenOver {
    let owner = |name: &String| Person { name: name.clone(), email: String::new() };
    let mut own: Vec<Person> = package.owners.iter().filter_map(|it| user(it).ok()).collect();
    if own.is_empty() {
        own = owners.iter().map(owner).collect();
    }
    let tag = |(tag, to): &(String, String)| Some((DistTag::parse(tag).ok()?, to.clone()));
    TakenOver {
        members: package.members.clone(),
        owners: own,
        versions,
        tags: package.tags.iter().filter_map(tag).collect(),
        keeps_tags: is_merge,
        created: package.created.clone(),
        modified: package.modified.clone(),
    }
}

/// Somebody as a user who may be one here; the address is left out if it is none.
///
/// # Errors
/// Why they can be no user.
fn user(person: &Person) -> Result<Person, String> {
    let Person { name, email } = person;
    NewUser::parse(name, "").map_err(|bad| bad.to_string())?;
    let email = NewUser::parse(name, email).map(|_| email.clone());
    Ok(Person { name: name.clone(), email: email.unwrap_or_default() })
}

/// Notes what a document says of the versions that came, and of a package that is new, and that cannot be so here.
fn note_what_is_odd(package: &Package, is_new: bool, row: &mut PackageRow) {
    let is_new = is_new && !row.versions.is_empty();
    let is_of_package = |key: &String| matches!(key.as_str(), "created" | "modified");
    let came = |key: &&String| row.versions.contains(key) || is_new && is_of_package(key);
    row.times_replaced = package.odd_times.iter().filter(came).cloned().collect();
    let odd = |it: &Person| user(it).err().map(|why| LeftOut::new(&it.name, why));
    row.owners_left_out = package.owners.iter().filter(|_| is_new).filter_map(odd).collect();
}

/// The tags that are not here, or point elsewhere.
fn tags_left_out(package: &Package, document: &HostedDocument) -> Vec<LeftOut> {
    let held = document.dist_tags();
    let mut left_out = Vec::new();
    for (tag, to) in &package.tags {
        let why = match (DistTag::parse(tag), document.manifest(to), held.get(tag)) {
            (_, _, Some(now)) if now == to => continue,
            (Err(error), _, _) => error.to_string(),
            (_, None, Some(now)) => {
                format!("it points to {to}, which is not here; here, it points to {now}")
            }
            (_, None, None) => format!("it points to {to}, which is not here"),
            (_, _, Some(now)) => format!("here, it points to {now}"),
            (_, _, None) => "it could not be set".to_owned(),
        };
        left_out.push(LeftOut::new(tag, why));
    }
    left_out
}

#[cfg(test)]
mod tests;
