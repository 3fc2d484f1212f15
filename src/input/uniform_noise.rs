//! Uniform noise: an independent number for every neuron in every iteration.
//!
//! ```text
//! input[i] += low + (high − low) · U,   U uniform on [0, 1)
//! ```

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::prelude::*;

use super::noise::Streams;
use crate::{
    network::{Behaviour, Clock, Dealt, Input, Parameter, Parameters, Preparation, PrepareError, Unit},
    numeric::{
        Archive, ArchiveError, Real,
        blocks::PerBlock,
        dispatch,
        lanes::{LANES, Lanes},
        pass::pass,
        portions::Effort,
    },
    schedule::{AddToStage, Stage},
};

/// Adds uniformly distributed noise to the input, new in every iteration: what it does to a membrane depends on the step.
#[derive(Component, Reflect, Clone, Debug)]
#[reflect(from_reflect = false, Clone, Debug)]
pub struct UniformNoise {
    /// Lower bound, in the unit of the model's input.
    pub low: Parameter,
    /// Upper bound, not reached.
    pub high: Parameter,
    /// When the noise sets in; an iteration belongs to the time at which it starts.
    #[reflect(@Unit("ms"))]
    pub start: f64,
    /// When it ends; `None` for never.
    #[reflect(@Unit("ms"))]
    pub stop: Option<f64>,
    /// The random numbers to come.
    #[reflect(ignore)]
    pub streams: Streams,
}

impl Default for UniformNoise {
    fn default() -> Self {
        Self { low: 0.0.into(), high: 1.0.into(), start: 0.0, stop: None, streams: Streams::default() }
    }
}

impl Behaviour for UniformNoise {
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

fn add_noise(mut groups: Query<(&mut UniformNoise, &mut Input, &Dealt)>, clock: Res<Clock>) {
    pass(|pass| {
        for (noise, input, Dealt(portions)) in &mut groups {
            if !clock.is_within(noise.start, noise.stop) {
                continue;
            }
            let UniformNoise { low, high, streams, .. } = noise.into_inner();
            let columns = (&mut input.into_inner().0[..], Parameters::of([low, high]), PerBlock(&mut streams.0));
            pass.by_blocks(Effort::Light, portions, columns.0.len(), columns, |(input, bounds, streams)| {
                let Some(lanes) = streams.0.first_mut() else { return };
                dispatch(
                    #[inline(always)]
                    || add(input, bounds, lanes),
                );
            });
        }
    });
}

#[inline(always)]
fn add(input: &mut [Real], bounds: Parameters<'_, 2>, lanes: &mut Lanes) {
    // A copy on the stack stays in registers; the one behind the reference would be stored after every draw.
    let mut own = lanes.clone();
    match bounds {
        Parameters::Uniform([low, high]) => {
            let width = high - low;
            // Chunks of a length that is known when this is compiled: 0.3 ns a neuron instead of 2.
            let (whole, rest) = input.as_chunks_mut::<LANES>();
            for input in whole {
                let numbers = own.next_uniforms();
                for lane in 0..LANES {
                    input[lane] += low + width * numbers[lane];
                }
            }
            if !rest.is_empty() {
                let numbers = own.next_uniforms();
                rest.iter_mut().zip(numbers).for_each(|(input, number)| *input += low + width * number);
            }
        }
        Parameters::Each([low, high]) => {
            for ((input, low), high) in input.chunks_mut(LANES).zip(low.chunks(LANES)).zip(high.chunks(LANES)) {
                let numbers = own.next_uniforms();
                for (((input, low), high), number) in input.iter_mut().zip(low).zip(high).zip(numbers) {
                    *input += *low + (*high - *low) * number;
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
        let cells = bench.group("cells", 10_000, UniformNoise { low: (-2.0).into(), high: 4.0.into(), ..default() });
        bench.tick();
        let input = bench.get(cells, "input");
        assert!(input.iter().all(|x| (-2.0..4.0).contains(x)));
        let mean = input.iter().sum::<f64>() / 1e4;
        let variance = input.iter().map(|x| (x - 1.0).powi(2)).sum::<f64>() / 1e4;
        // Mean 1, variance 36/12 = 3; five standard errors: sqrt(3/n), and sqrt((129.6/8 − 9)/n) for the variance.
        assert!((mean - 1.0).abs() < 5.0 * (3e-4_f64).sqrt(), "{mean}");
        assert!((variance - 3.0).abs() < 5.0 * (7.2e-4_f64).sqrt(), "{variance}");
    }

    #[test]
    fn noise_lasts_from_its_start_to_its_stop() {
        let mut bench = Bench::new().with_dt(0.1);
        let noise = UniformNoise { low: 1.0.into(), high: 2.0.into(), start: 0.3, stop: Some(0.5), ..default() };
        let cells = bench.group("cells", 1, noise);
        let heard: Vec<bool> = (0..6)
            .map(|_| {
                bench.tick();
                bench.get(cells, "input")[0] > 0.0
            })
            .collect();
        assert_eq!(heard, [false, false, false, true, true, false]);
    }

    #[test]
    fn bounds_may_differ_between_neurons() {
        let mut bench = Bench::new();
        let noise = UniformNoise { low: "i".into(), high: "i + 0.5".into(), ..default() };
        let cells = bench.group("cells", 40, noise);
        bench.tick();
        let input = bench.get(cells, "input");
        assert!(input.iter().enumerate().all(|(i, x)| (i as f64..i as f64 + 0.5).contains(x)), "{input:?}");
    }
}
