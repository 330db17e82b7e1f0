//! `nopar keys`: the keys that versions are signed with.
//! Knows nothing of what a key is.

use super::Problem;
use super::owner::absent;
use crate::cli::KeysAction;
use crate::clock::Clock;
use crate::config::Config;
use crate::signing::{self, Key, Signing};
use crate::store::DiskStore;
use serde_json::json;
use std::sync::Arc;

/// The keys in the registry directory, once there is another one if that is asked for.
pub(super) fn run(
    config: &Config,
    action: Option<KeysAction>,
    json: bool,
) -> Result<String, Problem> {
    let path = &config.store.path;
    if let Some(absent) = absent(path) {
        // A path that is mistyped is not made.
        return Err(absent.into());
    }
    let store = DiskStore::open(path)?;
    let signing = Signing::of_directory(path, Arc::new(store));
    let keys = match action {
        Some(KeysAction::Rotate) => Some(signing.rotate(Clock::system().now())?),
        None => signing.look()?,
    };
    Ok(match (keys, json) {
        (Some(keys), true) => keys.all().iter().map(line).collect(),
        (Some(keys), false) => keys.told(),
        (None, true) => String::new(),
        (None, false) => signing::NONE.to_owned(),
    })
}

/// A key for scripts.
fn line(key: &Key) -> String {
    let Key { public, since, expires } = key;
    let line = json!({
        "keyid": public.keyid,
        "key": public.key,
        "since": since,
        "expires": expires,
        "is_signing": expires.is_none(),
    });
    format!("{line}\n")
}
