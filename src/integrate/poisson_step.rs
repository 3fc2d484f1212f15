//! A step of Poisson neurons: those that fire are found by a number for each of them, or where few can fire by walking from one to
//! the next.
//!
//! ```text
//! p = expected · factor · max(0, 1 + of_sin sin + of_cos cos)  [+ of_input · input, 0 at least]
//! ```
//! A walk goes by the greatest p of the block, and leaves out what it meets with probability 1 − p/greatest (thinning: P. Lewis & G.
//! Shedler, Naval Res. Logist. Q. 26:403, 1979), and whoever is refractory.

use crate::{
    cell,
    network::CellsOf,
    numeric::{
        Real,
        skips::{self, events},
        vector_rng::{LANES, VectorRng},
    },
};

cell! {
    /// What differs between neurons.
    pub(super) struct Parts {
        /// Spikes expected in a step.
        pub expected: Real,
        /// The shares of sine and cosine in their modulation.
        pub of_sin: Real,
        pub of_cos: Real,
        /// What a unit of the input adds.
        pub of_input: Real,
    }
}

/// What is the same for all neurons in an iteration.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub factor: Real,
    pub sin: Real,
    pub cos: Real,
    /// Iterations after that of a spike in which there is none.
    pub pause: Real,
}

/// Fired, pause, and the input if it makes the rate.
type Columns<'a> = (&'a mut [u8], &'a mut [Real], &'a [Real]);

/// One step, for the parts that there are.
#[inline(always)]
pub(super) fn step<const DRIVEN: bool>(
    columns: Columns<'_>,
    parts: CellsOf<'_, Parts>,
    lanes: &mut VectorRng,
    moment: Moment,
) {
    match parts {
        CellsOf::Alike(Parts { expected, of_sin, of_cos, of_input }) => {
            let parts = [expected, of_sin, of_cos, of_input].map(|share| [share; LANES]);
            step_of::<DRIVEN>(columns, !DRIVEN, |_| parts, lanes, moment);
        }
        CellsOf::Each(each) => {
            let each = [0, 1, 2, 3].map(|k| each.column(k)).map(|column| (column.as_chunks().0, last_lanes(column)));
            let parts = |k: usize| each.map(|(whole, last)| *whole.get(k).unwrap_or(&last));
            step_of::<DRIVEN>(columns, false, parts, lanes, moment);
        }
    }
}

/// One step of the neurons of `fired`, which are `alike` or not; `parts` gives those of the k-th lanes.
#[inline(always)]
fn step_of<const DRIVEN: bool>(
    (fired, pause, input): Columns<'_>,
    alike: bool,
    parts: impl Fn(usize) -> [[Real; LANES]; 4],
    lanes: &mut VectorRng,
    moment: Moment,
) {
    let (input, last_input) = (input.as_chunks().0, last_lanes(input));
    let chances = |k: usize| {
        let input = if DRIVEN { *input.get(k).unwrap_or(&last_input) } else { [0.0; LANES] };
        chances::<DRIVEN>(parts(k), input, moment)
    };
    let greatest = greatest(if alike { 1 } else { fired.len().div_ceil(LANES) }, chances);
    if skips::pays(fired.len(), greatest) {
        walk((fired, pause), (alike, greatest), chances, lanes, moment);
    } else {
        draw((fired, pause), chances, lanes, moment);
    }
}

/// The greatest of so many chances.
#[inline(always)]
fn greatest(lanes: usize, chances: impl Fn(usize) -> [Real; LANES]) -> Real {
    let mut most = [0.0; LANES];
    for k in 0..lanes {
        // Lane by lane: one number at the end of a chain of comparisons would wait for each of them.
        for (most, chance) in most.iter_mut().zip(chances(k)) {
            *most = if chance > *most { chance } else { *most };
        }
    }
    most.into_iter().fold(0.0, Real::max)
}

