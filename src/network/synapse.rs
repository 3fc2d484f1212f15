//! Synapse groups: entities that join a source and a target neuron group by two relationships, so that the
//! *afferent* and *efferent* synapse groups of a neuron group are always at hand.

use bevy_ecs::prelude::*;
#[cfg(feature = "inspect")]
use bevy_reflect::prelude::*;

use super::{group::Tags, history::History, selection::Selection, state::State};
use crate::{
    numeric::{
        Archive, ArchiveError, Real,
        rows::{Rows, Synapse},
    },
    value::Value,
    variable,
};

/// A group of synapses from one neuron group to another, or to itself.
#[derive(Component, Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "inspect", derive(Reflect), reflect(Component))]
#[require(Tags, Weights, Synapses, InitialWeights, Delays, Ends)]
pub struct SynapseGroup;

/// On a synapse group: the neuron group whose spikes it carries.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "inspect", derive(Reflect), reflect(Component))]
#[relationship(relationship_target = Efferents)]
pub struct Source(pub Entity);

/// On a neuron group: the synapse groups that leave it, in the order in which they were made.
#[derive(Component, Debug, Default)]
#[relationship_target(relationship = Source, linked_spawn)]
pub struct Efferents(Vec<Entity>);

/// On a synapse group: the neuron group that it reaches.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "inspect", derive(Reflect), reflect(Component))]
#[relationship(relationship_target = Afferents)]
pub struct Target(pub Entity);

/// On a neuron group: the synapse groups that reach it, in the order in which they were made, which is the order
/// in which their spikes are added up.
#[derive(Component, Debug, Default)]
#[relationship_target(relationship = Target, linked_spawn)]
pub struct Afferents(Vec<Entity>);

variable! {
    /// Synaptic weight.
    pub struct Weights = "weights" in "";
}

/// How the synapses of a group are laid out; a connectivity rule decides. The weights of dense synapses are source-major,
/// those of sparse ones in the order of the file `GROUP.synapses.npy`.
#[derive(Component, Clone, Debug, Default)]
pub struct Synapses {
    /// The layout; `None` until the rule was applied.
    pub layout: Option<Layout>,
    /// Their delays, before they exist those of the first pairs; `None` where there are none.
    pub delays: Option<DelaySummary>,
    /// The shape that the weights will have, as far as it is known before the rule was applied.
    pub planned: Vec<usize>,
    /// The number of synapses that there will be, or is expected where chance decides.
    pub expected: usize,
    /// What was found when values were tried.
    pub tried: Tried,
}

/// What trying some of the synapses of a group has found, before they exist.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tried {
    /// The least and the greatest weight.
    pub weights: Option<[f64; 2]>,
    /// About how many synapses there will be.
    pub estimate: Option<u64>,
    /// The least weight that a rule allows, of rules that state one.
    pub least_allowed: Option<f64>,
}

impl Synapses {
    /// The number of synapses; before the rule was applied as many as are expected.
    #[must_use]
    pub fn number(&self) -> usize {
        self.layout.as_ref().map_or(self.expected, Layout::number)
    }
}

impl State for Synapses {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        if let (true, Some(Layout::Sparse(rows))) = (archive.compares(), &self.layout) {
            return archive.synapses(rows);
        }
        match &mut self.layout {
            Some(Layout::Sparse(rows)) => {
                rows.persist(archive)?;
                if archive.restores() {
                    (self.planned, self.expected) = (vec![rows.len()], rows.len());
                }
                Ok(())
            }
            other => {
                let form = other.as_ref().map(|layout| (layout.shape(), layout.ages().to_vec()));
                match archive.through(&form)? {
                    Some(saved) if saved != form => Err(ArchiveError::Refused("its synapses lie otherwise".into())),
                    _ => Ok(()),
                }
            }
        }
    }
}

/// On a synapse group whose synapses come and go while the network runs: a behaviour that makes or removes some requires it,
/// and those who record weights then note each time which synapse each of them belongs to.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct Rewired;

