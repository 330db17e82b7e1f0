//! `nopar man`: the manual, from the definitions of the command line.
//! Knows nothing of any command.

mod synopsis;

use super::Problem;
use super::out::Out;
use crate::cli::{Cli, ManOptions};
use clap_mangen::Man;
use std::fs;
use std::path::Path;

/// What the collection of pages is called, at the head of each.
const MANUAL: &str = "NOPAR";

/// What the definitions do not know: below the first page.
const FILES: &str = ".SH FILES
.TP
/etc/nopar.toml, /etc/default/nopar
The settings of the service (nopar.service), and of commands that are given no others. The one is what
\\fBnopar \\-\\-print\\-default\\-config\\fR prints; the other is lines of shell, as in \\fBexport NOPAR_PORT=5984\\fR.
.TP
/var/lib/nopar
What is published to the service, its users, tokens, keys and saved settings (NOPAR_REGISTRY_PATH): back it up.
.TP
/var/cache/nopar
Copies of what upstream registries said (NOPAR_CACHE_PATH). To delete them is safe at any time.
.TP
/run/nopar
nopar.pid, and the socket that commands reach the service by (NOPAR_RUN_PATH).
";

/// Prints the first page, or writes all of them.
pub(super) fn run(options: &ManOptions, out: &mut Out) -> Result<(), Problem> {
    let pages = pages(Cli::definition())?;
    match &options.dir {
        Some(dir) => write(dir, &pages),
        None => Ok(out.print(&pages[0].text)?),
    }
}

/// A page of the manual.
struct Page {
    file: String,
    text: String,
}

/// Writes them into a directory, which is made if it is not there.
fn write(dir: &Path, pages: &[Page]) -> Result<(), Problem> {
    fs::create_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    for Page { file, text } in pages {
        let path = dir.join(file);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// The page of the program, and then those of its commands and of theirs.
fn pages(definition: clap::Command) -> Result<Vec<Page>, Problem> {
    // Otherwise each would have a page that says how to ask for help on it.
    let mut definition = definition.disable_help_subcommand(true);
    definition.build();
    let mut pages = Vec::new();
    add(&definition, &mut pages)?;
    pages[0].text.push_str(FILES);
    Ok(pages)
}

fn add(command: &clap::Command, pages: &mut Vec<Page>) -> Result<(), Problem> {
    let source = concat!("nopar ", env!("CARGO_PKG_VERSION"));
    // The library would leave out the values of options.
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let usage = format!("{name} {}", synopsis::of(command));
    let man = Man::new(command.clone().override_usage(usage)).source(source).manual(MANUAL);
    let mut text = Vec::new();
    man.render(&mut text)?;
    pages.push(Page { file: man.get_filename(), text: noted(&String::from_utf8(text)?) });
    command.get_subcommands().filter(|it| !it.is_hide_set()).try_for_each(|it| add(it, pages))
}

/// A page whose notes, which are below the help of a command, are called so; lines that begin with a space are examples and
/// tables, and stay as they are.
fn noted(page: &str) -> String {
    let (mut text, mut is_note, mut is_kept) = (String::new(), false, false);
    for line in page.lines() {
        if line.starts_with(".SH ") {
            is_note = line == ".SH EXTRA";
        }
        let keep = is_note && line.starts_with(' ');
        match (is_kept, keep) {
            (false, true) => text.push_str(".nf\n"),
            (true, false) => text.push_str(".fi\n"),
            _ => {}
        }
        is_kept = keep;
        text.push_str(if line == ".SH EXTRA" { ".SH NOTES" } else { line });
        text.push('\n');
    }
    if is_kept {
        text.push_str(".fi\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_which_the_one_above_names() {
        let pages = pages(Cli::definition()).unwrap();
        let names: Vec<&str> = pages.iter().map(|page| page.file.as_str()).collect();
        assert_eq!(names[0], "nopar.1");
        for name in ["nopar-status.1", "nopar-user.1", "nopar-user-add.1", "nopar-keys-rotate.1"] {
            assert!(names.contains(&name), "{names:?}");
        }
        assert!(!names.iter().any(|name| name.contains("help")), "{names:?}");
        for command in Cli::definition().get_subcommands() {
            let page = format!("nopar\\-{}(1)", command.get_name());
            assert!(pages[0].text.contains(&page), "{page}");
        }
    }

    #[test]
    fn a_page_says_what_help_does_and_where_things_are() {
        let pages = pages(Cli::definition()).unwrap();
        for words in [".SH FILES", "NOPAR_FORWARDER_URL", "/var/lib/nopar", ".SH NOTES"] {
            assert!(pages[0].text.contains(words), "{words}");
        }
        for page in &pages {
            assert!(page.text.contains(".SH NAME\n") && page.text.contains(".SH SYNOPSIS\n"));
            assert!(page.text.contains(env!("CARGO_PKG_VERSION")), "{}", page.file);
            assert!(!page.text.contains(".SH EXTRA"), "{}", page.file);
        }
        let prefetch = pages.iter().find(|page| page.file == "nopar-prefetch.1").unwrap();
        for words in ["\\fBnopar prefetch\\fR", "jobs NUMBER]", " LOCKFILE..."] {
            assert!(prefetch.text.contains(words), "{words}: {}", prefetch.text);
        }
    }

    #[test]
    fn examples_keep_their_lines() {
        let page = ".SH NAME\n a\n.SH EXTRA\nwords\n  an   example\n  another\nmore\n  last\n";
        let expected = ".SH NAME\n a\n.SH NOTES\nwords\n.nf\n  an   example\n  another\n.fi\nmore\n.nf\n  last\n.fi\n";
        assert_eq!(noted(page), expected);
        let page = ".SH EXTRA\n  last\n.SH VERSION\n v1\n";
        assert_eq!(noted(page), ".SH NOTES\n.nf\n  last\n.fi\n.SH VERSION\n v1\n");
    }

    #[test]
    fn a_directory_that_is_not_there_is_made() {
        let home = tempfile::tempdir().unwrap();
        let options = |dir: &str| ManOptions { dir: Some(home.path().join(dir)) };
        fs::write(home.path().join("file"), "").unwrap();
        let told = run(&options("file"), &mut Out::text()).unwrap_err().to_string();
        assert!(told.contains("/file: "), "{told}");
        run(&options("share/man1"), &mut Out::text()).unwrap();
        let written = fs::read_to_string(home.path().join("share/man1/nopar-user-add.1")).unwrap();
        assert!(written.contains("nopar\\-user\\-add"), "{written}");
    }
}
