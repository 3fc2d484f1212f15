//! Neurons that fire at random, at a rate that is given and may change in time.
//!
//! ```text
//! λ(t) = rate · factor(t) · max(0, 1 + modulation · sin(2π frequency t + phase))
//! p = 1 − exp(−λ dt)       a spike in the step, if the refractory period is over
//! ```
//! At most one spike a step: the rate of spikes is p/dt, below λ by λ dt/2 of it. With a refractory period of n steps the
//! mean interval is (n − 1 + 1/p) dt, n ≥ 1. `factor` is 1 before the first of `times`, and `factors[k]` from `times[k]` on.

use std::f64::consts::TAU;

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::prelude::*;

use crate::{
    network::{
        Behaviour, Clock, Derived, Parameter, Parameters, Preparation, PrepareError, RegisterVariable, Spikes, Unit,
    },
    numeric::{
        Real,
        blocks::{BLOCK, PerBlock, in_heavy_blocks},
        dispatch, exp,
        lanes::{LANES, Lanes},
        real::real,
    },
    schedule::{AddToStage, Stage},
    variable,
};

variable! {
    /// Iterations for which a neuron cannot fire any more.
    pub struct Pause = "pause" in "";
}

/// Poisson neurons: independent spikes at a rate that is constant, changes in steps or oscillates.
#[derive(Component, Reflect, Clone, Debug)]
#[require(Spikes, Pause)]
pub struct PoissonNeurons {
    /// Firing rate.
    #[reflect(@Unit("Hz"))]
    pub rate: Parameter,
    /// When the rate changes, ascending; an iteration belongs to the time at which it starts.
    #[reflect(@Unit("ms"))]
    pub times: Vec<f64>,
    /// Factors on the rate, one for each of the times.
    pub factors: Vec<f64>,
    /// Depth of a sinusoidal modulation, as a part of the rate; above 1 the neurons rest in the troughs.
    pub modulation: Parameter,
    /// Frequency of the modulation.
    #[reflect(@Unit("Hz"))]
    pub frequency: f64,
    /// Phase of the modulation at time 0.
    #[reflect(@Unit("rad"))]
    pub phase: Parameter,
    /// Least interval between two spikes of a neuron.
    #[reflect(@Unit("ms"))]
    pub refractory: f64,
    /// The random numbers to come.
    #[reflect(ignore)]
    pub streams: Vec<Lanes>,
    /// Spikes expected in a step, and the shares of sine and cosine in their modulation.
    #[reflect(ignore)]
    pub shares: Derived<3>,
}

impl Default for PoissonNeurons {
    fn default() -> Self {
        Self {
            rate: 10.0.into(),
            times: Vec::new(),
            factors: Vec::new(),
            modulation: 0.0.into(),
            frequency: 0.0,
            phase: 0.0.into(),
            refractory: 0.0,
            streams: Vec::new(),
            shares: Derived::default(),
        }
    }
}

impl Behaviour for PoissonNeurons {
    fn plugin(app: &mut App) {
        app.register_variable::<Pause>().add_behaviour_system::<Self, _>(Stage::Integrate, fire);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        self.check_course().map_err(|(field, why)| preparation.error(Some(field), why))?;
        let blocks = preparation.shape().iter().product::<usize>().div_ceil(BLOCK);
        if !preparation.is_trial() && self.streams.len() != blocks {
            self.streams = Lanes::for_blocks(preparation.stream("spikes"), blocks);
        }
        Ok(())
    }

    fn complete(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        preparation.check("rate", &self.rate, |rate| rate >= 0.0, "zero or more")?;
        preparation.check("modulation", &self.modulation, |depth| depth >= 0.0, "zero or more")
    }
}

