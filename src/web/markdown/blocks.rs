//! Markdown as HTML, as it comes: with whatever HTML its author wrote.
//! Knows nothing of what is dangerous in that.

use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, TextMergeStream};
use std::collections::HashMap;

/// Most events: of each, a short tag at the least is written.
const MOST_EVENTS: usize = 50_000;
/// Most blocks and spans within each other.
const DEEPEST: usize = 40;

/// HTML of a text; `None` if it is too much, or too deep.
pub(super) fn html(text: &str) -> Option<String> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_GFM;
    let mut events = Vec::new();
    let mut depth = 0_usize;
    for event in TextMergeStream::new(Parser::new_ext(text, options)) {
        match &event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST || events.len() >= MOST_EVENTS {
            return None;
        }
        events.push(event);
    }
    name_headings(&mut events);
    let mut html = String::with_capacity(text.len() * 2);
    pulldown_cmark::html::push_html(&mut html, linked(events).into_iter());
    Some(html)
}

/// Gives headings the ids that GitHub gives them, for which tables of contents have links.
fn name_headings(events: &mut [Event<'_>]) {
    let mut taken: HashMap<String, usize> = HashMap::new();
    for at in 0..events.len() {
        if !matches!(events[at], Event::Start(Tag::Heading { .. })) {
            continue;
        }
        let inside = events[at + 1..].iter();
        let text: String = inside
            .take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))))
            .filter_map(|event| match event {
                Event::Text(text) | Event::Code(text) => Some(&**text),
                _ => None,
            })
            .collect();
        let slug = slug(&text);
        let count = taken.entry(slug.clone()).or_default();
        let named = if *count == 0 { slug } else { format!("{slug}-{count}") };
        *count += 1;
        if let Event::Start(Tag::Heading { id, .. }) = &mut events[at] {
            *id = Some(CowStr::from(named));
        }
    }
}

/// A heading's text as GitHub has it in addresses.
fn slug(text: &str) -> String {
    let kept = text.trim().chars().filter_map(|c| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        c if c.is_alphanumeric() => Some(c),
        _ => None,
    });
    kept.flat_map(char::to_lowercase).take(200).collect()
}

/// Bare addresses in texts become links, as on GitHub, but in code and in links.
fn linked(events: Vec<Event<'_>>) -> Vec<Event<'_>> {
    let mut out = Vec::with_capacity(events.len());
    let mut closed = 0_usize;
    for event in events {
        match &event {
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::CodeBlock(_)) => closed += 1,
            Event::End(TagEnd::Link | TagEnd::Image | TagEnd::CodeBlock) => {
                closed = closed.saturating_sub(1);
            }
            Event::Text(text) if closed == 0 && text.contains("://") => {
                link_text(text, &mut out);
                continue;
            }
            _ => {}
        }
        out.push(event);
    }
    out
}

/// Goes through a text once, from one `://` to the next.
fn link_text<'a>(text: &str, out: &mut Vec<Event<'a>>) {
    let owned = |text: &str| Event::Text(CowStr::from(text.to_owned()));
    let mut done = 0;
    for (at, _) in text.match_indices("://") {
        // What is within an address is none.
        let Some(start) = start_of(text, at).filter(|start| *start >= done) else { continue };
        let Some(len) = address_len(&text[start..]) else { continue };
        if start > done {
            out.push(owned(&text[done..start]));
        }
        let address = &text[start..start + len];
        let dest_url = CowStr::from(address.to_owned());
        let (title, id) = (CowStr::Borrowed(""), CowStr::Borrowed(""));
        out.push(Event::Start(Tag::Link { link_type: LinkType::Autolink, dest_url, title, id }));
        out.push(owned(address));
        out.push(Event::End(TagEnd::Link));
        done = start + len;
    }
    if done < text.len() {
        out.push(owned(&text[done..]));
    }
}

/// Where the address begins that has its `://` there, if it is one by HTTP, and a word begins with it.
fn start_of(text: &str, at: usize) -> Option<usize> {
    let before = &text[..at];
    let head = before.strip_suffix("https").or_else(|| before.strip_suffix("http"))?;
    let is_start = head.chars().next_back().is_none_or(|c| !c.is_alphanumeric());
    is_start.then_some(head.len())
}

/// How long the address is that a text begins with: what ends a sentence is not in it.
fn address_len(text: &str) -> Option<usize> {
    let whole = text.split(|c: char| c.is_whitespace() || c == '<' || c.is_control()).next()?;
    let mut address =
        whole.trim_end_matches(['.', ',', ':', ';', '!', '?', '"', '\'', '*', '_', '~']);
    if address.ends_with(')') && address.matches(')').count() > address.matches('(').count() {
        address = &address[..address.len() - 1];
    }
    let host = address.split_once("://").map_or("", |(_, host)| host);
    (!host.is_empty()).then_some(address.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_gone_through_once_for_its_addresses() {
        // If the rest were looked through for each of them, this would take minutes.
        for (one, links) in [("http://a ", 100_000), ("http://. ", 0), ("ahttp://a ", 0)] {
            let mut out = Vec::new();
            link_text(&one.repeat(100_000), &mut out);
            let found = out.iter().filter(|it| matches!(it, Event::Start(Tag::Link { .. })));
            assert_eq!(found.count(), links, "{one}");
        }
    }

    #[test]
    fn what_is_no_address_hides_none_behind_it() {
        let mut out = Vec::new();
        link_text("https:// http://a.example http://b.example/http://c", &mut out);
        let found: Vec<_> = out
            .iter()
            .filter_map(|event| match event {
                Event::Start(Tag::Link { dest_url, .. }) => Some(&**dest_url),
                _ => None,
            })
            .collect();
        assert_eq!(found, ["http://a.example", "http://b.example/http://c"]);
    }
}
