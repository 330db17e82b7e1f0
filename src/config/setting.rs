//! One setting, and how the table writes it down.
//! Knows nothing of which settings there are.

use super::Config;
use super::wrong::Wrong;

/// One setting.
#[derive(Clone, Copy)]
pub(super) struct Setting {
    /// `section.key` in the file.
    pub(super) key: &'static str,
    /// Its environment variable.
    pub(super) env: &'static str,
    /// Other variables that mean the same.
    pub(super) aliases: &'static [&'static str],
    /// The default, as it would be written.
    pub(super) default: &'static str,
    /// What it means, in lines of the default file.
    pub(super) doc: &'static str,
    /// Whether it must not be shown.
    pub(super) secret: bool,
    /// Parses a value that is not empty into its field.
    pub(super) set: fn(&mut Config, &str) -> Result<(), Wrong>,
    /// When another value holds in a NOPAR that runs.
    pub(super) holds: Holds,
}

/// When another value of a setting holds in a NOPAR that runs.
#[derive(Clone, Copy)]
pub(super) enum Holds {
    /// As soon as the configuration was read again.
    AtOnce,
    /// After a restart. This puts the value that the second configuration has into the first.
    Restarted(fn(&mut Config, &Config)),
}

/// One without aliases that is no secret; with `restart` and its field, one that holds after a restart only.
macro_rules! setting {
    ($key:literal, $env:literal, $default:literal, $doc:literal, $set:expr) => {
        $crate::config::setting::Setting {
            key: $key,
            env: $env,
            aliases: &[],
            default: $default,
            doc: $doc,
            secret: false,
            set: $set,
            holds: $crate::config::setting::Holds::AtOnce,
        }
    };
    ($key:literal, $env:literal, $default:literal, $doc:literal, $set:expr, restart $section:ident.$field:ident) => {
        $crate::config::setting::Setting {
            holds: $crate::config::setting::Holds::Restarted(|to, from| {
                to.$section.$field.clone_from(&from.$section.$field);
            }),
            ..setting!($key, $env, $default, $doc, $set)
        }
    };
}

pub(super) use setting;
