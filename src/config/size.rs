//! Numbers of bytes: `1000`, `10GiB`, `256 MiB`, `5MB`.

use super::wrong::Wrong;

/// Reads a number of bytes as settings have it, for who is given one elsewhere.
///
/// # Errors
/// When it is none; as a sentence.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let size = parse(text.trim());
    size.map_err(|Wrong { problem, allowed, .. }| format!("{text:?} {problem}: {allowed}"))
}

/// Reads a number of bytes; binary units count in 1024s, decimal ones in 1000s.
pub(super) fn parse(text: &str) -> Result<u64, Wrong> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let wrong = || {
        Wrong::new(
            "is not a size",
            "bytes, or a number with kB, MB, GB, TB, KiB, MiB, GiB or TiB, is allowed",
        )
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let bytes: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return Err(wrong()),
    };
    number.checked_mul(bytes).ok_or_else(wrong)
}
