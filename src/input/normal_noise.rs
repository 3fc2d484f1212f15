//! Normal noise: an independent number for every neuron in every iteration.
//!
//! ```text
//! input[i] += mean + sd · N                      N standard normal
//! input[i] += mean + intensity / √dt · N         with an intensity
//! ```
//! A number in every iteration is noise whose effect on a membrane depends on the step: over a time t its integral has the
//! variance sd² dt t. That of white noise of a given intensity is intensity² t at any step (`xi` in Brian 2:
//! τ dv/dt = … + intensity ξ; NEST's `noise_generator` with `std` = intensity / √`dt`, a step of 1 ms by default there).

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::prelude::*;

use super::noise::Streams;
use crate::{
    network::{Behaviour, Clock, Dealt, Derived, Input, Parameter, Parameters, Preparation, PrepareError, Range, Unit},
    numeric::{
        Archive, ArchiveError, Real,
        blocks::PerBlock,
        dispatch,
        lanes::{LANES, Lanes},
        normal,
        pass::pass,
        portions::Effort,
    },
    schedule::{AddToStage, Stage},
};

/// Adds normally distributed noise to the input, new in every iteration: what `sd` does to a membrane depends on the step,
/// what `intensity` does is the same at any.
#[derive(Component, Reflect, Clone, Debug)]
#[reflect(from_reflect = false, Clone, Debug)]
pub struct NormalNoise {
    /// Mean, in the unit of the model's input.
    pub mean: Parameter,
    /// Standard deviation of the number of an iteration: with a smaller step the same `sd` is a weaker noise.
    #[reflect(@Range::NOT_NEGATIVE)]
    pub sd: Parameter,
    /// Instead of `sd`, the intensity of white noise, in the unit of the model's input times √ms: its effect is the same at
    /// any step. At a step of 1 ms it is the standard deviation.
    #[reflect(@Range::NOT_NEGATIVE)]
    pub intensity: Option<Parameter>,
    /// When the noise sets in; an iteration belongs to the time at which it starts.
    #[reflect(@Unit("ms"))]
    pub start: f64,
    /// When it ends; `None` for never.
    #[reflect(@Unit("ms"))]
    pub stop: Option<f64>,
    /// The random numbers to come.
    #[reflect(ignore)]
    pub streams: Streams,
    /// Mean and standard deviation of an iteration, where there is an intensity.
    #[reflect(ignore)]
    pub moments: Derived<2>,
}

impl Default for NormalNoise {
    fn default() -> Self {
        Self {
            mean: 0.0.into(),
            sd: 1.0.into(),
            intensity: None,
            start: 0.0,
            stop: None,
            streams: Streams::default(),
            moments: Derived::default(),
        }
    }
}

impl Behaviour for NormalNoise {
    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Input, add_noise);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        self.streams.start(preparation);
        preparation.check_window(self.start, self.stop)
    }

    fn keep(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        archive.streams(&mut self.streams.0)
    }
}

fn add_noise(mut groups: Query<(&mut NormalNoise, &mut Input, &Dealt)>, clock: Res<Clock>) {
    pass(|pass| {
        for (noise, input, Dealt(portions)) in &mut groups {
            if !clock.is_within(noise.start, noise.stop) {
                continue;
            }
            let (input, changed) = (&mut input.into_inner().0[..], noise.is_changed());
            let NormalNoise { mean, sd, intensity, streams, moments, .. } = noise.into_inner();
            let moments = match intensity {
                None => Parameters::of([mean, sd]),
                Some(intensity) => {
                    if changed || !moments.holds(clock.dt, input.len()) {
                        let in_a_step = |[mean, intensity]: [f64; 2]| [mean, intensity / libm::sqrt(clock.dt)];
                        moments.derive(clock.dt, input.len(), [&*mean, intensity], in_a_step);
                    }
                    moments.get()
                }
            };
            let columns = (input, moments, PerBlock(&mut streams.0));
            pass.by_blocks(Effort::Heavy, portions, columns.0.len(), columns, |(input, moments, streams)| {
                let Some(lanes) = streams.0.first_mut() else { return };
                dispatch(
                    #[inline(always)]
                    || add(input, moments, lanes),
                );
            });
        }
    });
}

#[inline(always)]
fn add(input: &mut [Real], moments: Parameters<'_, 2>, lanes: &mut Lanes) {
    const PAIR: usize = 2 * LANES;
    let mut own = lanes.clone();
    match moments {
        Parameters::Uniform([mean, sd]) => {
            let (whole, rest) = input.as_chunks_mut::<PAIR>();
            for input in whole {
                let [first, second] = normal::next_pair(&mut own);
                for lane in 0..LANES {
                    input[lane] += mean + sd * first[lane];
                    input[LANES + lane] += mean + sd * second[lane];
                }
            }
            if !rest.is_empty() {
                let numbers = normal::next_pair(&mut own);
                rest.iter_mut().zip(numbers.as_flattened()).for_each(|(input, number)| *input += mean + sd * number);
            }
        }
        Parameters::Each([mean, sd]) => {
            for ((input, mean), sd) in input.chunks_mut(PAIR).zip(mean.chunks(PAIR)).zip(sd.chunks(PAIR)) {
                let numbers = normal::next_pair(&mut own);
                for (((input, mean), sd), number) in input.iter_mut().zip(mean).zip(sd).zip(numbers.as_flattened()) {
                    *input += mean + sd * number;
                }
            }
        }
    }
    *lanes = own;
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    #[test]
    fn noise_has_the_moments_of_its_distribution() {
        let mut bench = Bench::new();
        let cells = bench.group("cells", 10_000, NormalNoise { mean: 3.0.into(), sd: 2.0.into(), ..default() });
        bench.tick();
        let input = bench.get(cells, "input");
        let mean = input.iter().sum::<f64>() / 1e4;
        let variance = input.iter().map(|x| (x - 3.0).powi(2)).sum::<f64>() / 1e4;
        // Five standard errors: sd/sqrt(n) = 0.02 for the mean, sqrt(2/n)·sd² = 0.0566 for the variance.
        assert!((mean - 3.0).abs() < 0.1, "{mean}");
        assert!((variance - 4.0).abs() < 0.283, "{variance}");
    }

    /// The integral over 10 ms, of independent neurons: mean · t and intensity² t, at every step.
    #[test]
    fn white_noise_has_the_same_effect_at_every_step() {
        for (dt, intensity) in [(0.01, "2"), (0.1, "2 + 0 * i"), (1.0, "2")] {
            let mut bench = Bench::new().with_dt(dt);
            let noise = NormalNoise { mean: 3.0.into(), intensity: Some(intensity.into()), ..default() };
            let cells = bench.group("cells", 10_000, noise);
            let mut sums = vec![0.0; 10_000];
            for _ in 0..Clock::new(dt).steps(10.0) {
                bench.tick();
                sums.iter_mut().zip(bench.get(cells, "input")).for_each(|(sum, input)| *sum += input * dt);
            }
            let mean = sums.iter().sum::<f64>() / 1e4;
            let variance = sums.iter().map(|x| (x - 30.0).powi(2)).sum::<f64>() / 1e4;
            // Five standard errors of each: 5 √40 / 100 and 5 · 40 √2 / 100.
            assert!((mean - 30.0).abs() < 0.32 && (variance - 40.0).abs() < 2.83, "{dt}: {mean} {variance}");
        }
    }
}
