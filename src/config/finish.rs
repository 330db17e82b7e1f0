//! What can only be said of all settings together: paths, files that must be there, contradictions.

use super::mistakes::Mistakes;
use super::{Auth, Config, Origin, Pattern, Server, Upstream, secret, trust};
use crate::certificate;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const TOKEN: &str = "NOPAR_FORWARDER_TOKEN";
const TOKEN_FILE: &str = "NOPAR_FORWARDER_TOKEN_FILE";

const NOBODY_TRUSTED: &str =
    "[[trust]]: no job gets a token, as everybody may do everything: NOPAR_AUTH=users is needed";

const NOBODY_SIGNS_UP: &str = "NOPAR_SIGN_UP: nobody needs an account, as everybody may log in under any name: NOPAR_AUTH=users is needed";

const ADMINS_ARE_NAMED: &str = "NOPAR_OPEN_ADMIN: it opens nothing, as users have accounts (NOPAR_AUTH=users): NOPAR_ADMINS names who may administer";

pub(super) fn finish(config: &mut Config, mistakes: &mut Mistakes) {
    resolve_paths(config);
    let is_set = |key| config.origin(key) != Origin::Default;
    let host_is_set = is_set("server.hostname") || is_set("server.port");
    config.server.also_on_host = host_is_set && !config.server.listen.is_empty();
    let Config { server, upstream, upstreams, .. } = config;
    for one in std::iter::once(&mut *upstream).chain(&mut *upstreams) {
        read_token(one, mistakes);
        check_ca_file(one, mistakes);
        check_loop(one, server, mistakes);
    }
    config.warnings.extend(check_tls(&config.server, mistakes));
    trust::finish(&mut config.access.trust, config.server.base_url.as_ref(), mistakes);
    if config.access.auth == Auth::Open && !config.access.trust.is_empty() {
        config.warnings.push(NOBODY_TRUSTED.to_owned());
    }
    if config.access.auth == Auth::Open && config.access.sign_up {
        config.warnings.push(NOBODY_SIGNS_UP.to_owned());
    }
    if config.access.auth == Auth::Users && config.access.open_admin {
        config.warnings.push(ADMINS_ARE_NAMED.to_owned());
    }
}

/// The directory of the registry, of a configuration that is not finished yet.
pub(super) fn registry(config: &Config) -> PathBuf {
    match &config.server.home {
        Some(home) => home.join(&config.store.path),
        None => config.store.path.clone(),
    }
}

/// Relative paths start at NOPAR_HOME.
fn resolve_paths(config: &mut Config) {
    let Some(home) = config.server.home.clone() else { return };
    let resolve = |path: &mut PathBuf| *path = home.join(&*path);
    resolve(&mut config.store.path);
    resolve(&mut config.cache.path);
    let Server { run_path, tls_cert, tls_key, .. } = &mut config.server;
    [&mut config.log.file, run_path, tls_cert, tls_key].into_iter().flatten().for_each(resolve);
    for upstream in std::iter::once(&mut config.upstream).chain(&mut config.upstreams) {
        [&mut upstream.ca_file, &mut upstream.token_file].into_iter().flatten().for_each(resolve);
    }
}

/// What a setting of an upstream is called: a variable speaks of the default one only.
fn name_of(variable: &str, key: &str, upstream: &Upstream) -> String {
    match upstream.packages.first().filter(|_| !upstream.packages.iter().any(Pattern::is_all)) {
        Some(pattern) => format!("upstream.{key} of {pattern}"),
        None => variable.to_owned(),
    }
}

fn read_token(upstream: &mut Upstream, mistakes: &mut Mistakes) {
    let Some(path) = upstream.token_file.clone() else { return };
    let name = name_of(TOKEN_FILE, "token_file", upstream);
    if upstream.token.is_some() {
        let other = name_of(TOKEN, "token", upstream);
        mistakes.add(name, format!("{other} is set as well: only one of them is allowed"));
        return;
    }
    match std::fs::read_to_string(&path) {
        Err(error) => mistakes.add(name, format!("{} cannot be read: {error}", path.display())),
        Ok(text) => match secret::parse(text.trim()) {
            Ok(token) if !token.expose().is_empty() => {
                upstream.files.token = Some(token.clone());
                upstream.token = Some(token);
            }
            _ => mistakes.add(name, format!("{} does not hold one token", path.display())),
        },
    }
}

fn check_ca_file(upstream: &mut Upstream, mistakes: &mut Mistakes) {
    let Some(path) = &upstream.ca_file else { return };
    match holds_certificate(path) {
        Ok(digest) => upstream.files.authorities = Some(digest),
        Err(problem) => {
            let name = name_of("NOPAR_CA_FILE", "ca_file", upstream);
            mistakes.add(name, format!("{} {problem}", path.display()));
        }
    }
}

/// The digest of a file that does.
fn holds_certificate(path: &Path) -> Result<[u8; 32], String> {
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
    Ok(Sha256::digest(&pem).into())
}

/// A certificate and its key: both, and fit for each other, or none. What is odd about them, if that is no mistake.
fn check_tls(server: &Server, mistakes: &mut Mistakes) -> Option<String> {
    let alone = |other| format!("{other} is not set: both are needed, or none");
    match (&server.tls_cert, &server.tls_key) {
        (None, None) => {}
        (Some(_), None) => mistakes.add(certificate::CERT, alone(certificate::KEY)),
        (None, Some(_)) => mistakes.add(certificate::KEY, alone(certificate::CERT)),
        (Some(cert), Some(key)) => match certificate::load(cert, key) {
            Err(unusable) => mistakes.add(unusable.setting, unusable.sentence()),
            Ok(certified) => {
                let problem = certificate::untimely(&certified, SystemTime::now())?;
                return Some(format!("{}: {} {problem}", certificate::CERT, cert.display()));
            }
        },
    }
    None
}

/// An upstream that is NOPAR itself, as far as the words of the configuration tell.
fn check_loop(upstream: &Upstream, server: &Server, mistakes: &mut Mistakes) {
    let url = &upstream.url;
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default();
    let is_own = |(name, own_port): (&str, u16)| {
        let same_host = host.eq_ignore_ascii_case(name) || (is_loopback(host) && is_loopback(name));
        same_host && port == Some(own_port)
    };
    let text = url.as_str().trim_end_matches('/');
    let is_base = server.base_url.as_ref().is_some_and(|base| base.as_str() == text);
    if server.hosts().any(is_own) || is_base {
        mistakes.add(
            name_of("NOPAR_FORWARDER_URL", "url", upstream),
            format!("{url} is this NOPAR itself: another registry is allowed"),
        );
    }
}

fn is_loopback(host: &str) -> bool {
    matches!(host.to_ascii_lowercase().as_str(), "localhost" | "127.0.0.1" | "::1" | "[::1]")
}
