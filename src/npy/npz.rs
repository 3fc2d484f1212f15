//! Reading one array out of an `.npz` archive: a zip file of `.npy` members, stored or deflated.
//!
//! `rawzip` rather than `zip` 9: it depends on nothing where `zip` brings 22 packages, and `flate2` is there for the PNGs anyway.

use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, FileReader, ZipArchive, ZipArchiveEntryWayfinder};

use super::header::Header;
use super::read::read_array;
use super::{Array, NpyError};
use crate::files;

/// Reads the array `key` of an `.npz` archive (`numpy.savez` and `numpy.savez_compressed`).
///
/// # Errors
/// [`NpyError::NoSuchKey`] with the keys that exist; [`NpyError::Archive`] for a damaged archive (each member's checksum
/// is verified); and what [`load`](super::load) returns, with the member's name joined to the path.
pub fn load_from_npz(path: &Path, key: &str) -> Result<Array, NpyError> {
    let file = files::open(path).map_err(NpyError::io(path))?;
    let mut buffer = vec![0; rawzip::RECOMMENDED_BUFFER_SIZE];
    let archive = ZipArchive::from_file(file, &mut buffer).map_err(damaged(path))?;
    let (method, place) = find(&archive, key, path, &mut buffer)?;
    let entry = archive.get_entry(place).map_err(damaged(path))?;
    let member = path.join(key);
    let packed = BufReader::new(entry.reader());
    match method {
        CompressionMethod::STORE => read_member(entry.verifying_reader(packed), &member),
        CompressionMethod::DEFLATE => read_member(entry.verifying_reader(DeflateDecoder::new(packed)), &member),
        other => Err(NpyError::Compression { path: member, method: other.to_string() }),
    }
}

fn damaged(path: &Path) -> impl Fn(rawzip::Error) -> NpyError + '_ {
    |source| NpyError::Archive { path: path.to_path_buf(), source: source.into() }
}

/// Where the member `key` (or `key.npy`) lies and how it is packed.
fn find(
    archive: &ZipArchive<FileReader>,
    key: &str,
    path: &Path,
    buffer: &mut [u8],
) -> Result<(CompressionMethod, ZipArchiveEntryWayfinder), NpyError> {
    let mut keys = Vec::new();
    let mut entries = archive.entries(buffer);
    while let Some(entry) = entries.next_entry().map_err(damaged(path))? {
        let name = String::from_utf8_lossy(entry.file_path().as_ref()).into_owned();
        let stem = name.strip_suffix(".npy").unwrap_or(&name);
        if stem == key || name == key {
            return Ok((entry.compression_method(), entry.wayfinder()));
        }
        keys.push(stem.to_owned());
    }
    Err(NpyError::NoSuchKey { path: path.to_path_buf(), key: key.to_owned(), keys })
}

fn read_member(mut source: impl Read, path: &Path) -> Result<Array, NpyError> {
    let header = Header::read(&mut source, path)?;
    let array = read_array(&mut source, &header, 0, path)?;
    // Reading to the very end is what makes the checksum count; a bomb has no end.
    match io::copy(&mut source.take(1), &mut io::sink()).map_err(NpyError::io(path))? {
        0 => Ok(array),
        _ => Err(NpyError::Surplus { path: path.to_path_buf() }),
    }
}

#[cfg(test)]
#[path = "npz_tests.rs"]
mod tests;
