//! Adds up what the sources of synapses are at, for receptors that listen to variables: at the start of an iteration, before any
//! model takes a step, source by source in the order of the synapses, so that sums have the same bits on any number of threads.

use bevy_ecs::prelude::*;

use crate::{
    network::{
        Failures, Layout, Listens, Owned, Ranks, Source, Synapses, Variables, View, Weights, graded::Graded,
        shape::path_of,
    },
    numeric::{Column, Real, dispatch},
};

/// What is told of a receptor that cannot listen.
type Deaf = (Entity, String);

/// The system, for the receptors that have a component.
pub(crate) fn sum_up<B: Component>(world: &mut World, receptors: &mut QueryState<Entity, (With<Graded>, With<B>)>) {
    let all: Vec<Entity> = receptors.iter(world).collect();
    let mut failed: Vec<Deaf> = Vec::new();
    for receptor in all {
        // Taken out for the while, so that its sources can be read.
        let Some(mut graded) = world.get_mut::<Graded>(receptor).map(|mut own| std::mem::take(&mut *own)) else {
            continue;
        };
        if let Err(why) = sum(world, receptor, &mut graded) {
            failed.push((receptor, why));
        }
        if let Some(mut own) = world.get_mut::<Graded>(receptor) {
            *own = graded;
        }
    }
    for (receptor, why) in failed {
        let who = path_of(world, receptor);
        world.get_resource_or_init::<Failures>().push_at(receptor, who, why);
    }
}

fn sum(world: &World, receptor: Entity, graded: &mut Graded) -> Result<(), String> {
    graded.sum.fill(0.0);
    let (Some(listens), Some(variables)) = (world.get::<Listens>(receptor), world.get_resource::<Variables>()) else {
        return Ok(());
    };
    let ranks = world.get_resource::<Ranks>();
    let mut room = Column::default();
    for heard in &listens.synapses {
        let synapses = world.get::<Synapses>(heard.group).and_then(|synapses| synapses.layout.as_ref());
        let (Some(layout), Some(Weights(weights)), Some(Source(source))) =
            (synapses, world.get(heard.group), world.get(heard.group))
        else {
            continue;
        };
        let Ok(source) = world.get_entity(*source) else { continue };
        if layout.ages().iter().any(|age| *age > 0) {
            return Err(format!("`{}` has delays, and variables are carried without", path_of(world, heard.group)));
        }
        let column = |name: &String| match variables.view(source, name) {
            Some(View::Real(numbers)) => Ok(numbers),
            _ => {
                let all: Vec<String> = variables.of(source).into_iter().map(|info| info.name).collect();
                Err(format!("`{}` has no variable `{name}`; it has {}", path_of(world, source.id()), all.join(", ")))
            }
        };
        let own = source.get::<Owned>();
        let columns = graded.of.names().iter().map(column).collect::<Result<Vec<_>, _>>()?;
        let whole: Vec<_> = columns.into_iter().map(|column| Ranks::shared(ranks, own, column)).collect();
        let columns: Vec<&[Real]> = whole.iter().map(|column| &**column).collect();
        let members = sources_of(layout);
        let numbers = graded.of.numbers(&columns, columns.first().map_or(members, |column| column.len()), &mut room);
        add(layout, weights, numbers, &mut graded.sum);
    }
    Ok(())
}

fn sources_of(layout: &Layout) -> usize {
    match layout {
        Layout::Dense { sources, .. } => *sources,
        Layout::Sparse(rows) => rows.sources(),
    }
}

/// Adds weight times number of each source to its targets.
fn add(layout: &Layout, weights: &[Real], numbers: &[Real], sum: &mut [Real]) {
    match layout {
        Layout::Dense { targets, autapses, .. } => {
            let width = (*targets).max(1);
            for (source, (row, x)) in weights.chunks(width).zip(numbers).enumerate() {
                let own = sum.get(source).copied();
                dispatch(
                    #[inline(always)]
                    || row.iter().zip(&mut *sum).for_each(|(weight, sum)| *sum += weight * x),
                );
                // Who has no synapse with itself gets nothing from itself, whatever stands in its place.
                if let (false, Some(own), Some(sum)) = (*autapses, own, sum.get_mut(source)) {
                    *sum = own;
                }
            }
        }
        Layout::Sparse(rows) => rows.add_graded(weights, numbers, sum),
    }
}
