//! The header of a `.npy` file, parsed and written.
//!
//! Own code rather than the crate `npyz` 0.9: that one brings 27 packages (a parser generator for Python literals, a big
//! integer) to read one dictionary of three known keys, and cannot keep room to rewrite the number of rows in place.

use std::io::{ErrorKind, Read};
use std::path::Path;

use super::dtype::elements;
use super::{Dtype, NpyError};

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// The format's alignment: data start at a multiple of it, so that they can be mapped into memory.
const ALIGNMENT: usize = 64;
/// NumPy refuses headers beyond 10 000 bytes; a record type with many fields, which ends as unsupported, may be longer.
const LONGEST: u64 = 1 << 20;

/// What the header of a file says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Header {
    pub(super) dtype: Dtype,
    pub(super) big_endian: bool,
    pub(super) fortran: bool,
    pub(super) shape: Vec<usize>,
    /// Bytes before the data.
    pub(super) length: u64,
}

impl Header {
    /// Reads the header at the start of `source`; `path` is for errors.
    pub(super) fn read(source: &mut impl Read, path: &Path) -> Result<Self, NpyError> {
        let [m0, m1, m2, m3, m4, m5, major, _minor] = read_array(source, path)?;
        if [m0, m1, m2, m3, m4, m5] != *MAGIC {
            return Err(not_npy(path));
        }
        let (size_bytes, text_bytes) = match major {
            1 => (2, u16::from_le_bytes(read_array(source, path)?).into()),
            2 | 3 => (4, u32::from_le_bytes(read_array(source, path)?).into()),
            _ => {
                return Err(NpyError::Version { path: path.to_path_buf(), major });
            }
        };
        let text = read_text(source, text_bytes, path)?;
        let mut header = parse(&text, path)?;
        header.length = 8 + size_bytes + text_bytes;
        Ok(header)
    }

    /// Bytes of the data that the header promises.
    pub(super) fn data_bytes(&self, path: &Path) -> Result<u64, NpyError> {
        elements(&self.shape)
            .and_then(|count| count.checked_mul(self.dtype.size()))
            .and_then(|bytes| isize::try_from(bytes).ok())
            .map(|bytes| bytes.unsigned_abs() as u64)
            .ok_or_else(|| NpyError::TooLarge { path: path.to_path_buf(), shape: self.shape.clone() })
    }
}

/// The bytes of a little-endian row-major header for `rows` rows: always the same number of bytes for one `row_shape`,
/// 128 where they suffice, so that the number of rows can be rewritten in place.
pub(super) fn write(dtype: Dtype, rows: u64, row_shape: &[usize]) -> Vec<u8> {
    let length = bytes_of(dtype, u64::MAX, row_shape, 0).len().max(128).next_multiple_of(ALIGNMENT);
    bytes_of(dtype, rows, row_shape, length)
}

fn bytes_of(dtype: Dtype, rows: u64, row_shape: &[usize], length: usize) -> Vec<u8> {
    let axes: String = row_shape.iter().map(|axis| format!(" {axis},")).collect();
    let mut text = format!("{{'descr': '{}', 'fortran_order': False, 'shape': ({rows},{axes}), }}", dtype.descr());
    // Magic, version and size take 10 bytes in version 1, and 12 in version 2, which has room for 4 GiB of text.
    let short = u16::try_from(length.saturating_sub(10)).is_ok();
    let fixed = if short { 10 } else { 12 };
    while fixed + text.len() + 1 < length {
        text.push(' ');
    }
    text.push('\n');
    let mut bytes = MAGIC.to_vec();
    if short {
        bytes.extend([1, 0]);
        bytes.extend((text.len() as u16).to_le_bytes());
    } else {
        bytes.extend([2, 0]);
        bytes.extend((text.len() as u32).to_le_bytes());
    }
    bytes.extend(text.as_bytes());
    bytes
}

fn not_npy(path: &Path) -> NpyError {
    NpyError::NotNpy { path: path.to_path_buf() }
}

fn read_array<const N: usize>(source: &mut impl Read, path: &Path) -> Result<[u8; N], NpyError> {
    let mut bytes = [0; N];
    match source.read_exact(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(not_npy(path)),
        Err(error) => Err(NpyError::io(path)(error)),
    }
}