/// From one neuron that may fire to the next.
#[inline(always)]
fn walk(
    (fired, pause): (&mut [u8], &mut [Real]),
    (alike, greatest): (bool, Real),
    chances: impl Fn(usize) -> [Real; LANES],
    lanes: &mut VectorRng,
    moment: Moment,
) {
    fired.fill(0);
    events(lanes, fired.len(), greatest, &mut |i, thin| {
        let stays = alike || thin * greatest < chances(i / LANES)[i % LANES];
        if let (Some(fired), Some(pause)) = (fired.get_mut(i), pause.get_mut(i))
            && stays
            && *pause <= 0.0
        {
            *fired = 1;
            // A step more, of which the pass below takes one.
            *pause = moment.pause + 1.0;
        }
    });
    pause.iter_mut().for_each(|pause| *pause = if *pause > 0.0 { *pause - 1.0 } else { 0.0 });
}

/// A number for each neuron.
#[inline(always)]
fn draw(
    (fired, pause): (&mut [u8], &mut [Real]),
    chances: impl Fn(usize) -> [Real; LANES],
    lanes: &mut VectorRng,
    moment: Moment,
) {
    let mut own = lanes.clone();
    let mut left = last_lanes(pause);
    let (fired, last_fired) = fired.as_chunks_mut::<LANES>();
    let (pause, last_pause) = pause.as_chunks_mut::<LANES>();
    let whole = fired.len();
    for (k, (fired, pause)) in fired.iter_mut().zip(pause).enumerate() {
        *fired = draw_lanes(own.next_words(), chances(k), pause, moment);
    }
    if !last_fired.is_empty() {
        let marks = draw_lanes(own.next_words(), chances(whole), &mut left, moment);
        last_fired.iter_mut().zip(marks).for_each(|(fired, mark)| *fired = mark);
        last_pause.iter_mut().zip(left).for_each(|(pause, left)| *pause = left);
    }
    *lanes = own;
}

/// What a column has behind its last whole lanes; zeros beyond its end.
#[inline(always)]
fn last_lanes(column: &[Real]) -> [Real; LANES] {
    let mut numbers = [0.0; LANES];
    numbers.iter_mut().zip(column.as_chunks::<LANES>().1).for_each(|(number, given)| *number = *given);
    numbers
}

/// The probability that each fires in the step, if it is not refractory.
///
/// Arrays of a length that is known when this is compiled: 0.5 ns a neuron, 1.1 where rates differ, instead of 7.
#[inline(always)]
fn chances<const DRIVEN: bool>(
    [expected, of_sin, of_cos, of_input]: [[Real; LANES]; 4],
    input: [Real; LANES],
    moment: Moment,
) -> [Real; LANES] {
    let mut chances = [0.0; LANES];
    for lane in 0..LANES {
        let wave = 1.0 + of_sin[lane] * moment.sin + of_cos[lane] * moment.cos;
        let wave = if wave > 0.0 { wave } else { 0.0 };
        let mut events = expected[lane] * moment.factor * wave;
        if DRIVEN {
            let driven = events + of_input[lane] * input[lane];
            events = if driven > 0.0 { driven } else { 0.0 };
        }
        chances[lane] = events;
    }
    chances
}

#[inline(always)]
fn draw_lanes(words: [u32; LANES], chances: [Real; LANES], pause: &mut [Real; LANES], moment: Moment) -> [u8; LANES] {
    let mut marks = [0; LANES];
    for lane in 0..LANES {
        // All 32 bits, so that a small probability is met as well as a large one.
        let number = words[lane] as Real * (1.0 / 4_294_967_296.0);
        // A number is 1 where the word is rounded up.
        let fires = (number < chances[lane] || chances[lane] >= 1.0) && pause[lane] <= 0.0;
        let left = if pause[lane] > 0.0 { pause[lane] - 1.0 } else { 0.0 };
        marks[lane] = u8::from(fires);
        pause[lane] = if fires { moment.pause } else { left };
    }
    marks
}
