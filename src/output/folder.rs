//! The folder of a run: never one that holds something else, never overwritten unasked.

use std::{
    fs::{File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::report::{REPORT, Warning};
use crate::{checkpoint::CHECKPOINT, disk};

/// The state of a run that had to stop, beside its last checkpoint.
pub(crate) const STOPPED: &str = "stopped";

/// The scene of a run with what was done to its network.
pub(crate) const STEERED: &str = "steered.ron";

const OF_EVERY_RUN: [&str; 3] = [CHECKPOINT, STOPPED, STEERED];

/// What to do with a run folder that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Existing {
    /// Leave it, and take a sibling with a number: `izhikevich-2`.
    Number,
    /// Remove the run in it, if it is a run folder; whatever else lies there stays.
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

/// The file that is locked while somebody writes to a run folder, and what stands in it: other programs have such files too.
const LOCK: &str = ".lock";
const LOCKED_BY: &[u8] = b"cortecs\n";

/// A run folder cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// It exists and holds other things than a run.
    #[error("`{}` exists and is no run folder (it has no {REPORT} of one); it is not replaced", .0.display())]
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
            if !empty && !is_of_a_run(wished) {
                return Err(FolderError::Foreign(wished.to_owned()));
            }
            // Held while the old run is removed, and by the new one. The folder itself stays: it may be a link to another disk.
            let folder = Self { lock: Self::lock(wished)?, path: wished.to_owned() };
            remove(wished).map_err(failed(wished))?;
            return Ok(folder);
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
            Ok(()) => {
                // Of a disk that is full more will be heard.
                let _ = (&file).write_all(LOCKED_BY);
                Ok(Some(file))
            }
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
        let warnings = self.report().and_then(|mut report| report.get_mut("warnings").map(Value::take));
        warnings.and_then(|warnings| serde_json::from_value(warnings).ok()).unwrap_or_default()
    }

    fn report(&self) -> Option<Value> {
        report_in(&self.path)
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn report_in(folder: &Path) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(folder.join(REPORT)).ok()?).ok()
}

/// Whether there is a run in a folder: its report, or, if it ended before that was written, its lock.
fn is_of_a_run(folder: &Path) -> bool {
    let reported =
        report_in(folder).is_some_and(|report| !report["outcome"].is_null() && report["recordings"].is_array());
    reported || !folder.join(REPORT).exists() && std::fs::read(folder.join(LOCK)).is_ok_and(|text| text == LOCKED_BY)
}

/// Removes the files of a run: those that its report names, and those that every run may have. The report goes last: whoever is killed
/// meanwhile leaves what can be replaced.
fn remove(folder: &Path) -> io::Result<()> {
    let report = report_in(folder).unwrap_or_default();
    let mut named = Vec::new();
    ["recordings", "plots"].iter().for_each(|list| strings(&report[list], &mut named));
    let is_its_own = |name: &str| OF_EVERY_RUN.contains(&name) || name.ends_with(".part") || named.contains(&name);
    for entry in folder.read_dir()? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(is_its_own) && !entry.file_type()?.is_dir() {
            std::fs::remove_file(entry.path())?;
        }
    }
    match std::fs::remove_file(folder.join(REPORT)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// All texts in a value.
fn strings<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(values) => values.iter().for_each(|value| strings(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| strings(value, found)),
        _ => {}
    }
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
        let is_foreign = || matches!(RunFolder::create(&wished, Existing::Replace), Err(FolderError::Foreign(_)));
        assert!(is_foreign());
        // Other programs lock, and report, too.
        for (name, text) in [(LOCK, ""), (REPORT, "{}"), (REPORT, "[]"), (REPORT, "\"x\"")] {
            std::fs::write(wished.join(name), text).unwrap();
            assert!(is_foreign(), "{name} {text}");
            std::fs::remove_file(wished.join(name)).unwrap();
        }
        let report = r#"{"outcome": "finished", "title": "thesis.tex", "plots": ["v.png"],
            "recordings": [{"file": "a.npy", "synapses": "s.npy"}]}"#;
        let files = ["a.npy", "s.npy", "v.png", "checkpoint", "report.part", "mine.npy"];
        files.iter().for_each(|name| std::fs::write(wished.join(name), "").unwrap());
        std::fs::create_dir(wished.join("analysis")).unwrap();
        std::fs::write(wished.join(REPORT), report).unwrap();
        let held = RunFolder::create(&wished, Existing::Replace).unwrap();
        assert_eq!(held.path(), wished);
        let names = || {
            let mut names: Vec<_> = wished.read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort_unstable();
            names
        };
        assert_eq!(names(), [LOCK, "analysis", "mine.npy", "thesis.tex"]);
        // Who was killed before there was a report has left the lock.
        drop(held);
        std::fs::write(wished.join(LOCK), LOCKED_BY).unwrap();
        let held = RunFolder::create(&wished, Existing::Replace).unwrap();
        // While it is held, nobody else gets it.
        assert!(matches!(RunFolder::create(&wished, Existing::Replace), Err(FolderError::Busy(_))));
        std::fs::write(wished.join(REPORT), "{}").unwrap();
        assert!(matches!(RunFolder::open(&wished), Err(FolderError::Busy(_))));
        drop(held);
        for odd in ["{}", "[]", "3", "\"x\"", "{", "{\"warnings\": 1}"] {
            std::fs::write(wished.join(REPORT), odd).unwrap();
            let folder = RunFolder::open(&wished).unwrap();
            assert!(folder.warnings().is_empty() && !folder.is_finished());
        }
    }

    /// The results go where the link leads.
    #[cfg(unix)]
    #[test]
    fn a_link_to_a_run_folder_stays_one() {
        let parent = tempfile::tempdir().unwrap();
        let [disk, link] = ["disk", "link"].map(|name| parent.path().join(name));
        std::fs::create_dir(&disk).unwrap();
        std::os::unix::fs::symlink(&disk, &link).unwrap();
        std::fs::write(disk.join(REPORT), r#"{"outcome": {"stopped": "at 3"}, "recordings": ["a.npy"]}"#).unwrap();
        std::fs::write(disk.join("a.npy"), "").unwrap();
        drop(RunFolder::create(&link, Existing::Replace).unwrap());
        assert!(link.is_symlink() && disk.read_dir().unwrap().next().is_none());
    }
}
