//! npm's vocabulary: names, tarballs, integrity, packuments and their rewriting.
//! Knows nothing of NOPAR's own addresses, disk or configuration; cannot fail for reasons outside its input.

pub mod audit;
mod bounded;
mod dependency;
mod digester;
pub mod dist_tag;
mod hex;
pub mod hosted;
pub mod integrity;
mod json;
pub mod name;
mod one_line;
pub mod packument;
pub mod publish;
mod range;
mod repository;
mod secret;
pub mod selector;
mod signature;
pub mod tarball;
mod url_path;
pub mod version;

pub use bounded::TooMany;
pub use dependency::{Dependency, DependencyKind};
pub use digester::Digester;
pub use dist_tag::{DistTag, InvalidDistTag};
pub use hex::{hex, is_sha256};
pub use integrity::Integrity;
pub use name::{InvalidName, PackageName};
pub use one_line::one_line;
pub use packument::{
    About, AboutVersion, Brief, Document, DocumentError, Form, Index, IndexedVersion, Need,
    NeedKind, Needs, Readme, Template, TemplateDigest,
};
pub use range::Range;
pub use repository::{Repository, http_link};
pub use secret::{holds_token, without_tokens};
pub use selector::{InvalidSelector, Selector};
pub use signature::{Signature, signed_text};
pub use tarball::{InvalidTarballName, TarballName};
pub use url_path::encode_segment;
pub use version::{InvalidVersion, Version};