impl PoissonNeurons {
    fn check_course(&self) -> Result<(), (&'static str, String)> {
        let (times, factors) = (self.times.len(), self.factors.len());
        if times != factors {
            return Err(("factors", format!("{times} times and {factors} factors; there must be as many of both")));
        }
        if let Some(wrong) = self.factors.iter().find(|factor| !(factor.is_finite() && **factor >= 0.0)) {
            return Err(("factors", format!("must be finite and zero or more, not {wrong}")));
        }
        if let Some(wrong) = self.times.iter().find(|time| !time.is_finite()) {
            return Err(("times", format!("must be finite, not {wrong}")));
        }
        if let Some(pair) = self.times.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(("times", format!("times must ascend, but {} is followed by {}", pair[0], pair[1])));
        }
        for (field, number) in [("frequency", self.frequency), ("refractory", self.refractory)] {
            if !(number.is_finite() && number >= 0.0) {
                return Err((field, format!("must be finite and zero or more, not {number}")));
            }
        }
        Ok(())
    }

    /// The factor on the rate in the iteration that the clock stands at.
    fn factor(&self, clock: &Clock) -> f64 {
        let step = self.times.partition_point(|&begin| clock.is_within(begin, None));
        step.checked_sub(1).and_then(|step| self.factors.get(step)).copied().unwrap_or(1.0)
    }
}

/// What is the same for all neurons in an iteration.
#[derive(Clone, Copy)]
struct Moment {
    factor: Real,
    sin: Real,
    cos: Real,
    /// Iterations after that of a spike in which there is none.
    pause: Real,
}

fn fire(mut groups: Query<(&mut PoissonNeurons, &mut Spikes, &mut Pause)>, clock: Res<Clock>) {
    for (mut neurons, mut spikes, mut pause) in &mut groups {
        let changed = neurons.is_changed();
        let factor = neurons.factor(&clock);
        let PoissonNeurons { rate, modulation, frequency, phase, refractory, streams, shares, .. } =
            neurons.bypass_change_detection();
        let members = pause.0.len();
        if changed || !shares.holds(clock.dt, members) {
            shares.derive(clock.dt, members, [rate, modulation, phase], |[rate, modulation, phase]| {
                let (sin, cos) = libm::sincos(phase);
                [1e-3 * rate * clock.dt, modulation * cos, modulation * sin]
            });
        }
        let turns = 1e-3 * *frequency * clock.time();
        let (sin, cos) = libm::sincos(TAU * (turns - libm::floor(turns)));
        let steps = libm::rint(*refractory / clock.dt);
        let moment =
            Moment { factor: real(factor), sin: real(sin), cos: real(cos), pause: real((steps - 1.0).max(0.0)) };
        let columns = (spikes.fired_mut(), &mut pause.0[..], shares.get(), PerBlock(&mut streams[..]));
        in_heavy_blocks(members, columns, |(fired, pause, shares, streams)| {
            let Some(lanes) = streams.0.first_mut() else { return };
            dispatch(
                #[inline(always)]
                || match shares {
                    Parameters::Uniform(shares) => {
                        let shares = shares.map(|share| [share; LANES]);
                        draw(fired, pause, |_| shares, lanes, moment);
                    }
                    Parameters::Each(columns) => {
                        let columns = columns.map(|column| (column.as_chunks().0, last_lanes(column)));
                        let shares = |k: usize| columns.map(|(whole, last)| *whole.get(k).unwrap_or(&last));
                        draw(fired, pause, shares, lanes, moment);
                    }
                },
            );
        });
        spikes.collect();
    }
}

