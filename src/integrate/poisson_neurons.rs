//! Neurons that fire at random, at a rate that is given and may change in time.
//!
//! ```text
//! λ(t) = max(0, rate · factor(t) · max(0, 1 + modulation · sin(2π frequency t + phase)) + gain · input(t))
//! p = λ dt       a spike in the step, if the refractory period is over
//! ```
//! The rate of spikes is λ. There is one spike a step at most: a rate above 1/dt is refused, and what the input adds to it
//! ends there. With a refractory period of n steps the mean interval is (n + 1/p) dt. `factor` is 1 before the
//! first of `times`, and `factors[k]` from `times[k]` on. Through `gain`, whatever adds to the
//! input of a group makes its rate: currents, noise, replayed arrays, pictures.

use std::f64::consts::TAU;

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::poisson_step::{Moment, Parts, step};
use crate::{
    behaviour,
    network::{
        Behaviour, Birth, Cells, Clock, Input, Parameter, Preparation, PrepareError, Range, RegisterVariable, Spikes,
        Step, ThreadShares, Unit,
    },
    numeric::{
        Archive, ArchiveError,
        blocks::{BLOCK, PerBlock},
        dispatch,
        pass::pass,
        real::{real, wide},
        shares::Effort,
        vector_rng::VectorRng,
    },
    schedule::{AddToStage, Stage},
    value::Value,
    variable,
};

variable! {
    /// Iterations for which a neuron cannot fire any more.
    pub struct Pause = "pause" in "";
}

behaviour! {
    /// Poisson neurons: independent spikes at a rate that is constant, changes in steps, oscillates or follows the input.
    #[require(Spikes, Pause, Input)]
    pub struct PoissonNeurons {
        /// Firing rate, of neurons without a refractory period; one spike a step at most, 1000 Hz at a step of 1 ms.
        #[reflect(@Unit("Hz"))]
        pub rate: Parameter = 10.0,
        /// When the rate changes, ascending.
        #[reflect(@Unit("ms"))]
        pub times: Vec<f64>,
        /// Factors on the rate, one for each of the times.
        pub factors: Vec<f64>,
        /// Depth of a sinusoidal modulation, as a part of the rate; above 1 the neurons rest in the troughs.
        #[reflect(@Range::NOT_NEGATIVE)]
        pub modulation: Parameter = 0.0,
        /// Frequency of the modulation.
        #[reflect(@Unit("Hz"))]
        pub frequency: f64 = 0.0,
        /// Phase of the modulation at time 0.
        #[reflect(@Unit("rad"))]
        pub phase: Parameter = 0.0,
        /// Rate for each unit of the input, which is added; with 0 the input changes nothing.
        #[reflect(@Unit("Hz"), @Range::FINITE)]
        pub gain: Parameter = 0.0,
        /// Time after a spike in which a neuron does not fire, rounded to steps; `rate` is that of the time outside of it.
        #[reflect(@Unit("ms"))]
        pub refractory: f64 = 0.0,
        /// The random numbers to come.
        #[reflect(ignore)]
        pub streams: Vec<VectorRng>,
    }
}

impl Behaviour for PoissonNeurons {
    const MODEL: bool = true;

    fn plugin(app: &mut App) {
        app.register_variable::<Pause>().add_behaviour_system::<Self, _>(Stage::Integrate, fire);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        self.check_course().map_err(|(field, why)| preparation.error(Some(field), why))?;
        let blocks = preparation.shape().iter().product::<usize>().div_ceil(BLOCK);
        if !preparation.is_trial() && self.streams.len() != blocks {
            self.streams = VectorRng::for_blocks(preparation.stream("spikes"), blocks);
        }
        Ok(())
    }

    fn complete(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let dt = preparation.clock().dt;
        // A rate of one spike a step may lie a rounding above it.
        let highest = 1000.0 / dt * (1.0 + 1e-6);
        let range = format!("0 to {} Hz, a spike in every step of {dt} ms", 1000.0 / dt);
        preparation.check("rate", &self.rate, |rate| (0.0..=highest).contains(&rate), &range)?;
        self.check_peak(highest, preparation.members()).map_err(|(field, peak)| {
            let why = format!("with it the rate rises to {peak:.1} Hz, above a spike in every step of {dt} ms");
            preparation.error(Some(field), why)
        })
    }

    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        archive.streams(&mut self.streams)
    }
}

