//! The text of a `registry.json`, of whichever NOPAR.
//! Knows nothing of where it lies, and of what else is in it only that it stays.
//!
//! ```text
//! {"version": "0.9.0", "settings": {"port": "80", "forwarder.registry": "…"}, "count": 5, …}    from 0.2.2 on
//! {"version": "0.2.1", "port": 80, "forwarder": {"registry": "…"}}                               0.2.0 and 0.2.1
//! {"left-pad": {"name": "left-pad", …}, "port": 80, "forwarder": {…}}                            before: all documents
//! ```
//!
//! All are read alike: a name within `settings` goes before the same beside it. What is written is the first form, but that
//! a file with documents gets no `version`: with one, nobody would look for documents in it.

use super::{Saved, settings};
use indexmap::IndexMap;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

const VERSION: &str = "version";
const SETTINGS: &str = "settings";
/// What the names of an upstream's settings begin with, and the object that holds them in older files.
const FORWARDER: &str = "forwarder";
/// By which a document is known (`store::disk::seed` says the same).
const OF_DOCUMENTS: [&str; 3] = ["name", "_id", "versions"];
/// What an older NOPAR called itself, which it saved as well.
const AGENT: &str = "forwarder.userAgent";

/// An object whose members are kept as they are.
type Object = IndexMap<String, Box<RawValue>>;

/// What is saved in a file.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(text: &str) -> Result<Saved, String> {
    let all = parse(text)?;
    let mut saved = Saved::default();
    let within = settings_of(&all)?;
    for (setting, name) in settings() {
        let found = within.as_ref().and_then(|within| find(within, name));
        let Some(value) = found.or_else(|| find(&all, name)) else { continue };
        let text = text_of(&value).ok_or_else(|| {
            format!("{name} in it is neither a text nor a number nor true or false")
        })?;
        saved.set(setting.key, &text);
    }
    let agent = version_of(&all).map(|version| format!("nopar/{version}"));
    if let Some((setting, _)) = settings().find(|(_, name)| *name == AGENT)
        && saved.get(setting.key) == agent.as_deref()
    {
        // Its own name, and not somebody's wish.
        saved.set(setting.key, "");
    }
    Ok(saved)
}

/// The text of a file with `saved` in place of what was saved in it.
///
/// # Errors
/// Why there is no such text.
pub(super) fn written(before: Option<&str>, saved: &Saved) -> Result<String, String> {
    let mut all = before.map_or_else(|| Ok(Object::default()), parse)?;
    if all.get(SETTINGS).is_some_and(|value| is_document(&all, value)) {
        return Err(
            "the document of a package called \"settings\" is in it, where settings would be: change \
             that package in any way (npm deprecate), which gives its document a file of its own, and remove it here"
                .to_owned(),
        );
    }
    let mut within = settings_of(&all)?.unwrap_or_default();
    for (_, name) in settings() {
        remove(&mut within, name);
        remove(&mut all, name);
    }
    for (setting, name) in settings() {
        if let Some(text) = saved.get(setting.key) {
            within.insert(name.to_owned(), raw(&value_of(text))?);
        }
    }
    if version_of(&all).is_none() && !all.values().any(|value| is_document(&all, value)) {
        let own = raw(&env!("CARGO_PKG_VERSION").into())?;
        all.shift_insert(0, VERSION.to_owned(), own);
    }
    all.insert(SETTINGS.to_owned(), to_raw_value(&within).map_err(|error| error.to_string())?);
    let text = serde_json::to_string_pretty(&all).map_err(|error| error.to_string())?;
    Ok(text + "\n")
}

/// Whether a file is none that anything could be saved into.
pub(super) fn is_damaged(text: &str) -> bool {
    parse(text).and_then(|all| settings_of(&all)).is_err()
}

/// Errors do not say what is there instead: that may be a secret.
fn parse(text: &str) -> Result<Object, String> {
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        format!("it is not a JSON object (line {line}, column {column})")
    })
}

/// The version of the NOPAR that wrote it, from 0.2.0 on.
fn version_of(all: &Object) -> Option<String> {
    serde_json::from_str(all.get(VERSION)?.get()).ok()
}

/// The object of settings; `None` if there is none, or if it is a document.
fn settings_of(all: &Object) -> Result<Option<Object>, String> {
    let Some(value) = all.get(SETTINGS).filter(|value| !is_document(all, value)) else {
        return Ok(None);
    };
    object(value).map(Some).ok_or_else(|| format!("{SETTINGS} in it is not an object"))
}

/// Whether a member of a file is a package's document: only in those that have no version.
fn is_document(all: &Object, value: &RawValue) -> bool {
    let has = |object: Object| OF_DOCUMENTS.iter().any(|member| object.contains_key(*member));
    version_of(all).is_none() && object(value).is_some_and(has)
}

fn object(value: &RawValue) -> Option<Object> {
    serde_json::from_str(value.get()).ok()
}

/// The value of this name: of its own, or within `forwarder`.
fn find(object_: &Object, name: &str) -> Option<Value> {
    let own = object_.get(name).and_then(|value| scalar(value));
    own.or_else(|| {
        let inner = forwarder_of(object_)?;
        serde_json::from_str(inner.get(within(name)?)?.get()).ok()
    })
}

/// The object of an upstream's settings, which an older file has. A package may be called so, too.
fn forwarder_of(object_: &Object) -> Option<Object> {
    let inner = object(object_.get(FORWARDER)?)?;
    let is_document = OF_DOCUMENTS.iter().any(|member| inner.contains_key(*member));
    (!is_document).then_some(inner)
}

/// What is no object: an object may be a package's document.
fn scalar(value: &RawValue) -> Option<Value> {
    let value = serde_json::from_str(value.get()).ok()?;
    if matches!(value, Value::Object(_)) { None } else { Some(value) }
}

/// What a setting of an upstream is called within `forwarder`.
fn within(name: &str) -> Option<&str> {
    name.strip_prefix(FORWARDER)?.strip_prefix('.')
}

fn remove(object_: &mut Object, name: &str) {
    if object_.get(name).is_some_and(|value| scalar(value).is_some()) {
        object_.shift_remove(name);
    }
    let Some(inner) = within(name) else { return };
    let Some(mut forwarder) = forwarder_of(object_) else { return };
    if forwarder.shift_remove(inner).is_none() {
        return;
    }
    match to_raw_value(&forwarder) {
        Ok(rest) if !forwarder.is_empty() => drop(object_.insert(FORWARDER.to_owned(), rest)),
        _ => drop(object_.shift_remove(FORWARDER)),
    }
}

/// A value as it would be typed.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Bool(truth) => Some(if *truth { "yes" } else { "no" }.to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// What was typed as the NOPAR before this one would write it.
fn value_of(text: &str) -> Value {
    match text {
        "yes" => true.into(),
        "no" => false.into(),
        text => text.into(),
    }
}

fn raw(value: &Value) -> Result<Box<RawValue>, String> {
    to_raw_value(value).map_err(|error| error.to_string())
}
