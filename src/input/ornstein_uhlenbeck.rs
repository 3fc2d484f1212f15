//! Coloured noise: the process of Uhlenbeck & Ornstein (Phys. Rev. 36:823, 1930), for every neuron its own.
//!
//! ```text
//! tau dx/dt = −(x − mean) + sd sqrt(2 tau) ξ(t)
//! x ← mean + (x − mean) e^{−dt/tau} + sd sqrt(1 − e^{−2 dt/tau}) N,   N standard normal;   input += x
//! ```
//! The step is exact for any dt (Gillespie, Phys. Rev. E 54:2084, 1996): x has the mean, the standard deviation and
//! the autocorrelation e^{−t/tau} of the process.

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::noise::Streams;
use crate::{
    behaviour, cell,
    network::{
        Behaviour, Cell, Cells, CellsOf, Clock, Initial, Input, Parameter, Preparation, PrepareError, Range,
        RegisterVariable, Step, ThreadShares, Unit, residues::any_decays_slowly,
    },
    numeric::{
        Archive, ArchiveError, Column, Real,
        blocks::PerBlock,
        dispatch, normal,
        pass::pass,
        real::{IS_SINGLE, moved_by, real, wide},
        shares::Effort,
        vector_rng::{LANES, VectorRng},
    },
    schedule::{AddToStage, Stage},
    variable,
};

variable! {
    /// Coloured noise of a neuron, as it was added to the input.
    pub struct Fluctuation = "fluctuation" in "";
}

behaviour! {
    /// Adds an Ornstein-Uhlenbeck process to the input: noise that forgets with a time constant.
    #[require(Fluctuation)]
    pub struct OrnsteinUhlenbeck {
        /// Mean, in the unit of the model's input.
        pub mean: Parameter = 0.0,
        /// Standard deviation.
        #[reflect(@Range::NOT_NEGATIVE)]
        pub sd: Parameter = 1.0,
        /// Time constant of the autocorrelation.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO_OR_INFINITE)]
        pub tau: Parameter = 5.0,
        /// The noise at the start; by default as if it had gone on for ever.
        pub fluctuation: Initial = "normal(mean, sd)",
        /// The random numbers to come.
        #[reflect(ignore)]
        pub streams: Streams,
        /// What the noise has below the last place; empty unless it is too slow for single precision.
        #[reflect(ignore)]
        pub rests: Column<Real>,
    }
}

impl Behaviour for OrnsteinUhlenbeck {
    fn plugin(app: &mut App) {
        app.register_variable::<Fluctuation>().add_behaviour_system::<Self, _>(Stage::Input, add_noise);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        self.streams.start(preparation);
        Ok(())
    }

    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        archive.whole(&mut self.rests)?;
        archive.streams(&mut self.streams.0)
    }
}

cell! {
    struct Constants {
        mean: Real,
        /// What a step covers of the way to the mean.
        lost: Real,
        spread: Real,
    }
}

impl OrnsteinUhlenbeck {
    fn constants(&self, i: usize, dt: f64) -> Constants {
        let [sd, tau] = [&self.sd, &self.tau].map(|own| wide(own.at(i)));
        let steps = dt / tau.max(1e-9);
        let [lost, spread] = [-libm::expm1(-steps), sd * libm::sqrt(-libm::expm1(-2.0 * steps))].map(real);
        Constants { mean: self.mean.at(i), lost, spread }
    }
}

type GroupItem<'w> = (&'w mut OrnsteinUhlenbeck, &'w mut Fluctuation, &'w mut Input, &'w mut Cells, &'w ThreadShares);

