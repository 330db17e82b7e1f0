//! How many tokens there may be, and which of them go when there are more.
//! Knows nothing of what a token may do, nor how its file is written.
//!
//! Tokens of logins do not expire. But a fleet whose jobs log in each time and never out leaves one file after the
//! other. So whoever has the most tokens loses those that were used
//! least recently: the fleet its own of yesterday, and not a person the one in their `.npmrc`. Only where thousands of
//! names have a token each are those of all in one row. What has expired goes before all that, and after all that go the tokens that somebody asked for and
//! put where they are needed: of these each user has so many, and no more.

use super::super::user::User;
use crate::clock::to_millis;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How many tokens there may be, and how many of them stay when there are more: to choose takes reading them all, which
/// is not to be done with each login. And how many of those that are created one user may have.
#[derive(Clone, Copy)]
pub(super) struct Bound {
    pub(super) most: usize,
    pub(super) kept: usize,
    pub(super) created: usize,
}

/// Which tokens go before others, whoever has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Rank {
    /// What is in nobody's hand any more.
    Expired,
    /// What a person gets anew by signing in, within the same minute.
    Session,
    /// What a login, or a job, gets anew when it is gone.
    Login,
    /// What somebody asked for, and put somewhere.
    Created,
}

/// A use is noted once in this time: nobody has so many tokens in use that it matters which was used last within it.
const NOTED: Duration = Duration::from_secs(3600);

impl Default for Bound {
    /// The names of ten thousand files are listed in some milliseconds, which is less than it takes to have a new
    /// token on the disk.
    fn default() -> Bound {
        Bound { most: 10_000, kept: 9_000, created: 100 }
    }
}

/// A token's file.
struct Row {
    path: PathBuf,
    /// `None`: it is no token.
    rank: Option<Rank>,
    used: SystemTime,
    /// How many tokens of the same user and rank were used after it.
    newer: usize,
}

impl Bound {
    /// Removes some of these files of a folder if there are too many; how many it removed. The one that was just `given`
    /// stays: a fast disk takes many within one tick of the clock that files' times come from, and it may look older
    /// than those before it. `rank_of` says whose token a file is, and its rank; `None` if it is none. What cannot be
    /// read may be one, and stays. Blocks.
    pub(super) fn keep(
        self,
        folder: &Path,
        names: &[String],
        given: &str,
        rank_of: impl Fn(&Path) -> io::Result<Option<(User, Rank)>>,
    ) -> usize {
        if names.len() <= self.most {
            return 0;
        }
        let mut users: HashMap<Option<(User, Rank)>, Vec<Row>> = HashMap::new();
        let others = names.iter().filter(|name| *name != given);
        for path in others.map(|name| folder.join(name)) {
            // One that is gone meanwhile is none too many.
            let Ok(used) = fs::symlink_metadata(&path).and_then(|it| it.modified()) else {
                continue;
            };
            let Ok(user) = rank_of(&path) else { continue };
            let rank = user.as_ref().map(|(_, rank)| *rank);
            users.entry(user).or_default().push(Row { path, rank, used, newer: 0 });
        }
        let mut rows: Vec<Row> = users.into_values().flat_map(ranked).collect();
        // What is no token comes before all ranks.
        rows.sort_by(|a, b| {
            a.rank.cmp(&b.rank).then(b.newer.cmp(&a.newer)).then(a.used.cmp(&b.used))
        });
        let given = usize::from(names.iter().any(|name| name == given));
        let too_many = (rows.len() + given).saturating_sub(self.kept);
        let removed = rows.iter().take(too_many).filter(|row| fs::remove_file(&row.path).is_ok());
        removed.count()
    }
}

/// The tokens of one user and rank, with how many were used after each.
fn ranked(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by_key(|row| std::cmp::Reverse(row.used));
    for (number, row) in rows.iter_mut().enumerate() {
        row.newer = number;
    }
    rows
}

