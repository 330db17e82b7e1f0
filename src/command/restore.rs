//! `nopar restore`: a backup, put back.
//! Knows nothing of how it is copied.

use super::backup::check_apart;
use super::out::Out;
use super::owner::become_owner_of;
use super::progress::Progress;
use super::reach::folders;
use super::words::{count, printable, size};
use super::{Outcome, Problem};
use crate::admin::{Ask, Question, Status};
use crate::backup::{self, Depot, Restored, Snapshot, Stride, Way};
use crate::cli::RestoreOptions;
use crate::clock::Clock;
use crate::config::Config;
use crate::keeper::Keeper;
use crate::regular::owned;
use crate::service::{self, OrderError};
use crate::store::DiskStore;
use serde::Serialize;
use std::fmt;
use std::io::{self, Read, Write};
use std::path::Path;

/// A backup, as it is listed.
#[derive(Serialize)]
struct Listed {
    snapshot: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    /// How many things were damaged then.
    problems: usize,
    /// Why it is of no use, if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What was restored, for scripts.
#[derive(Serialize)]
struct Row<'a> {
    snapshot: &'a str,
    directory: &'a str,
    files: usize,
    bytes: u64,
    aside: Option<String>,
    damaged: &'a [String],
    is_dry_run: bool,
}

/// Restores one, or lists those there are.
pub(super) fn run(config: &Config, options: &RestoreOptions) -> Result<Outcome, Problem> {
    let keeper = Keeper::begin()?;
    if options.list {
        return list(&Depot::look(&options.dir, keeper)?, options);
    }
    let target = options.to.as_ref().unwrap_or(&config.store.path);
    // A link stays where it is, and leads to what is restored.
    let target = &target.canonicalize().unwrap_or_else(|_| target.clone());
    let depot = Depot::open(&options.dir, keeper)?;
    let ids = depot.snapshots()?;
    let id = options.snapshot.as_ref().or(ids.last());
    let id = id.ok_or_else(|| format!("there is no backup in {}", options.dir.display()))?;
    let snapshot = depot.snapshot(id)?;
    if !options.dry_run {
        check_apart(&options.dir, target)?;
        check_unused(config, target)?;
    }
    if let Some(place) = &options.configuration {
        check_configuration(&snapshot, place)?;
    }
    if !options.dry_run {
        become_owner_of(target)?;
    }
    let way = Way {
        replaces: options.replace,
        even_damaged: options.even_damaged,
        is_dry: options.dry_run,
    };
    let progress = Progress::of_bytes("restoring", 0);
    let now = Clock::system().now();
    let restored =
        backup::restore(&depot, &snapshot, target, way, now, &mut |stride| match stride {
            Stride::Expected(more) => progress.expect(more),
            Stride::Done(by) => progress.advance(by),
        })?;
    drop(progress);
    if let Some(place) = &options.configuration {
        write_configuration(&depot, &snapshot, place)?;
    }
    tell(&snapshot, target, &restored, options)?;
    Ok(if restored.damaged.is_empty() { Outcome::Well } else { Outcome::Unwell })
}

/// Whether no NOPAR works with that directory, as far as this can be known.
fn check_unused(config: &Config, target: &Path) -> Result<(), Problem> {
    let mut store = None;
    let question = Question { ask: Ask::Status {}, of: None };
    let asked = service::ask(&folders(config), &question, &mut |row| {
        let Status { parts, .. } = serde_json::from_value(row)?;
        store = parts.into_iter().find(|part| part.name == "store").and_then(|part| part.path);
        Ok(())
    });
    let runs = match asked {
        Ok(()) => store.is_none_or(|store| Path::new(&store) == target),
        Err(OrderError::Nobody(_)) => false,
        Err(error) => return Err(format!("whether NOPAR runs cannot be found out: {error}").into()),
    };
    let is_in_use = DiskStore::is_in_use(target)
        .map_err(|error| format!("{} cannot be looked at: {error}", target.display()))?;
    if runs || is_in_use {
        return Err(format!("a NOPAR runs on {}: stop it first", target.display()).into());
    }
    Ok(())
}

