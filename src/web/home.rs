//! The first page: how the registry does, what is in it, and how clients are pointed at it.
//! Knows nothing of where the numbers are from.

use super::{Frame, Moment, PackageRow, Spark, page};
use crate::reply::Reply;
use askama::Template;
use http::StatusCode;

/// A number, and what it is of.
#[derive(Clone, Debug)]
pub struct Stat {
    /// The number, in words.
    pub value: String,
    /// What it is of.
    pub name: &'static str,
    /// More of it, in small.
    pub more: String,
}

/// How numbers went up and down.
#[derive(Clone, Debug)]
pub struct Trend {
    /// Of what, and of which time.
    pub name: String,
    /// The picture.
    pub spark: Spark,
    /// Another line in it, if there is one.
    pub second: Option<Spark>,
    /// What it says, in words.
    pub words: String,
}

/// An upstream.
#[derive(Clone, Debug)]
pub struct UpstreamRow {
    /// What it is called.
    pub name: String,
    /// How it does, in words.
    pub state: String,
    /// Whether something is wrong.
    pub is_wrong: bool,
    /// When it was last heard of, if it was.
    pub reached: Option<Moment>,
    /// How often it was not reached, in words, and when last.
    pub failed: Option<(String, Moment)>,
    /// How often it answered with an error, in words, and when last.
    pub erred: Option<(String, Moment)>,
    /// How long it takes to answer, in words.
    pub latency: String,
}

/// A package that is asked for, and how often.
#[derive(Clone, Debug)]
pub struct Requested {
    /// Its name.
    pub name: String,
    /// How often, in words.
    pub requests: String,
}

/// How a client is pointed at the registry.
#[derive(Clone, Debug)]
pub struct ClientHelp {
    /// What it is called.
    pub name: &'static str,
    /// What tells it from the others on the page.
    pub id: &'static str,
    /// Where what follows goes, if it is no command.
    pub file: Option<&'static str>,
    /// A command, or lines of a file.
    pub text: String,
}

/// The page.
#[derive(Template)]
#[template(path = "home/home.html")]
pub struct Home<'a> {
    /// What is around it.
    pub frame: Frame<'a>,
    /// How many packages there are.
    pub packages: Vec<Stat>,
    /// What was done.
    pub traffic: Vec<Stat>,
    /// What it takes.
    pub room: Vec<Stat>,
    /// The last hour and day.
    pub trends: Vec<Trend>,
    /// Where copies come from.
    pub upstreams: Vec<UpstreamRow>,
    /// What is asked for most.
    pub requested: Vec<Requested>,
    /// What was published last.
    pub newest: Vec<PackageRow>,
    /// How clients are pointed here.
    pub clients: Vec<ClientHelp>,
    /// Since when the numbers count.
    pub since: Moment,
    /// Whether there may be more packages than is known just now.
    pub is_partial: bool,
}

impl Home<'_> {
    /// The page.
    pub fn reply(&self) -> Reply {
        page(StatusCode::OK, self)
    }
}

#[cfg(test)]
mod tests;
