//! Entities from a scene, in an order that does not depend on the order of its text: receptors by name, synapse
//! groups by source, target and name. Sums of floating-point numbers follow this order.

use std::collections::HashMap;

use bevy_ecs::{
    entity::{EntityHashMap, EntityHashSet},
    prelude::*,
};

use crate::{
    network::{
        BehaviourEntry, Behaviours, CompartmentOf, Delays, Draws, InitialWeights, PartOf, ReceptorOf, Source, Spikes,
        SynapseGroup, Tags, Target,
    },
    record::of_recorders,
    scene::{Attached, GroupScene, Scene, Spans, SynapseScene},
    text::{Diagnostic, Span},
};

/// A behaviour that was attached and waits to be prepared.
pub(super) struct Pending {
    pub entity: Entity,
    /// The entity in words: `excitatory.gaba`.
    pub who: String,
    pub entry: BehaviourEntry,
    pub spans: Spans,
}

/// The entities of a scene.
#[derive(Default)]
pub(super) struct Spawned {
    pub groups: Vec<Entity>,
    pub synapses: Vec<Entity>,
    pub recorders: Vec<Entity>,
    /// The synapse groups that no receptor is meant to hear.
    pub unheard: EntityHashSet,
    pub pending: Vec<Pending>,
    pub faults: Vec<Diagnostic>,
}

/// What was attached, by entity: a network may have tens of thousands of groups, each of which is asked for its own.
pub(super) type ByEntity<'a> = EntityHashMap<Vec<&'a Pending>>;

impl Spawned {
    /// What was attached, by entity, in its order.
    pub fn by_entity(&self) -> ByEntity<'_> {
        let mut own = ByEntity::default();
        self.pending.iter().for_each(|pending| own.entry(pending.entity).or_default().push(pending));
        own
    }

    /// What is recorded.
    pub fn recorded(&self, world: &World) -> EntityHashSet {
        of_recorders(world, &self.recorders).map(|(_, recording)| recording.source).collect()
    }

    fn attach(&mut self, world: &mut World, entity: Entity, who: &str, attached: &Attached, extra: &Spans) {
        let behaviours = world.get_resource::<Behaviours>().cloned().unwrap_or_default();
        let value = attached.value.as_partial_reflect();
        let Some(entry) = behaviours.of_value(value).copied() else {
            let message = format!("`{}` was never registered as a behaviour", value.reflect_type_path());
            self.faults.push(Diagnostic::error(message));
            return;
        };
        entry.insert(&mut world.entity_mut(entity), &*attached.value);
        let mut spans = extra.clone();
        spans.extend(&attached.spans);
        self.pending.push(Pending { entity, who: who.to_owned(), entry, spans });
    }
}

/// Spawns everything, without room for any state yet.
pub(super) fn spawn(world: &mut World, scene: &Scene, network: Entity) -> Spawned {
    let mut spawned = Spawned::default();
    let part = PartOf(network);
    for group in &scene.groups {
        spawn_group(world, group, part, &mut spawned);
    }
    spawn_synapses(world, scene, part, &mut spawned);
    for recorder in &scene.recorders {
        let entity = world.spawn(part).id();
        spawned.recorders.push(entity);
        spawned.attach(world, entity, "recorders", recorder, &Spans::default());
    }
    world.flush();
    spawned
}

fn spawn_group(world: &mut World, group: &GroupScene, part: PartOf, spawned: &mut Spawned) {
    let nouns = (Name::new(group.name.clone()), group.shape, Tags(group.tags.clone()), Draws(group.draws.clone()));
    let entity = world.spawn((nouns, part)).id();
    spawned.groups.push(entity);
    for behaviour in &group.behaviours {
        spawned.attach(world, entity, &group.name, behaviour, &group.spans);
    }
    let compartments = spawn_compartments(world, (group, entity), part, spawned);
    let mut receptors: Vec<_> = group.receptors.iter().collect();
    receptors.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    for (name, receptor) in receptors {
        let (site, own) = match name.split_once('.') {
            None => (Some(entity), name.as_str()),
            Some((compartment, own)) => {
                (compartments.iter().find(|(known, _)| *known == compartment).map(|(_, one)| *one), own)
            }
        };
        let Some(site) = site else {
            spawned.faults.push(no_compartment(group, name, &compartments));
            continue;
        };
        let of_group = world.spawn((Name::new(own.to_owned()), ReceptorOf(site))).id();
        spawned.attach(world, of_group, &format!("{}.{name}", group.name), receptor, &group.spans);
    }
}

