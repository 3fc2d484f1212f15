//! Uniform noise: an independent number for every neuron in every iteration.
//!
//! ```text
//! input[i] += low + (high − low) · U,   U uniform on [0, 1)
//! ```

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::noise::{AddNoise, Noise, Streams, Uniform};
use crate::{
    behaviour, cell,
    network::{Behaviour, Clock, Parameter, Preparation, PrepareError, Step, Unit},
    numeric::{Archive, ArchiveError, Real},
};

behaviour! {
    /// Adds uniformly distributed noise to the input, new in every iteration: what it does to a membrane depends on the step.
    pub struct UniformNoise {
        /// Lower bound, in the unit of the model's input.
        pub low: Parameter = 0.0,
        /// Upper bound, not reached.
        pub high: Parameter = 1.0,
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

impl Behaviour for UniformNoise {
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
    /// The bounds of a neuron.
    pub struct Bounds {
        low: Real,
        width: Real,
    }
}

impl Noise for UniformNoise {
    type Distribution = Uniform;
    type Cell = Bounds;

    fn streams(&mut self) -> &mut Streams {
        &mut self.streams
    }

    fn cell(&self, i: usize, _: Step) -> Bounds {
        Bounds { low: self.low.at(i), width: self.high.at(i) - self.low.at(i) }
    }

    fn is_on(&self, clock: &Clock) -> bool {
        clock.is_within(self.start, self.stop)
    }

    #[inline(always)]
    fn noise(Bounds { low, width }: Bounds, number: Real) -> Real {
        low + width * number
    }
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
