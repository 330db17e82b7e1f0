//! The body of a publish as clients make it: right by default, wrong on demand.
//! Knows nothing of what a registry answers.

use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::client::{Request, Response};
use super::upstream::{integrity, made_up, shasum};

/// Bytes of a tarball nobody chose.
const USUAL_SIZE: usize = 1024;

/// A version about to be published.
#[derive(Clone)]
pub(crate) struct Publish {
    name: String,
    version: String,
    tarball: Bytes,
    tag: String,
    manifest: Map<String, Value>,
    fields: Map<String, Value>,
    bundle: Option<String>,
}

impl Publish {
    /// A version of a package, whose tarball is made up of its name; the tag is `latest`.
    pub(crate) fn of(name: &str, version: &str) -> Self {
        let whole = format!("{name}@{version}");
        let seed = whole
            .bytes()
            .fold(1, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            tarball: made_up(seed << 1, USUAL_SIZE),
            tag: "latest".to_owned(),
            manifest: Map::new(),
            fields: Map::new(),
            bundle: None,
        }
    }

    /// Another tarball.
    pub(crate) fn tarball(mut self, bytes: impl Into<Bytes>) -> Self {
        self.tarball = bytes.into();
        self
    }

    /// Another tag.
    pub(crate) fn tag(mut self, tag: &str) -> Self {
        tag.clone_into(&mut self.tag);
        self
    }

    /// Any field of the manifest, over what would be there.
    pub(crate) fn field(mut self, name: &str, value: Value) -> Self {
        self.manifest.insert(name.to_owned(), value);
        self
    }

    /// Any field of the document itself, over what would be there.
    pub(crate) fn top(mut self, name: &str, value: Value) -> Self {
        self.fields.insert(name.to_owned(), value);
        self
    }

    /// A sigstore bundle beside the tarball.
    pub(crate) fn bundle(mut self, bundle: &str) -> Self {
        self.bundle = Some(bundle.to_owned());
        self
    }

    /// The tarball's bytes.
    pub(crate) fn bytes(&self) -> Bytes {
        self.tarball.clone()
    }

    /// The key of the tarball among the attachments, which has the scope in it.
    pub(crate) fn attachment(&self) -> String {
        format!("{}-{}.tgz", self.name, self.version)
    }

    /// The body, as npm writes it.
    pub(crate) fn document(&self) -> Value {
        let (name, version) = (&self.name, &self.version);
        let mut manifest = json!({
            "name": name,
            "version": version,
            "_id": format!("{name}@{version}"),
            "dist": {
                "integrity": integrity(&self.tarball),
                "shasum": shasum(&self.tarball),
                "tarball": format!("http://registry.example/{name}/-/{name}-{version}.tgz"),
            },
        });
        put_all(&mut manifest, &self.manifest);
        let mut document = json!({
            "_id": name,
            "name": name,
            "dist-tags": {&self.tag: version},
            "versions": {version: manifest},
            "access": null,
            "_attachments": {self.attachment(): {
                "content_type": "application/octet-stream",
                "data": STANDARD.encode(&self.tarball),
                "length": self.tarball.len(),
            }},
        });
        if let Some(bundle) = &self.bundle {
            // Text, and not base64.
            document["_attachments"][format!("{name}-{version}.sigstore")] = json!({
                "content_type": "application/vnd.dev.sigstore.bundle.v0.3+json",
                "data": bundle,
                "length": bundle.len(),
            });
        }
        put_all(&mut document, &self.fields);
        document
    }

    /// The request that publishes it there.
    pub(crate) fn to(&self, addr: SocketAddr) -> Request {
        put(addr, &self.name, &self.document())
    }

    /// Publishes it there; fails the test unless that is answered as a publish is.
    #[track_caller]
    pub(crate) fn succeed(&self, addr: SocketAddr) -> impl Future<Output = ()> + Send + use<> {
        let caller = std::panic::Location::caller();
        let what = format!("{}@{}, published at {caller}", self.name, self.version);
        let sending = self.to(addr).send();
        async move {
            let answer = sending.await;
            let said = String::from_utf8_lossy(&answer.body);
            assert_eq!(answer.status, 201, "{what}: {said}");
            let body = answer.json();
            assert_eq!(body["success"], true, "{what}: {body}");
            assert!(body["ok"].is_string(), "{what}: {body}");
        }
    }
}

fn put_all(document: &mut Value, fields: &Map<String, Value>) {
    for (key, value) in fields {
        document[key] = value.clone();
    }
}

/// `/@s%2fn`: where npm, yarn and bun send a package's document.
pub(crate) fn path_of(name: &str) -> String {
    format!("/{}", name.replace('/', "%2f"))
}

/// A PUT of a document to the package of this name, whatever it says.
pub(crate) fn put(addr: SocketAddr, name: &str, document: &Value) -> Request {
    send(addr, "PUT", &path_of(name), document)
}

/// Any request with a JSON body.
pub(crate) fn send(addr: SocketAddr, method: &str, path: &str, body: &Value) -> Request {
    let request = Request::new(addr, method, path).header("Content-Type", "application/json");
    request.body(body.to_string())
}

/// `Basic …` of a user and a password.
pub(crate) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// Fails the test unless the answer has one of these statuses and is an error as clients read it; the
/// error's text.
#[track_caller]
pub(crate) fn refusal(answer: &Response, statuses: &[u16], what: &str) -> String {
    let said = String::from_utf8_lossy(&answer.body[..answer.body.len().min(300)]);
    assert!(statuses.contains(&answer.status), "{what}: {} {said}", answer.status);
    assert_eq!(answer.header("content-type"), Some("application/json"), "{what}: {said}");
    let error = answer.json()["error"].as_str().map(str::to_owned);
    error.unwrap_or_else(|| panic!("{what}: no error in {said}"))
}

/// What provenance says that it is.
pub(crate) const PREDICATE: &str = "https://slsa.dev/provenance/v1";

/// A bundle as `npm publish --provenance` makes it, as far as a registry looks into it.
pub(crate) fn bundle() -> Value {
    let statement = json!({"_type": "https://in-toto.io/Statement/v1", "predicateType": PREDICATE});
    json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "dsseEnvelope": {
            "payload": STANDARD.encode(statement.to_string()),
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{"sig": "MEUC", "keyid": ""}],
        },
    })
}
