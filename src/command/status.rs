//! `nopar status`: whether a NOPAR runs, and how it does.
//! Knows nothing of how that is found out.

use super::out::{Out, read_or_not, remark};
use super::reach::folders;
use super::words::date;
use super::{Outcome, Problem};
use crate::admin::{Ask, Part, Question, Status};
use crate::cli::StatusOptions;
use crate::config::Config;
use crate::service::{self, OrderError};
use serde::Serialize;
use serde_json::json;
use std::fmt;
use std::time::{Duration, SystemTime};

/// Tells it.
pub(super) fn run(config: &Config, options: StatusOptions) -> Result<Outcome, Problem> {
    let mut status = None;
    let question = Question { ask: Ask::Status {}, of: None };
    let asked = service::ask(&folders(config), &question, &mut |row| {
        status = Some(serde_json::from_value::<Status>(row)?);
        Ok(())
    });
    let mut out = Out::new(options.json);
    match (asked, status) {
        (Ok(()), Some(status)) => {
            let told = out.row(&Shown::of(&status, SystemTime::now()));
            // `nopar status | head` does not call ready what is not.
            read_or_not(told.and_then(|()| out.end()))?;
            Ok(if status.is_ready { Outcome::Well } else { Outcome::Unwell })
        }
        (Ok(()), None) => Err("the running NOPAR sent no status".into()),
        (Err(nobody @ OrderError::Nobody(_)), _) => {
            if options.json {
                let told = out.json(&json!({"is_ready": false, "error": nobody.to_string()}));
                read_or_not(told.and_then(|()| out.end()))?;
            } else {
                remark(&nobody);
            }
            Ok(Outcome::Unwell)
        }
        (Err(error), _) => Err(error.into()),
    }
}

/// As it is shown.
#[derive(Serialize)]
struct Shown<'a> {
    version: &'a str,
    pid: u32,
    started: Option<String>,
    places: &'a [String],
    is_ready: bool,
    is_ending: bool,
    parts: &'a [Part],
    upstreams: &'a [Part],
    #[serde(skip)]
    uptime: Duration,
}

impl Shown<'_> {
    fn of(status: &Status, now: SystemTime) -> Shown<'_> {
        let Status { version, pid, started, places, is_ready, is_ending, parts, upstreams } =
            status;
        Shown {
            version,
            pid: *pid,
            started: date(*started),
            places,
            is_ready: *is_ready,
            is_ending: *is_ending,
            parts,
            upstreams,
            uptime: Duration::from_secs(status.uptime(now)),
        }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shown { version, pid, places, is_ready, is_ending, parts, upstreams, uptime, .. } =
            self;
        let state = match (is_ending, is_ready) {
            (true, _) => "is stopping",
            (false, true) => "is ready",
            (false, false) => "is running, but not ready",
        };
        writeln!(f, "nopar {version} {state}: process {pid}, up for {}", told(*uptime))?;
        for place in *places {
            writeln!(f, "  listening on {place}")?;
        }
        let parts = parts.iter().map(|part| {
            let path = part.path.as_deref().unwrap_or_default();
            format!("  {}: {}, {path}", part.name, part.state)
        });
        let upstreams = upstreams.iter().map(|it| format!("  upstream: {}, {}", it.state, it.name));
        f.write_str(&parts.chain(upstreams).collect::<Vec<_>>().join("\n"))
    }
}

/// A time in the two largest units that it has.
fn told(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_in_a_few_lines() {
        let part = |name: &str| Part {
            name: name.to_owned(),
            state: "ok".to_owned(),
            path: Some(format!("/var/{name}")),
        };
        let status = Status {
            version: "1.0.0".to_owned(),
            pid: 7,
            started: 0,
            places: vec!["http://127.0.0.1:5984".to_owned()],
            is_ready: true,
            is_ending: false,
            parts: vec![part("cache"), part("store")],
            upstreams: vec![Part {
                name: "https://registry.example/".to_owned(),
                state: "could not be reached".to_owned(),
                path: None,
            }],
        };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(61);
        let shown = Shown::of(&status, now).to_string();
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(lines[0], "nopar 1.0.0 is ready: process 7, up for 1 min 1 s");
        let rest = [
            "  listening on http://127.0.0.1:5984",
            "  cache: ok, /var/cache",
            "  store: ok, /var/store",
            "  upstream: could not be reached, https://registry.example/",
        ];
        assert_eq!(lines[1..], rest);
        let json = serde_json::to_value(Shown::of(&status, now)).unwrap();
        assert_eq!((&json["started"], &json["pid"]), (&"1970-01-01T00:00:00Z".into(), &7.into()));
        let ending = Shown::of(&Status { is_ending: true, ..status }, now).to_string();
        assert!(ending.contains("is stopping"), "{ending}");
    }

    #[test]
    fn times_have_two_units() {
        for (seconds, expected) in
            [(5, "5 s"), (61, "1 min 1 s"), (3_660, "1 h 1 min"), (90_000, "1 d 1 h")]
        {
            assert_eq!(told(Duration::from_secs(seconds)), expected);
        }
    }
}
