//! What is read from files of each generation, what is written into them, and what goes before what.

use super::*;
use crate::config::{Sources, Unfit};
use rustix::fs::{CWD, Mode, mkfifoat};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::thread;
use tempfile::TempDir;

/// A registry whose file has this text, and the sources that lead there.
fn registry(text: &str, env: &[(&str, &str)]) -> (TempDir, Sources) {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join(FILE), text).unwrap();
    let path = home.path().to_str().unwrap();
    let all = [&[("NOPAR_REGISTRY_PATH", path)], env].concat();
    let env = all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    (home, Sources { env, ..Sources::default() })
}

fn text_in(home: &TempDir) -> String {
    fs::read_to_string(home.path().join(FILE)).unwrap()
}

/// A configuration with these values typed.
fn typed(config: &Config, values: &[(&str, &str)]) -> Result<Config, Vec<Unfit>> {
    config.with(&|key| values.iter().find(|(it, _)| *it == key).map(|(_, value)| *value))
}

const FIRST: &str = r#"{
    "left-pad": {"name": "left-pad", "versions": {}, "odd": 1.50},
    "port": {"name": "port", "versions": {}},
    "hostname": "192.0.2.1",
    "forwarder": {"registry": "https://old.example", "autoForward": false}
}"#;
const SECOND: &str = r#"{
    "version": "0.2.1", "hostname": "192.0.2.1", "port": 81,
    "forwarder": {"registry": "https://old.example", "ignoreCert": true, "userAgent": "nopar/0.2.1", "odd": 1}
}"#;
const THIRD: &str = r#"{
    "version": "0.9.0", "count": 5, "local": 3, "proxied": 2, "port": 1,
    "settings": {"port": "81", "metaTTL": 3600, "registryPath": "/elsewhere", "limit": "10mb",
        "forwarder.registry": "https://old.example", "forwarder.proxy": "", "forwarder.userAgent": null}
}"#;

#[test]
fn each_generation_of_the_file_is_read() {
    let read = |text| file::read(text).map_err(|why| why.to_string()).unwrap();
    let first = read(FIRST);
    assert_eq!(first.get("upstream.url"), Some("https://old.example"));
    assert_eq!(first.get("upstream.auto_forward"), Some("no"));
    assert_eq!(first.get("server.hostname"), Some("192.0.2.1"));
    // A package's document.
    assert_eq!(first.get("server.port"), None);
    let second = read(SECOND);
    assert_eq!(
        (second.get("server.port"), second.get("upstream.ignore_cert")),
        (Some("81"), Some("yes"))
    );
    // Its own name of then.
    assert_eq!(second.get("upstream.user_agent"), None);
    let third = read(THIRD);
    assert_eq!((third.get("server.port"), third.get("cache.meta_ttl")), (Some("81"), Some("3600")));
    assert_eq!(third.0.len(), 3, "empty ones, and what the page never had, are none");
    assert!(read("{}").0.is_empty());
}

#[test]
fn what_is_saved_goes_before_the_environment_and_that_before_the_default() {
    let env = [("NOPAR_PORT", "90"), ("NOPAR_HOSTNAME", "192.0.2.9"), ("NOPAR_LOGLEVEL", "warn")];
    let (home, mut sources) = registry(THIRD, &env);
    let config = Config::load(&sources).unwrap();
    assert_eq!((config.server.port, config.server.hostname.as_str()), (81, "192.0.2.9"));
    assert_eq!(config.cache.meta_ttl.as_secs(), 3600);
    assert_eq!(config.store.path, home.path());
    let origin = |key| config.origin(key);
    assert_eq!(
        ["server.port", "server.hostname", "upstream.ignore_cert"].map(origin),
        [Origin::Saved, Origin::Environment, Origin::Default]
    );
    let lines: Vec<String> = config.settings().iter().map(ToString::to_string).collect();
    assert!(lines.contains(&"server.port = 81  # settings page".to_owned()), "{lines:#?}");
    sources.ignore_saved = true;
    let config = Config::load(&sources).unwrap();
    assert_eq!((config.server.port, config.ignores_saved()), (90, true));
}

