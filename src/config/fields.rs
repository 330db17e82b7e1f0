//! The settings of the settings page, with what each of them is and what it would be otherwise; and what becomes of a
//! configuration by what is typed there.
//! Knows nothing of how the page looks, nor of who may change anything. No secret is in what it shows.

use super::load::apply;
use super::mistakes::Mistakes;
use super::saved::{self, Replaced, Saved, SavedError};
use super::shown::{MASK, masked};
use super::table::Setting;
use super::{Config, Origin, finish};
use std::hash::BuildHasher;
use std::path::PathBuf;
use std::sync::Arc;

/// The longest value in characters: longer ones are a slip.
const LONGEST: usize = 2000;

/// A setting that the page can change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// `section.key` in the file.
    pub key: &'static str,
    /// Its environment variable.
    pub env: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// How it is written.
    pub kind: Kind,
    /// What is saved; empty if nothing is. Credentials in it are masked, as in all the others.
    pub saved: String,
    /// What it is.
    pub value: String,
    /// What it would be if nothing were saved.
    pub otherwise: String,
    /// Where that would come from.
    pub otherwise_from: Origin,
}

/// How the value of a setting is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// One of these.
    OneOf(&'static [&'static str]),
}

/// What is typed into the page's fields, by the keys of the settings. What is not there stays as it is saved.
pub type Form<'a> = &'a dyn Fn(&str) -> Option<&'a str>;

/// Why a value cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// The key of the setting; `None` if something else is the matter.
    pub key: Option<&'static str>,
    /// What is wrong, and what to do.
    pub problem: String,
}

impl Config {
    /// The settings that can be saved, in the order of the page.
    pub fn fields(&self) -> Vec<Field> {
        saved::settings().map(|(setting, _)| self.field(setting)).collect()
    }

    fn field(&self, setting: &'static Setting) -> Field {
        let raw = self.raw();
        Field {
            key: setting.key,
            env: setting.env,
            doc: setting.doc,
            kind: kind(setting.key),
            saved: masked(self.saved_text(setting.key).unwrap_or_default()),
            value: masked(self.text(setting)),
            otherwise: masked(raw.text(setting)),
            otherwise_from: raw.origin(setting.key),
        }
    }

    /// Whether what is saved was left out when this was read.
    pub fn ignores_saved(&self) -> bool {
        self.saved.is_none()
    }

    /// The file that settings are saved in.
    pub fn saved_in(&self) -> PathBuf {
        saved::place(&self.registry())
    }

    /// The same configuration with what is typed in the place of what is saved. A field that is empty, or holds what the
    /// setting would be otherwise, saves nothing. Blocks, as files are looked at.
    ///
    /// # Errors
    /// All that is wrong, of each field once.
    pub fn with(&self, typed: Form<'_>) -> Result<Config, Vec<Unfit>> {
        let (mut saved, mut unfit) = (self.saved.clone().unwrap_or_default(), Vec::new());
        for (setting, _) in saved::settings() {
            let Some(text) = typed(setting.key) else { continue };
            match self.meant(setting, text.trim()) {
                Ok(text) => saved.set(setting.key, text),
                Err(problem) => unfit.push(Unfit { key: Some(setting.key), problem }),
            }
        }
        if !unfit.is_empty() {
            return Err(unfit);
        }
        let registry = self.registry();
        let raw = self.raw.clone().unwrap_or_else(|| Arc::new(self.clone()));
        saved::on(&raw, Some(saved), Mistakes::default()).map_err(|mistakes| {
            let unfit = mistakes.0.into_iter().map(|mistake| {
                let key = saved::key_of(&mistake.key, &registry);
                let problem = mistake.problem.replace(&format!("; {}", saved::REMEDY), "");
                match key {
                    Some(_) => Unfit { key, problem },
                    None => Unfit { key, problem: format!("{}: {problem}", mistake.key) },
                }
            });
            unfit.collect()
        })
    }

    /// The same configuration with what its file says now as what is saved, but with the values that it has. Blocks.
    ///
    /// # Errors
    /// When the file cannot be read, or makes no sense.
    pub fn read_again(&self) -> Result<Config, SavedError> {
        Ok(self.holding(Saved::read(&self.registry())?))
    }

    /// Writes what is saved in this configuration into its file, in the place of what `before` says is saved there; of any
    /// if there is none, and of what was ignored if it was. The same configuration with what is in the file then. Blocks.
    ///
    /// # Errors
    /// When that fails; the file is as it was before then.
    pub fn save(&self, before: Option<&Config>) -> Result<Config, SavedError> {
        let replaced = match before.map(|before| &before.saved) {
            None => Replaced::Any,
            Some(None) => Replaced::Ignored,
            Some(Some(saved)) => Replaced::These(saved),
        };
        let saved = self.saved.clone().unwrap_or_default();
        Ok(self.holding(saved.write(&self.registry(), replaced)?))
    }

    /// What is saved for each setting of the page, as a number of this hasher's: none tells the value.
    pub fn saved_numbers(&self, hasher: &impl BuildHasher) -> Vec<(&'static str, u64)> {
        let all = saved::settings().map(|(setting, _)| setting.key);
        all.map(|key| (key, hasher.hash_one((key, self.saved_text(key))))).collect()
    }

    fn holding(&self, saved: Saved) -> Config {
        Config { saved: Some(saved), ..self.clone() }
    }

    /// What is to be saved for a text that was typed.
    fn meant<'a>(&'a self, setting: &Setting, text: &'a str) -> Result<&'a str, String> {
        let saved = self.saved_text(setting.key);
        if let Some(saved) = saved.filter(|saved| masked(saved) == text) {
            return Ok(saved);
        }
        if setting.secret && text.contains(MASK) {
            return Err(format!(
                "its credentials are not shown, and go with no other address: write them in place of {MASK}"
            ));
        }
        if text.chars().count() > LONGEST {
            return Err(format!("it is longer than {LONGEST} characters"));
        }
        if text.contains(char::is_control) {
            return Err("it holds a character that is none to be seen: leave it out".to_owned());
        }
        let (mut scratch, mut mistakes) = (self.raw().clone(), Mistakes::default());
        apply(&mut scratch, setting, text, setting.env, Origin::Saved, &mut mistakes);
        if let Some(mistake) = mistakes.0.pop() {
            return Err(mistake.problem);
        }
        Ok(if text == self.raw().text(setting) { "" } else { text })
    }

    /// A value as it is written.
    pub(super) fn text(&self, setting: &Setting) -> &str {
        self.values.get(setting.key).map_or(setting.default, |value| &value.text)
    }

    pub(super) fn saved_text(&self, key: &str) -> Option<&str> {
        self.saved.as_ref().and_then(|saved| saved.get(key))
    }

    fn registry(&self) -> PathBuf {
        finish::registry(self.raw())
    }

    /// What environment and file alone say.
    pub(super) fn raw(&self) -> &Config {
        self.raw.as_deref().unwrap_or(self)
    }
}

fn kind(key: &str) -> Kind {
    match key {
        "upstream.auto_forward" | "upstream.ignore_cert" => Kind::OneOf(&["yes", "no"]),
        "log.level" => Kind::OneOf(&["error", "warn", "info", "debug", "trace", "off"]),
        _ => Kind::Text,
    }
}
