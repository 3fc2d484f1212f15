//! Receptors: entities that belong to a neuron group, gather the spikes of afferent synapse groups by tag and turn
//! them into input of the group.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use bevy_app::App;
use bevy_ecs::{entity::EntityHashMap, lifecycle::HookContext, prelude::*, query::IterQueryData, world::DeferredWorld};
use bevy_reflect::prelude::*;

use super::{
    cells::Cells,
    columns::{Input, Spikes, ThreadShares},
    compartment::receptors_of,
    given::GivenInput,
    group::Tags,
    membership::PartOf,
    state::State,
    synapse::{Efficacies, Synapses, Target},
    variable::{Variable, VariableInfo, View},
};
use crate::numeric::{Archive, ArchiveError, Column, Real, coding::Coding};

/// On a receptor: the neuron group that it belongs to.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "inspect", derive(Reflect), reflect(Component))]
#[relationship(relationship_target = Receptors)]
#[require(Listens, Arriving, Cells)]
pub struct ReceptorOf(pub Entity);

/// On a neuron group: its receptors, in the order in which they were made, which is the order in which they add to
/// the input.
#[derive(Component, Debug, Default)]
#[relationship_target(relationship = ReceptorOf, linked_spawn)]
pub struct Receptors(Vec<Entity>);

/// The receptors that a query knows, for a system that goes through groups.
///
/// Those of a small group are looked up when it is its turn. A pass that is shared among threads holds those of all groups
/// until its end.
pub struct ByGroup<'q, 'w, 's, D: IterQueryData + 'static> {
    query: Option<&'q mut Query<'w, 's, D>>,
    entity: for<'x, 'y, 'z> fn(&'x D::Item<'y, 'z>) -> Entity,
    all: EntityHashMap<D::Item<'q, 's>>,
}

impl<'q, 'w, 's, D: IterQueryData + 'static> ByGroup<'q, 'w, 's, D> {
    /// The receptors of a query, whose items know their `entity`.
    #[inline]
    pub fn new(query: &'q mut Query<'w, 's, D>, entity: for<'x, 'y, 'z> fn(&'x D::Item<'y, 'z>) -> Entity) -> Self {
        Self { query: Some(query), entity, all: EntityHashMap::new() }
    }

    /// Lets `take` have those of a group, in their order: two at a time where they stand side by side, so that a pass over
    /// the neurons may serve both.
    #[inline]
    pub fn by_twos(&mut self, Receptors(own): &Receptors, mut take: impl FnMut(&mut [D::Item<'_, 's>])) {
        // A group beside others whose pass is shared is one that was resized by hand, and is yet to be dealt out.
        let Some(query) = &mut self.query else {
            return own.iter().filter_map(|receptor| self.all.remove(receptor)).for_each(|one| take(&mut [one]));
        };
        let mut rest = &own[..];
        while let [first, behind @ ..] = rest {
            rest = behind;
            if let [second, behind @ ..] = behind
                && let Ok(mut both) = query.get_many_mut([*first, *second])
            {
                rest = behind;
                take(&mut both);
            } else if let Ok(one) = query.get_mut(*first) {
                take(&mut [one]);
            }
        }
    }

    /// What `begin` makes of those of a group, in their order.
    #[cold]
    pub fn take<T>(&mut self, Receptors(own): &Receptors, begin: impl FnMut(D::Item<'q, 's>) -> Option<T>) -> Vec<T> {
        if let Some(query) = self.query.take() {
            self.all = query.iter_mut().map(|found| ((self.entity)(&found), found)).collect();
        }
        own.iter().filter_map(|receptor| self.all.remove(receptor)).filter_map(begin).collect()
    }
}

/// The tag (or the name) of the afferent synapse groups that a receptor listens to; a field of every receptor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Reflect, serde::Deserialize)]
#[reflect(opaque, Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Afferent(pub String);

impl From<&str> for Afferent {
    fn from(tag: &str) -> Self {
        Self(tag.to_owned())
    }
}

/// On a receptor: what it listens to.
#[derive(Component, Clone, Debug, Default)]
pub struct Listens {
    /// The tag or name.
    pub afferent: Afferent,
    /// Of a receptor whose weights are conductances, the least and the greatest gain.
    pub conducts: Option<[f64; 2]>,
    /// Whether it listens to variables of the sources rather than to their spikes.
    pub graded: bool,
    /// The synapse groups which that means at present, in the order in which their spikes are added up.
    pub synapses: Vec<Heard>,
}

/// A synapse group that a receptor hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The synapse group.
    pub group: Entity,
    /// The place of its source group in the list of those whose spikes are delivered; none for a graded receptor.
    pub source: usize,
}

/// On a receptor that came with a model, which reads what it sums up: where the model's fields speak of it.
#[derive(Component, Clone, Debug, Default, PartialEq, Eq)]
pub struct CameWith(pub String);

/// A receptor that a model brings.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// Its name.
    pub name: String,
    /// The tag or name of the synapse groups that it listens to.
    pub afferent: String,
    /// Whether it listens to variables.
    pub graded: bool,
    /// Where the model's fields speak of it.
    pub field: String,
}

