//! The settings when the configuration is read again: what holds then, and what waits for a restart.
//! Knows nothing of who asks for it, nor of where a configuration is read from.

use super::{Changed, Running, Settings};
use crate::config::{Config, Mistakes, Unfit};
use std::fmt;

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// What is otherwise from now on; of tables of the file, without a value.
    pub changed: Vec<Changed>,
    /// The keys of all that is otherwise after a restart, also if it was so before.
    pub waiting: Vec<&'static str>,
}

/// Why nothing was changed.
#[derive(Debug)]
pub enum NotReloaded {
    /// The configuration has mistakes, in the words of a start.
    Mistakes(Mistakes),
    /// It cannot be followed.
    Unfit(Unfit),
}

impl Reloaded {
    /// What changed, whether or not it holds already.
    fn of(before: &Config, after: &Config, waiting: Vec<&'static str>) -> Reloaded {
        let changed = before.differences(after).into_iter();
        let changed = changed.filter(|key| !before.waiting(after).contains(key));
        let changed = changed.map(|key| Changed { key, value: after.written(key) }).collect();
        Reloaded { changed, waiting }
    }
}

/// In one line.
impl fmt::Display for Reloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self.changed.iter().map(|Changed { key, value }| match value.is_empty() {
            true => (*key).to_owned(),
            false => format!("{key} = {}", value.escape_debug()),
        });
        let told: Vec<String> = told.collect();
        let told = if told.is_empty() { "nothing".to_owned() } else { told.join(", ") };
        write!(f, "changed: {told}")?;
        match self.waiting.is_empty() {
            true => Ok(()),
            false => write!(f, "; needs a restart: {}", self.waiting.join(", ")),
        }
    }
}

/// In one line.
impl fmt::Display for NotReloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            NotReloaded::Mistakes(mistakes) => mistakes.to_string(),
            NotReloaded::Unfit(Unfit { key: Some(key), problem }) => format!("{key}: {problem}"),
            NotReloaded::Unfit(Unfit { key: None, problem }) => problem.clone(),
        };
        let mut lines = text.lines().map(str::trim);
        let first = lines.next().unwrap_or_default();
        let more: Vec<&str> = lines.collect();
        let colon = if more.is_empty() { "" } else { ": " };
        write!(f, "nothing is changed: {first}{colon}{}", more.join("; "))
    }
}

impl std::error::Error for NotReloaded {}

impl<R: ?Sized + Running> Settings<R> {
    /// Has hold what the configuration says by now, as `read` reads it, which is told whether to leave out what is saved;
    /// `tell` tells of it, while the log takes that. Nothing is saved. Blocks; who changes settings at the same time comes
    /// before or after.
    ///
    /// # Errors
    /// Why nothing has changed.
    pub fn reload(
        &self,
        read: &dyn Fn(bool) -> Result<Config, Mistakes>,
        tell: &dyn Fn(&Reloaded),
    ) -> Result<Reloaded, NotReloaded> {
        let _turn = self.changing.lock();
        let before = self.now();
        // What was saved since a start without it is not left out.
        let wanted = read(before.ignores_saved()).map_err(NotReloaded::Mistakes)?;
        let wanted = wanted.followed_since(&self.started).map_err(NotReloaded::Mistakes)?;
        let changed = before.differences(&wanted);
        let ready = self.running.ready(&wanted, &changed).map_err(NotReloaded::Unfit)?;
        let reloaded = Reloaded::of(&before, &wanted, self.started.waiting(&wanted));
        self.hold(wanted, &before, ready, &|| tell(&reloaded));
        Ok(reloaded)
    }
}
