//! `Server-Timing`: how long each part of an answer took, and what is missing in it.
//! Knows nothing of what the parts are.

use std::fmt::Write;
use std::time::Duration;

/// The header in the making.
#[derive(Default)]
pub(super) struct Timing(String);

impl Timing {
    /// A part took so long.
    pub(super) fn took(&mut self, part: &str, duration: Duration) {
        let milliseconds = duration.as_secs_f64() * 1000.0;
        self.add(format_args!("{part};dur={milliseconds:.1}"));
    }

    /// A part is missing. The word is plain text without quotes.
    pub(super) fn left_out(&mut self, part: &str, word: &str) {
        self.add(format_args!("{part};desc=\"{word}\""));
    }

    /// Its value.
    pub(super) fn text(self) -> String {
        self.0
    }

    fn add(&mut self, part: std::fmt::Arguments<'_>) {
        let comma = if self.0.is_empty() { "" } else { ", " };
        // Writing to a text does not fail.
        let _ = write!(self.0, "{comma}{part}");
    }
}

#[test]
fn parts_follow_each_other() {
    let mut timing = Timing::default();
    timing.took("hosted", Duration::from_micros(840));
    timing.took("upstream", Duration::from_micros(120_310));
    timing.left_out("upstream", "not reached");
    assert_eq!(timing.text(), r#"hosted;dur=0.8, upstream;dur=120.3, upstream;desc="not reached""#);
}
