//! One member of `versions`, parsed as far as rewriting and the index look into it.
//! Knows nothing of how it is written out again.

use serde_json::value::RawValue;

use super::object::{self, Object};

/// Where registries keep provenance attestations, below their base URL.
pub(super) const ATTESTATIONS: &str = "/-/npm/v1/attestations/";

/// A version's manifest, or whatever stands in its place.
#[derive(Debug)]
pub(super) enum Entry<'a> {
    Manifest(Manifest<'a>),
    /// Not an object.
    Other(&'a RawValue),
}

#[derive(Debug)]
pub(super) struct Manifest<'a> {
    pub(super) members: Object<'a>,
    /// `None` when there is none or it is not an object.
    pub(super) dist: Option<Dist<'a>>,
}

#[derive(Debug)]
pub(super) struct Dist<'a> {
    pub(super) members: Object<'a>,
    /// The members of its attestations; `None` when their URL is not one that a registry serves.
    pub(super) attestations: Option<Object<'a>>,
}

impl<'a> Entry<'a> {
    pub(super) fn parse(raw: &'a RawValue) -> Self {
        match object::of(raw) {
            Some(members) => {
                let dist = object::member(&members, "dist").map(Dist::new);
                Self::Manifest(Manifest { members, dist })
            }
            None => Self::Other(raw),
        }
    }

    pub(super) fn dist(&self) -> Option<&Dist<'a>> {
        match self {
            Self::Manifest(manifest) => manifest.dist.as_ref(),
            Self::Other(_) => None,
        }
    }
}

impl Manifest<'_> {
    /// Whether a script runs at installation. Clients that see the abbreviated form only
    /// cannot tell otherwise; an empty script is none to them.
    pub(super) fn has_install_script(&self) -> bool {
        let Some(scripts) = self.members.get("scripts") else { return false };
        // Asked first, as most have none and to parse all scripts is a tenth of the abbreviated form. With
        // a backslash, the key may be spelled otherwise.
        if !scripts.get().contains("install\"") && !scripts.get().contains('\\') {
            return false;
        }
        object::of(scripts).is_some_and(|scripts| {
            ["preinstall", "install", "postinstall"]
                .iter()
                .any(|key| object::text_of(&scripts, key).is_some_and(|text| !text.is_empty()))
        })
    }
}

impl<'a> Dist<'a> {
    pub(super) fn new(members: Object<'a>) -> Self {
        let attestations = object::member(&members, "attestations").filter(are_of_a_registry);
        Self { members, attestations }
    }
}

/// Whether the URL of attestations is one that a registry serves them at.
fn are_of_a_registry(attestations: &Object<'_>) -> bool {
    let url = object::text_of(attestations, "url");
    url.is_some_and(|url| {
        url.split(['?', '#']).next().is_some_and(|url| url.contains(ATTESTATIONS))
    })
}
