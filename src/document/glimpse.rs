//! What a document is in short, by the first bytes of its entry: for who looks at very many of them.
//! Knows nothing of how those bytes are read, nor of what is told of them.

use super::{DocumentLost, PARTS, Part, on_source};
use crate::cache::{PartError, Parts};
use crate::npm::Brief;
use bytes::Bytes;
use serde::Deserialize;

/// What the first bytes of an entry's body tell.
#[derive(Debug)]
pub enum Glimpse {
    /// This.
    Brief(Brief),
    /// It is told by so many first bytes.
    Longer(u64),
    /// Nothing, as an older NOPAR has written it: the source tells.
    Source(Source),
}

/// Where the source of a document is.
#[derive(Debug)]
pub struct Source {
    parts: Parts,
    /// How far into the body it begins, in bytes.
    pub at: u64,
    /// How long it is there, in bytes.
    pub len: u64,
}

/// What of a head is read here; older ones have no such thing.
#[derive(Deserialize)]
struct Told {
    brief: Option<Brief>,
}

impl Glimpse {
    /// Reads the first bytes of a body.
    ///
    /// # Errors
    /// When they are not those of a packument's entry.
    pub fn read(start: &[u8]) -> Result<Glimpse, DocumentLost> {
        let table = Parts::table_len(PARTS);
        if start.len() < table {
            return Ok(Glimpse::Longer(table as u64));
        }
        let parts = Parts::read(start, PARTS)?;
        let range = |part: Part| parts.range(part as usize).ok_or(PartError::Table);
        let (at, len) = range(Part::Head)?;
        let end = at.checked_add(len).ok_or(PartError::Table)?;
        // A length of what is in memory, if it is within that.
        let Some(head) = start.get(at as usize..end as usize) else {
            return Ok(Glimpse::Longer(end));
        };
        parts.check(Part::Head as usize, head)?;
        if let Some(brief) = serde_json::from_slice::<Told>(head)?.brief {
            return Ok(Glimpse::Brief(brief));
        }
        let (at, len) = range(Part::Source)?;
        Ok(Glimpse::Source(Source { parts, at, len }))
    }
}

impl Source {
    /// The document in short, by its source as it lies there. Waits for the turn of a document of that length.
    ///
    /// # Errors
    /// When it is damaged.
    pub async fn brief(self, bytes: Bytes) -> Result<Brief, DocumentLost> {
        self.parts.check(Part::Source as usize, &bytes)?;
        on_source(bytes, true, |document| document.brief()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base_url::BaseUrl;
    use crate::cache::PartsWriter;
    use crate::document::{Forms, ORDER, Order, build};

    const TEXT: &str = r#"{"name":"a","dist-tags":{"latest":"1.0.0"},
        "versions":{"1.0.0":{"description":"it does","dependencies":{"b":"^1.0.0"}}}}"#;

    fn body() -> Bytes {
        let order = Order {
            name: "a".parse().unwrap(),
            base: BaseUrl::parse("http://npm.example").unwrap(),
            forms: Forms::default(),
            limit: 1 << 20,
        };
        let built = build(&order, Bytes::from_static(TEXT.as_bytes()), false).unwrap();
        built.body.concat().into()
    }

    fn expected() -> Brief {
        crate::npm::Document::parse(TEXT.as_bytes()).unwrap().brief()
    }

    #[test]
    fn the_first_bytes_of_a_document_tell_what_it_is() {
        let body = body();
        let mut len = 0;
        let brief = loop {
            match Glimpse::read(&body[..len]).unwrap() {
                Glimpse::Brief(brief) => break brief,
                Glimpse::Longer(more) => {
                    assert!(more as usize > len, "{more} after {len}");
                    len = more as usize;
                }
                Glimpse::Source(_) => panic!("it is told in the head"),
            }
        };
        assert_eq!(brief, expected());
        assert!(len < body.len());
    }

    #[tokio::test]
    async fn of_an_older_entry_the_source_tells() {
        let new = body();
        let parts = Parts::read(&new, PARTS).unwrap();
        let part = |number: usize| {
            let (at, len) = parts.range(number).unwrap();
            new.slice(at as usize..(at + len) as usize)
        };
        let head = r#"{"rendering":3,"base":"http://npm.example","full":"","abbreviated":""}"#;
        let writer = PartsWriter::default().part(Bytes::from_static(head.as_bytes()));
        let writer = (1..PARTS).fold(writer, |writer, number| writer.part(part(number)));
        let old: Bytes = writer.finish(&ORDER).concat().into();
        let Glimpse::Source(source) = Glimpse::read(&old).unwrap() else {
            panic!("nothing is told in the head");
        };
        let bytes = old.slice(source.at as usize..(source.at + source.len) as usize);
        assert_eq!(source.brief(bytes).await.unwrap(), expected());
        let Glimpse::Source(source) = Glimpse::read(&old).unwrap() else { panic!("as before") };
        assert!(source.brief(Bytes::from_static(b"damaged")).await.is_err());
    }

    #[test]
    fn damage_is_noticed() {
        let mut damaged = body().to_vec();
        let first = Parts::table_len(PARTS);
        damaged[first + 3] ^= 1;
        assert!(Glimpse::read(&damaged).is_err());
        damaged[3] ^= 1;
        assert!(Glimpse::read(&damaged).is_err());
    }
}
