//! The trail: each thing that concerns who may do what is one line of the log, and holds no secret.
//! Knows nothing of the other lines.

mod account;
mod failing;
mod packages;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::access::{kept, of, password};
use crate::support::binary::{Binary, PROGRAM};
use crate::support::client::{Request, Response};
use crate::support::issuer::FakeIssuer;
use crate::support::publish::{path_of, send};
use crate::support::upstream::FakeUpstream;
use crate::trust::rules;

/// How these lines are told from others.
pub(crate) const TRAIL: &str = " trail] ";

/// The binary, with the users ann, bob and eve, and jobs of an issuer.
pub(crate) struct Watched {
    pub(crate) binary: Binary,
    pub(crate) addr: SocketAddr,
    pub(crate) issuer: FakeIssuer,
    _upstream: FakeUpstream,
    /// How many lines there are so far.
    seen: usize,
}

impl Watched {
    pub(crate) async fn start(level: &str) -> Self {
        Self::start_with(level, &[]).await
    }

    /// The same, with these settings as well.
    pub(crate) async fn start_with(level: &str, more: &[(&str, &str)]) -> Self {
        let (upstream, issuer) = (FakeUpstream::start().await, FakeIssuer::start().await);
        let folder = tempfile::tempdir().expect("a directory");
        let own = folder.path().join("registry/.nopar");
        std::fs::create_dir_all(&own).expect("a directory");
        let users: Map<String, Value> =
            ["ann", "bob", "eve"].iter().map(|user| ((*user).to_owned(), kept(user))).collect();
        let users = json!({"users": users}).to_string();
        std::fs::write(own.join("users.json"), users).expect("users");
        let file = folder.path().join("nopar.toml");
        std::fs::write(&file, rules(&issuer.url())).expect("a file");
        let file = file.to_str().expect("a path in UTF-8").to_owned();
        let env = [("NOPAR_AUTH", "users"), ("NOPAR_CONFIG", &file), ("NOPAR_LOGLEVEL", level)];
        let (command, env) = (Command::new(PROGRAM), [&env, more].concat());
        let (binary, addr) = Binary::serving_as(folder, command, &upstream.url(), &env).await;
        Self { binary, addr, issuer, _upstream: upstream, seen: 0 }
    }

    /// NOPAR's own folder in the directory of the registry.
    fn own(&self) -> PathBuf {
        self.binary.folder().join("registry/.nopar")
    }

    /// Waits for the one line that came of the request before, and fails unless it begins so and holds all of that.
    pub(crate) async fn line(&mut self, begin: &str, parts: &[&str]) -> String {
        self.seen += 1;
        let lines = self.binary.says_times(self.seen, TRAIL).await;
        assert_eq!(lines.len(), self.seen, "more than one line: {lines:#?}");
        let line = lines.last().expect("a line").split_once(TRAIL).expect("a line").1.to_owned();
        assert!(line.starts_with(begin), "{begin} is not how {line} begins");
        assert!(line.contains(" from=\"127.0.0.1\""), "{line}");
        for part in parts {
            assert!(line.contains(part), "{part} is not in {line}");
        }
        line
    }

    /// Ends it, and fails if there were more lines; all that it said.
    pub(crate) async fn end(self) -> String {
        self.binary.signal("TERM");
        let ended = self.binary.ended().await;
        let lines: Vec<&str> = ended.stderr.lines().filter(|it| it.contains(TRAIL)).collect();
        assert_eq!(lines.len(), self.seen, "{lines:#?}");
        ended.stderr + &ended.stdout
    }

    /// Sends that as somebody.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        body: &Value,
        authorization: Option<&str>,
    ) -> Response {
        of(send(self.addr, method, path, body), authorization).send().await
    }

    /// Sends it without a body.
    pub(crate) async fn bare(
        &self,
        method: &str,
        path: &str,
        authorization: Option<&str>,
    ) -> Response {
        of(Request::new(self.addr, method, path), authorization).send().await
    }

    pub(crate) async fn log_in(&self, user: &str, password: &str) -> Response {
        let body = json!({"name": user, "password": password});
        self.send("PUT", &format!("/-/user/org.couchdb.user:{user}"), &body, None).await
    }

    /// Logs in; what goes into `Authorization`. Its line is seen.
    pub(crate) async fn comes(&mut self, user: &str) -> String {
        let answer = self.log_in(user, &password(user)).await.expect(201);
        self.line("login ok", &[&format!("who=\"{user}\"")]).await;
        format!("Bearer {}", answer.json()["token"].as_str().expect("a token"))
    }
}
