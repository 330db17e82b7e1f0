//! The page of settings: those that it can change as a form, and all others as they are.
//! Knows nothing of what any of them means, nor of how they are saved.

use super::refused::Refused;
use super::{Frame, page};
use crate::reply::Reply;
use askama::Template;
use http::StatusCode;

/// The page.
#[derive(Template)]
#[template(path = "settings/settings.html")]
pub struct SettingsPage<'a> {
    /// What is around it.
    pub frame: Frame<'a>,
    /// What shows that the form is of this page.
    pub csrf: &'a str,
    /// What shows which settings the form showed as saved.
    pub mark: &'a str,
    /// What is wrong, but with no field.
    pub error: Option<&'a str>,
    /// What holds after a restart only, a sentence each; and other things to know.
    pub warnings: &'a [String],
    /// The file that it saves to.
    pub file: &'a str,
    /// What can be changed.
    pub fields: Vec<SettingField>,
    /// What cannot.
    pub rows: Vec<SettingRow>,
}

/// A setting that can be changed.
#[derive(Clone, Debug)]
pub struct SettingField {
    /// Its key, by which it is sent.
    pub key: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// What it means.
    pub doc: String,
    /// What is typed in, or saved.
    pub typed: String,
    /// The values there are to choose from; none: any text.
    pub choices: &'static [&'static str],
    /// What it would be if the field were empty.
    pub otherwise: String,
    /// What it is, and where that comes from.
    pub is: String,
    /// What is wrong with what is typed.
    pub error: Option<String>,
    /// Whether it holds after a restart only, and is another one until then.
    pub waits: bool,
    /// Whether it is confirmed that it is another address than the one one comes by, if that is asked.
    pub confirmed: Option<bool>,
}

/// A setting as it is.
#[derive(Clone, Debug)]
pub struct SettingRow {
    /// Its key.
    pub key: String,
    /// Its environment variable; of what only a file says, none.
    pub env: &'static str,
    /// Its value.
    pub value: String,
    /// What it means.
    pub doc: &'static str,
    /// Where the value comes from.
    pub from: String,
}

impl SettingField {
    /// What describes it to who cannot see the page.
    fn described_by(&self) -> String {
        let error =
            if self.error.is_some() { format!("{}-error ", self.key) } else { String::new() };
        format!("{error}{}-hint", self.key)
    }

    /// Whether one of the choices is the one that is typed.
    fn is_chosen(&self, choice: &str) -> bool {
        self.typed.trim() == choice
    }

    /// Whether what is typed is none of the choices: it stays to be seen.
    fn is_odd(&self) -> bool {
        let typed = self.typed.trim();
        !typed.is_empty() && !self.choices.contains(&typed)
    }
}

impl SettingsPage<'_> {
    /// The page.
    pub fn reply(&self, status: StatusCode) -> Reply {
        page(status, self)
    }

    fn is_refused(&self) -> bool {
        self.error.is_some() || self.fields.iter().any(|field| field.error.is_some())
    }

    /// What is wrong, as it is told above all else.
    fn refused(&self) -> Refused {
        let whole = self.error.map_or_else(Refused::default, |it| Refused::default().anywhere(it));
        let wrong = self.fields.iter().filter_map(|it| Some((it, it.error.as_ref()?)));
        wrong.fold(whole, |all, (it, error)| all.at(it.key, format!("{}: {error}", it.label)))
    }

    /// Whether it is the first of those that are wrong, where one begins to mend.
    fn is_first(&self, field: &SettingField) -> bool {
        let first = self.fields.iter().find(|field| field.error.is_some());
        first.is_some_and(|first| first.key == field.key)
    }
}
