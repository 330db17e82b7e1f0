//! `nopar verify`: whether all that is kept is as it was written.
//! Knows nothing of how that is found out.

use super::out::Out;
use super::progress::Progress;
use super::reach::Reach;
use super::words::{count, printable, size};
use super::{Outcome, Problem};
use crate::admin::{Ask, Dropped};
use crate::cache::FileName;
use crate::cli::{Only, VerifyOptions};
use crate::config::Config;
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

/// A summary among findings.
#[derive(Serialize)]
struct Last<'a> {
    summary: &'a Summary,
}

/// Looks, and tells.
pub(super) fn run(config: &Config, options: VerifyOptions) -> Result<Outcome, Problem> {
    let (registry, cache) = (&config.store.path, &config.cache.path);
    let wants = |which: Only| options.only.is_none_or(|only| only == which);
    let [has_registry, has_cache] = [(registry, Only::Registry), (cache, Only::Cache)]
        .map(|(path, which)| wants(which) && path.exists());
    if !has_registry && !has_cache {
        return Err(nothing(registry, cache, options.only).into());
    }
    let mut teller =
        Teller { out: Out::new(options.json), summary: Summary::default(), failed: Ok(()) };
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
        let stay = dropped(config, &checked.broken)?;
        for mut finding in waiting.drain(..) {
            let file = finding.path.rsplit('/').next().unwrap_or_default();
            match stay.get(file) {
                Some(why) => finding.remedy = Some(format!("it could not be dropped: {why}")),
                None => finding.is_mended = finding.is_damage,
            }
            teller.take(Step::Found(Box::new(finding)), &progress);
        }
    }
    Ok(checked)
}

/// Has these dropped; those that stay, and why.
fn dropped(config: &Config, broken: &[FileName]) -> Result<HashMap<String, String>, Problem> {
    let reach = Reach::to_look(config)?;
    let mut stay = HashMap::new();
    for batch in broken.chunks(BATCH) {
        let name = |name: &FileName| name.relative().rsplit('/').next().map(str::to_owned);
        let files: Vec<String> = batch.iter().filter_map(name).collect();
        reach.ask(Ask::Drop { files }, &mut |Dropped { file, failure }| {
            stay.extend(failure.map(|why| (file, why)));
            Ok(())
        })?;
    }
    Ok(stay)
}

/// Tells what is found, and counts it.
struct Teller {
    out: Out,
    summary: Summary,
    /// Whether somebody still reads it.
    failed: io::Result<()>,
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
                if self.failed.is_ok() {
                    self.failed = progress.aside(|| tell(&mut self.out, &finding));
                }
            }
        }
    }

    fn end(
        mut self,
        registry: &Path,
        cache: &Path,
        options: VerifyOptions,
    ) -> Result<Outcome, Problem> {
        self.failed?;
        let summary = &self.summary;
        if self.out.is_json() {
            self.out.json(&Last { summary })?;
        } else {
            for line in lines(summary, registry, cache, options) {
                self.out.line(&line)?;
            }
        }
        self.out.end()?;
        Ok(if summary.damaged > summary.mended { Outcome::Unwell } else { Outcome::Well })
    }
}

fn tell(out: &mut Out, finding: &Finding) -> io::Result<()> {
    if out.is_json() {
        return out.json(finding).and_then(|()| out.end());
    }
    let kind = match (finding.is_mended, finding.is_damage, finding.place) {
        (true, ..) => "dropped",
        (_, false, _) => "note",
        (_, _, Where::Registry) => "damaged",
        (_, _, Where::Cache) => "broken copy",
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
            let entries = match entries {
                1 => "1 entry".to_owned(),
                _ => format!("{entries} entries"),
            };
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
