//! `nopar prefetch LOCKFILE…`: has all of it be here.
//! Knows nothing of how anything is fetched.

use super::needs::{Needs, Totals, ask_all, tell};
use super::out::{Out, read_or_not, remark};
use super::progress::Progress;
use super::reach::Reach;
use super::{Outcome, Problem};
use crate::admin::{Ask, Fate};
use crate::cli::PrefetchOptions;
use crate::config::Config;

/// How many versions of one package are asked for at once; several packages share an ask, and are fetched one after the
/// other, so these are few.
const AT_ONCE: usize = 4;
/// How many are asked about at once when all is fetched: nothing has to be read for that.
const LOOKED_AT: usize = 100;

/// Which of the two it was, only the NOPAR that keeps the copies knows.
const TOO_SMALL: &str = "the cache has no room for all of this: raise NOPAR_CACHE_SIZE, or, if its disk is nearly full, \
                         free some space or lower NOPAR_CACHE_MIN_FREE (nopar cache stat shows the limits)";

/// Fetches what is missing, and tells what could not be had.
pub(super) fn run(config: &Config, options: &PrefetchOptions) -> Result<Outcome, Problem> {
    let needs = Needs::of(&options.files)?;
    let reach = Reach::of(config)?;
    let jobs = usize::from(options.jobs);
    let progress = Progress::of_things("fetching", needs.items.len() as u64);
    let keep = |items| Ask::Keep { items };
    let mut fates = ask_all(&reach, &needs.items, keep, (AT_ONCE, jobs), &progress)?;
    drop(progress);
    // What comes in may push out what came before it.
    let progress = Progress::of_things("looking", needs.items.len() as u64);
    let holds = |items| Ask::Holds { items };
    let looked = ask_all(&reach, &needs.items, holds, (LOOKED_AT, jobs), &progress)?;
    drop(progress);
    let mut has_left = false;
    for (fate, now) in fates.iter_mut().zip(looked) {
        fate.is_too_old = now.is_too_old;
        if fate.is_here && !now.is_here {
            has_left = true;
            *fate = Fate { why: Some(left(now.why)), ..now };
        }
    }
    let mut out = Out::new(options.json);
    let totals = Totals::of(&needs, &fates);
    read_or_not(tell(&mut out, &needs, &fates, &totals))?;
    if has_left {
        remark(TOO_SMALL);
    }
    Ok(if totals.missing == 0 { Outcome::Well } else { Outcome::Unwell })
}

fn left(why: Option<String>) -> String {
    let why = why.unwrap_or_else(|| "it is not here".to_owned());
    format!("it was fetched, and then removed to make room for others: {why}")
}
