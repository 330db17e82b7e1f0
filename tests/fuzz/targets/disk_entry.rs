//! Any bytes as an entry's file: no panic, no memory taken for lengths that are not there, and no body
//! that differs from the file's.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use nopar::cache::{PartError, Parts, fuzzing};
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    TempDir::new_in(parent).expect("a directory")
});

const PROLOGUE: usize = 64;
/// Parts of a packument's body, and the length of their table without its checksum.
const PARTS: usize = 5;
const TABLE: usize = 4 + PARTS * 20;

fuzz_target!(|input: &[u8]| {
    let Some((choice, bytes)) = input.split_first() else { return };
    match choice % 4 {
        0 => entry(bytes),
        1 => entry(&sealed(bytes.to_vec())),
        2 => parts(bytes.to_vec()),
        _ => name(bytes),
    }
});

fn entry(file: &[u8]) {
    let Some(body) = fuzzing::body(&FOLDER.path().join("entry"), file) else { return };
    assert!(file[number(file, 8)..].starts_with(&body));
}

fn name(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    assert!(fuzzing::name(text).is_none_or(|again| again == text));
}

fn parts(mut body: Vec<u8>) {
    if let Some(sum) = body.get(..TABLE).map(crc32fast::hash)
        && let Some(place) = body.get_mut(TABLE..TABLE + 4)
    {
        place.copy_from_slice(&sum.to_le_bytes());
    }
    let Ok(parts) = Parts::read(&body, PARTS) else { return };
    for number in 0..=PARTS {
        let range = parts.range(number);
        assert_eq!(range.is_some(), number < PARTS);
        let bytes = range.and_then(|(offset, len)| {
            let (offset, len) = (usize::try_from(offset).ok()?, usize::try_from(len).ok()?);
            body.get(offset..offset.checked_add(len)?)
        });
        assert!(bytes.is_none_or(|bytes| match parts.check(number, bytes) {
            Ok(()) => true,
            Err(error) => matches!(error, PartError::Checksum(of) if of == number),
        }));
    }
}

/// Makes the checksums those of the bytes, as far as there is room for them: damage that a checksum
/// would notice is tried without this.
fn sealed(mut file: Vec<u8>) -> Vec<u8> {
    if file.len() < PROLOGUE {
        return file;
    }
    file[..8].copy_from_slice(b"NOPARC02");
    let (body_at, json_len) = (number(&file, 8), number(&file, 12));
    if let Some(json) = file.get(PROLOGUE..PROLOGUE + json_len) {
        let sum = crc32fast::hash(json);
        file[16..20].copy_from_slice(&sum.to_le_bytes());
    }
    let sum = crc32fast::hash(&file[20..44]);
    file[44..48].copy_from_slice(&sum.to_le_bytes());
    seal_body(&mut file, body_at);
    file
}

/// The table behind a body of one chunk.
fn seal_body(file: &mut [u8], body_at: usize) {
    let Some(end) = file.len().checked_sub(8).filter(|end| body_at <= *end) else { return };
    let sum = crc32fast::hash(&file[body_at..end]);
    file[end..end + 4].copy_from_slice(&sum.to_le_bytes());
    let own = crc32fast::hash(&file[end..end + 4]);
    file[end + 4..].copy_from_slice(&own.to_le_bytes());
}

fn number(file: &[u8], at: usize) -> usize {
    let bytes = file[at..at + 4].try_into().expect("4 bytes");
    u32::from_le_bytes(bytes) as usize
}
