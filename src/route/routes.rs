//! All that a path can ask for, and by which methods.
//! Knows nothing of how paths are spelt.

use http::Method;

use crate::npm::{PackageName, Selector, TarballName};

/// The methods of everything that is only read; those of all that can be read begin so.
const READ: &str = "GET, HEAD";

/// The method by which caches of the web are told to remove something: in no standard, but known to most of them.
const PURGE: &str = "PURGE";

/// Whether a request has something removed from the cache.
pub fn is_purge(method: &Method) -> bool {
    method.as_str() == PURGE
}

/// What a path asks for, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// `/`.
    Root,
    /// `/lodash`, `/@types/node`, `/@types%2fnode`. `PUT` publishes, `PURGE` removes the copy of it.
    Packument {
        /// Whose.
        name: PackageName,
    },
    /// `/lodash/-rev/2-abc`. `PUT` changes what that revision holds, `DELETE` unpublishes all of it.
    Revision {
        /// Whose.
        name: PackageName,
        /// Any text of at most 256 bytes.
        rev: String,
    },
    /// `/lodash/4.17.21`, `/lodash/latest`. `PUT` sets a tag, as npm 1 and 2 do; `PURGE` removes the copies of a version.
    Manifest {
        /// Whose.
        name: PackageName,
        /// An exact version, else a dist-tag.
        selector: Selector,
    },
    /// `/lodash/-/lodash-4.17.21.tgz`, with the scope before the file name or without. `PURGE` removes the copy of it.
    Tarball {
        /// Whose.
        name: PackageName,
        /// Without scope.
        file: TarballName,
    },
    /// `/lodash/-/lodash-4.17.21.tgz/-rev/2-abc`. `DELETE` follows when a version was unpublished.
    TarballRevision {
        /// Whose.
        name: PackageName,
        /// Without scope.
        file: TarballName,
        /// Any text of at most 256 bytes.
        rev: String,
    },
    /// `/-/package/lodash/dist-tags`.
    DistTags {
        /// Whose.
        name: PackageName,
    },
    /// `/-/package/lodash/dist-tags/beta`.
    DistTag {
        /// Whose.
        name: PackageName,
        /// Any text of at most 512 bytes: whether it may be set is the vocabulary's to say.
        tag: String,
    },
    /// `/-/package/lodash/visibility`.
    Visibility {
        /// Whose.
        name: PackageName,
    },
    /// `/-/package/lodash/collaborators`.
    Collaborators {
        /// Whose.
        name: PackageName,
    },
    /// `/-/npm/v1/attestations/lodash@4.17.21`: the provenance of a version.
    Attestations {
        /// Whose.
        name: PackageName,
        /// An exact version.
        version: Selector,
    },
    /// `/-/package/lodash/owners`. `PUT` adds one, as pnpm does.
    Owners {
        /// Whose.
        name: PackageName,
    },
    /// `/-/package/lodash/owners/me`. `DELETE` removes that one.
    Owner {
        /// Whose.
        name: PackageName,
        /// As in [`Route::User`].
        user: String,
    },
    /// `/-/package/lodash/access`.
    Access {
        /// Whose.
        name: PackageName,
    },
    /// `/-/package/lodash/refresh`. `POST` has the upstream confirm the copy that is held.
    Refresh {
        /// Whose.
        name: PackageName,
    },
    /// `/-/package/lodash/delete?rev=2-abc`. `POST` unpublishes all of it, or discards the copy of it.
    Delete {
        /// Whose.
        name: PackageName,
        /// The revision that is meant, if the query says one: 1 to 256 bytes without control characters.
        rev: Option<String>,
    },
    /// `/-/user/org.couchdb.user:me`, and the same with `/-rev/` and anything behind it, by which clients
    /// log in where the user is there already. `PUT` logs in.
    User {
        /// Any text of 1 to 214 bytes without control characters: no name for a file.
        user: String,
    },
    /// `/-/user/token/npm_abc`. `DELETE` logs out.
    Token {
        /// A secret of at most 1024 bytes: not to be shown.
        token: String,
    },
    /// `/-/npm/v1/oidc/token/exchange/package/lodash`. `POST` gives a job a token for it (trusted publishing).
    Exchange {
        /// What it is to publish or to read.
        name: PackageName,
    },
    /// `/-/whoami`.
    Whoami,
    /// `/-/npm/v1/user`: what users say of themselves. `POST` changes it.
    Profile,
    /// `/-/npm/v1/tokens?page=0&perPage=10`: the tokens of who asks. `POST` makes one.
    Tokens {
        /// The query as received, at most 2048 bytes.
        query: String,
    },
    /// `/-/npm/v1/tokens/token/0b5e…`. `DELETE` ends it.
    TokenOf {
        /// Its key, the beginning of that, or the token itself, which is a secret: at most 1024 bytes, not to be shown.
        shown: String,
    },
    /// `/-/v1/login`. `POST` begins a login that is confirmed on a page.
    WebLogin,
    /// `/-/v1/login/Zm9v…`: that page. `POST` confirms it.
    LoginPage {
        /// A secret of 1 to 64 letters, digits, `-` and `_`: not to be shown.
        secret: String,
    },
    /// `/-/v1/done/YmFy…`: whether that was done. `GET` fetches the token, once: there is no `HEAD`.
    LoginDone {
        /// Another secret of that kind.
        secret: String,
    },
    /// `/_session`, CouchDB's own way of logging in.
    Session,
    /// `/-/org/me/package`, `/-/user/me/package`: npm asks for either, not knowing what a name is of.
    PackagesOf {
        /// As in [`Route::User`].
        user: String,
    },
    /// `/-/user/me/stars`, which pnpm asks for.
    Stars {
        /// As in [`Route::User`].
        user: String,
    },
    /// `/-/_view/starredByUser?key="me"`.
    StarredBy {
        /// As in [`Route::User`].
        user: String,
    },
    /// `/-/v1/search?text=left&size=20`.
    Search {
        /// The query as received, at most 2048 bytes.
        query: String,
    },
    /// `/-/npm/v1/security/…`. `POST` asks which of some packages are known to be vulnerable.
    Audit(Audit),
    /// `/-/npm/v1/keys`: the public keys that versions are signed with.
    Keys,
    /// `/-/stage?page=0&perPage=100`: what waits to be approved.
    Stages {
        /// The query as received, at most 2048 bytes.
        query: String,
    },
    /// `/-/stage/package/lodash`. `POST` publishes what has to be approved first.
    StageOf {
        /// Whose.
        name: PackageName,
    },
    /// `/-/stage/0b5e…`. `DELETE` rejects it.
    Stage {
        /// 1 to 64 letters, digits and hyphens.
        id: String,
    },
    /// `/-/stage/0b5e…/tarball`.
    StageTarball {
        /// As in [`Route::Stage`].
        id: String,
    },
    /// `/-/stage/0b5e…/approve`. `POST` publishes it.
    StageApproval {
        /// As in [`Route::Stage`].
        id: String,
    },
    /// `/-/ping`.
    Ping,
    /// `/-/health`: whether the process answers.
    Health,
    /// `/-/ready`: whether it can do all that it is there for.
    Ready,
    /// `/favicon.ico`.
    Favicon,
    /// `/robots.txt`.
    Robots,
    /// `/-/packages/all?q=left&sort=size&page=2`: a page that lists packages.
    Packages {
        /// Which of them.
        which: Which,
        /// The query as received, at most 2048 bytes.
        query: String,
    },
    /// `/-/package/lodash`, `/-/package/@types/node`: a page about a package.
    PackagePage {
        /// Whose.
        name: PackageName,
        /// As in [`Route::Packages`].
        query: String,
    },
    /// `/-/package/lodash/files/4.17.21/dist/index.js`: a page about what is in a tarball.
    Files {
        /// Whose.
        name: PackageName,
        /// An exact version, else a dist-tag.
        version: Selector,
        /// Where in the tarball, its parts joined by slashes; empty for all of it. None of the parts is empty, `.` or
        /// `..`, and none has a control character or a backslash in it.
        path: String,
    },
    /// `/-/package/lodash/raw`, and more behind it: what clients read of a package, for who is signed in by a page.
    Raw {
        /// Whose.
        name: PackageName,
        /// What of it.
        what: Raw,
    },
    /// `/-/settings`. `POST` saves some.
    Settings,
    /// `/-/static/nopar.0123456789ab.css`: what pages are made up with.
    Static {
        /// 1 to 64 letters, digits, `.`, `-` and `_`.
        file: String,
    },
    /// `/-/login`: the page by which people sign in. `POST` does.
    SignIn,
    /// `/-/logout`. `POST` signs out.
    SignOut,
    /// `/-/account`: who one is, and one's tokens. `POST` changes it.
    Account,
}

