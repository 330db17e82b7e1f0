//! `nopar cache …`: what copies there are, and those away that somebody wants to be rid of.
//! Knows nothing of how copies are kept. One file per command.

mod collect;
mod list;
mod remove;
mod shown;
mod stat;
mod table;

use super::out::remark;
use super::progress::Progress;
use super::reach::Reach;
use super::{Outcome, Problem};
use crate::admin::{Ask, CacheEnd, CacheEntry, CacheRow};
use crate::cli::CacheAction;
use crate::config::Config;
use std::io;

/// So many bytes of patterns go into one ask: it has to fit on a line of 64 KiB.
const PATTERNS: usize = 8 << 10;

/// Does that.
pub(super) fn run(config: &Config, action: CacheAction) -> Result<Outcome, Problem> {
    match action {
        CacheAction::Ls(options) => list::run(config, &options),
        CacheAction::Rm(options) => remove::run(config, &options),
        CacheAction::Stat { json } => stat::run(config, json),
        CacheAction::Gc(options) => collect::run(config, &options),
    }
}

/// Asks about these patterns, as many at a time as fit. `take` is given what comes, and told what there is to say at the
/// end, once.
fn ask(
    reach: &Reach,
    patterns: &[String],
    question: impl Fn(Vec<String>) -> Ask,
    doing: &str,
    take: &mut (dyn FnMut(CacheEntry) -> io::Result<()> + Send),
) -> Result<CacheEnd, Problem> {
    let progress = Progress::without_end(doing);
    let mut all = CacheEnd::default();
    for some in portions(patterns) {
        reach.ask(question(some.to_vec()), &mut |row| {
            match row {
                CacheRow::Entries(entries) => {
                    progress.advance(entries.len() as u64);
                    entries.into_iter().try_for_each(&mut *take)?;
                }
                CacheRow::End(end) => {
                    all.unmatched.extend(end.unmatched);
                    all.is_shared |= end.is_shared;
                }
            }
            Ok(())
        })?;
    }
    Ok(all)
}

/// Patterns in portions of a bounded length, at least one.
fn portions(patterns: &[String]) -> Vec<&[String]> {
    let (mut portions, mut begin, mut bytes) = (Vec::new(), 0, 0);
    for (at, pattern) in patterns.iter().enumerate() {
        bytes += pattern.len();
        if bytes > PATTERNS && at > begin {
            portions.push(&patterns[begin..at]);
            (begin, bytes) = (at, pattern.len());
        }
    }
    portions.push(&patterns[begin..]);
    portions
}

/// Tells which patterns matched nothing, and by that, what came of the command.
fn outcome(unmatched: &[String]) -> Outcome {
    for pattern in unmatched {
        remark(&format!("the cache holds nothing that matches {pattern:?}"));
    }
    if unmatched.is_empty() { Outcome::Well } else { Outcome::Unwell }
}

/// Tells that somebody else does not know yet what was removed.
fn tell_if_shared(is_shared: bool) {
    if is_shared {
        remark(
            "another NOPAR has this cache open and could not be told (it has another NOPAR_RUN_PATH): until it next \
             looks through the directory, or is restarted, it may still serve from memory what was removed",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_patterns_go_into_several_asks() {
        let patterns = |count: usize| vec!["x".repeat(1000); count];
        let lens = |count| portions(&patterns(count)).iter().map(|it| it.len()).collect::<Vec<_>>();
        assert_eq!(lens(0), [0], "all that there is");
        assert_eq!(lens(8), [8]);
        assert_eq!(lens(20), [8, 8, 4]);
        let long = vec!["x".repeat(PATTERNS + 1); 2];
        assert_eq!(portions(&long).len(), 2);
    }
}
