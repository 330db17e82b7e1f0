//! From an upstream's bytes to an entry's body.
//! Knows nothing of where it is written. Pure work for the blocking pool.

use super::gzip::{GunzipError, gunzip, pack_source, pack_view};
use super::{Forms, Head, ORDER, RENDERING, Written};
use crate::base_url::BaseUrl;
use crate::cache::PartsWriter;
use crate::npm::{Document, DocumentError, Form, PackageName, hex};
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

/// What is to be made of a packument that came in.
#[derive(Clone, Debug)]
pub struct Order {
    /// The package that was asked for.
    pub name: PackageName,
    /// The base URL of the views.
    pub base: BaseUrl,
    /// The views: making one is half of the work, and most fleets ask for one of the two forms.
    pub forms: Forms,
    /// How long the packument may be, in bytes.
    pub limit: u64,
}

/// An entry's body, and what of it may be asked for at once.
#[derive(Debug)]
pub struct Built {
    /// The body, in pieces to be written one after another.
    pub body: Vec<Bytes>,
    pub(super) head: Head,
    pub(super) views: Vec<(Form, Bytes)>,
}

/// Checks that `sent` is the packument that was asked for and builds the entry's body from it.
///
/// # Errors
/// When it is anything else; nothing of it may be kept then.
pub fn build(order: &Order, sent: Bytes, packed: bool) -> Result<Built, BuildError> {
    let unpacked = if packed { Some(gunzip(&sent, order.limit)?) } else { None };
    let text: &[u8] = unpacked.as_deref().unwrap_or(&sent);
    if text.len() as u64 > order.limit {
        return Err(BuildError::TooLarge(order.limit));
    }
    let document = Document::parse(text)?;
    document.check_name(&order.name)?;
    let index = document.index();
    let base = order.base.as_str();
    let views: Vec<(Form, Bytes)> = [Form::Full, Form::Abbreviated]
        .into_iter()
        .filter(|form| order.forms.has(*form))
        .map(|form| (form, pack_view(&document, &order.name, form, base)))
        .collect();
    let head = Head {
        rendering: RENDERING,
        base: base.to_owned(),
        full: hex(&document.digest(&order.name, Form::Full)),
        abbreviated: hex(&document.digest(&order.name, Form::Abbreviated)),
        modified: index.modified().map(str::to_owned),
    };
    let brief = document.brief();
    drop(document);
    let view = |form| {
        let made = views.iter().find(|(made, _)| *made == form);
        made.map(|(_, view)| view.clone()).unwrap_or_default()
    };
    let body = PartsWriter::default()
        .part(Bytes::from(serde_json::to_vec(&Written { head: &head, brief: &brief })?))
        .part(view(Form::Full))
        .part(view(Form::Abbreviated))
        .part(Bytes::from(serde_json::to_vec(&index)?))
        .part(if packed { sent.clone() } else { pack_source(text) })
        .finish(&ORDER);
    Ok(Built { body, head, views })
}
