//! Whether a tree can be built of some HTML, by how its tags lie within each other.
//! Knows nothing of what tags mean, but for those that have no end.
//!
//! A parser of HTML opens formatting that was not closed (`<b>`) anew in every paragraph that follows: of n tags left open
//! and m paragraphs, it makes n × m elements. So what is left open or closed out of order, together with the depth, times
//! all tags, is a bound of the tree; what is past it is not parsed.

use std::borrow::Cow;

/// Most elements that a tree may have, by that bound.
const MOST: usize = 400_000;
/// Most tags within each other: time for a tag goes with it.
const DEEPEST: usize = 120;

/// Tags without an end.
const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];

/// Tags that end the one before of the same name.
const ENDS_ITSELF: [&str; 7] = ["p", "li", "td", "th", "tr", "dt", "dd"];

/// Whether the tree of it is small enough.
pub(super) fn is_light(html: &str) -> bool {
    let mut open: Vec<Cow<'_, str>> = Vec::new();
    let (mut tags, mut deepest, mut disorder) = (0_usize, 0_usize, 0_usize);
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            let Some(after) = behind_comment(comment) else { return false };
            rest = after;
            continue;
        }
        let is_end = rest.starts_with('/');
        let text = rest.strip_prefix('/').unwrap_or(rest);
        if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            // No tag; `<!`, `<?` and `</` begin comments of another kind, which end with the next `>`.
            disorder += usize::from(is_end || rest.starts_with(['!', '?']));
            continue;
        }
        let Some((name, after)) = cut_tag(text) else { return false };
        rest = after;
        tags += 1;
        if is_end {
            match open.iter().rposition(|one| *one == name) {
                Some(place) => {
                    disorder += open.len() - place - 1;
                    open.truncate(place);
                }
                None => disorder += 1,
            }
        } else if !VOID.contains(&&*name) {
            // `<p>` ends a `<p>` that is open, and so on, if nothing else is.
            if ENDS_ITSELF.contains(&&*name) && open.last() == Some(&name) {
                open.pop();
            }
            open.push(name);
            deepest = deepest.max(open.len());
        }
        if deepest > DEEPEST {
            return false;
        }
    }
    (deepest + disorder + open.len() + 1).saturating_mul(tags) <= MOST
}

/// What follows a comment. `None` if it has no end, or one that is read in several ways.
fn behind_comment(text: &str) -> Option<&str> {
    let (comment, after) = text.split_once("-->")?;
    let is_odd = comment.starts_with('>') || comment.starts_with("->") || comment.contains("--!>");
    (!is_odd).then_some(after)
}

/// The name of a tag, in lower case, and what follows the tag. `None` if it has no end, or one that is not found without
/// knowing all of HTML: quotes that do not follow `=`, a tag in a tag.
fn cut_tag(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let end = text.find(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>')?;
    let name = &text[..end];
    let name = if name.bytes().any(|c| c.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    };
    let (mut quote, mut before) = (None, ' ');
    for (at, c) in text[end..].char_indices() {
        match (quote, c) {
            (None, '>') => return Some((name, &text[end + at + 1..])),
            (None, '"' | '\'') if before == '=' => quote = Some(c),
            (None, '"' | '\'' | '<') => return None,
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
        if !c.is_ascii_whitespace() {
            before = c;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_light() {
        let readme =
            "<p align=\"center\"><a href='x'><img src=\"y\"></a><br/>\n<!-- a > b -->".repeat(200);
        assert!(is_light(&readme));
        assert!(is_light("a < b, 1<2 <3 & </ > <!doctype html>"));
        assert!(is_light(&"<tr><td>x</td></tr>".repeat(5000)));
        assert!(is_light("<A HREF=\"a>b\">x</a>"));
    }

    #[test]
    fn what_makes_large_trees_is_not() {
        for heavy in [
            "<div>".repeat(1000),
            "<b a=1></x>".repeat(1000) + &"<p>".repeat(2000),
            "<b><p></b>".repeat(1000),
            "<b><!-- </b> --></b".repeat(3) + "<!--",
            "<b a=\"></b>\"".to_owned(),
            "<b a\"=\"></b>\">".to_owned(),
            "<b <b>".to_owned(),
            "<!--> <b> -->".to_owned(),
            "<b".to_owned(),
        ] {
            assert!(!is_light(&heavy), "{}", &heavy[..heavy.len().min(40)]);
        }
    }
}
