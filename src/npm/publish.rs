//! The body of `PUT /PKG`: a package document with a tarball inside.
//! Knows nothing of what is published already, nor of where bytes go.
//!
//! It arrives in pieces. [`Scanner`] keeps what is not tarball, and decodes the tarball as it comes; what it kept is
//! a [`PublishDocument`], or a document that publishes nothing and changes something.

mod body;
mod data;
mod document;
mod error;
mod provenance;
mod scanner;

pub mod growth;

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;

pub use data::DataError;
pub use document::{PublishDocument, Put};
pub use error::PublishError;
pub use provenance::Provenance;
pub use scanner::{ScanError, Scanner};
