//! Readmes as HTML: GitHub's Markdown, of which nothing is left that runs, loads or looks like a part of the page.
//! Knows nothing of where a readme comes from; it may be written by anybody.
//!
//! Markdown becomes HTML (`blocks`), whose nesting is weighed before a parser of HTML builds a tree of it (`weigh`), since
//! a short text can make a tree of gigabytes. ammonia leaves what is on a list, with links by HTTP only. What it writes
//! is well-formed, so that headings can be moved below those of the page, and images become links (`finish`): a page
//! loads nothing from elsewhere.

mod blocks;
mod finish;
mod weigh;

#[cfg(test)]
mod tests;

use crate::npm::{Repository, http_link};
use ammonia::Builder;
use std::collections::{HashMap, HashSet};

/// What the ids in a readme begin with, so that they are none of the page's.
pub(super) const ID_PREFIX: &str = "readme-";

/// What may stand in a readme.
const TAGS: [&str; 52] = [
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "caption",
    "code",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "input",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "small",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "ul",
    "var",
];

/// What goes with everything in it; of all other tags, what is in them stays.
const GO_WHOLE: [&str; 15] = [
    "script", "style", "iframe", "object", "embed", "svg", "math", "template", "noscript",
    "noembed", "noframes", "select", "textarea", "title", "xmp",
];

/// GitHub's alerts.
const ALERTS: [&str; 5] = [
    "markdown-alert-note",
    "markdown-alert-tip",
    "markdown-alert-important",
    "markdown-alert-warning",
    "markdown-alert-caution",
];

/// The readme as HTML that may stand in a page as it is. Addresses of files lead into the repository, if that is known.
/// `None` if it is nested so deeply, or is so much, that it can only be shown as text.
pub fn html(text: &str, repository: Option<&Repository>) -> Option<String> {
    let html = blocks::html(text)?;
    weigh::is_light(&html).then(|| finish::finished(&clean(&html, repository)))
}

/// What is on the list of it.
fn clean(html: &str, repository: Option<&Repository>) -> String {
    let known = repository.cloned();
    let mut builder = Builder::empty();
    builder
        .tags(HashSet::from(TAGS))
        .clean_content_tags(HashSet::from(GO_WHOLE))
        .generic_attributes(HashSet::from(["id", "lang", "title"]))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href"])),
            ("img", HashSet::from(["src", "alt"])),
            ("input", HashSet::from(["checked"])),
            ("ol", HashSet::from(["start"])),
            ("details", HashSet::from(["open"])),
            ("td", HashSet::from(["colspan", "rowspan"])),
            ("th", HashSet::from(["colspan", "rowspan"])),
        ]))
        .set_tag_attribute_values(HashMap::from([(
            "input",
            HashMap::from([("type", "checkbox"), ("disabled", "")]),
        )]))
        .allowed_classes(HashMap::from([("blockquote", HashSet::from(ALERTS))]))
        .url_schemes(HashSet::from(["http", "https"]))
        .id_prefix(Some(ID_PREFIX))
        .link_rel(Some("nofollow noopener noreferrer"))
        .attribute_filter(move |_, attribute, value| match attribute {
            "href" | "src" => link(value, known.as_ref()).map(Into::into),
            _ => Some(value.into()),
        });
    builder.clean(html).to_string()
}

/// Where a link of a readme leads.
fn link(value: &str, repository: Option<&Repository>) -> Option<String> {
    let value = value.trim();
    if let Some(id) = value.strip_prefix('#') {
        return Some(format!("#{ID_PREFIX}{}", id.strip_prefix(ID_PREFIX).unwrap_or(id)));
    }
    http_link(value).or_else(|| repository?.file(value))
}
