//! `nopar import verdaccio`: packages and users of a Verdaccio are taken over.
//! Knows nothing of what its files look like.

mod found;
mod packages;
mod plan;
mod rows;
mod source;
mod tarball;
mod users;

use self::found::Found;
use self::packages::Importer;
use self::rows::{PackageRow, Summary};
use self::source::Source;
use super::out::Out;
use super::owner::{absent, become_owner_of};
use super::progress::Progress;
use super::telling::Telling;
use super::user::Registry;
use super::{Outcome, Problem, log_of_command};
use crate::access::Users;
use crate::cli::{ImportAction, VerdaccioOptions};
use crate::clock::Clock;
use crate::config::{Auth, Config};
use crate::store::DiskStore;
use crate::trail::{self, Deed, Line};
use crate::verdaccio::Suggestion;
use futures_util::StreamExt;
use serde_json::json;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// So many packages at a time: while one waits for the disk, the next is read.
const AT_ONCE: usize = 4;

/// Takes over what was asked for. Blocks.
pub(super) fn run(config: Config, action: ImportAction) -> Result<Outcome, Problem> {
    let ImportAction::Verdaccio(options) = action;
    let registry = config.store.path.clone();
    if let Some(absent) = absent(&registry) {
        // A path that is mistyped is not made.
        let help = "create it first, as the user that NOPAR runs as";
        return Err(format!("{absent}: {help}").into());
    }
    let source = Source::start()?;
    let found = Found::of(&source, &options)?;
    // Before anything is done: where one was named, it has to be there.
    let known = match &found.htpasswd {
        Some((file, must_be)) => users::read(&source, file, *must_be)?,
        None => None,
    };
    become_owner_of(&registry)?;
    let is_open = config.access.auth == Auth::Open;
    let names: Vec<String> = known.iter().flatten().map(|user| user.name.clone()).collect();
    // Elsewhere the trail would stand between the rows, which say the same.
    let has_log = config.log.file.as_ref().is_some_and(|file| file.is_file());
    let _log = has_log.then(|| log_of_command(config.log));
    let store = DiskStore::open(&registry)?;
    let users = Users::open(&registry, Arc::new(Registry(store.clone())));
    users::check_owners(&users, &options.owner, &names, is_open)?;
    let mut telling = Telling::on(Out::new(options.json));
    if !options.json {
        let dry = if options.dry_run { " (a dry run: nothing is written)" } else { "" };
        let (from, to) = (found.storage.display(), registry.display());
        telling.tell(|out| out.line(&format!("importing {from} into {to}{dry}")));
    }
    let importer =
        Importer { source: &source, store: &store, options: &options, clock: Clock::system() };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut summary = Summary { dry_run: options.dry_run, ..Summary::default() };
    runtime.block_on(packages(&importer, &found, &mut telling, &mut summary))?;

    for row in users::import(&users, known.unwrap_or_default(), options.dry_run)? {
        summary.user(&row);
        telling.tell(|out| out.row(&row));
    }
    // Those who came just now, or before; in a dry run, who would.
    let here = users.all()?;
    let known: Vec<String> = here.iter().map(|(name, _)| name.to_owned()).chain(names).collect();
    telling.tell(|out| tell_end(out, &found, &known, &summary, is_open));
    telling.end()?;
    Ok(if summary.is_whole() { Outcome::Well } else { Outcome::Unwell })
}

/// Takes packages over, in their order.
async fn packages(
    importer: &Importer<'_>,
    found: &Found,
    telling: &mut Telling,
    summary: &mut Summary,
) -> Result<(), Problem> {
    let folders = chosen(importer.options, found);
    let progress = Progress::of_things("importing", folders.len() as u64);
    let work = folders.into_iter().map(|(name, folder)| async move {
        let is_listed = found.listed.as_ref().map(|names| names.contains(&name));
        importer.package(&name, &folder, is_listed).await
    });
    let mut rows = futures_util::stream::iter(work).buffered(AT_ONCE);
    while let Some(row) = rows.next().await {
        progress.advance(1);
        let Some(row) = row? else { continue };
        progress.note(&row.package);
        summary.package(&row);
        note(&row, importer.options);
        if importer.options.json || row.is_shown() {
            progress.aside(|| telling.tell(|out| out.row(&row).and_then(|()| out.end())));
        }
    }
    Ok(())
}

/// The folders of the packages that are asked for: also of those that only the list names.
fn chosen(options: &VerdaccioOptions, found: &Found) -> BTreeMap<String, PathBuf> {
    let mut folders = found.folders.clone();
    for name in found.listed.iter().flatten() {
        folders.entry(name.clone()).or_insert_with(|| found.storage.join(name));
    }
    if !options.package.is_empty() {
        for name in &options.package {
            let name = name.as_str();
            folders.entry(name.to_owned()).or_insert_with(|| found.storage.join(name));
        }
        folders.retain(|name, _| options.package.iter().any(|asked| asked.as_str() == name));
    }
    folders
}

/// A line of the trail for a package that was changed.
fn note(row: &PackageRow, options: &VerdaccioOptions) {
    if !row.versions.is_empty() && !options.dry_run {
        let who = format!("uid {}", rustix::process::getuid().as_raw());
        let line = Line::of(Deed::Write, trail::Outcome::Ok, Some(&who), Some("command"));
        line.with("package", &row.package).with("imported", row.versions.len().to_string()).write();
    }
}

/// What there is to tell at the end.
fn tell_end(
    out: &mut Out,
    found: &Found,
    users: &[String],
    summary: &Summary,
    is_open: bool,
) -> io::Result<()> {
    let suggestion = found.settings.as_ref().and_then(|it| Suggestion::of(it, users));
    if out.is_json() {
        if let Some(Suggestion { text }) = suggestion {
            out.json(&json!({"kind": "rules", "suggested_configuration": text}))?;
        }
        return out.json(summary);
    }
    if let Some(Suggestion { text }) = suggestion {
        out.line(
            "\nVerdaccio's access rules, for NOPAR's configuration file (check them first):\n",
        )?;
        out.line(&text)?;
    }
    out.line(summary)?;
    if is_open && summary.users + summary.users_here > 0 {
        out.line("users have no effect yet: everybody may publish until you set NOPAR_AUTH=users")?;
    }
    Ok(())
}
