//! Tables of numbers: the lines of a CSV file.

use std::path::Path;

use super::{LONGEST_TEXT, Table, read_text};

/// The numbers of a CSV file, whose first line may be a header of words.
///
/// # Errors
/// A text that goes on after the file's name, with the line where it has one.
pub(crate) fn csv_table(path: &Path) -> Result<Table, String> {
    let failed = |error: csv::Error| format!(": {error}");
    let text = read_text(path, LONGEST_TEXT).map_err(|error| format!(": {error}"))?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(text.as_bytes());
    let mut table = Table { columns: 0, numbers: Vec::new(), header: Some(0) };
    for (line, record) in reader.records().enumerate() {
        let record = record.map_err(failed)?;
        let numbers: Result<Vec<f64>, _> = record.iter().map(str::parse).collect();
        match numbers {
            Ok(numbers) => {
                table.columns = numbers.len();
                table.numbers.extend(numbers);
            }
            Err(_) if line == 0 => table.header = Some(1),
            Err(_) => {
                let text: Vec<&str> = record.iter().collect();
                return Err(format!(", line {}: `{}` are no numbers", line + 1, text.join(",")));
            }
        }
    }
    Ok(table)
}
