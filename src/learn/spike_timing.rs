//! Rules by which the times of spikes change weights: what they have in common. A rule is a file of its own, which says what
//! its traces are and what a spike of a source and of a target does to a weight, in the few lines that its paper prints.
//!
//! ```text
//! dx/dt = −x/τ,   x ← x + 1 at a spike (or x ← 1, where only the nearest spike counts)     x of sources, y of targets
//! w ← w + on_pre(w, x, y)     when a spike of the source reaches the synapse
//! w ← w + on_post(w, x, y)    when the target fires
//! ```
//! Delays lie in the axon: a synapse sees a spike of its source when it arrives, and the spikes of its target at once. A
//! spike of iteration k is at (k + 1)·dt, and is at the synapse d steps later. Spikes of source and target that are at
//! the synapse at the same time do not see each other, and the weight follows that of the source first; traces are those
//! just before. A spike acts with the weight that it has just changed, as in NEST.

use std::marker::PhantomData;

use bevy_ecs::{component::Mutable, prelude::*};

use super::{
    arrivals::Arrivals,
    bounds::{Bounds, WeightBounds, outside},
    changes::Due,
    rests::{self, WeightRest},
    traces::Side,
};
pub use super::{
    changes::Update,
    traces::{Pairing, Trace},
};
use crate::{
    network::{
        Behaviour, Clock, Failures, Layout, Size, Source, Spikes, State, Synapses, Target, Weights, state::meet,
    },
    numeric::{Archive, ArchiveError, Column, Real, real::real},
};

/// A rule with `PRE` traces of the sources and `POST` of the targets.
///
/// Its component requires [`Timing`] of itself, its plugin adds [`change`] to the learn stage, and [`memory`] says what that
/// takes:
///
/// ```
/// use cortecs::{
///     learn::spike_timing::{SpikeTiming, Timing, Trace, Update, change, memory},
///     network::{Size, Weights},
///     prelude::*,
/// };
///
/// /// Each spike of a target strengthens the synapses whose source fired shortly before; each of a source costs a little.
/// #[derive(Component, Reflect, Clone, Default)]
/// #[require(Timing<Hebb>)]
/// struct Hebb {
///     gain: f64,
///     cost: f64,
/// }
///
/// impl Behaviour for Hebb {
///     const KIND: Kind = Kind::Synapses;
///     fn plugin(app: &mut App) {
///         app.add_behaviour_system::<Self, _>(Stage::Learn, change::<Self, 1, 0>);
///     }
///     fn memory(&self, size: Size) -> u64 {
///         memory(self, size)
///     }
/// }
///
/// impl SpikeTiming<1, 0> for Hebb {
///     type Update = Changes;
///     type Changed = Weights;
///     fn pre_traces(&self) -> [Trace; 1] {
///         [Trace { tau: 20.0, pairing: Pairing::All }]
///     }
///     fn post_traces(&self) -> [Trace; 0] {
///         []
///     }
///     fn update(&self) -> Changes {
///         Changes(self.gain as Real, self.cost as Real)
///     }
///     fn bounds(&self) -> [f64; 2] {
///         [0.0, 1.0]
///     }
/// }
///
/// #[derive(Clone, Copy)]
/// struct Changes(Real, Real);
///
/// impl Update<1, 0> for Changes {
///     fn on_pre(&self, _: Real, _: [Real; 1], _: [Real; 0]) -> Real {
///         -self.1
///     }
///     fn on_post(&self, _: Real, [x]: [Real; 1], _: [Real; 0]) -> Real {
///         self.0 * x
///     }
/// }
///
/// let mut bench = Bench::new();
/// bench.app_mut().register_behaviour::<Hebb>();
/// let source = bench.group("source", 1, SpikeSource::at(vec![vec![3.0]]));
/// let target = bench.group("target", 1, SpikeSource::at(vec![vec![13.0]]));
/// let rule = (OneToOne::default(), InitialWeights(0.5.into()), Hebb { gain: 0.1, cost: 0.01 });
/// let synapses = bench.synapses(source, target, "X", rule);
/// bench.ticks(20);
/// bench.assert_near(synapses, "weights", &[0.5 - 0.01 + 0.1 * f64::exp(-10.0 / 20.0)]);
/// ```
pub trait SpikeTiming<const PRE: usize, const POST: usize>: Behaviour {
    /// What spikes do to a weight.
    type Update: Update<PRE, POST>;
    /// The column that spikes change: [`Weights`], or another one with a number for each synapse.
    type Changed: OfSynapses;
    /// The traces of the sources.
    fn pre_traces(&self) -> [Trace; PRE];
    /// The traces of the targets.
    fn post_traces(&self) -> [Trace; POST];
    /// The constants of the rule.
    fn update(&self) -> Self::Update;
    /// The least and the greatest number of the column, within which changes are held.
    fn bounds(&self) -> [f64; 2];
}

/// A column with a number for each synapse of a group, in the order of [`Weights`].
pub trait OfSynapses: Component<Mutability = Mutable> {
    /// Whether they are the weights, whose bounds others hold that change them.
    const ARE_WEIGHTS: bool = false;

    /// The numbers.
    fn numbers(&mut self) -> &mut Column<Real>;
}

impl OfSynapses for Weights {
    const ARE_WEIGHTS: bool = true;

    fn numbers(&mut self) -> &mut Column<Real> {
        &mut self.0
    }
}

