//! A client's copy of a document, and what it means to change by sending it back.
//! Knows nothing of who may change what: it gives edits, each of which is asked about and made by others.
//!
//! npm changes packages by sending documents: the whole one with a message in some manifests, the whole one
//! without a version, or only `users`, or only `maintainers`. What a copy does not hold, it does not speak of.
//! What it holds otherwise than the document, and no edit says, is not looked at: addresses differ in every
//! copy, for one. Only what someone could take for done is an error: a version more, another tarball, a message that
//! is no text, a star of nobody.
//!
//! A copy may hold as much as may be sent, or as the document holds that it is compared with, which is in memory as well:
//! what is over a bound in a document of old comes back, and with less of it. Of who likes a package, of whom there may
//! be any number, only the caller is looked for.

use std::borrow::Cow;

use serde_json::Value;
use serde_json::value::RawValue;

use super::super::bounded::{Bounded, TooMany, member_of, members_beside};
use super::super::dist_tag::DistTag;
use super::super::json;
use super::super::name::PackageName;
use super::members::Members;
use super::owners::is_star;
use super::{ChangeError, Edit, HostedDocument, NO_REVISION};

/// What a copy may speak of to change it.
const PARTS: [&str; 4] = ["versions", "dist-tags", "maintainers", "users"];

/// What came in the body of a request.
#[derive(Debug)]
pub struct ClientCopy(Members);

/// Which request it came with, by which clients mean different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// `PUT /PKG`: deprecations, and the caller's star. A version that is missing in the copy may just not
    /// have been there when the client read it.
    Package,
    /// `PUT /PKG/-rev/REV`: those, and versions taken back, tags and owners.
    Revision,
}

impl ClientCopy {
    /// Parses a body.
    ///
    /// # Errors
    /// When it is not a JSON object, or an empty one, or one with more members than any document has.
    pub fn parse(bytes: &[u8]) -> Result<Self, ChangeError> {
        let parsed: Bounded<Box<RawValue>> =
            serde_json::from_slice(bytes).map_err(|_| ChangeError::NotADocument)?;
        let members: Members = parsed.all()?.into();
        if members.is_empty() { Err(ChangeError::NothingSaid) } else { Ok(Self(members)) }
    }

    /// Bytes of what it says, about: to compare a document with it takes as long as it is.
    pub fn size(&self) -> usize {
        self.0.iter().map(|(_, raw)| raw.get().len()).sum()
    }

    /// The revision that the client has seen, if the copy says it.
    pub fn rev(&self) -> Option<String> {
        json::text_or_number(self.0.get("_rev")?).map(Cow::into_owned)
    }

    /// Whether it is what a publish would send, but for the tarball: versions with the tags or the `dist` of a new one.
    ///
    /// Who changes a document has read it, and sends it back with its revision and its times, which none has that is to
    /// be published (npm); or says the few words that matter, and nothing of tags and tarballs (pnpm's deprecations).
    pub fn is_publish(&self) -> bool {
        if self.rev().is_some() || self.0.contains("time") {
            return false;
        }
        let Ok(Some(versions)) = self.part("versions", 0) else { return false };
        let has_dist =
            |raw: &RawValue| parse(raw, 0).is_ok_and(|manifest| manifest.contains("dist"));
        self.0.contains("dist-tags") || versions.iter().any(|(_, raw)| has_dist(raw))
    }

    /// The same, of the revision that the path of its request says, if it says none itself.
    pub fn seen_at(mut self, rev: &str) -> Self {
        if !self.is_seen() {
            self.0.put_text("_rev", rev);
        }
        self
    }

    /// Whether the client knows what it has seen: its copy may be of any age otherwise.
    fn is_seen(&self) -> bool {
        self.rev().is_some_and(|rev| !NO_REVISION.contains(&rev.as_str()))
    }

    fn check_name(&self, asked: &PackageName) -> Result<(), ChangeError> {
        let said = ["_id", "name"].into_iter().filter_map(|key| self.0.text(key));
        match said.into_iter().find(|said| said != asked.as_str()) {
            Some(said) => Err(ChangeError::WrongName { asked: asked.clone(), said }),
            None => Ok(()),
        }
    }

