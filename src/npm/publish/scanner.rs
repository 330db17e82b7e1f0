//! Takes a publish document apart as it arrives: what is attached goes one way, the rest another.
//! Knows nothing of what the document means, nor whether it is JSON: what is left of it is parsed later, and
//! is invalid if this was.
//!
//! A document is a few kilobytes with a tarball of up to hundreds of megabytes inside, in base64. Only strings
//! at `_attachments.<name>.data` are taken out; an empty string stands in their place.

use super::data::{DataError, Decoder};
use super::growth::extend;

/// Longest key that is looked at, in bytes as they stand in the document: a name of 214 characters and a version.
const LONGEST_KEY: usize = 4096;
/// Ending of attachments that are text and stay in the document: sigstore bundles.
const TEXT_ENDING: &str = ".sigstore";
/// Objects that are looked into: the document, its attachments, one of them.
const LEVELS: usize = 3;

/// Why a body cannot be a publish document.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// The document without its tarball is too long.
    #[error("the document is longer than {0} bytes without its tarball")]
    TooLarge(usize),
    /// A publish is of one version.
    #[error("more than one tarball is attached")]
    SecondTarball,
    /// The tarball is not base64.
    #[error("the tarball that is attached is not valid base64")]
    Data(#[from] DataError),
    /// The body ended too early.
    #[error("the document is cut short")]
    Cut,
}

#[derive(Debug)]
enum State {
    /// Between strings.
    Between,
    /// In a string that stays; `key` gathers it if it is one that is looked at.
    Text { escaped: bool, is_key: bool },
    /// In the data of a tarball, perhaps behind a backslash.
    Data { escape: Option<Vec<u8>> },
}

/// What is open at one of the levels that are looked into.
#[derive(Debug, Default)]
struct Level {
    is_object: bool,
    /// The next string is a key.
    at_key: bool,
    /// The last key, decoded; empty if it was too long to be one that matters.
    key: String,
}

/// A document that arrives.
#[derive(Debug)]
pub struct Scanner {
    limit: usize,
    document: Vec<u8>,
    state: State,
    levels: [Level; LEVELS],
    /// How many objects and arrays are open.
    depth: usize,
    /// The key that is being read, as it stands in the document.
    key: Vec<u8>,
    /// Once there is a tarball.
    decoder: Option<Decoder>,
    /// The first key in `versions`, once it was read.
    version: Option<String>,
}

impl Scanner {
    /// For a document of at most `limit` bytes without its tarball.
    pub fn new(limit: usize) -> Scanner {
        Scanner {
            limit,
            document: Vec::new(),
            state: State::Between,
            levels: Default::default(),
            depth: 0,
            key: Vec::new(),
            decoder: None,
            version: None,
        }
    }

    /// The next bytes of the body; those of the tarball among them are appended to `tarball`, decoded.
    ///
    /// # Errors
    /// When it cannot be a publish document, whatever follows.
    pub fn feed(&mut self, mut bytes: &[u8], tarball: &mut Vec<u8>) -> Result<(), ScanError> {
        while !bytes.is_empty() {
            let taken = match &mut self.state {
                State::Between => self.between(bytes)?,
                State::Text { .. } => self.text(bytes)?,
                State::Data { .. } => self.data(bytes, tarball)?,
            };
            bytes = &bytes[taken..];
        }
        Ok(())
    }

    /// How many bytes of the document were kept so far.
    pub fn kept(&self) -> usize {
        self.document.len()
    }

    /// Whether the data of a tarball has begun.
    pub fn has_tarball(&self) -> bool {
        self.decoder.is_some()
    }

    /// The version that is to be published, as far as it is known by now: clients write `versions` before what is
    /// attached, but need not. It is what stands there, be it a version or not.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The document without its tarball, and whether there was one. What is left of the tarball is appended to
    /// `tarball`.
    ///
    /// # Errors
    /// When the body ended in the middle, or what was attached is not base64.
    pub fn finish(self, tarball: &mut Vec<u8>) -> Result<(Vec<u8>, bool), ScanError> {
        if self.depth > 0 || !matches!(self.state, State::Between) {
            return Err(ScanError::Cut);
        }
        let had_tarball = self.decoder.is_some();
        if let Some(decoder) = self.decoder {
            decoder.finish(tarball)?;
        }
        Ok((self.document, had_tarball))
    }

    /// One byte outside strings.
    fn between(&mut self, bytes: &[u8]) -> Result<usize, ScanError> {
        let byte = bytes[0];
        self.keep(&bytes[..1])?;
        match byte {
            b'"' => self.begin_string()?,
            b'{' | b'[' => {
                if let Some(level) = self.levels.get_mut(self.depth) {
                    let is_object = byte == b'{';
                    *level = Level { is_object, at_key: is_object, key: String::new() };
                }
                self.depth += 1;
            }
            // More of them than were opened is no JSON, as its parser will say.
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b',' => {
                if let Some(level) = self.level() {
                    level.at_key = level.is_object;
                }
            }
            b':' => {
                if let Some(level) = self.level() {
                    level.at_key = false;
                }
            }
            _ => {}
        }
        Ok(1)
    }

