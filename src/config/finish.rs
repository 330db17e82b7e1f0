//! What can only be said of all settings together: paths, files that must be there, contradictions.

use super::mistakes::Mistakes;
use super::{Config, secret};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::path::{Path, PathBuf};

const TOKEN: &str = "NOPAR_FORWARDER_TOKEN";
const TOKEN_FILE: &str = "NOPAR_FORWARDER_TOKEN_FILE";

const RUN_AS_USER: &str =
    "NOPAR_RUNAS_USER: NOPAR stays in the foreground, as the user who starts it";

pub(super) fn finish(config: &mut Config, mistakes: &mut Mistakes) {
    resolve_paths(config);
    read_token(config, mistakes);
    check_ca_file(config, mistakes);
    check_loop(config, mistakes);
    if config.server.run_as_user.is_some() {
        config.warnings.push(RUN_AS_USER.to_owned());
    }
}

/// Relative paths start at NOPAR_HOME.
fn resolve_paths(config: &mut Config) {
    let Some(home) = config.server.home.clone() else { return };
    let resolve = |path: &mut PathBuf| *path = home.join(&*path);
    resolve(&mut config.store.path);
    resolve(&mut config.cache.path);
    let optional = [
        &mut config.log.file,
        &mut config.server.run_path,
        &mut config.upstream.ca_file,
        &mut config.upstream.token_file,
    ];
    optional.into_iter().flatten().for_each(resolve);
}

fn read_token(config: &mut Config, mistakes: &mut Mistakes) {
    let Some(path) = config.upstream.token_file.clone() else { return };
    if config.upstream.token.is_some() {
        mistakes.add(TOKEN_FILE, format!("{TOKEN} is set as well: only one of them is allowed"));
        return;
    }
    match std::fs::read_to_string(&path) {
        Err(error) => {
            mistakes.add(TOKEN_FILE, format!("{} cannot be read: {error}", path.display()))
        }
        Ok(text) => match secret::parse(text.trim()) {
            Ok(token) if !token.expose().is_empty() => config.upstream.token = Some(token),
            _ => mistakes.add(TOKEN_FILE, format!("{} does not hold one token", path.display())),
        },
    }
}

fn check_ca_file(config: &Config, mistakes: &mut Mistakes) {
    let Some(path) = &config.upstream.ca_file else { return };
    if let Err(problem) = holds_certificate(path) {
        mistakes.add("NOPAR_CA_FILE", format!("{} {problem}", path.display()));
    }
}

fn holds_certificate(path: &Path) -> Result<(), String> {
    let pem = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    let mut trusted = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| format!("is not PEM: {error}"))?;
        let added = trusted.add(certificate);
        added.map_err(|error| format!("holds a certificate that cannot be used: {error}"))?;
    }
    if trusted.is_empty() {
        return Err("holds no certificate: PEM is allowed".to_owned());
    }
    Ok(())
}

/// An upstream that is NOPAR itself, as far as the words of the configuration tell.
fn check_loop(config: &Config, mistakes: &mut Mistakes) {
    let upstream = &config.upstream.url;
    let host = upstream.host_str().unwrap_or_default();
    let same_host = host.eq_ignore_ascii_case(&config.server.hostname)
        || (is_loopback(host) && is_loopback(&config.server.hostname));
    let same_port = upstream.port_or_known_default() == Some(config.server.port);
    let text = upstream.as_str().trim_end_matches('/');
    let is_base = config.server.base_url.as_ref().is_some_and(|base| base.as_str() == text);
    if (same_host && same_port) || is_base {
        mistakes.add(
            "NOPAR_FORWARDER_URL",
            format!("{upstream} is this NOPAR itself: another registry is allowed"),
        );
    }
}

fn is_loopback(host: &str) -> bool {
    matches!(host.to_ascii_lowercase().as_str(), "localhost" | "127.0.0.1" | "::1" | "[::1]")
}
