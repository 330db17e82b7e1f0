//! A rendered document free of any base URL: text with holes.
//! Knows nothing of JSON beyond how a string is written.

use sha2::{Digest, Sha256};

/// Bytes of JSON with the places at which a base URL has to be put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    bytes: Vec<u8>,
    /// Offsets in `bytes`, ascending, none beyond the end.
    holes: Vec<usize>,
}

impl Template {
    /// Puts together what [`Template::bytes`] and [`Template::holes`] gave; `None` if the
    /// holes are not in ascending order or lie outside the bytes.
    pub fn from_parts(bytes: Vec<u8>, holes: Vec<usize>) -> Option<Self> {
        let inside = holes.last().is_none_or(|&last| last <= bytes.len());
        (inside && holes.is_sorted()).then_some(Self { bytes, holes })
    }

    /// The text without the holes' contents.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where in the text the base URL goes: offsets in bytes.
    pub fn holes(&self) -> &[usize] {
        &self.holes
    }

    /// The slices which, written one after another, are the document for `base`.
    ///
    /// `base` has no trailing slash and must be safe inside a JSON string, as every base URL
    /// that was parsed is.
    pub fn segments<'a>(&'a self, base: &'a str) -> impl Iterator<Item = &'a [u8]> {
        debug_assert!(!base.contains(|c: char| c.is_control() || c == '"' || c == '\\'));
        self.texts().flat_map(|text| [text, base.as_bytes()]).take(2 * self.holes.len() + 1)
    }

    /// The whole document for `base`; see [`Template::segments`].
    pub fn fill(&self, base: &str) -> Vec<u8> {
        let mut filled = Vec::with_capacity(self.len_with(base));
        self.segments(base).for_each(|piece| filled.extend_from_slice(piece));
        filled
    }

    /// The length in bytes of the document for `base`.
    pub fn len_with(&self, base: &str) -> usize {
        self.bytes.len() + self.holes.len() * base.len()
    }

    /// A digest of text and holes, independent of any base URL: what an ETag is made of.
    /// It is the first half of a SHA-256.
    pub fn digest(&self) -> [u8; 16] {
        let mut digest = TemplateDigest::default();
        self.texts().for_each(|text| digest.text(text));
        digest.finish()
    }

    /// The texts before, between and behind the holes.
    fn texts(&self) -> impl Iterator<Item = &[u8]> {
        let ends = self.holes.iter().copied().chain([self.bytes.len()]);
        let mut start = 0;
        ends.map(move |end| {
            let text = &self.bytes[start..end];
            start = end;
            text
        })
    }
}

/// [`Template::digest`] of a template that is never whole.
#[derive(Default)]
pub struct TemplateDigest(Sha256);

impl TemplateDigest {
    /// The next text. Between each two of them there is a hole.
    pub fn text(&mut self, text: &[u8]) {
        self.0.update(text);
        self.0.update(END_OF_TEXT);
    }

    /// The digest, after the last text.
    pub fn finish(self) -> [u8; 16] {
        half(self.0.finalize())
    }
}

/// A byte that is in no UTF-8, to tell where a text ends.
const END_OF_TEXT: [u8; 1] = [0xff];

/// The first half of a SHA-256: an ETag made of it is short, and two documents that share it are not found.
pub(super) fn half(digest: impl AsRef<[u8]>) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&digest.as_ref()[..16]);
    half
}

/// Who gets the texts of a template as they are written.
type Reader<'w> = &'w mut dyn FnMut(&[u8]);

/// Writes a template, with JSON's commas in the right places.
#[derive(Default)]
pub(super) struct TemplateWriter<'w> {
    bytes: Vec<u8>,
    holes: Vec<usize>,
    /// `None` when the texts are kept until the end.
    reader: Option<Reader<'w>>,
}

impl<'w> TemplateWriter<'w> {
    /// One that hands each text to `reader` as soon as it is written.
    pub(super) fn read_by(reader: Reader<'w>) -> Self {
        Self { reader: Some(reader), ..Self::default() }
    }