fn read_text(source: &mut impl Read, length: u64, path: &Path) -> Result<String, NpyError> {
    if length > LONGEST {
        return Err(fault(path, format!("{length} bytes long")));
    }
    let mut bytes = Vec::new();
    let found = source.take(length).read_to_end(&mut bytes).map_err(NpyError::io(path))?;
    if (found as u64) < length {
        return Err(fault(path, format!("{found} of {length} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| fault(path, "not text".into()))
}

fn fault(path: &Path, fault: String) -> NpyError {
    NpyError::Header { path: path.to_path_buf(), fault }
}

/// Finds the three keys in the dictionary's text, whatever their order.
fn parse(text: &str, path: &Path) -> Result<Header, NpyError> {
    let value = |key: &str| value_of(text, key).ok_or_else(|| fault(path, format!("no {key:?} in {}", text.trim())));
    let descr = value("descr")?;
    // Texts of bytes (`|S3`, as SciPy names a sparse format) are arrays of bytes with one more axis.
    let text_length = quoted(descr).and_then(|descr| descr.strip_prefix("|S")?.parse::<usize>().ok());
    let plain =
        quoted(descr).and_then(|descr| if text_length.is_some() { Dtype::parse("|u1") } else { Dtype::parse(descr) });
    let (dtype, big_endian) = plain.ok_or_else(|| {
        let descr = quoted(descr).unwrap_or(descr).chars().take(200).collect();
        NpyError::Unsupported { path: path.to_path_buf(), descr }
    })?;
    let fortran = match value("fortran_order")? {
        "True" => true,
        "False" => false,
        other => return Err(fault(path, format!("fortran_order {other:?}"))),
    };
    let shape = value("shape")?;
    Ok(Header {
        dtype,
        big_endian,
        fortran,
        shape: tuple(shape)
            .map(|axes| axes.into_iter().chain(text_length).collect())
            .ok_or_else(|| fault(path, format!("shape {shape}")))?,
        length: 0,
    })
}

/// The text of the value of `key` in a Python dictionary: up to the comma or brace at the same depth of brackets.
fn value_of<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let after = ['\'', '"'].iter().find_map(|quote| {
        let key = format!("{quote}{key}{quote}");
        text.find(&key).and_then(|at| text.get(at + key.len()..))
    })?;
    let value = after.trim_start().strip_prefix(':')?.trim_start();
    let (mut depth, mut quote) = (0usize, None);
    let end = value.find(|c| {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ',' | ')' | ']' | '}') if depth == 0 => return true,
            (None, ')' | ']' | '}') => depth -= 1,
            _ => {}
        }
        false
    })?;
    value.get(..end).map(str::trim_end)
}

fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text.strip_prefix(quote)?.strip_suffix(quote)
}

fn tuple(text: &str) -> Option<Vec<usize>> {
    let inside = text.strip_prefix('(')?.strip_suffix(')')?.trim();
    let inside = inside.strip_suffix(',').unwrap_or(inside);
    if inside.is_empty() {
        return Some(Vec::new());
    }
    // Python 2 wrote long integers with an L.
    let axis = |text: &str| text.trim().trim_end_matches('L').parse().ok();
    inside.split(',').map(axis).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Header, NpyError> {
        parse(text, Path::new("x.npy"))
    }

    #[test]
    fn keys_stand_in_any_order_and_spacing() {
        let header = parsed("{\"shape\":( 3L,4 ,),'fortran_order' :True,'descr': '>i4'}\n").unwrap();
        assert_eq!(header.shape, [3, 4]);
        assert!(header.fortran && header.big_endian);
        assert_eq!(header.dtype, Dtype::I32);
        let scalar = parsed("{'descr': '<f8', 'fortran_order': False, 'shape': (), }").unwrap();
        assert!(scalar.shape.is_empty());
    }

    #[test]
    fn records_and_objects_are_named_in_the_error() {
        for descr in ["[('a', '<f4'), ('b', '<i4', (2,))]", "'|O'"] {
            let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}");
            match parsed(&text) {
                Err(NpyError::Unsupported { descr: named, .. }) => {
                    assert_eq!(named, descr.trim_matches('\''));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let good = "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }";
        assert!(parsed(good).is_ok());
        for end in 0..good.len() - 3 {
            assert!(parsed(&good[..end]).is_err(), "{}", &good[..end]);
        }
        for (from, to) in [("(3,)", "(-3,)"), ("(3,)", "3"), ("(3,)", "(3,,)"), ("False", "0")] {
            assert!(parsed(&good.replace(from, to)).is_err(), "{to}");
        }
    }

    #[test]
    fn a_header_keeps_its_length_whatever_the_number_of_rows() {
        for row_shape in [vec![], vec![1000], vec![usize::MAX; 4], vec![1; 30_000]] {
            let lengths = [0, 1, u64::MAX].map(|rows| write(Dtype::F32, rows, &row_shape).len());
            assert_eq!(lengths[0], lengths[1]);
            assert_eq!(lengths[0], lengths[2]);
            assert_eq!(lengths[0] % 64, 0);
            let bytes = write(Dtype::F32, 7, &row_shape);
            let header = Header::read(&mut bytes.as_slice(), Path::new("x.npy")).unwrap();
            assert_eq!(header.length, bytes.len() as u64);
            assert_eq!(header.shape[0], 7);
            assert_eq!(header.shape[1..], row_shape);
        }
        assert_eq!(write(Dtype::F64, 1, &[1000, 1000]).len(), 128);
    }
}
