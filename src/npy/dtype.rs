//! Element types of array files: their names in a header, their sizes, and their decoding to `f64`.

/// Type of an array's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it all")]
#[non_exhaustive]
pub enum Dtype {
    F32,
    F64,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    Bool,
}

use Dtype::{Bool, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};

impl Dtype {
    /// Every type, in the order of the enumeration.
    pub const ALL: [Self; 11] = [F32, F64, I8, I16, I32, I64, U8, U16, U32, U64, Bool];

    /// The type's name in a header, little-endian: `<f4`, `|u1`, `|b1`.
    #[must_use]
    pub fn descr(self) -> &'static str {
        match self {
            F32 => "<f4",
            F64 => "<f8",
            I8 => "|i1",
            I16 => "<i2",
            I32 => "<i4",
            I64 => "<i8",
            U8 => "|u1",
            U16 => "<u2",
            U32 => "<u4",
            U64 => "<u8",
            Bool => "|b1",
        }
    }

    /// Bytes of one element.
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            I8 | U8 | Bool => 1,
            I16 | U16 => 2,
            F32 | I32 | U32 => 4,
            F64 | I64 | U64 => 8,
        }
    }

    /// The type and whether its bytes are big-endian, by its name in a header (`>f8`).
    pub(super) fn parse(descr: &str) -> Option<(Self, bool)> {
        let order = descr.chars().next()?;
        let name = descr.get(1..)?;
        let dtype = Self::ALL.into_iter().find(|dtype| dtype.descr().get(1..) == Some(name))?;
        let big_endian = match order {
            '<' => false,
            '>' => true,
            '|' if dtype.size() == 1 => false,
            '=' => cfg!(target_endian = "big"),
            _ => return None,
        };
        Some((dtype, big_endian))
    }

    /// Appends the elements in `bytes` to `out`; bytes after the last whole element are left out.
    pub(super) fn decode(self, big_endian: bool, bytes: &[u8], out: &mut Vec<f64>) {
        match self {
            F32 => extend(out, bytes, big_endian, |b| f32::from_le_bytes(b).into()),
            F64 => extend(out, bytes, big_endian, f64::from_le_bytes),
            I8 => extend(out, bytes, big_endian, |b| i8::from_le_bytes(b).into()),
            I16 => extend(out, bytes, big_endian, |b| i16::from_le_bytes(b).into()),
            I32 => extend(out, bytes, big_endian, |b| i32::from_le_bytes(b).into()),
            I64 => extend(out, bytes, big_endian, |b| i64::from_le_bytes(b) as f64),
            U8 => extend(out, bytes, big_endian, |[b]| b.into()),
            U16 => extend(out, bytes, big_endian, |b| u16::from_le_bytes(b).into()),
            U32 => extend(out, bytes, big_endian, |b| u32::from_le_bytes(b).into()),
            U64 => extend(out, bytes, big_endian, |b| u64::from_le_bytes(b) as f64),
            Bool => extend(out, bytes, big_endian, |[b]| f64::from(u8::from(b != 0))),
        }
    }
}

fn extend<const N: usize>(out: &mut Vec<f64>, bytes: &[u8], big_endian: bool, value: impl Fn([u8; N]) -> f64) {
    let (elements, _) = bytes.as_chunks::<N>();
    out.extend(elements.iter().map(|&element| {
        let mut element = element;
        if big_endian {
            element.reverse();
        }
        value(element)
    }));
}

/// The product of `shape`, unless it overflows.
pub(super) fn elements(shape: &[usize]) -> Option<usize> {
    // A zero anywhere makes the array empty, however long the other axes are.
    if shape.contains(&0) {
        return Some(0);
    }
    shape.iter().try_fold(1usize, |product, &n| product.checked_mul(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_states_the_size_in_its_last_digit() {
        for dtype in Dtype::ALL {
            assert!(dtype.descr().ends_with(&dtype.size().to_string()));
            assert_eq!(Dtype::parse(dtype.descr()), Some((dtype, false)));
        }
    }

    #[test]
    fn byte_order_is_part_of_the_name() {
        assert_eq!(Dtype::parse(">u2"), Some((U16, true)));
        assert_eq!(Dtype::parse("|f8"), None, "eight bytes have an order to state");
        for other in ["", "<", "é4", "<f2", "|O", "<U5", "<c8", "<M8[ns]"] {
            assert_eq!(Dtype::parse(other), None, "{other}");
        }
    }

    #[test]
    fn decoding_follows_the_byte_order() {
        let mut out = Vec::new();
        U16.decode(true, &[1, 2], &mut out);
        U16.decode(false, &[1, 2], &mut out);
        I8.decode(false, &[0xff], &mut out);
        Bool.decode(false, &[0, 7], &mut out);
        F32.decode(true, &[0xc2, 0x82, 0, 0], &mut out);
        assert_eq!(out, [258.0, 513.0, -1.0, 0.0, 1.0, -65.0]);
    }
}