fn list(depot: &Depot, options: &RestoreOptions) -> Result<Outcome, Problem> {
    let mut out = Out::new(options.json);
    let ids = depot.snapshots()?;
    if ids.is_empty() && !options.json {
        out.line("there are no backups yet")?;
    }
    let mut outcome = Outcome::Well;
    for id in ids {
        let row = match depot.snapshot(&id) {
            Ok(snapshot) => Listed {
                files: Some(snapshot.files.len()),
                bytes: Some(snapshot.bytes()),
                problems: snapshot.problems.len(),
                snapshot: id,
                error: None,
            },
            Err(error) => {
                outcome = Outcome::Unwell;
                let error = Some(error.to_string());
                Listed { snapshot: id, files: None, bytes: None, problems: 0, error }
            }
        };
        out.row(&row)?;
    }
    out.end()?;
    Ok(outcome)
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = printable(&self.snapshot);
        if let Some(error) = &self.error {
            return write!(f, "{id}  {}", printable(error));
        }
        let (files, bytes) = (self.files.unwrap_or_default(), self.bytes.unwrap_or_default());
        write!(f, "{id}  {:>12}  {:>10}", count(files, "file"), size(bytes))?;
        match self.problems {
            0 => Ok(()),
            problems => write!(f, "  {problems} damaged in the registry then"),
        }
    }
}

/// Whether there is one, and nothing is in the place that it is to be written to.
fn check_configuration(snapshot: &Snapshot, place: &Path) -> Result<(), Problem> {
    if snapshot.configuration.is_none() {
        return Err(format!("there is no configuration file in the backup {}", snapshot.id).into());
    }
    match place.symlink_metadata() {
        Ok(_) => Err(format!("{} is there already", place.display()).into()),
        Err(_) => Ok(()),
    }
}

/// Writes it, with the rights of who gave the command, whose the place is.
fn write_configuration(depot: &Depot, snapshot: &Snapshot, place: &Path) -> Result<(), Problem> {
    let Some(kept) = &snapshot.configuration else { return Ok(()) };
    let mut bytes = Vec::new();
    depot.object(&kept.file)?.read_to_end(&mut bytes)?;
    let to = place.to_owned();
    let write = move || {
        let mut file = owned::create(&to)?;
        file.write_all(&bytes).and_then(|()| file.sync_all())
    };
    let written = depot.keeper().run(write);
    written.map_err(|error| format!("{} cannot be written: {error}", place.display()).into())
}

fn tell(
    snapshot: &Snapshot,
    target: &Path,
    restored: &Restored,
    options: &RestoreOptions,
) -> io::Result<()> {
    let mut out = Out::new(options.json);
    let directory = target.display().to_string();
    if options.json {
        out.json(&Row {
            snapshot: &snapshot.id,
            directory: &directory,
            files: restored.files,
            bytes: restored.bytes,
            aside: restored.aside.as_ref().map(|path| path.display().to_string()),
            damaged: &restored.damaged,
            is_dry_run: options.dry_run,
        })?;
        return out.end();
    }
    for what in &restored.damaged {
        out.line(&format!("damaged: {}", printable(what)))?;
    }
    let (id, files, bytes) = (&snapshot.id, count(restored.files, "file"), size(restored.bytes));
    match (options.dry_run, restored.damaged.is_empty()) {
        (true, true) => {
            out.line(&format!("{id} is whole: {files} ({bytes}); nothing was written"))?
        }
        (true, false) => out.line(&format!("{id} is not whole; nothing was written"))?,
        (false, _) => out.line(&format!("{id} is restored to {directory}: {files} ({bytes})"))?,
    }
    if let Some(aside) = &restored.aside {
        out.line(&format!("what was there before is {}", aside.display()))?;
    }
    match (&options.configuration, &snapshot.configuration) {
        (Some(place), _) => out.line(&format!("the configuration file is {}", place.display()))?,
        (None, Some(kept)) if !options.dry_run => out.line(&format!(
            "the configuration file of that time ({}) is in it: --configuration FILE writes it",
            printable(&kept.path)
        ))?,
        _ => {}
    }
    out.end()
}