impl PoissonNeurons {
    fn check_course(&self) -> Result<(), (&'static str, String)> {
        let (times, factors) = (self.times.len(), self.factors.len());
        if times != factors {
            return Err(("factors", format!("{times} times and {factors} factors; there must be as many of both")));
        }
        if let Some(wrong) = self.factors.iter().find(|factor| !(factor.is_finite() && **factor >= 0.0)) {
            return Err(("factors", format!("must be 0 or more, not {wrong}")));
        }
        if let Some(wrong) = self.times.iter().find(|time| !time.is_finite()) {
            return Err(("times", format!("must be finite, not {wrong}")));
        }
        if let Some(pair) = self.times.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(("times", format!("times must ascend, but {} is followed by {}", pair[0], pair[1])));
        }
        for (field, number) in [("frequency", self.frequency), ("refractory", self.refractory)] {
            if !(number.is_finite() && number >= 0.0) {
                return Err((field, format!("must be 0 or more, not {number}")));
            }
        }
        Ok(())
    }

    /// That no rate is above the highest one when its factor and its modulation are greatest.
    fn check_peak(&self, highest: f64, neurons: usize) -> Result<(), (&'static str, f64)> {
        let factor = self.factors.iter().copied().fold(1.0, f64::max);
        let parameters = [&self.rate, &self.modulation];
        let members = if parameters.iter().all(|parameter| parameter.uniform().is_some()) { 1 } else { neurons };
        for [rate, modulation] in (0..members).map(|i| parameters.map(|parameter| wide(parameter.at(i)))) {
            if rate * factor > highest {
                return Err(("factors", rate * factor));
            }
            if rate * factor * (1.0 + modulation) > highest {
                return Err(("modulation", rate * factor * (1.0 + modulation)));
            }
        }
        Ok(())
    }

    fn parts(&self, i: usize, dt: f64) -> Parts {
        let Self { rate, modulation, phase, gain, .. } = self;
        let [rate, modulation, phase, gain] = [rate, modulation, phase, gain].map(|own| wide(own.at(i)));
        let (sin, cos) = libm::sincos(phase);
        Parts {
            expected: real(1e-3 * rate * dt),
            of_sin: real(modulation * cos),
            of_cos: real(modulation * sin),
            of_input: real(1e-3 * gain * dt),
        }
    }

    /// The factor on the rate in the iteration that the clock stands at.
    fn factor(&self, clock: &Clock) -> f64 {
        let step = self.times.partition_point(|&begin| clock.is_within(begin, None));
        step.checked_sub(1).and_then(|step| self.factors.get(step)).copied().unwrap_or(1.0)
    }
}

type GroupItem<'w> = (
    &'w mut PoissonNeurons,
    &'w mut Spikes,
    &'w mut Pause,
    &'w Input,
    &'w mut Cells,
    &'w ThreadShares,
    Option<&'w Birth>,
);

fn fire(mut groups: Query<GroupItem<'_>>, clock: Res<Clock>) {
    pass(|pass| {
        for (neurons, spikes, pause, input, cells, shares, birth) in &mut groups {
            let clock = clock.since(birth);
            let changed = neurons.is_changed();
            let factor = neurons.factor(&clock);
            let (neurons, size) = (neurons.into_inner(), (Step::of(&clock, 1), pause.0.len()));
            let parts = cells.into_inner().of(neurons, changed, size, |i| neurons.parts(i, clock.dt));
            let PoissonNeurons { frequency, gain, refractory, streams, .. } = neurons;
            let turns = 1e-3 * *frequency * clock.time();
            let (sin, cos) = libm::sincos(TAU * (turns - libm::floor(turns)));
            let steps = clock.steps(*refractory) as f64;
            let moment = Moment { factor: real(factor), sin: real(sin), cos: real(cos), pause: real(steps) };
            // As it was written: spelt out for each, since rates differ, it is still none.
            let driven = *gain.value() != Value::Number(0.0);
            let columns = (&mut pause.into_inner().0[..], &input.0[..], parts, PerBlock(&mut streams[..]));
            spikes.into_inner().by_blocks(
                Effort::Heavy,
                pass,
                shares,
                columns,
                move |(pause, input, parts, streams), fired| {
                    let Some(lanes) = streams.0.first_mut() else { return };
                    dispatch(
                        #[inline(always)]
                        || match driven {
                            true => step::<true>((fired, pause, input), parts, lanes, moment),
                            false => step::<false>((fired, pause, &[]), parts, lanes, moment),
                        },
                    );
                },
            );
        }
    });
}

