//! The disk, as the crate writes to it: every write goes through here, so that tests can let each of them fail.

#![forbid(unsafe_code)]

use std::{
    fs::{self, File},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use crate::files;

/// A file that is written.
#[derive(Debug)]
pub(crate) struct Writing {
    file: File,
    path: PathBuf,
}

/// Makes a file, or empties one.
pub(crate) fn create(path: &Path) -> io::Result<Writing> {
    fault::strike(path)?;
    Ok(Writing { file: File::create(path)?, path: path.to_owned() })
}

/// Opens a file that is there, to change it.
pub(crate) fn reopen(path: &Path) -> io::Result<Writing> {
    fault::strike(path)?;
    Ok(Writing { file: File::options().read(true).write(true).open(path)?, path: path.to_owned() })
}

/// Makes a folder, which must not be there.
#[cfg(feature = "output")]
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    fault::strike(path)?;
    fs::create_dir(path)
}

/// Writes a whole file. It takes the place of one that is there only when all of it is written.
#[cfg(feature = "output")]
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(path, |mut file| file.write_all(bytes))
}

/// Lets a file that `fill` writes take the place of one that is there, when all of it is written.
pub(crate) fn replace<E: From<io::Error>>(path: &Path, fill: impl FnOnce(Writing) -> Result<(), E>) -> Result<(), E> {
    let temporary = path.with_extension("part");
    let written =
        create(&temporary).map_err(E::from).and_then(fill).and_then(|()| rename(&temporary, path).map_err(E::from));
    if written.is_err() {
        // What it could not write whole it does not leave.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Writes a whole file that must not be there.
#[cfg(feature = "cli")]
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fault::strike(path)?;
    let mut file = Writing { file: File::create_new(path)?, path: path.to_owned() };
    let written = file.write_all(bytes);
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written
}

/// Lets a file take the place of another.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fault::strike(to)?;
    fs::rename(from, to)
}

/// Sees to it that a file which was made or renamed is found in its folder after the power has failed.
pub(crate) fn sync_folder(of: &Path) -> io::Result<()> {
    fault::strike(of)?;
    match of.parent() {
        // Elsewhere a folder cannot be opened, and the file system does it by itself.
        Some(folder) if cfg!(unix) => File::open(files::here(folder))?.sync_all(),
        _ => Ok(()),
    }
}

impl Writing {
    /// Cuts or lengthens the file.
    pub fn set_len(&self, bytes: u64) -> io::Result<()> {
        fault::strike(&self.path)?;
        self.file.set_len(bytes)
    }

    /// Sees to it that what was written is there after the power has failed.
    pub fn sync(&self) -> io::Result<()> {
        fault::strike(&self.path)?;
        self.file.sync_all()
    }

    /// Its length (bytes).
    pub fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }
}

impl Write for Writing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        fault::strike(&self.path)?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Writing {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[cfg(not(test))]
mod fault {
    /// Nothing fails that does not fail by itself.
    #[inline(always)]
    pub(super) const fn strike(_: &std::path::Path) -> std::io::Result<()> {
        Ok(())
    }
}

/// Faults that a test asks for.
#[cfg(test)]
pub(crate) mod fault {
    use std::{
        io,
        path::{Path, PathBuf},
        sync::Mutex,
    };

    /// Under which folder, how many writes are still to succeed, and whether all fail after that or one.
    static PLAN: Mutex<Vec<Plan>> = Mutex::new(Vec::new());

    struct Plan {
        folder: PathBuf,
        left: u64,
        lasting: bool,
        done: u64,
    }

    /// Lets the write after `left` others under a folder fail, and all after it if that is `lasting`.
    #[cfg(feature = "output")]
    pub(crate) fn plan(folder: &Path, left: u64, lasting: bool) {
        PLAN.lock().unwrap().push(Plan { folder: folder.to_owned(), left, lasting, done: 0 });
    }

    /// Ends a plan, and says how many writes it has seen.
    #[cfg(feature = "output")]
    pub(crate) fn end(folder: &Path) -> u64 {
        let mut plans = PLAN.lock().unwrap();
        let place = plans.iter().position(|plan| plan.folder == folder).unwrap();
        plans.remove(place).done
    }

    pub(super) fn strike(path: &Path) -> io::Result<()> {
        let mut plans = PLAN.lock().unwrap();
        let Some(plan) = plans.iter_mut().find(|plan| path.starts_with(&plan.folder)) else { return Ok(()) };
        plan.done += 1;
        let strikes = plan.done == plan.left + 1 || (plan.lasting && plan.done > plan.left);
        if strikes {
            Err(io::Error::new(io::ErrorKind::StorageFull, "no space left on device (as planned)"))
        } else {
            Ok(())
        }
    }
}
