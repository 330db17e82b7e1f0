//! A page as text, of bounded length: what is on it may be anybody's, and is held for each who reads it slowly.
//! Knows nothing of what is on it.

use askama::Template;
use std::any::Any;
use std::fmt::{self, Write};

/// Longest page in bytes. Each part of a page has a bound of its own, and all of those are within this.
const LONGEST: usize = 4 << 20;

/// Why there is no text.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unrendered {
    /// It would be too long.
    #[error("it would have more than {LONGEST} bytes")]
    TooLong,
    /// Its template failed.
    #[error(transparent)]
    Failed(#[from] askama::Error),
}

/// The text of a page with this nonce. No more of it is made than may be sent.
///
/// # Errors
/// When it would be too long, or its template fails.
pub(super) fn rendered(page: &impl Template, nonce: &str) -> Result<String, Unrendered> {
    rendered_within(page, nonce, LONGEST)
}

fn rendered_within(
    page: &impl Template,
    nonce: &str,
    longest: usize,
) -> Result<String, Unrendered> {
    let mut bounded = Bounded { text: String::new(), longest, is_over: false };
    let nonce = nonce.to_owned();
    match page.render_into_with_values(&mut bounded, &("nonce", &nonce as &dyn Any)) {
        Ok(()) => Ok(bounded.text),
        Err(_) if bounded.is_over => Err(Unrendered::TooLong),
        Err(failed) => Err(failed.into()),
    }
}

/// A text that takes no more than so many bytes.
struct Bounded {
    text: String,
    longest: usize,
    is_over: bool,
}

impl Write for Bounded {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        if self.text.len() + more.len() > self.longest {
            self.is_over = true;
            return Err(fmt::Error);
        }
        self.text.push_str(more);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::Frame;
    use crate::web::files::{FileRow, FilesPage};

    fn page(files: usize) -> FilesPage<'static> {
        let row = || FileRow { path: "<".repeat(500), link: None, len: 1, is_link: false };
        FilesPage {
            frame: Frame::new("http://npm.example"),
            name: "a",
            path: "a".to_owned(),
            version: "1.0.0",
            files: std::iter::repeat_with(row).take(files).collect(),
            count: files,
            sum: 0,
            page: 1,
            pages: 1,
            previous: None,
            next: None,
        }
    }

    #[test]
    fn a_page_is_whole_or_not_there() {
        let nonce = "n";
        let whole = rendered(&page(2), nonce).unwrap();
        assert!(whole.ends_with("</html>\n") || whole.ends_with("</html>"), "{whole}");
        let exact = rendered_within(&page(2), nonce, whole.len()).unwrap();
        assert_eq!(exact, whole);
        let cut = rendered_within(&page(2), nonce, whole.len() - 1);
        assert!(matches!(cut, Err(Unrendered::TooLong)), "{cut:?}");
        assert!(matches!(rendered(&page(2000), nonce), Err(Unrendered::TooLong)));
    }

    #[test]
    fn what_is_too_long_is_answered_by_few_words() {
        let reply = page(2000).reply();
        assert_eq!(reply.status, http::StatusCode::INTERNAL_SERVER_ERROR);
        assert!(reply.body.len() < 200 && reply.body.starts_with(b"this page would be too long"));
    }
}
