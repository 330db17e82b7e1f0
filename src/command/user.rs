//! `nopar user …`: the users, changed by who runs NOPAR.
//! Knows nothing of settings, nor of whether NOPAR serves beside it: what changes counts for its next request.

use super::out::remark;
use super::owner::absent;
use super::prompt::{PromptError, new_password};
use super::words::{date, printable};
use crate::access::{
    Access, BadNewUser, BadPassword, Ground, Hash, NewPassword, NewUser, Users, UsersError,
    users_file,
};
use crate::cli::UserAction;
use crate::config::Auth;
use crate::store::disk::OpenError;
use crate::store::{DiskStore, Store};
use crate::trail::{Deed, Line, Outcome};
use serde_json::json;
use std::fmt::Write;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

/// What is told of users where everybody is let in.
const NOT_YET: &str = "users make no difference yet: with NOPAR_AUTH=open everybody may publish; set NOPAR_AUTH=users";

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub(super) enum UserError {
    /// The directory of the registry cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It cannot be used, or whoever it is about is not what they should be; as a sentence.
    #[error("{0}")]
    Refused(String),
    /// The password cannot be had.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// There is no randomness for a salt.
    #[error("the password could not be hashed: {0}")]
    Hash(io::Error),
}

impl From<UsersError> for UserError {
    fn from(error: UsersError) -> UserError {
        let help = match error {
            UsersError::Taken(_) => "; `nopar user passwd` changes their password",
            UsersError::Unknown(_) => "; `nopar user ls` lists them",
            _ => "",
        };
        UserError::Refused(format!("{error}{help}"))
    }
}

impl From<BadNewUser> for UserError {
    fn from(error: BadNewUser) -> UserError {
        UserError::Refused(error.to_string())
    }
}

impl From<BadPassword> for UserError {
    fn from(error: BadPassword) -> UserError {
        UserError::Refused(error.to_string())
    }
}

/// Does that with the users of the registry in a directory. What there is to say, in lines. Blocks, and may wait for
/// somebody to type.
///
/// # Errors
/// When nothing was done, see [`UserError`].
pub(super) fn run(registry: &Path, auth: Auth, action: UserAction) -> Result<String, UserError> {
    // Nobody is in a directory that is not there, whose path may be mistyped; the first user may come before it.
    let may_be_new = matches!(action, UserAction::Add { .. });
    if let Some(absent) = absent(registry).filter(|_| !may_be_new) {
        return Err(UserError::Refused(absent));
    }
    let ground = Arc::new(Registry(DiskStore::open(registry)?));
    let users = Users::open(registry, Arc::clone(&ground) as Arc<dyn Ground>);
    let access = Access::of_directory(registry, ground);
    match action {
        UserAction::Add { name, email } => {
            let added = add(registry, &users, &name, &email)?;
            if auth == Auth::Open {
                remark(NOT_YET);
            }
            Ok(added)
        }
        UserAction::Passwd { name, reset_2fa } => passwd(&users, &access, &name, reset_2fa),
        UserAction::Rm { name } => rm(&users, &access, &name),
        UserAction::Ls { json } => ls(&users, json),
    }
}

fn add(registry: &Path, users: &Users, name: &str, email: &str) -> Result<String, UserError> {
    let user = NewUser::parse(name, email)?;
    // Before anybody types a password in vain. It is looked at again when they are added.
    if users.find(name)?.is_some() {
        return Err(UsersError::Taken(name.to_owned()).into());
    }
    let password = hash(name)?;
    users.add(user, password, SystemTime::now())?;
    line(Deed::UserAdd, name).write();
    Ok(format!("{name} was added to {}\n", users_file(registry).display()))
}

fn passwd(
    users: &Users,
    access: &Access,
    name: &str,
    reset_2fa: bool,
) -> Result<String, UserError> {
    known(users, name)?;
    let password = hash(name)?;
    let now = SystemTime::now();
    match reset_2fa {
        true => users.reset(name, password, now)?,
        false => users.set_password(name, password, now)?,
    }
    let ended = access.end_tokens(name);
    if reset_2fa {
        line(Deed::SecondFactor, name).with("ended", "yes").write();
    }
    line(Deed::Password, name).with("tokens_ended", told(&ended)).write();
    let ended = ended.map_err(|error| {
        UserError::Refused(format!(
            "the password of {name} was changed, but {error}: run this again"
        ))
    })?;
    let factor = if reset_2fa { ", and their second factor was removed" } else { "" };
    Ok(format!("the password of {name} was changed{factor}{}\n", ended_tokens(ended)))
}

fn rm(users: &Users, access: &Access, name: &str) -> Result<String, UserError> {
    known(users, name)?;
    if !users.remove(name)? {
        return Err(UsersError::Unknown(name.to_owned()).into());
    }
    // Not before: they could log in meanwhile. A token is of one account, and good for no other of the same name.
    let ended = access.end_tokens(name);
    line(Deed::UserRemove, name).with("tokens_ended", told(&ended)).write();
    let ended = ended.map_err(|error| {
        UserError::Refused(format!(
            "{name} was removed, but {error}: what is left works only where NOPAR_AUTH=open"
        ))
    })?;
    let ended = ended_tokens(ended);
    Ok(format!("{name} was removed{ended}; what they published stays\n"))
}

