//! `nopar cache gc`: what nobody needs goes.
//! Knows nothing of how that is told.

use super::super::words::{count, size};
use super::tell_if_shared;
use crate::admin::{Ask, CacheCollected, CollectedPart, Unneeded};
use crate::cli::GcOptions;
use crate::command::out::{Out, read_or_not};
use crate::command::progress::Progress;
use crate::command::reach::Reach;
use crate::command::{Outcome, Problem};
use crate::config::{Config, parse_size};
use serde_json::json;
use std::io;

/// Has it go, and tells how much that was.
pub(super) fn run(config: &Config, options: &GcOptions) -> Result<Outcome, Problem> {
    let size = options.size.as_deref().map(parse_size).transpose()?;
    let reach = Reach::to_look(config)?;
    let dry_run = options.dry_run;
    let mut collected = None;
    {
        let _progress = Progress::without_end("looking through the cache:");
        reach.ask(Ask::CacheCollect { size, dry_run }, &mut |row: CacheCollected| {
            collected = Some(row);
            Ok(())
        })?;
    }
    let collected = collected.ok_or("the running NOPAR did not say what it removed")?;
    read_or_not(tell(Out::new(options.json), &collected, dry_run))?;
    if !dry_run {
        tell_if_shared(collected.is_shared && !collected.parts.is_empty());
    }
    Ok(Outcome::Well)
}

fn tell(mut out: Out, collected: &CacheCollected, dry_run: bool) -> io::Result<()> {
    if out.is_json() {
        out.json(&json!({
            "dry_run": dry_run,
            "entries": total(collected).entries,
            "bytes": total(collected).bytes,
            "left_bytes": collected.left_bytes,
            "parts": collected.parts,
        }))?;
    } else {
        for line in lines(collected, dry_run) {
            out.put(&line)?;
        }
    }
    out.end()
}

fn total(collected: &CacheCollected) -> CollectedPart {
    let none = CollectedPart { why: Unneeded::Damaged, entries: 0, bytes: 0 };
    collected.parts.iter().fold(none, |sum, part| CollectedPart {
        entries: sum.entries + part.entries,
        bytes: sum.bytes + part.bytes,
        ..sum
    })
}

fn lines(collected: &CacheCollected, dry_run: bool) -> Vec<String> {
    let left = size(collected.left_bytes);
    if collected.parts.is_empty() {
        return vec![format!("nothing to remove; the cache holds {left}")];
    }
    let told = |part: &CollectedPart, why: &str| {
        format!("{}, {}{why}", count(part.entries, "file"), size(part.bytes))
    };
    let line = |part: &CollectedPart| format!("  {}", told(part, &format!(": {}", why(part.why))));
    let head = if dry_run { "would remove:" } else { "removed:" };
    let mut lines = vec![head.to_owned()];
    lines.extend(collected.parts.iter().map(line));
    let would = if dry_run { "would then hold" } else { "now holds" };
    lines.push(format!("{}; the cache {would} {left}", told(&total(collected), " in all")));
    lines
}

fn why(why: Unneeded) -> &'static str {
    match why {
        Unneeded::NoUpstream => "from upstream registries that the settings do not name",
        Unneeded::OtherUpstream => "of packages that now come from another upstream registry",
        Unneeded::Damaged => "damaged",
        Unneeded::ViewAlone => "views whose packument is gone",
        Unneeded::Replaced => "replaced by newer ones",
        Unneeded::Unfinished => "left unfinished by processes that have ended",
        Unneeded::LeastUsed => "used least recently",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_removed_is_told_by_its_reasons() {
        let part = |why, entries, bytes| CollectedPart { why, entries, bytes };
        let parts = vec![part(Unneeded::Damaged, 1, 10), part(Unneeded::LeastUsed, 2, 2048)];
        let collected = CacheCollected { parts, left_bytes: 1024, is_shared: false };
        let expected = [
            "removed:",
            "  1 file, 10 B: damaged",
            "  2 files, 2.00 KiB: used least recently",
            "3 files, 2.01 KiB in all; the cache now holds 1.00 KiB",
        ];
        assert_eq!(lines(&collected, false), expected);
        assert_eq!(lines(&collected, true)[0], "would remove:");
        let none = lines(&CacheCollected::default(), false);
        assert_eq!(none, ["nothing to remove; the cache holds 0 B"]);
    }
}
