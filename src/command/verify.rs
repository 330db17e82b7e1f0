//! `nopar verify`: whether all that is kept is as it was written.
//! Knows nothing of how that is found out.

use super::out::Out;
use super::progress::Progress;
use super::reach::Reach;
use super::telling::Telling;
use super::words::{count, printable, size};
use super::{Outcome, Problem};
use crate::admin::{Ask, Dropped};
use crate::cache::FileName;
use crate::cli::{Only, VerifyOptions};
use crate::config::{Config, Origin};
use crate::verify::{self, CacheChecked, Finding, RegistryCounts, Step, Where};
use serde::Serialize;
use std::collections::HashMap;
use std::io;
use std::path::Path;

/// How many copies are dropped by one ask: their names fit into a line.
const BATCH: usize = 400;

/// All that is told at the end.
#[derive(Debug, Default, Serialize)]
struct Summary {
    #[serde(skip_serializing_if = "Option::is_none")]
    registry: Option<RegistryCounts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache: Option<CacheChecked>,
    /// What is damaged, mended or not.
    damaged: usize,
    mended: usize,
    /// What is told for the sake of order.
    notes: usize,
}

/// A line for scripts.
#[derive(Serialize)]
struct Row<'a, T> {
    kind: &'a str,
    #[serde(flatten)]
    content: &'a T,
}

/// Looks, and tells.
pub(super) fn run(config: &Config, options: VerifyOptions) -> Result<Outcome, Problem> {
    let (registry, cache) = (&config.store.path, &config.cache.path);
    let wants = |which: Only| options.only.is_none_or(|only| only == which);
    let is_there = |path: &Path, which| if wants(which) { is_there(path) } else { Ok(false) };
    let has_registry = is_there(registry, Only::Registry)?;
    let has_cache = is_there(cache, Only::Cache)?;
    if !has_registry && !has_cache {
        return Err(nothing(registry, cache, options.only).into());
    }
    // Whoever says where it is has not said so of one that nobody has published to.
    if wants(Only::Registry) && !has_registry && config.origin("store.path") != Origin::Default {
        return Err(nothing(registry, cache, Some(Only::Registry)).into());
    }
    let mut teller =
        Teller { telling: Telling::on(Out::new(options.json)), summary: Summary::default() };
    if has_registry {
        let progress = Progress::without_end("packages");
        let counts = verify::registry(registry, &mut |step| teller.take(step, &progress))?;
        teller.summary.registry = Some(counts);
    }
    if has_cache {
        teller.summary.cache = look_at_cache(config, options, &mut teller)?;
    }
    teller.end(registry, cache, options)
}

/// Whether a directory is there. One that may not be looked for is not taken for absent.
fn is_there(path: &Path) -> Result<bool, Problem> {
    let unseen = |error| format!("{} cannot be looked at: {error}", path.display()).into();
    path.try_exists().map_err(unseen)
}

/// Looks at the cache; what is wrong is told once that is dropped, if it is to be.
fn look_at_cache(
    config: &Config,
    options: VerifyOptions,
    teller: &mut Teller,
) -> Result<Option<CacheChecked>, Problem> {
    let progress = Progress::of_bytes("copies", 0);
    let mut waiting = Vec::new();
    let checked = verify::cache(&config.cache.path, &mut |step| match step {
        Step::Found(finding) if options.repair => waiting.push(*finding),
        step => teller.take(step, &progress),
    })?;
    if let Some(checked) = checked.as_ref().filter(|it| options.repair && !it.broken.is_empty()) {
        let mut results = HashMap::new();
        let ended = drop_all(config, &checked.broken, &mut results);
        let unknown = ended.err().map(|problem| problem.to_string()).unwrap_or_default();
        for mut finding in waiting.drain(..) {
            let file = finding.path.rsplit('/').next().unwrap_or_default();
            match results.remove(file).unwrap_or_else(|| Some(unknown.clone())) {
                None => (finding.is_mended, finding.remedy) = (finding.is_damage, None),
                Some(why) => finding.remedy = Some(format!("it could not be dropped: {why}")),
            }
            teller.take(Step::Found(Box::new(finding)), &progress);
        }
    }
    Ok(checked)
}

/// Has these dropped. `results` has what came of each that was tried: why it stays, or nothing.
fn drop_all(
    config: &Config,
    broken: &[FileName],
    results: &mut HashMap<String, Option<String>>,
) -> Result<(), Problem> {
    let reach = Reach::to_look(config)?;
    for batch in broken.chunks(BATCH) {
        let name = |name: &FileName| name.relative().rsplit('/').next().map(str::to_owned);
        let files: Vec<String> = batch.iter().filter_map(name).collect();
        reach.ask(Ask::Drop { files }, &mut |Dropped { file, failure }| {
            results.insert(file, failure);
            Ok(())
        })?;
    }
    Ok(())
}

