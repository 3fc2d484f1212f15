//! Opening files that somebody else names, in a scene or a report: regular ones only, within their folder, and no more
//! of them than there is memory for.
#![forbid(unsafe_code)]

#[cfg(feature = "formats")]
mod picture;
#[cfg(feature = "formats")]
mod table;
#[cfg(not(feature = "formats"))]
mod without_formats;

use std::{
    fs::File,
    io::{self, Error, ErrorKind, Read},
    path::{Path, PathBuf},
};

#[cfg(not(feature = "formats"))]
pub(crate) use without_formats::{REFUSAL, csv_table, grey_values};
#[cfg(feature = "formats")]
pub(crate) use {picture::grey_values, table::csv_table};

/// The longest text that is read (bytes), of a scene or a list: what numbers more than that belongs in an array's file.
pub const LONGEST_TEXT: u64 = 256 << 20;

/// The part of the available memory that the contents of one file may take.
const SHARE_OF_MEMORY: u64 = 2;

/// Numbers in rows of one length.
pub(crate) struct Table {
    /// Numbers in a row.
    pub columns: usize,
    /// Row after row.
    pub numbers: Vec<f64>,
    /// Lines before the first row; `None` for arrays, whose rows count from 0.
    pub header: Option<usize>,
    /// The titles of the columns, if there are any.
    pub titles: Vec<String>,
}

/// Whether a field of a first line is the title of a column: words, and nothing that could be meant as a number, such as
/// `1.5e`, `1 2`, or one with the minus of typesetters. A line is one of titles if all of its fields are.
pub(crate) fn is_title(field: &str) -> bool {
    let bare = field.trim_start_matches(|letter: char| !letter.is_alphanumeric());
    !field.is_empty() && field.parse::<f64>().is_err() && !bare.starts_with(char::is_numeric)
}

/// Opens a regular file. A pipe would be waited for and a device may have no end, so that both are refused unopened.
///
/// # Errors
/// The system refuses, or it is no regular file.
pub fn open(path: &Path) -> io::Result<File> {
    let kind = std::fs::metadata(path)?.file_type();
    if kind.is_dir() {
        return Err(Error::new(ErrorKind::IsADirectory, "a folder, not a file"));
    }
    if !kind.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "a pipe, a device or a socket, not a file"));
    }
    File::open(path)
}

/// The text of a regular file of at most `longest` bytes.
///
/// # Errors
/// As for [`open`]; the file is longer, or not UTF-8.
pub fn read_text(path: &Path, longest: u64) -> io::Result<String> {
    let mut text = String::new();
    // The length that a file states may change while it is read.
    let read = open(path)?.take(longest.saturating_add(1)).read_to_string(&mut text)?;
    if read as u64 > longest {
        let megabytes = longest >> 20;
        return Err(Error::new(ErrorKind::FileTooLarge, format!("it is longer than {megabytes} MiB")));
    }
    Ok(text)
}

/// Why a file that was named is not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It lies elsewhere, by an absolute path, by `..` or by a symbolic link.
    #[error(
        "`{}` lies outside the folder `{}`; `--allow-outside-files` allows that (`Scene::outside_files` in code)",
        .file, .folder.display()
    )]
    Outside {
        /// The file as it was named.
        file: String,
        /// The folder in which it was to lie.
        folder: PathBuf,
    },
    /// The system does not find it.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: Error,
    },
}

/// The path of a file that is named relative to `folder`, once all symbolic links are followed.
///
/// # Errors
/// It does not exist, or it lies outside `folder`.
pub fn within(folder: &Path, file: &str) -> Result<PathBuf, FileError> {
    let outside = || FileError::Outside { file: file.to_owned(), folder: folder.to_owned() };
    // Said without a look: whether something exists elsewhere is nobody's business.
    if leaves(Path::new(file)) {
        return Err(outside());
    }
    let folder_here = here(folder);
    let real = |path: &Path| path.canonicalize().map_err(|source| FileError::Io { path: path.to_owned(), source });
    let path = real(&folder_here.join(file))?;
    if path.starts_with(real(folder_here)?) { Ok(path) } else { Err(outside()) }
}