/// What is done with a user by whoever has this process.
fn line(deed: Deed, user: &str) -> Line {
    let who = format!("uid {}", rustix::process::getuid().as_raw());
    Line::of(deed, Outcome::Ok, Some(&who), Some("command")).with("user", user)
}

/// How many, as far as it is known.
fn told<E>(ended: &Result<usize, E>) -> String {
    ended.as_ref().map_or_else(|_| "not all".to_owned(), usize::to_string)
}

fn ended_tokens(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => ", and their token no longer works".to_owned(),
        _ => format!(", and their {count} tokens no longer work"),
    }
}

/// Fails if there is no such user: nothing is made, nor asked for, because of a misspelt name.
fn known(users: &Users, name: &str) -> Result<(), UserError> {
    match users.find(name)? {
        Some(_) => Ok(()),
        None => Err(UsersError::Unknown(name.to_owned()).into()),
    }
}

fn hash(name: &str) -> Result<Hash, UserError> {
    let password = NewPassword::of(name, new_password(name)?)?;
    Hash::of(&password).map_err(UserError::Hash)
}

fn ls(users: &Users, json: bool) -> Result<String, UserError> {
    let roster = users.all()?;
    let mut rows: Vec<Row> = roster
        .iter()
        .map(|(name, user)| Row {
            name: name.to_owned(),
            email: user.email().to_owned(),
            created: date(user.created()).unwrap_or_else(|| user.created().to_string()),
            second_factor: user.second_factor().map(|it| match it.is_pending() {
                true => "pending",
                false => it.mode().as_str(),
            }),
        })
        .collect();
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(if json { Row::json(&rows) } else { Row::table(&rows) })
}

/// A user, as they are listed.
struct Row {
    name: String,
    email: String,
    created: String,
    second_factor: Option<&'static str>,
}

impl Row {
    /// A line for each.
    fn json(rows: &[Row]) -> String {
        let rows = rows.iter().map(|row| {
            let line = json!({
                "user": row.name,
                "email": row.email,
                "created": row.created,
                "second_factor": row.second_factor,
            });
            format!("{line}\n")
        });
        rows.collect()
    }

    fn table(rows: &[Row]) -> String {
        if rows.is_empty() {
            return "there are no users: `nopar user add NAME` adds one\n".to_owned();
        }
        let head = ["NAME", "E-MAIL", "CREATED", "SECOND FACTOR"].map(str::to_owned);
        let cells = rows.iter().map(|row| {
            let email = if row.email.is_empty() { "-" } else { &row.email };
            let second_factor = row.second_factor.unwrap_or("none");
            [&row.name, email, &row.created, second_factor].map(printable)
        });
        let cells: Vec<[String; 4]> = std::iter::once(head).chain(cells).collect();
        let width = |column: usize| {
            let widths = cells.iter().map(|row| row[column].chars().count());
            widths.max().unwrap_or_default()
        };
        let [name, email, created] = [0, 1, 2].map(width);
        let mut text = String::new();
        for [a, b, c, d] in &cells {
            // Writing into a string does not fail.
            let _ = writeln!(text, "{a:name$}  {b:email$}  {c:created$}  {d}");
        }
        text
    }
}

/// The directory of the registry, looked after by its store.
pub(super) struct Registry(pub(super) DiskStore);

impl Ground for Registry {
    fn check(&self) -> io::Result<()> {
        self.0.check().map_err(io::Error::other)
    }

    fn prepare(&self) -> io::Result<()> {
        self.0.prepare().map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn rows() -> [Row; 2] {
        let row = |name: &str, email: &str, second_factor| Row {
            name: name.to_owned(),
            email: email.to_owned(),
            created: date(1_764_000_000).unwrap(),
            second_factor,
        };
        [row("ann", "ann@acme.example", Some("auth-only")), row("ü\u{1b}[2J", "", None)]
    }

    #[test]
    fn the_list_is_a_table_or_json() {
        let table = "\
NAME        E-MAIL            CREATED               SECOND FACTOR
ann         ann@acme.example  2025-11-24T16:00:00Z  auth-only
ü\\u{1b}[2J  -                 2025-11-24T16:00:00Z  none
";
        assert_eq!(Row::table(&rows()), table);
        let json = Row::json(&rows());
        let json: Vec<Value> =
            json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let first = json!({
            "user": "ann", "email": "ann@acme.example", "created": "2025-11-24T16:00:00Z",
            "second_factor": "auth-only",
        });
        assert_eq!((&json[0], &json[1]["second_factor"]), (&first, &Value::Null));
        assert_eq!((Row::json(&[]).as_str(), json.len()), ("", 2));
        assert!(Row::table(&[]).contains("nopar user add"));
    }
}
