//! Structural plasticity at a fixed number of synapses: weak ones are pruned, and as many grow elsewhere.
//!
//! ```text
//! every `interval`:  |w| < threshold → the synapse is pruned, with a probability
//!                    as many new ones, of weight `weight`, between pairs of neurons that have none
//! ```
//! With `kept: Total` a new synapse joins any two neurons: the total is constant (G. Bellec, D. Kappel, W. Maass & R. Legenstein,
//! "Deep rewiring", ICLR 2018), and neurons win and lose synapses, as in P. Zheng, C. Dimitrakakis & J. Triesch, PLOS Comput.
//! Biol. 9:e1002848 (2013), where growth and pruning are in balance only on average. With `kept: InDegree` it has the target of
//! the pruned one: a neuron has room for so many (S. Bamford, A. Murray & D. Willshaw, Neural Networks 23:517, 2010).
//!
//! A new synapse has the delay of the pruned one, and none of its eligibility. Traces belong to neurons, and go on. No two neurons
//! get a second synapse; a place just left is as free as others. What becomes of spikes under way:
//! [`rewire`](crate::network::rewire). It comes after the rules and [`Normalization`](super::Normalization) of its iteration.

use bevy_app::App;
use bevy_ecs::{prelude::*, resource::IsResource, world::EntityMut};
use bevy_reflect::prelude::*;
use rand::RngExt;
use rayon::prelude::*;

use super::{
    bounds::WeightBounds,
    free_places::{Drawn, Line, Weak, draw},
    incoming::Incoming,
};
use crate::{
    behaviour,
    network::{
        Behaviour, Birth, Clock, Endpoints, Failures, Kind, Layout, Owned, Preparation, PrepareError, Range, Ranks,
        RegisterState, RegisterVariable, Rewired, State, Synapses, Unit, Variables, Weights, endpoints::endpoints,
        rewire::rewire,
    },
    numeric::{
        Archive, ArchiveError, Real,
        real::real,
        rows::{Rows, Synapse},
        stream::Stream,
        words::Words,
    },
    schedule::{AddToStage, Stage},
    variable,
};

variable! {
    /// Source neuron of a synapse that may be rewired (exact up to 16 777 216).
    pub struct SourceNeuron = "source" in "";
}

variable! {
    /// Target neuron of a synapse that may be rewired (exact up to 16 777 216).
    pub struct TargetNeuron = "target" in "";
}

behaviour! {
    /// Weak synapses are pruned, and as many grow between other neurons.
    ///
    /// The variables `source` and `target` tell where the synapses are, each in the column of its weight.
    ///
    /// By default new synapses as weak as in Zheng et al. (2013), for weights from 0 to 1; once a second.
    #[require(WeightBounds, SourceNeuron, TargetNeuron, Rewired)]
    pub struct StructuralPlasticity {
        /// Time from one rewiring to the next, at least one step.
        #[reflect(@Unit("ms"))]
        pub interval: f64 = 1000.0,
        /// Magnitude of the weight below which a synapse is pruned, above 0, in the unit of the weights.
        #[reflect(@Range::ABOVE_ZERO)]
        pub threshold: f64 = 1e-3,
        /// Probability with which a synapse that is so weak is pruned at a rewiring; above 0, at most 1.
        #[reflect(@Range::PROBABILITY)]
        pub probability: f64 = 1.0,
        /// Weight of new synapses, in the unit of the weights.
        #[reflect(@Range::FINITE)]
        pub weight: f64 = 1e-3,
        /// What number of synapses is kept: that of the group, or that of each target.
        pub kept: Kept = Kept::Total,
        /// Whether a neuron of a group that is connected to itself may get a synapse with itself.
        pub autapses: bool = false,
    }
}

/// What number of synapses is kept.
#[derive(Reflect, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kept {
    /// That of all synapses of the group.
    #[default]
    Total,
    /// That of the synapses onto each target.
    InDegree,
}

/// On a synapse group: between which neurons synapses may be, and what is drawn from.
#[derive(Component)]
struct Places {
    sides: Endpoints,
    pruning: Stream,
    growth: Stream,
    /// Whether the neurons of the synapses have been noted.
    listed: bool,
}

