//! Plasticity that goes by the potential of the target: C. Clopath, L. Büsing, E. Vasilaki & W. Gerstner, "Connectivity
//! reflects coding: a model of voltage-based STDP with homeostasis", Nat. Neurosci. 13:344 (2010).
//!
//! ```text
//! source:  w ← w − a_ltd · h · [ū₋ − theta_minus]₊
//! target:  dw/dt = a_ltp · x̄ · [u − theta_plus]₊ · [ū₊ − theta_minus]₊
//!
//! dū₋/dt = (u − ū₋) / tau_minus        dx̄/dt = −x̄ / tau_x,   x̄ ← x̄ + 1 / tau_x at a spike of the source
//! dū₊/dt = (u − ū₊) / tau_plus
//! h = 1, or (ū̄ / u_ref)² where `u_ref` is given:   dū̄/dt = (u − rest − ū̄) / tau_mean
//! ```
//! Models set v back in the iteration in which they fire. The spike that the rule needs is put in its place: u is `peak`
//! for `width` from that iteration on, and v at all other times. What follows the spike is the model's: for the AdEx of the
//! paper a `reset` of 21 mV above rest and as many ms refractory as the spike is wide. A `width` of 0 leaves v as it is, for
//! models that draw their spikes themselves, such as `HodgkinHuxley`.
//!
//! The ū are those of `delay` before, so that a spike does not meet itself in them. The paper does not say so, but the
//! authors' program does it (`ModelDB` 144566, by the account of NEST's `clopath_archiving_node`); without, a pairing at 10
//! ms and 0.1 Hz strengthens. An iteration adds dt times what is to the right of dw/dt, with u at its end, and x̄ and ū just
//! before; arrivals come first. Delays of spikes and who meets whom: [`spike_timing`](super::spike_timing).

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::{
    arrivals::Arrivals,
    bounds::{self, Bounds, WeightBounds},
    changes::Due,
    potentials::{Constants, Gains, Potentials},
    rests::{self, WeightRest},
    spike_timing::{Pairing, Trace, Update, check},
};
use crate::{
    behaviour,
    network::{
        Behaviour, Clock, Failures, Kind, Layout, Preparation, PrepareError, Range, RegisterState, Size, Source,
        Spikes, State, Synapses, Target, Unit, V, Weights, shape::path_of,
    },
    numeric::{Archive, ArchiveError, Real, grid, real::real},
    schedule::{AddToStage, Stage},
};

/// The longest delay of the filters (steps), as of spikes.
const LONGEST: f64 = 65_535.0;

behaviour! {
    /// A synapse weakens when its source fires onto a depolarised target, and strengthens while a target that was depolarised
    /// is far above rest.
    ///
    /// By default visual cortex, without homeostasis, for weights that start at 0.5.
    #[require(Voltages)]
    pub struct VoltageStdp {
        /// Weakening by a spike of the source, in the unit of the weights.
        #[reflect(@Unit("1/mV"), @Range::NOT_NEGATIVE)]
        pub a_ltd: f64 = 14e-5,
        /// Strengthening, in the unit of the weights.
        #[reflect(@Unit("1/mV²"), @Range::NOT_NEGATIVE)]
        pub a_ltp: f64 = 8e-5,
        /// Potential above which the filtered potentials count.
        #[reflect(@Unit("mV"), @Range::FINITE)]
        pub theta_minus: f64 = -70.6,
        /// Potential above which the potential itself counts.
        #[reflect(@Unit("mV"), @Range::FINITE)]
        pub theta_plus: f64 = -45.3,
        /// Time constant of the trace of the source.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub tau_x: f64 = 15.0,
        /// Time constant of the filtered potential that weakens.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub tau_minus: f64 = 10.0,
        /// Time constant of the filtered potential that strengthens.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub tau_plus: f64 = 7.0,
        /// How late the filtered potentials act, rounded to iterations.
        #[reflect(@Unit("ms"), @Range::NOT_NEGATIVE)]
        pub delay: f64 = 4.0,
        /// Potential of a spike.
        #[reflect(@Unit("mV"), @Range::FINITE)]
        pub peak: f64 = 33.0,
        /// How long a spike lasts, rounded to iterations; 0 where v has the spikes in it.
        #[reflect(@Unit("ms"), @Range::NOT_NEGATIVE)]
        pub width: f64 = 2.0,
        /// Mean depolarisation at which weakening has the strength `a_ltd`, to which it is held in proportion to the square;
        /// `None` for a weakening that does not depend on it.
        #[reflect(@Unit("mV"), @Range::ABOVE_ZERO)]
        pub u_ref: Option<f64>,
        /// Potential from which the mean depolarisation counts.
        #[reflect(@Unit("mV"), @Range::FINITE)]
        pub rest: f64 = -70.6,
        /// Time constant of the mean depolarisation.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub tau_mean: f64 = 1000.0,
        /// The least weight.
        #[reflect(@Range::FINITE)]
        pub w_min: f64 = 0.0,
        /// The greatest weight.
        #[reflect(@Range::FINITE)]
        pub w_max: f64 = 2.0,
    }
}

