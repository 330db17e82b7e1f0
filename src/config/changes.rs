//! What is otherwise in another configuration, and when that holds in a NOPAR that runs.
//! Knows nothing of who reads a configuration, nor of what follows it.

use super::mistakes::Mistakes;
use super::setting::Holds;
use super::table::SETTINGS;
use super::{Config, Upstream, saved};

/// How the tables of the file are named, of which there may be several.
const UPSTREAMS: &str = "[[upstream]]";
const TEAMS: &str = "[teams]";
const RULES: &str = "[[rule]]";
const TRUST: &str = "[[trust]]";

/// What was in the files that an upstream's settings name, by which it is told whether they hold something else.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Files {
    pub(super) token: Option<super::Secret>,
    /// The digest of the certificates.
    pub(super) authorities: Option<[u8; 32]>,
}

/// Nothing of what they hold.
impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Files")
    }
}

impl Config {
    /// The keys of what is otherwise in another configuration: settings in the order of the default file, and then the
    /// tables of the file. A setting that names a file is another one when the file holds something else.
    pub fn differences(&self, other: &Config) -> Vec<&'static str> {
        let (ours, theirs) = (&self.upstream, &other.upstream);
        let files = |key: &str| match key {
            "upstream.token_file" => ours.files.token != theirs.files.token,
            "upstream.ca_file" => ours.files.authorities != theirs.files.authorities,
            _ => false,
        };
        let settings = SETTINGS
            .iter()
            .filter(|setting| self.text(setting) != other.text(setting) || files(setting.key));
        let patterns = |config: &Config| config.upstream.packages.clone();
        let tables = [
            (UPSTREAMS, self.upstreams != other.upstreams || patterns(self) != patterns(other)),
            (TEAMS, self.teams != other.teams),
            (RULES, self.access.rules != other.access.rules),
            (TRUST, self.access.trust != other.access.trust),
        ];
        let tables = tables.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key);
        settings.map(|setting| setting.key).chain(tables).collect()
    }

    /// The keys of what is otherwise in another configuration and holds after a restart only.
    pub fn waiting(&self, other: &Config) -> Vec<&'static str> {
        self.differences(other).into_iter().filter(|key| needs_restart(key)).collect()
    }

    /// The same as a NOPAR follows it that was started with another one: what holds after a restart only has the value
    /// that it had then, but for the name and the port to listen on where they are saved, which nothing follows. It still
    /// is written as it is here. Blocks, as files are looked at.
    ///
    /// # Errors
    /// All mistakes in that.
    pub fn followed_since(self, started: &Config) -> Result<Config, Mistakes> {
        if started.waiting(&self).is_empty() {
            return Ok(self);
        }
        let mut raw = self.raw().clone();
        for setting in SETTINGS.iter() {
            if let Holds::Restarted(put) = setting.holds {
                put(&mut raw, started.raw());
            }
        }
        saved::load(raw, self.ignores_saved(), Mistakes::default())
    }

    /// What is written for a key of [`differences`](Config::differences), credentials masked; of tables, nothing.
    pub fn written(&self, key: &str) -> String {
        let setting = SETTINGS.iter().find(|setting| setting.key == key);
        setting.map(|setting| self.view(setting).value).unwrap_or_default()
    }
}

/// Whether another value of a setting holds after a restart only.
pub(super) fn needs_restart(key: &str) -> bool {
    let is_meant = |key: &str| SETTINGS.iter().find(|setting| setting.key == key);
    is_meant(key).is_some_and(|setting| matches!(setting.holds, Holds::Restarted(_)))
}

