//! Every kind of value, good and bad; who goes before whom; all mistakes at once.

mod rules;
mod several;
mod trust;

use super::*;
use std::io::Write;

fn env(pairs: &[(&str, &str)]) -> Sources {
    let env = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Sources { env, ignore_saved: true, ..Sources::default() }
}

fn with_file(text: &str, pairs: &[(&str, &str)]) -> (tempfile::NamedTempFile, Sources) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let sources = Sources { file: Some(file.path().to_owned()), ..env(pairs) };
    (file, sources)
}

fn mistakes(pairs: &[(&str, &str)]) -> String {
    Config::load(&env(pairs)).unwrap_err().to_string()
}

#[test]
fn the_defaults_are_what_the_documentation_says() {
    let config = Config::default();
    assert_eq!((config.server.hostname.as_str(), config.server.port), ("localhost", 5984));
    assert_eq!(config.upstream.url.as_str(), "https://registry.yarnpkg.com/");
    assert_eq!(config.cache.meta_ttl, Duration::from_secs(21_600));
    assert_eq!(config.cache.size, 10 << 30);
    assert_eq!(config.cache.memory_size, 256 << 20);
    assert_eq!(config.server.stop_timeout, Duration::from_secs(30));
    assert_eq!(config.log.level, LevelFilter::Info);
    assert!(config.upstream.auto_forward && !config.upstream.ignore_cert);
    assert!(config.server.threads >= 1);
    assert_eq!(config.upstream.tarball_timeout, Duration::from_secs(1800));
    assert_eq!(config.upstream.max_connections.get(), 64);
    assert_eq!(config.cache.stale_if_error, StaleIfError::Unlimited);
    assert_eq!(config.cache.verify, Verify::Auto);
    assert!(config.store.local_packages.is_empty());
    assert_eq!(config.store.stage_ttl, Duration::from_secs(7 * 86_400));
    assert_eq!(config.store.stage_size, 10 << 30);
    assert_eq!(config.access.auth, Auth::Open);
    assert_eq!(config.limits.body_size, 384 << 20);
    assert_eq!(config.limits.connections_per_address, None);
    assert_eq!(config.limits.requests_per_address, None);
    assert_eq!(config.limits.requests_per_token, None);
    assert_eq!(config.upstream.requests_per_second, None);
    assert_eq!(config.cache.min_free, MinFree::Auto);
    assert_eq!(config.metrics.listen, None);
}

#[test]
fn the_file_in_conf_is_the_default_file() {
    let kept = include_str!("../../conf/nopar.toml");
    assert_eq!(kept, Config::default_file(), "run nopar --print-default-config > conf/nopar.toml");
}

#[test]
fn the_default_file_uncommented_gives_the_defaults() {
    let is_setting = |line: &str| line.starts_with('#') && !line.starts_with("# ");
    let uncommented: String = Config::default_file()
        .lines()
        .map(
            |line| if is_setting(line) { format!("{}\n", &line[1..]) } else { format!("{line}\n") },
        )
        .collect();
    assert_eq!(
        uncommented.lines().filter(|line| line.contains(" = ") && !line.starts_with('#')).count(),
        table::SETTINGS.len()
    );
    let (_file, sources) = with_file(&uncommented, &[]);
    let (read, default) = (Config::load(&sources).unwrap(), Config::default());
    assert_eq!(format!("{:?}", read.upstream), format!("{:?}", default.upstream));
    assert_eq!(
        format!("{:?}", (read.server, read.store, read.cache)),
        format!("{:?}", (default.server, default.store, default.cache))
    );
    assert_eq!(
        format!("{:?}", (read.access, read.log, read.metrics, read.limits)),
        format!("{:?}", (default.access, default.log, default.metrics, default.limits))
    );
}

#[test]
fn environment_goes_before_file_and_file_before_default() {
    let text = "[server]\nport = 1\nhostname = \"a.example\"\n[upstream]\nauto_forward = false\n";
    let (_file, sources) = with_file(text, &[("NOPAR_PORT", "2"), ("NOPAR_HOSTNAME", "")]);
    let config = Config::load(&sources).unwrap();
    assert_eq!((config.server.port, config.server.hostname.as_str()), (2, "a.example"));
    assert!(!config.upstream.auto_forward);
    assert_eq!(config.origin("server.port"), Origin::Environment);
    assert_eq!(config.origin("server.hostname"), Origin::File);
    assert_eq!(config.origin("cache.size"), Origin::Default);
}

#[test]
fn nopar_config_names_the_file() {
    let (file, _) = with_file("[server]\nport = 7\n", &[]);
    let config = Config::load(&env(&[("NOPAR_CONFIG", file.path().to_str().unwrap())])).unwrap();
    assert_eq!(config.server.port, 7);
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
}

