//! Files digested, and what errors say of them.
//! Knows nothing of whose they are.

use crate::npm::{Digester, Integrity};
use std::fs::File;
use std::io::{self, Read};

/// How much is read at once, in bytes.
const PIECE: usize = 256 << 10;

/// The digests of a file, of the kind that is `expected` among them.
///
/// # Errors
/// When it cannot be read.
pub fn digests_of(mut file: File, expected: Option<&Integrity>) -> io::Result<(u64, Integrity)> {
    let (mut digester, mut piece, mut len) = (Digester::new(expected), vec![0; PIECE], 0);
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok((len, digester.finish())),
            Ok(read) => {
                digester.update(&piece[..read]);
                len += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// What is wrong with bytes that digest to this, if they are not those that are `expected`.
pub fn is_damage(digests: &Integrity, expected: &Integrity) -> Option<String> {
    if digests.matches(expected) == Some(true) {
        return None;
    }
    let expected = &expected.strongest()[0];
    let same = |digest: &&_| {
        let digest: &crate::npm::integrity::Digest = digest;
        digest.algorithm() == expected.algorithm()
    };
    let found = digests.digests().iter().find(same).map(ToString::to_string);
    Some(format!(
        "its bytes are not those that were published: their digest is {}, expected {expected}",
        found.unwrap_or_default()
    ))
}
