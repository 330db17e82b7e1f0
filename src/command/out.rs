//! What a command prints on standard output: text for people, or JSON for scripts.
//! Knows nothing of what that is.

use serde::Serialize;
use std::error::Error;
use std::fmt::Display;
use std::io::{self, BufWriter, Stdout, Write};

/// Standard output. That its reader has read enough (`head`) is an error which [`is_unread`] knows.
pub(super) struct Out {
    to: BufWriter<Standard>,
    is_json: bool,
}

/// Standard output as it is, whose closed pipe is told apart from all others: that of a NOPAR which ended is no good end.
struct Standard(Stdout);

/// Nobody reads it any more.
#[derive(Debug, thiserror::Error)]
#[error("standard output was closed")]
struct Unread;

impl Write for Standard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(unread)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(unread)
    }
}

fn unread(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::BrokenPipe => io::Error::new(io::ErrorKind::BrokenPipe, Unread),
        _ => error,
    }
}

/// Whether an error comes of a reader who has read enough.
pub(super) fn is_unread(problem: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(problem);
    while let Some(error) = cause {
        let io = error.downcast_ref::<io::Error>();
        if io.and_then(io::Error::get_ref).is_some_and(|inner| inner.is::<Unread>()) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// What came of telling something, where the command goes by what it found, whether or not that is read to its end.
pub(super) fn read_or_not(told: io::Result<()>) -> io::Result<()> {
    told.or_else(|error| if is_unread(&error) { Ok(()) } else { Err(error) })
}

/// Tells of what is wrong on standard error, also where nobody reads the rest; and goes on where nobody reads that either.
pub(super) fn remark(line: &(impl Display + ?Sized)) {
    let _ = writeln!(io::stderr(), "nopar: {line}");
}

impl Out {
    /// For people.
    pub(super) fn text() -> Out {
        Out::new(false)
    }

    /// For people, or with `is_json` for scripts: one object of JSON on each line.
    pub(super) fn new(is_json: bool) -> Out {
        Out { to: BufWriter::new(Standard(io::stdout())), is_json }
    }

    /// Whether it is for scripts.
    pub(super) fn is_json(&self) -> bool {
        self.is_json
    }

    /// Text as it is, at once.
    pub(super) fn print(&mut self, text: &str) -> io::Result<()> {
        self.to.write_all(text.as_bytes())?;
        self.to.flush()
    }

    /// A line for people, at once.
    pub(super) fn line(&mut self, line: &(impl Display + ?Sized)) -> io::Result<()> {
        writeln!(self.to, "{line}")?;
        self.to.flush()
    }

    /// One of many lines for people.
    pub(super) fn put(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.to, "{line}")
    }

    /// One of many rows: as it is shown to people, or as JSON.
    pub(super) fn row<T: Display + Serialize>(&mut self, row: &T) -> io::Result<()> {
        if self.is_json { self.json(row) } else { writeln!(self.to, "{row}") }
    }

    /// A line of JSON.
    pub(super) fn json(&mut self, row: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.to, row)?;
        self.to.write_all(b"\n")
    }

    /// Has all of it written.
    pub(super) fn end(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::OrderError;

    #[test]
    fn a_reader_who_has_enough_is_told_apart_from_a_nopar_that_ended() {
        let pipe = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(is_unread(&unread(pipe())));
        assert!(is_unread(&OrderError::Untaken(unread(pipe()))));
        assert!(!is_unread(&OrderError::BrokenOff(pipe())));
        assert!(!is_unread(&unread(io::ErrorKind::StorageFull.into())));
        assert!(read_or_not(Err(unread(pipe()))).is_ok());
        assert!(read_or_not(Err(pipe())).is_err());
    }
}
