//! Short-term plasticity of Tsodyks & Markram, in the event-driven form of Maass & Markram, "Synapses as dynamic memory
//! buffers", Neural Networks 15:155 (2002), eqs. 1 to 4.
//!
//! ```text
//! efficacy of the n-th spike of a source = u_n · x_n          u_1 = U,  x_1 = 1
//! u_n+1 = U + u_n (1 − U) exp(−Δ / τ_facilitation)            Δ = time since the n-th spike
//! x_n+1 = 1 + (x_n − u_n x_n − 1) exp(−Δ / τ_recovery)
//! ```
//! Exact, whatever the step: between spikes u and x relax exponentially. All synapses of a source see the same spikes, so
//! that u and x belong to the source. The efficacy multiplies the weights when the spike is delivered: a weight is the
//! absolute efficacy, which a first spike reaches by the factor U.

use bevy_app::App;
use bevy_ecs::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    behaviour,
    network::{
        Behaviour, Clock, Efficacies, Endpoints, Kind, Preparation, PrepareError, Range, Size, Source, Spikes, Unit,
    },
    numeric::{Archive, ArchiveError, real::real},
    schedule::{AddToStage, Stage},
};

behaviour! {
    /// Synapses that tire with use and recover, and may be facilitated before they tire.
    ///
    /// By default depressing synapses between pyramidal cells (Tsodyks & Markram, PNAS 94:719, 1997).
    #[require(Efficacies)]
    pub struct ShortTermPlasticity {
        /// U: the share of the resources that a spike uses at rest, above 0 and at most 1.
        #[reflect(@Range::PROBABILITY)]
        pub utilization: f64 = 0.5,
        /// Time constant at which resources recover, above 0.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub recovery: f64 = 800.0,
        /// Time constant at which facilitation decays; 0 for none.
        #[reflect(@Unit("ms"), @Range::NOT_NEGATIVE)]
        pub facilitation: f64 = 0.0,
        #[reflect(ignore)]
        sources: Vec<Resources>,
    }
}

/// The state of a source.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Resources {
    u: f64,
    x: f64,
    /// The iteration of the last spike.
    last: Option<u64>,
}

impl ShortTermPlasticity {
    /// Synapses with this utilization, and time constants of recovery and of facilitation (ms).
    #[must_use]
    pub const fn new(utilization: f64, recovery: f64, facilitation: f64) -> Self {
        Self { utilization, recovery, facilitation, sources: Vec::new() }
    }

    /// The efficacy of a spike of a source.
    fn spike(&mut self, source: usize, iteration: u64, dt: f64) -> f64 {
        let (utilization, recovery, facilitation) = (self.utilization, self.recovery, self.facilitation);
        let Some(state) = self.sources.get_mut(source) else { return 1.0 };
        if let Some(last) = state.last {
            let passed = (iteration - last) as f64 * dt;
            let facilitated = if facilitation > 0.0 { libm::exp(-passed / facilitation) } else { 0.0 };
            let spent = libm::exp(-passed / recovery);
            state.x = 1.0 + (state.x - state.u * state.x - 1.0) * spent;
            state.u = utilization + state.u * (1.0 - utilization) * facilitated;
        }
        state.last = Some(iteration);
        state.u * state.x
    }
}

impl Behaviour for ShortTermPlasticity {
    const KIND: Kind = Kind::Synapses;

    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Learn, change);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let entity = preparation.entity();
        let sides = Endpoints::of(preparation.world(), entity).ok().flatten();
        let sources = sides.map_or(0, |sides| sides.source_group.size());
        if !preparation.is_trial() && self.sources.len() != sources {
            self.sources = vec![Resources { u: self.utilization, x: 1.0, last: None }; sources];
        }
        Ok(())
    }

    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        let here = self.sources.len() as u64;
        match archive.through(&self.sources)? {
            Some(saved) if saved.len() as u64 != here => {
                return Err(ArchiveError::Length { here, there: saved.len() as u64 });
            }
            Some(saved) if archive.restores() => self.sources = saved,
            _ => {}
        }
        Ok(())
    }

    fn memory(&self, size: Size) -> u64 {
        size.sources.saturating_mul(size_of::<Resources>() as u64)
    }
}