    /// A part that is an object, if the copy has it. The document has `held` members there.
    fn part(&self, key: &str, held: usize) -> Result<Option<Members>, ChangeError> {
        self.raw_part(key).map(|raw| parse(raw, held)).transpose()
    }

    fn raw_part(&self, key: &str) -> Option<&RawValue> {
        self.0.get(key).filter(|raw| raw.get() != "null")
    }
}

impl HostedDocument {
    /// What would have to be done to this document for it to say what the copy says.
    ///
    /// Of stars, only that of the caller is theirs to give, and nobody in particular has none.
    ///
    /// # Errors
    /// When the copy is of another package or an older revision, or says what cannot be, or nothing at all. Versions,
    /// tags and owners are changed by who has seen which there are: without a revision, such a copy is of an older one.
    pub fn edits_of(
        &self,
        copy: &ClientCopy,
        request: Request,
        caller: Option<&str>,
    ) -> Result<Vec<Edit>, ChangeError> {
        copy.check_name(&self.name)?;
        self.check_rev(copy.rev().as_deref())?;
        if !PARTS.iter().any(|part| copy.0.contains(part)) {
            return Err(ChangeError::NothingSaid);
        }
        let copied = copy.part("versions", self.versions.len())?;
        let mut edits =
            copied.as_ref().map(|it| self.messages_in(it)).transpose()?.unwrap_or_default();
        edits.extend(self.star_in(copy, caller)?);
        if request == Request::Package {
            return Ok(edits);
        }
        let rest = self.rest_in(copy, copied.as_ref())?;
        if !rest.is_empty() && !copy.is_seen() {
            // It would take back what its sender has never seen: a version that came meanwhile, its tag, an owner.
            let said = "undefined".to_owned();
            return Err(ChangeError::Conflict { name: self.name.clone(), said });
        }
        edits.extend(rest);
        Ok(edits)
    }

    /// What only a copy of the present revision may change: versions that it lacks, tags and owners.
    fn rest_in(
        &self,
        copy: &ClientCopy,
        copied: Option<&Members>,
    ) -> Result<Vec<Edit>, ChangeError> {
        let mut edits = Vec::new();
        let missing = |version: &&str| copied.is_some_and(|it| !it.contains(version));
        let gone: Vec<&str> = self.versions().filter(missing).collect();
        if !gone.is_empty() && gone.len() == self.versions.len() {
            edits.push(Edit::UnpublishAll);
        } else {
            edits.extend(gone.iter().map(|version| Edit::Unpublish((*version).to_owned())));
            edits.extend(self.tags_in(copy, &gone)?);
        }
        edits.extend(self.owners_in(copy)?);
        Ok(edits)
    }

    /// The messages that differ.
    fn messages_in(&self, copied: &Members) -> Result<Vec<Edit>, ChangeError> {
        let mut edits = Vec::new();
        for (version, raw) in copied.iter() {
            if !self.versions.contains(version) {
                return Err(ChangeError::VersionAdded(version.to_owned()));
            }
            let Some(held) = self.manifest_members(version) else { continue };
            let copy = parse(raw, held.len())?;
            check_tarball(version, &held, &copy)?;
            if let Some(message) = message_in(version, &held, &copy)? {
                edits.push(Edit::Deprecate { version: version.to_owned(), message });
            }
        }
        Ok(edits)
    }

    fn star_in(
        &self,
        copy: &ClientCopy,
        caller: Option<&str>,
    ) -> Result<Option<Edit>, ChangeError> {
        let Some(users) = copy.raw_part("users") else { return Ok(None) };
        let Some(user) = caller else {
            // The whole document, sent back for the sake of something else, has those that there are.
            let is_same = self.has_stars_of(&parse(users, self.users().len())?);
            return if is_same { Ok(None) } else { Err(ChangeError::NobodysStar) };
        };
        let star = member_of(users, user).map_err(|_| ChangeError::NotADocument)?;
        let starred = star.as_deref().is_some_and(is_star);
        let differs = starred != self.is_starred_by(user);
        Ok(differs.then(|| Edit::Star { user: user.to_owned(), starred }))
    }

