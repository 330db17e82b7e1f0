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

/// Reads a configuration again in which this is the port of the file.
fn reload(settings: &Settings<Follower>, home: &Path, text: &str) -> Result<Reloaded, String> {
    let file = home.join("nopar.toml");
    fs::write(&file, text).unwrap();
    let env = [("NOPAR_REGISTRY_PATH".to_owned(), home.to_str().unwrap().to_owned())].into();
    let sources = Sources { env, file: Some(file), ignore_saved: false };
    let read = |ignore_saved| Config::load(&Sources { ignore_saved, ..sources.clone() });
    let told = Mutex::new(None);
    let reloaded = settings.reload(&read, &|told_of| *told.lock() = Some(told_of.clone()));
    assert_eq!(reloaded.as_ref().ok(), told.lock().as_ref(), "what is told is what came of it");
    reloaded.map_err(|not| not.to_string())
}

#[test]
fn what_is_read_again_holds_and_is_saved_nowhere() {
    let (home, settings) = settings(Follower::default());
    let text = "[server]\nport = 90\n[cache]\nmeta_ttl = \"1h\"\n";
    let reloaded = reload(&settings, home.path(), text).unwrap();
    let told = "changed: cache.meta_ttl = 1h; needs a restart: server.port";
    assert_eq!(reloaded.to_string(), told);
    assert_eq!(settings.waiting(), ["server.port"]);
    // What follows the settings meets the port that there is.
    assert_eq!(*settings.running().followed.lock(), [5984]);
    assert!(!is_saved(home.path()));
    let again = reload(&settings, home.path(), text).unwrap().to_string();
    assert_eq!(again, "changed: nothing; needs a restart: server.port");
    assert_eq!(
        reload(&settings, home.path(), "").unwrap().to_string(),
        "changed: cache.meta_ttl = 6h"
    );
}

#[test]
fn what_cannot_be_followed_changes_nothing_when_it_is_read_again() {
    let (home, settings) = settings(Follower { is_unfit: true, ..Follower::default() });
    let told = reload(&settings, home.path(), "[cache]\nmeta_ttl = \"1h\"\n").unwrap_err();
    assert_eq!(told, "nothing is changed: cache.meta_ttl: no");
    let mistaken =
        reload(&settings, home.path(), "[cache]\nmeta_ttl = \"x\"\nx = 1\n").unwrap_err();
    assert!(mistaken.starts_with("nothing is changed: the configuration has 2 mistakes: "));
    assert!(mistaken.contains("cache.x in ") && !mistaken.contains('\n'), "{mistaken}");
    assert_eq!(settings.now().cache.meta_ttl, Config::default().cache.meta_ttl);
    assert!(settings.running().followed.lock().is_empty() && settings.waiting().is_empty());
}

/// Who started without what was saved, and saved anew, has that hold after a reload.
#[test]
fn what_was_saved_since_a_start_without_it_stays() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().to_str().unwrap().to_owned();
    let saved = r#"{"version":"1","settings":{"port":"70"}}"#;
    fs::write(home.path().join("registry.json"), saved).unwrap();
    let env = [("NOPAR_REGISTRY_PATH".to_owned(), path)].into();
    let sources = Sources { env, ignore_saved: true, ..Sources::default() };
    let settings = Settings::new(Config::load(&sources).unwrap(), Follower::default());
    let read = |ignore_saved| Config::load(&Sources { ignore_saved, ..sources.clone() });
    settings.reload(&read, &|_| {}).unwrap();
    assert!(settings.waiting().is_empty(), "it was read");
    set_port(&settings, "80").unwrap();
    let reloaded = settings.reload(&read, &|_| {}).unwrap();
    assert_eq!((reloaded.waiting, settings.now().server.port), (vec!["server.port"], 80));
}
