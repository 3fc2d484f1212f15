//! Tables of numbers: the lines of a CSV file.

use std::path::Path;

use super::{LONGEST_TEXT, Table, is_title, read_text};

/// The numbers of a CSV file, whose first line may hold titles ([`is_title`]).
///
/// # Errors
/// A text with the file, and the line where it has one.
pub(crate) fn csv_table(path: &Path) -> Result<Table, String> {
    let failed = |error: csv::Error| format!("{}: {error}", path.display());
    let text = read_text(path, LONGEST_TEXT).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(text.as_bytes());
    let mut table = Table { columns: 0, numbers: Vec::new(), header: Some(0), titles: Vec::new() };
    for (line, record) in reader.records().enumerate() {
        let record = record.map_err(failed)?;
        let numbers: Result<Vec<f64>, _> = record.iter().map(str::parse).collect();
        match numbers {
            Ok(numbers) => {
                table.columns = numbers.len();
                table.numbers.extend(numbers);
            }
            Err(_) if line == 0 && record.iter().all(is_title) => {
                table.header = Some(1);
                table.titles = record.iter().map(str::to_owned).collect();
            }
            Err(_) => {
                let text = record.iter().collect::<Vec<&str>>().join(",");
                let hint = if record.len() == 1 { "; commas stand between them" } else { "" };
                return Err(format!("{}, line {}: `{text}` are no numbers{hint}", path.display(), line + 1));
            }
        }
    }
    Ok(table)
}
