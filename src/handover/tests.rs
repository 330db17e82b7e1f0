//! Both sides in one process, and programs that are no NOPAR.

use super::channel::{Channel, Unheard};
use super::*;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::fd::AsFd;
use std::process::Command;
use std::thread;

const SHORT: Duration = Duration::from_millis(1);

fn pair() -> (Channel, Channel) {
    let (ours, theirs) = Channel::pair().unwrap();
    (ours, Channel::of(theirs).unwrap())
}

#[test]
fn files_are_handed_over_by_their_names() {
    let (giver, taker) = pair();
    let taking = thread::spawn(move || {
        let giver = Giver::on(taker);
        let mut handed = giver.able().unwrap();
        giver.serving().unwrap();
        giver.known();
        giver.ended();
        let (name, file) = handed.pop().unwrap();
        assert!(handed.is_empty());
        let (mut file, mut text) = (File::from(file), String::new());
        file.read_to_string(&mut text).unwrap();
        (name, text)
    });
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"what is in it").unwrap();
    file.rewind().unwrap();
    let hear = |giver: &Channel| giver.receive::<FromTaker>(PATIENCE).unwrap().0;
    assert_eq!(hear(&giver), FromTaker::Able);
    let names = vec!["it".to_owned()];
    giver.send(&FromGiver::Handed { names }, &[file.as_fd()]).unwrap();
    assert_eq!(hear(&giver), FromTaker::Serving);
    giver.send(&FromGiver::Yours, &[]).unwrap();
    assert_eq!(hear(&giver), FromTaker::Known);
    drop(giver);
    assert_eq!(taking.join().unwrap(), ("it".to_owned(), "what is in it".to_owned()));
}

#[test]
fn who_was_to_give_may_be_gone_or_say_something_else() {
    let (giver, taker) = pair();
    drop(giver);
    assert!(matches!(Giver::on(taker).able(), Err(GiverGone::Ended)));
    let (giver, taker) = pair();
    giver.send(&FromGiver::Yours, &[]).unwrap();
    assert!(matches!(Giver::on(taker).able(), Err(GiverGone::Broken(_))));
    let (giver, taker) = pair();
    let names = vec!["one too many".to_owned()];
    giver.send(&FromGiver::Handed { names }, &[]).unwrap();
    let told = Giver::on(taker).able().unwrap_err().to_string();
    assert!(told.contains("with 0 files"), "{told}");
    let (giver, taker) = pair();
    giver.send(&"nonsense", &[]).unwrap();
    assert!(matches!(Giver::on(taker).serving(), Err(GiverGone::Broken(_))));
}

#[test]
fn silence_and_too_much_are_told_apart() {
    let (ours, theirs) = pair();
    assert!(matches!(ours.receive::<FromTaker>(SHORT), Err(Unheard::Silent)));
    theirs.send(&FromTaker::Failed { why: "x".repeat(70 << 10) }, &[]).unwrap();
    assert!(matches!(ours.receive::<FromTaker>(PATIENCE), Err(Unheard::Broken(_))));
    let file = tempfile::tempfile().unwrap();
    assert!(theirs.send(&FromTaker::Able, &vec![file.as_fd(); 200]).is_err());
    drop(theirs);
    assert!(matches!(ours.receive::<FromTaker>(PATIENCE), Err(Unheard::Ended)));
    // Anything else that a process may have for its standard input.
    assert!(Channel::of(file.into()).is_none());
    let (stream, _other) = std::os::unix::net::UnixStream::pair().unwrap();
    assert!(Channel::of(stream.into()).is_none());
}

#[test]
fn a_program_that_does_not_take_over_is_ended_and_told_of() {
    let none = Taker::start(Command::new("/nowhere/nopar"));
    let told = none.unwrap_err().to_string();
    assert!(told.starts_with("/nowhere/nopar cannot be run: "), "{told}");

    let mut quick = Taker::start(Command::new("true")).unwrap();
    let told = quick.able(PATIENCE).unwrap_err();
    assert!(matches!(told, HandOverError::Ended(_)), "{told}");

    let mut silent = Command::new("sleep");
    silent.arg("1000");
    let mut silent = Taker::start(silent).unwrap();
    assert!(matches!(silent.able(SHORT), Err(HandOverError::Silent(_))));
    let pid = rustix::process::Pid::from_raw(silent.pid().try_into().unwrap()).unwrap();
    rustix::process::test_kill_process(pid).unwrap();
    drop(silent);
    rustix::process::test_kill_process(pid).unwrap_err();
}
