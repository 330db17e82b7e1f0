//! A package's document as an upstream sent it, and what is made of it: templates and an index.
//! Knows nothing of base URLs, encodings or where the bytes came from.

mod about;
mod brief;
mod entry;
mod index;
mod nested;
mod object;
mod render;
mod template;

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;

use indexmap::IndexMap;
use sha2::{Digest, Sha256};

use self::entry::Entry;
use self::object::{Key, Object};
use self::render::Renderer;
use self::template::TemplateWriter;
use super::name::PackageName;
use super::selector::Selector;

pub use self::about::{About, AboutVersion, LONGEST_README, Readme};
pub use self::brief::{Brief, Need, NeedKind, Needs};
pub use self::index::{Index, IndexedVersion};
pub use self::template::{Template, TemplateDigest};

/// The two forms of a packument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Everything: what `npm install` asks for.
    Full,
    /// What an installation needs, `application/vnd.npm.install-v1+json`.
    Abbreviated,
}

type Versions<'a> = IndexMap<Key<'a>, Entry<'a>>;

/// A packument, parsed as far as rewriting needs and borrowed from the bytes it came in.
///
/// Everything not understood stays the text it was: number spellings, escapes and key order
/// survive. Where a key occurs twice, the last value stands at the first place, as with every
/// JSON parser of the clients. Parts of a wrong type are kept as they are.
#[derive(Debug)]
pub struct Document<'a> {
    /// Of `versions` and of each `dist` it may only be asked here whether they are objects.
    members: Object<'a>,
    /// Empty when the document has no versions object.
    versions: Versions<'a>,
    /// Empty when the document has no time object.
    time: Object<'a>,
    /// The document as it came in.
    text: &'a str,
}

/// Why bytes are not the packument that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// JSON is UTF-8.
    #[error("the document is not UTF-8")]
    NotUtf8(#[source] std::str::Utf8Error),
    /// Not JSON, cut short, or JSON of another type.
    #[error("the document is not a JSON object")]
    NotAnObject(#[source] serde_json::Error),
    /// An error body, or something else than a packument.
    #[error("the document asked for as {asked} names no package")]
    NoName {
        /// The name it was asked for by.
        asked: PackageName,
    },
    /// Another package's document.
    #[error("the document asked for as {asked} is that of {said:?}")]
    WrongName {
        /// The name it was asked for by.
        asked: PackageName,
        /// The name it says.
        said: String,
    },
}

impl<'a> Document<'a> {
    /// Parses a document. Only its frame has to be right: JSON whose top level is an object.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DocumentError> {
        let text = std::str::from_utf8(bytes).map_err(DocumentError::NotUtf8)?;
        let (members, versions) = match nested::parse(text) {
            Ok(read) => read,
            Err(_) => by_member(text).map_err(DocumentError::NotAnObject)?,
        };
        let time = object::member(&members, "time").unwrap_or_default();
        Ok(Self { members, versions, time, text })
    }

    /// A digest of what a form says, without making it: that of the document itself for the full form, of
    /// [`Document::template`] for the abbreviated one, which stays as it is when only the readme changes.
    pub fn digest(&self, name: &PackageName, form: Form) -> [u8; 16] {
        if form == Form::Full {
            return template::half(Sha256::digest(self.text));
        }
        let mut digest = TemplateDigest::default();
        self.read_template(name, form, &mut |text| digest.text(text));
        digest.finish()
    }

    /// Checks that this is the document of `name`: by its `name`, else by its `_id`.
    pub fn check_name(&self, name: &PackageName) -> Result<(), DocumentError> {
        let asked = || name.clone();
        let said = ["name", "_id"]
            .into_iter()
            .find_map(|key| object::text_of(&self.members, key))
            .ok_or_else(|| DocumentError::NoName { asked: asked() })?;
        if said == name.as_str() {
            return Ok(());
        }
        Err(DocumentError::WrongName { asked: asked(), said: said.into_owned() })
    }

    /// The document in one of its forms, its tarballs at NOPAR's canonical addresses.
    pub fn template(&self, name: &PackageName, form: Form) -> Template {
        let mut renderer = Renderer::new(name, form, TemplateWriter::default());
        renderer.document(self, name);
        renderer.finish()
    }

    /// The same template in pieces, without ever holding it whole: `reader` gets the texts before,
    /// between and behind its holes, as they are written.
    pub fn read_template(&self, name: &PackageName, form: Form, reader: &mut dyn FnMut(&[u8])) {
        let mut renderer = Renderer::new(name, form, TemplateWriter::read_by(reader));
        renderer.document(self, name);
        renderer.end();
    }

    /// The manifest of one version with everything it holds: of the version called `selector`,
    /// else of the one a dist-tag of that name points to. `None` if there is no such object.
    pub fn manifest(&self, name: &PackageName, selector: &Selector) -> Option<Template> {
        let (version, entry) = self.select(selector)?;
        let mut renderer = Renderer::new(name, Form::Full, TemplateWriter::default());
        renderer.manifest(version, entry)?;
        Some(renderer.finish())
    }

    /// What has to be known of this document once its text is put away.
    pub fn index(&self) -> Index {
        Index::of(self)
    }

    fn select(&self, selector: &Selector) -> Option<(&Key<'a>, &Entry<'a>)> {
        self.versions.get_key_value(selector.as_str()).or_else(|| {
            let tags = object::member(&self.members, "dist-tags")?;
            let version = object::text_of(&tags, selector.as_str())?;
            self.versions.get_key_value(&*version)
        })
    }
}

/// A document's members and versions, whatever stands in the place of any of them.
fn by_member(text: &str) -> Result<(Object<'_>, Versions<'_>), serde_json::Error> {
    let members = object::parse(text)?;
    let versions = object::member(&members, "versions").unwrap_or_default().into_iter();
    let versions = versions.map(|(version, raw)| (version, Entry::parse(raw))).collect();
    Ok((members, versions))
}
