//! Where a command finds what it is about: with the NOPAR that runs, through its socket; or, where none runs on the same
//! directories, in these themselves.
//! Knows nothing of what is asked.

use super::Problem;
use super::owner::become_owner_of;
use crate::admin::{Administrator, Ask, Directories, Question};
use crate::app::{Administration, Opened, is_cache};
use crate::clock::Clock;
use crate::config::{Config, MinFree};
use crate::inflight::InFlight;
use crate::service::{self, OrderError};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use tokio::runtime::Runtime;

/// How long what is still going on in the background is waited for at the end: copies that come in are worth it.
const ENDING: Duration = Duration::from_secs(30);

/// Whoever answers.
pub(super) enum Reach {
    /// A NOPAR that runs.
    Running {
        /// Where its socket may be.
        folders: Vec<PathBuf>,
        /// The directories of which it is asked.
        of: Directories,
    },
    /// This process.
    Here(Box<Here>),
}

/// A NOPAR that serves nobody.
pub(super) struct Here {
    administration: Administration,
    in_flight: InFlight,
    runtime: Runtime,
}

impl Reach {
    /// Whoever has the directories that the configuration names. Blocks.
    ///
    /// # Errors
    /// When one runs that does not answer; or none runs that may be asked, as only root and its user may, and the
    /// directories cannot be opened.
    pub(super) fn of(config: &Config) -> Result<Reach, Problem> {
        let running = Reach::Running {
            folders: folders(config),
            of: Directories::new(&config.cache.path, &config.store.path),
        };
        match running.ask_for(Ask::Status {}, &mut |_: Value| Ok(())) {
            Ok(()) => return Ok(running),
            Err(problem) if is_nobody(&problem) => {}
            Err(problem) => return Err(problem.into()),
        }
        become_owner_of(&config.cache.path)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let opened = {
            let _inside = runtime.enter();
            Opened::open(config.clone(), Clock::system())?
        };
        let (administration, in_flight) = opened.administered();
        Ok(Reach::Here(Box::new(Here { administration, in_flight, runtime })))
    }

    /// The same for a command that looks, or removes what it is told to. Where this process opens the cache, nothing leaves it
    /// for lack of room, as the settings of a command may be others than those of the NOPAR whose cache it is; and a
    /// directory that is no cache is left as it is.
    ///
    /// # Errors
    /// As of [`Reach::of`], and when there is no cache.
    pub(super) fn to_look(config: &Config) -> Result<Reach, Problem> {
        let path = &config.cache.path;
        // Where this may not look, the NOPAR that runs can be asked, or it turns out.
        if let Ok(false) = is_cache(path) {
            let path = path.display();
            return Err(format!("there is no cache in {path} (NOPAR_CACHE_PATH)").into());
        }
        let mut config = config.clone();
        (config.cache.size, config.cache.min_free) = (u64::MAX, MinFree::Bytes(0));
        Reach::of(&config)
    }

    /// Asks, and has `row` take one answer after the other. Any number of threads may ask at once. Blocks.
    ///
    /// # Errors
    /// Why there is no answer, or no more of it; or that of `row`.
    pub(super) fn ask<T: DeserializeOwned>(
        &self,
        ask: Ask,
        row: &mut (dyn FnMut(T) -> io::Result<()> + Send),
    ) -> Result<(), Problem> {
        Ok(self.ask_for(ask, row)?)
    }

    fn ask_for<T: DeserializeOwned>(
        &self,
        ask: Ask,
        row: &mut (dyn FnMut(T) -> io::Result<()> + Send),
    ) -> Result<(), OrderError> {
        let mut row = |came: Value| row(serde_json::from_value(came)?);
        match self {
            Reach::Running { folders, of } => {
                let question = Question { ask, of: Some(of.clone()) };
                service::ask(folders, &question, &mut row)
            }
            Reach::Here(here) => {
                let answer = here.runtime.block_on(here.administration.answer(ask, &mut row));
                answer.map_err(|error| match error {
                    crate::admin::Unanswered::Gone(error) => OrderError::Untaken(error),
                    refused => OrderError::Failed(refused.to_string()),
                })
            }
        }
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        // Timers are made where the runtime is.
        let idle = async { tokio::time::timeout(ENDING, self.in_flight.idle()).await };
        let _ = self.runtime.block_on(idle);
    }
}

/// Where a NOPAR with this configuration has its socket.
pub(super) fn folders(config: &Config) -> Vec<PathBuf> {
    service::folders(config.server.run_path.as_deref(), Some(&config.cache.path))
}

/// Whether nobody runs on these directories who may be asked. Somebody else's NOPAR may be there, too.
fn is_nobody(error: &OrderError) -> bool {
    matches!(
        error,
        OrderError::Nobody(_) | OrderError::Elsewhere(_) | OrderError::Unreachable { .. }
    )
}
