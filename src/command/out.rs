//! What a command prints on standard output: text for people, or JSON for scripts.
//! Knows nothing of what that is.

use serde::Serialize;
use std::fmt::Display;
use std::io::{self, BufWriter, Stdout, Write};

/// Standard output. A reader who has read enough (`head`) is an error of the kind `BrokenPipe`.
pub(super) struct Out {
    to: BufWriter<Stdout>,
    is_json: bool,
}

impl Out {
    /// For people.
    pub(super) fn text() -> Out {
        Out::new(false)
    }

    /// For people, or with `is_json` for scripts: one object of JSON on each line.
    pub(super) fn new(is_json: bool) -> Out {
        Out { to: BufWriter::new(io::stdout()), is_json }
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
