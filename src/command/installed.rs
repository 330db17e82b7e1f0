//! The settings of the NOPAR that is installed as a service on this machine: a command that is given none takes them, so
//! that `sudo nopar user add ann` is about the registry that is served.
//! Knows nothing of what a setting means, nor of commands.
//!
//! They are what the service has: the variables of its unit, those of /etc/default/nopar, which is read by a shell, and
//! /etc/nopar.toml. Another command line that a drop-in gives the service is not followed.

mod shell;
mod unit;

use super::Problem;
use crate::config::Sources;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where units are, as systemd.unit(5) has it: what comes first holds.
const UNITS: [&str; 5] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// Where a service has its settings.
pub(super) struct Places {
    units: Vec<PathBuf>,
    /// Variables, as lines of shell.
    variables: PathBuf,
    /// The configuration file.
    file: PathBuf,
}

impl Places {
    /// Those of this machine.
    pub(super) fn of_machine() -> Places {
        Places {
            units: UNITS.iter().map(PathBuf::from).collect(),
            variables: "/etc/default/nopar".into(),
            file: "/etc/nopar.toml".into(),
        }
    }
}

/// The files that settings were taken from.
pub(super) struct Taken(Vec<PathBuf>);

/// Gives a command the settings of the service, if it has none of its own, and there is a service.
///
/// # Errors
/// When they cannot be read, or not be trusted.
pub(super) fn take(sources: &mut Sources, places: &Places) -> Result<Option<Taken>, Problem> {
    let has_own = sources.env.keys().any(|name| name.starts_with("NOPAR_"));
    if sources.file.is_some() || has_own {
        return Ok(None);
    }
    let unit = unit::read(&places.units)?;
    let mut taken = unit.files;
    let mut env = unit.env;
    if is_there(&places.variables) {
        env = shell::variables(&places.variables, &env, shell::PATIENCE)?;
        taken.push(places.variables.clone());
    }
    let file = is_there(&places.file).then(|| places.file.clone());
    taken.extend(file.clone());
    if taken.is_empty() {
        return Ok(None);
    }
    sources.env = env;
    sources.file = file;
    Ok(Some(Taken(taken)))
}

fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

impl Taken {
    /// What kept a command from being done, with which settings it had: whoever reads it may not have thought of these.
    pub(super) fn told(self, problem: Problem) -> Problem {
        Box::new(With { problem, taken: self.0 })
    }
}

/// A problem of a command that had the settings of the service.
#[derive(Debug)]
struct With {
    problem: Problem,
    taken: Vec<PathBuf>,
}

impl fmt::Display for With {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: Vec<String> = self.taken.iter().map(|path| path.display().to_string()).collect();
        write!(
            f,
            "{}\nnopar: this used the settings of the installed service ({}); for others, give --config FILE or set a \
             NOPAR_ variable",
            self.problem,
            files.join(", ")
        )
    }
}

impl Error for With {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.problem.as_ref())
    }
}

/// Variables by name.
type Variables = BTreeMap<String, String>;

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    struct Machine {
        _home: TempDir,
        places: Places,
    }

    impl Machine {
        fn new() -> Machine {
            let home = tempfile::tempdir().unwrap();
            let place = |name: &str| home.path().join(name);
            let units = vec![place("etc"), place("lib")];
            units.iter().for_each(|folder| fs::create_dir(folder).unwrap());
            let places = Places { units, variables: place("default"), file: place("toml") };
            Machine { places, _home: home }
        }

        fn with_unit(self) -> Machine {
            let unit = "[Service]\nEnvironment=NOPAR_HOME=/var/lib/nopar NOPAR_PORT=1\n";
            fs::write(self.places.units[1].join("nopar.service"), unit).unwrap();
            self
        }

        fn taken(&self, env: &[(&str, &str)], file: Option<&str>) -> (Sources, Option<Taken>) {
            let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let file = file.map(PathBuf::from);
            let mut sources = Sources { env: env.collect(), file, ignore_saved: true };
            let taken = take(&mut sources, &self.places).unwrap();
            (sources, taken)
        }
    }

    #[test]
    fn without_a_service_everything_stays() {
        let (sources, taken) = Machine::new().taken(&[("LANG", "C")], None);
        assert!(taken.is_none());
        assert_eq!((sources.env.len(), sources.file), (1, None));
    }

    #[test]
    fn who_is_given_settings_keeps_to_them() {
        let machine = Machine::new().with_unit();
        fs::write(&machine.places.file, "").unwrap();
        let (sources, taken) = machine.taken(&[("NOPAR_PORT", "7")], None);
        assert!(taken.is_none());
        assert_eq!((sources.env["NOPAR_PORT"].as_str(), sources.env.len()), ("7", 1));
        let (sources, taken) = machine.taken(&[], Some("my.toml"));
        assert!(taken.is_none() && sources.env.is_empty());
        assert_eq!(sources.file, Some("my.toml".into()));
    }

    #[test]
    fn who_is_given_none_has_those_of_the_unit_and_the_file() {
        let machine = Machine::new().with_unit();
        let (sources, taken) = machine.taken(&[("LANG", "C"), ("NO_PROXY", "x")], None);
        assert_eq!(sources.env["NOPAR_HOME"], "/var/lib/nopar");
        assert!(sources.ignore_saved && sources.file.is_none());
        // Of the caller's variables, none counts for the service.
        assert_eq!(sources.env.len(), 2);
        let told = taken.unwrap().told("it failed".into());
        assert!(told.to_string().starts_with("it failed\nnopar: this used the settings"));
        assert!(told.to_string().contains("lib/nopar.service); for others"), "{told}");
        assert_eq!(told.source().unwrap().to_string(), "it failed");

        fs::write(&machine.places.file, "").unwrap();
        let (sources, _) = machine.taken(&[], None);
        assert_eq!(sources.file.as_ref(), Some(&machine.places.file));
    }

    #[test]
    fn lines_of_shell_go_before_the_unit() {
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: only what is root's is run");
            return;
        }
        let machine = Machine::new().with_unit();
        fs::write(&machine.places.variables, "export NOPAR_PORT=`echo 4000`\n").unwrap();
        let (sources, taken) = machine.taken(&[], None);
        assert_eq!(sources.env["NOPAR_PORT"], "4000");
        assert_eq!(sources.env["NOPAR_HOME"], "/var/lib/nopar");
        assert!(taken.unwrap().told("x".into()).to_string().contains("default)"));
    }
}
