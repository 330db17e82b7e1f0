//! Settings that the settings page has saved: which can be, and what they are.
//! Knows nothing of the page, nor of who may use it.
//!
//! They are in `registry.json` in the directory of the registry, where NOPAR has always kept them. So the path of that
//! directory cannot be one of them: who has found the file has the path already, and another one in it would lead to
//! another file. Where the log goes and how long bodies may be are no longer among them either: the page never had them.

mod disk;
mod file;
#[cfg(test)]
mod tests;

use super::table::{SETTINGS, Setting};
use super::{Config, Mistake, Mistakes, Origin, Upstream, finish, load};
use log::warn;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The file's name. No package has it.
const FILE: &str = "registry.json";

/// What gets NOPAR started whatever is saved.
pub(super) const REMEDY: &str = "nopar --ignore-saved-settings starts without what is saved there";

/// The settings that can be saved, in the order of the page: their keys here, and in the file.
const FIELDS: [(&str, &str); 10] = [
    ("upstream.url", "forwarder.registry"),
    ("upstream.auto_forward", "forwarder.autoForward"),
    ("upstream.ignore_cert", "forwarder.ignoreCert"),
    ("server.hostname", "hostname"),
    ("server.port", "port"),
    ("server.base_url", "baseUrl"),
    ("upstream.proxy_url", "forwarder.proxy"),
    ("upstream.user_agent", "forwarder.userAgent"),
    ("cache.meta_ttl", "metaTTL"),
    ("log.level", "loglevel"),
];

/// Values that were saved, by the keys of their settings. What is not among them is as it would be otherwise. Its
/// `Debug` has the keys only: a proxy's password may be among the values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Saved(BTreeMap<&'static str, String>);

impl fmt::Debug for Saved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What may be in a file whose settings are replaced.
#[derive(Clone, Copy, Debug)]
pub enum Replaced<'a> {
    /// Any settings.
    Any,
    /// These, by which it was decided what to save.
    These(&'a Saved),
    /// Nobody has looked: what makes no sense is put aside.
    Ignored,
}

/// A registry's file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// Somebody else was faster.
    #[error("{} was changed meanwhile", place.display())]
    Meanwhile {
        /// The file.
        place: PathBuf,
    },
    /// The system says why.
    #[error("{} cannot be {done}: {source}", place.display())]
    Failed {
        /// The file.
        place: PathBuf,
        /// What was to be done.
        done: &'static str,
        /// The reason.
        source: io::Error,
    },
    /// It is not what NOPAR writes.
    #[error("{}: {why}", place.display())]
    Damaged {
        /// The file.
        place: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl SavedError {
    /// Whether this user may not read it.
    fn is_forbidden(&self) -> bool {
        let SavedError::Failed { source, .. } = self else { return false };
        source.kind() == io::ErrorKind::PermissionDenied
    }
}

impl Saved {
    /// Those of the registry in this directory; none if nothing was ever saved there. Blocks.
    ///
    /// # Errors
    /// When the file cannot be read, or makes no sense.
    pub fn read(registry: &Path) -> Result<Saved, SavedError> {
        let place = place(registry);
        let text = disk::read(&place).map_err(SavedError::failed(&place, "read"))?;
        let saved = text.map_or_else(|| Ok(Saved::default()), |text| file::read(&text));
        saved.map_err(SavedError::damaged(&place))
    }

    /// Puts them in the place of those that are saved; what is saved then. All else in the file stays as it is. Afterwards
    /// it is on the disk; after a crash before that the file is either, as a whole, or where it was put aside, absent.
    /// Blocks, also while another process does the same.
    ///
    /// # Errors
    /// When the file cannot be written, when what is in it makes no sense and was not ignored, or when it is not what is
    /// to be `replaced`: then it is as it was before.
    pub fn write(&self, registry: &Path, replaced: Replaced<'_>) -> Result<Saved, SavedError> {
        let place = place(registry);
        let failed = || SavedError::failed(&place, "written");
        let _lock = disk::lock(registry).map_err(failed())?;
        let before = match disk::read(&place) {
            Ok(before) => before.filter(|text| !replaced.puts_aside(text)),
            Err(_) if matches!(replaced, Replaced::Ignored) => None,
            Err(error) => return Err(SavedError::failed(&place, "read")(error)),
        };
        if let Replaced::These(expected) = replaced {
            let found = before.as_deref().map_or_else(|| Ok(Saved::default()), file::read);
            if found.map_err(SavedError::damaged(&place))? != *expected {
                return Err(SavedError::Meanwhile { place: place.clone() });
            }
        }
        let text = file::written(before.as_deref(), self).map_err(SavedError::damaged(&place))?;
        let aside = match replaced {
            Replaced::Ignored if before.is_none() => disk::put_aside(&place).map_err(failed())?,
            _ => None,
        };
        let done = disk::replace(&place, text.as_bytes(), self.has_secret());
        if let Some(aside) = aside {
            match &done {
                Ok(()) => {
                    warn!("settings: {} made no sense: see {}", place.display(), aside.display())
                }
                Err(_) => disk::put_back(&aside, &place),
            }
        }
        done.map_err(failed())?;
        file::read(&text).map_err(SavedError::damaged(&place))
    }

    /// Sets a value, or takes it away if it is empty; the key is one of those that can be saved.
    pub(super) fn set(&mut self, key: &'static str, text: &str) {
        match text.trim() {
            "" => drop(self.0.remove(key)),
            text => drop(self.0.insert(key, text.to_owned())),
        }
    }

    /// The value of a setting, if one is saved.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Whether a password is in it.
    fn has_secret(&self) -> bool {
        let secret = |setting: &Setting| setting.secret && self.get(setting.key).is_some();
        settings().any(|(setting, _)| secret(setting))
    }
}

impl Replaced<'_> {
    /// Whether a file with this text is put aside as a whole.
    fn puts_aside(self, text: &str) -> bool {
        matches!(self, Replaced::Ignored) && file::is_damaged(text)
    }
}

