//! Inputs: changed copies of those in the corpus, and scenes made of what the registry knows.

use proptest::{collection::vec, prelude::*, strategy::BoxedStrategy};

use crate::{corpus, scenes, targets::Target};

/// One change of an input.
#[derive(Debug, Clone)]
enum Change {
    Bit(usize, u8),
    Byte(usize, u8),
    Cut(usize, usize),
    Piece(usize, usize),
    /// A whole number of so many bytes, in either order.
    Number(usize, u64, usize, bool),
    /// So many bytes again, so many times.
    Repeat(usize, usize, usize),
    /// A part of another input.
    Part(usize, usize, usize, usize),
    End(usize),
}

/// Numbers at the edges of what numbers can be.
const NUMBERS: [u64; 12] = [
    0,
    1,
    0x7f,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    u64::MAX,
];

/// The longest input that is made (bytes): long enough for every limit but that of a scene's length.
const LONGEST: usize = 1 << 18;

fn change() -> impl Strategy<Value = Change> {
    let at = || any::<prop::sample::Index>().prop_map(|at| at.index(1 << 20));
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, bit)| Change::Bit(at, bit % 8)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        (at(), 0..40_usize).prop_map(|(at, length)| Change::Cut(at, length)),
        (at(), any::<u16>()).prop_map(|(at, piece)| Change::Piece(at, piece.into())),
        (at(), any::<u16>()).prop_map(|(at, piece)| Change::Piece(at, piece.into())),
        (at(), prop::sample::select(&NUMBERS[..]), prop::sample::select(&[1, 2, 4, 8][..]), any::<bool>())
            .prop_map(|(at, number, bytes, big)| Change::Number(at, number, bytes, big)),
        (at(), 1..200_usize, prop::sample::select(&[2, 3, 60, 70, 1000, 70_000][..]))
            .prop_map(|(at, length, times)| Change::Repeat(at, length, times)),
        (at(), any::<u16>(), at(), 1..300_usize).prop_map(|(at, other, from, length)| Change::Part(
            at,
            other.into(),
            from,
            length
        )),
        at().prop_map(Change::End),
    ]
}

fn changed(mut input: Vec<u8>, changes: &[Change], corpus: &[Vec<u8>], pieces: &[&[u8]]) -> Vec<u8> {
    for change in changes {
        let within = |at: usize| at % (input.len() + 1);
        match *change {
            Change::Bit(at, bit) => {
                let at = within(at);
                input.get_mut(at).into_iter().for_each(|byte| *byte ^= 1 << bit);
            }
            Change::Byte(at, new) => {
                let at = within(at);
                input.get_mut(at).into_iter().for_each(|byte| *byte = new);
            }
            Change::Cut(at, length) => {
                let at = within(at);
                let end = (at + length).min(input.len());
                input.drain(at..end);
            }
            Change::Piece(at, piece) => {
                let at = within(at);
                let piece = pieces.get(piece % pieces.len().max(1)).copied().unwrap_or_default();
                input.splice(at..at, piece.iter().copied());
            }
            Change::Number(at, number, bytes, big) => {
                let at = within(at);
                let (little, reversed) = (number.to_le_bytes(), number.to_be_bytes());
                let new = if big { &reversed[8 - bytes..] } else { &little[..bytes] };
                input[at..].iter_mut().zip(new).for_each(|(old, new)| *old = *new);
            }
            Change::Repeat(at, length, times) => {
                let at = within(at);
                let end = (at + length).min(input.len());
                let part = input[at..end].repeat(times.min(LONGEST / length));
                input.splice(at..at, part);
            }
            Change::Part(at, other, from, length) => {
                let at = within(at);
                let other = &corpus[other % corpus.len()];
                let from = from % (other.len() + 1);
                let part = &other[from..(from + length).min(other.len())];
                input.splice(at..at, part.iter().copied());
            }
            Change::End(at) => {
                let at = within(at);
                input.truncate(at);
            }
        }
        input.truncate(LONGEST);
    }
    input
}

/// The inputs of a target.
pub fn inputs(target: &'static Target) -> BoxedStrategy<Vec<u8>> {
    let corpus = corpus::of(target);
    let changes = (any::<u16>(), vec(change(), 1..7)).prop_map(move |(first, changes)| {
        let first = corpus[usize::from(first) % corpus.len()].clone();
        changed(first, &changes, &corpus, target.pieces)
    });
    if target.name != "scene" {
        return changes.boxed();
    }
    let known = scenes::Known::new();
    let made = vec(any::<u16>(), 0..500).prop_map(move |numbers| known.scene(&numbers).into_bytes());
    prop_oneof![changes, made].boxed()
}
