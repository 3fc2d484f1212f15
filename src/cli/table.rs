//! Columns of text that line up.

/// The longest text of a cell (characters): columns are as wide as their widest cell, and tags may come by the million.
const WIDEST: usize = 120;

/// A cell, cut short where it is longer than a table bears.
fn shown(cell: &str) -> String {
    match cell.char_indices().nth(WIDEST) {
        Some(_) => cell.chars().take(WIDEST - 1).chain(['…']).collect(),
        None => cell.to_owned(),
    }
}

/// Lines of cells, each column as wide as its widest cell; cells that are numbers stand to the right.
pub(super) fn table(indent: &str, rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| shown(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = indent.to_owned();
        for (cell, &width) in row.iter().zip(&widths) {
            let number = cell.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit() || c == '–');
            line += &if number { format!("{cell:>width$}  ") } else { format!("{cell:<width$}  ") };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

/// A whole number with its thousands apart: `640 000`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_right_and_words_left() {
        let rows = [vec!["a".to_owned(), "1000".into()], vec!["long".into(), "5".into()]];
        assert_eq!(table("  ", &rows), "  a     1000\n  long     5\n");
        let long = [vec!["µ".repeat(100_000), "1".into()]];
        assert_eq!(table("", &long), format!("{}…  1\n", "µ".repeat(WIDEST - 1)));
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1 000", "1 234 567"]);
    }
}
