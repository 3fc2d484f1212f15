//! What a scene says and can hardly mean, told from what was spawned and tried: two neuron models in a group, receptors and
//! synapses that do not find one another, conductances below zero.

use bevy_ecs::prelude::*;

use super::spawn::{ByEntity, Pending, Spawned};
use crate::{
    network::{
        Afferents, Clock, Kind, Listens, ReceptorOf, Source, Synapses, Tags, Target, Variables, bearers,
        compartment::{group_of, receptors_of},
        graded::Graded,
        receptor::{CameWith, Fed, hears},
    },
    scene::Scene,
    text::{Diagnostic, Span},
};

/// Groups that have two neuron models at a time.
pub(super) fn two_models(
    world: &mut World,
    scene: &Scene,
    network: Entity,
    spawned: &Spawned,
    by_entity: &ByEntity<'_>,
) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    let off = off_from_the_start(world, scene, network);
    for group in &spawned.groups {
        let models = by_entity.get(group).into_iter().flatten().copied().filter(|pending| pending.entry.model);
        let models: Vec<&Pending> = models.filter(|pending| !off.contains(&(*group, pending.entry.name))).collect();
        let [first, second, ..] = models[..] else { continue };
        let (one, other) = (first.entry.name, second.entry.name);
        let message =
            format!("`{}` has two neuron models, `{one}` and `{other}`: both would move its state", first.who);
        let fault = Diagnostic::error(message)
            .note("a group has one; `switches: [(at: 0, off: …)]` lets another one wait for its turn");
        let fault = fault.at_place(second.spans.get(""));
        faults.push(match first.spans.get("") {
            Some(span) => fault.also(span, "the other one"),
            None => fault,
        });
    }
    faults
}

/// Behaviours that are switched off before the first iteration.
fn off_from_the_start(world: &mut World, scene: &Scene, network: Entity) -> Vec<(Entity, &'static str)> {
    let clock = Clock::new(scene.dt);
    let first = scene.switches.iter().filter(|due| clock.first_from(due.at) == 0);
    let addresses: Vec<&String> = first.flat_map(|due| &due.off).collect();
    let found = addresses.into_iter().filter_map(|address| bearers(world, Some(network), address).ok());
    found.flatten().map(|(entity, entry)| (entity, entry.name)).collect()
}

/// Receptors that listen to a tag which no afferent synapse group has: an error, unless something else feeds them.
pub(super) fn deaf_receptors(world: &World, spawned: &Spawned) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    for pending in spawned.pending.iter().filter(|pending| pending.entry.kind == Kind::Receptor) {
        let (Some(of), Some(listens)) = (world.get::<ReceptorOf>(pending.entity), world.get::<Listens>(pending.entity))
        else {
            continue;
        };
        let tag = listens.afferent.0.as_str();
        let words = words_of(world, group_of(world, of.0));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let fed = world.get::<Fed>(pending.entity).is_some();
        if words.contains(&tag) || fed && (tag.is_empty() || words.is_empty()) {
            continue;
        }
        let fault = deaf(&pending.who, tag, &words);
        let fault = if fed { fault.as_warning() } else { fault };
        faults.push(match pending.spans.near("afferent") {
            Some(span) if tag.is_empty() || words.is_empty() => fault.at(span),
            Some(span) => fault.at(span).did_you_mean_text(tag, &words, "tags and names"),
            None => fault,
        });
    }
    for pending in spawned.pending.iter().filter(|pending| pending.entry.kind == Kind::Neurons) {
        faults.extend(deaf_sums(world, pending));
    }
    faults
}

/// Receptors that came with a model and hear nothing.
fn deaf_sums(world: &World, pending: &Pending) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    for receptor in receptors_of(world, pending.entity) {
        let (Some(CameWith(field)), Some(listens)) = (world.get(receptor), world.get::<Listens>(receptor)) else {
            continue;
        };
        // It came with the behaviour that has the field.
        if pending.entry.fields.field(field.split('.').next().unwrap_or_default()).is_none() {
            continue;
        }
        let tag = listens.afferent.0.as_str();
        let words = words_of(world, pending.entity);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if words.contains(&tag) {
            faults.extend(unknown_sum(world, (receptor, listens), field, pending));
            continue;
        }
        let fault = deaf(&format!("{}.{field}", pending.who), tag, &words).at_place(pending.spans.near(field));
        faults.push(if words.is_empty() { fault } else { fault.did_you_mean_text(tag, &words, "tags and names") });
    }
    faults
}

/// A sum over synapses of what their sources do not have.
fn unknown_sum(
    world: &World,
    (receptor, listens): (Entity, &Listens),
    field: &str,
    pending: &Pending,
) -> Option<Diagnostic> {
    let (graded, variables) = (world.get::<Graded>(receptor)?, world.get_resource::<Variables>()?);
    let afferents = world.get::<Afferents>(pending.entity).into_iter().flat_map(RelationshipTarget::iter);
    for group in afferents {
        let (Some(tags), Some(source)) = (world.get::<Tags>(group), world.get::<Source>(group)) else { continue };
        let Ok(source) = world.get_entity(source.0).map_err(drop) else { continue };
        if !hears(listens, tags, world.get::<Name>(group)) {
            continue;
        }
        let Some(name) = graded.of.names().iter().find(|name| variables.view(source, name).is_none()) else { continue };
        let who = source.get::<Name>().map_or("", Name::as_str);
        let fault =
            Diagnostic::error(format!("`{}.{field}` sums up `{name}`, which `{who}` does not have", pending.who));
        let known: Vec<String> = variables.of(source).into_iter().map(|info| info.name).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        return Some(fault.at_place(pending.spans.near(field)).did_you_mean_text(name, &known, "variables"));
    }
    None
}

