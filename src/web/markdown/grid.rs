//! Whether a browser can lay out the tables of a readme: it holds every place of their rows and columns, and a few bytes
//! can ask for millions.
//! Knows only the form of HTML that ammonia writes, as of `finish`.

use super::finish::{name, tag_len, value};

/// Most places that all tables have together.
const MOST: usize = 100_000;
/// Most columns or rows that one cell goes over.
const WIDEST: usize = 100;

/// A table, as far as it was read.
#[derive(Default)]
struct Table {
    rows: usize,
    /// Columns of the row that is read, and of the widest one.
    row: usize,
    widest: usize,
    /// Columns that cells of other rows may take in any: those that go over several.
    hanging: usize,
}

/// How many columns or rows a cell goes over, from what its attribute says: not more than a page needs. `None` if that is
/// no number, or what is so anyway.
pub(super) fn span(said: &str) -> Option<usize> {
    said.trim().parse().ok().filter(|span| *span > 1).map(|span: usize| span.min(WIDEST))
}

/// Whether all tables together are small enough. What is counted is a bound, not the number itself.
pub(super) fn is_small(clean: &str) -> bool {
    let mut open: Vec<Table> = Vec::new();
    let mut places = 0_usize;
    let mut rest = clean;
    while let Some(at) = rest.find('<') {
        let (tag, after) = rest[at..].split_at(tag_len(&rest[at..]));
        rest = after;
        let is_end = tag.starts_with("</");
        match (name(tag), open.last_mut()) {
            ("table", _) if !is_end => open.push(Table::default()),
            ("table", _) => places += open.pop().map_or(0, |table| table.places()),
            ("tr", Some(table)) if !is_end => {
                table.rows += 1;
                table.row = 0;
            }
            ("td" | "th", Some(table)) if !is_end => table.add(tag),
            _ => {}
        }
        if places > MOST {
            return false;
        }
    }
    true
}

impl Table {
    fn add(&mut self, cell: &str) {
        let span = |key| value(cell, key).and_then(span).unwrap_or(1);
        let columns = span("colspan");
        self.row += columns;
        self.widest = self.widest.max(self.row);
        if span("rowspan") > 1 {
            self.hanging += columns;
        }
    }

    fn places(&self) -> usize {
        self.rows.saturating_mul(self.widest + self.hanging)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: usize, row: &str) -> String {
        format!("<table><tbody>{}</tbody></table>", format!("<tr>{row}</tr>").repeat(rows))
    }

    #[test]
    fn tables_that_people_write_are_small() {
        assert!(is_small(&table(2000, &"<td>x</td>".repeat(8))));
        assert!(is_small(&table(100, "<td rowspan=\"2\">x</td><td colspan=\"3\">y</td>")));
        assert!(is_small("<p>a</p><tr><td>no table</td></tr></table>"));
    }

    #[test]
    fn tables_that_no_browser_lays_out_are_not() {
        let cells = |cell: &str, count: usize| cell.repeat(count);
        for large in [
            table(1, &cells("<td colspan=\"100\" rowspan=\"100\">", 1200)),
            table(300, &cells("<td colspan=\"100\">", 4)),
            table(3000, "<td rowspan=\"100\">x</td>"),
            // Without any span: a long row, and many short ones.
            format!(
                "<table><tr>{}</tr>{}</table>",
                cells("<td></td>", 6000),
                cells("<tr><td></td></tr>", 3000)
            ),
            table(200, &cells("<td></td>", 10)).repeat(60),
            format!("<table><tr><td>{}</td></tr></table>", table(60_000, "<td></td><td></td>")),
        ] {
            assert!(!is_small(&large), "{}", &large[..80]);
        }
    }

    #[test]
    fn a_span_is_a_number_within_reason() {
        for (said, expected) in [
            ("2", Some(2)),
            (" 3 ", Some(3)),
            ("65534", Some(100)),
            ("1", None),
            ("0", None),
            ("x", None),
        ] {
            assert_eq!(span(said), expected, "{said}");
        }
    }
}