#[cfg(test)]
mod tests {
    use super::PoissonNeurons;
    use crate::{prelude::*, value::Array};

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
    fn each_neuron_fires_at_its_rate() {
        for dt in [0.01, 0.1, 0.5, 1.0] {
            let mut bench = Bench::new().with_dt(dt);
            let rates = [("slow", "8", 8.0), ("fast", "600", 600.0), ("each", "40 + 0 * i", 40.0)];
            for (name, rate, hz) in rates {
                let cells = bench.group(name, 5000, PoissonNeurons { rate: rate.into(), ..default() });
                assert_binomial(spikes(&mut bench, cells, 200), 1e6, hz * dt / 1000.0);
            }
            let every_step = bench.group("all", 5000, PoissonNeurons { rate: (1000.0 / dt).into(), ..default() });
            assert_eq!(spikes(&mut bench, every_step, 100), 5e5);
        }
    }

    #[test]
    fn intervals_with_a_refractory_period_have_its_mean() {
        let mut bench = Bench::new();
        let neurons = PoissonNeurons { rate: 100.0.into(), refractory: 5.0, ..default() };
        let cells = bench.group("cells", 5000, neurons);
        bench.ticks(50);
        let p = 0.1_f64;
        let mean = 5.0 + 1.0 / p;
        let found = spikes(&mut bench, cells, 400);
        // Renewals: the variance of the count is n · var/mean³ of the intervals, which are geometric but for the pause.
        let expected = 5000.0 * 400.0 / mean;
        let sd = (5000.0 * 400.0 * (1.0 - p) / (p * p) / mean.powi(3)).sqrt();
        assert!((found - expected).abs() < 5.0 * sd, "{found}, expected {expected} ± {sd}");
        // No interval is shorter: a spike, and five steps without one.
        let mut last = vec![-100; 5000];
        for k in 0..100 {
            bench.tick();
            for i in bench.spikes(cells) {
                assert!(k - last[i as usize] >= 6);
                last[i as usize] = k;
            }
        }
    }

    /// Few fire in a step, so that they are found by walking from one to the next: rates that differ, and pauses.
    #[test]
    fn neurons_that_seldom_fire_do_so_at_their_own_rates_and_pause() {
        let mut bench = Bench::new();
        let rates = PoissonNeurons { rate: "2 + 8 * step(i - 2500)".into(), ..default() };
        let (cells, mut halves) = (bench.group("cells", 5000, rates), [0.0; 2]);
        let paused = PoissonNeurons { rate: 5.0.into(), refractory: 50.0, ..default() };
        let paused = bench.group("paused", 5000, paused);
        bench.ticks(300);
        let (mut last, mut spikes) = (vec![-100; 5000], 0.0);
        for k in 0..2000 {
            bench.tick();
            bench.spikes(cells).into_iter().for_each(|i| halves[usize::from(i >= 2500)] += 1.0);
            for i in bench.spikes(paused) {
                assert!(k - last[i as usize] > 50);
                (last[i as usize], spikes) = (k, spikes + 1.0);
            }
        }
        assert_binomial(halves[0], 2500.0 * 2000.0, 0.002);
        assert_binomial(halves[1], 2500.0 * 2000.0, 0.01);
        let (p, mean) = (0.005_f64, 50.0 + 1.0 / 0.005);
        let expected = 5000.0 * 2000.0 / mean;
        let sd = (expected * (1.0 - p) / (p * p) / (mean * mean)).sqrt();
        assert!((spikes - expected).abs() < 5.0 * sd, "{spikes}, expected {expected} ± {sd}");
    }

