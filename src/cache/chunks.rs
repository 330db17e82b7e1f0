//! Checksums of a long body, one per chunk, so that each piece is checked as it is read.
//! Knows nothing of files.

/// Length of a chunk in bytes: also how much of a body is read at a time. Large enough that the hop to
/// the blocking pool is lost in the copying, small enough that a thousand slow readers hold little.
pub(crate) const CHUNK: u64 = 256 * 1024;

/// Makes the table of a body that passes by.
#[derive(Debug, Default)]
pub(super) struct Summer {
    done: Vec<u32>,
    current: crc32fast::Hasher,
    in_current: u64,
}

impl Summer {
    /// The next bytes of the body.
    pub(super) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = usize::try_from(CHUNK - self.in_current).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(bytes.len().min(room));
            self.current.update(now);
            self.in_current += now.len() as u64;
            if self.in_current == CHUNK {
                self.end_chunk();
            }
            bytes = later;
        }
    }

    fn end_chunk(&mut self) {
        self.done.push(std::mem::take(&mut self.current).finalize());
        self.in_current = 0;
    }

    /// The table, after the last byte.
    pub(super) fn finish(mut self) -> Sums {
        if self.in_current > 0 {
            self.end_chunk();
        }
        Sums(self.done)
    }
}

/// The table: a CRC-32 per chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sums(Vec<u32>);

impl Sums {
    /// Length in bytes of the table of a body this long, its own checksum included.
    pub(super) fn encoded_len(body_len: u64) -> u64 {
        body_len.div_ceil(CHUNK) * 4 + 4
    }

    /// The table as it lies behind the body.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.0.iter().flat_map(|sum| sum.to_le_bytes()).collect();
        let own = crc32fast::hash(&bytes);
        bytes.extend(own.to_le_bytes());
        bytes
    }

    /// Reads a table. `None` when it is damaged.
    pub(super) fn decode(bytes: &[u8]) -> Option<Sums> {
        let (table, own) = bytes.split_last_chunk::<4>()?;
        if crc32fast::hash(table) != u32::from_le_bytes(*own) {
            return None;
        }
        let number = |sum: &[u8]| sum.try_into().map(u32::from_le_bytes).ok();
        table.chunks(4).map(number).collect::<Option<_>>().map(Sums)
    }

    /// Whether `bytes` are those of chunk `number`.
    pub(super) fn check(&self, number: u64, bytes: &[u8]) -> bool {
        let sum = usize::try_from(number).ok().and_then(|number| self.0.get(number));
        sum.is_some_and(|sum| *sum == crc32fast::hash(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_does_not_depend_on_how_the_body_came() {
        let body: Vec<u8> = (0..CHUNK * 2 + 17).map(|n| (n % 251) as u8).collect();
        let summed = |piece: usize| {
            let mut summer = Summer::default();
            body.chunks(piece).for_each(|bytes| summer.update(bytes));
            summer.finish()
        };
        let sums = summed(body.len());
        assert_eq!(sums.0.len(), 3);
        for piece in [1000, CHUNK as usize, CHUNK as usize + 1] {
            assert_eq!(summed(piece), sums);
        }
        let encoded = sums.encode();
        assert_eq!(encoded.len() as u64, Sums::encoded_len(body.len() as u64));
        assert_eq!(Sums::decode(&encoded), Some(sums.clone()));
        for (number, bytes) in body.chunks(CHUNK as usize).enumerate() {
            assert!(sums.check(number as u64, bytes));
            assert!(!sums.check(number as u64, &bytes[1..]));
        }
        assert!(!sums.check(3, b""));
        let mut damaged = encoded;
        damaged[5] ^= 1;
        assert_eq!(Sums::decode(&damaged), None);
    }

    #[test]
    fn an_empty_body_has_an_empty_table() {
        let sums = Summer::default().finish();
        assert_eq!(Sums::decode(&sums.encode()), Some(sums));
        assert_eq!(Sums::encoded_len(0), 4);
    }
}