/// Which packages a page lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Which {
    /// All that are held.
    All,
    /// Those that are NOPAR's own.
    Local,
    /// Copies of those of upstreams.
    Proxied,
}

impl Which {
    /// All of them, in the order of their tabs.
    pub const ALL: [Which; 3] = [Which::All, Which::Local, Which::Proxied];

    /// As in a path.
    pub fn as_str(self) -> &'static str {
        match self {
            Which::All => "all",
            Which::Local => "local",
            Which::Proxied => "proxied",
        }
    }
}

/// What of a package a page links to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Raw {
    /// `…/raw`: its document.
    Document,
    /// `…/raw/1.0.0`: the manifest of a version, by its number, else by a dist-tag.
    Manifest(Selector),
    /// `…/raw/-/lodash-1.0.0.tgz`: a tarball.
    Tarball(TarballName),
}

/// Which audit is asked for: they differ in what is sent and answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audit {
    /// `advisories/bulk`: versions by name. npm 7 and newer, pnpm 11, yarn 4, bun, deno.
    Bulk,
    /// `audits/quick`: a lockfile's tree. npm 6, and npm 7 to 10 where the first is not there.
    Quick,
    /// `audits`: the same in full. npm 6 and pnpm up to 10.
    Full,
}

impl Route {
    /// The methods it has, as the `Allow` header lists them.
    pub fn allow(&self) -> &'static str {
        match self {
            Self::Packument { .. } | Self::Manifest { .. } => "GET, HEAD, PUT, PURGE",
            Self::Tarball { .. } => "GET, HEAD, PURGE",
            Self::User { .. } => "GET, HEAD, PUT",
            Self::Access { .. }
            | Self::Profile
            | Self::Tokens { .. }
            | Self::LoginPage { .. }
            | Self::Settings
            | Self::SignIn
            | Self::Account => "GET, HEAD, POST",
            Self::LoginDone { .. } => "GET",
            Self::Revision { .. } => "PUT, DELETE",
            Self::TarballRevision { .. } | Self::Token { .. } | Self::TokenOf { .. } => "DELETE",
            Self::DistTag { .. } => "PUT, POST, DELETE",
            Self::Session
            | Self::WebLogin
            | Self::Refresh { .. }
            | Self::Delete { .. }
            | Self::Audit(_)
            | Self::Exchange { .. }
            | Self::StageOf { .. }
            | Self::StageApproval { .. }
            | Self::SignOut => "POST",
            Self::Stage { .. } => "GET, HEAD, DELETE",
            Self::Owners { .. } => "GET, HEAD, PUT",
            Self::Owner { .. } => "DELETE",
            Self::Root
            | Self::DistTags { .. }
            | Self::Attestations { .. }
            | Self::Visibility { .. }
            | Self::Collaborators { .. }
            | Self::Whoami
            | Self::PackagesOf { .. }
            | Self::Stars { .. }
            | Self::StarredBy { .. }
            | Self::Search { .. }
            | Self::Keys
            | Self::Stages { .. }
            | Self::StageTarball { .. }
            | Self::Ping
            | Self::Health
            | Self::Ready
            | Self::Favicon
            | Self::Robots
            | Self::Packages { .. }
            | Self::PackagePage { .. }
            | Self::Files { .. }
            | Self::Raw { .. }
            | Self::Static { .. } => READ,
        }
    }

    pub(super) fn allows(&self, method: &Method) -> bool {
        let allow = self.allow();
        // Nearly all requests read, and are not to wait for a search.
        if (method == Method::GET || method == Method::HEAD) && allow.starts_with(READ) {
            return true;
        }
        allow.split(", ").any(|one| one == method.as_str())
    }

    /// A short word for logs and metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Packument { .. } => "packument",
            Self::Revision { .. } => "revision",
            Self::Manifest { .. } => "manifest",
            Self::Tarball { .. } => "tarball",
            Self::TarballRevision { .. } => "tarball_revision",
            Self::DistTags { .. } => "dist_tags",
            Self::DistTag { .. } => "dist_tag",
            Self::Attestations { .. } => "attestations",
            Self::Visibility { .. } => "visibility",
            Self::Collaborators { .. } => "collaborators",
            Self::Owners { .. } => "owners",
            Self::Owner { .. } => "owner",
            Self::Access { .. } => "access",
            Self::Refresh { .. } => "refresh",
            Self::Delete { .. } => "delete",
            Self::User { .. } => "user",
            Self::Token { .. } => "token",
            Self::Exchange { .. } => "exchange",
            Self::Whoami => "whoami",
            Self::Profile => "profile",
            Self::Tokens { .. } => "tokens",
            Self::TokenOf { .. } => "token_of",
            Self::WebLogin => "web_login",
            Self::LoginPage { .. } => "login_page",
            Self::LoginDone { .. } => "login_done",
            Self::Session => "session",
            Self::PackagesOf { .. } => "packages_of",
            Self::Stars { .. } => "stars",
            Self::StarredBy { .. } => "starred_by",
            Self::Search { .. } => "search",
            Self::Audit(_) => "audit",
            Self::Keys => "keys",
            Self::Stages { .. } => "stages",
            Self::StageOf { .. } => "stage_of",
            Self::Stage { .. } => "stage",
            Self::StageTarball { .. } => "stage_tarball",
            Self::StageApproval { .. } => "stage_approval",
            Self::Ping => "ping",
            Self::Health => "health",
            Self::Ready => "ready",
            Self::Favicon => "favicon",
            Self::Robots => "robots",
            Self::Packages { .. } => "packages",
            Self::PackagePage { .. } => "package_page",
            Self::Files { .. } => "files",
            Self::Raw { .. } => "raw",
            Self::Settings => "settings",
            Self::Static { .. } => "static",
            Self::SignIn => "sign_in",
            Self::SignOut => "sign_out",
            Self::Account => "account",
        }
    }

    /// Whether only people ask for it, by their browsers: pages, what they are made up with, and what they lead to.
    pub fn is_of_pages(&self) -> bool {
        matches!(
            self,
            Route::Packages { .. }
                | Route::PackagePage { .. }
                | Route::Files { .. }
                | Route::Raw { .. }
                | Route::Settings
                | Route::Static { .. }
                | Route::SignIn
                | Route::SignOut
                | Route::Account
        )
    }

    /// The package it is about, if it is about one.
    pub fn name(&self) -> Option<&PackageName> {
        match self {
            Self::Packument { name }
            | Self::Revision { name, .. }
            | Self::Manifest { name, .. }
            | Self::Tarball { name, .. }
            | Self::TarballRevision { name, .. }
            | Self::DistTags { name }
            | Self::DistTag { name, .. }
            | Self::Attestations { name, .. }
            | Self::Visibility { name }
            | Self::Collaborators { name }
            | Self::Owners { name }
            | Self::Owner { name, .. }
            | Self::Access { name }
            | Self::Refresh { name }
            | Self::Delete { name, .. }
            | Self::Exchange { name }
            | Self::StageOf { name }
            | Self::PackagePage { name, .. }
            | Self::Files { name, .. }
            | Self::Raw { name, .. } => Some(name),
            Self::Root
            | Self::User { .. }
            | Self::Token { .. }
            | Self::Whoami
            | Self::Profile
            | Self::Tokens { .. }
            | Self::TokenOf { .. }
            | Self::WebLogin
            | Self::LoginPage { .. }
            | Self::LoginDone { .. }
            | Self::Session
            | Self::PackagesOf { .. }
            | Self::Stars { .. }
            | Self::StarredBy { .. }
            | Self::Search { .. }
            | Self::Audit(_)
            | Self::Keys
            | Self::Stages { .. }
            | Self::Stage { .. }
            | Self::StageTarball { .. }
            | Self::StageApproval { .. }
            | Self::Ping
            | Self::Health
            | Self::Ready
            | Self::Favicon
            | Self::Robots
            | Self::Packages { .. }
            | Self::Settings
            | Self::Static { .. }
            | Self::SignIn
            | Self::SignOut
            | Self::Account => None,
        }
    }
}
