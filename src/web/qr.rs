//! A text as a picture that phones read.
//! Knows nothing of what the text says.

use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write;

/// Light modules around it, as ISO/IEC 18004 wants them.
const QUIET: usize = 4;

/// A QR code: the `d` of an SVG path of its dark modules, in a square of so many units.
pub(crate) struct Qr {
    pub(crate) size: usize,
    pub(crate) path: String,
}

impl Qr {
    /// That of a text; `None` if it is too long for one.
    pub(crate) fn of(text: &str) -> Option<Qr> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
        let width = code.width();
        let mut path = String::new();
        for (y, row) in code.to_colors().chunks(width).enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|a, b| a == b) {
                if run[0] == Color::Dark {
                    // Writing into a string does not fail.
                    let _ = write!(
                        path,
                        "M{} {}h{}v1h-{}z",
                        x + QUIET,
                        y + QUIET,
                        run.len(),
                        run.len()
                    );
                }
                x += run.len();
            }
        }
        Some(Qr { size: width + 2 * QUIET, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_square_with_its_three_marks() {
        let qr =
            Qr::of("otpauth://totp/ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=x").unwrap();
        assert_eq!((qr.size - 2 * QUIET - 17) % 4, 0, "{}", qr.size);
        let right = qr.size - QUIET - 7;
        for mark in ["M4 4h7v1h-7z", &format!("M{right} 4h7v1h-7z"), &format!("M4 {right}h7v1h-7z")]
        {
            assert!(qr.path.contains(mark), "{mark}: {}", qr.path);
        }
        let drawn = |c: char| c.is_ascii_digit() || "Mhvz -".contains(c);
        assert!(qr.path.chars().all(drawn) && qr.path.len() < 20_000);
        assert!(Qr::of(&"x".repeat(5_000)).is_none());
    }
}