    /// The tags that differ. Those of versions that are gone are not the client's to say: they go, and where
    /// `latest` goes is a rule of the document.
    fn tags_in(&self, copy: &ClientCopy, gone: &[&str]) -> Result<Vec<Edit>, ChangeError> {
        let copied = copy.part("dist-tags", self.dist_tags.len())?;
        let Some(copied) = copied else { return Ok(Vec::new()) };
        let mut held = self.dist_tags();
        held.retain(|_, version| !gone.contains(&version.as_str()));
        let mut edits = Vec::new();
        for (tag, raw) in copied.iter() {
            let version = json::text(raw).ok_or(ChangeError::NotADocument)?.into_owned();
            let ruled = self.dist_tags.text(tag).is_some_and(|it| gone.contains(&it.as_str()));
            if ruled || held.get(tag) == Some(&version) {
                continue;
            }
            if gone.contains(&version.as_str()) || !self.versions.contains(&version) {
                return Err(ChangeError::NoVersion(version));
            }
            edits.push(Edit::Tag { tag: DistTag::parse(tag)?, version });
        }
        let untagged = held.keys().filter(|tag| !copied.contains(tag));
        edits.extend(untagged.map(|tag| Edit::Untag(tag.clone())));
        if edits.contains(&Edit::Untag("latest".to_owned())) {
            return Err(ChangeError::LatestRemoved);
        }
        Ok(edits)
    }

    fn owners_in(&self, copy: &ClientCopy) -> Result<Option<Edit>, ChangeError> {
        let Some(raw) = copy.0.get("maintainers") else { return Ok(None) };
        let held = self.members.get("maintainers");
        if held.is_some_and(|held| held.get() == raw.get()) {
            return Ok(None);
        }
        // Before it is parsed: a list of the shortest values takes a hundred times its length.
        self.check_copied_owners(raw.get().len())?;
        // As values first: among the owners of old there may be what is no person, and it came back as it is.
        if held.is_some_and(|held| value(held) == value(raw)) {
            return Ok(None);
        }
        let owners = serde_json::from_str(raw.get()).map_err(|_| ChangeError::NamelessOwner)?;
        Ok(Some(Edit::Owners(owners)))
    }
}

/// The members of what has to be an object, as a client sent it; the document has `held` of them there.
fn parse(raw: &RawValue, held: usize) -> Result<Members, ChangeError> {
    let members = members_beside(raw, held).map_err(|_| ChangeError::NotADocument)?;
    Ok(members.ok_or(TooMany)?.into())
}

/// The message of a version in a copy, if it is another than the document's.
fn message_in(
    version: &str,
    held: &Members,
    copy: &Members,
) -> Result<Option<String>, ChangeError> {
    let [held, copy] = [held, copy].map(|manifest| manifest.get("deprecated").filter(is_message));
    let Some(copy) = copy else { return Ok(held.filter(is_not_empty).map(|_| String::new())) };
    match json::text(copy) {
        Some(message) => {
            let before = held.map_or(Some(Cow::Borrowed("")), json::text);
            Ok((before.as_ref() != Some(&message)).then(|| message.into_owned()))
        }
        // There may be one of old that is no text, and came back as it is.
        None if held.is_some_and(|held| value(held) == value(copy)) => Ok(None),
        None => Err(ChangeError::NotAText(version.to_owned())),
    }
}

/// `false` and `null` are none.
fn is_message(raw: &&RawValue) -> bool {
    !matches!(raw.get(), "null" | "false")
}

fn is_not_empty(raw: &&RawValue) -> bool {
    raw.get() != "\"\""
}

fn value(raw: &RawValue) -> Option<Value> {
    serde_json::from_str(raw.get()).ok()
}

fn check_tarball(version: &str, held: &Members, copy: &Members) -> Result<(), ChangeError> {
    let (Some(held), Some(copy)) = (held.object("dist"), copy.get("dist")) else {
        return Ok(());
    };
    let copy = match parse(copy, held.len()) {
        // What is no object names no tarball.
        Err(ChangeError::NotADocument) => return Ok(()),
        other => other?,
    };
    let changed = ["integrity", "shasum"].iter().any(|key| {
        let (held, copy) = (held.text(key), copy.text(key));
        held.is_some() && copy.is_some() && held != copy
    });
    if changed { Err(ChangeError::TarballChanged(version.to_owned())) } else { Ok(()) }
}
