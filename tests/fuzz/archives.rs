//! Archives of sparse matrices that break their format by structure: a pointer that is off, an array that is too short. Bytes
//! that are changed at random hardly ever get past the checksum of an archive.

use std::{fs, io::Write, path::Path};

use rawzip::{CompressionMethod, ZipArchiveWriter};

use crate::choices::Choices;

const ROWS: usize = 3;
const COLUMNS: usize = 4;

/// Numbers that are odd at some place or other.
const ODD: [f64; 11] = [-1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 0.5, f64::NAN, 4_294_967_296.0, 1.9e19];

/// An array: its name, shape and numbers.
struct Named(&'static str, Vec<usize>, Vec<f64>);

impl Named {
    fn flat(name: &'static str, numbers: impl IntoIterator<Item = usize>) -> Self {
        let numbers: Vec<f64> = numbers.into_iter().map(|k| k as f64).collect();
        Self(name, vec![numbers.len()], numbers)
    }

    fn numbers(&self, end: usize) -> Option<Vec<usize>> {
        let whole = |&x: &f64| (x >= 0.0 && x.fract() == 0.0 && x < end as f64).then_some(x as usize);
        self.2.iter().map(whole).collect()
    }
}

/// The matrix of a file, whose arrays have the places 0 shape, 1 pointers or rows, 2 indices or columns, 3 data.
struct Matrix {
    format: &'static str,
    arrays: [Named; 4],
}

impl Matrix {
    /// A sound one.
    fn choose(choices: &mut Choices<'_>) -> Self {
        let format = choices.of(&["csr", "csc", "coo", "bsr"]);
        let (high, wide) = if format == "bsr" { (choices.below(2) * 2 + 1, 2) } else { (1, 1) };
        let by_columns = format == "csc";
        let (lines, length) = if by_columns { (COLUMNS, ROWS) } else { (ROWS / high, COLUMNS / wide) };
        let (mut ends, mut line_of, mut across) = (vec![0], vec![], vec![]);
        for line in 0..lines {
            for place in 0..length {
                if choices.below(2) == 1 {
                    line_of.push(line);
                    across.push(place);
                }
            }
            ends.push(across.len());
        }
        let shape = if format == "bsr" { vec![across.len(), high, wide] } else { vec![across.len()] };
        let data = (0..shape.iter().product()).map(|k: usize| 1.0 + k as f64).collect();
        let places = if format == "coo" {
            [Named::flat("row", line_of), Named::flat("col", across)]
        } else {
            [Named::flat("indptr", ends), Named::flat("indices", across)]
        };
        let [first, second] = places;
        Self { format, arrays: [Named::flat("shape", [ROWS, COLUMNS]), first, second, Named("data", shape, data)] }
    }

    /// Breaks it, or not.
    fn change(&mut self, choices: &mut Choices<'_>) {
        // Pointers most of the time, and the first of them as often as all others: they hold the most promises.
        let Named(_, shape, numbers) = &mut self.arrays[[1, 1, 1, 2, 2, 3, 0][choices.below(7)]];
        let at = if choices.below(2) == 0 { 0 } else { choices.below(numbers.len().max(1)) };
        match choices.below(8) {
            0 => numbers.iter_mut().skip(at).take(1).for_each(|number| *number += 1.0),
            1 => numbers.iter_mut().skip(at).take(1).for_each(|number| *number -= 1.0),
            2 => numbers.iter_mut().skip(at).take(1).for_each(|number| *number = ODD[choices.below(ODD.len())]),
            3 => numbers.insert(at, ODD[choices.below(ODD.len())]),
            4 => numbers.iter_mut().for_each(|number| *number += 1.0),
            5 => numbers.reverse(),
            6 => drop(numbers.pop()),
            _ => numbers.clear(),
        }
        if shape.len() == 1 {
            *shape = vec![numbers.len()];
        } else {
            // Whole blocks only: no file holds others.
            let block = shape[1] * shape[2];
            numbers.truncate(numbers.len() / block * block);
            shape[0] = numbers.len() / block;
        }
    }

    /// Whether SciPy's definition of the format gives a matrix of the shape that is asked for.
    fn is_sound(&self) -> bool {
        let [shape, first, second, Named(_, blocks, data)] = &self.arrays;
        let (high, wide) = if let [_, high, wide] = blocks[..] { (high, wide) } else { (1, 1) };
        let (lines, length) = if self.format == "csc" { (COLUMNS, ROWS) } else { (ROWS / high, COLUMNS / wide) };
        let fits = shape.numbers(usize::MAX) == Some(vec![ROWS, COLUMNS]);
        let finite = data.iter().all(|weight| weight.is_finite());
        let Some(across) = second.numbers(length) else { return false };
        let along = if self.format == "coo" {
            first.numbers(lines).is_some_and(|rows| rows.len() == across.len())
        } else {
            first.numbers(usize::MAX).is_some_and(|ends| {
                let spans = ends.len() == lines + 1 && ends[0] == 0 && ends[lines] == across.len();
                spans && ends.is_sorted()
            })
        };
        fits && finite && along && blocks[0] == across.len()
    }

    fn write(&self, path: &Path) {
        let mut bytes = Vec::new();
        let mut archive = ZipArchiveWriter::new(&mut bytes);
        let mut add = |name: &str, member: &[u8]| {
            let builder = archive.new_file(name).compression_method(CompressionMethod::STORE);
            let (mut entry, config) = builder.start().expect("a member");
            let mut writer = config.wrap(&mut entry);
            writer.write_all(member).expect("its bytes");
            let (_, descriptor) = writer.finish().expect("its end");
            entry.finish(descriptor).expect("its checksum");
        };
        for Named(name, shape, numbers) in &self.arrays {
            let axes: String = shape.iter().map(|axis| format!("{axis},")).collect();
            let data = numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
            add(&format!("{name}.npy"), &member("<f8", &axes, &data));
        }
        add("format.npy", &member("|S3", "", self.format.as_bytes()));
        archive.finish().expect("an archive");
        fs::write(path, bytes).expect("a file");
    }
}

/// An array file of NumPy's.
fn member(kind: &str, axes: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({axes}), }}\n");
    let length = u16::try_from(header.len()).expect("a short header").to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
}

/// Writes the archive that an input stands for, every byte a decision, and says whether it is sound.
pub fn write(input: &[u8], path: &Path) -> bool {
    let numbers: Vec<u16> = input.iter().map(|&byte| byte.into()).collect();
    let choices = &mut Choices::new(&numbers);
    let mut matrix = Matrix::choose(choices);
    (0..choices.below(4)).for_each(|_| matrix.change(choices));
    matrix.write(path);
    matrix.is_sound()
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    (0..40_u32)
        .map(|seed| (0..40_u32).map(|k| (seed * 40 + k).wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect())
        .collect()
}
