//! A body made of parts that are read one by one, each with its checksum.
//! Knows nothing of what the parts are.
//!
//! ```text
//! 0   u32 number of parts   then per part: u64 offset, u64 length, u32 CRC-32   then u32 CRC-32 of all this
//! …   the parts, one after another
//! ```

use bytes::{BufMut, Bytes, BytesMut};

const ROW: usize = 20;

/// Why a part could not be had.
#[derive(Debug, thiserror::Error)]
pub enum PartError {
    /// The table of parts is damaged.
    #[error("the table of its parts is damaged")]
    Table,
    /// The part's bytes are not those that were written.
    #[error("the checksum of part {0} does not match")]
    Checksum(usize),
    /// The file could not be read.
    #[error("it could not be read: {0}")]
    Read(#[from] std::io::Error),
}

/// The table of a body's parts.
#[derive(Clone, Debug)]
pub struct Parts {
    rows: Vec<Row>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    offset: u64,
    len: u64,
    crc: u32,
}

impl Parts {
    /// How many bytes the table of `count` parts takes at the start of the body.
    pub const fn table_len(count: usize) -> usize {
        4 + count * ROW + 4
    }

    /// Reads the table of `count` parts from a body's first bytes.
    ///
    /// # Errors
    /// When it is damaged, or says another number of parts.
    pub fn read(start: &[u8], count: usize) -> Result<Parts, PartError> {
        let table = start.get(..Parts::table_len(count)).ok_or(PartError::Table)?;
        let (content, crc) = table.split_at(table.len() - 4);
        let whole = crc32fast::hash(content).to_le_bytes() == crc;
        if !whole || number(content, 0, 4) != count as u64 {
            return Err(PartError::Table);
        }
        let rows = (0..count).map(|index| 4 + index * ROW).map(|at| Row {
            offset: number(content, at, 8),
            len: number(content, at + 8, 8),
            crc: number(content, at + 16, 4) as u32,
        });
        Ok(Parts { rows: rows.collect() })
    }

    /// Where part `index` lies in the body: offset and length in bytes.
    pub fn range(&self, index: usize) -> Option<(u64, u64)> {
        self.rows.get(index).map(|row| (row.offset, row.len))
    }

    /// Checks the bytes that were read for part `index`.
    ///
    /// # Errors
    /// When they are not those that were written.
    pub fn check(&self, index: usize, bytes: &[u8]) -> Result<(), PartError> {
        let whole = self
            .rows
            .get(index)
            .is_some_and(|row| row.len == bytes.len() as u64 && row.crc == crc32fast::hash(bytes));
        if whole { Ok(()) } else { Err(PartError::Checksum(index)) }
    }
}

fn number(bytes: &[u8], at: usize, len: usize) -> u64 {
    bytes[at..at + len].iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// Puts a body together.
#[derive(Debug, Default)]
pub struct PartsWriter {
    parts: Vec<Bytes>,
}

impl PartsWriter {
    /// Adds the next part.
    pub fn part(mut self, bytes: Bytes) -> PartsWriter {
        self.parts.push(bytes);
        self
    }

    /// The body, in pieces to be written one after another. `order` has the number of each part once:
    /// in that order they lie in the file, what is read first in front.
    pub fn finish(self, order: &[usize]) -> Vec<Bytes> {
        let count = self.parts.len();
        let mut offsets = vec![0; count];
        let mut offset = Parts::table_len(count) as u64;
        for &number in order {
            offsets[number] = offset;
            offset += self.parts[number].len() as u64;
        }
        let mut table = BytesMut::with_capacity(Parts::table_len(count));
        table.put_u32_le(count as u32);
        for (part, offset) in self.parts.iter().zip(offsets) {
            table.put_u64_le(offset);
            table.put_u64_le(part.len() as u64);
            table.put_u32_le(crc32fast::hash(part));
        }
        let crc = crc32fast::hash(&table);
        table.put_u32_le(crc);
        let mut body = vec![table.freeze()];
        body.extend(order.iter().map(|&number| self.parts[number].clone()));
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_read_back_and_damage_is_noticed() {
        let parts = ["", "one", "twenty-two"];
        let writer = parts.iter().fold(PartsWriter::default(), |writer, part| {
            writer.part(Bytes::from_static(part.as_bytes()))
        });
        let body: Vec<u8> = writer.finish(&[0, 2, 1]).concat();
        assert!(body.ends_with(b"twenty-twoone"));
        let table = Parts::read(&body, parts.len()).unwrap();
        for (index, part) in parts.iter().enumerate() {
            let (offset, len) = table.range(index).unwrap();
            let bytes = &body[offset as usize..(offset + len) as usize];
            assert_eq!(bytes, part.as_bytes());
            table.check(index, bytes).unwrap();
        }
        assert!(table.check(1, b"onE").is_err());
        assert!(Parts::read(&body, 2).is_err());
        for at in 0..Parts::table_len(3) {
            let mut damaged = body.clone();
            damaged[at] ^= 1;
            assert!(Parts::read(&damaged, 3).is_err(), "byte {at} went unnoticed");
        }
    }
}