    /// Makes room for `additional` bytes.
    pub(super) fn reserve(&mut self, additional: usize) {
        if self.reader.is_none() {
            self.bytes.reserve(additional);
        }
    }

    /// Begins an object.
    pub(super) fn open(&mut self) {
        self.raw("{");
    }

    /// Ends an object.
    pub(super) fn close(&mut self) {
        self.raw("}");
    }

    /// Begins a member; `key` with its quotes.
    pub(super) fn key(&mut self, key: &str) {
        // No key follows a hole at once, so the last byte is here, read or not.
        if self.bytes.last() != Some(&b'{') {
            self.raw(",");
        }
        self.raw(key);
        self.raw(":");
    }

    /// A member whose value is copied.
    pub(super) fn member(&mut self, key: &str, raw: &str) {
        self.key(key);
        self.raw(raw);
    }

    /// JSON text as it is.
    pub(super) fn raw(&mut self, json: &str) {
        self.bytes.extend_from_slice(json.as_bytes());
    }

    /// A place for the base URL.
    pub(super) fn hole(&mut self) {
        match &mut self.reader {
            Some(reader) => {
                reader(&self.bytes);
                self.bytes.clear();
            }
            None => self.holes.push(self.bytes.len()),
        }
    }

    /// `text` as a JSON string.
    pub(super) fn string(&mut self, text: &str) {
        let quoted = serde_json::to_string(text);
        self.raw(&quoted.expect("writing text as JSON to memory has no way to fail"));
    }

    /// Hands out the last text.
    pub(super) fn end(self) {
        if let Some(reader) = self.reader {
            reader(&self.bytes);
        }
    }

    pub(super) fn finish(mut self) -> Template {
        // Templates are kept; a buffer grown by doubling is up to half empty.
        self.bytes.shrink_to_fit();
        Template { bytes: self.bytes, holes: self.holes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str, holes: &[usize]) -> Template {
        Template::from_parts(text.into(), holes.into()).expect("a template")
    }

    #[test]
    fn fills_every_hole_and_nothing_else() {
        for (text, holes, expected) in [
            ("abc", &[][..], "abc"),
            ("abc", &[0], "<>abc"),
            ("abc", &[1, 3], "a<>bc<>"),
            ("abc", &[1, 1], "a<><>bc"),
            ("", &[0], "<>"),
        ] {
            let template = template(text, holes);
            assert_eq!(template.fill("<>"), expected.as_bytes());
            assert_eq!(template.len_with("<>"), expected.len());
            assert_eq!(template.segments("<>").collect::<Vec<_>>().concat(), expected.as_bytes());
        }
    }

    #[test]
    fn refuses_holes_that_are_not_in_the_text_or_not_in_order() {
        assert_eq!(Template::from_parts(b"abc".into(), vec![4]), None);
        assert_eq!(Template::from_parts(b"abc".into(), vec![2, 1]), None);
    }

    #[test]
    fn the_digest_tells_text_and_holes_apart() {
        let base = template("abc", &[1]);
        assert_eq!(base.digest(), base.clone().digest());
        for other in [
            template("abd", &[1]),
            template("abc", &[2]),
            template("abc", &[]),
            template("abc", &[1, 1]),
        ] {
            assert_ne!(base.digest(), other.digest());
        }
    }

    #[test]
    fn puts_commas_between_members_only() {
        let mut writer = TemplateWriter::default();
        writer.open();
        writer.key("\"a\"");
        writer.open();
        writer.close();
        writer.member("\"b\"", "[{ }]");
        writer.key("\"c\"");
        writer.raw("\"");
        writer.hole();
        writer.raw("/x\"");
        writer.member("\"d\"", "1");
        writer.close();
        assert_eq!(
            String::from_utf8(writer.finish().fill("B")).expect("UTF-8"),
            r#"{"a":{},"b":[{ }],"c":"B/x","d":1}"#
        );
    }
}