/// Spawns the compartments that a model of the group names, with the behaviours that stand on them.
fn spawn_compartments(
    world: &mut World,
    (group, entity): (&GroupScene, Entity),
    part: PartOf,
    spawned: &mut Spawned,
) -> Vec<(String, Entity)> {
    let own = spawned.pending.iter().filter(|pending| pending.entity == entity && pending.entry.model);
    let mut names: Vec<String> = own.flat_map(|pending| pending.entry.compartments(world.entity(entity))).collect();
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    for (name, _) in group.receptors.iter().filter(|(name, _)| seen.contains(name.as_str())) {
        let fault =
            Diagnostic::error(format!("the receptor `{}.{name}` would have the name of a compartment", group.name));
        spawned.faults.push(fault.at_place(group.spans.get(&Spans::name_of("receptors", name))));
    }
    let spawn = |name: String| {
        let compartment = world.spawn((Name::new(name.clone()), CompartmentOf(entity), part)).id();
        (name, compartment)
    };
    let compartments: Vec<(String, Entity)> = names.into_iter().map(spawn).collect();
    for (name, behaviours) in &group.compartments {
        let Some((_, compartment)) = compartments.iter().find(|(known, _)| known == name) else {
            spawned.faults.push(no_compartment(group, name, &compartments));
            continue;
        };
        for behaviour in behaviours {
            spawned.attach(world, *compartment, &format!("{}.{name}", group.name), behaviour, &group.spans);
        }
    }
    compartments
}

/// A compartment, or a receptor at one, that the model of a group does not have.
fn no_compartment(group: &GroupScene, name: &str, compartments: &[(String, Entity)]) -> Diagnostic {
    let compartment = name.split_once('.').map_or(name, |(compartment, _)| compartment);
    let known: Vec<&str> = compartments.iter().map(|(known, _)| known.as_str()).collect();
    let fault = Diagnostic::error(format!("`{}` has no compartment `{compartment}`", group.name));
    let fault = match known.is_empty() {
        true => fault
            .note("the cells of its model have none besides the soma; equations have one for each `v_NAME` whose `input_NAME` they use"),
        false => fault.note(format!("it has {}", known.join(", "))),
    };
    let places = ["receptors", "compartments"].map(|field| group.spans.get(&Spans::name_of(field, name)));
    fault.at_place(places.into_iter().flatten().next())
}

/// Synapse groups in a network: two tags of 1000 groups each would ask for a million. Each takes some kilobytes, and its share
/// of every iteration, before it has a synapse.
const MOST_SYNAPSE_GROUPS: usize = 1 << 16;