/// A folder by a path that the system takes: that of `scene.ron` is the empty one.
pub(crate) fn here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// Whether a path leads out of where it starts, by its words alone.
fn leaves(path: &Path) -> bool {
    use std::path::Component::{CurDir, Normal, ParentDir};
    let depth = path.components().try_fold(0_usize, |depth, part| match part {
        Normal(_) => Some(depth + 1),
        CurDir => Some(depth),
        ParentDir => depth.checked_sub(1),
        _ => None,
    });
    depth.is_none()
}

/// Memory (bytes) that this process may still take: the machine's, or what its control group leaves. `None` where nobody can
/// tell, and in builds without the feature `memory`.
#[must_use]
#[cfg(feature = "memory")]
pub fn available_memory() -> Option<u64> {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    let machine = Some(system.available_memory()).filter(|&bytes| bytes > 0);
    let limits = system.cgroup_limits().map(|limits| limits.free_memory).filter(|&bytes| bytes > 0);
    machine.into_iter().chain(limits).min()
}

/// `None`: this build does not ask the system, which takes the feature `memory`.
#[must_use]
#[cfg(not(feature = "memory"))]
pub const fn available_memory() -> Option<u64> {
    None
}

/// Whether so many bytes may be taken for the contents of one file.
#[must_use]
pub(crate) fn fits_memory(bytes: u64) -> bool {
    // Asking the system is not worth its time for what fits anywhere.
    bytes < 1 << 24 || available_memory().is_none_or(|available| bytes <= available / SHARE_OF_MEMORY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_lie_in_their_folder() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("scene");
        std::fs::create_dir_all(folder.join("sub")).unwrap();
        for file in ["secret", "scene/a", "scene/sub/b"] {
            std::fs::write(outer.path().join(file), file).unwrap();
        }
        for inside in ["a", "./a", "sub/b", "sub/../a"] {
            assert!(within(&folder, inside).is_ok(), "{inside}");
        }
        let absolute = folder.join("a").display().to_string();
        for outside in ["../secret", "sub/../../secret", "/etc/passwd", "../scene/a", "../nothing", "..", &absolute] {
            let error = within(&folder, outside).unwrap_err();
            assert!(matches!(error, FileError::Outside { .. }), "{outside}: {error}");
            assert!(error.to_string().contains("--allow-outside-files"), "{error}");
        }
        assert!(matches!(within(&folder, "nothing"), Err(FileError::Io { .. })));
        assert!(within(&folder, "a\0b").is_err());
    }

    #[test]
    fn titles_are_words_and_no_numbers() {
        for title in ["source", "weight 2", "# from", "Δw", "τ (ms)", "(pre)", "_", "O"] {
            assert!(is_title(title), "{title}");
        }
        for other in ["", "0", "-1.5", "\u{2212}1", "1 2", "1,5", "(3)", "+4e", "'5'", "nan", "inf", "٣", "1st"] {
            assert!(!is_title(other), "{other}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_before_anybody_believes_them() {
        use std::os::unix::fs::symlink;
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("scene");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(outer.path().join("secret"), "s").unwrap();
        std::fs::write(folder.join("a"), "a").unwrap();
        symlink("../secret", folder.join("out")).unwrap();
        symlink("..", folder.join("up")).unwrap();
        symlink("a", folder.join("in")).unwrap();
        symlink("loop", folder.join("loop")).unwrap();
        assert!(matches!(within(&folder, "out"), Err(FileError::Outside { .. })));
        assert!(matches!(within(&folder, "up/secret"), Err(FileError::Outside { .. })));
        assert!(matches!(within(&folder, "loop"), Err(FileError::Io { .. })));
        assert_eq!(within(&folder, "in").unwrap(), folder.canonicalize().unwrap().join("a"));
        // A folder that is itself reached by a link is where it is.
        symlink("scene", outer.path().join("alias")).unwrap();
        assert!(within(&outer.path().join("alias"), "a").is_ok());
    }

    #[test]
    fn only_regular_files_are_opened_and_only_as_long_as_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        std::fs::write(&path, "12345678").unwrap();
        assert_eq!(read_text(&path, 8).unwrap(), "12345678");
        assert_eq!(read_text(&path, 7).unwrap_err().kind(), ErrorKind::FileTooLarge);
        assert_eq!(open(folder.path()).unwrap_err().kind(), ErrorKind::IsADirectory);
        #[cfg(unix)]
        assert_eq!(open(Path::new("/dev/zero")).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
