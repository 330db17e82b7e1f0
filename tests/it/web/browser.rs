//! A browser: it prefers HTML, keeps a cookie, and sends the forms of pages that it was shown.
//! Knows nothing of what stands on them.

use std::net::SocketAddr;

use url::form_urlencoded;

use crate::support::client::{Request, Response};
use crate::support::nopar::TestNopar;
use crate::users::{PASSWORD, hidden};

/// What browsers ask for when a person does.
const HTML: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// One browser of one person.
pub(crate) struct Browser {
    pub(crate) addr: SocketAddr,
    /// What it keeps, as it sends it.
    pub(crate) cookie: Option<String>,
}

impl Browser {
    /// One that has never been here.
    pub(crate) fn at(addr: SocketAddr) -> Self {
        Self { addr, cookie: None }
    }

    /// One whose user has just signed in.
    pub(crate) async fn of(nopar: &TestNopar, user: &str) -> Self {
        let mut browser = Self::at(nopar.addr());
        browser.sign_in(user, PASSWORD).await.expect(303);
        assert!(browser.cookie.is_some(), "no session");
        browser
    }

    /// A request by it, to be dressed further.
    pub(crate) fn request(&self, method: &str, path: &str) -> Request {
        let request = Request::new(self.addr, method, path).header("Accept", HTML);
        match &self.cookie {
            Some(cookie) => request.header("Cookie", format!("other=1; {cookie}")),
            None => request,
        }
    }

    /// A page.
    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request("GET", path).send().await
    }

    /// A form of any page, with no more in it than this.
    pub(crate) fn posting(&self, path: &str, fields: &[(&str, &str)]) -> Request {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let origin = format!("http://{}", self.addr);
        let request = self.request("POST", path).header("Origin", origin);
        let request = request.header("Sec-Fetch-Site", "same-origin");
        request.header("Content-Type", "application/x-www-form-urlencoded").body(form)
    }

    /// A form of the page at this path, filled in so; what is set in the answer is kept.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Response {
        let csrf = self.csrf(path).await;
        self.post_with(path, &csrf, fields).await
    }

    /// The same with what the form held beside that.
    pub(crate) async fn post_with(
        &mut self,
        path: &str,
        csrf: &str,
        fields: &[(&str, &str)],
    ) -> Response {
        let all: Vec<(&str, &str)> =
            [("csrf", csrf)].into_iter().chain(fields.iter().copied()).collect();
        let answer = self.posting(path, &all).send().await;
        if let Some(set) = answer.header("set-cookie") {
            let cookie = set.split(';').next().expect("a cookie").to_owned();
            self.cookie = (!cookie.ends_with('=')).then_some(cookie);
        }
        answer
    }

    /// What forms of a page hold.
    pub(crate) async fn csrf(&self, path: &str) -> String {
        hidden(&self.get(path).await, "csrf")
    }

    /// Signs in.
    pub(crate) async fn sign_in(&mut self, user: &str, password: &str) -> Response {
        self.post("/-/login", &[("user", user), ("password", password)]).await
    }

    /// Whether it is still somebody's.
    pub(crate) async fn is_signed_in(&self) -> bool {
        match self.get("/-/account").await.status {
            200 => true,
            303 => false,
            other => panic!("{other}"),
        }
    }

    /// What a session is called, without its cookie's name.
    pub(crate) fn session(&self) -> String {
        let cookie = self.cookie.as_deref().and_then(|cookie| cookie.split_once('='));
        cookie.expect("a session").1.to_owned()
    }
}

/// Where an answer sends its browser.
#[track_caller]
pub(crate) fn sent_to(answer: &Response) -> &str {
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.header("location").expect("a place")
}
