//! Archives built here member by member, stored and deflated, sound and damaged.

use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::*;
use crate::npy::{Dtype, header};

fn member(values: &[f32]) -> Vec<u8> {
    let mut bytes = header::write(Dtype::F32, values.len() as u64, &[]);
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

fn add(archive: &mut rawzip::ZipArchiveWriter<&mut Vec<u8>>, name: &str, bytes: &[u8], deflate: bool) {
    let method = if deflate { CompressionMethod::DEFLATE } else { CompressionMethod::STORE };
    let builder = archive.new_file(name).compression_method(method);
    let (mut entry, config) = builder.start().unwrap();
    let descriptor = if deflate {
        let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::default()));
        writer.write_all(bytes).unwrap();
        let (encoder, descriptor) = writer.finish().unwrap();
        encoder.finish().unwrap();
        descriptor
    } else {
        let mut writer = config.wrap(&mut entry);
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap().1
    };
    entry.finish(descriptor).unwrap();
}

/// An archive with `v` stored and `weights` deflated.
fn archive() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut bytes);
    add(&mut archive, "v.npy", &member(&[-65.0, 30.5]), false);
    add(&mut archive, "weights.npy", &member(&[0.25; 5000]), true);
    archive.finish().unwrap();
    bytes
}

fn with_file<T>(name: &str, bytes: &[u8], test: impl FnOnce(&Path) -> T) -> T {
    let path: PathBuf = std::env::temp_dir().join(format!("cortecs-{}-{name}.npz", std::process::id()));
    std::fs::write(&path, bytes).unwrap();
    let result = test(&path);
    std::fs::remove_file(&path).unwrap();
    result
}

#[test]
fn stored_and_deflated_members_are_read() {
    with_file("sound", &archive(), |path| {
        assert_eq!(load_from_npz(path, "v").unwrap().data, [-65.0, 30.5]);
        assert_eq!(load_from_npz(path, "v.npy").unwrap().shape, [2]);
        assert_eq!(load_from_npz(path, "weights").unwrap().data, [0.25; 5000]);
    });
}

#[test]
fn an_unknown_key_lists_the_known_ones() {
    let error = with_file("keys", &archive(), |path| load_from_npz(path, "V").unwrap_err());
    assert!(error.to_string().ends_with("no array \"V\"; there are: v, weights"), "{error}");
}

#[test]
fn a_damaged_member_fails_its_checksum() {
    let mut bytes = archive();
    let at = bytes.windows(4).position(|w| w == 30.5f32.to_le_bytes()).unwrap();
    bytes[at] ^= 1;
    with_file("damaged", &bytes, |path| assert!(load_from_npz(path, "v").is_err()));
}

#[test]
fn an_archive_cut_anywhere_is_an_error() {
    let whole = archive();
    for length in (0..whole.len()).step_by(37) {
        with_file("cut", &whole[..length], |path| {
            assert!(load_from_npz(path, "weights").is_err(), "{length} bytes");
        });
    }
}

#[test]
fn a_member_that_promises_more_than_it_holds_is_truncated() {
    let error_of = |elements: u64| {
        let mut bytes = Vec::new();
        let mut archive = rawzip::ZipArchiveWriter::new(&mut bytes);
        let header = header::write(Dtype::F64, elements, &[]);
        add(&mut archive, "big.npy", &header, true);
        archive.finish().unwrap();
        with_file("promise", &bytes, |path| load_from_npz(path, "big").err())
    };
    assert!(matches!(error_of(1000), Some(NpyError::Truncated { found: 0, .. })));
    assert!(matches!(error_of(1 << 50), Some(NpyError::TooLarge { .. })));
}
