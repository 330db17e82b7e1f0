//! gzip as registries send it.
//! Knows nothing of what is packed.

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

/// Packs `text` at the usual level.
pub(crate) fn gzip(text: &[u8]) -> Bytes {
    let mut packer = GzEncoder::new(Vec::new(), Compression::new(6));
    packer.write_all(text).expect("memory takes it");
    Bytes::from(packer.finish().expect("memory takes it"))
}
