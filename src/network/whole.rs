//! What ranks know in parts, put together: columns of neurons and the synapses that lead to them, at rank 0, which records.

use std::borrow::Cow;

use bevy_ecs::prelude::*;

use super::{
    ranks::{Owned, Ranks},
    synapse::{Layout, Synapses},
    variable::View,
};
use crate::numeric::{Real, exchange::Gathered, rows::Synapse};

/// The values of a variable of all members: as they lie in its column, or from all ranks.
pub enum Whole<'a> {
    /// They are all here.
    Here(View<'a>),
    /// Numbers from all ranks.
    Real(Vec<Real>),
    /// Truths from all ranks.
    Bool(Vec<u8>),
}

impl Whole<'_> {
    /// The values.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        match self {
            Self::Here(view) => *view,
            Self::Real(values) => View::Real(values),
            Self::Bool(values) => View::Bool(values),
        }
    }
}

/// Synapses of all ranks, in the order of one process that has them all; with their weights, or another number of each.
pub struct WholeSynapses {
    /// Source, target and delay of each.
    pub synapses: Vec<Synapse>,
    /// Their numbers.
    pub numbers: Vec<Real>,
}

/// On a synapse group whose variables rank 0 records, there: its synapses at all ranks, in the order of one process.
#[derive(Component)]
pub struct ListedEverywhere(pub Vec<Synapse>);

/// Something has failed at another rank, which tells of it.
#[derive(Resource)]
pub struct FailedElsewhere;

impl Ranks {
    /// Has rank 0 list the synapses of some groups, of which each rank knows a part.
    pub fn list(world: &mut World, groups: &[Entity]) {
        let Some(ranks) = world.get_resource::<Self>().cloned() else { return };
        for &group in groups {
            let layout = world.get::<Synapses>(group).and_then(|synapses| synapses.layout.as_ref());
            let Some(layout @ Layout::Sparse(rows)) = layout else { continue };
            let whole = ranks.synapses(layout, &vec![0.0; rows.len()]);
            if let (Some(whole), Ok(mut group)) = (whole, world.get_entity_mut(group)) {
                group.insert(ListedEverywhere(whole.synapses));
            }
        }
    }

    /// Whether this rank is the one that keeps what is recorded.
    #[must_use]
    pub fn keeps(ranks: Option<&Self>) -> bool {
        ranks.is_none_or(|Self(exchange)| exchange.rank() == 0)
    }

    /// The values of a variable of an entity, of which this rank knows its part; nothing but at rank 0. All ranks ask for the same.
    #[must_use]
    pub fn whole<'a>(ranks: Option<&Self>, source: EntityRef<'a>, view: View<'a>) -> Option<Whole<'a>> {
        let (Some(ranks), Some(own)) = (ranks, source.get::<Owned>()) else {
            return Self::keeps(ranks).then_some(Whole::Here(view));
        };
        match (source.get::<Synapses>().and_then(|synapses| synapses.layout.as_ref()), view) {
            (Some(Layout::Sparse(_)), View::Bool(_)) => None,
            (Some(layout @ Layout::Sparse(_)), View::Real(values)) => {
                ranks.synapses(layout, values).map(|whole| Whole::Real(whole.numbers))
            }
            (_, View::Real(values)) => ranks.share(*own).whole(values).map(Whole::Real),
            (_, View::Bool(values)) => ranks.share(*own).whole(values).map(Whole::Bool),
        }
    }

    /// Whether all is well at every rank, as far as it is here. If only others have failed, they know why: [`FailedElsewhere`].
    #[track_caller]
    pub fn all_well(world: &mut World, here: bool) -> bool {
        let well = !Self::any(world.get_resource::<Self>(), !here);
        if here && !well {
            world.insert_resource(FailedElsewhere);
        }
        well
    }

    /// Whether something holds at this rank and at none before it; `None` where it holds nowhere.
    #[must_use]
    #[track_caller]
    pub fn first(ranks: Option<&Self>, own: bool) -> Option<bool> {
        let Some(Self(exchange)) = ranks else { return own.then_some(true) };
        let mut all = Gathered::default();
        exchange.all_gather(&[u32::from(own)], &mut all);
        let first = all.words.iter().position(|&there| there != 0)?;
        Some(first == exchange.rank())
    }

    /// Whether something holds at any rank.
    #[must_use]
    #[track_caller]
    pub fn any(ranks: Option<&Self>, own: bool) -> bool {
        let Some(Self(exchange)) = ranks else { return own };
        let mut all = Gathered::default();
        exchange.all_gather(&[u32::from(own)], &mut all);
        all.words.iter().any(|&there| there != 0)
    }

    /// A column of all neurons at every rank, of which each knows its own.
    #[must_use]
    pub fn shared<'a>(ranks: Option<&Self>, own: Option<&Owned>, column: &'a [Real]) -> Cow<'a, [Real]> {
        let (Some(Self(exchange)), Some(own)) = (ranks, own) else { return Cow::Borrowed(column) };
        Cow::Owned(exchange.all_of(&column[own.range()]).0)
    }

    /// All synapses of a sparse group with a number of each, of which every rank knows those onto its neurons: at rank 0.
    #[must_use]
    pub fn synapses(&self, layout: &Layout, numbers: &[Real]) -> Option<WholeSynapses> {
        let Self(exchange) = self;
        let mut own: Vec<u32> = Vec::with_capacity(4 * numbers.len());
        for (synapse, number) in layout.synapses().zip(numbers) {
            own.extend([synapse.source, synapse.target, synapse.delay]);
            own.extend(bytemuck::cast_slice::<Real, u32>(&[*number]));
        }
        let mut all = Gathered::default();
        exchange.gather(&own, &mut all);
        if exchange.rank() > 0 {
            return None;
        }
        let of_one = 3 + size_of::<Real>() / size_of::<u32>();
        let mut whole: Vec<(Synapse, Real)> = Vec::with_capacity(all.words.len() / of_one);
        whole.extend(all.words.chunks_exact(of_one).map(|words| {
            let synapse = Synapse { source: words[0], target: words[1], delay: words[2] };
            (synapse, reals(&words[3..]).first().copied().unwrap_or_default())
        }));
        if let Layout::Sparse(rows) = layout {
            // Stable: within a piece the targets of a rank come before those of the next.
            whole.sort_by_key(|(synapse, _)| rows.piece_of(*synapse));
        }
        let (synapses, numbers) = whole.into_iter().unzip();
        Some(WholeSynapses { synapses, numbers })
    }
}

/// Words as numbers.
fn reals(words: &[u32]) -> Vec<Real> {
    bytemuck::pod_collect_to_vec(words)
}
