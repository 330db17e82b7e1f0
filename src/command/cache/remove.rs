//! `nopar cache rm`: what is held goes, to be fetched anew.
//! Knows nothing of how it goes.

use super::super::words::{count, printable, size};
use super::shown::{Row, name, part};
use super::{ask, outcome, tell_if_shared};
use crate::admin::{Ask, CacheEntry};
use crate::cli::RmOptions;
use crate::command::out::Out;
use crate::command::reach::Reach;
use crate::command::telling::Telling;
use crate::command::{Outcome, Problem};
use crate::config::Config;
use serde_json::json;
use std::collections::HashSet;

/// Removes it, and tells what that was, as it goes.
pub(super) fn run(config: &Config, options: &RmOptions) -> Result<Outcome, Problem> {
    let reach = Reach::to_look(config)?;
    let mut telling = Telling::on(Out::new(options.json));
    let dry_run = options.dry_run;
    let (mut entries, mut bytes, mut seen) = (0, 0, HashSet::new());
    let question = |of| Ask::CacheRemove { of, dry_run };
    let end = ask(&reach, &options.patterns, question, "removing:", &mut |entry| {
        if !seen.insert(entry.path.clone()) {
            return Ok(());
        }
        (entries, bytes) = (entries + 1, bytes + entry.bytes);
        telling.tell(|out| match options.json {
            true => out.json(&Row::from(&entry)),
            false => out.put(&line(&entry, dry_run)),
        });
        Ok(())
    })?;
    telling.tell(|out| match options.json {
        true => out.json(&json!({
            "kind": "summary",
            "dry_run": dry_run,
            "entries": entries,
            "bytes": bytes,
            "unmatched": end.unmatched,
        })),
        false => {
            let would = if dry_run { "would be removed" } else { "removed" };
            out.put(&format!("{} {would}, {}", count(entries, "entry"), size(bytes)))
        }
    });
    if !dry_run {
        tell_if_shared(end.is_shared);
    }
    telling.end()?;
    Ok(outcome(&end.unmatched))
}

fn line(entry: &CacheEntry, dry_run: bool) -> String {
    let done = if dry_run { "would remove" } else { "removed" };
    let (name, part) = (printable(name(entry)), printable(part(entry)));
    format!("{done} {name} {part} {} {}", entry.what.as_str(), size(entry.bytes))
}