    #[test]
    fn the_rate_changes_in_steps() {
        let mut bench = Bench::new();
        let (times, factors) = (vec![20.0, 40.0], vec![0.0, 3.0]);
        let cells = bench.group("cells", 10_000, PoissonNeurons { rate: 50.0.into(), times, factors, ..default() });
        assert_binomial(spikes(&mut bench, cells, 20), 2e5, 0.05);
        assert_eq!(spikes(&mut bench, cells, 20), 0.0);
        assert_binomial(spikes(&mut bench, cells, 20), 2e5, 0.15);
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
                let p = 0.04 * wave.max(0.0);
                assert_binomial(count as f64, 1e4, p.max(1e-12));
            }
        }
    }

    #[test]
    fn the_rate_follows_the_input() {
        let mut bench = Bench::new();
        let current =
            || StepCurrent { times: vec![20.0, 40.0], amplitudes: vec![3.0, -9.0], scale: "1 + i / 40e3".into() };
        for (name, rate) in [("same", "40"), ("each", "40 + 0 * i")] {
            let neurons = PoissonNeurons { rate: rate.into(), gain: 20.0.into(), ..default() };
            // Not a whole number of lanes.
            let cells = bench.group(name, 20_003, (neurons, current()));
            assert_binomial(spikes(&mut bench, cells, 20), 20.0 * 20_003.0, 0.04);
            // The mean over input 3 to 4.5.
            assert_binomial(spikes(&mut bench, cells, 20), 20.0 * 20_003.0, 0.04 + 0.02 * 3.75);
            assert_eq!(spikes(&mut bench, cells, 20), 0.0);
            bench.world_mut().insert_resource(Clock::default());
        }
        // Each by its own input: one fires in every step, the others never.
        let neurons = PoissonNeurons { rate: 0.0.into(), gain: 1.0.into(), ..default() };
        let current = ConstantCurrent { amplitude: "1e6 * step(0.5 - abs(i - 19))".into() };
        let cells = bench.group("one", 21, (neurons, current));
        bench.tick();
        assert_eq!(bench.spikes(cells), [19]);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let mut bench = Bench::new();
        let mut error = |neurons: PoissonNeurons| bench.try_group("a", 2, neurons).unwrap_err();
        let wrong = error(PoissonNeurons { rate: "-i".into(), ..default() });
        assert_eq!(
            wrong,
            "a: PoissonNeurons.rate: must be 0 to 1000 Hz, a spike in every step of 1 ms; member 1 gets -1"
        );
        let wrong = error(PoissonNeurons { rate: 1001.0.into(), ..default() });
        assert_eq!(wrong, "a: PoissonNeurons.rate: must be 0 to 1000 Hz, a spike in every step of 1 ms, not 1001");
        let wrong = error(PoissonNeurons { times: vec![1.0], factors: vec![2.0], rate: 600.0.into(), ..default() });
        let rises = "with it the rate rises to 1200.0 Hz, above a spike in every step of 1 ms";
        assert_eq!(wrong, format!("a: PoissonNeurons.factors: {rises}"));
        let wrong = error(PoissonNeurons { modulation: 1.0.into(), rate: 600.0.into(), ..default() });
        assert_eq!(wrong, format!("a: PoissonNeurons.modulation: {rises}"));
        let wrong = error(PoissonNeurons { times: vec![1.0], ..default() });
        assert_eq!(wrong, "a: PoissonNeurons.factors: 1 times and 0 factors; there must be as many of both");
        let wrong = error(PoissonNeurons { times: vec![2.0, 1.0], factors: vec![1.0, 1.0], ..default() });
        assert_eq!(wrong, "a: PoissonNeurons.times: times must ascend, but 2 is followed by 1");
        let wrong = error(PoissonNeurons { times: vec![2.0], factors: vec![-1.0], ..default() });
        assert_eq!(wrong, "a: PoissonNeurons.factors: must be 0 or more, not -1");
        let wrong = error(PoissonNeurons { refractory: f64::NAN, ..default() });
        assert_eq!(wrong, "a: PoissonNeurons.refractory: must be 0 or more, not NaN");
    }
}