fn add_noise(mut groups: Query<GroupItem<'_>>, clock: Res<Clock>) {
    pass(|pass| {
        for (noise, fluctuation, input, cells, ThreadShares(shares)) in &mut groups {
            let changed = noise.is_changed();
            let (noise, cells, neurons) = (noise.into_inner(), cells.into_inner(), fluctuation.0.len());
            let size = (Step::of(&clock, 1), neurons);
            let changed = changed || !cells.hold(noise, size);
            if changed {
                let slow = IS_SINGLE && any_decays_slowly(&noise.tau, neurons, clock.dt);
                noise.rests.resize(0.0, if slow { neurons } else { 0 });
            }
            let constants = cells.of(noise, changed, size, |i| noise.constants(i, clock.dt));
            let OrnsteinUhlenbeck { streams, rests, .. } = noise;
            let columns = (
                (&mut fluctuation.into_inner().0[..], &mut rests[..]),
                &mut input.into_inner().0[..],
                constants,
                PerBlock(&mut streams.0),
            );
            pass.by_blocks(Effort::Heavy, shares, neurons, columns, |(x, input, constants, streams)| {
                let Some(lanes) = streams.0.first_mut() else { return };
                dispatch(
                    #[inline(always)]
                    || match constants {
                        CellsOf::Alike(constants) => advance(x, input, lanes, |_| constants),
                        CellsOf::Each(columns) => advance(x, input, lanes, Constants::read(columns, 0)),
                    },
                );
            });
        }
    });
}

#[inline(always)]
fn advance(
    (x, rests): (&mut [Real], &mut [Real]),
    input: &mut [Real],
    lanes: &mut VectorRng,
    constants: impl Fn(usize) -> Constants,
) {
    const PAIR: usize = 2 * LANES;
    let mut own = lanes.clone();
    for (first, (x, input)) in (0..).step_by(PAIR).zip(x.chunks_mut(PAIR).zip(input.chunks_mut(PAIR))) {
        let numbers = normal::next_pair(&mut own);
        for (i, ((x, input), number)) in x.iter_mut().zip(input).zip(numbers.as_flattened()).enumerate() {
            let Constants { mean, lost, spread } = constants(first + i);
            // Not as a factor on x: one next to 1 is rounded by as much as it differs from it in slow noise.
            let change = (mean - *x) * lost + spread * number;
            match rests.get_mut(first + i) {
                None => *x += change,
                Some(rest) => *x = moved_by(*x, rest, change),
            }
            *input += *x;
        }
    }
    *lanes = own;
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    #[test]
    fn without_noise_it_decays_to_the_mean() {
        let mut bench = Bench::new();
        let noise = OrnsteinUhlenbeck {
            mean: "10 * i".into(),
            sd: 0.0.into(),
            tau: 4.0.into(),
            fluctuation: 2.0.into(),
            ..default()
        };
        let cells = bench.group("cells", 2, noise);
        bench.ticks(3);
        let left = (-0.75_f64).exp();
        let expected = [2.0 * left, 10.0 - 8.0 * left];
        bench.assert_near(cells, "fluctuation", &expected);
        bench.assert_near(cells, "input", &expected);
    }

    /// Five standard errors throughout: one of 1.7 million tests fails.
    #[test]
    fn mean_variance_and_autocorrelation_are_those_of_the_process_from_the_first_step() {
        let mut bench = Bench::new();
        let n = 40_000;
        let noise = OrnsteinUhlenbeck { mean: 3.0.into(), sd: 2.0.into(), tau: 5.0.into(), ..default() };
        let cells = bench.group("cells", n, noise);
        bench.tick();
        let first = bench.get(cells, "fluctuation");
        bench.ticks(4);
        let later = bench.get(cells, "fluctuation");
        let (n, rho) = (n as f64, (-0.8_f64).exp());
        let moment = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - 3.0) * (b - 3.0)).sum::<f64>() / n;
        for x in [&first, &later] {
            assert!((x.iter().sum::<f64>() / n - 3.0).abs() < 5.0 * 2.0 / n.sqrt());
            assert!((moment(x, x) - 4.0).abs() < 5.0 * 4.0 * (2.0 / n).sqrt());
        }
        // The variance of a product of two standard normal numbers with correlation ρ is 1 + ρ².
        assert!((moment(&first, &later) - 4.0 * rho).abs() < 5.0 * 4.0 * ((1.0 + rho * rho) / n).sqrt());
    }

    #[test]
    fn parameters_out_of_range_are_refused() {
        let mut bench = Bench::new();
        let error = bench.try_group("a", 2, OrnsteinUhlenbeck { sd: (-1.0).into(), ..default() }).unwrap_err();
        assert_eq!(error, "a: OrnsteinUhlenbeck.sd: must be 0 or more, not -1");
        let error = bench.try_group("b", 2, OrnsteinUhlenbeck { tau: 0.0.into(), ..default() }).unwrap_err();
        assert_eq!(error, "b: OrnsteinUhlenbeck.tau: must be above 0, not 0");
    }
}