/// Whether what is fetched from two upstreams is told apart: they are other registries, or for other packages.
pub fn are_of_one_place(one: &Upstream, other: &Upstream) -> bool {
    one.url == other.url && one.packages == other.packages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Auth, Sources};
    use std::fs;
    use std::path::Path;

    /// A configuration of a file, in the folder `home`.
    fn read(home: &Path, text: &str) -> Config {
        let file = home.join("nopar.toml");
        fs::write(&file, text).unwrap();
        let path = |name: &str| home.join(name).to_str().unwrap().to_owned();
        let env = [("NOPAR_REGISTRY_PATH".to_owned(), path("registry"))].into();
        Config::load(&Sources { env, file: Some(file), ignore_saved: false }).unwrap()
    }

    #[test]
    fn what_is_otherwise_is_told_by_its_keys() {
        let home = tempfile::tempdir().unwrap();
        let nothing = read(home.path(), "");
        let rule = "[[rule]]\npackages = [\"a\"]\nread = [\"team:x\"]\n";
        let certain = "[[upstream]]\npackages = [\"b\"]\nurl = \"https://b.example\"\n";
        let all = ["[[upstream]]\nurl = \"https://a.example\"\n", certain].concat();
        for (text, keys) in [
            ("", &[][..]),
            ("[cache]\nmeta_ttl = \"1h\"\nsize = \"1GB\"\n", &["cache.size", "cache.meta_ttl"]),
            ("[teams]\nx = [\"ann\"]\n", &["[teams]"]),
            (&format!("[teams]\nx = [\"ann\"]\n{rule}"), &["[teams]", "[[rule]]"]),
            (&all, &["upstream.url", "[[upstream]]"]),
        ] {
            assert_eq!(nothing.differences(&read(home.path(), text)), keys, "{text}");
            assert_eq!(read(home.path(), text).differences(&nothing), keys, "{text}");
        }
    }

    #[test]
    fn a_file_that_holds_something_else_is_another_value() {
        let home = tempfile::tempdir().unwrap();
        let token = home.path().join("token");
        let text = format!("[upstream]\ntoken_file = {:?}\n", token.to_str().unwrap());
        fs::write(&token, "one").unwrap();
        let one = read(home.path(), &text);
        assert!(one.differences(&read(home.path(), &text)).is_empty());
        fs::write(&token, "two").unwrap();
        let two = read(home.path(), &text);
        assert_eq!(one.differences(&two), ["upstream.token_file"]);
        assert!(!format!("{two:?}").contains("two"));
        assert!(two.written("upstream.token_file").ends_with("/token"));
    }

    #[test]
    fn what_needs_a_restart_is_as_it_was_at_the_start() {
        let home = tempfile::tempdir().unwrap();
        let started = read(home.path(), "[server]\nthreads = 1\n");
        let text = "[server]\nthreads = 7\nhome = \"/elsewhere\"\n[access]\nauth = \"users\"\nadmins = \"ann\"\n\
                    [log]\nfile = \"x.log\"\n[store]\npath = \"other\"\n";
        let wanted = read(home.path(), text);
        let followed = wanted.followed_since(&started).unwrap();
        assert_eq!((followed.server.threads, followed.access.auth), (1, Auth::Open));
        assert_eq!((&followed.server.home, &followed.log.file), (&None, &None));
        assert!(followed.access.admins.contains("ann"));
        // The variable says otherwise than the file.
        assert_eq!(followed.store.path, home.path().join("registry"));
        let waits = ["server.threads", "server.home", "access.auth", "log.file"];
        assert_eq!(started.waiting(&followed), waits);
        assert_eq!(followed.written("server.threads"), "7");
        // Back to what it was: nothing waits.
        let back = read(home.path(), "[server]\nthreads = 1\n").followed_since(&started).unwrap();
        assert!(started.waiting(&back).is_empty());
    }

    /// A value that cannot hold with those that stay is a mistake of the whole.
    #[test]
    fn what_does_not_fit_to_what_stays_is_a_mistake() {
        let home = tempfile::tempdir().unwrap();
        let started = read(home.path(), "[server]\nport = 4873\n");
        let text = "[server]\nport = 80\n[upstream]\nurl = \"http://localhost:4873\"\n";
        let mistakes = read(home.path(), text).followed_since(&started).unwrap_err();
        assert!(mistakes.to_string().contains("this NOPAR itself"), "{mistakes}");
    }
}
