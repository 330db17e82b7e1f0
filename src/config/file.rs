//! The configuration file: reading it, and writing the commented default one.

use super::mistakes::Mistakes;
use super::table::{SETTINGS, Setting};
use std::path::Path;
use toml::{Table, Value};

/// A value of the file: the setting and its text.
pub(super) type Found = (&'static Setting, String);

/// Reads the file's values; whatever is wrong with it goes to `mistakes`.
pub(super) fn read(path: &Path, mistakes: &mut Mistakes) -> Vec<Found> {
    let shown = path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            mistakes.add(shown, format!("it cannot be read: {error}"));
            return Vec::new();
        }
    };
    let table: Table = match text.parse() {
        Ok(table) => table,
        Err(error) => {
            let error: toml::de::Error = error;
            mistakes.add(shown, format!("it is not TOML: {}", error.to_string().trim_end()));
            return Vec::new();
        }
    };
    let mut found = Vec::new();
    for (section, values) in table {
        match values {
            Value::Table(values) => {
                for (key, value) in values {
                    found.extend(one(&format!("{section}.{key}"), &value, &shown, mistakes));
                }
            }
            _ => unknown(&section, &shown, mistakes),
        }
    }
    found
}

fn one(key: &str, value: &Value, file: &str, mistakes: &mut Mistakes) -> Option<Found> {
    let Some(setting) = SETTINGS.iter().find(|setting| setting.key == key) else {
        unknown(key, file, mistakes);
        return None;
    };
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(truth) => truth.to_string(),
        other => {
            let problem = format!(
                "a text, a number or true/false is allowed, not a TOML {}",
                other.type_str()
            );
            mistakes.add(format!("{key} in {file}"), problem);
            return None;
        }
    };
    Some((setting, text))
}

fn unknown(key: &str, file: &str, mistakes: &mut Mistakes) {
    let known = SETTINGS.iter().map(|setting| setting.key);
    let hint =
        nearest(key, known).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    mistakes.add(format!("{key} in {file}"), format!("there is no such setting{hint}"));
}

/// The name that `text` is most likely a slip of.
pub(super) fn nearest<'a>(text: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distances = known.map(|name| (strsim::damerau_levenshtein(text, name), name));
    let (distance, name) = distances.min()?;
    (distance <= 3 && distance * 3 <= text.len()).then_some(name)
}

const HEAD: &str = "\
# NOPAR's configuration, every setting at its default.
# Each can also be set by the environment variable named with it, which goes first.
# Empty means unset. Sizes: 512KiB, 10GiB, 5MB. Times: 500ms, 30s, 5m, 6h, 1d.
";

/// The commented file with every setting at its default.
pub(super) fn default_file() -> String {
    let mut text = HEAD.to_owned();
    let mut section = "";
    for setting in SETTINGS {
        let (of, key) = setting.key.split_once('.').unwrap_or(("", setting.key));
        if of != section {
            text += &format!("\n[{of}]\n");
            section = of;
        }
        text += "\n";
        setting.doc.lines().for_each(|line| text += &format!("# {line}\n"));
        text += &format!("# {}\n#{key} = {}\n", setting.env, Value::from(setting.default));
    }
    text
}
