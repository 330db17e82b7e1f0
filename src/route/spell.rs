//! Routes as paths, the other way round.
//! Knows nothing of other spellings.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Audit, Raw, Route};
use crate::npm::{PackageName, Selector, encode_segment};

/// The path of a route in its usual spelling.
pub(super) fn path(route: &Route) -> String {
    match route {
        Route::Root => "/".to_owned(),
        Route::Packument { name } => format!("/{}", name.encoded()),
        Route::Revision { name, rev } => {
            format!("/{}/-rev/{}", name.encoded(), encode_segment(rev))
        }
        Route::Manifest { name, selector } => {
            format!("/{}/{}", name.encoded(), encode_segment(selector.as_str()))
        }
        Route::Tarball { name, file } => {
            format!("/{}/-/{}", name.path(), encode_segment(file.as_str()))
        }
        Route::TarballRevision { name, file, rev } => {
            let (file, rev) = (encode_segment(file.as_str()), encode_segment(rev));
            format!("/{}/-/{file}/-rev/{rev}", name.path())
        }
        Route::DistTags { name } => of_package(name, "dist-tags"),
        Route::DistTag { name, tag } => {
            format!("{}/{}", of_package(name, "dist-tags"), encode_segment(tag))
        }
        Route::Attestations { name, version } => {
            let version = encode_segment(version.as_str());
            format!("/-/npm/v1/attestations/{}@{version}", name.path())
        }
        Route::Visibility { name } => of_package(name, "visibility"),
        Route::Collaborators { name } => of_package(name, "collaborators"),
        Route::Owners { name } => of_package(name, "owners"),
        Route::Owner { name, user } => {
            format!("{}/{}", of_package(name, "owners"), encode_segment(user))
        }
        Route::Access { name } => of_package(name, "access"),
        Route::Refresh { name } => of_package(name, "refresh"),
        Route::Delete { name, rev: None } => of_package(name, "delete"),
        Route::Delete { name, rev: Some(rev) } => {
            let rev = utf8_percent_encode(rev, NON_ALPHANUMERIC);
            format!("{}?rev={rev}", of_package(name, "delete"))
        }
        Route::User { user } => format!("/-/user/org.couchdb.user:{}", encode_segment(user)),
        Route::Token { token } => format!("/-/user/token/{}", encode_segment(token)),
        Route::Exchange { name } => {
            format!("/-/npm/v1/oidc/token/exchange/package/{}", name.encoded())
        }
        Route::Whoami => "/-/whoami".to_owned(),
        Route::Profile => "/-/npm/v1/user".to_owned(),
        Route::Tokens { query } => with_query("/-/npm/v1/tokens", query),
        Route::TokenOf { shown } => format!("/-/npm/v1/tokens/token/{}", encode_segment(shown)),
        Route::WebLogin => "/-/v1/login".to_owned(),
        Route::LoginPage { secret } => format!("/-/v1/login/{secret}"),
        Route::LoginDone { secret } => format!("/-/v1/done/{secret}"),
        Route::Session => "/_session".to_owned(),
        Route::PackagesOf { user } => format!("/-/org/{}/package", encode_segment(user)),
        Route::Stars { user } => format!("/-/user/{}/stars", encode_segment(user)),
        // In a query, more than in a path means something.
        Route::StarredBy { user } => {
            let user = utf8_percent_encode(user, NON_ALPHANUMERIC);
            format!("/-/_view/starredByUser?key=%22{user}%22")
        }
        Route::Search { query } => with_query("/-/v1/search", query),
        Route::Audit(Audit::Bulk) => "/-/npm/v1/security/advisories/bulk".to_owned(),
        Route::Audit(Audit::Quick) => "/-/npm/v1/security/audits/quick".to_owned(),
        Route::Audit(Audit::Full) => "/-/npm/v1/security/audits".to_owned(),
        Route::Keys => "/-/npm/v1/keys".to_owned(),
        Route::Stages { query } => with_query("/-/stage", query),
        Route::StageOf { name } => format!("/-/stage/package/{}", name.encoded()),
        Route::Stage { id } => format!("/-/stage/{id}"),
        Route::StageTarball { id } => format!("/-/stage/{id}/tarball"),
        Route::StageApproval { id } => format!("/-/stage/{id}/approve"),
        Route::Ping => "/-/ping".to_owned(),
        Route::Health => "/-/health".to_owned(),
        Route::Ready => "/-/ready".to_owned(),
        Route::Favicon => "/favicon.ico".to_owned(),
        Route::Robots => "/robots.txt".to_owned(),
        Route::Packages { which, query } => {
            with_query(&format!("/-/packages/{}", which.as_str()), query)
        }
        Route::PackagePage { name, query } => {
            with_query(&format!("/-/package/{}", name.path()), query)
        }
        Route::Files { name, version, path } => files(name, version, path),
        Route::Raw { name, what } => {
            let raw = format!("/-/package/{}/raw", name.path());
            match what {
                Raw::Document => raw,
                Raw::Manifest(version) => format!("{raw}/{}", encode_segment(version.as_str())),
                Raw::Tarball(file) => format!("{raw}/-/{}", encode_segment(file.as_str())),
            }
        }
        Route::Settings => "/-/settings".to_owned(),
        Route::Static { file } => format!("/-/static/{file}"),
        Route::SignIn => "/-/login".to_owned(),
        Route::SignOut => "/-/logout".to_owned(),
        Route::Account => "/-/account".to_owned(),
    }
}

fn of_package(name: &PackageName, what: &str) -> String {
    format!("/-/package/{}/{what}", name.encoded())
}

fn files(name: &PackageName, version: &Selector, path: &str) -> String {
    let (name, version) = (name.path(), encode_segment(version.as_str()));
    let parts = path.split('/').filter(|part| !part.is_empty());
    let parts = parts.map(|part| format!("/{}", encode_segment(part)));
    format!("/-/package/{name}/files/{version}{}", parts.collect::<String>())
}

fn with_query(path: &str, query: &str) -> String {
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}
