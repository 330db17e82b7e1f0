//! Passwords that are typed at a terminal of the tests' own, or piped.
//! Knows nothing of users.

use super::*;
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

/// Tells the one who types that there is a question.
struct Asked(Sender<String>);

impl Write for Asked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8(bytes.to_owned()).expect("a question in UTF-8");
        self.0.send(text).expect("somebody reads it");
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Asks twice, and types these whenever there is a question; what came of it, and what the terminal showed.
fn typed(lines: &[&str]) -> (Result<String, PromptError>, String) {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
    let person = openpt(flags).unwrap();
    grantpt(&person).unwrap();
    unlockpt(&person).unwrap();
    let terminal = File::from(ioctl_tiocgptpeer(&person, flags).unwrap());
    let before = tcgetattr(&terminal).unwrap();
    let mut person = File::from(person);

    let (tell, told) = channel();
    let asks = thread::spawn(move || {
        let password = twice(&terminal, &mut Asked(tell), "ann");
        let after = tcgetattr(&terminal).unwrap();
        // Marks the end of what it showed.
        (&terminal).write_all(b".").unwrap();
        (password, after, terminal)
    });
    let mut questions = String::new();
    for line in lines {
        while !questions.ends_with(": ") {
            let Ok(text) = told.recv_timeout(Duration::from_secs(30)) else { break };
            questions.push_str(&text);
        }
        questions.push('|');
        person.write_all(line.as_bytes()).unwrap();
    }
    let (password, after, _terminal) = asks.join().unwrap();
    assert!(questions.starts_with("New password for ann: |"), "{questions}");
    assert_eq!(after.local_modes, before.local_modes, "it echoes again");
    let mut shown = [0; 100];
    let len = person.read(&mut shown).unwrap();
    (password, String::from_utf8(shown[..len].to_owned()).unwrap())
}

#[test]
fn what_is_typed_is_not_shown() {
    let (password, shown) = typed(&["correct horse\n", "correct horse\n"]);
    assert_eq!((password.unwrap().as_str(), shown.as_str()), ("correct horse", "."));
    // The terminal corrects a line, as always.
    let (password, _) = typed(&["corrext\x7f\x7fct\n", "correct\n"]);
    assert_eq!(password.unwrap(), "correct");
}

#[test]
fn what_is_typed_twice_has_to_be_the_same() {
    let (password, _) = typed(&["correct horse\n", "correct hors\n"]);
    assert!(matches!(password, Err(PromptError::Differ)));
}

#[test]
fn who_changes_their_mind_is_understood() {
    for lines in [&["corr\x03"][..], &["\x04"], &["correct horse\n", "\x03"]] {
        let (password, shown) = typed(lines);
        assert!(matches!(password, Err(PromptError::Cancelled)), "{lines:?}");
        assert_eq!(shown, ".");
    }
}

#[test]
fn one_line_comes_from_another_program() {
    for (input, expected) in [
        ("correct horse", Ok("correct horse")),
        ("correct horse\n", Ok("correct horse")),
        ("correct horse\r\n", Ok("correct horse")),
        (" spaces stay \n", Ok(" spaces stay ")),
        ("\n", Ok("")),
        ("", Err("there is no password on standard input")),
        ("one\ntwo\n", Err("standard input is more than one line")),
        ("one\n\n", Err("standard input is more than one line")),
        (&"x".repeat(4097), Err("standard input is more than one line, or too long")),
    ] {
        let got = only_line(input.as_bytes()).map_err(|error| error.to_string());
        match (got, expected) {
            (Ok(got), Ok(expected)) => assert_eq!(got, expected),
            (Err(got), Err(expected)) => assert!(got.starts_with(expected), "{got}"),
            (got, expected) => panic!("{got:?}, not {expected:?}"),
        }
    }
    assert!(matches!(only_line(&b"\xff\xfe\n"[..]), Err(PromptError::NoText)));
}

#[test]
fn only_a_yes_is_a_yes() {
    for (typed, expected) in [
        ("y\n", true),
        ("Yes\n", true),
        ("\n", false),
        ("n\n", false),
        ("yesterday\n", false),
        ("", false),
    ] {
        let mut answer = tempfile::tempfile().unwrap();
        answer.write_all(typed.as_bytes()).unwrap();
        std::io::Seek::rewind(&mut answer).unwrap();
        let mut asked = Vec::new();
        let is_yes = is_yes(&answer, &mut asked, "Go on? [y/N] ").unwrap();
        assert_eq!((is_yes, asked.as_slice()), (expected, &b"Go on? [y/N] "[..]), "{typed:?}");
    }
}
