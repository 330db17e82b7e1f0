//! The settings of the NOPAR that is installed as a service on this machine: commands take them, so that `sudo nopar user
//! add ann` is about the registry that is served.
//! Knows nothing of what a setting means, nor of commands.
//!
//! A variable of the caller's takes the place of the service's: were one enough to do without all others, `NOPAR_LOGLEVEL=info
//! nopar user add ann` would make a registry in the current directory. Another NOPAR is meant by whoever names its
//! configuration file or its directory.
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

/// The variable that names a configuration file.
const FILE: &str = "NOPAR_CONFIG";
/// The variable that names the directory in which a NOPAR has all that is its own.
const DIRECTORY: &str = "NOPAR_HOME";

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

/// Gives a command the settings of the service, if there is one and no other NOPAR is meant.
///
/// # Errors
/// When they cannot be read, or not be trusted.
pub(super) fn take(sources: &mut Sources, places: &Places) -> Result<Option<Taken>, Problem> {
    if is_about_another(sources, places) {
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
    let own = std::mem::take(&mut sources.env).into_iter();
    let own = own.filter(|(name, _)| name.starts_with("NOPAR_") && name != FILE);
    env.extend(own);
    sources.env = env;
    sources.file = file;
    Ok(Some(Taken(taken)))
}

/// Whether another NOPAR is meant than the service.
fn is_about_another(sources: &Sources, places: &Places) -> bool {
    let file = sources.file.clone().or_else(|| sources.env.get(FILE).map(PathBuf::from));
    let is_services = |file: &Path| match (file.canonicalize(), places.file.canonicalize()) {
        (Ok(file), Ok(services)) => file == services,
        _ => false,
    };
    sources.env.contains_key(DIRECTORY) || file.is_some_and(|file| !is_services(&file))
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
            "{}\nnopar: the settings used are those of the installed service ({})",
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
    fn who_names_a_file_or_a_directory_means_another_nopar() {
        let machine = Machine::new().with_unit();
        fs::write(&machine.places.file, "").unwrap();
        let (sources, taken) = machine.taken(&[("NOPAR_HOME", "/home"), ("NOPAR_PORT", "7")], None);
        assert!(taken.is_none());
        assert_eq!((sources.env["NOPAR_PORT"].as_str(), sources.env.len()), ("7", 2));
        let (sources, taken) = machine.taken(&[], Some("my.toml"));
        assert!(taken.is_none() && sources.env.is_empty());
        assert_eq!(sources.file, Some("my.toml".into()));
        let (_, taken) = machine.taken(&[("NOPAR_CONFIG", "my.toml")], None);
        assert!(taken.is_none());
    }

    #[test]
    fn the_callers_variables_go_before_the_services() {
        let machine = Machine::new().with_unit();
        let env = [("NOPAR_PORT", "7"), ("LANG", "C")];
        let (sources, taken) = machine.taken(&env, None);
        assert!(taken.is_some());
        assert_eq!(
            (&*sources.env["NOPAR_PORT"], &*sources.env["NOPAR_HOME"]),
            ("7", "/var/lib/nopar")
        );
        assert!(!sources.env.contains_key("LANG"));
        // The service's own file is no other's, however it is named.
        fs::write(&machine.places.file, "").unwrap();
        let file = machine.places.file.to_str().unwrap();
        for (env, file) in [(vec![], Some(file)), (vec![("NOPAR_CONFIG", file)], None)] {
            let (sources, taken) = machine.taken(&env, file);
            assert!(taken.is_some());
            assert_eq!(sources.file.as_ref(), Some(&machine.places.file));
            assert_eq!((sources.env.len(), &*sources.env["NOPAR_PORT"]), (2, "1"));
        }
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
        assert!(told.to_string().starts_with("it failed\nnopar: the settings used are those of"));
        assert!(told.to_string().ends_with("lib/nopar.service)"), "{told}");
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
