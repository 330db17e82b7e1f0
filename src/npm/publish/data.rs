//! base64 that arrives in pieces.
//! Knows nothing of where it stands.

use base64::Engine;

use super::super::integrity::BASE64;

/// Not base64 of the standard alphabet (RFC 4648 §4), or not in one piece.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not base64 of the standard alphabet")]
pub struct DataError;

/// What was read so far.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// Less than four characters, which wait for more.
    rest: Vec<u8>,
    /// Padding has come: that is the end.
    is_over: bool,
}

impl Decoder {
    /// The next characters; what they decode to is appended to `out`.
    ///
    /// # Errors
    /// When they are not base64, or come behind the padding.
    pub(super) fn feed(&mut self, text: &[u8], out: &mut Vec<u8>) -> Result<(), DataError> {
        if self.is_over && !text.is_empty() {
            return Err(DataError);
        }
        let mut text = text;
        if !self.rest.is_empty() {
            let (missing, more) = text.split_at(text.len().min(4 - self.rest.len()));
            self.rest.extend_from_slice(missing);
            text = more;
            if self.rest.len() < 4 {
                return Ok(());
            }
            let quad = std::mem::take(&mut self.rest);
            self.decode(&quad, out)?;
            if self.is_over && !text.is_empty() {
                return Err(DataError);
            }
        }
        let (whole, rest) = text.split_at(text.len() / 4 * 4);
        self.decode(whole, out)?;
        if self.is_over && !rest.is_empty() {
            return Err(DataError);
        }
        self.rest.extend_from_slice(rest);
        Ok(())
    }

    /// There are no more characters.
    ///
    /// # Errors
    /// When the last of them stand for no byte.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) -> Result<(), DataError> {
        let rest = std::mem::take(&mut self.rest);
        self.decode(&rest, out)
    }

    fn decode(&mut self, text: &[u8], out: &mut Vec<u8>) -> Result<(), DataError> {
        self.is_over |= text.last() == Some(&b'=');
        BASE64.decode_vec(text, out).map_err(|_| DataError)
    }
}
