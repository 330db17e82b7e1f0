//! One setting, and how the table writes it down.
//! Knows nothing of which settings there are.

use super::Config;
use super::wrong::Wrong;

/// One setting.
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
}

/// One without aliases that is no secret.
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
        }
    };
}

pub(super) use setting;
