//! What a build without the feature `formats` says of the files that it would read.

use std::path::Path;

use super::Table;
use crate::numeric::Real;

pub(crate) const REFUSAL: &str = "this program cannot read it: it was built without the feature `formats` of cortecs";

pub(crate) fn csv_table(path: &Path) -> Result<Table, String> {
    Err(format!("{}: {REFUSAL}", path.display()))
}

pub(crate) fn grey_values(_: &Path, _: [usize; 3]) -> Result<Vec<Real>, String> {
    Err(REFUSAL.to_owned())
}
