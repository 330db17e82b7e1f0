//! What holds, what is saved and what is told, whichever step fails.

use super::*;
use crate::config::Sources;
use std::fs;
use std::path::Path;
use std::thread;
use tempfile::TempDir;

/// Notes what it was told to follow.
#[derive(Default)]
struct Follower {
    /// The ports that held, in their order.
    followed: Mutex<Vec<u16>>,
    is_unfit: bool,
    has_no_place: bool,
}

impl Running for Follower {
    fn prepare(&self) -> io::Result<()> {
        if self.has_no_place { Err(io::Error::other("it is gone")) } else { Ok(()) }
    }

    fn ready(&self, wanted: &Config, changed: &[&'static str]) -> Result<Ready<'_>, Unfit> {
        if self.is_unfit {
            return Err(Unfit { key: changed.first().copied(), problem: "no".to_owned() });
        }
        let port = wanted.server.port;
        Ok(Box::new(move || self.followed.lock().push(port)))
    }
}

fn settings(running: Follower) -> (TempDir, Settings<Follower>) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().to_str().unwrap().to_owned();
    let env = [("NOPAR_REGISTRY_PATH".to_owned(), path)].into();
    let config = Config::load(&Sources { env, ..Sources::default() }).unwrap();
    (home, Settings::new(config, running))
}

/// Changes the port; what is told of it.
fn set_port(settings: &Settings<Follower>, port: &str) -> Result<Vec<Changed>, Unchanged> {
    let told = Mutex::new(Vec::new());
    let typed = |key: &str| (key == "server.port").then_some(port);
    let changed = settings.change(&typed, None, &|changed| *told.lock() = changed.to_vec());
    changed.map(|()| told.into_inner())
}

fn is_saved(home: &Path) -> bool {
    home.join("registry.json").exists()
}

#[test]
fn what_is_changed_is_saved_and_told_and_holds() {
    let (home, settings) = settings(Follower::default());
    let told = set_port(&settings, "8080").unwrap();
    assert_eq!(told, [Changed { key: "server.port", value: "8080".to_owned() }]);
    assert_eq!((settings.now().server.port, settings.waiting()), (8080, vec!["server.port"]));
    assert!(fs::read_to_string(home.path().join("registry.json")).unwrap().contains("8080"));
    // As NOPAR was started.
    set_port(&settings, "").unwrap();
    assert!(settings.waiting().is_empty());
    assert_eq!(*settings.running().followed.lock(), [8080, 5984]);
    assert!(set_port(&settings, "").unwrap().is_empty());
}

#[test]
fn what_cannot_be_used_changes_nothing() {
    for (follower, port) in
        [(Follower::default(), "x"), (Follower { is_unfit: true, ..Follower::default() }, "80")]
    {
        let (home, settings) = settings(follower);
        let Err(Unchanged::Unfit(unfit)) = set_port(&settings, port) else { panic!("{port}") };
        assert_eq!((unfit.len(), unfit[0].key), (1, Some("server.port")));
        assert!(settings.now().server.port == 5984 && !is_saved(home.path()));
        assert!(settings.running().followed.lock().is_empty());
    }
}

#[test]
fn what_cannot_be_saved_does_not_hold() {
    let (home, settings) = settings(Follower { has_no_place: true, ..Follower::default() });
    assert!(matches!(set_port(&settings, "80"), Err(Unchanged::NoPlace(_))));
    assert!(settings.now().server.port == 5984 && !is_saved(home.path()));
    let (home, settings) = self::settings(Follower::default());
    fs::create_dir(home.path().join("registry.json")).unwrap();
    assert!(matches!(set_port(&settings, "80"), Err(Unchanged::Unsaved(_))));
    assert_eq!(settings.now().server.port, 5984);
    assert!(settings.running().followed.lock().is_empty());
}

#[test]
fn of_all_who_change_at_once_the_last_holds_and_is_saved() {
    let (home, settings) = settings(Follower::default());
    thread::scope(|scope| {
        for port in 1..20_u16 {
            let settings = &settings;
            scope.spawn(move || set_port(settings, &port.to_string()).map(drop).unwrap());
        }
    });
    let held = settings.now().server.port;
    assert_eq!(settings.running().followed.lock().last(), Some(&held));
    let text = fs::read_to_string(home.path().join("registry.json")).unwrap();
    assert!(text.contains(&format!("\"{held}\"")), "{text}");
}

/// Changes these with a form that has this mark.
fn set(settings: &Settings<Follower>, mark: &str, all: &[(&str, &str)]) -> Result<(), Unchanged> {
    let typed = |key: &str| all.iter().find(|(one, _)| *one == key).map(|(_, value)| *value);
    settings.change(&typed, Some(mark), &|_| {})
}

#[track_caller]
fn meanwhile(changed: Result<(), Unchanged>) -> (Arc<Config>, Vec<&'static str>) {
    match changed {
        Err(Unchanged::Meanwhile { now, changed }) => (now, changed),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_form_takes_nothing_back_of_what_was_saved_since_it_was_made() {
    let (home, settings) = settings(Follower::default());
    let mark = settings.mark(&settings.now());
    let all = |port, agent| [("server.port", port), ("upstream.user_agent", agent)];
    set(&settings, &mark, &all("", "theirs/1")).unwrap();
    let (now, changed) = meanwhile(set(&settings, &mark, &all("80", "")));
    assert_eq!(changed, ["upstream.user_agent"]);
    assert_eq!(now.fields().iter().find(|it| it.key == changed[0]).unwrap().saved, "theirs/1");
    assert_eq!((settings.now().server.port, settings.running().followed.lock().len()), (5984, 1));
    // Who wants the same, or has seen it, saves.
    set(&settings, &mark, &all("80", "theirs/1")).unwrap();
    let seen = settings.mark(&settings.now());
    set(&settings, &seen, &all("81", "")).unwrap();
    assert_eq!(settings.now().server.port, 81);
    assert_eq!(meanwhile(set(&settings, "made-up", &all("1", "x"))).1.len(), 2);
    // Another process.
    let place = home.path().join("registry.json");
    fs::write(place, r#"{"version":"1","settings":{"port":"90"}}"#).unwrap();
    let mark = settings.mark(&settings.now());
    let (now, changed) = meanwhile(set(&settings, &mark, &all("82", "")));
    assert_eq!((changed, settings.now().server.port), (vec!["server.port"], 81));
    set(&settings, &settings.mark(&now), &all("82", "")).unwrap();
    assert_eq!(settings.now().server.port, 82);
}

/// A proxy's password is among them.
#[test]
fn a_mark_tells_nothing_to_who_can_guess() {
    let (one, two) = (settings(Follower::default()).1, settings(Follower::default()).1);
    assert_ne!(one.mark(&one.now()), two.mark(&two.now()));
}