impl SavedError {
    fn failed(place: &Path, done: &'static str) -> impl FnOnce(io::Error) -> SavedError {
        move |source| SavedError::Failed { place: place.to_owned(), done, source }
    }

    fn damaged(place: &Path) -> impl FnOnce(String) -> SavedError {
        move |why| SavedError::Damaged { place: place.to_owned(), why }
    }
}

/// The settings that can be saved, with their keys in the file.
pub(super) fn settings() -> impl Iterator<Item = (&'static Setting, &'static str)> {
    FIELDS.iter().filter_map(|(key, name)| {
        Some((SETTINGS.iter().find(|setting| setting.key == *key)?, *name))
    })
}

/// The file of the registry in this directory.
pub(super) fn place(registry: &Path) -> PathBuf {
    registry.join(FILE)
}

/// The setting that a mistake is about, if it is about a saved one.
pub(super) fn key_of(shown: &str, registry: &Path) -> Option<&'static str> {
    settings().find(|(_, name)| told(name, registry) == shown).map(|(setting, _)| setting.key)
}

/// What mistakes call a saved setting.
fn told(name: &str, registry: &Path) -> String {
    format!("{name} in {}", place(registry).display())
}

/// Adds what is saved to what environment and file say, `raw`.
pub(super) fn load(
    raw: Config,
    is_ignored: bool,
    mut mistakes: Mistakes,
) -> Result<Config, Mistakes> {
    let saved = match is_ignored {
        true => None,
        false => match Saved::read(&finish::registry(&raw)) {
            Ok(saved) => Some(saved),
            Err(error) => {
                let remedy = match error.is_forbidden() {
                    true => "only root and NOPAR's user may read it",
                    false => REMEDY,
                };
                mistakes.add("the saved settings", format!("{error}; {remedy}"));
                None
            }
        },
    };
    on(&Arc::new(raw), saved, mistakes)
}

/// The configuration of environment and file with these settings in their place; without any if they are ignored.
///
/// # Errors
/// All mistakes; those of a saved value by the name of that, the others as at a start.
pub(super) fn on(
    raw: &Arc<Config>,
    saved: Option<Saved>,
    mut mistakes: Mistakes,
) -> Result<Config, Mistakes> {
    let mut config = Config::clone(raw);
    let registry = finish::registry(raw);
    for (setting, name) in settings() {
        let Some(text) = saved.as_ref().and_then(|saved| saved.get(setting.key)) else { continue };
        let told = told(name, &registry);
        load::apply(&mut config, setting, text, &told, Origin::Saved, &mut mistakes);
    }
    finish::finish(&mut config, &mut mistakes);
    keep_token(raw, &mut config);
    mistakes.0.iter_mut().for_each(|mistake| name_saved(mistake, &config, &registry));
    (config.raw, config.saved) = (Some(Arc::clone(raw)), saved);
    if mistakes.0.is_empty() { Ok(config) } else { Err(mistakes) }
}

/// Has a mistake about a saved setting name that, and say how NOPAR starts without it. What is said of all settings together
/// names the variable, which says otherwise perhaps.
fn name_saved(mistake: &mut Mistake, config: &Config, registry: &Path) {
    let is_meant = |setting: &Setting, name: &str| {
        config.origin(setting.key) == Origin::Saved && mistake.key == setting.env
            || mistake.key == told(name, registry)
    };
    if let Some((_, name)) = settings().find(|(setting, name)| is_meant(setting, name)) {
        mistake.key = told(name, registry);
        mistake.problem += &format!("; {REMEDY}");
    }
}

impl Config {
    /// A mistake that comes to light when a setting is used, by its variable, or where it is saved.
    pub fn mistake(&self, variable: &str, problem: String) -> Mistakes {
        let mut mistake = Mistake { key: variable.to_owned(), problem };
        name_saved(&mut mistake, self, &self.store.path);
        Mistakes(vec![mistake])
    }
}

/// A token is for the registry that it was configured for, by the way that was configured: not for whichever was saved
/// later, nor for who stands on a way that was.
fn keep_token(raw: &Config, config: &mut Config) {
    let Some(why) = other_way(&raw.upstream, &config.upstream) else { return };
    if config.upstream.token.take().is_some() {
        let url = &config.upstream.url;
        config.warnings.push(format!("{url} is shown no token: {why}"));
    }
}

/// Why a token is not for what was saved in the place of what it is `meant` for.
fn other_way(meant: &Upstream, saved: &Upstream) -> Option<String> {
    let proxy = |upstream: &Upstream| upstream.proxy_url.as_ref().map(|proxy| proxy.url.clone());
    if meant.url.origin() != saved.url.origin() {
        let meant = &meant.url;
        return Some(format!(
            "NOPAR_FORWARDER_TOKEN is for {meant}, in whose place it was saved on the settings page"
        ));
    }
    if proxy(meant) != proxy(saved) {
        return Some(
            "the proxy on the way to it was saved on the settings page; set it by NOPAR_PROXY_URL for \
             NOPAR_FORWARDER_TOKEN to go that way"
                .to_owned(),
        );
    }
    (saved.ignore_cert && !meant.ignore_cert).then(|| {
        "by what was saved on the settings page its certificate may be invalid, so whoever is on the way could \
         pass for it; NOPAR_CA_FILE has NOPAR trust an authority of your own"
            .to_owned()
    })
}
