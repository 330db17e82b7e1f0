//! A Verdaccio's configuration, as far as it says where things are and who may do what.
//! Knows nothing of this registry's own rules.

use indexmap::IndexMap;
use serde::Deserialize;

/// What a `config.yaml` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The storage.
    pub storage: Option<String>,
    /// The file of users.
    pub htpasswd: Option<String>,
    /// Who may do what with which packages, in its order, of which the first that matches a name holds.
    pub packages: Vec<(String, Access)>,
}

/// Who may do what with some packages: users and groups, with `$…` words among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Who may see them.
    pub access: Vec<String>,
    /// Who may publish them.
    pub publish: Vec<String>,
    /// Who may take versions back; `None`: who may publish.
    pub unpublish: Option<Vec<String>>,
    /// The uplinks that are asked for them.
    pub proxy: Vec<String>,
    /// A folder of the storage that they lie in.
    pub storage: Option<String>,
}

/// Why a configuration cannot be read. Holds nothing of what it says: there may be secrets in it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("it cannot be read as a configuration{place}")]
pub struct SettingsUnreadable {
    place: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Whole {
    storage: Option<String>,
    auth: Option<Auth>,
    packages: Option<IndexMap<String, Option<Entry>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Auth {
    htpasswd: Option<Htpasswd>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Htpasswd {
    file: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    access: Option<Words>,
    publish: Option<Words>,
    unpublish: Option<Words>,
    proxy: Option<Words>,
    storage: Option<String>,
}

/// Words between spaces, or a list of such.
#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    One(String),
    Many(Vec<String>),
    /// `unpublish: false`, which is nobody.
    Flag(bool),
}

impl Settings {
    /// Reads it.
    ///
    /// # Errors
    /// When it is no such file.
    pub fn parse(text: &str) -> Result<Settings, SettingsUnreadable> {
        // An error of it shows the lines around.
        let options = serde_saphyr::options! { with_snippet: false };
        let whole: Option<Whole> = serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| SettingsUnreadable { place: place(&error) })?;
        let whole = whole.unwrap_or_default();
        let packages = whole.packages.unwrap_or_default().into_iter();
        Ok(Settings {
            storage: whole.storage,
            htpasswd: whole.auth.and_then(|auth| auth.htpasswd?.file),
            packages: packages
                .map(|(pattern, it)| (pattern, it.unwrap_or_default().access()))
                .collect(),
        })
    }
}

impl Entry {
    fn access(self) -> Access {
        Access {
            access: words(self.access).unwrap_or_default(),
            publish: words(self.publish).unwrap_or_default(),
            unpublish: words(self.unpublish),
            proxy: words(self.proxy).unwrap_or_default(),
            storage: self.storage,
        }
    }
}

fn words(said: Option<Words>) -> Option<Vec<String>> {
    let texts = match said? {
        Words::One(text) => vec![text],
        Words::Many(texts) => texts,
        Words::Flag(false) => Vec::new(),
        Words::Flag(true) => vec!["true".to_owned()],
    };
    let words = texts.iter().flat_map(|text| text.split([' ', ','])).map(str::trim);
    Some(words.filter(|word| !word.is_empty()).map(str::to_owned).collect())
}

/// Where it is wrong, if that is known.
fn place(error: &serde_saphyr::Error) -> String {
    error
        .location()
        .map_or_else(String::new, |at| format!(" (line {}, column {})", at.line(), at.column()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn the_parts_that_matter_are_read_and_the_others_left_alone() {
        let text = "\
storage: /verdaccio/storage
auth: { htpasswd: { file: ./users, max_users: -1 }, ldap: null }
uplinks:
  npmjs: { url: 'https://registry.example/', auth: { token: s3cret } }
packages:
  '@acme/*': { access: $authenticated, publish: ann bob, unpublish: false, storage: acme }
  'plain':
    access: ['$all', 'ci']
    publish: $authenticated
    proxy: npmjs other
  nothing:
web: { title: x }
";
        let settings = Settings::parse(text).unwrap();
        assert_eq!(settings.storage.as_deref(), Some("/verdaccio/storage"));
        assert_eq!(settings.htpasswd.as_deref(), Some("./users"));
        let acme = Access {
            access: texts(&["$authenticated"]),
            publish: texts(&["ann", "bob"]),
            unpublish: Some(Vec::new()),
            proxy: Vec::new(),
            storage: Some("acme".to_owned()),
        };
        let plain = Access {
            access: texts(&["$all", "ci"]),
            publish: texts(&["$authenticated"]),
            proxy: texts(&["npmjs", "other"]),
            ..Access::default()
        };
        let nothing = ("nothing".to_owned(), Access::default());
        let expected = [("@acme/*".to_owned(), acme), ("plain".to_owned(), plain), nothing];
        assert_eq!(settings.packages, expected);
    }

    #[test]
    fn a_configuration_may_say_nothing() {
        for text in ["", "# nothing\n", "storage:\nauth:\npackages:\n", "auth: { htpasswd: }"] {
            assert_eq!(Settings::parse(text), Ok(Settings::default()), "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_without_what_is_in_it() {
        for text in ["storage: [s3cret", "- s3cret", "packages: s3cret", "storage: { s3cret: 1 }"] {
            let why = Settings::parse(text).unwrap_err().to_string();
            assert!(
                why.starts_with("it cannot be read as a configuration") && !why.contains("s3cret"),
                "{why}"
            );
        }
    }
}
