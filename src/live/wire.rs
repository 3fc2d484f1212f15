//! Frames and commands as bytes: values of whole groups in levels, messages with their length.

use std::io::{self, Read, Write};

use serde::{Serialize, de::DeserializeOwned};

/// Values as the least, the greatest, and one of 254 levels between them for each; 255 is no number.
pub(super) mod levels {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    const LEVELS: f32 = 254.0;
    const NO_NUMBER: u8 = u8::MAX;

    pub fn serialize<S: Serializer>(values: &[f32], to: S) -> Result<S::Ok, S::Error> {
        let finite = values.iter().copied().filter(|value| value.is_finite());
        let (least, most) = finite.fold((f32::MAX, f32::MIN), |(least, most), x| (least.min(x), most.max(x)));
        // Half of the range is finite, whatever the range is.
        let half = (most / 2.0 - least / 2.0).max(f32::MIN_POSITIVE);
        let level = |value: &f32| match value.is_finite() {
            true => ((value / 2.0 - least / 2.0) / half * LEVELS).round() as u8,
            false => NO_NUMBER,
        };
        (least, most, values.iter().map(level).collect::<Vec<u8>>()).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f32>, D::Error> {
        let (least, most, levels) = <(f32, f32, Vec<u8>)>::deserialize(from)?;
        let value = |level: u8| match level {
            NO_NUMBER => f32::NAN,
            level => {
                let part = f32::from(level) / LEVELS;
                least * (1.0 - part) + most * part
            }
        };
        Ok(levels.into_iter().map(value).collect())
    }
}

/// Writes a message with its length.
pub(super) fn write(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let bytes = postcard::to_allocvec(message).map_err(io::Error::other)?;
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(&bytes)?;
    to.flush()
}

/// Reads a message of at most so many bytes.
pub(super) fn read<T: DeserializeOwned>(from: &mut impl Read, most: u32) -> io::Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length > most {
        return Err(io::Error::other(format!("a message of {length} bytes, of which {most} would be the most")));
    }
    // As much memory as there are bytes, whatever the length says.
    let mut bytes = Vec::new();
    if from.take(u64::from(length)).read_to_end(&mut bytes)? < length as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    postcard::from_bytes(&bytes).map_err(io::Error::other)
}