#[test]
fn every_mistake_is_reported_at_once_with_key_problem_and_remedy() {
    let (_file, sources) = with_file(
        "[server]\nprot = 1\nport = [1]\n[cahce]\nsize = 1\n[cache]\nsize = \"many\"\n",
        &[("NOPAR_PORT", "70000"), ("NOPAR_AUTO_FORWARD", "maybe"), ("NOPAR_META_TTL", "6 weeks")],
    );
    let told = Config::load(&sources).unwrap_err();
    assert_eq!(told.0.len(), 7, "{told}");
    let told = told.to_string();
    for expected in [
        "NOPAR_PORT: \"70000\" is not a port: a number from 0 to 65535 is allowed",
        "NOPAR_AUTO_FORWARD: \"maybe\" is neither yes nor no: yes, no, true, false, 1 or 0 is allowed",
        "NOPAR_META_TTL: \"6 weeks\" is not a length of time",
        "server.prot in ",
        "did you mean server.port?",
        "server.port in ",
        "cahce.size in ",
        "did you mean cache.size?",
        "cache.size in ",
    ] {
        assert!(told.contains(expected), "{expected:?} is missing in {told}");
    }
}

#[test]
fn a_file_that_is_missing_or_not_toml_is_a_mistake() {
    let sources = Sources { file: Some("/nonexistent/nopar.toml".into()), ..Sources::default() };
    assert!(Config::load(&sources).unwrap_err().to_string().contains("cannot be read"));
    let (_file, sources) = with_file("[server\n", &[]);
    let told = Config::load(&sources).unwrap_err().to_string();
    assert!(told.contains("not TOML") && told.contains("line 1"), "{told}");
}

#[test]
fn each_value_has_its_forms() {
    for (name, value) in [
        ("NOPAR_AUTO_FORWARD", "YES"),
        ("NOPAR_IGNORE_CERT", "0"),
        ("NOPAR_META_TTL", "21600"),
        ("NOPAR_STOP_TIMEOUT", "500ms"),
        ("NOPAR_CACHE_SIZE", "10 GiB"),
        ("NOPAR_MEMORY_SIZE", "5MB"),
        ("NOPAR_THREADS", "auto"),
        ("NOPAR_LOGLEVEL", "verbose"),
        ("NOPAR_LOG_FORMAT", "JSON"),
        ("NOPAR_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8, ::1"),
        ("NOPAR_BASE_URL", "https://npm.example/registry/"),
        ("NOPAR_FORWARDER_URL", "https://registry.example/npm"),
        ("NOPAR_RUN_AS_USER", "nopar"),
        ("NOPAR_UPSTREAM_CONNECTIONS", "65535"),
        ("NOPAR_TARBALL_TIMEOUT", "1h"),
        ("NOPAR_STALE_IF_ERROR", "Unlimited"),
        ("NOPAR_STALE_IF_ERROR", "0"),
        ("NOPAR_STALE_IF_ERROR", "30d"),
        ("NOPAR_VERIFY", "always"),
        ("NOPAR_ALLOW_HOSTS", "files.example, 10.0.0.0/8"),
        ("NOPAR_MAX_CONNECTIONS", "1"),
        ("NOPAR_LOCAL_PACKAGES", "@acme/*, acme-*,left-pad"),
        ("NOPAR_LOCAL_PACKAGES", "*"),
        ("NOPAR_AUTH", "Open"),
        ("NOPAR_MAX_BODY", "1GiB"),
        ("NOPAR_METRICS_LISTEN", "127.0.0.1:9598"),
        ("NOPAR_METRICS_LISTEN", "[::1]:0"),
        ("NOPAR_MAX_CONNECTIONS_PER_ADDRESS", "0"),
        ("NOPAR_MAX_CONNECTIONS_PER_ADDRESS", "64"),
        ("NOPAR_MAX_REQUESTS_PER_ADDRESS", "6000/min"),
        ("NOPAR_MAX_REQUESTS_PER_TOKEN", "Off"),
        ("NOPAR_UPSTREAM_REQUESTS_PER_SECOND", "10000"),
        ("NOPAR_UPSTREAM_REQUESTS_PER_SECOND", "0"),
        ("NOPAR_CACHE_MIN_FREE", "0"),
        ("NOPAR_CACHE_MIN_FREE", "20%"),
    ] {
        Config::load(&env(&[(name, value)]))
            .unwrap_or_else(|told| panic!("{name}={value}: {told}"));
    }
    for (name, value) in [
        ("NOPAR_AUTO_FORWARD", "on"),
        ("NOPAR_META_TTL", "-1"),
        ("NOPAR_META_TTL", "99999999999999999999"),
        ("NOPAR_CONNECT_TIMEOUT", "0"),
        ("NOPAR_CACHE_SIZE", "10 gigs"),
        ("NOPAR_CACHE_SIZE", "99999999999TiB"),
        ("NOPAR_THREADS", "-2"),
        ("NOPAR_MAX_CONNECTIONS", "0"),
        ("NOPAR_LOGLEVEL", "loud"),
        ("NOPAR_LOG_FORMAT", "xml"),
        ("NOPAR_TRUSTED_PROXIES", "proxy.example"),
        ("NOPAR_BASE_URL", "npm.example"),
        ("NOPAR_FORWARDER_URL", "ftp://registry.example"),
        ("NOPAR_FORWARDER_URL", "https://user:pass@registry.example"),
        ("NOPAR_FORWARDER_URL", "https://registry.example/?x"),
        ("NOPAR_PROXY_URL", "socks5://proxy.example:1080"),
        ("NOPAR_HOSTNAME", "a b"),
        ("NOPAR_CA_FILE", "/nonexistent.pem"),
        ("NOPAR_FORWARDER_TOKEN", "two words"),
        ("NOPAR_UPSTREAM_CONNECTIONS", "0"),
        ("NOPAR_UPSTREAM_CONNECTIONS", "1000001"),
        ("NOPAR_TARBALL_TIMEOUT", "0"),
        ("NOPAR_STALE_IF_ERROR", "for ever"),
        ("NOPAR_VERIFY", "never"),
        ("NOPAR_LOCAL_PACKAGES", "@acme"),
        ("NOPAR_AUTH", "htpasswd"),
        ("NOPAR_MAX_BODY", "much"),
        ("NOPAR_METRICS_LISTEN", "9598"),
        ("NOPAR_METRICS_LISTEN", "127.0.0.1"),
        ("NOPAR_METRICS_LISTEN", "::1:9598"),
        ("NOPAR_MAX_CONNECTIONS_PER_ADDRESS", "none"),
        ("NOPAR_MAX_CONNECTIONS_PER_ADDRESS", "1000001"),
        ("NOPAR_MAX_REQUESTS_PER_ADDRESS", "100"),
        ("NOPAR_MAX_REQUESTS_PER_TOKEN", "0/s"),
        ("NOPAR_UPSTREAM_REQUESTS_PER_SECOND", "10001"),
        ("NOPAR_UPSTREAM_REQUESTS_PER_SECOND", "0.5"),
        ("NOPAR_CACHE_MIN_FREE", "100%"),
        ("NOPAR_CACHE_MIN_FREE", "some"),
    ] {
        let told = mistakes(&[(name, value)]);
        assert!(told.contains(name) && told.contains("1 mistake"), "{told}");
    }
}