#[test]
fn a_file_that_makes_no_sense_is_named_with_the_way_back_in() {
    for (text, expected) in [
        ("{\"settings\": ", "it is not a JSON object (line 1, column "),
        ("[]", "it is not a JSON object"),
        (r#"{"version":"0.9.0","settings":[]}"#, "settings in it is not an object"),
        (r#"{"version":"0.9.0","settings":{"port":["secret"]}}"#, "port in it is neither a text"),
    ] {
        let (home, sources) = registry(text, &[]);
        let told = Config::load(&sources).unwrap_err().to_string();
        let place = home.path().join(FILE);
        assert!(told.contains(&*place.to_string_lossy()) && told.contains(expected), "{told}");
        assert!(told.contains("--ignore-saved-settings") && !told.contains("secret"), "{told}");
        // Nor is it written to, unless it is that value which makes no sense.
        let is_value = text.contains("port");
        assert_eq!(Saved::default().write(home.path(), Replaced::Any).is_ok(), is_value);
        assert_eq!(text_in(&home) == text, !is_value);
        Config::load(&Sources { ignore_saved: true, ..sources }).unwrap();
    }
}

#[test]
fn a_saved_value_that_cannot_be_used_is_named_as_it_is_in_the_file() {
    for (settings, expected) in [
        (r#""port":"8o""#, "port in "),
        (r#""forwarder.registry":"http://localhost:5984""#, "forwarder.registry in "),
    ] {
        let (_home, sources) =
            registry(&format!(r#"{{"version":"1","settings":{{{settings}}}}}"#), &[]);
        let mistakes = Config::load(&sources).unwrap_err();
        assert_eq!(mistakes.0.len(), 1, "{mistakes}");
        assert!(mistakes.0[0].key.starts_with(expected), "{mistakes}");
        assert!(mistakes.0[0].problem.ends_with("without what is saved there"), "{mistakes}");
    }
}

#[test]
fn what_is_no_setting_stays_as_it_is() {
    for (text, parts) in [
        (
            FIRST,
            &[
                "\"left-pad\": {\"name\": \"left-pad\", \"versions\": {}, \"odd\": 1.50}",
                "\"port\": {\"name\": \"port\"",
            ][..],
        ),
        (SECOND, &["\"version\": \"0.2.1\"", "\"odd\":1"]),
        (
            THIRD,
            &[
                "\"version\": \"0.9.0\"",
                "\"count\": 5",
                "\"limit\":\"10mb\"",
                "\"registryPath\":\"/elsewhere\"",
            ],
        ),
    ] {
        let (home, sources) = registry(text, &[]);
        let config = Config::load(&sources).unwrap();
        let config = typed(
            &config,
            &[("server.port", "8080"), ("server.hostname", ""), ("upstream.url", "")],
        );
        config.unwrap().save(None).unwrap();
        let after = text_in(&home);
        for part in parts {
            assert!(after.contains(part), "{part} is not in {after}");
        }
        let again = Config::load(&sources).unwrap();
        assert_eq!(
            (again.server.port, again.server.hostname.as_str()),
            (8080, "localhost"),
            "{after}"
        );
        assert_eq!(again.origin("upstream.url"), Origin::Default, "{after}");
        assert_eq!(text.contains("\"left-pad\""), !after.contains("\"version\""), "{after}");
    }
}

#[test]
fn a_package_called_settings_is_not_written_over() {
    let (home, sources) = registry(r#"{"settings": {"name": "settings", "versions": {}}}"#, &[]);
    let config = typed(&Config::load(&sources).unwrap(), &[("server.port", "8080")]).unwrap();
    let refused = config.save(None).unwrap_err().to_string();
    assert!(refused.contains("a package called \"settings\""), "{refused}");
    assert_eq!(text_in(&home), r#"{"settings": {"name": "settings", "versions": {}}}"#);
}

#[test]
fn only_what_differs_is_saved_and_an_empty_field_is_the_default() {
    let (home, sources) = registry("{}", &[("NOPAR_PORT", "90")]);
    let config = Config::load(&sources).unwrap();
    let all = [
        ("server.port", "90"),
        ("server.hostname", " 192.0.2.1 "),
        ("cache.meta_ttl", "6h"),
        ("upstream.ignore_cert", "yes"),
    ];
    let config = typed(&config, &all).unwrap();
    config.save(None).unwrap();
    let text = text_in(&home);
    assert!(
        text.contains(r#""settings": {"forwarder.ignoreCert":true,"hostname":"192.0.2.1"}"#),
        "{text}"
    );
    assert!(
        text.starts_with(&format!("{{\n  \"version\": \"{}\"", env!("CARGO_PKG_VERSION"))),
        "{text}"
    );
    let config = typed(&config, &[("server.hostname", ""), ("upstream.ignore_cert", "")]).unwrap();
    assert_eq!(
        (config.server.hostname.as_str(), config.upstream.ignore_cert),
        ("localhost", false)
    );
    config.save(None).unwrap();
    assert!(text_in(&home).contains("\"settings\": {}"));
}

#[test]
fn what_is_wrong_is_told_of_each_field() {
    let (_home, sources) = registry("{}", &[]);
    let config = Config::load(&sources).unwrap();
    let long = "a".repeat(2001);
    let values = [
        ("server.port", "x"),
        ("upstream.url", "ftp://registry.example"),
        ("upstream.user_agent", "a\u{7}b"),
        ("server.hostname", &long),
        ("log.level", "loud"),
    ];
    let unfit = typed(&config, &values).unwrap_err();
    let keys: Vec<_> = unfit.iter().filter_map(|unfit| unfit.key).collect();
    assert_eq!(
        keys,
        ["upstream.url", "server.hostname", "server.port", "upstream.user_agent", "log.level"]
    );
    // By what only all of them together say.
    let unfit = typed(&config, &[("upstream.url", "http://127.0.0.1:5984")]).unwrap_err();
    assert_eq!((unfit.len(), unfit[0].key), (1, Some("upstream.url")));
    assert!(
        unfit[0].problem.ends_with("is this NOPAR itself: another registry is allowed"),
        "{unfit:?}"
    );
}

#[test]
fn a_password_is_not_shown_and_goes_with_its_address_only() {
    let (home, sources) = registry("{}", &[]);
    let config = Config::load(&sources).unwrap();
    let place = home.path().join(FILE);
    fs::set_permissions(&place, fs::Permissions::from_mode(0o644)).unwrap();
    let mode = || fs::metadata(&place).unwrap().permissions().mode() & 0o777;
    typed(&config, &[("server.port", "90")]).unwrap().save(None).unwrap();
    assert_eq!(mode(), 0o644);
    let secret = "http://ann:hunter2@proxy.example:3128";
    let config = typed(&config, &[("upstream.proxy_url", secret)]).unwrap();
    config.save(None).unwrap();
    assert_eq!(mode(), 0o600);
    let shown = "http://***@proxy.example:3128";
    let field = |config: &Config| {
        config.fields().into_iter().find(|it| it.key == "upstream.proxy_url").unwrap()
    };
    assert_eq!(field(&config).saved, shown);
    assert!(
        !format!("{:?}", config.fields()).contains("hunter2")
            && !format!("{:?}", config.settings()).contains("hunter2")
    );
    // Sent back as it was shown.
    let config = typed(&config, &[("upstream.proxy_url", shown)]).unwrap();
    assert!(config.upstream.proxy_url.as_ref().unwrap().authorization.is_some());
    let unfit = typed(&config, &[("upstream.proxy_url", "http://***@evil.example")]).unwrap_err();
    assert_eq!(unfit[0].key, Some("upstream.proxy_url"));
}

/// Who may change the parent registry would have been sent the token of the one before.
#[test]
fn a_token_is_for_the_registry_that_it_was_configured_for() {
    let env =
        [("NOPAR_FORWARDER_URL", "https://npm.acme.example/a"), ("NOPAR_FORWARDER_TOKEN", "tok")];
    let (_home, sources) = registry("{}", &env);
    let config = Config::load(&sources).unwrap();
    let elsewhere = typed(&config, &[("upstream.url", "https://other.example/a")]).unwrap();
    assert!(elsewhere.upstream.token.is_none());
    assert!(
        elsewhere.warnings.iter().any(|it| it.contains("is shown no token")),
        "{:?}",
        elsewhere.warnings
    );
    let there = typed(&config, &[("upstream.url", "https://npm.acme.example/b")]).unwrap();
    assert!(there.upstream.token.is_some() && there.warnings.is_empty());
    let back = typed(&elsewhere, &[("upstream.url", "")]).unwrap();
    assert!(back.upstream.token.is_some());
}

/// Who may change the way there would have been sent the token: by a proxy of theirs, or as who stands between.
#[test]
fn a_token_goes_by_no_way_that_was_saved() {
    let proxy = ("upstream.proxy_url", "http://proxy.example:3128");
    let env = [
        ("NOPAR_FORWARDER_URL", "https://npm.acme.example"),
        ("NOPAR_FORWARDER_TOKEN", "tok"),
        ("NOPAR_PROXY_URL", "http://ours.example:3128"),
    ];
    for (values, is_shown, words) in [
        (&[proxy][..], false, "set it by NOPAR_PROXY_URL"),
        (&[("upstream.ignore_cert", "yes")], false, "NOPAR_CA_FILE"),
        (&[("upstream.proxy_url", "http://me:pass@ours.example:3128")], true, ""),
        (&[("upstream.ignore_cert", "no"), ("upstream.user_agent", "x/1")], true, ""),
        (&[proxy, ("upstream.url", "https://other.example")], false, "in whose place"),
    ] {
        let (_home, sources) = registry("{}", &env);
        let config = typed(&Config::load(&sources).unwrap(), values).unwrap();
        assert_eq!(config.upstream.token.is_some(), is_shown, "{values:?}");
        assert_eq!(config.warnings.len(), usize::from(!is_shown), "{:?}", config.warnings);
        let said = config.warnings.concat();
        assert!(is_shown || said.contains("is shown no token") && said.contains(words), "{said}");
        // Also after a restart.
        config.save(None).unwrap();
        assert_eq!(Config::load(&sources).unwrap().upstream.token.is_some(), is_shown);
    }
    // What environment or file say is meant.
    let env = [env.as_slice(), &[("NOPAR_IGNORE_CERT", "yes")]].concat();
    let (_home, sources) = registry("{}", &env);
    let config = typed(&Config::load(&sources).unwrap(), &[("upstream.ignore_cert", "no")]);
    assert!(config.unwrap().upstream.token.is_some());
}

#[test]
fn what_makes_no_sense_and_was_ignored_is_put_aside() {
    for text in ["{broken", "null", r#"{"settings":7}"#, "[]", "\u{0}"] {
        let (home, sources) = registry(text, &[]);
        let sources = Sources { ignore_saved: true, ..sources };
        let config = Config::load(&sources).unwrap();
        let wanted = typed(&config, &[("server.port", "90")]).unwrap();
        wanted.save(Some(&config)).unwrap();
        assert_eq!(
            aside(&home).map(|path| fs::read_to_string(path).unwrap()).as_deref(),
            Some(text)
        );
        let config = Config::load(&Sources { ignore_saved: false, ..sources }).unwrap();
        assert_eq!(config.server.port, 90, "{text}");
    }
}

#[test]
fn what_is_no_file_and_was_ignored_is_put_aside() {
    for is_folder in [true, false] {
        let (home, sources) = registry("{}", &[]);
        let place = home.path().join(FILE);
        fs::remove_file(&place).unwrap();
        match is_folder {
            true => fs::create_dir(&place).unwrap(),
            false => mkfifoat(CWD, &place, Mode::RUSR).unwrap(),
        }
        let sources = Sources { ignore_saved: true, ..sources };
        let config = Config::load(&sources).unwrap();
        let wanted = typed(&config, &[("server.port", "90")]).unwrap();
        wanted.save(Some(&config)).unwrap();
        assert_eq!(aside(&home).unwrap().is_dir(), is_folder);
        assert!(text_in(&home).contains("\"90\""));
    }
}

/// It may hold packages.
#[test]
fn what_makes_sense_stays_though_it_was_ignored() {
    let (home, sources) = registry(FIRST, &[]);
    let config = Config::load(&Sources { ignore_saved: true, ..sources }).unwrap();
    typed(&config, &[("server.port", "90")]).unwrap().save(Some(&config)).unwrap();
    assert!(aside(&home).is_none());
    let after = text_in(&home);
    assert!(after.contains("\"left-pad\"") && !after.contains("192.0.2.1"), "{after}");
}

/// What was put aside.
fn aside(home: &TempDir) -> Option<PathBuf> {
    let entries = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path());
    let mut found = entries.filter(|path| path.to_string_lossy().contains(".json.damaged-"));
    found.next()
}

#[test]
fn what_was_changed_since_it_was_read_is_not_replaced() {
    let (home, sources) = registry("{}", &[]);
    let config = Config::load(&sources).unwrap();
    let one = typed(&config, &[("server.port", "90")]).unwrap();
    let two = typed(&config, &[("server.port", "91")]).unwrap();
    let after = one.save(Some(&config)).unwrap();
    assert!(matches!(two.save(Some(&config)), Err(SavedError::Meanwhile { .. })));
    assert!(text_in(&home).contains("\"90\""));
    two.save(Some(&after)).unwrap();
    assert!(text_in(&home).contains("\"91\""));
    let again = config.read_again().unwrap();
    assert_eq!((again.saved_text("server.port"), again.server.port), (Some("91"), 5984));
}

#[test]
fn a_file_that_cannot_be_replaced_stays_and_says_so() {
    let (home, sources) = registry("{}", &[]);
    let config = typed(&Config::load(&sources).unwrap(), &[("server.port", "90")]).unwrap();
    let place = home.path().join(FILE);
    fs::rename(&place, home.path().join("other")).unwrap();
    symlink("other", &place).unwrap();
    let refused = config.save(None).unwrap_err().to_string();
    assert!(refused.contains("registry.json cannot be written: it is a link"), "{refused}");
    assert_eq!(text_in(&home), "{}");
    fs::remove_file(&place).unwrap();
    fs::create_dir(&place).unwrap();
    let refused = config.save(None).unwrap_err().to_string();
    assert!(refused.contains("is not a file"), "{refused}");
    assert!(!home.path().join(".nopar/settings.new").exists());
}

#[test]
fn who_saves_at_once_waits_for_each_other() {
    let (home, sources) = registry("{}", &[]);
    let config = Config::load(&sources).unwrap();
    thread::scope(|scope| {
        for number in 1..20 {
            let config = &config;
            scope.spawn(move || {
                typed(config, &[("server.port", &number.to_string())]).unwrap().save(None).unwrap();
            });
        }
    });
    assert!((1..20).contains(&Config::load(&sources).unwrap().server.port));
    assert!(!home.path().join(".nopar/settings.new").exists());
}
