//! The folder of a run: never one that holds something else, never overwritten unasked.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::report::REPORT;
use crate::disk;

/// What to do with a run folder that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Leave it, and take a sibling with a number: `izhikevich-2`.
    Number,
    /// Remove it, if it is a run folder.
    Replace,
}

/// A folder that belongs to a run.
#[derive(Clone, Debug)]
pub struct RunFolder(PathBuf);

/// A run folder cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It exists and holds other things than a run.
    #[error("`{}` exists and is no run folder (it has no {REPORT}); it is not replaced", .0.display())]
    Foreign(PathBuf),
    /// There is no run in it.
    #[error("`{}` is no run folder (it has no {REPORT})", .0.display())]
    None(PathBuf),
    /// The file system refuses.
    #[error("the run folder `{}` cannot be made: {source}", .path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl RunFolder {
    /// Makes the folder `wished`, or a sibling of it.
    ///
    /// # Errors
    /// The file system refuses, or what is to be replaced is no run folder.
    pub fn create(wished: &Path, existing: Existing) -> Result<Self, FolderError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| FolderError::Io { path, source }
        };
        // `.` and `..` have siblings only under their real names.
        let real = if wished.file_name().is_none() { wished.canonicalize().ok() } else { None };
        let wished = real.as_deref().unwrap_or(wished);
        if let Some(parent) = wished.parent() {
            std::fs::create_dir_all(parent).map_err(failed(wished))?;
        }
        if existing == Existing::Replace && wished.exists() {
            let empty = wished.read_dir().map_err(failed(wished))?.next().is_none();
            if !empty && !wished.join(REPORT).is_file() {
                return Err(FolderError::Foreign(wished.to_owned()));
            }
            std::fs::remove_dir_all(wished).map_err(failed(wished))?;
        }
        let mut path = wished.to_owned();
        for number in 2_u64.. {
            // Making is the test: between a look and a deed somebody else may have made it.
            match disk::create_folder(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && existing == Existing::Number => {
                    let Some(name) = wished.file_name() else { return Err(failed(&path)(error)) };
                    let mut name = name.to_owned();
                    name.push(format!("-{number}"));
                    path = wished.with_file_name(name);
                }
                made => return made.map(|()| Self(path.clone())).map_err(failed(&path)),
            }
        }
        Err(FolderError::Foreign(path))
    }

    /// The folder of a run that is there.
    ///
    /// # Errors
    /// It is none.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        if path.join(REPORT).is_file() { Ok(Self(path.to_owned())) } else { Err(FolderError::None(path.to_owned())) }
    }

    /// Whether its report says that all iterations are done.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        let report = std::fs::read(self.0.join(REPORT)).ok();
        let report: Option<serde_json::Value> = report.and_then(|text| serde_json::from_slice(&text).ok());
        report.is_some_and(|report| report["outcome"] == "finished")
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_gets_a_folder_of_its_own_and_force_replaces_only_runs() {
        let parent = tempfile::tempdir().unwrap();
        let wished = parent.path().join("runs/net");
        let names: Vec<PathBuf> =
            (0..3).map(|_| RunFolder::create(&wished, Existing::Number).unwrap().path().to_owned()).collect();
        let named = |name: &str| parent.path().join("runs").join(name);
        assert_eq!(names, [named("net"), named("net-2"), named("net-3")]);

        std::fs::write(wished.join("thesis.tex"), "years of work").unwrap();
        assert!(matches!(RunFolder::create(&wished, Existing::Replace), Err(FolderError::Foreign(_))));
        assert!(wished.join("thesis.tex").exists());
        std::fs::write(wished.join(REPORT), "{}").unwrap();
        assert_eq!(RunFolder::create(&wished, Existing::Replace).unwrap().path(), wished);
        assert_eq!(wished.read_dir().unwrap().count(), 0);
    }
}
