//! Answers that are for who asked, and for nobody else: no cache on the way may keep them for others.
//! Knows nothing of who may read what.

use super::carried::{self, Carried};
use http::header;
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora_proxy::Session;

/// Whether an answer is one; it is not, by default.
#[derive(Debug, Default)]
pub(super) struct Private(bool);

/// Makes an answer one that is for who asked.
///
/// # Errors
/// None that can happen: the words are fit for headers.
pub(super) fn dress(header: &mut ResponseHeader) -> Result<()> {
    let said = header.headers.get(header::CACHE_CONTROL);
    let said = said.and_then(|value| value.to_str().ok()).unwrap_or("no-cache");
    // RFC 9111 §5.2.2.7: `private` in place of `public`, whatever else is said.
    let others = said.split(',').map(str::trim).filter(|it| !it.is_empty() && *it != "public");
    let private = std::iter::once("private").chain(others.filter(|it| *it != "private"));
    let private: Vec<&str> = private.collect();
    header.insert_header(header::CACHE_CONTROL, private.join(", "))?;
    header.append_header(header::VARY, "Authorization")?;
    Ok(())
}

/// Settles that the answer is one, whichever way it goes out.
pub(super) fn settle(session: &mut Session) {
    carried::settle(session, Private(true));
}

impl Carried for Private {
    fn dress(&self, header: &mut ResponseHeader) -> Result<()> {
        if self.0 { dress(header) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cache_keeps_for_others_what_is_private() {
        for (said, expected) in [
            (Some("public, max-age=31536000, immutable"), "private, max-age=31536000, immutable"),
            (Some("no-cache"), "private, no-cache"),
            (Some("private, no-store"), "private, no-store"),
            (Some("no-store"), "private, no-store"),
            (None, "private, no-cache"),
        ] {
            let mut header = ResponseHeader::build(200, None).unwrap();
            if let Some(said) = said {
                header.insert_header(header::CACHE_CONTROL, said).unwrap();
            }
            header.insert_header(header::VARY, "Accept").unwrap();
            dress(&mut header).unwrap();
            assert_eq!(header.headers[header::CACHE_CONTROL], expected);
            assert_eq!(header.headers.get_all(header::VARY).iter().count(), 2);
        }
    }
}
