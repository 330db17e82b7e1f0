//! How much of a file system is to stay free: `2GiB`, `10%`, `auto`.
//! Knows nothing of what is on it.

use super::size;
use super::wrong::Wrong;

/// What `auto` is: this part, in percent, and so many bytes at most.
const AUTO: (u64, u64) = (5, 10 << 30);

/// How much of a file system is to stay free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MinFree {
    /// A twentieth of it, but no more than 10 GiB.
    Auto,
    /// So many bytes.
    Bytes(u64),
    /// So many hundredths of it.
    Percent(u8),
}

impl MinFree {
    /// In bytes, of a file system of `total` bytes.
    pub fn of(self, total: u64) -> u64 {
        // In this order nothing overflows.
        let percent = |percent: u64| total / 100 * percent;
        match self {
            MinFree::Auto => percent(AUTO.0).min(AUTO.1),
            MinFree::Bytes(bytes) => bytes,
            MinFree::Percent(part) => percent(part.into()),
        }
    }
}

/// Reads it.
pub(super) fn parse(text: &str) -> Result<MinFree, Wrong> {
    let wrong = |_| {
        let allowed =
            "auto, a size such as 2GiB, or a part from 0% to 99% of its file system, is allowed";
        Wrong::new("is no room to stay free", allowed)
    };
    if text.eq_ignore_ascii_case("auto") {
        return Ok(MinFree::Auto);
    }
    let Some(number) = text.strip_suffix('%') else {
        return size::parse(text).map(MinFree::Bytes).map_err(wrong);
    };
    match number.trim().parse() {
        Ok(part @ 0..=99) => Ok(MinFree::Percent(part)),
        _ => Err(wrong(Wrong::new("", ""))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_size_or_a_part() {
        for (text, of_100_gib, of_1_tib) in [
            ("auto", 5 << 30, 10 << 30),
            ("AUTO", 5 << 30, 10 << 30),
            ("2GiB", 2 << 30, 2 << 30),
            ("0", 0, 0),
            ("10%", 10 << 30, 109_951_162_777),
            ("99 %", 99 << 30, 1_088_516_511_498),
        ] {
            let free = parse(text).unwrap_or_else(|_| panic!("{text} is allowed"));
            let near = |bytes: u64, expected: u64| bytes.abs_diff(expected) < 100;
            assert!(near(free.of(100 << 30), of_100_gib), "{text}: {}", free.of(100 << 30));
            assert!(near(free.of(1 << 40), of_1_tib), "{text}: {}", free.of(1 << 40));
        }
        assert_eq!(MinFree::Percent(99).of(u64::MAX), u64::MAX / 100 * 99);
        for text in ["", "100%", "-1%", "5.5%", "%", "much"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
