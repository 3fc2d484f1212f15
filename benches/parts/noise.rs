//! Noise: nanoseconds per neuron and iteration. The bare loop draws the same numbers in vector lanes and adds them to an
//! array of the same size.

use cortecs::{
    network::Input,
    numeric::{
        dispatch,
        normal::next_pair,
        poisson::Counts,
        stream::Stream,
        vector_rng::{LANES, VectorRng},
    },
    prelude::*,
};

use crate::common::{least, timed};

const NEURONS: usize = 10_000;
const ITERATIONS: u64 = 300;
const ROUNDS: usize = 20;

/// Prints the table.
pub fn report() {
    println!("| noise | ns per neuron | bare | ratio |\n|---|--:|--:|--:|");
    line("UniformNoise", UniformNoise::default(), &Uniform);
    line("NormalNoise", NormalNoise::default(), &Normal);
    line("OrnsteinUhlenbeck", OrnsteinUhlenbeck::default(), &Normal);
    for mean in [0.1, 1.28, 12.0] {
        let input = |each: &str| PoissonInput { rate: format!("{}{each}", 1000.0 * mean).as_str().into(), ..default() };
        let counts = Poisson(Counts::new(mean));
        line(&format!("PoissonInput, mean {mean}"), input(""), &counts);
        line(&format!("PoissonInput, means near {mean}, one for each neuron"), input(" + 0 * i"), &counts);
    }
    println!();
}

/// Adds `N` numbers. A trait and no closure, as a closure is compiled by itself, for the least instruction set, before it
/// is inlined into what is compiled for a better one: two to three times as slow.
trait Draw<const N: usize> {
    fn draw(&self, lanes: &mut VectorRng, sums: &mut [Real; N]);
}

struct Uniform;

impl Draw<LANES> for Uniform {
    #[inline(always)]
    fn draw(&self, lanes: &mut VectorRng, sums: &mut [Real; LANES]) {
        add(sums, &lanes.next_uniforms());
    }
}

struct Normal;

impl Draw<{ 2 * LANES }> for Normal {
    #[inline(always)]
    fn draw(&self, lanes: &mut VectorRng, sums: &mut [Real; 2 * LANES]) {
        let [first, second] = next_pair(lanes);
        for lane in 0..LANES {
            sums[lane] += first[lane];
            sums[LANES + lane] += second[lane];
        }
    }
}

struct Poisson(Counts);

impl Draw<LANES> for Poisson {
    #[inline(always)]
    fn draw(&self, lanes: &mut VectorRng, sums: &mut [Real; LANES]) {
        add(sums, &self.0.next(lanes));
    }
}

#[inline(always)]
fn add(sums: &mut [Real; LANES], numbers: &[Real; LANES]) {
    for lane in 0..LANES {
        sums[lane] += numbers[lane];
    }
}

#[inline(always)]
fn add_all<const N: usize>(sums: &mut [Real], lanes: &mut VectorRng, draw: &impl Draw<N>) {
    let mut own = lanes.clone();
    for sums in sums.as_chunks_mut::<N>().0 {
        draw.draw(&mut own, sums);
    }
    *lanes = own;
}

/// A behaviour against a loop that adds `N` numbers at a time.
fn line<const N: usize>(name: &str, noise: impl Bundle, draw: &impl Draw<N>) {
    let mut bench = Bench::new();
    bench.group("cells", NEURONS, (Input::default(), noise));
    let mut idle = Bench::new();
    idle.group("cells", NEURONS, Input::default());
    let mut sums = vec![0.0; NEURONS];
    let mut lanes = VectorRng::new(Stream::new(1, &["bench"]), 0);
    let mut bare = || {
        dispatch(
            #[inline(always)]
            || add_all(&mut sums, &mut lanes, draw),
        );
    };
    let [own, idle, bare] = least(
        ROUNDS,
        [&mut || timed(|| bench.ticks(ITERATIONS)), &mut || timed(|| idle.ticks(ITERATIONS)), &mut || {
            timed(|| (0..ITERATIONS).for_each(|_| bare()))
        }],
    );
    let [own, bare] = [own - idle, bare].map(|seconds| seconds * 1e9 / (NEURONS as u64 * ITERATIONS) as f64);
    println!("| {name} | {own:.2} | {bare:.2} | {:.2} |", own / bare);
}
