//! The thread that writes the log: all lines there are, in one system call.
//! Knows nothing of requests, which never wait for it.

use super::sink::Sink;
use super::{LogFormat, line};
use log::Level;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// How long lines are gathered after others were written: as late as a person does not mind, and so
/// long that even a busy server is woken ten times a second only.
const GATHER: Duration = Duration::from_millis(100);

/// When a terminal or pipe that somebody made non-blocking is tried again after it took no more.
const AGAIN: Duration = Duration::from_millis(10);

/// Where lines end up.
pub(super) struct Output {
    /// Of a file.
    path: Option<PathBuf>,
    to: Box<dyn Write + Send>,
}

impl Output {
    /// Opens the file to append to it, or else standard error.
    pub(super) fn open(file: Option<&Path>) -> io::Result<Output> {
        let Some(path) = file else {
            return Ok(Output { path: None, to: Box::new(io::stderr()) });
        };
        let file = File::options().create(true).append(true).open(path)?;
        Ok(Output { path: Some(path.to_owned()), to: Box::new(file) })
    }

    /// Opens its file again: another one may be in its place. If that fails, it goes on as it was.
    fn reopen(&mut self) -> io::Result<()> {
        if let Some(path) = &self.path {
            *self = Output::open(Some(path))?;
        }
        Ok(())
    }

    /// Writes it all, as long as that may take; else how much of it was written.
    fn write(&mut self, bytes: &[u8]) -> Result<(), (usize, io::Error)> {
        let mut at = 0;
        while at < bytes.len() {
            match self.to.write(&bytes[at..]) {
                Ok(0) => return Err((at, ErrorKind::WriteZero.into())),
                Ok(length) => at += length,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(AGAIN),
                Err(error) => return Err((at, error)),
            }
        }
        Ok(())
    }

    /// Says where it can still be read that the log cannot be written.
    fn tell(&self, error: &io::Error) {
        if let Some(path) = &self.path {
            let path = path.display();
            let told = format!("nopar: NOPAR_LOGFILE: {path}: {error}; lines are being lost\n");
            let _ = io::stderr().write_all(told.as_bytes());
        }
    }
}

/// Writes lines, and remembers those it could not write.
pub(super) struct Writer {
    output: Output,
    /// How lines look.
    format: fn() -> LogFormat,
    /// Lines lost and not told of yet.
    lost: u64,
    /// The last write failed, and that was told.
    failing: bool,
    /// The last thing written is a part of a line.
    cut: bool,
}

impl Writer {
    /// A writer that is to run on a thread of its own.
    pub(super) fn new(output: Output) -> Writer {
        Writer { output, format: super::format, lost: 0, failing: false, cut: false }
    }

    /// Writes what comes through `sink`, for ever.
    pub(super) fn run(mut self, sink: &Sink) {
        let mut batch = Vec::new();
        let mut gather = Instant::now();
        loop {
            let taken = sink.take(&mut batch, gather);
            self.write(&mut batch, taken.lost);
            batch.clear();
            if taken.reopen {
                self.reopen();
            }
            sink.done();
            gather = Instant::now() + GATHER;
        }
    }

    /// Has what comes from now on go to the file that is at its path now.
    fn reopen(&mut self) {
        match self.output.reopen() {
            // The rest of a line that was cut off is in the file of before.
            Ok(()) => self.cut = false,
            Err(error) => log::error!("NOPAR_LOGFILE: {error}; lines go where they went before"),
        }
    }

    /// Writes a batch, and that lines were lost: `lost` after it, others before.
    fn write(&mut self, batch: &mut Vec<u8>, lost: u64) {
        self.lost += lost;
        let end = batch.len();
        if self.lost > 0 {
            push_loss(batch, (self.format)(), self.lost);
        }
        match self.write_after_cut(batch) {
            Ok(()) => (self.lost, self.failing) = (0, false),
            Err((written, error)) => {
                let rest = batch.get(written..end).unwrap_or_default();
                self.lost += rest.iter().filter(|byte| **byte == b'\n').count() as u64;
                self.cut |= written > 0 && batch[written - 1] != b'\n';
                if !self.failing {
                    self.output.tell(&error);
                }
                self.failing = true;
            }
        }
    }

    /// What was cut off stays a line of its own.
    fn write_after_cut(&mut self, batch: &[u8]) -> Result<(), (usize, io::Error)> {
        if self.cut {
            self.output.write(b"\n").map_err(|(_, error)| (0, error))?;
            self.cut = false;
        }
        self.output.write(batch)
    }
}

fn push_loss(out: &mut Vec<u8>, format: LogFormat, lost: u64) {
    let why = "they could not be written, or not as fast as they came";
    let message = format!("{lost} lines of the log were lost: {why}");
    line::push(out, format, Level::Warn, "nopar::telemetry", &message);
}

#[cfg(test)]
mod tests;
