//! The settings of a NOPAR that serves: what they are, and how they come to be others.
//! Knows nothing of pages, nor of who may change anything, nor of what follows them.
//!
//! What is changed is first found to be right, and all that needs it is made ready; then it is saved; and then it holds.
//! So what is wrong changes nothing, nor does a disk that takes no more; and what is saved is what holds. A configuration
//! that is read again goes the same way, but that nothing is saved.

mod reload;
#[cfg(test)]
mod tests;

use crate::config::{Config, Form, SavedError, Unfit};
use parking_lot::{Mutex, RwLock};
use std::hash::RandomState;
use std::io;
use std::sync::Arc;

pub use reload::{NotReloaded, Reloaded};

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
    /// What forms are marked with, so that no mark tells what is saved.
    marking: RandomState,
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
    /// Others changed settings since the form was made, of which it would take something back.
    Meanwhile {
        /// What is saved now, with the values that still hold.
        now: Arc<Config>,
        /// The keys of those that were changed.
        changed: Vec<&'static str>,
    },
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
        let (changing, marking) = Default::default();
        Settings { started, now, changing, marking, running }
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
        self.started.waiting(&self.now())
    }

    /// What a form is marked with that shows what this configuration says is saved: another mark for each setting that
    /// is saved otherwise.
    pub fn mark(&self, config: &Config) -> String {
        let numbers = config.saved_numbers(&self.marking).into_iter();
        let marks: Vec<String> = numbers.map(|(_, number)| format!("{number:016x}")).collect();
        marks.join("-")
    }

    /// Saves what is typed, and has it hold; `mark` is that of the form, if it has one, and `tell` tells of what is
    /// changed, while the log takes that. Blocks; who does so at the same time comes one after the other.
    ///
    /// # Errors
    /// Why nothing has changed.
    pub fn change(
        &self,
        typed: Form<'_>,
        mark: Option<&str>,
        tell: &dyn Fn(&[Changed]),
    ) -> Result<(), Unchanged> {
        let _turn = self.changing.lock();
        let before = self.now();
        let base = on_disk(&before)?;
        self.check(&base, typed, mark)?;
        let wanted = base.with(typed).map_err(Unchanged::Unfit)?;
        let changed = before.differences(&wanted);
        let ready = self.running.ready(&wanted, &changed);
        let ready = ready.map_err(|unfit| Unchanged::Unfit(vec![unfit]))?;
        self.running.prepare().map_err(Unchanged::NoPlace)?;
        let wanted = match wanted.save(Some(&base)) {
            // Between the look at the file and the change of it.
            Err(SavedError::Meanwhile { .. }) => return Err(self.meanwhile(&base, &before)?),
            saved => saved.map_err(Unchanged::Unsaved)?,
        };
        let fields = wanted.fields();
        let told = fields.into_iter().filter(|field| changed.contains(&field.key));
        let told: Vec<Changed> =
            told.map(|field| Changed { key: field.key, value: field.value }).collect();
        self.hold(wanted, &before, ready, &|| tell(&told));
        Ok(())
    }

    /// Has hold what was made ready; it is told of while the log takes that.
    fn hold(&self, wanted: Config, before: &Config, ready: Ready<'_>, tell: &dyn Fn()) {
        let news = wanted.warnings.iter().filter(|warning| !before.warnings.contains(warning));
        news.for_each(|warning| log::warn!("{warning}"));
        let is_told_first = wanted.log.level < before.log.level;
        *self.now.write() = Arc::new(wanted);
        if is_told_first {
            tell();
        }
        ready();
        if !is_told_first {
            tell();
        }
    }

    /// Lets a form pass that takes nothing back of what was saved since it was made.
    fn check(
        &self,
        base: &Arc<Config>,
        typed: Form<'_>,
        mark: Option<&str>,
    ) -> Result<(), Unchanged> {
        let Some(mark) = mark else { return Ok(()) };
        let now = self.mark(base);
        let (shown, fields) = (mark.split('-').chain(std::iter::repeat("")), base.fields());
        let mut changed: Vec<&'static str> = Vec::new();
        for ((now, shown), field) in now.split('-').zip(shown).zip(fields) {
            // Who wants what is saved by now takes nothing back.
            if now != shown && typed(field.key).is_some_and(|typed| typed.trim() != field.saved) {
                changed.push(field.key);
            }
        }
        if changed.is_empty() {
            return Ok(());
        }
        Err(Unchanged::Meanwhile { now: Arc::clone(base), changed })
    }

    /// Another process was faster than who has seen `base`.
    fn meanwhile(&self, base: &Config, before: &Arc<Config>) -> Result<Unchanged, Unchanged> {
        let now = on_disk(before)?;
        let (was, is) = (base.saved_numbers(&self.marking), now.saved_numbers(&self.marking));
        let others = was.into_iter().zip(is).filter(|(was, is)| was != is);
        let changed = others.map(|((key, _), _)| key).collect();
        Ok(Unchanged::Meanwhile { now, changed })
    }
}

/// What holds with what the file says by now, unless that is ignored.
fn on_disk(before: &Arc<Config>) -> Result<Arc<Config>, Unchanged> {
    if before.ignores_saved() {
        return Ok(Arc::clone(before));
    }
    before.read_again().map(Arc::new).map_err(Unchanged::Unsaved)
}
