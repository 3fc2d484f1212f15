//! Pictures: the grey values of a PNG file.
//!
//! Colours become grey by the weights of ITU-R BT.709 of the numbers as they stand in the file; what is transparent lies on
//! black.

use std::{io::BufReader, path::Path};

use crate::numeric::{Real, real::real};

/// The grey values of a picture of a known shape, row by row.
///
/// # Errors
/// A text that says what is wrong with the file.
pub(crate) fn grey_values(path: &Path, [width, height, depth]: [usize; 3]) -> Result<Vec<Real>, String> {
    let file = super::open(path).map_err(|error| error.to_string())?;
    let length = file.metadata().map_err(|error| error.to_string())?.len();
    let mut decoder = png::Decoder::new(BufReader::new(file));
    // Palettes and few bits become 8 bits a channel.
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(|error| error.to_string())?;
    let (columns, rows) = reader.info().size();
    if (columns as usize, rows as usize, 1) != (width, height, depth) {
        let grid = if depth == 1 { format!("{width} × {height}") } else { format!("{width} × {height} × {depth}") };
        return Err(format!("the picture has {columns} × {rows} pixels, the group {grid} neurons"));
    }
    let mut bytes = room(reader.output_buffer_size(), length)?;
    let frame = reader.next_frame(&mut bytes).map_err(|error| error.to_string())?;
    let sixteen = frame.bit_depth == png::BitDepth::Sixteen;
    let sample = |bytes: &[u8]| match *bytes {
        [high, low] => f64::from(u16::from_be_bytes([high, low])) / 65_535.0,
        [byte] => f64::from(byte) / 255.0,
        _ => 0.0,
    };
    let each = if sixteen { 2 } else { 1 };
    let mut samples = [0.0; 4];
    let mut pixel = |bytes: &[u8]| {
        let channels = bytes.chunks(each).map(sample).zip(&mut samples).map(|(value, sample)| *sample = value).count();
        real(grey(&samples[..channels]))
    };
    Ok(bytes.chunks_exact(each * frame.color_type.samples()).map(&mut pixel).collect())
}

/// Room for the bytes of a picture whose file has so many, if both fit: a header may promise a size that no memory holds.
fn room(promised: Option<usize>, length: u64) -> Result<Vec<u8>, String> {
    let bytes = promised.ok_or("too large")?;
    // No file is compressed more than 1032 times by deflate; one bit may become a byte, or a colour of three of a palette.
    if bytes as u64 > length.saturating_mul(1032 * 8 * 4) {
        return Err("the file is too short for so many pixels".into());
    }
    let mut room = Vec::new();
    // As much again for the grey values.
    let fits = super::fits_memory(bytes as u64 * (1 + size_of::<Real>() as u64));
    if !fits || room.try_reserve_exact(bytes).is_err() {
        return Err("no memory holds so many pixels".into());
    }
    room.resize(bytes, 0);
    Ok(room)
}

/// The grey value of a pixel of one to four channels.
fn grey(pixel: &[f64]) -> f64 {
    let of_colour = |r: f64, g: f64, b: f64| 0.2126 * r + 0.7152 * g + 0.0722 * b;
    match *pixel {
        [grey] => grey,
        [grey, alpha] => grey * alpha,
        [r, g, b] => of_colour(r, g, b),
        [r, g, b, alpha] => of_colour(r, g, b) * alpha,
        _ => 0.0,
    }
}
