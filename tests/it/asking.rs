//! The ways clients ask for a package, and the right answer to each, worked out plainly.
//! Knows nothing of how NOPAR gets there.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::support::client::{Request, Response};
use crate::support::deadline::{DEADLINE, within};
use crate::support::nopar::TestNopar;

/// The Accept header of pnpm, yarn 1 and bun when they install.
pub(crate) const INSTALL: &str =
    "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*";
/// The media type of the abbreviated form.
pub(crate) const ABBREVIATED: &str = "application/vnd.npm.install-v1+json";
/// The media type of everything else in JSON.
pub(crate) const JSON: &str = "application/json";
/// Longer than any packument is served without asking the upstream: the usual TTL of six hours
/// and the day for which a stale one is served while it is confirmed.
pub(crate) const LONG: Duration = Duration::from_secs(31 * 3600);
/// A little more than the usual TTL.
pub(crate) const TTL: Duration = Duration::from_secs(6 * 3600 + 1);

/// What the abbreviated form keeps of a version.
const KEPT: [&str; 21] = [
    "name",
    "version",
    "deprecated",
    "bin",
    "dist",
    "engines",
    "os",
    "cpu",
    "libc",
    "directories",
    "dependencies",
    "optionalDependencies",
    "devDependencies",
    "bundleDependencies",
    "bundledDependencies",
    "peerDependencies",
    "peerDependenciesMeta",
    "acceptDependencies",
    "funding",
    "_hasShrinkwrap",
    "hasInstallScript",
];

/// What is asked of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    Full,
    Abbreviated,
    /// The manifest that `latest` points to.
    Latest,
}

/// One way to ask: what, and whether gzip is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) want: Want,
    pub(crate) gzip: bool,
}

const fn way(want: Want, gzip: bool) -> Way {
    Way { want, gzip }
}

/// Every way.
pub(crate) const WAYS: [Way; 6] = [
    way(Want::Full, true),
    way(Want::Abbreviated, true),
    way(Want::Latest, true),
    way(Want::Full, false),
    way(Want::Abbreviated, false),
    way(Want::Latest, false),
];

impl Way {
    /// A GET of `name` this way.
    #[track_caller]
    pub(crate) fn of(self, nopar: &TestNopar, name: &str) -> Request {
        self.dress(nopar.request(&self.path(name)))
    }

    /// A GET of `name` this way, by a client that knows NOPAR as `host`.
    pub(crate) fn at(self, nopar: &TestNopar, host: &str, name: &str) -> Request {
        self.dress(Request::get(nopar.addr(), &self.path(name)).host(host))
    }

    /// A GET of `name` this way, of a NOPAR that is a process of its own.
    pub(crate) fn to(self, addr: SocketAddr, name: &str) -> Request {
        self.dress(Request::get(addr, &self.path(name)))
    }

    fn path(self, name: &str) -> String {
        let name = name.replace('/', "%2f");
        match self.want {
            Want::Latest => format!("/{name}/latest"),
            _ => format!("/{name}"),
        }
    }

    fn dress(self, request: Request) -> Request {
        let request = match self.want {
            Want::Full => request.header("Accept", JSON),
            Want::Abbreviated => request.header("Accept", INSTALL),
            Want::Latest => request,
        };
        match self.gzip {
            true => request.header("Accept-Encoding", "gzip"),
            false => request,
        }
    }

    /// Fails the test unless `answer` is what this way has to get for a client that reaches NOPAR
    /// at `base`, where the upstream's own full document is `packument`.
    #[track_caller]
    pub(crate) fn check(self, answer: &Response, packument: &Value, base: &str) {
        let body = String::from_utf8_lossy(&answer.body[..answer.body.len().min(300)]);
        assert_eq!(answer.status, 200, "{self:?}: {body}");
        let kind = match self.want {
            Want::Abbreviated => ABBREVIATED,
            _ => JSON,
        };
        assert_eq!(answer.header("content-type"), Some(kind), "{self:?}");
        let coding = self.gzip.then_some("gzip");
        assert_eq!(answer.header("content-encoding"), coding, "{self:?}");
        let length = answer.raw_len.to_string();
        let stated = answer.header("content-length");
        assert_eq!(stated, Some(&*length), "{self:?}");
        let (got, expected) = (answer.json(), self.expected(packument, base));
        // Documents can be huge: the message names the way, not the bytes.
        assert!(got == expected, "{self:?} at {base}: {}", brief(&got));
    }

