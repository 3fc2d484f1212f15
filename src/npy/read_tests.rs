//! Files written byte by byte as the format's description has them, and read back.

use super::*;
use crate::npy::{Array, Dtype};

/// A file of version 1 with this dictionary and these data, removed when dropped.
struct Sample(PathBuf);

impl Sample {
    fn new(name: &str, descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Self {
        let text = format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.extend(data);
        Self::of_bytes(name, &bytes)
    }

    fn of_bytes(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("cortecs-{}-read-{name}", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl Drop for Sample {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn fortran_order_is_turned() {
    // 0 1 2
    // 3 4 5, stored column by column.
    let sample = Sample::new("fortran", "'|u1'", "True", "(2, 3)", &[0, 3, 1, 4, 2, 5]);
    let array = load(&sample.0).unwrap();
    assert_eq!(array.shape, [2, 3]);
    assert_eq!(array.data, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    assert!(matches!(Reader::open(&sample.0), Err(NpyError::FortranOrder { .. })));
}

#[test]
fn fortran_order_of_three_axes_is_turned() {
    // Element (i, j, k) of shape (2, 3, 2) is 100 i + 10 j + k; stored with i fastest.
    let number = |i: usize, j: usize, k: usize| (100 * i + 10 * j + k) as u8;
    let stored: Vec<u8> = (0..12).map(|n| number(n % 2, n / 2 % 3, n / 6)).collect();
    let sample = Sample::new("fortran3", "'|u1'", "True", "(2, 3, 2)", &stored);
    let expected: Vec<f64> = (0..12).map(|n| f64::from(number(n / 6, n / 2 % 3, n % 2))).collect();
    assert_eq!(load(&sample.0).unwrap().data, expected);
}

#[test]
fn both_byte_orders_give_the_same_numbers() {
    let values = [-65.0f64, 0.25, f64::MAX];
    let little: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let big: Vec<u8> = values.iter().flat_map(|v| v.to_be_bytes()).collect();
    for (descr, bytes) in [("'<f8'", little), ("'>f8'", big)] {
        let sample = Sample::new(&descr[1..2].replace(['<', '>'], "order"), descr, "False", "(3,)", &bytes);
        assert_eq!(load(&sample.0).unwrap().data, values);
    }
}

#[test]
fn a_shape_that_promises_more_than_the_file_has_is_refused() {
    let sample = Sample::new("short", "'<f4'", "False", "(3,)", &[0; 11]);
    assert!(matches!(load(&sample.0), Err(NpyError::Truncated { expected: 12, found: 11, .. })));
    // A petabyte: allocating before looking would fail here.
    let lying = Sample::new("lying", "'<f8'", "False", "(1000000, 125000000)", &[0; 8]);
    assert!(matches!(load(&lying.0), Err(NpyError::Truncated { .. })));
    let absurd = Sample::new("absurd", "'<f8'", "False", "(9999999999, 9999999999)", &[0; 8]);
    assert!(matches!(load(&absurd.0), Err(NpyError::TooLarge { .. })));
}

#[test]
fn other_files_are_told_apart() {
    let text = Sample::of_bytes("text", b"iteration,neuron\n");
    assert!(matches!(load(&text.0), Err(NpyError::NotNpy { .. })));
    let empty = Sample::of_bytes("empty", b"");
    assert!(matches!(load(&empty.0), Err(NpyError::NotNpy { .. })));
    let future = Sample::of_bytes("future", b"\x93NUMPY\x09\x00\x00\x00");
    assert!(matches!(load(&future.0), Err(NpyError::Version { major: 9, .. })));
    let cut = Sample::of_bytes("cut", b"\x93NUMPY\x01\x00\x76\x00{'descr'");
    assert!(matches!(load(&cut.0), Err(NpyError::Header { .. })));
    let missing = load(Path::new("/nowhere/x.npy")).unwrap_err();
    assert!(missing.to_string().contains("/nowhere/x.npy"));
}

#[test]
fn rows_are_walked_and_sought() {
    let data: Vec<u8> = (0..15).collect();
    let sample = Sample::new("rows", "'|u1'", "False", "(5, 3)", &data);
    let mut reader = Reader::open(&sample.0).unwrap();
    assert_eq!(reader.shape(), [5, 3]);
    assert_eq!(reader.dtype(), Dtype::U8);
    assert_eq!((reader.rows(), reader.row_len()), (5, 3));
    let mut out = vec![99.0];
    assert_eq!(reader.read_rows(2, &mut out).unwrap(), 2);
    assert_eq!(out, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    reader.seek_row(4).unwrap();
    assert_eq!(reader.read_rows(2, &mut out).unwrap(), 1);
    assert_eq!(out, [12.0, 13.0, 14.0]);
    assert_eq!(reader.read_rows(2, &mut out).unwrap(), 0);
    assert!(out.is_empty());
    reader.seek_row(1).unwrap();
    reader.read_rows(1, &mut out).unwrap();
    assert_eq!(out, [3.0, 4.0, 5.0]);
    assert!(matches!(reader.seek_row(6), Err(NpyError::NoSuchRow { row: 6, rows: 5, .. })));
}

#[test]
fn rows_longer_than_a_chunk_are_whole() {
    let elements = CHUNK / 2 * 3 + 5;
    let data: Vec<u8> = (0..2 * elements).map(|n| (n % 251) as u8).collect();
    let sample = Sample::new("wide", "'|u1'", "False", &format!("(2, {elements})"), &data);
    let mut reader = Reader::open(&sample.0).unwrap();
    let mut out = Vec::new();
    reader.read_rows(1, &mut out).unwrap();
    reader.read_rows(1, &mut out).unwrap();
    assert_eq!(out.len(), elements);
    assert_eq!(out[elements - 1], ((2 * elements - 1) % 251) as f64);
}

#[test]
fn a_scalar_loads_but_has_no_rows() {
    let sample = Sample::new("scalar", "'<i2'", "False", "()", &[0xfe, 0xff]);
    let array = load(&sample.0).unwrap();
    assert_eq!(array, Array::new(vec![], vec![-2.0]).unwrap());
    assert!(matches!(Reader::open(&sample.0), Err(NpyError::NoRows { .. })));
}

#[test]
fn empty_rows_of_an_impossible_size_are_refused() {
    let sample = Sample::new("hollow", "'<f8'", "False", "(0, 9999999999, 9999999999)", &[]);
    assert!(load(&sample.0).unwrap().data.is_empty());
    assert!(matches!(Reader::open(&sample.0), Err(NpyError::TooLarge { .. })));
    let turned = Sample::new("turned", "'<f8'", "True", "(9999999999, 9999999999, 0)", &[]);
    assert!(load(&turned.0).unwrap().data.is_empty());
    let flat = Sample::new("flat", "'<f8'", "False", "(18446744073709551615, 0)", &[]);
    let mut reader = Reader::open(&flat.0).unwrap();
    reader.seek_row(12_345).unwrap();
    assert_eq!(reader.read_rows(7, &mut Vec::new()).unwrap(), 7);
}

#[test]
fn a_shape_must_hold_the_elements() {
    assert!(Array::new(vec![2, 3], vec![0.0; 6]).is_ok());
    assert!(matches!(Array::new(vec![2, 3], vec![0.0; 5]), Err(NpyError::Shape { found: 5, .. })));
    assert!(Array::new(vec![usize::MAX, 2], vec![]).is_err());
}

#[test]
fn a_flattened_file_is_read_from_any_element_on() {
    let sample = Sample::new("flat", "'|u1'", "False", "(2, 2, 2)", &[0, 1, 2, 3, 4, 5, 6, 7]);
    let mut reader = Reader::open(&sample.0).unwrap().flattened().unwrap();
    assert_eq!((reader.rows(), reader.row_len()), (8, 1));
    reader.seek_row(3).unwrap();
    let mut values = Vec::new();
    assert_eq!(reader.read_rows(2, &mut values).unwrap(), 2);
    assert_eq!(values, [3.0, 4.0]);
}