/// Tells what is found, and counts it.
struct Teller {
    telling: Telling,
    summary: Summary,
}

impl Teller {
    fn take(&mut self, step: Step, progress: &Progress) {
        match step {
            Step::Expected(more) => progress.expect(more),
            Step::Done(by) => progress.advance(by),
            Step::Found(finding) => {
                let Summary { damaged, mended, notes, .. } = &mut self.summary;
                *damaged += usize::from(finding.is_damage);
                *mended += usize::from(finding.is_mended);
                *notes += usize::from(!finding.is_damage);
                progress.aside(|| self.telling.tell(|out| tell(out, &finding)));
            }
        }
    }

    fn end(
        mut self,
        registry: &Path,
        cache: &Path,
        options: VerifyOptions,
    ) -> Result<Outcome, Problem> {
        let summary = &self.summary;
        self.telling.tell(|out| match out.is_json() {
            true => out.json(&Row { kind: "summary", content: summary }),
            false => {
                let lines = lines(summary, registry, cache, options);
                lines.iter().try_for_each(|line| out.put(line))
            }
        });
        // `nopar verify | head` does not call well what is damaged.
        self.telling.end()?;
        Ok(if summary.damaged > summary.mended { Outcome::Unwell } else { Outcome::Well })
    }
}

fn tell(out: &mut Out, finding: &Finding) -> io::Result<()> {
    let kind = match (finding.is_mended, finding.is_damage) {
        (true, _) => "dropped",
        (_, false) => "note",
        (_, true) => "damaged",
    };
    if out.is_json() {
        return out.json(&Row { kind, content: finding }).and_then(|()| out.end());
    }
    let kind = match finding.place {
        Where::Cache if kind == "damaged" => "broken copy",
        _ => kind,
    };
    let whose = match (&finding.package, &finding.version) {
        (Some(name), Some(version)) => format!(" ({name}@{version})"),
        (Some(name), None) if finding.place == Where::Registry => format!(" ({name})"),
        _ => String::new(),
    };
    out.line(&printable(&format!("{kind}: {}{whose}: {}", finding.path, finding.what)))?;
    match finding.remedy.as_ref().filter(|_| !finding.is_mended) {
        Some(remedy) => out.line(&format!("  {}", printable(remedy))),
        None => Ok(()),
    }
}

fn nothing(registry: &Path, cache: &Path, only: Option<Only>) -> String {
    let (registry, cache) = (registry.display(), cache.display());
    match only {
        Some(Only::Registry) => {
            format!("there is no registry directory {registry} (NOPAR_REGISTRY_PATH)")
        }
        Some(Only::Cache) => format!("there is no cache directory {cache} (NOPAR_CACHE_PATH)"),
        None => format!(
            "there is neither a registry directory {registry} (NOPAR_REGISTRY_PATH) nor a cache \
             directory {cache} (NOPAR_CACHE_PATH)"
        ),
    }
}

/// The end of it for people.
fn lines(summary: &Summary, registry: &Path, cache: &Path, options: VerifyOptions) -> Vec<String> {
    let mut lines = Vec::new();
    match &summary.registry {
        Some(RegistryCounts { packages, own, staged }) => {
            let mut parts = vec![
                count(packages.packages, "package"),
                format!("{} ({})", count(packages.versions, "version"), size(packages.bytes)),
            ];
            for (number, one) in [
                (*staged, "staged version"),
                (own.users, "user"),
                (own.tokens, "token"),
                (own.keys, "key"),
            ] {
                parts.extend((number > 0).then(|| count(number, one)));
            }
            lines.push(format!("registry {}: {}", registry.display(), parts.join(", ")));
            if packages.without_digests > 0 {
                let versions = count(packages.without_digests, "version");
                lines.push(format!(
                    "  {versions} have no digests in their documents: nothing can be said of them"
                ));
            }
        }
        None if options.only != Some(Only::Cache) => {
            lines.push(format!(
                "registry {}: it is not there; nothing was published",
                registry.display()
            ));
        }
        None => {}
    }
    match &summary.cache {
        Some(CacheChecked { entries, bytes, .. }) => {
            let entries = count(*entries, "entry");
            lines.push(format!("cache {}: {entries} ({})", cache.display(), size(*bytes)));
        }
        None if options.only != Some(Only::Registry) => {
            lines.push(format!("cache {}: there is none", cache.display()));
        }
        None => {}
    }
    lines.push(match (summary.damaged - summary.mended, summary.mended) {
        (0, 0) => "all is well".to_owned(),
        (0, mended) => format!("{} dropped; all else is well", count(mended, "broken copy")),
        (left, 0) => format!("{left} damaged"),
        (left, mended) => format!("{} dropped, {left} still damaged", count(mended, "broken copy")),
    });
    lines
}