/// One pair of groups that a part of the scene asks to connect.
struct Wish<'a> {
    source: (&'a str, Entity),
    target: (&'a str, Entity),
    name: String,
    scene: &'a SynapseScene,
}

fn spawn_synapses(world: &mut World, scene: &Scene, part: PartOf, spawned: &mut Spawned) {
    let mut wishes: Vec<Wish<'_>> = Vec::new();
    let index = Index::of(scene, &spawned.groups);
    for synapses in &scene.synapses {
        let sources = index.addressed(&synapses.from, synapses.spans.get("from"));
        let targets = index.addressed(&synapses.to, synapses.spans.get("to"));
        let [sources, targets] = [sources, targets].map(|groups| {
            groups.unwrap_or_else(|fault| {
                spawned.faults.push(fault);
                Vec::new()
            })
        });
        let pairs = sources.len().saturating_mul(targets.len());
        if wishes.len().saturating_add(pairs) > MOST_SYNAPSE_GROUPS {
            let message = format!("a network has {MOST_SYNAPSE_GROUPS} synapse groups at most");
            let note = "synapses make one for each pair of the groups that `from` and `to` stand for";
            spawned.faults.push(Diagnostic::error(message).note(note).at_place(synapses.spans.get("from")));
            return;
        }
        for &source in &sources {
            if world.get::<Spikes>(source.1).is_none() {
                let message = format!("`{}` never fires: no behaviour of it is a neuron model", source.0);
                spawned.faults.push(Diagnostic::error(message).at_place(synapses.spans.get("from")));
            }
            for &target in &targets {
                let name = match &synapses.name {
                    Some(name) if pairs == 1 => name.clone(),
                    Some(name) => format!("{name}_{}_{}", source.0, target.0),
                    None => format!("{}_{}", source.0, target.0),
                };
                wishes.push(Wish { source, target, name, scene: synapses });
            }
        }
    }
    wishes.sort_unstable_by(|a, b| (a.source.0, a.target.0, &a.name).cmp(&(b.source.0, b.target.0, &b.name)));
    for twins in wishes.windows(2).filter(|twins| twins[0].name == twins[1].name) {
        let message = format!("two synapse groups are called `{}`", twins[0].name);
        let note = "the field `name` tells them apart";
        let fault = Diagnostic::error(message).note(note).at_place(twins[1].scene.spans.get("from"));
        let first = twins[0].scene.spans.get("from").filter(|_| !std::ptr::eq(twins[0].scene, twins[1].scene));
        spawned.faults.push(match first {
            Some(first) => fault.also(first, "the other one"),
            None => fault,
        });
    }
    for wish in wishes.iter().filter(|wish| index.named.contains_key(wish.name.as_str())) {
        let message = format!("the synapse group `{}` would have the name of a neuron group", wish.name);
        let fault = Diagnostic::error(message).note("the field `name` gives it another");
        spawned.faults.push(fault.at_place(wish.scene.spans.get("from")));
    }
    for wish in wishes {
        let entity = world
            .spawn((
                Name::new(wish.name.clone()),
                SynapseGroup,
                part,
                Source(wish.source.1),
                Target(wish.target.1),
                Tags(wish.scene.tags.clone()),
                InitialWeights(wish.scene.weights.clone()),
                Delays(wish.scene.delays.clone()),
                wish.scene.ends.clone(),
            ))
            .id();
        spawned.synapses.push(entity);
        if wish.scene.unheard {
            spawned.unheard.insert(entity);
        }
        spawned.attach(world, entity, &wish.name, &wish.scene.connectivity, &wish.scene.spans);
        for behaviour in &wish.scene.behaviours {
            spawned.attach(world, entity, &wish.name, behaviour, &wish.scene.spans);
        }
    }
}

/// Neuron groups by name and by tag.
#[derive(Default)]
struct Index<'a> {
    named: HashMap<&'a str, (&'a str, Entity)>,
    tagged: HashMap<&'a str, Vec<(&'a str, Entity)>>,
    /// Names and tags in the order of the scene.
    words: Vec<&'a str>,
}

impl<'a> Index<'a> {
    fn of(scene: &'a Scene, entities: &[Entity]) -> Self {
        let mut index = Self::default();
        for (group, &entity) in scene.groups.iter().zip(entities) {
            let name = group.name.as_str();
            index.named.insert(name, (name, entity));
            index.words.push(name);
            for tag in &group.tags {
                index.tagged.entry(tag).or_default().push((name, entity));
                index.words.push(tag);
            }
        }
        index
    }

    /// The neuron groups of a name, or else of a tag.
    fn addressed(&self, word: &str, span: Option<Span>) -> Result<Vec<(&'a str, Entity)>, Diagnostic> {
        match (self.named.get(word), self.tagged.get(word)) {
            (Some(&named), _) => Ok(vec![named]),
            (None, Some(tagged)) => Ok(tagged.clone()),
            (None, None) => {
                let message = format!("no neuron group is named or tagged `{word}`");
                Err(Diagnostic::error(message).at_place(span).did_you_mean_text(word, &self.words, "groups"))
            }
        }
    }
}
