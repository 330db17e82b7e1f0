//! The table: what each kind of caller gets, by route and method.
//! Knows nothing of how it is found out.
//!
//! `hidden` is of `@acme/here`, which Olga owns here and a rule hides from all but readers, publishers and maintainers;
//! `hosted` of one here that all may read, `proxied` of one of the upstream's. What is behind a `+` is how it is asked.
//!
//! The columns:
//!
//! | | |
//! |---|---|
//! | anon | shows nothing |
//! | unkn | a token that was never one |
//! | expd | a token of the owner's whose time is over |
//! | rvkd | a token that the owner has revoked |
//! | netw | a token of the owner's, for another network |
//! | user | a user who may nothing here |
//! | ro | a token of the owner's that only reads |
//! | pkg | a token of the owner's, for another package |
//! | read, publ | users whom the rule lets read, and publish as well |
//! | ownr | the maintainer |
//! | admn | an administrator |
//!
//! Pages look at no `Authorization`: to them, everybody here is nobody in particular.
//!
//! In short: bad credentials (unkn, expd, rvkd, netw) are a 401 wherever it matters who asks, so of all that is hidden and
//! of all that acts; a public package is read all the same. Good ones of who may not read are a 404, and where they act a
//! 403, both whether or not there is such a package.

use nopar::route::{Audit, Raw, Route, Which};

use super::scene::CALLERS;
use super::subject::{On, selector};

/// A route, and the rows of it.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) of: fn(&On) -> Route,
    pub(super) hidden: &'static str,
    pub(super) hosted: Option<&'static str>,
    pub(super) proxied: Option<&'static str>,
}

/// A row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) methods: Vec<String>,
    pub(super) flag: String,
    pub(super) expected: Vec<u16>,
}

impl Row {
    /// Reads rows, one in each line that has more than a caption.
    pub(super) fn parse(text: &str) -> Vec<Self> {
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("anon"));
        lines.map(Self::of).collect()
    }

    fn of(line: &str) -> Self {
        let mut words = line.split_whitespace();
        let label = words.next().expect("a label");
        let (methods, flag) = label.split_once('+').unwrap_or((label, ""));
        let expected: Vec<u16> = words.map(|it| it.parse().expect("a status")).collect();
        assert_eq!(expected.len(), CALLERS.len(), "{line}");
        let methods = methods.split(',').map(str::to_owned).collect();
        Self { methods, flag: flag.to_owned(), expected }
    }
}

/// Makes the list of all entries, and a `match` over all routes: without its rows, no route compiles.
macro_rules! table {
    (|$on:ident| $(
        $variant:ident { $($field:tt: $value:expr),* }
        hidden $hidden:literal
        $(hosted $hosted:literal proxied $proxied:literal)?;
    )*) => {
        pub(super) fn entries() -> Vec<Entry> {
            vec![$(Entry {
                of: |$on: &On| {
                    let _ = $on;
                    Route::$variant { $($field: $value),* }
                },
                hidden: $hidden,
                hosted: None $(.or(Some($hosted)))?,
                proxied: None $(.or(Some($proxied)))?,
            }),*]
        }

        /// Whether it is in the table, which the compiler sees to.
        #[expect(unreachable_patterns, reason = "a route may be in it by several examples")]
        pub(super) fn has(route: &Route) -> bool {
            match route {
                $(Route::$variant { .. } => true,)*
            }
        }
    };
}

