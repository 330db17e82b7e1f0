//! What a body says, member by member, each of the type that it has to be of.
//! Knows nothing of what the members mean.
//!
//! npm prints why a publish is refused: what is of another type is told by its name, and in JSON's words, not in those
//! of a parser.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::bounded::Bounded;
use super::super::json::text;
use super::PublishError;

/// What members are of.
const DOCUMENT: &str = "the document";
const VERSIONS: &str = "versions";
const TAGS: &str = "dist-tags";
const ATTACHMENTS: &str = "_attachments";
const ATTACHMENT: &str = "an attachment";

/// The members that are looked at; `null` is none. They are read when they are asked for: `versions` are most of a
/// copy, which publishes nothing.
#[derive(Deserialize)]
pub(super) struct Body<'a> {
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow, rename = "_id")]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    versions: Option<&'a RawValue>,
    #[serde(borrow, rename = "dist-tags")]
    tags: Option<&'a RawValue>,
    #[serde(borrow)]
    access: Option<&'a RawValue>,
    #[serde(borrow)]
    readme: Option<&'a RawValue>,
    #[serde(borrow, rename = "_attachments")]
    attachments: Option<&'a RawValue>,
}

/// What comes with a version.
pub(super) struct Attachment {
    pub(super) content_type: Option<String>,
    pub(super) data: Option<String>,
    pub(super) length: Option<u64>,
}

impl<'a> Body<'a> {
    /// Reads the body of `PUT /PKG`.
    ///
    /// # Errors
    /// When it is not a JSON object.
    pub(super) fn read(document: &'a [u8]) -> Result<Body<'a>, PublishError> {
        // Of an array serde would take the members in their order.
        if document.trim_ascii_start().first() != Some(&b'{') {
            return Err(PublishError::NoObject);
        }
        Ok(serde_json::from_slice(document)?)
    }

    /// Whose document it says that it is, by each of its two members for that.
    pub(super) fn names(&self) -> Result<[Option<Cow<'a, str>>; 2], PublishError> {
        Ok([optional_text(self.name, "name", DOCUMENT)?, optional_text(self.id, "_id", DOCUMENT)?])
    }

    /// The one version that a publish is of, and its manifest.
    pub(super) fn version(&self) -> Result<(String, &'a RawValue), PublishError> {
        let Some(raw) = self.versions else { return Err(PublishError::Versions(0)) };
        check_object(raw, "versions", DOCUMENT)?;
        let versions: Bounded<&'a RawValue, 1> = serde_json::from_str(raw.get())?;
        let count = versions.count();
        match versions.kept().pop() {
            Some(version) if count == 1 => Ok(version),
            _ => Err(PublishError::Versions(count)),
        }
    }

    /// The dist-tags and what they point to.
    pub(super) fn tags(&self) -> Result<Vec<(String, String)>, PublishError> {
        let Some(raw) = self.tags else { return Ok(Vec::new()) };
        let tags: IndexMap<String, &RawValue> = members(raw, "dist-tags", DOCUMENT)?;
        let mut read = Vec::with_capacity(tags.len());
        for (tag, raw) in tags {
            let version = text(raw).ok_or_else(|| wrong(&tag, TAGS, "a text"))?.into_owned();
            read.push((tag, version));
        }
        Ok(read)
    }

    /// Who may see the package.
    pub(super) fn access(&self) -> Result<Option<String>, PublishError> {
        Ok(optional_text(self.access, "access", DOCUMENT)?.map(Cow::into_owned))
    }

    /// The readme, if it is a text: some write `false`, or an object, where there is none.
    pub(super) fn readme(&self) -> Option<String> {
        self.readme.and_then(text).map(Cow::into_owned)
    }

    /// What is attached, by its keys.
    pub(super) fn attachments(&self) -> Result<IndexMap<String, Attachment>, PublishError> {
        let Some(raw) = self.attachments else { return Ok(IndexMap::new()) };
        let attached: IndexMap<String, &RawValue> = members(raw, "_attachments", DOCUMENT)?;
        let mut read = IndexMap::with_capacity(attached.len());
        for (key, raw) in attached {
            let attachment = Attachment::read(&key, raw)?;
            read.insert(key, attachment);
        }
        Ok(read)
    }
}

impl Attachment {
    fn read(key: &str, raw: &RawValue) -> Result<Attachment, PublishError> {
        let said: IndexMap<String, &RawValue> = members(raw, key, ATTACHMENTS)?;
        let member = |key: &str| said.get(key).copied();
        let content_type = optional_text(member("content_type"), "content_type", ATTACHMENT)?;
        let data = optional_text(member("data"), "data", ATTACHMENT)?;
        let length = optional_length(member("length"))?;
        let (content_type, data) = (content_type.map(Cow::into_owned), data.map(Cow::into_owned));
        Ok(Attachment { content_type, data, length })
    }
}

/// The manifest of a version, whose text that is.
pub(super) fn manifest(
    version: &str,
    raw: &RawValue,
) -> Result<IndexMap<String, Box<RawValue>>, PublishError> {
    members(raw, version, VERSIONS)
}

/// The members of what has to be an object.
pub(super) fn members<'a, V: Deserialize<'a>>(
    raw: &'a RawValue,
    member: &str,
    of: &'static str,
) -> Result<IndexMap<String, V>, PublishError> {
    check_object(raw, member, of)?;
    let members: Bounded<V> = serde_json::from_str(raw.get())?;
    Ok(members.all()?)
}

/// A text, if there is one.
pub(super) fn optional_text<'a>(
    raw: Option<&'a RawValue>,
    member: &str,
    of: &'static str,
) -> Result<Option<Cow<'a, str>>, PublishError> {
    let Some(raw) = raw.filter(|raw| !is_null(raw)) else { return Ok(None) };
    text(raw).map(Some).ok_or_else(|| wrong(member, of, "a text"))
}

/// The length of what is attached, if it is said.
fn optional_length(raw: Option<&RawValue>) -> Result<Option<u64>, PublishError> {
    let Some(raw) = raw.filter(|raw| !is_null(raw)) else { return Ok(None) };
    let length = serde_json::from_str(raw.get());
    length.map(Some).map_err(|_| wrong("length", ATTACHMENT, "a number of bytes"))
}

fn check_object(raw: &RawValue, member: &str, of: &'static str) -> Result<(), PublishError> {
    if raw.get().starts_with('{') { Ok(()) } else { Err(wrong(member, of, "an object")) }
}

fn wrong(member: &str, of: &'static str, kind: &'static str) -> PublishError {
    PublishError::Member { member: member.to_owned(), of, kind }
}

fn is_null(raw: &RawValue) -> bool {
    raw.get() == "null"
}
