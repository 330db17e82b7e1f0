//! How far a command has come that takes a while: a bar on standard error, if that is a terminal.
//! Knows nothing of what is done.

use super::words::printable;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// How often a bar moves that has nothing new to tell: so that one sees that it is at work.
const TICK: Duration = Duration::from_millis(250);
/// Of what is told beside a bar, no more than this is shown, in characters: a line that wraps is not wiped.
const LONGEST_NOTE: usize = 40;

const OF_THINGS: &str = "{spinner} {prefix} [{bar:24}] {human_pos}/{human_len} {wide_msg}";
const OF_BYTES: &str = "{spinner} {prefix} [{bar:24}] {binary_bytes}/{binary_total_bytes}, {binary_bytes_per_sec} {wide_msg}";
const WITHOUT_END: &str = "{spinner} {prefix} {human_pos} {wide_msg}";

/// A bar. Any number of threads may move it. It is wiped when it is dropped: what stays is what the command prints.
#[derive(Debug)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Of so many things, which are called what `doing` says: `fetching`.
    pub(super) fn of_things(doing: &str, total: u64) -> Progress {
        Progress::start(ProgressBar::new(total), OF_THINGS, doing)
    }

    /// Of so many bytes.
    pub(super) fn of_bytes(doing: &str, total: u64) -> Progress {
        Progress::start(ProgressBar::new(total), OF_BYTES, doing)
    }

    /// Of nobody knows how many things.
    pub(super) fn without_end(doing: &str) -> Progress {
        Progress::start(ProgressBar::no_length(), WITHOUT_END, doing)
    }

    /// `ProgressBar` draws on standard error, and not at all where that is no terminal.
    fn start(bar: ProgressBar, template: &str, doing: &str) -> Progress {
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(doing.to_owned());
        if !bar.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        Progress(bar)
    }

    /// So much more is done.
    pub(super) fn advance(&self, by: u64) {
        self.0.inc(by);
    }

    /// There is so much more to do than was known.
    pub(super) fn expect(&self, more: u64) {
        self.0.inc_length(more);
    }

    /// What is being done just now.
    pub(super) fn note(&self, what: &str) {
        let shown: String = printable(what).chars().take(LONGEST_NOTE).collect();
        self.0.set_message(shown);
    }

    /// Runs what prints something, with no bar in its way.
    pub(super) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.0.suspend(print)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_templates() {
        for template in [OF_THINGS, OF_BYTES, WITHOUT_END] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }

    #[test]
    fn it_counts_also_where_nobody_looks() {
        let progress = Progress::of_things("fetching", 3);
        progress.advance(2);
        progress.expect(4);
        assert_eq!((progress.0.position(), progress.0.length()), (2, Some(7)));
        progress.note("a\x1b[2J\u{202e}b");
        assert_eq!(progress.0.message(), "a\\u{1b}[2J\\u{202e}b");
        assert_eq!(progress.aside(|| 5), 5);
        assert_eq!(Progress::of_bytes("copying", 9).0.length(), Some(9));
        assert_eq!(Progress::without_end("looking").0.length(), None);
    }
}
