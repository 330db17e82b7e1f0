//! What is said of a configuration, right or wrong, at a start, by `--check-config` and by `--print-config`.
//! Knows nothing of requests.

use crate::support::binary::Binary;

const SECRET: &str = "hunter2-9f8e7d";

/// What the program says with this option, these settings and this file.
async fn said_by(option: &str, env: &[(&str, &str)], file: &str) -> String {
    let folder = tempfile::tempdir().expect("a directory");
    std::fs::write(folder.path().join("nopar.toml"), file).expect("a file");
    std::fs::write(folder.path().join("token"), SECRET).expect("a file");
    let ended = Binary::start_in(folder, &["-c", "nopar.toml", option], env).ended().await;
    ended.stdout + &ended.stderr
}

/// The same by all that say anything of it.
async fn said(env: &[(&str, &str)], file: &str) -> String {
    said_by("--check-config", env, file).await + &said_by("--print-config", env, file).await
}

#[tokio::test]
async fn no_secret_is_in_what_is_said_of_a_configuration() {
    let url = format!("http://ann:{SECRET}@registry.example");
    for (variable, value) in [
        ("NOPAR_FORWARDER_URL", url.as_str()),
        ("NOPAR_BASE_URL", &url),
        ("NOPAR_PROXY_URL", &url),
        ("NOPAR_PROXY_URL", &format!("ftp://ann:{SECRET}@proxy.example")),
        ("NOPAR_FORWARDER_TOKEN", &format!("{SECRET} ")),
        ("NOPAR_FORWARDER_TOKEN", &format!("{SECRET} and more")),
        ("NOPAR_CORS_ORIGINS", &url),
        ("NOPAR_CORS_ORIGINS", &format!("https://docs.example,{url}")),
        ("NOPAR_ALLOW_HOSTS", &url),
        ("NO_PROXY", &url),
    ] {
        let text = said(&[(variable, value)], "").await;
        assert!(!text.is_empty() && !text.contains(SECRET), "{variable}={value}: {text}");
    }
    for file in [
        format!("[upstream]\nurl = \"{url}\"\n"),
        format!("[upstream]\ntoken = \"{SECRET}\"\n"),
        format!("[upstream]\ntoken = {SECRET}\n"),
        format!("[upstream]\ntoken = \"{SECRET}\n"),
        format!("[upstream]\ntoken = \"{SECRET}\"\ntoken = \"{SECRET}\"\n"),
        format!("[upstream]\ntoken = [\"{SECRET}\"]\n"),
        format!("[upstream]\ntokens = \"{SECRET}\"\n"),
        format!("[[upstream]]\npackages = [\"*\"]\nurl = \"{url}\"\n"),
        format!("[[trust]]\nissuer = \"{url}\"\n"),
    ] {
        let text = said(&[], &file).await;
        assert!(!text.is_empty() && !text.contains(SECRET), "{file}: {text}");
    }
}

#[tokio::test]
async fn a_configuration_is_printed_with_where_it_comes_from_and_without_secrets() {
    let url = format!("http://ann:{SECRET}@proxy.example:3128");
    let file = format!(
        "[server]\nport = 4873\n[[upstream]]\npackages = [\"*\"]\nurl = \"https://registry.example\"\n\
         token = \"{SECRET}\"\n[[upstream]]\npackages = [\"@acme/*\"]\nurl = \"https://npm.acme.example\"\n\
         token_file = \"token\"\nproxy_url = \"{url}\"\n"
    );
    let env = [("NOPAR_PROXY_URL", url.as_str()), ("NOPAR_ALLOW_HOSTS", &url), ("NOPAR_PROT", "1")];
    let text = said_by("--print-config", &env, &file).await;
    for line in [
        "server.hostname = localhost  # default",
        "server.port = 4873  # file",
        "upstream.proxy_url = ***  # NOPAR_PROXY_URL",
        "upstream.token = ***  # file",
        "upstream.allow_hosts = http://***@proxy.example:3128  # NOPAR_ALLOW_HOSTS",
        "[[upstream]] = @acme/*: https://npm.acme.example/, by the proxy http://proxy.example:3128/, with a token  # file",
        "nopar: NOPAR_PROT: there is no such setting; did you mean NOPAR_PORT?",
    ] {
        assert!(text.lines().any(|it| it == line), "{line} is not in {text}");
    }
    assert!(!text.contains(SECRET), "{text}");
    let checked = said_by("--check-config", &[("NOPAR_PROT", "1")], "").await;
    assert!(
        checked.contains("the configuration is valid, but see the warnings above"),
        "{checked}"
    );
    let checked = said_by("--check-config", &[], "").await;
    assert!(checked.contains("the configuration is valid\n"), "{checked}");
    let wrong = said_by("--print-config", &[("NOPAR_PORT", "x")], "").await;
    assert!(wrong.contains("NOPAR_PORT") && !wrong.contains("server.hostname"), "{wrong}");
}
