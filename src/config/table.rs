//! Every setting: its names, its default, its meaning, the field it goes to.
//! Knows nothing of where values come from.

mod limits;
mod operation;
mod server;
mod storage;
mod upstream;

use std::sync::LazyLock;

pub(super) use super::setting::Setting;

/// Every setting, in the order of the default file.
pub(super) static SETTINGS: LazyLock<Box<[Setting]>> = LazyLock::new(|| {
    [server::ALL, upstream::ALL, storage::ALL, operation::ALL, limits::ALL].concat().into()
});

/// The setting an environment variable belongs to.
pub(super) fn by_env(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.env == name || setting.aliases.contains(&name))
}