/// The weights that the synapses of a group start with; default 1.
///
/// An expression may use `i` and `j`, the indices of source and target, and `distance`; an array has the shape
/// sources × targets.
#[derive(Component, Clone, Debug, PartialEq)]
pub struct InitialWeights(pub Value);

impl Default for InitialWeights {
    fn default() -> Self {
        Self(Value::Number(1.0))
    }
}

/// The delays (ms) of the synapses of a group, at least one step each; none by default: a spike reaches its targets in
/// the iteration after its own.
///
/// A delay lasts from the end of the iteration in which a neuron fires to the start of that in which its targets feel
/// it: with *d* steps, a spike of iteration *k* acts in iteration *k* + 1 + *d*.
#[derive(Component, Clone, Debug, Default, PartialEq)]
pub struct Delays(pub Option<Value>);

/// Which neurons of the source and target group take part, and whether space is a torus.
#[derive(Component, Clone, Debug, Default, PartialEq)]
pub struct Ends {
    /// Source neurons; default all.
    pub sources: Selection,
    /// Target neurons; default all.
    pub targets: Selection,
    /// Whether distances are taken across the borders of the groups' grids, which must then be equally large.
    pub periodic: bool,
}

/// On a synapse group whose synapses tire or strengthen from spike to spike: the factor on the weights for each spike of
/// the source group, in lists that belong to those of its [`Spikes`](super::Spikes).
#[derive(Component, Clone, Debug, Default)]
pub struct Efficacies(pub History<Real>);

impl State for Efficacies {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        self.0.persist_lists(archive, u32::MAX)
    }
}

/// What became of the delays of a group.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct DelaySummary {
    /// The shortest (ms).
    pub shortest_ms: f64,
    /// The longest (ms).
    pub longest_ms: f64,
    /// The largest change that rounding to whole steps made (ms).
    pub rounded_by_ms: f64,
}

impl DelaySummary {
    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            shortest_ms: self.shortest_ms.min(other.shortest_ms),
            longest_ms: self.longest_ms.max(other.longest_ms),
            rounded_by_ms: self.rounded_by_ms.max(other.rounded_by_ms),
        }
    }
}

/// A layout of synapses.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Layout {
    /// A weight for every pair, row after row; a missing synapse has the weight zero.
    Dense {
        /// Number of rows.
        sources: usize,
        /// Length of a row.
        targets: usize,
        /// The delay of all (steps).
        delay: u32,
        /// Whether neurons have synapses with themselves, in a group that is connected to itself.
        autapses: bool,
    },
    /// The synapses that there are, by source.
    Sparse(Rows),
}

impl Layout {
    /// The shape of the weights.
    #[must_use]
    pub fn shape(&self) -> Vec<usize> {
        match self {
            Self::Dense { sources, targets, .. } => vec![*sources, *targets],
            Self::Sparse(rows) => vec![rows.len()],
        }
    }

    /// Whether there is a synapse to the weight `k`: neurons may have none with themselves.
    #[inline]
    #[must_use]
    pub const fn has(&self, k: usize) -> bool {
        match self {
            Self::Dense { targets, autapses: false, .. } => !k.is_multiple_of(*targets + 1),
            Self::Dense { .. } | Self::Sparse(_) => true,
        }
    }

    /// The number of synapses.
    #[must_use]
    pub fn number(&self) -> usize {
        match self {
            Self::Dense { sources, targets, autapses, .. } => {
                sources * targets - if *autapses { 0 } else { *sources.min(targets) }
            }
            Self::Sparse(rows) => rows.len(),
        }
    }