    /// The innermost level, if it is one that is looked into.
    fn level(&mut self) -> Option<&mut Level> {
        self.levels.get_mut(self.depth.checked_sub(1)?)
    }

    fn begin_string(&mut self) -> Result<(), ScanError> {
        let is_key = self.level().is_some_and(|level| level.at_key);
        if is_key || !self.is_data() {
            self.key.clear();
            self.state = State::Text { escaped: false, is_key };
            return Ok(());
        }
        if self.decoder.replace(Decoder::default()).is_some() {
            return Err(ScanError::SecondTarball);
        }
        self.state = State::Data { escape: None };
        Ok(())
    }

    /// Whether a value that begins here is the data of a tarball.
    fn is_data(&self) -> bool {
        let [document, attachments, attachment] = &self.levels;
        self.depth == LEVELS
            && self.levels.iter().all(|level| level.is_object)
            && document.key == "_attachments"
            && !attachments.key.ends_with(TEXT_ENDING)
            && attachment.key == "data"
    }

    /// A string that stays, to its end or that of the bytes.
    fn text(&mut self, bytes: &[u8]) -> Result<usize, ScanError> {
        let State::Text { escaped, is_key } = &mut self.state else { return Ok(0) };
        let mut end = None;
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                _ if *escaped => *escaped = false,
                b'\\' => *escaped = true,
                b'"' => {
                    end = Some(at);
                    break;
                }
                _ => {}
            }
        }
        let (is_key, taken) = (*is_key, end.map_or(bytes.len(), |end| end + 1));
        if is_key {
            // No more than tells that it is too long: it is held as long as the body takes.
            let rest = (LONGEST_KEY + 1).saturating_sub(self.key.len());
            let end = end.unwrap_or(bytes.len()).min(rest);
            self.key.extend_from_slice(&bytes[..end]);
        }
        self.keep(&bytes[..taken])?;
        if end.is_some() {
            if is_key {
                self.end_key();
            }
            self.state = State::Between;
        }
        Ok(taken)
    }

    fn end_key(&mut self) {
        let key = if self.key.len() <= LONGEST_KEY { unescaped(&self.key) } else { None };
        if let Some(level) = self.level() {
            level.key = key.unwrap_or_default();
            level.at_key = false;
        }
        let [document, versions, _] = &self.levels;
        if self.depth == 2 && document.is_object && document.key == "versions" {
            self.version.get_or_insert_with(|| versions.key.clone());
        }
    }

    /// The data of a tarball, to its end, or to a backslash, or to that of the bytes.
    fn data(&mut self, bytes: &[u8], tarball: &mut Vec<u8>) -> Result<usize, ScanError> {
        let State::Data { escape } = &mut self.state else { return Ok(0) };
        let Some(decoder) = &mut self.decoder else { return Ok(0) };
        if let Some(escape) = escape {
            escape.push(bytes[0]);
            let whole = if escape[0] == b'u' { escape.len() == 5 } else { true };
            if whole {
                let mut text = vec![b'\\'];
                text.append(escape);
                let text = unescaped(&text).ok_or(DataError)?;
                decoder.feed(text.as_bytes(), tarball)?;
                self.state = State::Data { escape: None };
            }
            return Ok(1);
        }
        let end = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\'));
        decoder.feed(&bytes[..end.unwrap_or(bytes.len())], tarball)?;
        let Some(end) = end else { return Ok(bytes.len()) };
        if bytes[end] == b'\\' {
            self.state = State::Data { escape: Some(Vec::new()) };
        } else {
            self.keep(b"\"")?;
            self.state = State::Between;
        }
        Ok(end + 1)
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), ScanError> {
        if self.document.len() + bytes.len() > self.limit {
            return Err(ScanError::TooLarge(self.limit));
        }
        extend(&mut self.document, bytes);
        Ok(())
    }
}

/// What stands between two quotes, as the string it is.
fn unescaped(raw: &[u8]) -> Option<String> {
    let quoted = [b"\"", raw, b"\""].concat();
    serde_json::from_slice(&quoted).ok()
}

#[cfg(test)]
mod tests {
    use super::super::growth::stepped;
    use super::*;

    /// Who sends a megabyte of a key and then nothing made it be held twice, and what doubled twice that.
    #[test]
    fn what_is_held_is_the_document_and_little_more() {
        let (mut scanner, mut tarball) = (Scanner::new(4 << 20), Vec::new());
        scanner.feed(b"{\"", &mut tarball).unwrap();
        for _ in 0..17 {
            scanner.feed(&[b'k'; 65_000], &mut tarball).unwrap();
            assert!(scanner.key.capacity() <= 2 * LONGEST_KEY, "{}", scanner.key.capacity());
        }
        scanner.feed(b"\":0}", &mut tarball).unwrap();
        assert_eq!((scanner.document.capacity(), tarball.len()), (stepped(scanner.kept()), 0));
        let (document, had_tarball) = scanner.finish(&mut tarball).unwrap();
        assert_eq!((document.len(), had_tarball), (17 * 65_000 + 6, false));
    }
}