/// On a synapse group: what [`VoltageStdp`] remembers of spikes and potentials. What came before a group's rule was switched
/// off is forgotten.
#[derive(Component, Clone, Debug, Default)]
#[require(WeightBounds)]
pub struct Voltages {
    sources: Arrivals,
    targets: Potentials,
}

impl State for Voltages {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        self.sources.persist(archive)?;
        self.targets.persist(archive)
    }
}

impl Behaviour for VoltageStdp {
    const KIND: Kind = Kind::Synapses;

    fn plugin(app: &mut App) {
        app.register_state::<Voltages>().add_behaviour_system::<Self, _>(Stage::Learn, change);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let Self { a_ltd, a_ltp, tau_x, tau_minus, tau_plus, tau_mean, delay, .. } = *self;
        bounds::check(preparation, self.bounds())?;
        let filters = [("tau_minus", tau_minus), ("tau_plus", tau_plus), ("tau_mean", tau_mean)];
        bounds::warn_of_slow(preparation, &filters);
        let dt = preparation.clock().dt;
        // As of a potential 10 mV beyond each threshold.
        rests::carry_if_small(preparation, self.bounds(), &[10.0 * a_ltd, 100.0 * a_ltp * dt / tau_x]);
        if grid::rounded(delay, dt) > LONGEST {
            let why = format!("must be {LONGEST} steps of {dt} ms at most, not {delay} ms");
            return Err(preparation.error(Some("delay"), why));
        }
        let entity = preparation.entity();
        let world = preparation.world();
        match world.get::<Target>(entity).map(|target| target.0) {
            Some(target) if world.get::<V>(target).is_none() => {
                let why = format!("`{}` has no membrane potential `v` to learn by", path_of(world, target));
                Err(preparation.error(None, why))
            }
            _ => Ok(()),
        }
    }

    fn memory(&self, size: Size) -> u64 {
        Arrivals::bytes(1, size)
    }
}

impl VoltageStdp {
    const fn bounds(&self) -> [f64; 2] {
        [self.w_min, self.w_max]
    }

    const fn trace(&self) -> Trace {
        Trace { tau: self.tau_x, pairing: Pairing::All }
    }

    fn constants(&self, dt: f64) -> Constants {
        let steps = |time: f64| grid::rounded(time, dt);
        Constants {
            dt,
            taus: [self.tau_minus, self.tau_plus, self.tau_mean],
            theta: self.theta_minus,
            rest: self.rest,
            peak: self.peak,
            // A spike that is there at all lasts an iteration.
            width: steps(self.width).max(if self.width > 0.0 { 1.0 } else { 0.0 }) as u32,
            delay: steps(self.delay) as u32,
        }
    }

