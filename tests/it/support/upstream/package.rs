//! The packument of one package of the fake, built by hand.
//! Knows nothing of HTTP.

use serde_json::{Map, Value, json};

/// What the install form keeps of a version, where present.
const INSTALL_FIELDS: &[&str] = &[
    "name",
    "version",
    "deprecated",
    "dependencies",
    "optionalDependencies",
    "devDependencies",
    "bundleDependencies",
    "peerDependencies",
    "peerDependenciesMeta",
    "bin",
    "directories",
    "dist",
    "engines",
    "os",
    "cpu",
    "libc",
    "funding",
    "_hasShrinkwrap",
    "hasInstallScript",
];
const INSTALL_SCRIPTS: &[&str] = &["preinstall", "install", "postinstall"];

/// A package whose packument is made from its parts.
#[derive(Default)]
pub(super) struct Package {
    versions: Map<String, Value>,
    dist_tags: Map<String, Value>,
    /// Whether `latest` was set by hand and no longer follows the newest version.
    latest_is_set: bool,
    time: Map<String, Value>,
    fields: Map<String, Value>,
    readme: Option<String>,
    revision: usize,
}

impl Package {
    pub(super) fn add(&mut self, version: &str, manifest: Value) {
        self.revision += 1;
        let moment = moment(self.versions.len());
        self.time.insert(version.to_owned(), json!(moment));
        self.versions.insert(version.to_owned(), manifest);
        let prerelease = version.contains('-') && self.dist_tags.contains_key("latest");
        if !self.latest_is_set && !prerelease {
            self.dist_tags.insert("latest".to_owned(), json!(version));
        }
    }

    pub(super) fn remove(&mut self, version: &str) {
        self.revision += 1;
        self.versions.shift_remove(version);
        self.time.shift_remove(version);
        self.dist_tags.retain(|_, tagged| tagged != version);
        if let (false, Some(newest)) = (self.latest_is_set, self.versions.keys().next_back()) {
            self.dist_tags.insert("latest".to_owned(), json!(newest));
        }
    }

    pub(super) fn tag(&mut self, tag: &str, version: &str) {
        self.revision += 1;
        self.latest_is_set |= tag == "latest";
        self.dist_tags.insert(tag.to_owned(), json!(version));
    }

    pub(super) fn set_time(&mut self, version: &str, moment: &str) {
        self.revision += 1;
        self.time.insert(version.to_owned(), json!(moment));
    }

    pub(super) fn set_readme(&mut self, text: &str) {
        self.revision += 1;
        self.readme = Some(text.to_owned());
    }

    pub(super) fn set_field(&mut self, name: &str, value: Value) {
        self.revision += 1;
        self.fields.insert(name.to_owned(), value);
    }

    /// The full packument.
    pub(super) fn full(&self, name: &str) -> Value {
        let mut document = Map::new();
        let mut put = |key: &str, value: Value| document.insert(key.to_owned(), value);
        put("_id", json!(name));
        put("_rev", json!(format!("{}-fa4e", self.revision)));
        put("name", json!(name));
        put("dist-tags", Value::Object(self.dist_tags.clone()));
        put("versions", Value::Object(self.versions.clone()));
        put("time", Value::Object(self.whole_time()));
        if let Some(readme) = &self.readme {
            put("readme", json!(readme));
            put("readmeFilename", json!("README.md"));
        }
        document.extend(self.fields.clone());
        Value::Object(document)
    }

    /// The abbreviated packument, as registries without `time` in it give it.
    pub(super) fn abbreviated(&self, name: &str) -> Value {
        let versions: Map<String, Value> = self
            .versions
            .iter()
            .map(|(version, manifest)| (version.clone(), abbreviate(manifest)))
            .collect();
        json!({
            "name": name,
            "modified": self.whole_time().get("modified"),
            "dist-tags": self.dist_tags,
            "versions": versions,
        })
    }

    fn whole_time(&self) -> Map<String, Value> {
        let stamps = || self.time.values().filter_map(Value::as_str);
        // ISO times in UTC sort as text.
        let created = stamps().min().map_or_else(|| moment(0), str::to_owned);
        let modified = stamps().max().map_or_else(|| moment(0), str::to_owned);
        let mut time = Map::new();
        time.insert("created".to_owned(), json!(created));
        time.insert("modified".to_owned(), json!(modified));
        // A time set by hand for "modified" or "created" replaces the derived one.
        time.extend(self.time.clone());
        time
    }
}

fn abbreviate(manifest: &Value) -> Value {
    let mut kept = Map::new();
    for field in INSTALL_FIELDS {
        if let Some(value) = manifest.get(field) {
            kept.insert((*field).to_owned(), value.clone());
        }
    }
    let scripts = &manifest["scripts"];
    if INSTALL_SCRIPTS.iter().any(|s| scripts.get(s).is_some()) {
        kept.insert("hasInstallScript".to_owned(), json!(true));
    }
    Value::Object(kept)
}

/// The n-th minute of 2020, counting months of 28 days: a time per version, in order.
fn moment(n: usize) -> String {
    let (hour, minute) = (n / 60 % 24, n % 60);
    let (month, day) = (n / 1440 / 28 % 12 + 1, n / 1440 % 28 + 1);
    format!("2020-{month:02}-{day:02}T{hour:02}:{minute:02}:00.000Z")
}
