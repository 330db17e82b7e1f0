//! Whether the body of an entry is whole, for who looks at all of them: each part against its checksum.
//! Knows nothing of files, nor of what is done about one that is not.

use super::{DocumentLost, Head, PARTS, Part, attestations, keys, later};
use crate::cache::{PartError, Parts, Thing};
use crate::npm::Index;

/// Checks all parts of the body of an entry that holds this. What a packument says of its tarballs.
///
/// # Errors
/// What is wrong with it.
pub fn examine(thing: Thing<'_>, body: &[u8]) -> Result<Option<Index>, DocumentLost> {
    let count = match thing {
        Thing::Packument(_) => PARTS,
        Thing::View(_) => later::PARTS,
        Thing::Attestations(..) => attestations::PARTS,
        Thing::Keys => keys::PARTS,
        // One whole, which has other checksums.
        Thing::Tarball(..) => return Ok(None),
    };
    let parts = Parts::read(body, count)?;
    for number in 0..count {
        parts.check(number, part(&parts, number, body)?)?;
    }
    if !matches!(thing, Thing::Packument(_)) {
        return Ok(None);
    }
    serde_json::from_slice::<Head>(part(&parts, Part::Head as usize, body)?)?;
    Ok(Some(serde_json::from_slice(part(&parts, Part::Index as usize, body)?)?))
}

fn part<'a>(parts: &Parts, number: usize, body: &'a [u8]) -> Result<&'a [u8], PartError> {
    let (at, len) = parts.range(number).ok_or(PartError::Table)?;
    let end = at.checked_add(len).ok_or(PartError::Table)?;
    let range = usize::try_from(at).ok().zip(usize::try_from(end).ok());
    range.and_then(|(at, end)| body.get(at..end)).ok_or(PartError::Table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base_url::BaseUrl;
    use crate::cache::PartsWriter;
    use crate::document::{Forms, Order, build};
    use bytes::Bytes;

    const TEXT: &str = r#"{"name":"a","versions":{"1.0.0":{"dist":
        {"tarball":"https://registry.example/a/-/a-1.0.0.tgz","shasum":"da39a3ee5e6b4b0d3255bfef95601890afd80709"}}}}"#;

    fn packument() -> Vec<u8> {
        let order = Order {
            name: "a".parse().unwrap(),
            base: BaseUrl::parse("http://npm.example").unwrap(),
            forms: Forms::default(),
            limit: 1 << 20,
        };
        build(&order, Bytes::from_static(TEXT.as_bytes()), false).unwrap().body.concat()
    }

    #[test]
    fn a_whole_packument_tells_of_its_tarballs_and_each_damaged_byte_is_noticed() {
        let body = packument();
        let index = examine(Thing::Packument("a"), &body).unwrap().unwrap();
        assert!(index.by_version("1.0.0").unwrap().1.digests().is_some());
        for at in 0..body.len() {
            let mut damaged = body.clone();
            damaged[at] ^= 1;
            assert!(examine(Thing::Packument("a"), &damaged).is_err(), "byte {at}");
        }
        assert!(examine(Thing::Packument("a"), &body[..body.len() - 1]).is_err());
    }

    #[test]
    fn of_everything_else_the_parts_are_checked() {
        for (thing, count) in
            [(Thing::View("a"), 2), (Thing::Attestations("a", "1.0.0"), 2), (Thing::Keys, 1)]
        {
            let writer = (0..count)
                .fold(PartsWriter::default(), |it, _| it.part(Bytes::from_static(b"part")));
            let order: Vec<usize> = (0..count).collect();
            let mut body = writer.finish(&order).concat();
            assert!(examine(thing, &body).unwrap().is_none(), "{thing:?}");
            *body.last_mut().unwrap() ^= 1;
            assert!(examine(thing, &body).is_err(), "{thing:?}");
        }
    }
}