/// One step of the neurons of `fired`; `shares` gives those of the k-th lanes.
#[inline(always)]
fn draw(
    fired: &mut [u8],
    pause: &mut [Real],
    shares: impl Fn(usize) -> [[Real; LANES]; 3],
    lanes: &mut Lanes,
    moment: Moment,
) {
    let mut own = lanes.clone();
    let mut left = last_lanes(pause);
    let (fired, last_fired) = fired.as_chunks_mut::<LANES>();
    let (pause, last_pause) = pause.as_chunks_mut::<LANES>();
    let whole = fired.len();
    for (k, (fired, pause)) in fired.iter_mut().zip(pause).enumerate() {
        *fired = draw_lanes(own.next_words(), shares(k), pause, moment);
    }
    if !last_fired.is_empty() {
        let marks = draw_lanes(own.next_words(), shares(whole), &mut left, moment);
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

/// Arrays of a length that is known when this is compiled: 0.5 ns a neuron, 1.1 where rates differ, instead of 7.
#[inline(always)]
fn draw_lanes(
    words: [u32; LANES],
    [expected, of_sin, of_cos]: [[Real; LANES]; 3],
    pause: &mut [Real; LANES],
    moment: Moment,
) -> [u8; LANES] {
    let mut marks = [0; LANES];
    for lane in 0..LANES {
        let wave = 1.0 + of_sin[lane] * moment.sin + of_cos[lane] * moment.cos;
        let wave = if wave > 0.0 { wave } else { 0.0 };
        // All 32 bits, so that a small probability is met as well as a large one.
        let number = words[lane] as Real * (1.0 / 4_294_967_296.0);
        let fires = number < probability(expected[lane] * moment.factor * wave) && pause[lane] <= 0.0;
        let left = if pause[lane] > 0.0 { pause[lane] - 1.0 } else { 0.0 };
        marks[lane] = u8::from(fires);
        pause[lane] = if fires { moment.pause } else { left };
    }
    marks
}

/// 1 − e^{−x}; for small x the series, since the difference would cancel.
#[inline(always)]
fn probability(x: Real) -> Real {
    let series = x * (1.0 - x / 2.0 * (1.0 - x / 3.0 * (1.0 - x / 4.0 * (1.0 - x / 5.0 * (1.0 - x / 6.0)))));
    if x < 0.25 { series } else { 1.0 - exp(-x) }
}

#[cfg(test)]
mod tests {
    use super::{PoissonNeurons, probability};
    use crate::{
        numeric::real::{real, wide},
        prelude::*,
        value::Array,
    };

    /// Spikes of all neurons in `ticks` iterations.
    fn spikes(bench: &mut Bench, cells: Entity, ticks: u64) -> f64 {
        let before = bench.spike_count(cells);
        bench.ticks(ticks);
        (bench.spike_count(cells) - before) as f64
    }

    /// Of `trials` with probability `p` each, within five standard errors: one of 1.7 million tests fails.
    #[track_caller]
    fn assert_binomial(successes: f64, trials: f64, p: f64) {
        let sd = (trials * p * (1.0 - p)).sqrt();
        assert!((successes - trials * p).abs() < 5.0 * sd, "{successes}, expected {} ± {sd}", trials * p);
    }

    #[test]
    fn probabilities_are_those_of_at_least_one_event() {
        for x in [1e-9, 1e-4, 0.01, 0.2, 0.2499, 0.25, 1.0, 5.0, 50.0] {
            let found = wide(probability(real(x)));
            let exact = -(-wide(real(x))).exp_m1();
            assert!((found / exact - 1.0).abs() < 5e-7, "{x}: {found} {exact}");
        }
    }

    #[test]
    fn each_neuron_fires_at_its_rate() {
        let mut bench = Bench::new().with_dt(0.5);
        for (name, rate, hz) in [("slow", "8", 8.0), ("fast", "600", 600.0), ("each", "40 + 0 * i", 40.0)] {
            let cells = bench.group(name, 5000, PoissonNeurons { rate: rate.into(), ..default() });
            let p = -(-hz * 0.0005_f64).exp_m1();
            assert_binomial(spikes(&mut bench, cells, 200), 1e6, p);
        }
    }

    #[test]
    fn intervals_with_a_refractory_period_have_its_mean() {
        let mut bench = Bench::new();
        let neurons = PoissonNeurons { rate: 100.0.into(), refractory: 5.0, ..default() };
        let cells = bench.group("cells", 5000, neurons);
        bench.ticks(50);
        let p = -(-0.1_f64).exp_m1();
        let mean = 4.0 + 1.0 / p;
        let found = spikes(&mut bench, cells, 400);
        // Renewals: the variance of the count is n · var/mean³ of the intervals, which are geometric but for the pause.
        let expected = 5000.0 * 400.0 / mean;
        let sd = (5000.0 * 400.0 * (1.0 - p) / (p * p) / mean.powi(3)).sqrt();
        assert!((found - expected).abs() < 5.0 * sd, "{found}, expected {expected} ± {sd}");
        // No interval is shorter: a spike, and four steps without one.
        let mut last = vec![-100; 5000];
        for k in 0..100 {
            bench.tick();
            for i in bench.spikes(cells) {
                assert!(k - last[i as usize] >= 5);
                last[i as usize] = k;
            }
        }
    }

    #[test]
    fn the_rate_changes_in_steps() {
        let mut bench = Bench::new();
        let (times, factors) = (vec![20.0, 40.0], vec![0.0, 3.0]);
        let cells = bench.group("cells", 10_000, PoissonNeurons { rate: 50.0.into(), times, factors, ..default() });
        assert_binomial(spikes(&mut bench, cells, 20), 2e5, -(-0.05_f64).exp_m1());
        assert_eq!(spikes(&mut bench, cells, 20), 0.0);
        assert_binomial(spikes(&mut bench, cells, 20), 2e5, -(-0.15_f64).exp_m1());
    }

    #[test]
    fn the_rate_follows_its_sine_with_the_phase_of_each_neuron() {
        let mut bench = Bench::new();
        // The second half is half a turn ahead.
        let phases = (0..20_000).map(|i| if i < 10_000 { 0.0 } else { std::f64::consts::PI }).collect();
        let neurons = PoissonNeurons {
            rate: 40.0.into(),
            modulation: 1.5.into(),
            frequency: 25.0,
            phase: Array { shape: vec![20_000], data: phases }.into(),
            ..default()
        };
        let cells = bench.group("cells", 20_000, neurons);
        for k in 0..40 {
            bench.tick();
            let spikes = bench.spikes(cells);
            let first = spikes.iter().filter(|&&i| i < 10_000).count();
            for (count, sign) in [(first, 1.0), (spikes.len() - first, -1.0)] {
                let wave = 1.0 + sign * 1.5 * (std::f64::consts::TAU * 0.025 * f64::from(k)).sin();
                let p = -(-0.04 * wave.max(0.0)).exp_m1();
                assert_binomial(count as f64, 1e4, p.max(1e-12));
            }
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let mut bench = Bench::new();
        let mut error = |neurons: PoissonNeurons| bench.try_group("a", 2, neurons).unwrap_err();
        let wrong = error(PoissonNeurons { rate: "-i".into(), ..default() });
        assert_eq!(wrong, "a: PoissonNeurons.rate: must be zero or more; member 1 gets -1");
        let wrong = error(PoissonNeurons { times: vec![1.0], ..default() });
        assert_eq!(wrong, "a: PoissonNeurons.factors: 1 times and 0 factors; there must be as many of both");
        let wrong = error(PoissonNeurons { times: vec![2.0, 1.0], factors: vec![1.0, 1.0], ..default() });
        assert_eq!(wrong, "a: PoissonNeurons.times: times must ascend, but 2 is followed by 1");
        let wrong = error(PoissonNeurons { times: vec![2.0], factors: vec![-1.0], ..default() });
        assert_eq!(wrong, "a: PoissonNeurons.factors: must be finite and zero or more, not -1");
        let wrong = error(PoissonNeurons { refractory: f64::NAN, ..default() });
        assert_eq!(wrong, "a: PoissonNeurons.refractory: must be finite and zero or more, not NaN");
    }
}
