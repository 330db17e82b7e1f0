//! In which order a commit does things to the disk.
//! Knows nothing of faults.

use super::{DiskStore, directory, everything, open};
use crate::store::conformance::{bytes_of, name, publish, unpublish};
use parking_lot::Mutex;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// What was done, as text: `Rename x/x.json`. Unfinished files are all called `tmp`.
#[derive(Clone, Default)]
pub(super) struct Record {
    steps: Arc<Mutex<Vec<String>>>,
    /// A step that fails, when it is done this many times.
    failing: Arc<Mutex<Option<(String, usize)>>>,
}

impl Record {
    pub(super) fn of(store: &DiskStore, root: &Path) -> Record {
        let (record, root) = (Record::default(), root.to_owned());
        let heard = record.clone();
        store.watch(Some(Arc::new(move |step, path| {
            let below = path.strip_prefix(&root).unwrap();
            let path = if below.starts_with(".nopar/tmp") { Path::new("tmp") } else { below };
            heard.hear(format!("{step:?} {}", path.display()).trim_end())
        })));
        record
    }

    fn hear(&self, step: &str) -> io::Result<()> {
        self.say(step);
        match &mut *self.failing.lock() {
            Some((failing, times)) if failing == step => {
                *times = times.wrapping_sub(1);
                if *times == 0 { Err(io::Error::other("as asked for")) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    pub(super) fn say(&self, what: &str) {
        self.steps.lock().push(what.to_owned());
    }

    pub(super) fn fail(&self, step: &str, times: usize) {
        *self.failing.lock() = Some((step.to_owned(), times));
    }

    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.steps.lock())
    }
}

#[tokio::test]
async fn what_is_answered_is_on_the_disk() {
    let home = directory();
    let store = open(home.path());
    let (warm, x, y) = (name("warm"), name("x"), name("@s/y"));
    publish(&store, &warm, "1.0.0", b"so that the folder of unfinished files is there")
        .await
        .unwrap();
    let record = Record::of(&store, home.path());

    assert!(publish(&store, &x, "1.0.0", b"bytes").await.unwrap());
    record.say("answered");
    let first = [
        "Create tmp",
        "Write tmp",
        "Sync tmp",
        "MakeFolder x",
        "SyncFolder",
        "Rename x/x-1.0.0.tgz",
        "SyncFolder x",
        "Create tmp",
        "Write tmp",
        "Date tmp",
        "Sync tmp",
        "Rename x/x.json",
        "SyncFolder x",
        "answered",
    ];
    assert_eq!(record.take(), first);

    assert!(publish(&store, &x, "1.1.0", b"bytes").await.unwrap());
    record.say("answered");
    let next = first.iter().filter(|line| !["MakeFolder x", "SyncFolder"].contains(line));
    let next: Vec<_> = next.map(|line| line.replace("1.0.0", "1.1.0")).collect();
    assert_eq!(record.take(), next);

    unpublish(&store, &x, "1.0.0").await.unwrap();
    record.say("answered");
    let mut document = first[7..13].to_vec();
    document.extend(["Remove x/x-1.0.0.tgz", "answered"]);
    assert_eq!(record.take(), document);

    assert!(publish(&store, &y, "1.0.0", b"").await.unwrap());
    let expected = [
        "Create tmp",
        "Sync tmp",
        "MakeFolder @s",
        "MakeFolder @s/y",
        "SyncFolder @s",
        "SyncFolder",
        "Rename @s/y/y-1.0.0.tgz",
        "SyncFolder @s/y",
        "Create tmp",
        "Write tmp",
        "Date tmp",
        "Sync tmp",
        "Rename @s/y/y.json",
        "SyncFolder @s/y",
    ];
    assert_eq!(record.take(), expected);
    // All of it went through here: nothing else is there.
    let unfinished = everything(home.path()).into_keys().filter(|path| path.starts_with(".nopar"));
    assert_eq!(unfinished.count(), 0);
}

/// Nothing goes that a document on the disk could name: the old document is there before, for good.
#[tokio::test]
async fn what_is_taken_back_is_taken_back_in_order() {
    let home = directory();
    let store = open(home.path());
    publish(&store, &name("x"), "1.0.0", b"bytes").await.unwrap();
    for (whose, put_back) in [
        (
            "x",
            &["Create tmp", "Write tmp", "Date tmp", "Sync tmp", "Rename x/x.json", "SyncFolder x"]
                [..],
        ),
        ("y", &["Remove y/y.json", "SyncFolder y"][..]),
    ] {
        let record = Record::of(&store, home.path());
        record.fail(&format!("SyncFolder {whose}"), 2);
        publish(&store, &name(whose), "2.0.0", b"bytes").await.unwrap_err();
        let steps = record.take();
        let tarball = format!("Remove {whose}/{whose}-2.0.0.tgz");
        let mut expected = [put_back, &[&tarball]].concat();
        if whose == "y" {
            expected.push("Remove y");
        }
        assert_eq!(steps[steps.len() - expected.len()..], expected);
    }
}

/// A scope that another publish made, perhaps without having come to its sync, is synced again.
#[tokio::test]
async fn a_folder_that_somebody_made_is_on_the_disk_as_well() {
    let home = directory();
    let store = open(home.path());
    publish(&store, &name("@s/x"), "1.0.0", b"").await.unwrap();
    std::fs::create_dir(home.path().join("@s/y")).unwrap();
    let record = Record::of(&store, home.path());
    publish(&store, &name("@s/y"), "1.0.0", b"").await.unwrap();
    let steps = record.take();
    let at = |step: &str| steps.iter().position(|it| it == step).expect(step);
    assert!(at("SyncFolder @s") < at("Rename @s/y/y-1.0.0.tgz"), "{steps:#?}");
    assert!(at("SyncFolder") < at("Rename @s/y/y-1.0.0.tgz"), "{steps:#?}");
}

/// A large tarball goes to the disk while it comes in.
#[tokio::test]
async fn bytes_do_not_wait_in_memory() {
    let home = directory();
    let store = open(home.path());
    let record = Record::of(&store, home.path());
    publish(&store, &name("x"), "1.0.0", &bytes_of("1.0.0")).await.unwrap();
    let steps = record.take();
    let synced = steps.iter().position(|step| step == "Sync tmp").unwrap();
    let written = steps[..synced].iter().filter(|step| *step == "Write tmp").count();
    assert!(written >= 3, "{steps:#?}");
}

/// Who loses a race has given no name to anything, and waits for the disk only once.
#[tokio::test]
async fn a_conflict_touches_nothing_that_has_a_name() {
    use crate::store::conformance::{file, upload};
    use crate::store::{Change, Committed, Store};
    let home = directory();
    let store = open(home.path());
    let x = name("x");
    publish(&store, &x, "1.0.0", b"bytes").await.unwrap();
    let before = everything(home.path());
    let record = Record::of(&store, home.path());
    let document = store.document(&x).await.unwrap().unwrap().document;
    let add = vec![(file(&x, "1.0.0"), upload(&store, b"other bytes").await.unwrap())];
    let mut change = Change { document, add, remove: vec![file(&x, "1.0.0")] };
    for round in 0..2 {
        match store.commit(&x, None, change).await.unwrap() {
            Committed::Conflict(back) => change = back,
            Committed::Done(_) => panic!("there is a document"),
        }
        let steps: &[&str] =
            if round == 0 { &["Create tmp", "Write tmp", "Sync tmp"] } else { &[] };
        assert_eq!(record.take(), steps);
    }
    drop(change);
    store.tidied().await;
    assert_eq!(record.take(), ["Remove tmp"]);
    assert_eq!(everything(home.path()), before);
}
