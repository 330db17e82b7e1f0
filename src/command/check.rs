//! `nopar check LOCKFILE…`: whether all of it is here.
//! Knows nothing of how that is found out.

use super::needs::{Needs, Totals, ask_all, tell};
use super::out::{Out, read_or_not};
use super::progress::Progress;
use super::reach::Reach;
use super::{Outcome, Problem};
use crate::admin::Ask;
use crate::cli::CheckOptions;
use crate::config::Config;

/// How many are asked about at once: whoever answers may have to read each whole.
const AT_ONCE: usize = 50;
/// How many asks there are at a time: they read, and compute digests.
const JOBS: usize = 4;

/// Tells what is missing.
pub(super) fn run(config: &Config, options: &CheckOptions) -> Result<Outcome, Problem> {
    let needs = Needs::of(&options.files)?;
    let reach = Reach::to_look(config)?;
    let progress = Progress::of_things("looking", needs.items.len() as u64);
    let ask = |items| Ask::Holds { items };
    let fates = ask_all(&reach, &needs.items, ask, (AT_ONCE, JOBS), &progress)?;
    drop(progress);
    let mut out = Out::new(options.json);
    let totals = Totals::of(&needs, &fates);
    // `nopar check | head` does not call whole what is not.
    read_or_not(tell(&mut out, &needs, &fates, &totals))?;
    Ok(if totals.missing == 0 { Outcome::Well } else { Outcome::Unwell })
}