    fn expected(self, packument: &Value, base: &str) -> Value {
        let full = full(packument, base);
        match self.want {
            Want::Full => full,
            Want::Abbreviated => abbreviated(&full),
            Want::Latest => {
                let latest = full["dist-tags"]["latest"].as_str().expect("a latest");
                full["versions"][latest].clone()
            }
        }
    }
}

fn brief(value: &Value) -> String {
    let text = value.to_string();
    text.chars().take(1500).collect()
}

/// Where NOPAR says the tarball of a version is.
pub(crate) fn canonical(base: &str, name: &str, version: &str) -> String {
    let basename = name.rsplit('/').next().unwrap_or(name);
    format!("{base}/{name}/-/{basename}-{version}.tgz")
}

/// The full form: the upstream's document with NOPAR's tarball addresses.
fn full(packument: &Value, base: &str) -> Value {
    let mut document = packument.clone();
    let name = packument["name"].as_str().expect("a name").to_owned();
    let versions = document["versions"].as_object_mut().expect("versions");
    for (version, manifest) in versions {
        manifest["dist"]["tarball"] = json!(canonical(base, &name, version));
    }
    document
}

/// The abbreviated form of a full one whose tarballs are NOPAR's already.
fn abbreviated(full: &Value) -> Value {
    let versions = full["versions"].as_object().expect("versions");
    let short = |manifest: &Value| {
        let manifest = manifest.as_object().expect("a manifest");
        let kept = KEPT.iter().filter_map(|key| {
            let value = manifest.get(*key)?;
            Some(((*key).to_owned(), value.clone()))
        });
        let mut kept: Map<String, Value> = kept.collect();
        let scripts = manifest.get("scripts").unwrap_or(&Value::Null);
        let installs = ["preinstall", "install", "postinstall"];
        if installs.iter().any(|script| scripts.get(script).is_some()) {
            kept.entry("hasInstallScript").or_insert(json!(true));
        }
        Value::Object(kept)
    };
    let mut document = json!({
        "name": full["name"],
        "modified": full["time"]["modified"],
        "dist-tags": full["dist-tags"],
        "versions": versions.iter().map(|(v, m)| (v.clone(), short(m))).collect::<Map<_, _>>(),
    });
    if versions.keys().all(|version| full["time"][version].is_string()) {
        document["time"] = full["time"].clone();
    }
    document
}

/// A response's headers without those that say when and whence: date, age, x-cache, connection, x-request-id.
pub(crate) fn lasting_headers(response: &Response) -> Vec<(String, String)> {
    let passing = ["date", "age", "x-cache", "connection", "x-request-id"];
    let own = |(name, value): (&str, &str)| (name.to_ascii_lowercase(), value.to_owned());
    let mut lines: Vec<_> = response.headers.iter().map(own).collect();
    lines.retain(|(name, _)| !passing.contains(&name.as_str()));
    lines.sort();
    lines
}

/// Asks for a path after a failure of it was forgotten; the answer, once all is well.
pub(crate) async fn afresh(nopar: &TestNopar, path: &str) -> Response {
    if let Some(well) = settled(nopar, path).await {
        return well;
    }
    nopar.forget_failures();
    nopar.get(path).await
}

/// Asks until the failure of a path is remembered, or there is none any more. Who reads a body that
/// turns out to be wrong sees that a little before it is remembered.
pub(crate) async fn settled(nopar: &TestNopar, path: &str) -> Option<Response> {
    let asking = async {
        loop {
            let answer = nopar.get(path).await;
            if answer.status == 200 && answer.complete {
                return Some(answer);
            }
            if answer.header("x-cache") == Some("negative") {
                return None;
            }
        }
    };
    within(format!("the end of a failure of {path}"), asking).await
}

/// Pings until `done`, for what NOPAR does after an answer; fails the test after the deadline.
pub(crate) async fn eventually(nopar: &TestNopar, what: &str, done: impl Fn() -> bool) {
    let since = Instant::now();
    while !done() {
        assert!(since.elapsed() < DEADLINE, "{what} did not come about");
        nopar.get("/-/ping").await;
    }
}
