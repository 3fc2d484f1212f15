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

use super::noise::{AddNoise, Noise, Normal, Streams};
use crate::{
    behaviour, cell,
    network::{Behaviour, Clock, Parameter, Preparation, PrepareError, Range, Step, Unit},
    numeric::{
        Archive, ArchiveError, Real,
        real::{real, wide},
    },
};

behaviour! {
    /// Adds normally distributed noise to the input, new in every iteration: what `sd` does to a membrane depends on the step,
    /// what `intensity` does is the same at any.
    pub struct NormalNoise {
        /// Mean, in the unit of the model's input.
        pub mean: Parameter = 0.0,
        /// Standard deviation of the number of an iteration: with a smaller step the same `sd` is a weaker noise.
        #[reflect(@Range::NOT_NEGATIVE)]
        pub sd: Parameter = 1.0,
        /// Instead of `sd`, the intensity of white noise, in the unit of the model's input times √ms: its effect is the same at
        /// any step. At a step of 1 ms it is the standard deviation.
        #[reflect(@Range::NOT_NEGATIVE)]
        pub intensity: Option<Parameter>,
        /// When the noise sets in.
        #[reflect(@Unit("ms"))]
        pub start: f64 = 0.0,
        /// When it ends; `None` for never.
        #[reflect(@Unit("ms"))]
        pub stop: Option<f64>,
        /// The random numbers to come.
        #[reflect(ignore)]
        pub streams: Streams,
    }
}

impl Behaviour for NormalNoise {
    fn plugin(app: &mut App) {
        app.add_noise::<Self>();
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        self.streams.start(preparation);
        preparation.check_window(self.start, self.stop)
    }

    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        archive.streams(&mut self.streams.0)
    }
}

cell! {
    /// Mean and standard deviation of the number of an iteration.
    pub struct Moments {
        mean: Real,
        sd: Real,
    }
}

impl Noise for NormalNoise {
    type Distribution = Normal;
    type Cell = Moments;

    fn streams(&mut self) -> &mut Streams {
        &mut self.streams
    }

    fn cell(&self, i: usize, step: Step) -> Moments {
        let in_a_step = |intensity: &Parameter| real(wide(intensity.at(i)) / libm::sqrt(step.dt));
        let sd = self.intensity.as_ref().map_or_else(|| self.sd.at(i), in_a_step);
        Moments { mean: self.mean.at(i), sd }
    }

    fn is_on(&self, clock: &Clock) -> bool {
        clock.is_within(self.start, self.stop)
    }

    #[inline(always)]
    fn noise(Moments { mean, sd }: Moments, number: Real) -> Real {
        mean + sd * number
    }
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
