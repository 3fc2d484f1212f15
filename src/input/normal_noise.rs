//! Normal noise: an independent number for every neuron in every iteration.
//!
//! ```text
//! input[i] += mean + sd · N,   N standard normal
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
        normal,
        pass::pass,
        portions::Effort,
    },
    schedule::{AddToStage, Stage},
};

/// Adds normally distributed noise to the input, new in every iteration.
#[derive(Component, Reflect, Clone, Debug)]
#[reflect(from_reflect = false, Clone, Debug)]
pub struct NormalNoise {
    /// Mean, in the unit of the model's input.
    pub mean: Parameter,
    /// Standard deviation.
    pub sd: Parameter,
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

impl Default for NormalNoise {
    fn default() -> Self {
        Self { mean: 0.0.into(), sd: 1.0.into(), start: 0.0, stop: None, streams: Streams::default() }
    }
}

impl Behaviour for NormalNoise {
    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Input, add_noise);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        self.streams.start(preparation);
        Ok(())
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
            let NormalNoise { mean, sd, streams, .. } = noise.into_inner();
            let columns = (&mut input.into_inner().0[..], Parameters::of([mean, sd]), PerBlock(&mut streams.0));
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
}
