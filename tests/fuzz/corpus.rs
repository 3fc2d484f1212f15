//! The inputs that a search starts from: small ones that are right, and findings that have been mended.

use std::{fs, path::PathBuf};

use crate::targets::Target;

/// A folder of this test.
pub fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(name)
}

/// The inputs of a target, in the order of their names.
pub fn of(target: &Target) -> Vec<Vec<u8>> {
    let mut folders = vec![folder(target.name)];
    folders.extend(target.more.map(|more| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(more)));
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("the corpus is there"));
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("a file of the corpus").path()).collect();
    paths.retain(|path| path.is_file() && path.extension().is_none_or(|kind| kind != "png" || target.more.is_none()));
    paths.sort();
    let kept = paths.iter().map(|path| fs::read(path).expect("a file of the corpus"));
    kept.chain((target.made)()).collect()
}
