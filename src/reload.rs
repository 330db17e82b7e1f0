//! The configuration read again while NOPAR serves: asked for by SIGHUP (or a test), one after the other, on a thread of
//! its own.
//! Knows nothing of what follows the configuration.

use crate::certificate::Shown;
use crate::config::{Config, Sources};
use crate::notify;
use crate::settings::{Reloaded, Settings};
use log::{error, info, warn};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread;

/// The most of what a service manager shows, in characters: it is one line of `systemctl status`.
const LONGEST_STATUS: usize = 300;

/// The file that the unit names at the start of the service, if it is there.
const USUAL_FILE: &str = "/etc/nopar.toml";

/// Where it is asked for. Who asks before NOPAR serves waits until then.
pub struct Reloads {
    asked: mpsc::Receiver<Asked>,
}

/// Asks a NOPAR in this process to read its configuration again.
#[derive(Clone, Debug)]
pub struct ReloadHandle {
    ask: mpsc::Sender<Asked>,
}

/// How it is asked for.
#[derive(Debug, Default)]
struct Asked {
    /// Who is to be told what came of it, if anybody waits for that.
    told: Option<mpsc::Sender<Result<String, String>>>,
    /// Whether nobody is told anything if nothing has changed.
    quietly: bool,
}

impl Reloads {
    /// A handle, and what hears it.
    pub fn channel() -> (ReloadHandle, Reloads) {
        let (ask, asked) = mpsc::channel();
        (ReloadHandle { ask }, Reloads { asked })
    }
}

impl ReloadHandle {
    /// Asks for it, and does not wait. Where nobody hears it any more, nothing comes of it.
    pub fn ask(&self) {
        let _ = self.ask.send(Asked::default());
    }

    /// The same for a process that takes another's place: what was told to that one meanwhile is in files. Nothing is told of
    /// it unless something has changed.
    pub fn catch_up(&self) {
        let _ = self.ask.send(Asked { told: None, quietly: true });
    }

    /// Asks for it, and waits until what came of it holds. Blocks.
    ///
    /// # Errors
    /// Why nothing has changed, as it is logged.
    pub fn reload(&self) -> Result<String, String> {
        let (told, tell) = mpsc::channel();
        let _ = self.ask.send(Asked { told: Some(told), quietly: false });
        tell.recv().unwrap_or_else(|_| Err("nobody hears it any more".to_owned()))
    }
}

/// Who does it.
pub(crate) struct Reloader {
    pub(crate) reloads: Reloads,
    pub(crate) sources: Sources,
    pub(crate) settings: Arc<Settings>,
    /// What connections are shown, which is read again as well.
    pub(crate) certificate: Option<Arc<Shown>>,
    /// Whether NOPAR is about to end.
    pub(crate) is_stopping: Box<dyn Fn() -> bool + Send>,
    /// What is odd about the names that rules use, a sentence each. Blocks.
    pub(crate) strangers: Box<dyn Fn() -> Vec<String> + Send>,
}

impl Reloader {
    /// Does it from now on.
    pub(crate) fn begin(self) {
        let thread = thread::Builder::new().name("reload".to_owned());
        if let Err(error) = thread.spawn(move || self.keep()) {
            warn!("SIGHUP changes nothing: there is no thread to read the configuration: {error}");
        }
    }

    fn keep(self) {
        let mut strangers: BTreeSet<String> = (self.strangers)().into_iter().collect();
        while let Ok(asked) = self.reloads.asked.recv() {
            let done = match (self.is_stopping)() {
                true => {
                    let why = "the configuration is not read again: NOPAR is stopping";
                    warn!("{why}");
                    Err(why.to_owned())
                }
                false => self.reload(&mut strangers, asked.quietly),
            };
            // Who asked may have gone.
            let _ = asked.told.map(|asked| asked.send(done));
        }
    }

    fn reload(&self, strangers: &mut BTreeSet<String>, quietly: bool) -> Result<String, String> {
        if !quietly {
            notify::reloading();
        }
        if let Some(shown) = &self.certificate {
            shown.look_again();
        }
        let read = |ignore_saved| {
            let ignore_saved = self.sources.ignore_saved && ignore_saved;
            Config::load(&Sources { ignore_saved, ..self.sources.clone() })
        };
        let tell = |reloaded: &Reloaded| {
            if !quietly || !reloaded.changed.is_empty() {
                info!("reload: {reloaded}");
            }
        };
        let done = self.settings.reload(&read, &tell);
        let done = done.map(|reloaded| reloaded.to_string()).map_err(|not| not.to_string());
        match &done {
            Ok(_) => {
                let unread = unread(&self.sources, Path::new(USUAL_FILE), notify::is_heard());
                let _ = unread.filter(|_| !quietly).map(|told| warn!("reload: {told}"));
                self.tell_of_strangers(strangers);
            }
            Err(why) => error!("reload: {why}"),
        }
        if !quietly && !(self.is_stopping)() {
            let (Ok(status) | Err(status)) = &done;
            let status: String = status.chars().take(LONGEST_STATUS).collect();
            notify::ready(&format!("reload: {status}"));
        }
        done
    }

    /// Tells of what was not odd before.
    fn tell_of_strangers(&self, known: &mut BTreeSet<String>) {
        let now: BTreeSet<String> = (self.strangers)().into_iter().collect();
        now.difference(known).for_each(|told| warn!("access: {told}"));
        *known = now;
    }
}

/// What is told where a service was started without a configuration file, and its usual one is there by now: only a start
/// gives it to NOPAR.
fn unread(sources: &Sources, usual: &Path, is_service: bool) -> Option<String> {
    let is_unread = is_service && sources.place().is_none() && usual.exists();
    is_unread.then(|| {
        format!(
            "{} is not read: it was not there when NOPAR started; restart NOPAR (systemctl restart nopar)",
            usual.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_came_after_the_start_is_told_of() {
        let home = tempfile::tempdir().unwrap();
        let usual = home.path().join("nopar.toml");
        let none = Sources::default();
        assert_eq!(unread(&none, &usual, true), None, "it is not there");
        std::fs::write(&usual, "").unwrap();
        let told = unread(&none, &usual, true).unwrap();
        assert!(told.contains("nopar.toml is not read") && told.contains("restart"), "{told}");
        assert_eq!(unread(&none, &usual, false), None, "no service was to read it");
        let other = Sources { file: Some("/other.toml".into()), ..Sources::default() };
        assert_eq!(unread(&other, &usual, true), None, "another one is read");
    }
}
