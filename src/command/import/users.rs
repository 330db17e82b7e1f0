//! The users of a Verdaccio become users here, with their passwords, where these are kept in a way that can be compared with.
//! Knows nothing of packages.

use super::super::Problem;
use super::rows::{Done, UserRow};
use super::source::Source;
use crate::access::{Hash, NewUser, Users};
use crate::trail::{Deed, Line, Outcome};
use crate::verdaccio::htpasswd::{self, Htuser, Kept};
use std::path::Path;
use std::time::SystemTime;

/// The longest file of users, in bytes.
const LONGEST: u64 = 64 << 20;

/// The users of a file; `None` if there is none. One that `must_be` there is an error then.
pub(super) fn read(
    source: &Source,
    file: &Path,
    must_be: bool,
) -> Result<Option<Vec<Htuser>>, Problem> {
    let text = source.find(file, LONGEST);
    let text = text.map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    if text.is_none() && must_be {
        return Err(format!("{} does not exist (--htpasswd)", file.display()).into());
    }
    Ok(text.map(|text| htpasswd::users(&String::from_utf8_lossy(&text))))
}

/// Looks at who is to own packages: somebody mistyped, or nobody, would own all of them.
///
/// # Errors
/// When one can be no user, or, where only users may do anything, is neither one here nor one that comes.
pub(super) fn check_owners(
    users: &Users,
    owners: &[String],
    coming: &[String],
    is_open: bool,
) -> Result<(), Problem> {
    for owner in owners {
        if users.find(owner)?.is_some() {
            continue;
        }
        NewUser::parse(owner, "").map_err(|bad| format!("--owner {owner:?}: {bad}"))?;
        if !is_open && !coming.contains(owner) {
            return Err(format!(
                "--owner {owner}: there is no such user here, nor among those to be imported; \
                 `nopar user add {owner}` adds them"
            )
            .into());
        }
    }
    Ok(())
}

/// Adds those who can be added, unless it is only looked; what became of each, in their order.
pub(super) fn import(
    users: &Users,
    read: Vec<Htuser>,
    dry_run: bool,
) -> Result<Vec<UserRow>, Problem> {
    let mut rows = Vec::new();
    let mut come = Vec::new();
    for user in read {
        let (outcome, why) = match wanted(users, &user)? {
            Wanted::Here => (Done::Here, None),
            Wanted::Not(why) => (Done::LeftOut, Some(why)),
            Wanted::Comes(new, hash) => {
                come.push((new, hash));
                (Done::Imported, None)
            }
        };
        rows.push(UserRow { user: user.name, outcome, why });
    }
    if dry_run || come.is_empty() {
        return Ok(rows);
    }
    let taken = users.add_all(come, SystemTime::now())?;
    for row in rows.iter_mut().filter(|row| row.outcome == Done::Imported) {
        if taken.contains(&row.user) {
            // Of two names that differ in case only, the second; or somebody else has just added them.
            let is_here = users.alike(&row.user)?.as_ref() == Some(&row.user);
            row.outcome = if is_here { Done::Here } else { Done::LeftOut };
            let why = || "there is already a user whose name differs only in case".to_owned();
            row.why = (!is_here).then(why);
            continue;
        }
        let who = format!("uid {}", rustix::process::getuid().as_raw());
        let line = Line::of(Deed::UserAdd, Outcome::Ok, Some(&who), Some("command"));
        line.with("user", &row.user).write();
    }
    Ok(rows)
}

/// What is to become of a user.
enum Wanted {
    Here,
    Comes(NewUser, Hash),
    Not(String),
}

fn wanted(users: &Users, user: &Htuser) -> Result<Wanted, Problem> {
    match users.alike(&user.name)? {
        Some(same) if same == user.name => return Ok(Wanted::Here),
        Some(other) => {
            return Ok(Wanted::Not(format!("there is already a user {other}")));
        }
        None => {}
    }
    let new = match NewUser::parse(&user.name, "") {
        Ok(new) => new,
        Err(bad) => return Ok(Wanted::Not(bad.to_string())),
    };
    let again = format!("`nopar user add {}` adds them with a new one", user.name);
    Ok(match &user.kept {
        Kept::Otherwise(way) => {
            Wanted::Not(format!("their password is {way}, which cannot be imported: {again}"))
        }
        Kept::Bcrypt(text) => match Hash::brought(text) {
            Ok(hash) => Wanted::Comes(new, hash),
            Err(_) => Wanted::Not(format!(
                "their password's hash is damaged, or too costly to check: {again}"
            )),
        },
    })
}
