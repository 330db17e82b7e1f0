//! The backups that there are, listed.
//! Knows nothing of how one is restored.

use crate::backup::{Depot, Snapshot};
use crate::command::out::{Out, read_or_not};
use crate::command::words::{count, printable, size};
use crate::command::{Outcome, Problem};
use serde::Serialize;
use std::fmt;
use std::io;

/// The length of a name as backups have, with a number behind.
const LONGEST_NAME: usize = "2026-11-28T10-20-30Z-002".len();

/// A backup, as it is listed.
#[derive(Serialize)]
struct Listed {
    snapshot: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    /// How many things were damaged then.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem_count: Option<usize>,
    /// Which backup it is a copy of, if somebody has given it this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    copy_of: Option<String>,
    /// Why it is of no use, if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Lists them: it is well if all can be used, whether or not that is read to its end.
pub(super) fn run(depot: &Depot, is_json: bool) -> Result<Outcome, Problem> {
    let rows = rows(depot)?;
    let is_well = rows.iter().all(|row| row.error.is_none());
    read_or_not(tell(&rows, is_json))?;
    Ok(if is_well { Outcome::Well } else { Outcome::Unwell })
}

fn rows(depot: &Depot) -> Result<Vec<Listed>, Problem> {
    let row = |name: String| match depot.snapshot(&name) {
        Ok(snapshot) => Listed::of(name, &snapshot),
        Err(error) => Listed {
            snapshot: name,
            files: None,
            bytes: None,
            problem_count: None,
            copy_of: None,
            error: Some(error.to_string()),
        },
    };
    Ok(depot.names()?.into_iter().map(row).collect())
}

fn tell(rows: &[Listed], is_json: bool) -> io::Result<()> {
    let mut out = Out::new(is_json);
    if rows.is_empty() && !is_json {
        out.line("there are no backups yet")?;
    }
    rows.iter().try_for_each(|row| out.row(row))?;
    out.end()
}

impl Listed {
    fn of(name: String, snapshot: &Snapshot) -> Listed {
        let copy_of = (!snapshot.is_called(&name)).then(|| snapshot.id.clone());
        Listed {
            snapshot: name,
            files: Some(snapshot.files.len()),
            bytes: Some(snapshot.bytes()),
            problem_count: Some(snapshot.problems.len()),
            copy_of,
            error: None,
        }
    }
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<LONGEST_NAME$}", printable(&self.snapshot))?;
        if let Some(error) = &self.error {
            return write!(f, "  {}", printable(error));
        }
        let (files, bytes) = (self.files.unwrap_or_default(), self.bytes.unwrap_or_default());
        write!(f, "  {:>12}  {:>10}", count(files, "file"), size(bytes))?;
        match self.problem_count.unwrap_or_default() {
            0 => {}
            problems => write!(f, "  {problems} damaged in the registry then")?,
        }
        match &self.copy_of {
            Some(id) => {
                write!(f, "  a copy of {}: never taken for the last, nor removed", printable(id))
            }
            None => Ok(()),
        }
    }
}
