//! `PUT /PKG`: a version is published, or a document is sent back with changes.
//! Knows nothing of what a document consists of.
//!
//! Who may, and whose the name is, is decided before a byte of the body is read.

use super::commit::{Absent, Edited, Files};
use super::incoming::{Arrived, Incoming};
use super::{Api, Body, Call, Presence, Refusal};
use crate::access::Permission;
use crate::hosted::Authority;
use crate::npm::hosted::{ChangeError, ClientCopy, HostedDocument, Moment, NewVersion, Request};
use crate::npm::integrity::{Algorithm, Integrity};
use crate::npm::publish::{PublishDocument, PublishError, Put};
use crate::npm::{PackageName, Signature, TarballName, Version, hex, signed_text};
use crate::reply::Reply;
use crate::store::Upload;
use http::{StatusCode, header};
use log::info;
use serde_json::json;

/// A version that can be published, as far as its own parts are concerned: they fit each other, and its files are in
/// the store, under no name yet.
pub(super) struct Ready {
    pub(super) new: NewVersion,
    pub(super) tarball: Box<dyn Upload>,
    pub(super) bundle: Option<Box<dyn Upload>>,
}

/// What a body asks for, with all parsed that takes long if it is long.
enum Asked {
    Publish(Box<PublishDocument>),
    Change(ClientCopy),
}

impl Asked {
    fn parse(name: &PackageName, text: Vec<u8>, had_tarball: bool) -> Result<Asked, Refusal> {
        Ok(match Put::parse(name, text, had_tarball)? {
            Put::Publish(document) => Asked::Publish(document),
            Put::Change(text) => Asked::Change(changed(&text)?),
        })
    }
}

/// The copy of a document, which is sent back to change something. A publish without its tarball would be taken for
/// one: as it says nothing of deprecations, it would take them back.
fn changed(text: &[u8]) -> Result<ClientCopy, Refusal> {
    let copy = ClientCopy::parse(text)?;
    if copy.is_publish() { Err(PublishError::NoTarball.into()) } else { Ok(copy) }
}

impl Api {
    pub(super) async fn put_package(
        &self,
        call: &Call<'_>,
        body: &mut dyn Body,
        name: PackageName,
    ) -> Result<Reply, Refusal> {
        let is_change = call.is_change();
        if is_change {
            self.may_send_copy(call, &name).await?;
        } else {
            self.may_put(call, &name).await?;
        }
        self.check_length(body)?;
        let absent = if is_change { Absent::Refuse } else { self.check_name(call, &name).await? };
        let Incoming { document, tarball } = self.receive(&name, body).await?;
        let (asked, had_tarball) = (name.clone(), tarball.is_some());
        let parse = move |text| Asked::parse(&asked, text, had_tarball);
        let (asked, _place) = document.work(parse).await?;
        match (asked?, tarball) {
            (Asked::Publish(document), Some(tarball)) => {
                self.allow(call, Permission::Publish, &name).await?;
                self.publish(call, name, absent, *document, tarball).await
            }
            (Asked::Change(copy), _) => {
                self.put_copy(call, name, None, copy, Request::Package).await
            }
            (Asked::Publish(_), None) => Err(PublishError::NoTarball.into()),
        }
    }

    /// Whether the caller may do either of what a `PUT /PKG` can be: most clients tell it by the body only.
    async fn may_put(&self, call: &Call<'_>, name: &PackageName) -> Result<(), Refusal> {
        match self.allow(call, Permission::Publish, name).await {
            // Of the two refusals, that of a publish is what most have asked for.
            Err(denied) => self.allow(call, Permission::Change, name).await.map_err(|_| denied),
            done => done,
        }
    }

    /// Whether packages of this name are published here, and what is to be done if there is none when it comes to it:
    /// one that was there and was given back meanwhile is the upstream's.
    pub(super) async fn check_name(
        &self,
        call: &Call<'_>,
        name: &PackageName,
    ) -> Result<Absent, Refusal> {
        match self.hosted.authority(name).await? {
            Authority::Own(_) => Ok(Absent::Refuse),
            Authority::Claimed(Some(_)) => Err(Refusal::copied(name)),
            Authority::Claimed(None) => {
                self.may_begin(call, name).await?;
                Ok(Absent::Create)
            }
            Authority::Upstream(copy) => {
                self.may_begin(call, name).await?;
                if copy.is_some() {
                    // A copy of it is all that it takes to know that the upstream has it.
                    return Err(Refusal::taken(name));
                }
                match call.elsewhere.has(name).await {
                    Presence::There => Err(Refusal::taken(name)),
                    Presence::Unsaid(evasion) => Err(Refusal::unsaid(name, &evasion)),
                    // An upstream that is down keeps nobody from publishing.
                    Presence::Absent | Presence::Unasked => Ok(Absent::Create),
                }
            }
        }
    }

    /// Whether the caller may publish the first version of a package, and it can have this name.
    async fn may_begin(&self, call: &Call<'_>, name: &PackageName) -> Result<(), Refusal> {
        self.allow(call, Permission::Publish, name).await?;
        Ok(name.check_publishable()?)
    }