/// Notes that a token is used, as the time of its file: the first use, since its user is told whether it was ever used, and
/// then one in an hour. `created` is when it was made, in seconds since 1970. Best effort: where it cannot be noted, it goes
/// a little earlier.
pub(super) fn note_use(file: &File, created: u64) {
    let Ok(noted) = file.metadata().and_then(|it| it.modified()) else { return };
    let now = SystemTime::now();
    let is_first = to_millis(noted) / 1000 <= created;
    if is_first || now.duration_since(noted).is_ok_and(|since| since > NOTED) {
        let _ = file.set_modified(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const BOUND: Bound = Bound { most: 6, kept: 4, created: 3 };
    const DAY: Duration = Duration::from_secs(24 * 3600);

    /// Files that hold a user's name, used so many days ago; behind a `+`, of a token that was created, behind a `-`, of
    /// one that has expired.
    fn folder(rows: &[(&str, &str, u32)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, user, days) in rows {
            let path = folder.path().join(name);
            fs::write(&path, user).unwrap();
            let used = SystemTime::now() - DAY * *days;
            File::open(&path).unwrap().set_modified(used).unwrap();
        }
        folder
    }

    fn rank_of(path: &Path) -> io::Result<Option<(User, Rank)>> {
        let text = fs::read_to_string(path).unwrap();
        if text == "?" {
            return Err(io::Error::other("too many open files"));
        }
        let (rank, user) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
            (Some(user), _) => (Rank::Created, user),
            (_, Some(user)) => (Rank::Expired, user),
            _ => (Rank::Login, text.as_str()),
        };
        Ok(User::parse(user).ok().map(|user| (user, rank)))
    }

    /// Fails the test unless these are left.
    #[track_caller]
    fn check(rows: &[(&str, &str, u32)], left: &[&str]) {
        let folder = folder(rows);
        let names: Vec<String> = rows.iter().map(|(name, _, _)| (*name).to_owned()).collect();
        let removed = BOUND.keep(folder.path(), &names, "", rank_of);
        let names = fs::read_dir(folder.path()).unwrap();
        let names: BTreeSet<String> =
            names.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
        assert_eq!(names, left.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(removed, rows.len() - left.len());
    }

    #[test]
    fn as_many_as_there_may_be_stay() {
        let names = ["a", "b", "c", "d", "e", "f"];
        check(&names.map(|name| (name, "u", 1)), &names);
    }

    #[test]
    fn who_has_the_most_loses_those_that_were_used_least_recently() {
        let fleet =
            [("c1", "ci", 5), ("c2", "ci", 4), ("c3", "ci", 3), ("c4", "ci", 2), ("c5", "ci", 1)];
        let people = [("a", "ann", 90), ("b", "bob", 80)];
        check(&[&fleet[..], &people].concat(), &["a", "b", "c4", "c5"]);
    }

    /// All files have the time of one tick, in which the disk took them.
    #[test]
    fn the_one_that_was_just_given_stays_whatever_its_time() {
        for given in ["a", "d", "g"] {
            let rows = ["a", "b", "c", "d", "e", "f", "g"].map(|name| (name, "u", 1));
            let folder = folder(&rows);
            let names: Vec<String> = rows.map(|(name, _, _)| name.to_owned()).into();
            assert_eq!(BOUND.keep(folder.path(), &names, given, rank_of), 3);
            assert!(folder.path().join(given).exists(), "{given}");
        }
    }

    #[test]
    fn of_users_with_one_each_those_go_that_were_used_least_recently() {
        let rows = [
            ("a", "a", 1),
            ("b", "b", 9),
            ("c", "c", 3),
            ("d", "d", 4),
            ("e", "e", 5),
            ("f", "f", 2),
            ("g", "g", 7),
        ];
        check(&rows, &["a", "c", "d", "f"]);
    }

    #[test]
    fn what_is_no_token_goes_first() {
        let damaged = [("x", "", 0), ("y", "a/b", 0)];
        let good = [("a", "u", 1), ("b", "u", 2), ("c", "v", 3), ("d", "w", 4), ("e", "w", 5)];
        check(&[&damaged[..], &good].concat(), &["a", "b", "c", "d"]);
    }

    /// With no more files to be opened, all tokens seemed to be none, and those in use went like the others.
    #[test]
    fn what_cannot_be_read_may_be_a_token_and_stays() {
        let unread = [("x", "?", 90), ("y", "?", 80)];
        let good = [("a", "u", 1), ("b", "u", 2), ("c", "v", 3), ("d", "w", 4), ("e", "w", 5)];
        check(&[&unread[..], &good].concat(), &["a", "b", "c", "d", "x", "y"]);
        check(
            &["a", "b", "c", "d", "e", "f", "g"].map(|name| (name, "?", 1)),
            &["a", "b", "c", "d", "e", "f", "g"],
        );
    }

    #[test]
    fn what_has_expired_goes_first_and_what_was_created_last() {
        let created = [("a", "+ann", 90), ("b", "+ann", 80), ("c", "+ann", 70)];
        let logins = [("d", "eve", 1), ("e", "eve", 2), ("f", "bob", 3)];
        let expired = [("x", "-ann", 0)];
        check(&[&created[..], &logins, &expired].concat(), &["a", "b", "c", "d"]);
        let more = [("g", "+eve", 9), ("h", "+eve", 8), ("i", "+eve", 7), ("j", "+eve", 6)];
        check(&[&created[..], &logins[..1], &more].concat(), &["b", "c", "i", "j"]);
    }

    #[test]
    fn a_use_is_noted_once_in_a_while() {
        let folder = folder(&[("a", "u", 1)]);
        let file = File::open(folder.path().join("a")).unwrap();
        let noted = || file.metadata().unwrap().modified().unwrap();
        let (before, long_ago) = (SystemTime::now(), 1000);
        note_use(&file, long_ago);
        let first = noted();
        assert!(first + Duration::from_secs(1) > before, "{first:?}");
        note_use(&file, long_ago);
        assert_eq!(noted(), first);
        // The first use of one that was made a moment ago is noted whenever it is.
        let made = before - Duration::from_secs(60);
        file.set_modified(made).unwrap();
        note_use(&file, to_millis(made) / 1000);
        assert!(noted() >= first, "{:?}", noted());
    }
}
