//! Readmes as HTML: GitHub's Markdown, of which nothing is left that runs, loads or looks like a part of the page.
//! Knows nothing of where a readme comes from; it may be written by anybody.
//!
//! Markdown becomes HTML (`blocks`), whose nesting is weighed before a parser of HTML builds a tree of it (`weigh`), since
//! a short text can make a tree of gigabytes. ammonia leaves what is on a list, with links by HTTP only. What it writes
//! is well-formed, so that tables can be counted, which browsers have to lay out (`grid`), headings be moved below those of
//! the page, and images become links (`finish`): a page loads nothing from elsewhere.

mod blocks;
mod finish;
mod grid;
mod weigh;

#[cfg(test)]
mod tests;

use crate::npm::{Repository, http_link};
use ammonia::Builder;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What the ids in a readme begin with, so that they are none of the page's.
pub(super) const ID_PREFIX: &str = "readme-";

/// Longest HTML of a readme in bytes.
const LONGEST: usize = 1 << 20;
/// Most bytes that all links of it have together: those of files repeat the address of the repository.
const MOST_LINKS: usize = 512 << 10;

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

/// GitHub's alerts, by class, and what stands above them.
const ALERTS: [(&str, &str); 5] = [
    ("markdown-alert-note", "Note"),
    ("markdown-alert-tip", "Tip"),
    ("markdown-alert-important", "Important"),
    ("markdown-alert-warning", "Warning"),
    ("markdown-alert-caution", "Caution"),
];

/// The readme as HTML that may stand in a page as it is. Addresses of files lead into the repository, if that is known.
/// `None` if it is nested so deeply, or is so much, that it can only be shown as text.
pub fn html(text: &str, repository: Option<&Repository>) -> Option<String> {
    let html = blocks::html(text)?;
    if !weigh::is_light(&html) {
        return None;
    }
    let clean = clean(&html, repository).filter(|clean| grid::is_small(clean))?;
    Some(finish::finished(&clean)).filter(|finished| finished.len() <= LONGEST)
}

/// What is on the list of it. `None` if its links are too long.
fn clean(html: &str, repository: Option<&Repository>) -> Option<String> {
    let known = repository.cloned();
    let links = Arc::new(AtomicUsize::new(0));
    let linked = Arc::clone(&links);
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
        .allowed_classes(HashMap::from([(
            "blockquote",
            ALERTS.iter().map(|(class, _)| *class).collect(),
        )]))
        .url_schemes(HashSet::from(["http", "https"]))
        .id_prefix(Some(ID_PREFIX))
        .link_rel(Some("nofollow noopener noreferrer"))
        .attribute_filter(move |_, attribute, value| match attribute {
            "href" | "src" => {
                let link = link(value, known.as_ref())?;
                let before = linked.fetch_add(link.len(), Ordering::Relaxed);
                (before <= MOST_LINKS).then(|| link.into())
            }
            "colspan" | "rowspan" => grid::span(value).map(|span| span.to_string().into()),
            _ => Some(value.into()),
        });
    let clean = builder.clean(html).to_string();
    (links.load(Ordering::Relaxed) <= MOST_LINKS).then_some(clean)
}

/// Where a link of a readme leads.
fn link(value: &str, repository: Option<&Repository>) -> Option<String> {
    let value = value.trim();
    if let Some(id) = value.strip_prefix('#') {
        return Some(format!("#{ID_PREFIX}{}", id.strip_prefix(ID_PREFIX).unwrap_or(id)));
    }
    http_link(value).or_else(|| repository?.file(value))
}
