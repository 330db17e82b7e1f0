//! What was found wrong, in words.
//! Knows nothing of how it was found, nor of who is told.

use crate::npm::PackageName;
use serde::Serialize;
use std::path::Path;

/// In which directory something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Where {
    /// That of the registry: hosted packages, which exist nowhere else.
    Registry,
    /// That of the cache: copies.
    Cache,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Where it is.
    pub place: Where,
    /// The file, below that directory.
    pub path: String,
    /// Whether something is lost, or cannot be served; else it is told for the sake of order.
    #[serde(skip)]
    pub is_damage: bool,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// Of which version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What is wrong, as a sentence without its end.
    pub what: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// Whether that was done.
    #[serde(skip)]
    pub is_mended: bool,
}

/// What is told while something is looked at.
#[derive(Debug)]
pub enum Step {
    /// There is so much more to do.
    Expected(u64),
    /// So much is done.
    Done(u64),
    /// Something is wrong.
    Found(Box<Finding>),
}

/// Who is told.
pub type Watch<'a> = dyn FnMut(Step) + 'a;

impl Finding {
    /// Damage.
    pub fn damage(place: Where, path: &Path, what: impl Into<String>) -> Finding {
        Finding {
            place,
            path: path.display().to_string(),
            is_damage: true,
            package: None,
            version: None,
            what: what.into(),
            remedy: None,
            is_mended: false,
        }
    }

    /// Something harmless.
    pub fn note(place: Where, path: &Path, what: impl Into<String>) -> Finding {
        Finding { is_damage: false, ..Finding::damage(place, path, what) }
    }

    /// The same of a package.
    #[must_use]
    pub fn of(self, name: &PackageName) -> Finding {
        Finding { package: Some(name.to_string()), ..self }
    }

    /// The same of a version of it.
    #[must_use]
    pub fn of_version(self, version: &str) -> Finding {
        Finding { version: Some(version.to_owned()), ..self }
    }

    /// The same, with what to do.
    #[must_use]
    pub fn remedy(self, remedy: impl Into<String>) -> Finding {
        Finding { remedy: Some(remedy.into()), ..self }
    }
}
