//! The folder of a run: never one that holds something else, never overwritten unasked.

use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use super::report::{REPORT, Warning};
use crate::disk;

/// What to do with a run folder that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Existing {
    /// Leave it, and take a sibling with a number: `izhikevich-2`.
    Number,
    /// Remove it, if it is a run folder.
    Replace,
    /// Refuse, unless it is empty.
    Refuse,
}

/// A folder that belongs to a run, and to nobody else while it is held.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    /// Locked as long as it is open; none on a file system that knows no locks.
    lock: Option<File>,
}

/// The file that is locked while somebody writes to a run folder.
const LOCK: &str = ".lock";

/// A run folder cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// It exists and holds other things than a run.
    #[error("`{}` exists and is no run folder (it has no {REPORT}); it is not replaced", .0.display())]
    Foreign(PathBuf),
    /// It exists, and was asked for by name.
    #[error("`{}` exists: `--force` replaces the run in it, `--numbered` takes a sibling with a number", .0.display())]
    Exists(PathBuf),
    /// Somebody else writes to it.
    #[error("another run writes to `{}`", .0.display())]
    Busy(PathBuf),
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
            // A run that failed before its report was written has left its lock.
            if !empty && !wished.join(REPORT).is_file() && !wished.join(LOCK).is_file() {
                return Err(FolderError::Foreign(wished.to_owned()));
            }
            // Held while all of it is removed.
            let _lock = if empty { None } else { Self::lock(wished)? };
            remove(wished).map_err(failed(wished))?;
        }
        let is_empty = || wished.read_dir().is_ok_and(|mut inside| inside.next().is_none());
        if existing == Existing::Refuse && wished.exists() {
            if !is_empty() {
                return Err(FolderError::Exists(wished.to_owned()));
            }
            return Ok(Self { lock: Self::lock(wished)?, path: wished.to_owned() });
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
                made => {
                    made.map_err(failed(&path))?;
                    return Ok(Self { lock: Self::lock(&path)?, path });
                }
            }
        }
        Err(FolderError::Foreign(path))
    }

    /// The folder of a run that is there.
    ///
    /// # Errors
    /// It is none.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        if !path.join(REPORT).is_file() {
            return Err(FolderError::None(path.to_owned()));
        }
        Ok(Self { lock: Self::lock(path)?, path: path.to_owned() })
    }

    fn lock(path: &Path) -> Result<Option<File>, FolderError> {
        let file = File::options().create(true).truncate(false).write(true).open(path.join(LOCK));
        let file = file.map_err(|source| FolderError::Io { path: path.to_owned(), source })?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Err(FolderError::Busy(path.to_owned())),
            // A file system without locks is no reason not to run.
            Err(TryLockError::Error(_)) => Ok(None),
        }
    }

    /// Whether its report says that all iterations are done.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.report().is_some_and(|report| report["outcome"] == "finished")
    }

    /// What its report warns of.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        let warnings = self.report().map(|mut report| report["warnings"].take());
        warnings.and_then(|warnings| serde_json::from_value(warnings).ok()).unwrap_or_default()
    }

    fn report(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&std::fs::read(self.path.join(REPORT)).ok()?).ok()
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Removes a run folder. What shows that it is one goes last: whoever is killed meanwhile leaves what can be replaced.
fn remove(folder: &Path) -> io::Result<()> {
    for entry in folder.read_dir()? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_name() == REPORT || entry.file_name() == LOCK {
            continue;
        }
        if entry.file_type()?.is_dir() { std::fs::remove_dir_all(path)? } else { std::fs::remove_file(path)? }
    }
    std::fs::remove_dir_all(folder)
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        if self.lock.is_some() {
            // If it stays, it is locked by nobody.
            let _ = std::fs::remove_file(self.path.join(LOCK));
        }
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
        let held = RunFolder::create(&wished, Existing::Replace).unwrap();
        assert_eq!(held.path(), wished);
        let names: Vec<_> = wished.read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [LOCK]);
        // While it is held, nobody else gets it.
        assert!(matches!(RunFolder::create(&wished, Existing::Replace), Err(FolderError::Busy(_))));
        std::fs::write(wished.join(REPORT), "{}").unwrap();
        assert!(matches!(RunFolder::open(&wished), Err(FolderError::Busy(_))));
        drop(held);
        RunFolder::open(&wished).unwrap();
    }
}
