//! The rules by which a document is written out again, in both forms.
//! Knows nothing of parsing; whatever no rule names is copied as the text it was.

use super::super::name::PackageName;
use super::super::url_path::encode_segment;
use super::entry::{ATTESTATIONS, Dist, Entry, Manifest};
use super::object::{self, Key, Object};
use super::template::{Template, TemplateWriter};
use super::{Document, Form};

/// What the abbreviated form keeps of a version: npm's list, and `libc`, by which yarn 4,
/// pnpm and bun choose, and both spellings of bundled dependencies.
const KEPT_IN_VERSION: [&str; 21] = [
    "name",
    "version",
    "deprecated",
    "bin",
    "dist",
    "engines",
    "os",
    "cpu",
    "libc",
    "directories",
    "dependencies",
    "optionalDependencies",
    "devDependencies",
    "bundleDependencies",
    "bundledDependencies",
    "peerDependencies",
    "peerDependenciesMeta",
    "acceptDependencies",
    "funding",
    "_hasShrinkwrap",
    HAS_INSTALL_SCRIPT,
];

const HAS_INSTALL_SCRIPT: &str = "hasInstallScript";

/// Writes one document or manifest.
pub(super) struct Renderer<'w> {
    form: Form,
    /// What stands before the version in a canonical tarball URL: `/@types/node/-/node-`.
    tarball_prefix: String,
    /// The name as it stands before `@VERSION` in the URL of attestations: `@types/node`.
    name: String,
    out: TemplateWriter<'w>,
}

impl<'w> Renderer<'w> {
    pub(super) fn new(name: &PackageName, form: Form, out: TemplateWriter<'w>) -> Self {
        let base = encode_segment(name.basename());
        let name = name.path();
        Self { form, tarball_prefix: format!("/{name}/-/{base}-"), name, out }
    }

    pub(super) fn finish(self) -> Template {
        self.out.finish()
    }

    /// The end of what is read as it is written.
    pub(super) fn end(self) {
        self.out.end();
    }

    /// The document in this renderer's form.
    pub(super) fn document(&mut self, document: &Document<'_>, name: &PackageName) {
        match self.form {
            Form::Full => self.full(document),
            Form::Abbreviated => self.abbreviated(document, name),
        }
    }

    /// Everything, but for attachments, which belong to publish documents only.
    fn full(&mut self, document: &Document<'_>) {
        self.out.reserve(document.text.len());
        self.out.open();
        for (key, raw) in &document.members {
            match &*key.text {
                "_attachments" => {}
                "versions" => {
                    self.out.key(key.raw);
                    self.versions(document, raw.get());
                }
                _ => self.out.member(key.raw, raw.get()),
            }
        }
        self.out.close();
    }

    /// Exactly name, modified, dist-tags, versions, and time if it is complete.
    fn abbreviated(&mut self, document: &Document<'_>, name: &PackageName) {
        self.out.open();
        self.out.key("\"name\"");
        self.out.string(name.as_str());
        let modified = [document.time.get("modified"), document.members.get("modified")]
            .into_iter()
            .flatten()
            .find(|raw| object::is_string(raw));
        if let Some(modified) = modified {
            self.out.member("\"modified\"", modified.get());
        }
        if let Some(tags) = document.members.get("dist-tags") {
            self.out.member("\"dist-tags\"", tags.get());
        }
        if let Some(raw) = document.members.get("versions") {
            self.out.key("\"versions\"");
            self.versions(document, raw.get());
        }
        if let Some(time) = complete_time(document) {
            self.out.member("\"time\"", time);
        }
        self.out.close();
    }

    /// One version alone; `None`, and nothing written, when it is not an object.
    pub(super) fn manifest(&mut self, version: &Key<'_>, entry: &Entry<'_>) -> Option<()> {
        let Entry::Manifest(manifest) = entry else { return None };
        self.version(version, manifest);
        Some(())
    }

    fn versions(&mut self, document: &Document<'_>, raw: &str) {
        if !raw.starts_with('{') {
            return self.out.raw(raw);
        }
        self.out.open();
        for (version, entry) in &document.versions {
            self.out.key(version.raw);
            match entry {
                Entry::Manifest(manifest) => self.version(version, manifest),
                Entry::Other(raw) => self.out.raw(raw.get()),
            }
        }
        self.out.close();
    }

    fn version(&mut self, version: &Key<'_>, manifest: &Manifest<'_>) {
        let abbreviated = self.form == Form::Abbreviated;
        self.out.open();
        for (key, raw) in &manifest.members {
            if abbreviated && !KEPT_IN_VERSION.contains(&&*key.text) {
                continue;
            }
            match &manifest.dist {
                Some(dist) if key.text == "dist" => {
                    self.out.key(key.raw);
                    self.dist(version, dist);
                }
                _ => self.out.member(key.raw, raw.get()),
            }
        }
        let told = manifest.members.contains_key(HAS_INSTALL_SCRIPT);
        if abbreviated && !told && manifest.has_install_script() {
            self.out.key("\"hasInstallScript\"");
            self.out.raw("true");
        }
        self.out.close();
    }

    fn dist(&mut self, version: &Key<'_>, dist: &Dist<'_>) {
        self.out.open();
        for (key, raw) in &dist.members {
            match (&*key.text, &dist.attestations) {
                // The signature of npm 6's days, in PGP's armour: large, and no client reads it here.
                ("npm-signature", _) if self.form == Form::Abbreviated => {}
                ("tarball", _) if object::is_string(raw) => {
                    self.out.key(key.raw);
                    self.tarball(version);
                }
                ("attestations", Some(attestations)) => {
                    self.out.key(key.raw);
                    self.attestations(version, attestations);
                }
                _ => self.out.member(key.raw, raw.get()),
            }
        }
        self.out.close();
    }

    fn tarball(&mut self, version: &Key<'_>) {
        self.out.raw("\"");
        self.out.hole();
        self.out.raw(&self.tarball_prefix);
        encode_segment(&version.text).for_each(|piece| self.out.raw(piece));
        self.out.raw(".tgz\"");
    }

    /// Their URL leads to NOPAR, however the upstream spelled it: clients take its path only, and ask that of
    /// the registry that they know.
    fn attestations(&mut self, version: &Key<'_>, attestations: &Object<'_>) {
        self.out.open();
        for (key, raw) in attestations {
            match &*key.text {
                "url" => {
                    self.out.key(key.raw);
                    self.attestations_url(version);
                }
                _ => self.out.member(key.raw, raw.get()),
            }
        }
        self.out.close();
    }

    fn attestations_url(&mut self, version: &Key<'_>) {
        self.out.raw("\"");
        self.out.hole();
        self.out.raw(ATTESTATIONS);
        self.out.raw(&self.name);
        self.out.raw("@");
        encode_segment(&version.text).for_each(|piece| self.out.raw(piece));
        self.out.raw("\"");
    }
}

/// The time object, if it has a text for every version: pnpm drops a partial one, and asks
/// for the full document instead when there is none.
fn complete_time<'a>(document: &Document<'a>) -> Option<&'a str> {
    let raw = document.members.get("time")?;
    let complete = document.versions.keys().all(|version| {
        let time = document.time.get(version);
        time.is_some_and(|raw| object::is_string(raw))
    });
    (complete && raw.get().starts_with('{')).then(|| raw.get())
}