#[test]
fn a_time_is_a_limit_of_what_is_served_when_the_upstream_fails() {
    let config = Config::load(&env(&[("NOPAR_STALE_IF_ERROR", "2d")])).unwrap();
    assert_eq!(config.cache.stale_if_error, StaleIfError::For(Duration::from_secs(172_800)));
    let config = Config::load(&env(&[("NOPAR_VERIFY", "Always")])).unwrap();
    assert_eq!(config.cache.verify, Verify::Always);
}

#[test]
fn local_packages_are_patterns_and_a_mistake_names_the_one_that_is_none() {
    let text = "[store]\nlocal_packages = \"@acme/*, my-tool, prefix-*\"\n";
    let (_file, sources) = with_file(text, &[]);
    let config = Config::load(&sources).unwrap();
    let shown: Vec<String> = config.store.local_packages.iter().map(Pattern::to_string).collect();
    assert_eq!(shown, ["@acme/*", "my-tool", "prefix-*"]);
    let (_file, sources) = with_file(text, &[("NOPAR_LOCAL_PACKAGES", "@other/*")]);
    let config = Config::load(&sources).unwrap();
    assert_eq!(config.store.local_packages, [Pattern::Prefix("@other/".to_owned())]);
    let told = mistakes(&[("NOPAR_LOCAL_PACKAGES", "@acme/*, @acme, my-tool")]);
    assert!(
        told.contains("NOPAR_LOCAL_PACKAGES: \"@acme\" matches no package: *, @scope/*"),
        "{told}"
    );
    let (_file, sources) = with_file("[store]\nlocal_packages = \"x, a*b\"\n", &[]);
    let told = Config::load(&sources).unwrap_err().to_string();
    assert!(told.contains("store.local_packages in "), "{told}");
    assert!(told.contains("\"a*b\" matches no package"), "{told}");
}

