//! What a cell is about: a package that is hidden, public, or the upstream's, and what goes with it.
//! Knows nothing of who asks.

use std::sync::atomic::Ordering;

use nopar::npm::{PackageName, Selector, TarballName};
use serde_json::{Value, json};

use super::scene::{Caller, Scene};
use super::table::{Entry, Row};
use crate::support::client::Request;
use crate::support::publish::{Publish, bundle, path_of, send};

/// Where a package is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Here, and hidden from all but some.
    Hidden,
    /// Here, for everybody to read.
    Hosted,
    /// At the upstream.
    Proxied,
}

impl Place {
    /// What the table says of it.
    pub(super) fn rows(self, entry: &Entry) -> Vec<Row> {
        let text = match self {
            Self::Hidden => Some(entry.hidden),
            Self::Hosted => entry.hosted,
            Self::Proxied => entry.proxied,
        };
        text.map(Row::parse).unwrap_or_default()
    }
}

/// A package, and what goes with it.
#[derive(Clone, Debug)]
pub(super) struct On {
    pub(super) place: Place,
    pub(super) name: String,
    pub(super) rev: String,
    /// What the package's document says.
    pub(super) document: Value,
    /// A version of it that waits to be approved.
    pub(super) stage: String,
    /// A token of the owner's, and its key.
    pub(super) token: String,
    pub(super) key: String,
    /// A login that waits on a page: its secret, and that of its end.
    pub(super) login: String,
    pub(super) done: String,
}

impl On {
    pub(super) fn name(&self) -> PackageName {
        self.name.parse().expect("a name")
    }

    fn base(&self) -> &str {
        self.name.rsplit('/').next().expect("a name")
    }

    pub(super) fn file(&self) -> TarballName {
        TarballName::parse(&format!("{}-1.0.0.tgz", self.base())).expect("a file")
    }

    /// The same of a package that is not there, whose name is as long.
    pub(super) fn absent(&self) -> Self {
        let gone = |text: &str| text.replace("here-", "gone-");
        let document = serde_json::from_str(&gone(&self.document.to_string())).expect("JSON");
        Self { name: gone(&self.name), document, ..self.clone() }
    }
}

pub(super) fn selector(text: &str) -> Selector {
    Selector::parse(text).expect("a selector")
}

impl Scene {
    /// Something new for a cell that may change it by a route of this kind.
    pub(super) async fn fresh(&self, place: Place, kind: &str) -> On {
        let number = self.count.fetch_add(1, Ordering::SeqCst);
        let name = match place {
            Place::Hidden => format!("@acme/here-{number:04}"),
            Place::Hosted => format!("open-{number:04}"),
            // Whose copy is to be deleted, nobody purges before.
            Place::Proxied if kind == "delete" => "far-gone".to_owned(),
            Place::Proxied => "far-side".to_owned(),
        };
        let nothing = String::new;
        let (rev, document) =
            ("1-a".to_owned(), json!({"_id": name, "name": name, "versions": {}}));
        let (token, key) = match kind {
            "token" | "token_of" | "stage" => {
                self.token(self.authorization(Caller::Owner).expect("a token"), json!({})).await
            }
            _ => (nothing(), nothing()),
        };
        let (login, done) = match kind {
            "login_page" | "login_done" | "stage" => self.login().await,
            _ => (nothing(), nothing()),
        };
        let mut on = On { place, name, rev, document, stage: nothing(), token, key, login, done };
        if place == Place::Proxied {
            let reading = Request::get(self.addr(), &path_of(&on.name));
            reading.send().await.expect(200);
            return on;
        }
        let publish = Publish::of(&on.name, "1.0.0").tag("beta").bundle(&bundle().to_string());
        self.by_owner(publish.to(self.addr())).await;
        if kind == "owner" {
            let path = format!("/-/package{}/owners", path_of(&on.name));
            self.by_owner(send(self.addr(), "PUT", &path, &json!({"user": "lou"}))).await;
        }
        if kind.starts_with("stage") && kind != "stage_of" {
            let version = Publish::of(&on.name, "1.1.0").document();
            let path = format!("/-/stage/package{}", path_of(&on.name));
            let staged = self.by_owner(send(self.addr(), "POST", &path, &version)).await;
            on.stage = staged["stageId"].as_str().expect("an id").to_owned();
        }
        let reading = Request::get(self.addr(), &path_of(&on.name));
        on.document = self.of(reading, Caller::Admin).send().await.expect(200).json();
        on.rev = on.document["_rev"].as_str().expect("a revision").to_owned();
        on
    }

    /// A login that waits on a page: its secret, and that of its end.
    async fn login(&self) -> (String, String) {
        let begun = send(self.addr(), "POST", "/-/v1/login", &json!({})).send().await.expect(200);
        let secret = |member: &str| {
            let url = begun.json()[member].as_str().expect("a URL").to_owned();
            url.rsplit('/').next().expect("a secret").to_owned()
        };
        (secret("loginUrl"), secret("doneUrl"))
    }

    async fn by_owner(&self, request: Request) -> Value {
        self.of(request, Caller::Owner).send().await.expect(201).json()
    }
}