/// On a synapse group: what the rule `R` remembers of spikes.
///
/// Spikes that came before a group's rule was switched off are forgotten.
#[derive(Component, Clone, Debug)]
#[component(on_add = meet::<Self>)]
#[require(WeightBounds)]
pub struct Timing<R: 'static> {
    sources: Arrivals,
    targets: Side,
    rule: PhantomData<fn() -> R>,
}

impl<R: 'static> State for Timing<R> {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        self.sources.persist(archive)?;
        self.targets.persist(archive)
    }
}

impl<R: 'static> Default for Timing<R> {
    fn default() -> Self {
        Self { sources: Arrivals::default(), targets: Side::default(), rule: PhantomData }
    }
}

impl<R: 'static> Timing<R> {
    /// Forgets all spikes, unless the last iteration was seen with the same traces of the same neurons, and finds the synapses
    /// that are new. Returns whether it forgot; an error if numbers are out of the bounds of a rule that is new to them.
    ///
    /// Traces belong to neurons: they go on where synapses are rewired, as long as none is longer than spikes are kept for.
    fn follow<const PRE: usize, const POST: usize>(
        &mut self,
        rule: &Ref<'_, R>,
        (layout, is_new): (&Layout, bool),
        (numbers, states): (&[Real], bool),
        sizes: [usize; 2],
        clock: &Clock,
    ) -> Result<bool, String>
    where
        R: SpikeTiming<PRE, POST>,
    {
        let (pre, post) = (rule.pre_traces(), rule.post_traces());
        let goes_on = self.sources.go_on(&pre, sizes[0], clock) && self.targets.holds(&post, sizes[1], clock.dt);
        if goes_on && !is_new && !rule.is_changed() {
            return Ok(false);
        }
        if states {
            check(numbers, layout, rule.bounds())?;
        }
        let forgot = self.sources.follow(&pre, sizes, (layout, is_new), goes_on, clock)?;
        if forgot {
            self.targets = Side::new(sizes[1], &post, 0, clock.dt);
        }
        Ok(forgot)
    }
}

/// What a rule says of the memory that it needs: for its traces, and the index of sparse synapses by their targets.
#[must_use]
pub fn memory<R: SpikeTiming<PRE, POST>, const PRE: usize, const POST: usize>(_: &R, size: Size) -> u64 {
    Arrivals::bytes(PRE, size).saturating_add(Side::bytes(size.targets, POST, 0))
}

/// Says if a weight is outside the bounds of its rule.
pub(super) fn check(weights: &[Real], layout: &Layout, bounds: [f64; 2]) -> Result<(), String> {
    let within = real(bounds[0])..=real(bounds[1]);
    match weights.iter().enumerate().find(|(k, w)| !within.contains(*w) && layout.has(*k)) {
        Some((_, w)) => Err(outside(*w, bounds)),
        None => Ok(()),
    }
}

/// What [`change`] looks at.
type Group<'w, R, C> = (
    (Entity, Option<&'w Name>),
    Ref<'w, R>,
    (&'w mut Timing<R>, &'w mut WeightBounds, Option<&'w mut WeightRest>),
    &'w Source,
    &'w Target,
    Ref<'w, Synapses>,
    &'w mut C,
);

/// The system of a rule, for the learn stage.
pub fn change<R: SpikeTiming<PRE, POST>, const PRE: usize, const POST: usize>(
    mut groups: Query<Group<'_, R, R::Changed>>,
    mut spikes: Query<&mut Spikes>,
    without: Query<(), (With<R>, Without<Timing<R>>)>,
    clock: Res<Clock>,
    mut failures: ResMut<Failures>,
) {
    if !without.is_empty() {
        let name = R::short_type_path();
        failures.push(name, format!("it remembers no spikes: declare it with `#[require(Timing<{name}>)]`"));
    }
    for ((group, name), rule, (mut timing, mut bounds, rests), source, target, synapses, mut changed) in &mut groups {
        let Some(layout) = &synapses.layout else { continue };
        let states = R::Changed::ARE_WEIGHTS && bounds.state::<R>(rule.bounds());
        let weights = changed.numbers();
        let size = |group| spikes.get(group).map_or(0, |spikes| spikes.fired().len());
        let sizes = [source.0, target.0].map(size);
        match timing.follow(&rule, (layout, synapses.is_changed()), (weights, states), sizes, &clock) {
            Ok(false) => {}
            Ok(true) => {
                if let Ok(mut spikes) = spikes.get_mut(source.0) {
                    spikes.keep(timing.sources.traces.longest_delay());
                }
            }
            Err(why) => {
                failures.push_at(group, name.map_or("", Name::as_str), why);
                continue;
            }
        }
        let (Ok(fired), Ok(past)) = (spikes.get(target.0), spikes.get(source.0)) else { continue };
        timing.sources.enter(&clock);
        timing.targets.decay();
        let Timing { sources, targets, .. } = &mut *timing;
        let (traces, index) = sources.parts();
        let due = Due {
            arriving: past.history(),
            at: fired.neurons(),
            sources: traces,
            targets: targets.seen::<POST>(0),
            bounds: Bounds::new(rule.bounds()),
        };
        let rests = rests.filter(|_| R::Changed::ARE_WEIGHTS).map(Mut::into_inner);
        let rests = rests::of(rests, weights.len());
        due.change((weights, rests), layout, index, rule.update());
        traces.add(past.neurons());
        targets.add(fired.neurons());
    }
}
