//! `nopar restore`: a backup, put back.
//! Knows nothing of how it is copied.

mod configuration;
mod list;

use self::configuration::Placed;
use super::backup::check_apart;
use super::out::{Out, read_or_not, remark};
use super::owner::become_owner_of;
use super::progress::Progress;
use super::reach::folders;
use super::words::{count, printable, size};
use super::{Outcome, Problem};
use crate::admin::{Ask, Question, Status};
use crate::backup::{self, Depot, Restored, Snapshot, Stride, Way, is_id};
use crate::cli::RestoreOptions;
use crate::clock::Clock;
use crate::config::Config;
use crate::keeper::Keeper;
use crate::service::{self, OrderError};
use crate::store::DiskStore;
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};

/// What was restored, for scripts.
#[derive(Serialize)]
struct Row<'a> {
    snapshot: &'a str,
    directory: &'a str,
    files: usize,
    bytes: u64,
    aside: Option<String>,
    configuration: Option<String>,
    damaged: &'a [String],
    dry_run: bool,
}

/// Restores one, or lists those there are.
pub(super) fn run(config: &Config, options: &RestoreOptions) -> Result<Outcome, Problem> {
    let keeper = Keeper::begin()?;
    if options.list {
        return list::run(&Depot::look(&options.dir, keeper)?, options.json);
    }
    let target = options.to.as_ref().unwrap_or(&config.store.path);
    // A link stays where it is, and leads to what is restored.
    let target = &target.canonicalize().unwrap_or_else(|_| target.clone());
    let depot = Depot::open(&options.dir, keeper)?;
    let snapshot = wanted(&depot, options)?;
    let (restored, placed) = match options.dry_run {
        true => (compared(&depot, &snapshot), None),
        false => put_back(config, &depot, &snapshot, target, options)?,
    };
    // It is done, whoever reads of it.
    if let Err(error) = read_or_not(tell(&snapshot, target, &restored, placed.as_ref(), options)) {
        remark(&format!("what came of it could not be told: {error}"));
    }
    warn(&snapshot, target, &restored, options);
    let is_well = restored.damaged.is_empty() && restored.unsynced.is_none();
    Ok(if is_well { Outcome::Well } else { Outcome::Unwell })
}

/// The one that is asked for, or the last that was made. One that somebody has called otherwise is not taken for that,
/// whatever its name is.
fn wanted(depot: &Depot, options: &RestoreOptions) -> Result<Snapshot, Problem> {
    if let Some(name) = &options.snapshot {
        return Ok(depot.snapshot(name)?);
    }
    let passed_over = |name: &str| {
        let (dir, name) = (options.dir.display(), printable(name));
        remark(&format!(
            "{dir}/snapshots/{name}.json has not the name that a backup gets: it is passed over (--snapshot {name} restores it)"
        ));
    };
    let names = depot.names()?;
    names.iter().filter(|name| !is_id(name)).for_each(|name| passed_over(name));
    for name in names.iter().rev().filter(|name| is_id(name)) {
        let snapshot = depot.snapshot(name)?;
        if snapshot.is_called(name) {
            return Ok(snapshot);
        }
        passed_over(name);
    }
    Err(format!("there is no backup in {}", options.dir.display()).into())
}

fn compared(depot: &Depot, snapshot: &Snapshot) -> Restored {
    let progress = Progress::of_bytes("comparing", 0);
    backup::compare(depot, snapshot, &mut |stride| show(&progress, stride))
}

fn show(progress: &Progress, stride: Stride) {
    match stride {
        Stride::Expected(more) => progress.expect(more),
        Stride::Done(by) => progress.advance(by),
    }
}

/// Restores it, and the configuration file if that is asked for: both, or neither.
fn put_back<'a>(
    config: &Config,
    depot: &'a Depot,
    snapshot: &Snapshot,
    target: &Path,
    options: &RestoreOptions,
) -> Result<(Restored, Option<Placed<'a>>), Problem> {
    check_apart(&options.dir, "registry", target)?;
    let configuration = match &options.configuration {
        Some(place) => Some((place, configuration::read(depot, snapshot, place, target)?)),
        None => None,
    };
    become_owner_of(target)?;
    let may_replace = || check_unused(depot.keeper(), folders(config), target);
    may_replace()?;
    let (placed, damaged) = match configuration {
        Some((place, Ok(bytes))) => (Some(Placed::write(depot.keeper(), place, bytes)?), None),
        Some((_, Err(wrong))) if options.even_damaged => (None, Some(wrong)),
        Some((_, Err(wrong))) => return Err(format!("nothing is restored: {wrong}").into()),
        None => (None, None),
    };
    let way = Way { replaces: options.replace, even_damaged: options.even_damaged };
    let (progress, now) = (Progress::of_bytes("restoring", 0), Clock::system().now());
    let mut restored =
        backup::restore(depot, snapshot, target, way, now, &may_replace, &mut |stride| {
            show(&progress, stride);
        })?;
    restored.damaged.extend(damaged);
    Ok((restored, placed.map(Placed::stay)))
}

