//! What a noise is: the distribution of its numbers, and what a neuron makes of one. Random streams, one per block of neurons,
//! last as long as the behaviour; one system drives them all.

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::prelude::*;

use crate::{
    network::{Behaviour, Birth, Cell, Cells, CellsOf, Clock, Input, Preparation, Step, ThreadShares},
    numeric::{
        Real,
        blocks::{BLOCK, PerBlock},
        dispatch, normal,
        pass::pass,
        shares::Effort,
        vector_rng::{LANES, VectorRng},
    },
    schedule::{AddToStage, Stage},
};

/// The random streams of a noise, one per block of neurons; their state advances with every iteration.
#[derive(Clone, Debug, Default, Reflect)]
#[reflect(opaque, Clone, Debug, Default)]
pub struct Streams(pub(super) Vec<VectorRng>);

impl Streams {
    /// Starts the streams, unless they run already: a noise that is switched on again goes on where it stopped.
    pub fn start(&mut self, preparation: &Preparation<'_>) {
        let blocks = preparation.shape().iter().product::<usize>().div_ceil(BLOCK);
        if !preparation.is_trial() && self.0.len() != blocks {
            self.0 = VectorRng::for_blocks(preparation.stream("noise"), blocks);
        }
    }
}

/// Random numbers that are drawn together.
pub const DRAWN: usize = 2 * LANES;

/// The distribution of the numbers of a noise.
pub trait Distribution: 'static {
    /// What drawing them costs.
    const EFFORT: Effort;

    /// The next numbers of a stream, of which so many are wanted.
    fn draw(stream: &mut VectorRng, wanted: usize) -> [Real; DRAWN];
}

/// Uniform on [0, 1).
pub struct Uniform;

impl Distribution for Uniform {
    const EFFORT: Effort = Effort::Light;

    #[inline(always)]
    fn draw(stream: &mut VectorRng, wanted: usize) -> [Real; DRAWN] {
        let mut numbers = [[0.0; LANES]; 2];
        numbers[0] = stream.next_uniforms();
        if wanted > LANES {
            numbers[1] = stream.next_uniforms();
        }
        flat(numbers)
    }
}

/// Standard normal.
pub struct Normal;

impl Distribution for Normal {
    const EFFORT: Effort = Effort::Heavy;

    #[inline(always)]
    fn draw(stream: &mut VectorRng, _: usize) -> [Real; DRAWN] {
        flat(normal::next_pair(stream))
    }
}

#[inline(always)]
fn flat(pair: [[Real; LANES]; 2]) -> [Real; DRAWN] {
    let mut all = [0.0; DRAWN];
    all[..LANES].copy_from_slice(&pair[0]);
    all[LANES..].copy_from_slice(&pair[1]);
    all
}

/// A behaviour that adds an independent random number to the input of each neuron in every iteration.
///
/// Its [`plugin`](Behaviour::plugin) is [`add_noise`](AddNoise::add_noise); it starts its streams when it is prepared, and keeps
/// them.
pub trait Noise: Behaviour {
    /// Of its numbers: [`Uniform`] or [`Normal`].
    type Distribution: Distribution;

    /// The constants of a neuron: a [`cell!`](crate::cell).
    type Cell: Cell;

    /// Its streams.
    fn streams(&mut self) -> &mut Streams;

    /// The constants of neuron `i`.
    fn cell(&self, i: usize, step: Step) -> Self::Cell;

    /// Whether it is there in the iteration that the clock stands at.
    fn is_on(&self, clock: &Clock) -> bool;

    /// What a neuron makes of a number.
    fn noise(cell: Self::Cell, number: Real) -> Real;
}

/// Adds noises.
pub trait AddNoise {
    /// For the [`plugin`](Behaviour::plugin) of a noise: its system, in the input stage.
    fn add_noise<N: Noise>(&mut self) -> &mut Self;
}

impl AddNoise for App {
    fn add_noise<N: Noise>(&mut self) -> &mut Self {
        self.add_behaviour_system::<N, _>(Stage::Input, add_to_input::<N>)
    }
}

type Group<'w, N> = (&'w mut N, &'w mut Input, &'w mut Cells, &'w ThreadShares, Option<&'w Birth>);

fn add_to_input<N: Noise>(mut groups: Query<Group<'_, N>>, clock: Res<Clock>) {
    pass(|pass| {
        for (noise, input, cells, ThreadShares(shares), birth) in &mut groups {
            let (changed, step, neurons) = (noise.is_changed(), Step::of(&clock, 1), input.0.len());
            let cells = cells.into_inner().of(&*noise, changed, (step, neurons), |i| noise.cell(i, step));
            if !noise.is_on(&clock.since(birth)) {
                continue;
            }
            let streams = PerBlock(&mut noise.into_inner().streams().0[..]);
            let columns = (&mut input.into_inner().0[..], cells, streams);
            pass.by_blocks(N::Distribution::EFFORT, shares, neurons, columns, |(input, cells, streams)| {
                let Some(stream) = streams.0.first_mut() else { return };
                dispatch(
                    #[inline(always)]
                    || match cells {
                        CellsOf::Alike(cell) => add::<N, _>(
                            input,
                            stream,
                            #[inline(always)]
                            |_, _| move |_| cell,
                        ),
                        CellsOf::Each(each) => add::<N, _>(
                            input,
                            stream,
                            #[inline(always)]
                            |first, number| N::Cell::read(each.part(first, number), 0),
                        ),
                    },
                );
            });
        }
    });
}

/// Adds to all; `cells` gives the constants of so many neurons from one on.
#[inline(always)]
fn add<N: Noise, C: Fn(usize) -> N::Cell>(
    input: &mut [Real],
    stream: &mut VectorRng,
    cells: impl Fn(usize, usize) -> C,
) {
    // A copy on the stack stays in registers; the one behind the reference would be stored after every draw.
    let mut own = stream.clone();
    let whole = input.len() / DRAWN * DRAWN;
    // Chunks of a length that is known when this is compiled: 0.3 ns a neuron instead of 2.
    let (chunks, rest) = input.as_chunks_mut::<DRAWN>();
    for (first, chunk) in (0..).step_by(DRAWN).zip(chunks) {
        let (numbers, cell) = (N::Distribution::draw(&mut own, DRAWN), cells(first, DRAWN));
        for lane in 0..DRAWN {
            chunk[lane] += N::noise(cell(lane), numbers[lane]);
        }
    }
    if !rest.is_empty() {
        let (numbers, cell) = (N::Distribution::draw(&mut own, rest.len()), cells(whole, rest.len()));
        for (lane, (input, number)) in rest.iter_mut().zip(numbers).enumerate() {
            *input += N::noise(cell(lane), number);
        }
    }
    *stream = own;
}
