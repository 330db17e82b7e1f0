//! The variables that systemd gives the service: those in its unit, and in the drop-ins beside it.
//! Knows nothing of what they are for.

use super::Variables;
use crate::regular;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// What the service is called.
const UNIT: &str = "nopar.service";

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) env: Variables,
    /// The files it was found in; none if there is no such unit.
    pub(super) files: Vec<PathBuf>,
}

/// Why that cannot be told.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnitError {
    /// A file cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unread {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line means more than is understood here.
    #[error(
        "{}: only systemd knows what {value:?} means here: give this command its settings (--config FILE, or NOPAR_ variables)",
        path.display()
    )]
    Unclear {
        /// The file.
        path: PathBuf,
        /// What is not understood.
        value: String,
    },
}

/// Reads the unit in the first of these folders that has one, and the drop-ins in all of them.
pub(super) fn read(folders: &[PathBuf]) -> Result<Found, UnitError> {
    let Some(unit) = folders.iter().map(|folder| folder.join(UNIT)).find(|path| path.is_file())
    else {
        return Ok(Found::default());
    };
    let mut lines = Lines::default();
    let mut files = vec![unit];
    files.extend(drop_ins(folders).into_values());
    files.iter().try_for_each(|path| lines.add(path))?;
    Ok(Found { env: lines.variables()?, files })
}

/// By name, in which order they count; of one name, the first folder's.
fn drop_ins(folders: &[PathBuf]) -> BTreeMap<OsString, PathBuf> {
    let mut found = BTreeMap::new();
    for folder in folders.iter().rev() {
        let Ok(entries) = folder.join(format!("{UNIT}.d")).read_dir() else { continue };
        let paths = entries.flatten().map(|entry| entry.path());
        for path in paths.filter(|path| path.extension().is_some_and(|it| it == "conf")) {
            found.insert(path.file_name().unwrap_or_default().to_owned(), path);
        }
    }
    // One that leads nowhere (/dev/null) takes away that of the same name.
    found.retain(|_, path| path.is_file());
    found
}

/// The lines that tell of variables, and where each is from.
#[derive(Default)]
struct Lines {
    variables: Vec<(PathBuf, String)>,
    files: Vec<(PathBuf, String)>,
}

impl Lines {
    fn add(&mut self, path: &Path) -> Result<(), UnitError> {
        let mut section = String::new();
        for line in joined(&text(path)?) {
            if line.starts_with('[') {
                section = line;
                continue;
            }
            let Some((key, value)) = line.split_once('=') else { continue };
            let list = match key.trim() {
                "Environment" if section == "[Service]" => &mut self.variables,
                "EnvironmentFile" if section == "[Service]" => &mut self.files,
                _ => continue,
            };
            match value.trim() {
                // What was said before is taken back.
                "" => list.clear(),
                value => list.push((path.to_owned(), value.to_owned())),
            }
        }
        Ok(())
    }

    fn variables(self) -> Result<Variables, UnitError> {
        let mut env = Variables::new();
        for (path, value) in self.variables {
            let words = words(&value).ok_or(UnitError::Unclear { path, value })?;
            env.extend(words.iter().filter_map(|word| assignment(word)));
        }
        for (path, value) in self.files {
            let (file, is_needed) = match value.strip_prefix('-') {
                Some(file) => (file, false),
                None => (value.as_str(), true),
            };
            if file.contains(['%', '*', '?', '[']) {
                return Err(UnitError::Unclear { path, value });
            }
            match text(Path::new(file)) {
                Ok(text) => env.extend(text.lines().filter_map(plain)),
                Err(error) if is_needed => return Err(error),
                Err(_) => {}
            }
        }
        Ok(env)
    }
}

fn text(path: &Path) -> Result<String, UnitError> {
    let unread = |source| UnitError::Unread { path: path.to_owned(), source };
    regular::read_to_string(path).map_err(unread)
}

/// Lines without comments; one that ends with a backslash goes on with the next.
fn joined(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut open = String::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        match line.strip_suffix('\\') {
            Some(part) => {
                open.push_str(part);
                open.push(' ');
            }
            None => lines.push(std::mem::take(&mut open) + line),
        }
    }
    lines
}

/// The words of a value, without the quotes that some are in; `None` if there is something in it that is not understood.
fn words(value: &str) -> Option<Vec<String>> {
    let mut words: Vec<String> = Vec::new();
    let (mut word, mut quote) = (None::<String>, None::<char>);
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' if quote.is_none() => words.extend(word.take()),
            '"' | '\'' if quote == Some(letter) => quote = None,
            '"' | '\'' if quote.is_none() => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            '\\' => {
                let meant = match letters.next()? {
                    's' => ' ',
                    'n' => '\n',
                    't' => '\t',
                    other @ ('\\' | '"' | '\'') => other,
                    _ => return None,
                };
                word.get_or_insert_default().push(meant);
            }
            '%' if letters.next()? != '%' => return None,
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

fn assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    Some((name.to_owned(), value.to_owned()))
}

