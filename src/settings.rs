//! The settings of a NOPAR that serves: what they are, and how they come to be others.
//! Knows nothing of pages, nor of who may change anything, nor of what follows them.
//!
//! What is changed is first found to be right, and all that needs it is made ready; then it is saved; and then it holds.
//! So what is wrong changes nothing, nor does a disk that takes no more; and what is saved is what holds.

#[cfg(test)]
mod tests;

use crate::config::{Config, Form, SavedError, Unfit};
use parking_lot::{Mutex, RwLock};
use std::io;
use std::sync::Arc;

/// Has what was made ready hold.
pub type Ready<'a> = Box<dyn FnOnce() + 'a>;

/// What follows the settings.
pub trait Running: Send + Sync + 'static {
    /// Sees to it that there is a place to save anything in. Blocks.
    ///
    /// # Errors
    /// Why there is none.
    fn prepare(&self) -> io::Result<()>;

    /// Makes ready what another configuration wants, in which these settings are others. Nothing has changed until what
    /// is returned is called. Blocks.
    ///
    /// # Errors
    /// Which of them cannot be followed.
    fn ready(&self, wanted: &Config, changed: &[&'static str]) -> Result<Ready<'_>, Unfit>;
}

/// The settings.
pub struct Settings<R: ?Sized + Running = dyn Running> {
    /// Those that NOPAR was started with: what is bound to these needs a restart.
    started: Arc<Config>,
    now: RwLock<Arc<Config>>,
    /// Held by who changes them.
    changing: Mutex<()>,
    running: R,
}

/// Why nothing was changed.
#[derive(Debug)]
pub enum Unchanged {
    /// What was typed cannot be used.
    Unfit(Vec<Unfit>),
    /// It cannot be saved.
    Unsaved(SavedError),
    /// There is no place to save it in.
    NoPlace(io::Error),
}

/// A setting that is another one now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its key.
    pub key: &'static str,
    /// Its value, credentials masked.
    pub value: String,
}

impl<R: Running> Settings<R> {
    /// The settings that NOPAR is started with, and what follows them.
    pub fn new(config: Config, running: R) -> Settings<R> {
        let started = Arc::new(config);
        let now = RwLock::new(Arc::clone(&started));
        Settings { started, now, changing: Mutex::default(), running }
    }

    /// What follows them.
    pub fn running(&self) -> &R {
        &self.running
    }
}

impl<R: ?Sized + Running> Settings<R> {
    /// What holds now, but for what waits for a restart.
    pub fn now(&self) -> Arc<Config> {
        Arc::clone(&self.now.read())
    }

    /// The settings that hold after a restart only, and are others until then.
    pub fn waiting(&self) -> Vec<&'static str> {
        let (started, now) = (&self.started, self.now());
        let differs = started.differences(&now);
        let needs_restart = |key: &&'static str| match *key {
            "server.hostname" | "server.port" => true,
            // For whom the tokens of jobs are made follows it at a start only.
            "server.base_url" => started.access.trust != now.access.trust,
            _ => false,
        };
        differs.into_iter().filter(needs_restart).collect()
    }

    /// Saves what is typed, and has it hold; `tell` tells of it, while the log takes that. Blocks; who does so at the same
    /// time comes one after the other.
    ///
    /// # Errors
    /// Why nothing has changed.
    pub fn change(&self, typed: Form<'_>, tell: &dyn Fn(&[Changed])) -> Result<(), Unchanged> {
        let _turn = self.changing.lock();
        let before = self.now();
        let wanted = before.with(typed).map_err(Unchanged::Unfit)?;
        let changed = before.differences(&wanted);
        let ready = self.running.ready(&wanted, &changed);
        let ready = ready.map_err(|unfit| Unchanged::Unfit(vec![unfit]))?;
        self.running.prepare().map_err(Unchanged::NoPlace)?;
        wanted.save().map_err(Unchanged::Unsaved)?;
        let fields = wanted.fields();
        let told = fields.into_iter().filter(|field| changed.contains(&field.key));
        let told: Vec<Changed> =
            told.map(|field| Changed { key: field.key, value: field.value }).collect();
        let news = wanted.warnings.iter().filter(|warning| !before.warnings.contains(warning));
        news.for_each(|warning| log::warn!("{warning}"));
        let is_told_first = wanted.log.level < before.log.level;
        *self.now.write() = Arc::new(wanted);
        if is_told_first {
            tell(&told);
        }
        ready();
        if !is_told_first {
            tell(&told);
        }
        Ok(())
    }
}