/// Sees to it that a group has the receptors that its model brings, and no others that came with it.
///
/// # Errors
/// A name that another receptor of the group has.
pub(crate) fn settle(world: &mut World, group: Entity, wanted: &[Wanted]) -> Result<Vec<Entity>, String> {
    let there: Vec<Entity> = receptors_of(world, group).collect();
    let named = |world: &World, name: &str| {
        let is_it = |one: &&Entity| world.get::<Name>(**one).is_some_and(|own| own.as_str() == name);
        there.iter().find(is_it).copied()
    };
    let mut settled = Vec::new();
    for Wanted { name, afferent, graded, field } in wanted {
        let known = named(world, name);
        if known.is_some_and(|one| world.get::<CameWith>(one).is_none()) {
            return Err(format!("`{name}` is a receptor of the group already"));
        }
        let receptor = known.unwrap_or_else(|| world.spawn((ReceptorOf(group), Name::new(name.clone()))).id());
        let part = world.get::<PartOf>(group).copied();
        let mut receptor = world.entity_mut(receptor);
        receptor.insert(CameWith(field.clone()));
        if let Some(part) = part {
            receptor.insert(part);
        }
        if let Some(mut listens) = receptor.get_mut::<Listens>() {
            (listens.afferent, listens.graded) = (Afferent(afferent.clone()), *graded);
        }
        settled.push(receptor.id());
    }
    for one in there {
        if world.get::<CameWith>(one).is_some() && !settled.contains(&one) {
            world.despawn(one);
        }
    }
    Ok(settled)
}

/// On a receptor: something other than synapses feeds it, so that it need not listen to any.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct Fed {
    /// The least and the greatest weight, once they are known.
    pub weights: Option<[f64; 2]>,
}

/// On a receptor: the sum of the weights that arrive in an iteration, one per neuron.
#[derive(Component, Clone, Debug, Default)]
pub struct Arriving {
    /// The sums; the receptor clears them when it has taken them in.
    pub sums: Column<Real>,
    /// Whether anything arrived, so that silence costs nothing.
    pub any: bool,
    /// What arrives in the next iterations, block by block: see `numeric::rows`. Empty unless synapses
    /// of different delays lead here.
    pub ring: Column<Real>,
    /// The place of the receptor among all, by which delivery finds what is due.
    pub(crate) place: u32,
    given: bool,
}

impl Arriving {
    /// Begins an iteration: what a receptor has not taken in, because it is switched off, is lost.
    #[inline]
    pub fn begin(&mut self) {
        // What was set by hand since the last iteration is for the one that begins.
        if !std::mem::take(&mut self.given) && std::mem::take(&mut self.any) {
            self.sums.fill(0.0);
        }
    }
}

impl State for Arriving {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        archive.column(&mut self.sums)?;
        archive.any_of(&mut self.any)?;
        archive.any_of(&mut self.given)?;
        let block = Coding::of_rings(self.sums.len(), self.ring.len()).width();
        archive.tiled(&mut self.ring, Some(block)).map(drop)
    }
}

impl Variable for Arriving {
    fn describe(&self) -> Vec<VariableInfo> {
        vec![VariableInfo {
            name: "arriving".into(),
            unit: String::new(),
            docs: "Sum of the weights that arrive in an iteration".into(),
            bytes: size_of::<Real>(),
        }]
    }

    fn view(&self, name: &str) -> Option<View<'_>> {
        (name == "arriving").then(|| View::Real(&self.sums))
    }

    fn set(&mut self, name: &str, values: &mut dyn Iterator<Item = Real>) -> bool {
        if name == "arriving" {
            self.sums.iter_mut().zip(values).for_each(|(old, new)| *old = new);
            (self.any, self.given) = (true, true);
        }
        name == "arriving"
    }

    fn resize(&mut self, members: usize) {
        self.sums.resize(0.0, members);
    }
}

/// Set when synapse groups, receptors or tags came or went, until receptors have been joined anew.
#[derive(Resource, Default)]
pub struct WiringChanged(Arc<AtomicBool>);

impl WiringChanged {
    /// Has receptors joined anew before the next iteration.
    pub fn note(&self) {
        self.0.store(true, Relaxed);
    }

    /// What is set.
    #[must_use]
    pub fn flag(&self) -> Arc<AtomicBool> {
        self.0.clone()
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<WiringChanged>().register_required_components::<Input, ThreadShares>();
    app.register_required_components::<Input, Cells>();
    app.register_required_components::<Input, GivenInput>();
    let world = app.world_mut();
    fn note(world: DeferredWorld<'_>) {
        if let Some(changed) = world.get_resource::<WiringChanged>() {
            changed.note();
        }
    }
    let hook = |world: DeferredWorld<'_>, _: HookContext| note(world);
    world.register_component_hooks::<Listens>().on_insert(hook);
    world.register_component_hooks::<Tags>().on_insert(hook);
    world.register_component_hooks::<Synapses>().on_insert(hook);
    world.register_component_hooks::<Input>().on_insert(hook);
    world.register_component_hooks::<Spikes>().on_insert(hook);
    world.register_component_hooks::<Efficacies>().on_insert(hook);
    world.add_observer(|_: On<Insert<Target>>, world: DeferredWorld<'_>| note(world));
    world.add_observer(|_: On<Remove<Target>>, world: DeferredWorld<'_>| note(world));
}

/// Whether a receptor takes the spikes of a synapse group of these tags and this name.
#[must_use]
pub fn hears(listens: &Listens, tags: &Tags, name: Option<&Name>) -> bool {
    let Afferent(tag) = &listens.afferent;
    tags.contains(tag) || name.is_some_and(|name| name.as_str() == tag)
}
