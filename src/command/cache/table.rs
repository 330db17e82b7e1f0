//! Rows for people: columns that are as wide as what is in them.
//! Knows nothing of what that is.

use super::super::words::printable;
use std::fmt::Write;

/// Which side of a column its texts are on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// The lines of a table: its head, and a line for each row. Nothing in a cell moves a cursor.
pub(super) fn lines<const N: usize>(
    head: [(&str, Side); N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> Vec<String> {
    let names = head.map(|(name, _)| name.to_owned());
    let rows = rows.into_iter().map(|row| row.map(|cell| printable(&cell)));
    let rows: Vec<[String; N]> = std::iter::once(names).chain(rows).collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String; N]| {
        let mut line = String::new();
        for ((cell, width), (_, side)) in row.iter().zip(widths).zip(head) {
            // Writing into a string does not fail.
            let _ = match side {
                Side::Left => write!(line, "{cell:width$}  "),
                Side::Right => write!(line, "{cell:>width$}  "),
            };
        }
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_in_them_and_nothing_moves_the_cursor() {
        let row = |name: &str, size: &str| [name.to_owned(), size.to_owned(), String::new()];
        let rows = [row("ä", "1 B"), row("b\u{1b}[2J\u{202e}", "10.00 KiB")];
        let head = [("package", Side::Left), ("size", Side::Right), ("upstream", Side::Left)];
        let expected = [
            "package                  size  upstream",
            "ä                         1 B",
            "b\\u{1b}[2J\\u{202e}  10.00 KiB",
        ];
        assert_eq!(lines(head, rows), expected);
    }
}