fn change(
    mut groups: Query<(&mut ShortTermPlasticity, &Source, &mut Efficacies)>,
    sources: Query<&Spikes>,
    clock: Res<Clock>,
) {
    for (mut plasticity, source, mut efficacies) in &mut groups {
        let Ok(spikes) = sources.get(source.0) else { continue };
        efficacies.0.begin();
        let latest = efficacies.0.latest_mut();
        for &neuron in spikes.neurons() {
            latest.push(real(plasticity.spike(neuron as usize, clock.iteration, clock.dt)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ShortTermPlasticity;
    use crate::prelude::*;

    /// Neuron 1 fires every `interval` iterations.
    #[derive(Component, Reflect, Clone, Default)]
    #[require(Spikes)]
    struct Train {
        interval: u64,
        until: u64,
    }

    impl Behaviour for Train {
        fn plugin(app: &mut App) {
            app.add_behaviour_system::<Self, _>(
                Stage::Integrate,
                |mut groups: Query<(&Self, &mut Spikes)>, clock: Res<Clock>| {
                    for (train, mut spikes) in &mut groups {
                        let fires = clock.iteration.is_multiple_of(train.interval) && clock.iteration < train.until;
                        spikes.set_neurons(if fires { &[1] } else { &[] });
                    }
                },
            );
        }
    }

    /// What arrives when one of two sources fires every `interval` iterations, `count` times.
    fn train(plasticity: ShortTermPlasticity, interval: u64, count: usize, rule: impl Bundle, delay: u64) -> Vec<f64> {
        let mut bench = Bench::new();
        bench.app_mut().register_behaviour::<Train>();
        let train = Train { interval, until: interval * count as u64 };
        let (a, b) = (bench.group("a", 2, train), bench.group("b", 1, ()));
        bench.receptor(b, "r", CurrentReceptor { afferent: "X".into(), ..default() });
        bench.synapses(a, b, "X", (rule, InitialWeights(4.0.into()), plasticity));
        let mut heard = Vec::new();
        for _ in 0..interval * count as u64 + delay + 2 {
            bench.tick();
            heard.extend(Some(bench.get(b, "input")[0]).filter(|&input| input != 0.0));
        }
        heard
    }

    #[test]
    fn a_regular_train_settles_where_theory_says() {
        let (utilization, recovery, facilitation, interval) = (0.2_f64, 130.0_f64, 530.0_f64, 50.0_f64);
        let heard =
            train(ShortTermPlasticity::new(utilization, recovery, facilitation), 50, 60, AllToAll::default(), 0);
        // The fixed points of the two recursions.
        let f = (-interval / facilitation).exp();
        let d = (-interval / recovery).exp();
        let u = utilization / (1.0 - (1.0 - utilization) * f);
        let x = (1.0 - d) / (1.0 - (1.0 - u) * d);
        assert_eq!(heard.len(), 60);
        assert!((heard[0] - 4.0 * utilization).abs() < 1e-6, "{}", heard[0]);
        assert!((heard[59] - 4.0 * u * x).abs() < 1e-5, "{} {}", heard[59], 4.0 * u * x);
        // The second spike, by hand: u = U + U (1 − U) f, x = 1 − U d.
        let second = 4.0 * (utilization + utilization * (1.0 - utilization) * f) * (1.0 - utilization * d);
        assert!((heard[1] - second).abs() < 1e-5, "{} {second}", heard[1]);
    }

    #[test]
    fn delays_and_layouts_make_no_difference() {
        let plasticity = || ShortTermPlasticity::new(0.5, 100.0, 20.0);
        let dense = train(plasticity(), 7, 20, AllToAll::default(), 0);
        let late = train(plasticity(), 7, 20, (AllToAll::default(), Delays(Some(30.0.into()))), 30);
        let sparse = train(plasticity(), 7, 20, (AllToAll::default(), Delays(Some("25 + 0 * i".into()))), 30);
        assert!(dense.len() == 20 && dense == late && dense == sparse);
    }

    #[test]
    fn constants_out_of_range_are_refused() {
        let mut bench = Bench::new();
        let a = bench.group("a", 2, Spikes::default());
        let error = bench.try_synapses(a, a, "X", (AllToAll::default(), ShortTermPlasticity::new(1.5, 1.0, 0.0)));
        assert!(error.unwrap_err().ends_with("utilization: must be above 0, at most 1, not 1.5"));
    }
}
