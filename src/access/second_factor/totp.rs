//! Codes of an app: RFC 6238 with what every app knows, SHA-1, six digits, a new one each 30 seconds.
//! Knows nothing of users; is told the time.

use data_encoding::BASE32_NOPAD;
use ring::hmac;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Seconds that a code is shown.
const STEP: u64 = 30;
/// How many steps the app's clock may be ahead, or behind (RFC 6238 §5.2 wants one).
const DRIFT: u64 = 1;
/// Six digits.
const VALUES: u32 = 1_000_000;
/// The fewest and the most bytes of a secret: RFC 4226 §4 wants 16 at least; SHA-1's block has 64.
const BYTES: std::ops::RangeInclusive<usize> = 16..=64;

/// What NOPAR and the app share. Has no `Debug`: nobody shall print it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(Vec<u8>);

/// What somebody typed: six digits.
#[derive(Clone, Copy)]
pub(super) struct Code(u32);

impl Code {
    /// Six digits, with spaces wherever an app shows them; `None` if it is anything else.
    pub(super) fn parse(text: &str) -> Option<Code> {
        let mut digits = 0;
        let mut value = 0;
        for c in text.chars().filter(|c| *c != ' ') {
            value = value * 10 + c.to_digit(10)?;
            digits += 1;
            if digits > 6 {
                return None;
            }
        }
        (digits == 6).then_some(Code(value))
    }
}

impl Secret {
    pub(super) fn of(bytes: Vec<u8>) -> Secret {
        Secret(bytes)
    }

    /// In base32, as apps want it typed.
    pub(super) fn text(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// The code of a step (RFC 4226 §5.3).
    pub(super) fn code_at(&self, step: u64) -> u32 {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        // The last four bits say which four bytes it is; 15 + 4 is no more than SHA-1's 20 bytes.
        let at = usize::from(tag[tag.len() - 1] & 15);
        let word = [tag[at] & 0x7f, tag[at + 1], tag[at + 2], tag[at + 3]];
        u32::from_be_bytes(word) % VALUES
    }

    /// Which step a code is of, about `seconds` after 1970 and later than the step `after`; `None` if it is of none
    /// of them. All are computed, and numbers compared, whichever it is.
    pub(super) fn step_of(&self, code: Code, seconds: u64, after: u64) -> Option<u64> {
        let now = seconds / STEP;
        let mut found = None;
        for step in now.saturating_sub(DRIFT)..=now + DRIFT {
            let is_it = self.code_at(step) == code.0;
            if is_it && step > after {
                found = found.or(Some(step));
            }
        }
        found
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE32_NOPAD.decode(text.as_bytes()).ok();
        let bytes = bytes.filter(|bytes| BYTES.contains(&bytes.len()));
        bytes.map(Secret).ok_or_else(|| de::Error::custom("no secret in base32"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        Secret::of(b"12345678901234567890".to_vec())
    }

    /// RFC 4226, appendix D.
    #[test]
    fn codes_of_the_first_ten_steps() {
        let expected = [
            755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871,
            520_489,
        ];
        for (step, code) in (0..).zip(expected) {
            assert_eq!(secret().code_at(step), code, "{step}");
        }
    }

    /// RFC 6238, appendix B: SHA-1, of whose eight digits six are shown.
    #[test]
    fn codes_of_times() {
        for (seconds, code) in [
            (59, 287_082),
            (1_111_111_109, 81_804),
            (1_111_111_111, 50_471),
            (1_234_567_890, 5_924),
            (2_000_000_000, 279_037),
            (20_000_000_000, 353_130),
        ] {
            assert_eq!(secret().code_at(seconds / STEP), code, "{seconds}");
            let shown = Code::parse(&format!("{code:06}")).unwrap();
            assert_eq!(secret().step_of(shown, seconds, 0), Some(seconds / STEP));
        }
    }

    #[test]
    fn a_code_is_of_one_of_three_steps_and_of_none_that_was_taken() {
        // Of step 1.
        let code = Code(287_082);
        for (seconds, after, expected) in [
            (0, 0, Some(1)),
            (29, 0, Some(1)),
            (30, 0, Some(1)),
            (59, 0, Some(1)),
            (89, 0, Some(1)),
            (90, 0, None),
            (30, 1, None),
            (30, u64::MAX, None),
        ] {
            assert_eq!(secret().step_of(code, seconds, after), expected, "{seconds} {after}");
        }
    }

    #[test]
    fn six_digits_are_a_code() {
        let parsed = |text: &str| Code::parse(text).map(|code| code.0);
        for (text, expected) in [
            ("000000", Some(0)),
            ("012345", Some(12_345)),
            (" 999 999 ", Some(999_999)),
            ("", None),
            ("12345", None),
            ("1234567", None),
            ("99999999999999999999", None),
            ("-12345", None),
            ("+12345", None),
            ("12345a", None),
            ("１２３４５６", None),
        ] {
            assert_eq!(parsed(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_secret_is_written_in_base32() {
        let text = serde_json::to_string(&secret()).unwrap();
        assert_eq!(text, "\"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\"");
        assert!(serde_json::from_str::<Secret>(&text).unwrap() == secret());
        for damaged in ["\"\"", "\"GEZDG\"", "\"gezdgnbvgy3tqojqgezdgnbvgy3tqojq\"", "7"] {
            assert!(serde_json::from_str::<Secret>(damaged).is_err(), "{damaged}");
        }
        let long = format!("\"{}\"", BASE32_NOPAD.encode(&[7; 65]));
        assert!(serde_json::from_str::<Secret>(&long).is_err());
    }
}
