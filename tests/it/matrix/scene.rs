//! A NOPAR with a team's packages, an upstream, and everybody who may come along.
//! Knows nothing of what they get.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::subject::{On, Place};
use crate::access::{kept, login, of, password};
use crate::support::client::Request;
use crate::support::nopar::TestNopar;
use crate::support::publish::send;
use crate::support::upstream::FakeUpstream;

/// Rob reads, Pat publishes; Olga is who creates packages, and so what makes her their owner; Eve is nobody's friend.
const RULES: &str = r#"
[teams]
readers = ["rob"]
publishers = ["pat"]

[[rule]]
packages = ["@acme/*"]
read = ["team:readers", "team:publishers", "$maintainers"]
create = ["olga"]
publish = ["team:publishers", "$maintainers"]
unpublish = ["$maintainers"]

[[rule]]
packages = ["open-*", "far-*"]
create = ["olga"]
publish = ["team:publishers", "$maintainers"]
unpublish = ["$maintainers"]

[[trust]]
issuer = "https://issuer.example"
audience = "npm:registry.example"
claims = { repository = "acme/ui" }
packages = ["@acme/*"]
"#;

const USERS: [&str; 6] = ["eve", "rob", "pat", "olga", "root", "lou"];

/// Everybody, in the order of the table's columns.
pub(super) const CALLERS: [Caller; 12] = [
    Caller::Anonymous,
    Caller::Unknown,
    Caller::Expired,
    Caller::Revoked,
    Caller::Elsewhere,
    Caller::Stranger,
    Caller::ReadOnly,
    Caller::OtherPackage,
    Caller::Reader,
    Caller::Publisher,
    Caller::Owner,
    Caller::Admin,
];

/// A kind of caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// Shows nothing.
    Anonymous,
    /// Shows a token that was never one.
    Unknown,
    /// Shows a token of the owner's whose time is over.
    Expired,
    /// Shows a token that the owner has revoked.
    Revoked,
    /// Shows a token of the owner's that is for another network.
    Elsewhere,
    /// A user who may nothing here.
    Stranger,
    /// Shows a token of the owner's that only reads.
    ReadOnly,
    /// Shows a token of the owner's that is for another package.
    OtherPackage,
    /// A user whom the rule lets read.
    Reader,
    /// A user whom the rule lets read and publish.
    Publisher,
    /// The maintainer of the package.
    Owner,
    /// An administrator.
    Admin,
}

impl Caller {
    pub(super) fn column(self) -> usize {
        CALLERS.iter().position(|it| *it == self).expect("a column")
    }

    pub(super) fn word(self) -> String {
        format!("{self:?}")
    }

    /// The user behind it.
    pub(super) fn user(self) -> Option<&'static str> {
        match self {
            Self::Anonymous | Self::Unknown => None,
            Self::Stranger => Some("eve"),
            Self::Reader => Some("rob"),
            Self::Publisher => Some("pat"),
            Self::Admin => Some("root"),
            Self::Expired
            | Self::Revoked
            | Self::Elsewhere
            | Self::ReadOnly
            | Self::OtherPackage
            | Self::Owner => Some("olga"),
        }
    }

    /// Whether the package that is hidden is so from others than this one.
    pub(super) fn may_read(self) -> bool {
        matches!(self, Self::ReadOnly | Self::Reader | Self::Publisher | Self::Owner | Self::Admin)
    }
}

/// All of it, as long as it lives.
pub(super) struct World {
    _nopar: TestNopar,
    upstream: FakeUpstream,
    pub(super) scene: Arc<Scene>,
}

/// What cells are asked for by.
pub(super) struct Scene {
    addr: SocketAddr,
    /// What each caller shows.
    shown: Vec<Option<String>>,
    /// What cells that change nothing are about.
    places: Vec<On>,
    pub(super) count: AtomicUsize,
}

