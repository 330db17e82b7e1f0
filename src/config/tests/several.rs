//! Several upstreams: who is the default one, what each inherits, and what cannot be.

use super::*;

/// The packages and the URL of each upstream, the default one first.
fn shown(config: &Config) -> Vec<(String, &str)> {
    let packages = |upstream: &Upstream| {
        upstream.packages.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    config.all_upstreams().map(|upstream| (packages(upstream), upstream.url.as_str())).collect()
}

fn load(text: &str, pairs: &[(&str, &str)]) -> Config {
    let (_file, sources) = with_file(text, pairs);
    Config::load(&sources).unwrap()
}

fn refused(text: &str) -> String {
    let (_file, sources) = with_file(text, &[]);
    Config::load(&sources).unwrap_err().to_string()
}

const ACME: &str = "[[upstream]]\npackages = [\"@acme/*\", \"acme-*\", \"left-pad\"]\nurl = \"https://acme.example\"\n";

#[test]
fn each_is_for_its_packages_and_one_for_all_others() {
    for default in ["packages = [\"*\"]\n", "packages = [\"*\", \"@acme/open\"]\n", ""] {
        let text = format!("{ACME}[[upstream]]\n{default}url = \"https://all.example\"\n");
        let config = load(&text, &[]);
        let shown = shown(&config);
        assert!(shown[0].0.starts_with('*'), "{shown:?}");
        assert_eq!(shown[0].1, "https://all.example/");
        assert_eq!(shown[1..], [("@acme/* acme-* left-pad".to_owned(), "https://acme.example/")]);
        assert_eq!(config.origin("upstream.url"), Origin::File);
    }
}

#[test]
fn without_one_for_all_the_rest_goes_to_the_built_in_one() {
    let config = load(ACME, &[]);
    assert_eq!(shown(&config)[0], (String::new(), "https://registry.yarnpkg.com/"));
    let config = load(ACME, &[("NOPAR_FORWARDER_URL", "https://env.example")]);
    assert_eq!(shown(&config)[0], (String::new(), "https://env.example/"));
    assert_eq!(shown(&config)[1].1, "https://acme.example/");
}

#[test]
fn the_environment_speaks_of_the_default_one_and_nothing_is_inherited() {
    let text = format!(
        "{ACME}read_timeout = \"7s\"\n[[upstream]]\nurl = \"https://all.example\"\ntoken = \"file\"\n\
         read_timeout = \"9s\"\nuser_agent = \"all/1\"\n"
    );
    let env = [
        ("NOPAR_FORWARDER_URL", "https://env.example"),
        ("NOPAR_FORWARDER_TOKEN", "env"),
        ("NOPAR_PROXY_URL", "http://proxy.example:3128"),
        ("NOPAR_IGNORE_CERT", "yes"),
        ("NOPAR_UPSTREAM_CONNECTIONS", "3"),
    ];
    let config = load(&text, &env);
    let (default, acme) = (&config.upstream, &config.upstreams[0]);
    assert_eq!(default.url.as_str(), "https://env.example/");
    assert_eq!(default.token.as_ref().unwrap().expose(), "env");
    assert_eq!(
        (default.read_timeout, acme.read_timeout),
        (Duration::from_secs(9), Duration::from_secs(7))
    );
    assert_eq!((default.max_connections.get(), acme.max_connections.get()), (3, 64));
    assert!(default.proxy_url.is_some() && default.ignore_cert && default.user_agent == "all/1");
    assert_eq!(acme.url.as_str(), "https://acme.example/");
    assert!(
        acme.token.is_none() && acme.proxy_url.is_none() && !acme.ignore_cert && acme.auto_forward
    );
    assert!(acme.user_agent.starts_with("nopar/"));
}

#[test]
fn each_has_its_own_token_file() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["one", "two"] {
        std::fs::write(folder.path().join(name), format!("tok-{name}\n")).unwrap();
    }
    let text = format!("{ACME}token_file = \"one\"\n[[upstream]]\ntoken_file = \"two\"\n");
    let config = load(&text, &[("NOPAR_HOME", folder.path().to_str().unwrap())]);
    assert_eq!(config.upstreams[0].token.as_ref().unwrap().expose(), "tok-one");
    assert_eq!(config.upstream.token.as_ref().unwrap().expose(), "tok-two");
    let missing =
        refused(&format!("{ACME}token_file = \"/nonexistent\"\nca_file = \"/nonexistent.pem\"\n"));
    assert!(missing.contains("upstream.token_file of @acme/*: /nonexistent"), "{missing}");
    assert!(missing.contains("upstream.ca_file of @acme/*: /nonexistent.pem"), "{missing}");
}