#[test]
fn access_is_open_or_for_users() {
    for (text, expected) in [("open", Auth::Open), ("USERS", Auth::Users)] {
        assert_eq!(Config::load(&env(&[("NOPAR_AUTH", text)])).unwrap().access.auth, expected);
    }
    let admins = Config::load(&env(&[("NOPAR_ADMINS", " ann, bob,")])).unwrap().access.admins;
    assert_eq!(Vec::from_iter(admins), ["ann", "bob"]);
    let said = [("NOPAR_SIGN_UP", "yes"), ("NOPAR_AUTH", "users")];
    let config = Config::load(&env(&said)).unwrap();
    assert!(config.access.sign_up && config.warnings.is_empty());
    let open = Config::load(&env(&said[..1])).unwrap();
    assert!(open.warnings.iter().any(|warning| warning.contains("NOPAR_AUTH=users")));
    assert!(!Config::default().access.sign_up);
    let said = [("NOPAR_OPEN_ADMIN", "yes"), ("NOPAR_AUTH", "users")];
    let config = Config::load(&env(&said[..1])).unwrap();
    assert!(config.access.open_admin && config.warnings.is_empty());
    let users = Config::load(&env(&said)).unwrap();
    assert!(users.warnings.iter().any(|warning| warning.contains("NOPAR_ADMINS")));
    assert!(!Config::default().access.open_admin);
    let told = mistakes(&[("NOPAR_ADMINS", "ann, $all")]);
    assert!(told.contains("NOPAR_ADMINS: \"$all\" is nobody"), "{told}");
    let told = mistakes(&[("NOPAR_AUTH", "closed")]);
    let why = "or users (nopar user add) is allowed";
    assert!(told.contains("NOPAR_AUTH: \"closed\"") && told.contains(why), "{told}");
}

#[test]
fn a_proxys_credentials_are_taken_out_of_its_url_and_hidden() {
    let config =
        Config::load(&env(&[("NOPAR_PROXY_URL", "http://me:p%40ss@proxy.example:3128")])).unwrap();
    let proxy = config.upstream.proxy_url.clone().unwrap();
    assert_eq!(proxy.url.as_str(), "http://proxy.example:3128/");
    assert_eq!(proxy.authorization.unwrap().expose(), "Basic bWU6cEBzcw==");
    assert!(!format!("{:?}", config.upstream).contains("bWU6"));
    let shown =
        config.settings().into_iter().find(|view| view.key == "upstream.proxy_url").unwrap();
    assert_eq!((shown.value.as_str(), shown.origin), ("***", Origin::Environment));
}

#[test]
fn a_token_comes_from_one_place_and_is_never_in_a_message() {
    let (file, _) = with_file("tok-123\n", &[]);
    let path = file.path().to_str().unwrap();
    let config = Config::load(&env(&[("NOPAR_FORWARDER_TOKEN_FILE", path)])).unwrap();
    assert_eq!(config.upstream.token.unwrap().expose(), "tok-123");
    let both = mistakes(&[("NOPAR_FORWARDER_TOKEN_FILE", path), ("NOPAR_FORWARDER_TOKEN", "x")]);
    assert!(both.contains("only one of them"), "{both}");
    let told = mistakes(&[("NOPAR_FORWARDER_TOKEN", "s3cret with a blank")]);
    assert!(!told.contains("s3cret"), "{told}");
}

#[test]
fn relative_paths_start_at_home() {
    let config =
        Config::load(&env(&[("NOPAR_HOME", "/srv/nopar"), ("NOPAR_CACHE_PATH", "/var/c")]))
            .unwrap();
    assert_eq!(config.store.path, PathBuf::from("/srv/nopar/registry"));
    assert_eq!(config.cache.path, PathBuf::from("/var/c"));
}

#[test]
fn an_upstream_that_is_nopar_itself_is_a_mistake() {
    for pairs in [
        &[("NOPAR_FORWARDER_URL", "http://localhost:5984")][..],
        &[("NOPAR_FORWARDER_URL", "http://[::1]:5984/")],
        &[
            ("NOPAR_FORWARDER_URL", "http://npm.example:80"),
            ("NOPAR_HOSTNAME", "NPM.example"),
            ("NOPAR_PORT", "80"),
        ],
        &[
            ("NOPAR_FORWARDER_URL", "https://npm.example/r/"),
            ("NOPAR_BASE_URL", "https://npm.example/r"),
        ],
    ] {
        assert!(mistakes(pairs).contains("is this NOPAR itself"), "{pairs:?}");
    }
    Config::load(&env(&[("NOPAR_FORWARDER_URL", "http://localhost:5985")])).unwrap();
}

#[test]
fn an_unknown_variable_is_a_warning_with_a_hint() {
    let config =
        Config::load(&env(&[("NOPAR_PROT", "1"), ("NOPARX", "1"), ("PATH", "x")])).unwrap();
    assert_eq!(config.warnings, ["NOPAR_PROT: there is no such setting; did you mean NOPAR_PORT?"]);
}
