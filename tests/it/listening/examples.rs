//! The examples in conf/: what is written there is what NOPAR and other servers understand.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::support::binary::{Binary, PROGRAM};
use crate::support::tls::Certificate;

const DEFAULT: &str = include_str!("../../../conf/default");
const NGINX: &str = include_str!("../../../conf/nginx.conf");
const CADDY: &str = include_str!("../../../conf/Caddyfile");
const SETTINGS: &str = include_str!("../../../conf/nopar.toml");

/// The variables that are set by `export` in a file, commented out or not.
fn exported(text: &str) -> Vec<&str> {
    let lines = text.lines().map(|line| line.trim_start_matches(['#', ' ']));
    let set = lines.filter_map(|line| line.strip_prefix("export ")?.split('=').next());
    set.collect()
}

/// All that it names are settings, each once, and a shell and NOPAR take it as it is.
#[tokio::test]
async fn the_environment_file_is_understood() {
    let known: BTreeSet<&str> =
        SETTINGS.lines().filter_map(|line| line.strip_prefix("# NOPAR_")).collect();
    let exported = exported(DEFAULT);
    assert!(exported.len() > 15, "{exported:?}");
    for name in &exported {
        let name = name.strip_prefix("NOPAR_");
        let is_known = name.is_some_and(|name| {
            known.iter().any(|line| line.split([' ', ',']).next() == Some(name))
        });
        assert!(is_known, "{name:?} of {known:?}");
    }
    let different: BTreeSet<_> = exported.iter().collect();
    assert_eq!(different.len(), exported.len(), "one is there twice");
    for text in [DEFAULT.to_owned(), all_set(DEFAULT)] {
        let folder = tempfile::tempdir().expect("a directory");
        std::fs::write(folder.path().join("default"), text).expect("a file");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", ". ./default; exec \"$0\" --check-config", PROGRAM]);
        let ended = Binary::start_as(folder, command, &[]).ended().await;
        assert!(ended.success, "{}", ended.stderr);
    }
}

/// With everything set that is only shown, but for files that are not there.
fn all_set(text: &str) -> String {
    let lines = text.lines().map(|line| match line.strip_prefix('#') {
        Some(set)
            if set.starts_with("export ") && !set.contains("TLS_") && !set.contains("_FILE=") =>
        {
            set
        }
        _ => line,
    });
    lines.map(|line| format!("{line}\n")).collect()
}

/// nginx itself looks at it.
#[tokio::test]
async fn nginx_takes_its_example() {
    let nginx = ["/usr/sbin/nginx", "/usr/bin/nginx"].map(Path::new);
    let Some(nginx) = nginx.into_iter().find(|path| path.exists()) else {
        let words = "NOT CHECKED: there is no nginx here (Debian: apt-get install nginx)";
        writeln!(std::io::stderr(), "{words}").expect("standard error");
        return;
    };
    let (certificate, folder) = (Certificate::new(), tempfile::tempdir().expect("a directory"));
    let here = folder.path().display();
    // It would bind the ports, and read the certificate.
    let site: String = NGINX
        .lines()
        .filter(|line| !line.contains("listen [::]"))
        .map(|line| format!("{line}\n"))
        .collect();
    let site = site
        .replace("listen 80;", &format!("listen unix:{here}/80;"))
        .replace("listen 443 ", &format!("listen unix:{here}/443 "))
        .replace("/etc/ssl/npm.acme.example.pem", &certificate.cert())
        .replace("/etc/ssl/npm.acme.example.key", &certificate.key());
    assert_eq!(site.matches(&format!("unix:{here}/")).count(), 2, "{site}");
    let is_elsewhere = |line: &str| !line.starts_with('#') && line.contains("/etc/");
    assert!(!site.lines().any(is_elsewhere), "{site}");
    std::fs::write(folder.path().join("site.conf"), site).expect("a file");
    let places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let places: String =
        places.iter().map(|name| format!("{name}_temp_path {here}/{name};\n")).collect();
    let whole = format!(
        "pid {here}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{places}include {here}/site.conf;\n}}\n"
    );
    let path = folder.path().join("whole.conf");
    std::fs::write(&path, whole).expect("a file");
    let checked = Command::new(nginx).args(["-t", "-c"]).arg(&path).output().expect("nginx runs");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

/// Both lead to the place that the environment file has NOPAR listen on.
#[test]
fn the_fronts_lead_to_the_same_socket() {
    let place = "/run/nopar/nopar.http";
    assert!(DEFAULT.contains(&format!("unix:{place}")));
    assert!(NGINX.contains(&format!("server unix:{place};")));
    assert!(CADDY.contains(&format!("reverse_proxy unix/{place}")));
    for front in [NGINX, CADDY] {
        assert!(front.contains("127.0.0.1:5984") && front.contains("NOPAR_TRUSTED_PROXIES=unix"));
    }
}
