//! Texts of manifests, cut to what a list has room for.
//! Knows nothing of which.

/// A text in one line, of so many bytes at most.
pub fn one_line(text: &str, most: usize) -> String {
    // What is far longer is not looked through for spaces.
    let text = &text[..text.floor_char_boundary(4 * most)];
    let is_gap = |c: char| c.is_whitespace() || c.is_control();
    let words: Vec<&str> = text.split(is_gap).filter(|word| !word.is_empty()).collect();
    let mut text = words.join(" ");
    text.truncate(text.floor_char_boundary(most));
    text.truncate(text.trim_end().len());
    text
}