impl World {
    pub(super) async fn start() -> Self {
        let upstream = FakeUpstream::start().await;
        for name in ["far-side", "far-gone"] {
            upstream.package(name).version("1.0.0", |version| version);
        }
        let nopar = TestNopar::with(&upstream).stopped_clock().file(RULES);
        let nopar = nopar.env("NOPAR_AUTH", "users").env("NOPAR_ADMINS", "root").start().await;
        let own = nopar.registry_path().join(".nopar");
        std::fs::create_dir_all(&own).expect("a directory");
        let users: Map<String, Value> =
            USERS.iter().map(|user| ((*user).to_owned(), kept(user))).collect();
        std::fs::write(own.join("users.json"), json!({"users": users}).to_string()).expect("users");
        let count = AtomicUsize::new(0);
        let (addr, places) = (nopar.addr(), Vec::new());
        let mut scene = Scene { addr, shown: vec![None; CALLERS.len()], places, count };
        scene.everybody_comes(&nopar).await;
        for place in [Place::Hidden, Place::Hosted, Place::Proxied] {
            let on = scene.fresh(place, "stage").await;
            scene.places.push(on);
        }
        Self { _nopar: nopar, upstream, scene: Arc::new(scene) }
    }

    /// What the upstream has heard of hidden packages.
    pub(super) fn heard(&self) -> Vec<String> {
        let said = self.upstream.requests().into_iter().map(|seen| {
            let body = String::from_utf8_lossy(&seen.body).into_owned();
            format!("the upstream heard {} {:?} {body}", seen.path, seen.headers)
        });
        let hidden = ["acme", "here-", "gone-", "olga"];
        said.filter(|it| hidden.iter().any(|name| it.contains(name))).collect()
    }
}

impl Scene {
    async fn everybody_comes(&mut self, nopar: &TestNopar) {
        let olga = login(self.addr(), "olga").await;
        self.show(Caller::Owner, olga.clone());
        let expired = self.token(&olga, json!({"expires": 1})).await;
        nopar.advance(Duration::from_secs(24 * 3600));
        let revoked = self.token(&olga, json!({})).await;
        let path = format!("/-/npm/v1/tokens/token/{}", &revoked.1);
        of(Request::new(self.addr(), "DELETE", &path), Some(&olga)).send().await.expect(200);
        let elsewhere = self.token(&olga, json!({"cidr_whitelist": ["192.0.2.0/24"]})).await;
        let read_only = self.token(&olga, json!({"readonly": true})).await;
        let other = self.token(&olga, json!({"packages": ["other"]})).await;
        for (caller, (token, _)) in [
            (Caller::Expired, expired),
            (Caller::Revoked, revoked),
            (Caller::Elsewhere, elsewhere),
            (Caller::ReadOnly, read_only),
            (Caller::OtherPackage, other),
        ] {
            self.show(caller, format!("Bearer {token}"));
        }
        self.show(Caller::Unknown, format!("Bearer npm_{}", "x".repeat(43)));
        for caller in [Caller::Stranger, Caller::Reader, Caller::Publisher, Caller::Admin] {
            let shown = login(self.addr(), caller.user().expect("a user")).await;
            self.show(caller, shown);
        }
    }

    fn show(&mut self, caller: Caller, authorization: String) {
        self.shown[caller.column()] = Some(authorization);
    }

    /// A new token of Olga's, and its key.
    pub(super) async fn token(&self, olga: &str, mut members: Value) -> (String, String) {
        members["password"] = password("olga").into();
        let making = send(self.addr(), "POST", "/-/npm/v1/tokens", &members);
        let made = of(making, Some(olga)).send().await.expect(200).json();
        let text = |key: &str| made[key].as_str().expect("a text").to_owned();
        (text("token"), text("key"))
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The request as that caller sends it.
    pub(super) fn of(&self, request: Request, caller: Caller) -> Request {
        of(request, self.shown[caller.column()].as_deref())
    }

    pub(super) fn authorization(&self, caller: Caller) -> Option<&str> {
        self.shown[caller.column()].as_deref()
    }

    /// What cells are about that change nothing.
    pub(super) fn kept(&self, place: Place) -> On {
        self.places[place as usize].clone()
    }
}