/// Whether no NOPAR works with that directory, as far as this can be known.
fn check_unused(keeper: &Keeper, sockets: Vec<PathBuf>, target: &Path) -> Result<(), Problem> {
    let is_in_use = DiskStore::is_in_use(target)
        .map_err(|error| format!("{} cannot be looked at: {error}", target.display()))?;
    // Where that tells it, nobody is waited for who may hang. NOPAR answers who gave the command, and not each owner of a
    // directory.
    let runs = is_in_use || {
        let store = keeper.run(move || Ok(store_of_running(&sockets)))??;
        store.is_some_and(|store| store.is_none_or(|store| store == target))
    };
    if runs {
        return Err(format!("a NOPAR runs on {}: stop it first", target.display()).into());
    }
    Ok(())
}

/// The directory of the NOPAR that runs, if it says which that is; `None` if none runs.
fn store_of_running(sockets: &[PathBuf]) -> Result<Option<Option<PathBuf>>, Problem> {
    let mut store = None;
    let question = Question { ask: Ask::Status {}, of: None };
    let asked = service::ask(sockets, &question, &mut |row| {
        let Status { parts, .. } = serde_json::from_value(row)?;
        store = parts.into_iter().find(|part| part.name == "store").and_then(|part| part.path);
        Ok(())
    });
    match asked {
        Ok(()) => Ok(Some(store.map(PathBuf::from))),
        Err(OrderError::Nobody(_)) => Ok(None),
        Err(error) => Err(format!("whether NOPAR runs cannot be found out: {error}").into()),
    }
}

fn tell(
    snapshot: &Snapshot,
    target: &Path,
    restored: &Restored,
    placed: Option<&Placed<'_>>,
    options: &RestoreOptions,
) -> io::Result<()> {
    let mut out = Out::new(options.json);
    let (id, text) = (&snapshot.id, |path: &Path| path.display().to_string());
    if options.json {
        out.json(&Row {
            snapshot: id,
            directory: &text(target),
            files: restored.files,
            bytes: restored.bytes,
            aside: restored.aside.as_deref().map(text),
            configuration: placed.map(|placed| text(placed.path())),
            damaged: &restored.damaged,
            dry_run: options.dry_run,
        })?;
    } else {
        for line in lines(snapshot, target, restored, placed, options.dry_run) {
            out.line(&line)?;
        }
    }
    out.end()
}

/// What is told also where nobody reads the rest.
fn warn(snapshot: &Snapshot, target: &Path, restored: &Restored, options: &RestoreOptions) {
    if !restored.damaged.is_empty() {
        let done = if options.dry_run { "is not whole" } else { "is restored without all of it" };
        let things = count(restored.damaged.len(), "thing");
        remark(&format!("{} {done}: {things} damaged", snapshot.id));
    }
    if let Some(error) = &restored.unsynced {
        remark(&format!("{} is not known to be on the disk: {error}", target.display()));
    }
}

/// The end of it for people.
fn lines(
    snapshot: &Snapshot,
    target: &Path,
    restored: &Restored,
    placed: Option<&Placed<'_>>,
    is_dry: bool,
) -> Vec<String> {
    let damaged = restored.damaged.iter();
    let mut lines: Vec<String> =
        damaged.map(|what| format!("damaged: {}", printable(what))).collect();
    let (id, files, bytes) = (&snapshot.id, count(restored.files, "file"), size(restored.bytes));
    lines.push(match (is_dry, restored.damaged.is_empty()) {
        (true, true) => format!("{id} is whole: {files} ({bytes}); nothing was written"),
        (true, false) => format!("of {id}, {files} ({bytes}) can be restored; nothing was written"),
        (false, _) => format!("{id} is restored to {}: {files} ({bytes})", target.display()),
    });
    let aside = restored.aside.iter();
    lines.extend(aside.map(|aside| format!("what was there before is {}", aside.display())));
    match (placed, &snapshot.configuration) {
        (Some(placed), _) => lines.extend(placed.lines()),
        (None, Some(kept)) if !is_dry => lines.push(format!(
            "the configuration file of that time ({}) is in it: --configuration FILE writes it",
            printable(&kept.path)
        )),
        _ => {}
    }
    lines
}