/// Tags and names of the synapse groups that lead to a group.
fn words_of(world: &World, group: Entity) -> Vec<String> {
    let afferents = world.get::<Afferents>(group).into_iter().flat_map(RelationshipTarget::iter);
    let words = afferents.flat_map(|group| {
        let tags = world.get::<Tags>(group).map(|tags| tags.0.clone()).unwrap_or_default();
        tags.into_iter().chain(world.get::<Name>(group).map(|name| name.as_str().to_owned()))
    });
    words.collect()
}

/// A receptor that listens to `tag`, while `words` are the tags and names of the synapse groups that lead to it.
fn deaf(who: &str, tag: &str, words: &[&str]) -> Diagnostic {
    if tag.is_empty() {
        let fault = Diagnostic::error(format!("`{who}` listens to nothing"));
        return fault.note("the field `afferent` is the tag or name of the synapse groups that it listens to");
    }
    let message = format!("`{who}` listens to `{tag}`, but no afferent synapse group has that tag or name");
    let fault = Diagnostic::error(message);
    if words.is_empty() { fault.note("no synapse group leads to its group") } else { fault }
}

/// Synapse groups that no receptor hears, though their targets have receptors, or nothing else comes of them.
pub(super) fn unheard_synapses(world: &World, spawned: &Spawned, by_entity: &ByEntity<'_>) -> Vec<Diagnostic> {
    let mut told = Vec::new();
    let recorded = spawned.recorded(world);
    for &group in spawned.synapses.iter().filter(|group| !spawned.unheard.contains(*group)) {
        let (Some(target), Some(tags)) = (world.get::<Target>(group), world.get::<Tags>(group)) else { continue };
        let name = world.get::<Name>(group);
        let receptors: Vec<&Listens> = receptors_of(world, target.0).filter_map(|one| world.get(one)).collect();
        let own = by_entity.get(&group).map(Vec::as_slice).unwrap_or_default();
        let learns = own.iter().any(|pending| pending.entry.kind == Kind::Synapses) || recorded.contains(&group);
        if receptors.iter().any(|listens| hears(listens, tags, name)) || receptors.is_empty() && learns {
            continue;
        }
        let own = own.first();
        let (name, target) = (name.map_or("", Name::as_str), world.get::<Name>(target.0).map_or("", Name::as_str));
        let fault = Diagnostic::error(format!("no receptor of `{target}` hears `{name}`: its spikes do nothing"));
        let fault = fault.as_warning().note("`unheard: true` of the synapses says that this is meant");
        let heard: Vec<&str> = receptors.iter().map(|listens| listens.afferent.0.as_str()).collect();
        let written = own.and_then(|own| own.spans.get("tags").or_else(|| own.spans.get("from")));
        let near = tags.0.iter().find_map(|tag| crate::text::nearest(tag, heard.iter().copied()));
        let fault = match near {
            Some(near) => fault.help(format!("did you mean the tag `{near}`?")),
            None if heard.is_empty() => fault.note(format!("`{target}` has no receptors")),
            None => fault.note(format!("its receptors listen to: {}", heard.join(", "))),
        };
        told.push(fault.at_place(written));
    }
    told
}

/// Weights and rates of input that would make a conductance negative.
pub(super) fn negative_conductances(world: &World, spawned: &Spawned, by_entity: &ByEntity<'_>) -> Vec<Diagnostic> {
    let mut told = Vec::new();
    for receptor in spawned.pending.iter().filter(|pending| pending.entry.kind == Kind::Receptor) {
        let (Some(of), Some(listens)) =
            (world.get::<ReceptorOf>(receptor.entity), world.get::<Listens>(receptor.entity))
        else {
            continue;
        };
        let Some(gain) = listens.conducts else { continue };
        let is_negative = |weights: [f64; 2]| weights.iter().any(|w| gain.iter().any(|gain| w * gain < 0.0));
        let mut tell = |weights: [f64; 2], span: Option<Span>, whose: &str| {
            let [least, most] = weights;
            let range = if least == most { format!("{least}") } else { format!("{least:.4} to {most:.4}") };
            let message = format!("weights of {range} make the conductance of `{}` negative", receptor.who);
            let note =
                "with a reversal potential a weight is a conductance; what inhibits is a potential below the threshold";
            told.push(Diagnostic::error(message).as_warning().note(note).at_place(span).note(format!("in `{whose}`")));
        };
        if let Some(weights) = world.get::<Fed>(receptor.entity).and_then(|fed| fed.weights).filter(|w| is_negative(*w))
        {
            let feeding = by_entity.get(&of.0).into_iter().flatten().find(|own| own.spans.get("receptor").is_some());
            let who = feeding.map_or("", |pending| &pending.who);
            tell(weights, feeding.and_then(|pending| pending.spans.get("weight")), who);
        }
        for group in world.get::<Afferents>(group_of(world, of.0)).into_iter().flat_map(RelationshipTarget::iter) {
            let tried = world.get::<Synapses>(group).map(|synapses| synapses.tried);
            // As far down as a rule may take them.
            let least = tried.and_then(|tried| tried.least_allowed).unwrap_or(f64::INFINITY);
            let weights = tried.and_then(|tried| tried.weights).map(|[low, high]| [low.min(least), high]);
            let heard = world.get::<Tags>(group).is_some_and(|tags| hears(listens, tags, world.get::<Name>(group)));
            if let Some(weights) = weights.filter(|weights| heard && is_negative(*weights)) {
                let own = by_entity.get(&group).and_then(|own| own.first());
                let span = own.and_then(|own| own.spans.get("weights").or_else(|| own.spans.get("from")));
                tell(weights, span, own.map_or("", |own| &own.who));
            }
        }
    }
    told
}
