//! Rewiring: synapses of a group give way to others while a network runs.
//!
//! Rows are made anew, and every column of the group follows: a synapse that stays keeps its weight and whatever else it
//! has. What belongs to neurons stays as it is: their spikes, also those under way, and the traces of rules. Rules see by
//! the change of [`Synapses`] that an index of synapses is out of date.
//!
//! A spike under way arrives at the synapses that its source has when its bucket of delays is delivered; where delays differ,
//! it has then been added to the sums of its targets up to a bucket's width ahead
//! (see `numeric::rows`), and arrives there whatever is rewired afterwards.

use bevy_ecs::world::EntityMut;

use super::{
    synapse::{Layout, Synapses, Weights},
    variable::Variables,
};
use crate::numeric::{Real, replace::NEW, rows::Synapse};

/// Lets the synapses at some places, in the order of weights, give way to new ones, which begin with a weight and zero in other
/// columns. There are as many as before, but at a rank that shares the group with others: its synapses may give way to others' ones.
///
/// # Errors
/// Synapses that are dense, or not yet made; a new one whose source or target the group does not know, or whose delay is not that of
/// all; a column that cannot be set.
pub fn rewire(
    entity: &mut EntityMut<'_>,
    variables: &Variables,
    gone: &[u32],
    new: &[Synapse],
    weight: Real,
) -> Result<(), String> {
    let layout = entity.get::<Synapses>().and_then(|synapses| synapses.layout.as_ref());
    let Some(Layout::Sparse(rows)) = layout else { return Err("there are no sparse synapses".into()) };
    let exchanged = rows.exchanged(gone, new).filter(|(_, before)| before.len() + gone.len() == rows.len() + new.len());
    let Some((rows, before)) = exchanged else { return Err("a synapse does not fit in its group".into()) };
    variables.rearrange(entity, &before)?;
    if let Some(mut weights) = entity.get_mut::<Weights>() {
        let fresh = weights.0.iter_mut().zip(&before).filter(|(_, place)| **place == NEW);
        fresh.for_each(|(own, _)| *own = weight);
    }
    if let Some(mut synapses) = entity.get_mut::<Synapses>() {
        (synapses.planned, synapses.expected) = (vec![rows.len()], rows.len());
        synapses.layout = Some(Layout::Sparse(rows));
    }
    Ok(())
}
