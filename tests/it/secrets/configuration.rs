//! What is said of a configuration, right or wrong, at a start and by `--check-config`.
//! Knows nothing of requests.

use crate::support::binary::Binary;

const SECRET: &str = "hunter2-9f8e7d";

/// What the program says with these settings and this file.
async fn said(env: &[(&str, &str)], file: &str) -> String {
    let folder = tempfile::tempdir().expect("a directory");
    std::fs::write(folder.path().join("nopar.toml"), file).expect("a file");
    let ended =
        Binary::start_in(folder, &["-c", "nopar.toml", "--check-config"], env).ended().await;
    ended.stdout + &ended.stderr
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