impl State for Places {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        archive.value(&mut self.listed)
    }
}

impl Behaviour for StructuralPlasticity {
    const KIND: Kind = Kind::Synapses;

    fn plugin(app: &mut App) {
        app.register_state::<Places>()
            .register_variable::<SourceNeuron>()
            .register_variable::<TargetNeuron>()
            .add_behaviour_system::<Self, _>(Stage::Learn, rewire_due);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let dt = preparation.clock().dt;
        // A thousandth of a step for numbers such as 0.3 that are not exactly what they say.
        if !(self.interval.is_finite() && self.interval > 0.999 * dt) {
            let why = format!("must be one step of {dt} ms or more, not {}", self.interval);
            return Err(preparation.error(Some("interval"), why));
        }
        if preparation.shape().len() > 1 {
            return Err(preparation.error(None, DENSE));
        }
        if !preparation.is_trial() {
            let (pruning, growth) = (preparation.stream("pruning"), preparation.stream("growth"));
            let places = Places { sides: endpoints(preparation)?, pruning, growth, listed: false };
            let entity = preparation.entity();
            preparation.world().entity_mut(entity).insert(places);
        }
        Ok(())
    }
}

/// Why dense synapses are refused.
const DENSE: &str = "every neuron has a synapse with every other, so that none can grow elsewhere; a sparse rule such as \
                     `FixedProbability` leaves places free";

/// The synapse groups that may be rewired; resources are entities too.
type Groups<'w, 's> = Query<'w, 's, EntityMut<'static>, (With<StructuralPlasticity>, Without<IsResource>)>;

fn rewire_due(
    mut groups: Groups<'_, '_>,
    variables: Res<Variables>,
    clock: Res<Clock>,
    ranks: Option<Res<Ranks>>,
    mut failures: ResMut<Failures>,
) {
    let mut all: Vec<Entity> = groups.iter().map(|group| group.id()).collect();
    // Ranks draw together: in the same order.
    all.sort_unstable();
    for group in all {
        let Ok(mut entity) = groups.get_mut(group) else { continue };
        let Some(rule) = entity.get::<StructuralPlasticity>() else { continue };
        let clock = clock.since(entity.get::<Birth>());
        let due = rule.is_due(&clock);
        if due && let Err(why) = rewire_group(&mut entity, &variables, &clock, ranks.as_deref()) {
            failures.push_at(group, entity.get::<Name>().map_or("", Name::as_str), why);
            continue;
        }
        if due || entity.get::<Places>().is_some_and(|places| !places.listed) {
            list(&mut entity);
        }
    }
}

/// Prunes and grows the synapses of a group.
fn rewire_group(
    entity: &mut EntityMut<'_>,
    variables: &Variables,
    clock: &Clock,
    ranks: Option<&Ranks>,
) -> Result<(), String> {
    let (gone, new, weight) = {
        let rule = entity.get::<StructuralPlasticity>().zip(entity.get::<Places>());
        let synapses = entity.get::<Synapses>().zip(entity.get::<Weights>());
        let Some(((rule, places), (synapses, weights))) = rule.zip(synapses) else { return Ok(()) };
        let weight = real(rule.weight);
        let rows = match &synapses.layout {
            Some(Layout::Sparse(rows)) => rows,
            Some(Layout::Dense { .. }) => return Err(DENSE.into()),
            None => return Ok(()),
        };
        if let Some(bounds) = entity.get::<WeightBounds>().map(WeightBounds::common)
            && bounds.hold(weight) != weight
        {
            let (least, most) = (bounds.least, bounds.most);
            return Err(format!(
                "new synapses of weight {weight} are not within the bounds of a rule, {least} and {most}"
            ));
        }
        let shared = ranks.zip(entity.get::<Owned>());
        let (gone, new) = rule.choose(places, (rows, &weights.0), clock.iteration, shared)?;
        (gone, new, weight)
    };
    if gone.is_empty() && new.is_empty() {
        return Ok(());
    }
    rewire(entity, variables, &gone, &new, weight)
}