/// A line of a file of variables.
fn plain(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    let (name, value) = line.split_once('=').filter(|_| !line.starts_with(['#', ';']))?;
    let value = value.trim();
    let inner = ['"', '\'']
        .iter()
        .find_map(|quote| value.strip_prefix(*quote).and_then(|rest| rest.strip_suffix(*quote)));
    Some((name.trim().to_owned(), inner.unwrap_or(value).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;
    use tempfile::TempDir;

    /// Two folders of units: that of this machine, and that of packages.
    fn folders() -> (TempDir, Vec<PathBuf>) {
        let home = tempfile::tempdir().unwrap();
        let folders = vec![home.path().join("etc"), home.path().join("lib")];
        for folder in &folders {
            fs::create_dir_all(folder.join("nopar.service.d")).unwrap();
        }
        (home, folders)
    }

    fn check(unit: &str, expected: &[(&str, &str)]) {
        let (_home, folders) = folders();
        fs::write(folders[1].join(UNIT), unit).unwrap();
        let found = read(&folders).unwrap();
        let env: Vec<(&str, &str)> =
            found.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(env, expected, "{unit}");
    }

    #[test]
    fn variables_are_read_as_systemd_reads_them() {
        check("[Service]\nEnvironment=A=1 B=2\nUser=x\n", &[("A", "1"), ("B", "2")]);
        check("[Service]\nEnvironment=\"A=1 2\" B='3 \"'\n", &[("A", "1 2"), ("B", "3 \"")]);
        check("[Service]\n# C=1\nEnvironment = A=1 \\\n ; no\n  B=2\n", &[("A", "1"), ("B", "2")]);
        check("[Service]\nEnvironment=A=1\nEnvironment=\nEnvironment=B=2\n", &[("B", "2")]);
        check("[Service]\nEnvironment=A=100%% B=a\\sb\n", &[("A", "100%"), ("B", "a b")]);
        check("[Unit]\nEnvironment=A=1\n[Service]\nEnvironmentX=B=1\n", &[]);
        check("[Service]\nEnvironment=A=1\nEnvironment=A=2\n", &[("A", "2")]);
    }

    /// The one that is shipped is understood.
    #[test]
    fn the_unit_of_nopar_says_where_things_are() {
        check(
            include_str!("../../../systemd/nopar.service"),
            &[
                ("NOPAR_CACHE_PATH", "/var/cache/nopar"),
                ("NOPAR_HOME", "/var/lib/nopar"),
                ("NOPAR_REGISTRY_PATH", "/var/lib/nopar"),
                ("NOPAR_RUN_PATH", "/run/nopar"),
            ],
        );
    }

    #[test]
    fn the_machines_own_unit_goes_before_that_of_a_package() {
        let (_home, folders) = folders();
        assert!(read(&folders).unwrap().files.is_empty(), "there is none yet");
        fs::write(folders[1].join(UNIT), "[Service]\nEnvironment=A=package\n").unwrap();
        fs::write(folders[0].join(UNIT), "[Service]\nEnvironment=A=machine\n").unwrap();
        let found = read(&folders).unwrap();
        assert_eq!((found.env["A"].as_str(), found.files.len()), ("machine", 1));
        // One that is masked is none.
        fs::remove_file(folders[1].join(UNIT)).unwrap();
        fs::remove_file(folders[0].join(UNIT)).unwrap();
        symlink("/dev/null", folders[0].join(UNIT)).unwrap();
        assert!(read(&folders).unwrap().files.is_empty());
    }

    #[test]
    fn drop_ins_go_before_the_unit_in_the_order_of_their_names() {
        let (_home, folders) = folders();
        fs::write(folders[1].join(UNIT), "[Service]\nEnvironment=A=unit B=unit C=unit D=unit\n")
            .unwrap();
        let drop_in = |folder: usize, name: &str, text: &str| {
            let path = folders[folder].join("nopar.service.d").join(name);
            fs::write(path, format!("[Service]\nEnvironment={text}\n")).unwrap();
        };
        drop_in(0, "20-b.conf", "B=second");
        drop_in(1, "10-a.conf", "A=package B=package");
        drop_in(0, "10-a.conf", "B=first C=first");
        drop_in(0, "note.txt", "D=no");
        drop_in(1, "30-d.conf", "D=no");
        symlink("/dev/null", folders[0].join("nopar.service.d/30-d.conf")).unwrap();
        let env = read(&folders).unwrap().env;
        let values = ["A", "B", "C", "D"].map(|name| env[name].as_str());
        assert_eq!(values, ["unit", "second", "first", "unit"]);
    }

    #[test]
    fn files_of_variables_go_before_lines() {
        let (home, folders) = folders();
        let file = home.path().join("variables");
        fs::write(&file, "# no\n\nA=1\n B = \"2 3\"\nC='4'\nnothing\n;D=5\n").unwrap();
        let unit = |more: &str| {
            let text = format!("[Service]\nEnvironmentFile={more}\nEnvironment=A=0\n");
            fs::write(folders[1].join(UNIT), text).unwrap();
            read(&folders)
        };
        let env = unit(&file.display().to_string()).unwrap().env;
        let values = ["A", "B", "C"].map(|name| env[name].as_str());
        assert_eq!((values, env.len()), (["1", "2 3", "4"], 3));
        assert_eq!(unit("-/nonexistent/file").unwrap().env["A"], "0");
        let told = unit("/nonexistent/file").unwrap_err().to_string();
        assert!(told.starts_with("/nonexistent/file cannot be read"), "{told}");
    }

    #[test]
    fn what_only_systemd_understands_is_told_of() {
        let (_home, folders) = folders();
        for line in [
            "Environment=A=%h",
            "Environment=A=\\x41",
            "Environment=\"A=1",
            "EnvironmentFile=/etc/%N",
        ] {
            fs::write(folders[1].join(UNIT), format!("[Service]\n{line}\n")).unwrap();
            let told = read(&folders).unwrap_err().to_string();
            assert!(
                told.contains("only systemd knows") && told.contains("nopar.service"),
                "{told}"
            );
        }
    }
}
