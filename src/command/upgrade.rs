//! `nopar upgrade`: another program takes the place of the NOPAR that runs.
//! Knows nothing of how.

use super::out::Out;
use super::reach::folders;
use super::{Outcome, Problem};
use crate::config::{Config, Sources};
use crate::service;
use std::path::{Path, PathBuf};

/// Has this program, or that one, take over. The configuration says where NOPAR has its files, and nothing
/// else here: that of the one that runs may be in an environment that this command does not share.
pub(super) fn run(
    sources: &Sources,
    program: Option<PathBuf>,
    out: &mut Out,
) -> Result<Outcome, Problem> {
    let program = program.map_or_else(std::env::current_exe, Ok)?;
    // The NOPAR that runs is in another directory.
    let program =
        program.canonicalize().map_err(|error| format!("{}: {error}", program.display()))?;
    let folders = match Config::load(sources) {
        Ok(config) => folders(&config),
        Err(_) => {
            let set = |name: &str| sources.env.get(name).map(Path::new);
            service::folders(set("NOPAR_RUN_PATH"), set("NOPAR_CACHE_PATH"))
        }
    };
    // What is printed is for who waits: that it cannot be is no reason to break off.
    let told = service::upgrade(&folders, &program, |step| drop(out.line(step)))?;
    out.line(&told)?;
    Ok(Outcome::Well)
}