table! { |on|

Packument { name: on.name() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         404  401  401  401  401  404  200 404 200  200  200  200
        GET+abbreviated  404  401  401  401  401  404  200 404 200  200  200  200
        PUT              401  401  401  401  401  403  403 403 403  201  201  201
        PUT+star         401  401  401  401  401  404  403 404 201  201  201  201
        PUT+deprecate    401  401  401  401  401  404  403 404 403  201  201  201
        PURGE            401  401  401  401  401  403  403 403 403  403  409  409
    "
    hosted "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
        GET+abbreviated  200  200  200  200  200  200  200 200 200  200  200  200
        PUT              401  401  401  401  401  403  403 403 403  201  201  201
        PUT+star         401  401  401  401  401  201  403 201 201  201  201  201
        PUT+deprecate    401  401  401  401  401  403  403 403 403  201  201  201
        PURGE            401  401  401  401  401  403  403 403 403  403  409  409
    "
    proxied "            anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
        GET+abbreviated  200  200  200  200  200  200  200 200 200  200  200  200
        PUT              401  401  401  401  401  403  403 403 403  403  403  403
        PUT+star         401  401  401  401  401  403  403 403 403  403  403  403
        PURGE            401  401  401  401  401  403  403 403 403  403  403  200
    ";

Revision { name: on.name(), rev: on.rev.clone() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        PUT              401  401  401  401  401  404  403 404 403  201  201  201
        DELETE           401  401  401  401  401  403  403 403 403  403  201  201
    "
    hosted "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        PUT              401  401  401  401  401  403  403 403 403  201  201  201
        DELETE           401  401  401  401  401  403  403 403 403  403  201  201
    "
    proxied "            anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        PUT              401  401  401  401  401  403  403 403 403  403  403  403
        DELETE           401  401  401  401  401  403  403 403 403  403  403  403
    ";

Manifest { name: on.name(), selector: selector("beta") }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         404  401  401  401  401  404  200 404 200  200  200  200
        PUT              401  401  401  401  401  403  403 403 403  201  201  201
        PURGE            401  401  401  401  401  403  403 403 403  403  409  409
    "
    hosted "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
        PUT              401  401  401  401  401  403  403 403 403  201  201  201
        PURGE            401  401  401  401  401  403  403 403 403  403  409  409
    "
    proxied "            anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         404  404  404  404  404  404  404 404 404  404  404  404
        PUT              401  401  401  401  401  403  403 403 403  403  403  403
        PURGE            401  401  401  401  401  403  403 403 403  403  403  400
    ";

Manifest { name: on.name(), selector: selector("1.0.0") }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         404  401  401  401  401  404  200 404 200  200  200  200
        PUT              401  401  401  401  401  403  403 403 403  400  400  400
        PURGE            401  401  401  401  401  403  403 403 403  403  409  409
    "
    hosted "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
        PUT              401  401  401  401  401  403  403 403 403  400  400  400
        PURGE            401  401  401  401  401  403  403 403 403  403  409  409
    "
    proxied "            anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
        PUT              401  401  401  401  401  403  403 403 403  403  403  403
        PURGE            401  401  401  401  401  403  403 403 403  403  403  200
    ";

Tarball { name: on.name(), file: on.file() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         404  401  401  401  401  404  200 404 200  200  200  200
        PURGE            401  401  401  401  401  403  403 403 403  403  409  409
    "
    hosted "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
        PURGE            401  401  401  401  401  403  403 403 403  403  409  409
    "
    proxied "            anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
        PURGE            401  401  401  401  401  403  403 403 403  403  403  200
    ";

TarballRevision { name: on.name(), file: on.file(), rev: on.rev.clone() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        DELETE           401  401  401  401  401  403  403 403 403  403  409  409
    "
    hosted "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        DELETE           401  401  401  401  401  403  403 403 403  403  409  409
    "
    proxied "            anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        DELETE           401  401  401  401  401  403  403 403 403  403  403  403
    ";

DistTags { name: on.name() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         404  401  401  401  401  404  200 404 200  200  200  200
    "
    hosted "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    "
    proxied "            anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    ";

DistTag { name: on.name(), tag: "beta".to_owned() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        PUT,POST,DELETE  401  401  401  401  401  403  403 403 403  201  201  201
    "
    hosted "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        PUT,POST,DELETE  401  401  401  401  401  403  403 403 403  201  201  201
    "
    proxied "            anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        PUT,POST,DELETE  401  401  401  401  401  403  403 403 403  403  403  403
    ";

Visibility { name: on.name() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         404  401  401  401  401  404  200 404 200  200  200  200
    "
    hosted "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    "
    proxied "            anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    ";

Collaborators { name: on.name() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         404  401  401  401  401  404  200 404 200  200  200  200
    "
    hosted "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    "
    proxied "            anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         404  404  404  404  404  404  404 404 404  404  404  404
    ";

Owners { name: on.name() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         404  401  401  401  401  404  200 404 200  200  200  200
        PUT              401  401  401  401  401  403  403 403 403  403  201  201
    "
    hosted "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
        PUT              401  401  401  401  401  403  403 403 403  403  201  201
    "
    proxied "            anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         404  404  404  404  404  404  404 404 404  404  404  404
        PUT              401  401  401  401  401  403  403 403 403  403  403  403
    ";

Owner { name: on.name(), user: "lou".to_owned() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        DELETE           401  401  401  401  401  403  403 403 403  403  201  201
    "
    hosted "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        DELETE           401  401  401  401  401  403  403 403 403  403  201  201
    "
    proxied "            anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        DELETE           401  401  401  401  401  403  403 403 403  403  403  403
    ";

Access { name: on.name() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         404  401  401  401  401  404  200 404 200  200  200  200
        POST             401  401  401  401  401  403  403 403 403  200  200  200
    "
    hosted "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
        POST             401  401  401  401  401  403  403 403 403  200  200  200
    "
    proxied "            anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
        POST             401  401  401  401  401  403  403 403 403  403  403  403
    ";

Attestations { name: on.name(), version: selector("1.0.0") }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         404  401  401  401  401  404  200 404 200  200  200  200
    "
    hosted "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    "
    proxied "            anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         404  404  404  404  404  404  404 404 404  404  404  404
    ";

Refresh { name: on.name() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        POST             401  401  401  401  401  403  403 403 403  409  409  409
    "
    hosted "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        POST             401  401  401  401  401  403  403 403 403  409  409  409
    "
    proxied "            anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        POST             401  401  401  401  401  403  403 403 403  200  403  200
    ";

Delete { name: on.name(), rev: None }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        POST             401  401  401  401  401  403  403 403 403  403  201  201
    "
    hosted "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        POST             401  401  401  401  401  403  403 403 403  403  201  201
    "
    proxied "            anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        POST             401  401  401  401  401  403  403 403 403  403  403  200
    ";

Exchange { name: on.name() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        POST             401  401  401  401  401  401  401 401 401  401  401  401
    "
    hosted "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        POST             401  401  401  401  401  401  401 401 401  401  401  401
    "
    proxied "            anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        POST             401  401  401  401  401  401  401 401 401  401  401  401
    ";

StageOf { name: on.name() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        POST             401  401  401  401  401  403  403 403 403  201  201  201
    "
    hosted "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        POST             401  401  401  401  401  403  403 403 403  201  201  201
    "
    proxied "            anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        POST             401  401  401  401  401  403  403 403 403  403  403  403
    ";

Stages { query: String::new() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  401  401  401  401  200  200 200 200  200  200  200
    ";

Stage { id: on.stage.clone() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         404  401  401  401  401  404  404 404 404  200  200  200
        DELETE           404  401  401  401  401  404  404 404 404  204  204  204
    ";

StageTarball { id: on.stage.clone() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         404  401  401  401  401  404  404 404 404  200  200  200
    ";

StageApproval { id: on.stage.clone() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        POST             404  401  401  401  401  404  404 404 404  201  201  201
    ";

User { user: "lou".to_owned() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         401  401  401  401  401  200  200 200 200  200  200  200
        PUT              201  201  201  201  201  201  201 201 201  201  201  201
    ";

WebLogin {}
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        POST             200  200  200  200  200  200  200 200 200  200  200  200
    ";

LoginPage { secret: on.login.clone() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
        POST             400  400  400  400  400  400  400 400 400  400  400  400
    ";

LoginDone { secret: on.done.clone() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET              202  202  202  202  202  202  202 202 202  202  202  202
    ";

Token { token: on.token.clone() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        DELETE           200  200  200  200  200  200  200 200 200  200  200  200
    ";

Whoami {}
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         401  401  401  401  401  200  200 200 200  200  200  200
    ";

Profile {}
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         401  401  401  401  401  200  200 200 200  200  200  200
        POST             401  401  401  401  401  200  403 403 200  200  200  200
    ";

Tokens { query: String::new() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         401  401  401  401  401  200  200 200 200  200  200  200
        POST             401  401  401  401  401  200  403 403 200  200  200  200
    ";

TokenOf { shown: on.key.clone() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        DELETE           401  401  401  401  401  404  403 403 404  404  200  404
    ";

Session {}
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        POST             200  200  200  200  200  200  200 200 200  200  200  200
    ";

PackagesOf { user: "olga".to_owned() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    ";

Stars { user: "olga".to_owned() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    ";

StarredBy { user: "olga".to_owned() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    ";

Search { query: format!("text={}", on.name) }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    ";

Audit { 0: Audit::Bulk }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        POST             200  200  200  200  200  200  200 200 200  200  200  200
    ";

Audit { 0: Audit::Quick }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        POST             200  200  200  200  200  200  200 200 200  200  200  200
    ";

Audit { 0: Audit::Full }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        POST             200  200  200  200  200  200  200 200 200  200  200  200
    ";

Keys {}
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    ";

Root {}
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    ";

Ping {}
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    ";

Health {}
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    ";

Ready {}
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    ";

Favicon {}
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    ";

Robots {}
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    ";

Packages { which: Which::All, query: "sort=asked".to_owned() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    ";

PackagePage { name: on.name(), query: String::new() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         404  404  404  404  404  404  404 404 404  404  404  404
    "
    hosted "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    "
    proxied "            anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    ";

Files { name: on.name(), version: selector("1.0.0"), path: String::new() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         404  404  404  404  404  404  404 404 404  404  404  404
    "
    hosted "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    "
    proxied "            anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    ";

Raw { name: on.name(), what: Raw::Document }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         404  404  404  404  404  404  404 404 404  404  404  404
    "
    hosted "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    "
    proxied "            anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    ";

Raw { name: on.name(), what: Raw::Manifest(selector("1.0.0")) }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         404  404  404  404  404  404  404 404 404  404  404  404
    "
    hosted "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    "
    proxied "            anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    ";

Raw { name: on.name(), what: Raw::Tarball(on.file()) }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         404  404  404  404  404  404  404 404 404  404  404  404
    "
    hosted "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    "
    proxied "            anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
    ";

Settings {}
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         303  303  303  303  303  303  303 303 303  303  303  303
        POST             403  403  403  403  403  403  403 403 403  403  403  403
    ";

Static { file: "nopar.css".to_owned() }
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         404  404  404  404  404  404  404 404 404  404  404  404
    ";

SignIn {}
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         200  200  200  200  200  200  200 200 200  200  200  200
        POST             403  403  403  403  403  403  403 403 403  403  403  403
    ";

SignOut {}
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        POST             303  303  303  303  303  303  303 303 303  303  303  303
    ";

Account {}
    hidden "             anon unkn expd rvkd netw user ro  pkg read publ ownr admn
        GET,HEAD         303  303  303  303  303  303  303 303 303  303  303  303
        POST             303  303  303  303  303  303  303 303 303  303  303  303
    ";

}