/// Notes the neurons of all synapses.
fn list(entity: &mut EntityMut<'_>) {
    let layout = entity.get::<Synapses>().and_then(|synapses| synapses.layout.as_ref());
    let Some(Layout::Sparse(rows)) = layout else { return };
    let ends: Vec<[Real; 2]> =
        rows.iter().map(|synapse| [synapse.source, synapse.target].map(|neuron| real(f64::from(neuron)))).collect();
    if let Some(mut source) = entity.get_mut::<SourceNeuron>() {
        source.0.refill(ends.iter().map(|ends| ends[0]));
    }
    if let Some(mut target) = entity.get_mut::<TargetNeuron>() {
        target.0.refill(ends.iter().map(|ends| ends[1]));
    }
    if let Some(mut places) = entity.get_mut::<Places>() {
        places.listed = true;
    }
}

impl StructuralPlasticity {
    /// Whether synapses are rewired at the end of the running iteration.
    fn is_due(&self, clock: &Clock) -> bool {
        let steps = clock.steps(self.interval).max(1);
        (clock.iteration + 1).is_multiple_of(steps)
    }

    /// The synapses that go, by their places in the order of weights, and those that come; of ranks that share the group those of own
    /// neurons.
    fn choose(
        &self,
        Places { sides, pruning, growth, .. }: &Places,
        (rows, weights): (&Rows, &[Real]),
        iteration: u64,
        shared: Option<(&Ranks, &Owned)>,
    ) -> Result<(Vec<u32>, Vec<Synapse>), String> {
        let incoming = Incoming::of(rows, sides.target_group.size());
        if Ranks::any(shared.map(|(ranks, _)| ranks), incoming.is_none()) && incoming.is_some() {
            return Ok((Vec::new(), Vec::new()));
        }
        let incoming = incoming.ok_or("more synapses to be rewired than 32 bits count")?;
        let [pruning, growth] = [pruning, growth].map(|stream| stream.of_event(iteration));
        let targets = shared.map_or(0..sides.pair.targets, |(_, own)| sides.targets_in(own.range()));
        let all = targets.clone().into_par_iter();
        let mut lines: Vec<Line> = all.map(|t| self.line(sides, &incoming, weights, (t, pruning))).collect();
        let ranks = shared.map(|(ranks, _)| ranks);
        let (mut gone, mut new) = (Vec::new(), Vec::new());
        let mut take = |first: usize, drawn: Drawn| {
            gone.extend(drawn.gone);
            new.extend(drawn.new.into_iter().map(|(line, source, delay)| {
                let [source, target] = [sides.source(source as usize), sides.target(first + line)];
                Synapse { source: source as u32, target: target as u32, delay }
            }));
        };
        let words = |k: usize| Words::new(growth, k as u32);
        match self.kept {
            Kept::Total => take(targets.start, draw(&mut lines, sides.pair.sources, &mut words(0), ranks)),
            Kept::InDegree => {
                for (t, line) in targets.zip(lines.chunks_mut(1)) {
                    take(t, draw(line, sides.pair.sources, &mut words(t), None));
                }
            }
        }
        Ok((gone, new))
    }

    /// The synapses onto the `t`-th target.
    fn line(&self, sides: &Endpoints, incoming: &Incoming, weights: &[Real], (t, pruning): (usize, Stream)) -> Line {
        let mut words = Words::new(pruning, t as u32);
        let (mut occupied, mut gone) = (Vec::new(), Vec::new());
        for (entry, delay) in incoming.of_target(sides.target(t)) {
            let Some(source) = sides.source_place(entry.source as usize) else { continue };
            let weight = weights.get(entry.synapse as usize).copied().unwrap_or_default();
            let weak = weight.abs() < real(self.threshold)
                && (self.probability == 1.0 || words.random::<f64>() < self.probability);
            if weak {
                gone.push(Weak { synapse: entry.synapse, source: source as u32, delay });
            } else {
                occupied.push(source as u32);
            }
        }
        if !self.autapses {
            occupied.extend(sides.source_like(t).map(|own| own as u32));
        }
        Line::new(occupied, gone)
    }
}
