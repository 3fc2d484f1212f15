//! Neuron models: nanoseconds per neuron and iteration, at rest or firing as their defaults make them. The bare loop reads
//! and writes as many columns as the model has, and reads the input: what the state alone costs, in the same cache.

use cortecs::{network::Input, numeric::dispatch, prelude::*};

use crate::common::{least, timed};

const NEURONS: usize = 10_000;
const ITERATIONS: u64 = 200;
const ROUNDS: usize = 25;

/// Prints the table.
pub fn report() {
    println!("| model | ns per neuron | bare state | ratio |\n|---|--:|--:|--:|");
    line("Izhikevich", Izhikevich::default(), 2);
    line("Izhikevich, two steps of v", Izhikevich { v_steps: 2, ..default() }, 2);
    line("Izhikevich, a of each neuron", Izhikevich { a: "0.02 + 0 * i".into(), ..default() }, 2);
    line("Lif", Lif::default(), 2);
    line("Lif, threshold of each neuron", Lif { threshold: "-50 + 0 * i".into(), ..default() }, 2);
    line("Izhikevich2007", Izhikevich2007::default(), 2);
    line("ExponentialIf", ExponentialIf::default(), 2);
    line("AdEx", AdEx::default(), 3);
    line("FitzHughNagumo", FitzHughNagumo::default(), 2);
    line("HodgkinHuxley", HodgkinHuxley::default(), 4);
    line("TraubMiles", TraubMiles::default(), 4);
    line("RateUnit", RateUnit::default(), 1);
    line("PoissonNeurons", PoissonNeurons::default(), 0);
    println!();
}

fn line(name: &str, model: impl Bundle, columns: usize) {
    let mut bench = Bench::new().with_dt(0.1);
    bench.group("cells", NEURONS, model);
    let mut idle = Bench::new().with_dt(0.1);
    idle.group("cells", NEURONS, (V::default(), Input::default(), Spikes::default()));
    let mut state = vec![vec![0.5; NEURONS]; columns];
    let (input, mut fired) = (vec![0.25; NEURONS], vec![0_u8; NEURONS]);
    let mut bare = || {
        dispatch(
            #[inline(always)]
            || {
                for column in &mut state {
                    column.iter_mut().zip(&input).for_each(|(state, input)| *state += input);
                }
                fired.iter_mut().zip(&input).for_each(|(fired, input): (_, &Real)| *fired = u8::from(*input > 1.0));
            },
        );
        // The marks of an iteration are seen by the next.
        std::hint::black_box((&mut state, &mut fired));
    };
    let [own, idle, bare] = least(
        ROUNDS,
        [&mut || timed(|| bench.ticks(ITERATIONS)), &mut || timed(|| idle.ticks(ITERATIONS)), &mut || {
            timed(|| (0..ITERATIONS).for_each(|_| bare()))
        }],
    );
    let [own, bare] = [own - idle, bare].map(|seconds| seconds * 1e9 / (NEURONS as u64 * ITERATIONS) as f64);
    println!("| {name} | {own:.2} | {bare:.2} | {:.1} |", own / bare);
}