    async fn publish(
        &self,
        call: &Call<'_>,
        name: PackageName,
        absent: Absent,
        document: PublishDocument,
        tarball: Arrived,
    ) -> Result<Reply, Refusal> {
        let ready = self.ready(call, &name, document, tarball).await?;
        let version = ready.new.version.clone();
        let rev = self.put_version(&name, absent, ready).await?;
        info!("{name}@{version} was published by {}", call.name());
        self.count_published();
        let body =
            json!({"ok": "created new package", "success": true, "id": name.as_str(), "rev": rev});
        Ok(Reply::json(StatusCode::CREATED, &body).with(header::CACHE_CONTROL, "no-store"))
    }

    /// Counts that a version was published.
    pub(super) fn count_published(&self) {
        if let Some(counters) = &self.counters {
            counters.published();
        }
    }

    /// A version that came, if all of it is what the document says.
    pub(super) async fn ready(
        &self,
        call: &Call<'_>,
        name: &PackageName,
        document: PublishDocument,
        tarball: Arrived,
    ) -> Result<Ready, Refusal> {
        document.check_tarball(tarball.len, &tarball.digests)?;
        let file = file_of(name, &document.version)?;
        let (mut provenance, mut bundle) = (None, None);
        if let Some(said) = document.provenance
            && file.bundle().is_some()
        {
            provenance = Some(said.predicate_type);
            bundle = Some(self.uploaded(said.bundle).await?);
        }
        let (integrity, shasum) = stated(&tarball.digests);
        let mut new = NewVersion {
            version: document.version,
            manifest: document.manifest,
            integrity,
            shasum,
            tags: document.tags,
            readme: document.readme,
            provenance,
            signature: None,
            publisher: self.person(call.name()).await?,
        };
        new.set_stage(None);
        Ok(Ready { new, tarball: tarball.upload, bundle })
    }

    /// Publishes a version; the revision of the document from then on.
    ///
    /// # Errors
    /// As of [`commit`](Api::commit).
    pub(super) async fn put_version(
        &self,
        name: &PackageName,
        absent: Absent,
        ready: Ready,
    ) -> Result<String, Refusal> {
        let Ready { new, tarball, bundle } = ready;
        let file = file_of(name, &new.version)?;
        let mut files: Files = vec![(file.clone(), tarball)];
        files.extend(file.bundle().zip(bundle));
        // The key, if this is the first that needs one; which it is, is looked at when it signs.
        self.keys_to_sign().await;
        let signed = signed_text(name, new.version.as_str(), &new.integrity);
        let signing = self.signing.clone();
        let (len, edit) = (new.size(), addition(new, file, move || signing.sign(&signed)));
        self.commit(name, absent, files, len, edit).await
    }

    /// Whether a version could be published just now.
    ///
    /// # Errors
    /// Those of [`put_version`](Api::put_version).
    pub(super) async fn check_version_fits(
        &self,
        name: &PackageName,
        absent: Absent,
        new: &NewVersion,
    ) -> Result<(), Refusal> {
        let file = file_of(name, &new.version)?;
        let (len, edit) = (new.size(), addition(new.clone(), file, || None));
        self.check_change(name, absent, len, edit).await
    }
}

/// What it is to publish a version whose tarball is this file, signed by `sign`.
fn addition(
    new: NewVersion,
    file: TarballName,
    sign: impl Fn() -> Option<Signature> + Send + Sync + 'static,
) -> impl Fn(&mut HostedDocument, Moment<'_>) -> Edited + Send + Sync + 'static {
    move |held, moment| {
        let stage = new.stage();
        if stage.is_some() && held.stage_of(new.version.as_str()) == stage {
            // It was published from this very stage, by who did not come to the end of it.
            return Ok(Vec::new());
        }
        // Old documents may name any file; what they name is not replaced.
        if held.versions().any(|version| held.file(version).as_ref() == Some(&file)) {
            return Err(ChangeError::VersionExists(new.version.to_string()).into());
        }
        held.publish(NewVersion { signature: sign(), ..new.clone() }, moment)?;
        Ok(Vec::new())
    }
}

/// The file of a version's tarball.
fn file_of(name: &PackageName, version: &Version) -> Result<TarballName, Refusal> {
    let file = TarballName::kept(name, version.as_str(), None);
    file.ok_or_else(|| Refusal::bad_body("no file can have the name of this version"))
}

/// What `dist` says of a tarball: its SHA-512 as an SRI string, and its SHA-1 in hex digits.
pub(super) fn stated(digests: &Integrity) -> (String, String) {
    let of = |algorithm| digests.digests().iter().find(|digest| digest.algorithm() == algorithm);
    let integrity = of(Algorithm::Sha512).map(ToString::to_string);
    (
        integrity.unwrap_or_default(),
        of(Algorithm::Sha1).map(|sha1| hex(sha1.bytes())).unwrap_or_default(),
    )
}
