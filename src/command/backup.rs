//! `nopar backup`: the directory of the registry, kept elsewhere.
//! Knows nothing of how it is copied.

use super::out::{Out, read_or_not, remark};
use super::owner::become_owner_of;
use super::progress::Progress;
use super::words::{count, printable, size};
use super::{Outcome, Problem};
use crate::backup::{self, BackupError, Depot, DepotError, Made, Pruned, Stride, Wish};
use crate::cli::BackupOptions;
use crate::clock::Clock;
use crate::config::Config;
use crate::keeper::Keeper;
use crate::regular;
use serde::Serialize;
use std::fs::Metadata;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// What is told at the end, for scripts.
#[derive(Serialize)]
struct Row<'a> {
    snapshot: &'a str,
    files: usize,
    bytes: u64,
    new_files: usize,
    new_bytes: u64,
    configuration: Option<&'a str>,
    problems: &'a [String],
    left_out: &'a [String],
    removed: &'a [String],
    freed_bytes: u64,
}

/// Makes one; `file` is the configuration file that is used.
pub(super) fn run(
    config: &Config,
    file: Option<PathBuf>,
    options: &BackupOptions,
) -> Result<Outcome, Problem> {
    let registry = &config.store.path;
    if !registry.is_dir() {
        return Err(BackupError::Nothing(registry.clone()).into());
    }
    check_apart(&options.dir, "registry", registry)?;
    check_apart(&options.dir, "cache", &config.cache.path)?;
    let configuration = file.map(|path| read(&path)).transpose()?;
    // The backup belongs to who makes it, whoever's the registry is.
    let depot = Depot::make(&options.dir, Keeper::begin()?)?;
    become_owner_of(registry)?;
    let progress = Progress::of_things("folders", 0);
    let wish = Wish { is_full: options.full, configuration };
    let now = Clock::system().now();
    let made = backup::make(registry, &depot, wish, now, &mut |stride| match stride {
        Stride::Expected(more) => progress.expect(more),
        Stride::Done(by) => progress.advance(by),
    })?;
    let is_well = made.snapshot.problems.is_empty();
    // Where something is damaged, an older backup may have it whole.
    let pruned = match options.keep.filter(|_| is_well) {
        Some(most) => backup::prune(&depot, most.get()),
        None => Ok(Pruned::default()),
    };
    drop(progress);
    let (pruned, unpruned) = match pruned {
        Ok(pruned) => (pruned, None),
        Err(error) => (Pruned::default(), Some(error)),
    };
    // It is made, whoever reads of it.
    if let Err(error) = read_or_not(tell(&made, &pruned, options)) {
        remark(&format!("{} is made, and could not be told of: {error}", made.snapshot.id));
    }
    warn(&made, registry, unpruned.as_ref(), options);
    Ok(if is_well && unpruned.is_none() { Outcome::Well } else { Outcome::Unwell })
}

/// What is told also where nobody reads the rest, as of a timer.
fn warn(made: &Made, registry: &Path, unpruned: Option<&DepotError>, options: &BackupOptions) {
    let problems = made.snapshot.problems.len();
    if problems > 0 {
        let kept = if options.keep.is_some() { "; older backups are kept" } else { "" };
        let (things, registry) = (count(problems, "thing"), registry.display());
        remark(&format!("{things} damaged in {registry}: `nopar verify` tells more{kept}"));
    }
    if let Some(error) = unpruned {
        let remedy = match error {
            DepotError::Snapshot { id, .. } => format!(
                "; remove {}/snapshots/{}.json if you do without it",
                options.dir.display(),
                printable(id)
            ),
            _ => String::new(),
        };
        remark(&format!(
            "older backups are not removed: {}{remedy}",
            printable(&error.to_string())
        ));
    }
}

fn tell(made: &Made, pruned: &Pruned, options: &BackupOptions) -> io::Result<()> {
    let mut out = Out::new(options.json);
    let Made { snapshot, new_files, new_bytes, left_out } = made;
    let configuration = snapshot.configuration.as_ref().map(|it| it.path.as_str());
    if options.json {
        out.json(&Row {
            snapshot: &snapshot.id,
            files: snapshot.files.len(),
            bytes: snapshot.bytes(),
            new_files: *new_files,
            new_bytes: *new_bytes,
            configuration,
            problems: &snapshot.problems,
            left_out,
            removed: &pruned.snapshots,
            freed_bytes: pruned.bytes,
        })?;
        return out.end();
    }
    for problem in &snapshot.problems {
        out.line(&format!("damaged: {}", printable(problem)))?;
    }
    for what in left_out {
        out.line(&format!("left out: {}", printable(what)))?;
    }
    let (files, bytes) = (count(snapshot.files.len(), "file"), size(snapshot.bytes()));
    let new = format!("{new_files} of them new ({})", size(*new_bytes));
    out.line(&format!("{}: {files} ({bytes}), {new}, in {}", snapshot.id, options.dir.display()))?;
    match configuration {
        Some(path) => out.line(&format!("with the configuration file {}", printable(path)))?,
        None => out.line("without a configuration file, as none is used")?,
    }
    if !pruned.snapshots.is_empty() {
        let (number, freed) = (count(pruned.snapshots.len(), "older backup"), size(pruned.bytes));
        out.line(&format!("{number} removed ({freed})"))?;
    }
    out.end()
}

/// The configuration file, as it is.
fn read(path: &Path) -> Result<(PathBuf, Metadata, Vec<u8>), Problem> {
    let read = || {
        let mut file = regular::open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok((std::path::absolute(path)?, file.metadata()?, bytes))
    };
    let read: io::Result<_> = read();
    read.map_err(|error| format!("{} cannot be read: {error}", path.display()).into())
}

/// Whether neither is in the other, of a directory of backups and another one of this kind.
pub(super) fn check_apart(
    depot: &Path,
    what: &'static str,
    other: &Path,
) -> Result<(), BackupError> {
    let real = |path: &Path| {
        let above = path.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
        let rest = |above: &Path| path.strip_prefix(above).unwrap_or(path).to_owned();
        above.map_or_else(|| path.to_owned(), |(above, real)| real.join(rest(above)))
    };
    let absolute =
        |path: &Path| real(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
    let (one, other) = (absolute(depot), absolute(other));
    match one.starts_with(&other) || other.starts_with(&one) {
        true => Err(BackupError::Within { depot: one, what, other }),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_directory_is_in_the_other() {
        let home = tempfile::tempdir().unwrap();
        let place = |name: &str| home.path().join(name);
        std::fs::create_dir_all(place("registry")).unwrap();
        std::os::unix::fs::symlink("registry", place("link")).unwrap();
        for (depot, is_fine) in [
            ("backup", true),
            ("registry-backup", true),
            ("registry", false),
            ("registry/backup", false),
            ("link/backup", false),
            ("", false),
        ] {
            let checked = check_apart(&place(depot), "registry", &place("registry"));
            assert_eq!(checked.is_ok(), is_fine, "{depot}");
        }
    }
}