    /// All synapses, in the order of their weights.
    pub fn synapses(&self) -> impl Iterator<Item = Synapse> + '_ {
        let (sources, targets, delay, rows) = self.ends();
        let synapse = move |k: usize| Synapse { source: (k / targets) as u32, target: (k % targets) as u32, delay };
        let dense = (0..sources * targets).filter(|&k| self.has(k)).map(synapse);
        dense.chain(rows.into_iter().flat_map(Rows::iter))
    }

    /// The synapses that leave a source neuron, each with its place among the weights.
    pub fn of_source(&self, source: u32) -> impl Iterator<Item = (usize, Synapse)> + '_ {
        let (sources, targets, delay, rows) = self.ends();
        let own = if (source as usize) < sources { targets } else { 0 };
        let synapse = move |target: usize| Synapse { source, target: target as u32, delay };
        let dense = (0..own).map(move |target| (source as usize * targets + target, synapse(target)));
        dense.filter(|(k, _)| self.has(*k)).chain(rows.into_iter().flat_map(move |rows| rows.of_source(source)))
    }

    /// The synapses that reach a target neuron, each with its place among the weights; without a walk over all of them.
    pub fn of_target(&self, target: u32) -> impl Iterator<Item = (usize, Synapse)> + '_ {
        let (sources, targets, delay, rows) = self.ends();
        let own = if (target as usize) < targets { sources } else { 0 };
        let synapse = move |source: usize| Synapse { source: source as u32, target, delay };
        let dense = (0..own).map(move |source| (source * targets + target as usize, synapse(source)));
        dense.filter(|(k, _)| self.has(*k)).chain(rows.into_iter().flat_map(move |rows| rows.of_target(target)))
    }

    /// Sources, targets and delay of dense synapses, or the rows of sparse ones.
    const fn ends(&self) -> (usize, usize, u32, Option<&Rows>) {
        match self {
            Self::Dense { sources, targets, delay, .. } => (*sources, *targets, *delay, None),
            Self::Sparse(rows) => (0, 0, 0, Some(rows)),
        }
    }

    /// The ages (iterations) at which spikes are delivered.
    #[must_use]
    pub fn ages(&self) -> &[u32] {
        match self {
            Self::Dense { delay, .. } => std::slice::from_ref(delay),
            Self::Sparse(rows) => rows.ages(),
        }
    }

    /// The age (iterations) of the spikes that are delivered first.
    #[must_use]
    pub fn youngest(&self) -> u32 {
        match self {
            Self::Dense { delay, .. } => *delay,
            Self::Sparse(rows) => rows.youngest(),
        }
    }

    /// The shortest delay (steps) here; `None` without synapses.
    #[must_use]
    pub fn shortest_delay(&self) -> Option<u32> {
        match self {
            Self::Dense { delay, .. } => Some(*delay),
            Self::Sparse(rows) => rows.shortest_delay(),
        }
    }

    /// The age (iterations) of the spikes that are delivered last, here or at another rank.
    #[must_use]
    pub fn oldest(&self) -> u32 {
        match self {
            Self::Dense { delay, .. } => *delay,
            Self::Sparse(rows) => rows.oldest(),
        }
    }

    /// The longest delay (steps), here or at another rank.
    #[must_use]
    pub fn longest_delay(&self) -> u32 {
        match self {
            Self::Dense { delay, .. } => *delay,
            Self::Sparse(rows) => rows.longest_delay(),
        }
    }

    /// Whether what arrives has to wait in a ring, since delays differ.
    #[must_use]
    pub const fn needs_ring(&self) -> bool {
        match self {
            Self::Dense { .. } => false,
            Self::Sparse(rows) => !rows.is_punctual(),
        }
    }

    /// Targets of a block of rows.
    #[must_use]
    pub const fn width(&self) -> Option<usize> {
        match self {
            Self::Dense { .. } => None,
            Self::Sparse(rows) => Some(rows.coding().width()),
        }
    }

    /// Targets at whose multiples tasks may share what leads to them: 1 where it pays to cut at any.
    #[must_use]
    pub fn grain(&self) -> usize {
        match self {
            Self::Dense { .. } => 1,
            Self::Sparse(rows) => rows.grain(),
        }
    }

    /// What a spike costs on average, in the time that a sparse synapse takes: eight dense ones take as much.
    #[must_use]
    pub fn cost(&self) -> usize {
        match self {
            Self::Dense { targets, .. } => targets.div_ceil(8),
            Self::Sparse(rows) => rows.mean_length(),
        }
    }
}
