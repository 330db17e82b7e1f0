//! Any bytes as a packument: no panic; what comes out is JSON, says the same, and is rewritten to itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nopar::npm::{Document, Form, PackageName, Selector};
use serde_json::Value;

const BASE: &str = "https://npm.example:8443/prefix";
const NAMES: [&str; 4] = ["n", "@s/n", "é b", "@ü/it's"];

fuzz_target!(|input: &[u8]| {
    let Some((choice, text)) = input.split_first() else { return };
    let Ok(document) = Document::parse(text) else { return };
    let name = NAMES[usize::from(*choice) % NAMES.len()];
    let name = PackageName::parse(name).expect("a name");
    let _ = document.check_name(&name);
    // The plain parser goes less deep than ours, which leaves alone what it does not need.
    let said: Option<Value> = serde_json::from_slice(text).ok();
    for form in [Form::Full, Form::Abbreviated] {
        let template = document.template(&name, form);
        let filled = template.fill(BASE);
        assert_eq!(filled.len(), template.len_with(BASE));
        let again = Document::parse(&filled).expect("an object").template(&name, form);
        assert_eq!(again, template);
        if let Some(said) = &said {
            check(said, &serde_json::from_slice(&filled).expect("JSON"), form);
        }
    }
    for asked in ["1.0.0", "latest"] {
        let selector = Selector::parse(asked).expect("a selector");
        let manifest = document.manifest(&name, &selector).map(|template| template.fill(BASE));
        let wanted =
            said.as_ref().map(|said| manifest_of(said, asked).is_some_and(Value::is_object));
        assert!(wanted.is_none_or(|wanted| wanted == manifest.is_some()), "{asked}");
        if let (Some(manifest), Some(_)) = (manifest, &said) {
            let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
            assert_ours(&manifest);
        }
    }
});

fn manifest_of<'a>(said: &'a Value, asked: &str) -> Option<&'a Value> {
    let versions = said.get("versions")?;
    versions.get(asked).or_else(|| versions.get(said.get("dist-tags")?.get(asked)?.as_str()?))
}

fn check(said: &Value, filled: &Value, form: Form) {
    for field in ["name", "dist-tags"] {
        assert!(
            form == Form::Abbreviated && field == "name" || said.get(field) == filled.get(field)
        );
    }
    let versions = |value: &Value| value.get("versions").and_then(Value::as_object).cloned();
    let (before, after) = (versions(said), versions(filled));
    assert_eq!(before.is_some(), after.is_some());
    let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
    assert!(before.keys().eq(after.keys()));
    for (version, manifest) in &after {
        assert_ours(manifest);
        for field in ["dependencies", "bin", "deprecated"] {
            assert_eq!(before[version].get(field), manifest.get(field));
        }
        let digest = |of: &Value| of.get("dist").and_then(|dist| dist.get("integrity").cloned());
        assert_eq!(digest(&before[version]), digest(manifest));
    }
}

/// No tarball of another place, nor attestations that a registry serves.
fn assert_ours(manifest: &Value) {
    let dist = manifest.get("dist");
    let tarball = dist.and_then(|dist| dist.get("tarball")?.as_str());
    assert!(tarball.is_none_or(|url| url.starts_with(BASE)), "{tarball:?}");
    let attestations = dist.and_then(|dist| dist.get("attestations")?.get("url")?.as_str());
    let path = attestations.and_then(|url| url.split(['?', '#']).next());
    let is_a_registrys = path.is_some_and(|path| path.contains("/-/npm/v1/attestations/"));
    assert!(!is_a_registrys || attestations.is_some_and(|url| url.starts_with(BASE)), "{path:?}");
}
