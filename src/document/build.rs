//! From an upstream's bytes to an entry's body.
//! Knows nothing of where it is written. Pure work for the blocking pool.

use super::gzip::{GunzipError, gunzip, pack_source, pack_view};
use super::{Head, ORDER, RENDERING};
use crate::base_url::BaseUrl;
use crate::cache::{PartsWriter, hex};
use crate::npm::{Document, DocumentError, Form, PackageName};
use bytes::Bytes;

/// Why an upstream's answer is not kept.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// It is not the packument that was asked for.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// It cannot be unpacked.
    #[error(transparent)]
    Gunzip(#[from] GunzipError),
    /// It is too long.
    #[error("it is longer than {0} bytes (NOPAR_MAX_PACKUMENT)")]
    TooLarge(u64),
    /// Its index cannot be written.
    #[error("its index cannot be written: {0}")]
    Index(#[from] serde_json::Error),
}

/// Checks that `sent` is the packument of `name` and builds the entry's body from it, in pieces.
///
/// # Errors
/// When it is anything else; nothing of it may be kept then.
pub fn build(
    name: &PackageName,
    sent: Bytes,
    packed: bool,
    base: &BaseUrl,
    limit: u64,
) -> Result<Vec<Bytes>, BuildError> {
    let unpacked = if packed { Some(gunzip(&sent, limit)?) } else { None };
    let text: &[u8] = unpacked.as_deref().unwrap_or(&sent);
    if text.len() as u64 > limit {
        return Err(BuildError::TooLarge(limit));
    }
    let document = Document::parse(text)?;
    document.check_name(name)?;
    let index = document.index();
    let view = |form| pack_view(&document, name, form, base.as_str());
    let (full, full_digest) = view(Form::Full);
    let (abbreviated, abbreviated_digest) = view(Form::Abbreviated);
    drop(document);
    let source = if packed { sent.clone() } else { pack_source(text) };
    let head = Head {
        rendering: RENDERING,
        base: base.as_str().to_owned(),
        full: hex(&full_digest),
        abbreviated: hex(&abbreviated_digest),
        modified: index.modified().map(str::to_owned),
    };
    let writer = PartsWriter::default()
        .part(Bytes::from(serde_json::to_vec(&head)?))
        .part(full)
        .part(abbreviated)
        .part(Bytes::from(serde_json::to_vec(&index)?))
        .part(source);
    Ok(writer.finish(&ORDER))
}