    fn gains(&self, dt: f64) -> Gains {
        let depression = match self.u_ref {
            None => [self.a_ltd, 0.0],
            Some(reference) => [0.0, self.a_ltd / (reference * reference)],
        };
        Gains {
            depression: depression.map(real),
            // Traces add up ones.
            potentiation: real(self.a_ltp * dt / self.tau_x),
            theta: real(self.theta_plus),
        }
    }
}

/// What takes from a weight and adds to it, as it was worked out for each target.
#[derive(Clone, Copy)]
struct OfTargets;

impl Update<1, 2> for OfTargets {
    #[inline(always)]
    fn on_pre(&self, _: Real, _: [Real; 1], [down, _]: [Real; 2]) -> Real {
        -down
    }

    #[inline(always)]
    fn on_post(&self, _: Real, [x]: [Real; 1], [_, up]: [Real; 2]) -> Real {
        x * up
    }
}

impl Voltages {
    /// Forgets everything, unless the last iteration was seen with the same constants, neurons and synapses. Returns whether
    /// it did; an error if weights are out of the bounds of a rule that is new to them.
    fn follow(
        &mut self,
        rule: &Ref<'_, VoltageStdp>,
        (layout, is_new): (&Layout, bool),
        (weights, states): (&[Real], bool),
        sizes: [usize; 2],
        clock: &Clock,
    ) -> Result<bool, String> {
        let (trace, constants) = ([rule.trace()], rule.constants(clock.dt));
        let goes_on = self.sources.go_on(&trace, sizes[0], clock) && self.targets.holds(&constants, sizes[1]);
        if goes_on && !is_new && !rule.is_changed() {
            return Ok(false);
        }
        if states {
            check(weights, layout, rule.bounds())?;
        }
        let forgot = self.sources.follow(&trace, sizes, (layout, is_new), goes_on, clock)?;
        if forgot {
            self.targets = Potentials::new(constants, sizes[1]);
        }
        Ok(forgot)
    }
}

type Group<'w> = (
    (Entity, Option<&'w Name>),
    Ref<'w, VoltageStdp>,
    (&'w mut Voltages, &'w mut WeightBounds, Option<&'w mut WeightRest>),
    &'w Source,
    &'w Target,
    Ref<'w, Synapses>,
    &'w mut Weights,
);

fn change(
    mut groups: Query<Group<'_>>,
    mut spikes: Query<&mut Spikes>,
    potentials: Query<&V>,
    clock: Res<Clock>,
    mut failures: ResMut<Failures>,
) {
    for ((group, name), rule, (mut voltages, mut bounds, rests), source, target, synapses, mut weights) in &mut groups {
        let (Some(layout), Ok(v)) = (&synapses.layout, potentials.get(target.0)) else { continue };
        let states = bounds.state::<VoltageStdp>(rule.bounds());
        let sources = spikes.get(source.0).map_or(0, |spikes| spikes.fired().len());
        match voltages.follow(
            &rule,
            (layout, synapses.is_changed()),
            (&weights.0, states),
            [sources, v.0.len()],
            &clock,
        ) {
            Ok(false) => {}
            Ok(true) => {
                if let Ok(mut spikes) = spikes.get_mut(source.0) {
                    spikes.keep(voltages.sources.traces.longest_delay());
                }
            }
            Err(why) => {
                failures.push_at(group, name.map_or("", Name::as_str), why);
                continue;
            }
        }
        let (Ok(fired), Ok(past)) = (spikes.get(target.0), spikes.get(source.0)) else { continue };
        let Voltages { sources, targets } = &mut *voltages;
        sources.enter(&clock);
        targets.advance(&v.0, fired.fired(), rule.gains(clock.dt));
        let (traces, index) = sources.parts();
        let due = Due {
            arriving: past.history(),
            at: targets.raised(),
            sources: traces,
            targets: targets.changes(),
            bounds: Bounds::new(rule.bounds()),
        };
        let rests = rests::of(rests.map(Mut::into_inner), weights.0.len());
        due.change((&mut weights.0, rests), layout, index, OfTargets);
        traces.add(past.neurons());
    }
}