#[test]
fn a_package_has_one_upstream() {
    let again = "[[upstream]]\npackages = [\"x\", \"acme-*\"]\nurl = \"https://b.example\"\n";
    let told = refused(&format!("{ACME}{again}"));
    assert!(told.contains("1 mistake") && told.contains("([[upstream]] number 2)"), "{told}");
    assert!(told.contains("acme-* is given twice: a package has one upstream"), "{told}");
    for two in ["[[upstream]]\n[[upstream]]\n", "[[upstream]]\n[[upstream]]\npackages = [\"*\"]\n"]
    {
        let told = refused(two);
        assert!(told.contains("* is given twice"), "{told}");
    }
}

#[test]
fn mistakes_name_the_upstream_they_are_in() {
    let told = refused(
        "[[upstream]]\nulr = \"https://a.example\"\n\
         [[upstream]]\npackages = [\"@acme\", \"a*b\"]\nurl = \"ftp://a.example\"\n\
         [[upstream]]\npackages = \"@a/*\"\nurl = \"https://a.example\"\n\
         [[upstream]]\npackages = []\nurl = \"https://a.example\"\nport = 1\n\
         [[upstream]]\npackages = [\"@b/*\"]\ntoken = \"hush\"\n\
         [[upstream]]\npackages = [\"@c/*\"]\nurl = \"http://localhost:5984\"\n\
         [[upstream]]\npackage = [\"@d/*\"]\n[[cache]]\n",
    );
    for (key, number, problem) in [
        ("upstream.ulr", 1, "did you mean upstream.url?"),
        ("upstream.packages", 2, "\"@acme\" matches no package: *, @scope/*"),
        ("upstream.packages", 2, "\"a*b\" matches no package"),
        ("upstream.url", 2, "is not the URL of a registry"),
        ("upstream.packages", 3, "a list of texts is allowed"),
        ("upstream.packages", 4, "a list of texts is allowed"),
        ("upstream.port", 4, "there is no such setting"),
        ("upstream.url", 5, "it is missing"),
        ("upstream.package", 7, "did you mean upstream.packages?"),
    ] {
        let is = |line: &&str| line.contains(&format!("{key} in ")) && line.contains(problem);
        let place = format!("([[upstream]] number {number})");
        let found = told.lines().filter(is).any(|line| line.contains(&place));
        assert!(found, "{key} of {number}: {problem:?} is missing in {told}");
    }
    assert!(
        told.contains("upstream.url of @c/*: http://localhost:5984/ is this NOPAR itself"),
        "{told}"
    );
    assert!(told.contains("cache in ") && !told.contains("hush"), "{told}");
}

#[test]
fn one_table_and_several_do_not_go_together() {
    let told = refused(&format!("[upstream]\nurl = \"https://a.example\"\n{ACME}"));
    assert!(told.contains("Either [upstream] or [[upstream]] is allowed, not both"), "{told}");
    let told = refused("[upstream]\npackages = [\"@a/*\"]\n");
    assert!(
        told.contains("upstream.packages in ") && told.contains("[[upstream]] is needed"),
        "{told}"
    );
}

#[test]
fn the_example_in_the_default_file_is_right() {
    let default = Config::default_file();
    let example: String = default
        .lines()
        .skip_while(|line| *line != "# [[upstream]]")
        .take_while(|line| line.starts_with('#'))
        .map(|line| format!("{}\n", line.trim_start_matches('#').trim()))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("acme.token"), "token").unwrap();
    let config = load(&example, &[("NOPAR_HOME", folder.path().to_str().unwrap())]);
    let expected = [
        ("*".to_owned(), "https://registry.example/"),
        ("@acme/* acme-* left-pad".to_owned(), "https://npm.acme.example/"),
    ];
    assert_eq!(shown(&config), expected);
}
