//! What is asked of whoever runs a command: a password, which may also come from another program, or whether to go on.
//! Knows nothing of whose it is, nor of what is done with it.
//!
//! A terminal echoes nothing meanwhile, as with getpass(3). Nor does Ctrl-C end the process then, which would leave the
//! terminal so: it ends the line, as Return does.

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write, stdin};
use std::os::fd::{AsFd, BorrowedFd};

/// More bytes than any password has: what is longer is none, and read no further.
const LONGEST: u64 = 4096;

/// What Ctrl-C sends.
const CTRL_C: u8 = 3;

/// Why there is no password.
#[derive(Debug, thiserror::Error)]
pub(super) enum PromptError {
    /// Both times it is to be the same.
    #[error("the two passwords differ: nothing was changed")]
    Differ,
    /// Somebody changed their mind.
    #[error("no password was entered: nothing was changed")]
    Cancelled,
    /// Nothing came.
    #[error(
        "there is no password on standard input: give it as one line, or run this in a terminal"
    )]
    None,
    /// It is something else than a password.
    #[error(
        "standard input is more than one line, or too long: it must be the password and nothing else"
    )]
    Lines,
    /// It is not text.
    #[error("the password is not UTF-8: choose another")]
    NoText,
    /// It could not be read.
    #[error("the password could not be read: {0}")]
    Failed(#[from] io::Error),
}

/// The new password of this user: typed twice if standard input is a terminal, else the line that comes from there.
pub(super) fn new_password(name: &str) -> Result<String, PromptError> {
    let stdin = stdin();
    if !stdin.is_terminal() {
        return only_line(stdin.lock());
    }
    // Without std's buffer, which would keep what was typed ahead.
    let terminal = File::from(stdin.as_fd().try_clone_to_owned()?);
    twice(&terminal, &mut io::stderr(), name)
}

/// Whether somebody wants what they are told of. Only who sits at a terminal is asked: scripts go on.
///
/// # Errors
/// When the terminal can be neither read nor written.
pub(super) fn is_confirmed(told: &str, question: &str) -> io::Result<bool> {
    let stdin = stdin();
    if !stdin.is_terminal() {
        return Ok(true);
    }
    let terminal = File::from(stdin.as_fd().try_clone_to_owned()?);
    is_yes(&terminal, &mut io::stderr(), &format!("{told}\n{question} [y/N] "))
}

/// Whether the answer is a yes; nothing, or the end of what is typed, is a no.
fn is_yes(terminal: &File, out: &mut dyn Write, question: &str) -> io::Result<bool> {
    write!(out, "{question}")?;
    out.flush()?;
    let line = line_of(terminal)?;
    let answer = String::from_utf8_lossy(&line).trim().to_ascii_lowercase();
    Ok(matches!(answer.as_str(), "y" | "yes"))
}

/// Asks twice, so that what nobody sees is what was meant.
fn twice(terminal: &File, out: &mut dyn Write, name: &str) -> Result<String, PromptError> {
    let first = once(terminal, out, &format!("New password for {name}: "))?;
    let second = once(terminal, out, "Repeat the password: ")?;
    if first == second { Ok(first) } else { Err(PromptError::Differ) }
}

fn once(terminal: &File, out: &mut dyn Write, prompt: &str) -> Result<String, PromptError> {
    let quiet = Quiet::begin(terminal.as_fd())?;
    write!(out, "{prompt}")?;
    out.flush()?;
    let line = line_of(terminal);
    drop(quiet);
    // Return was not echoed either.
    writeln!(out)?;
    let line = line?;
    if line.is_empty() || line.contains(&CTRL_C) {
        return Err(PromptError::Cancelled);
    }
    text_of(line)
}

/// A line as a terminal gives it, with what ends it; empty at the end.
fn line_of(mut terminal: &File) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut byte = [0];
    // One by one: what is behind the line is for who reads next.
    while (line.len() as u64) < LONGEST && terminal.read(&mut byte)? > 0 {
        line.push(byte[0]);
        if matches!(byte[0], b'\n' | CTRL_C) {
            break;
        }
    }
    Ok(line)
}

fn only_line(input: impl Read) -> Result<String, PromptError> {
    let mut bytes = Vec::new();
    input.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.is_empty() {
        return Err(PromptError::None);
    }
    let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
    if end < bytes.len() || bytes.len() as u64 > LONGEST {
        return Err(PromptError::Lines);
    }
    text_of(bytes)
}

/// Without what ends the line.
fn text_of(mut line: Vec<u8>) -> Result<String, PromptError> {
    if line.ends_with(b"\n") {
        line.pop();
        if line.ends_with(b"\r") {
            line.pop();
        }
    }
    String::from_utf8(line).map_err(|_| PromptError::NoText)
}

/// A terminal that echoes nothing, until this is dropped.
struct Quiet<'a> {
    terminal: BorrowedFd<'a>,
    before: Termios,
}

impl<'a> Quiet<'a> {
    fn begin(terminal: BorrowedFd<'a>) -> io::Result<Quiet<'a>> {
        let before = tcgetattr(terminal)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ISIG);
        quiet.local_modes.insert(LocalModes::ICANON);
        quiet.special_codes[SpecialCodeIndex::VEOL] = CTRL_C;
        // What was typed before the question is no answer.
        tcsetattr(terminal, OptionalActions::Flush, &quiet)?;
        Ok(Quiet { terminal, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // Best effort: a shell puts its terminal right by itself, as a rule.
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}

#[cfg(test)]
mod tests;
