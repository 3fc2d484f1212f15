//! Marks of neurons, a byte each, and the list of those that are marked.

use crate::numeric::dispatch;

/// Marks that are looked at in one go, since mostly none of them is set.
const AT_ONCE: usize = 64;

/// Adds the places of the `marks` that are 1 (the others are 0) to `places`, ascending.
pub fn list(marks: &[u8], places: &mut Vec<u32>) {
    dispatch(
        #[inline(always)]
        || list_all(marks, places),
    );
}

#[inline(always)]
fn list_all(marks: &[u8], places: &mut Vec<u32>) {
    let (whole, rest) = marks.as_chunks::<AT_ONCE>();
    let mut last = [0; AT_ONCE];
    last[..rest.len()].copy_from_slice(rest);
    for (first, marks) in (0_u32..).step_by(AT_ONCE).zip(whole.iter().chain([&last])) {
        let (words, _) = marks.as_chunks::<8>();
        if words.iter().fold(0, |any, word| any | u64::from_ne_bytes(*word)) != 0 {
            list_some(first, words, places);
        }
    }
}

/// The marks of eight words, of which one at least is set.
///
/// As many bits as marks, and a loop over the set ones: a loop over the words would go wrong at the end of each that has
/// any, which costs a processor more than all the rest.
#[inline(always)]
fn list_some(first: u32, words: &[[u8; 8]], places: &mut Vec<u32>) {
    let mut bits = 0;
    for (k, word) in words.iter().enumerate() {
        // The lowest bits of the eight bytes, moved side by side into the highest byte; no two products meet in a bit.
        let byte = u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= byte << (8 * k);
    }
    while bits != 0 {
        places.push(first + bits.trailing_zeros());
        bits &= bits - 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against a plain filter, for any marks.
        #[test]
        fn the_marked_are_listed_in_order(marks in prop::collection::vec(0..=1_u8, 0..300), sparse in any::<bool>()) {
            let marks: Vec<u8> = marks.iter().enumerate().map(|(i, m)| if sparse { m * u8::from(i % 23 == 0) } else { *m }).collect();
            let mut places = vec![7];
            list(&marks, &mut places);
            let expected = marks.iter().zip(0..).filter(|(mark, _)| **mark == 1).map(|(_, place)| place);
            prop_assert_eq!(places, [7].into_iter().chain(expected).collect::<Vec<u32>>());
        }
    }
}
