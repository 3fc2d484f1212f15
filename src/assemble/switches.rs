//! What a scene switches while it runs: that it leads somewhere, and at which iterations it is due.

use std::sync::Arc;

use bevy_ecs::prelude::*;

use super::faults::address_fault;
use crate::{
    network::{Act, Birth, ChangeError, Clock, Kind, Setting, Switches, Switching, bearers, change, poke},
    scene::{Scene, Spans, SwitchScene, ValuesScene},
    text::{Diagnostic, Span},
};

/// Sets what is to be switched, beside what is set for other networks.
pub(super) fn set(world: &mut World, scene: &Scene, network: Entity) {
    let clock = Clock::new(scene.dt);
    let birth = world.get::<Birth>(network).map_or(0, |birth| birth.0);
    let all = scene.switches.iter().flat_map(|due| {
        let iteration = birth.saturating_add(clock.first_from(due.at));
        let due_then = move |address: &String, act: Act| {
            let address = address.clone();
            Switching { iteration, network: Some(network), address, act }
        };
        let switched = [(&due.on, true), (&due.off, false)];
        let switched = switched.into_iter().flat_map(|(all, on)| all.iter().map(move |address| (address, on)));
        let switched = switched.map(move |(address, on)| due_then(address, Act::switch(on)));
        let set = due.set.iter().map(move |(address, set)| due_then(address, Act::Set(set.clone())));
        let values = due.values.iter().flat_map(move |ValuesScene { of, poke, until }| {
            let ends = until.map_or(iteration.saturating_add(1), |until| birth.saturating_add(clock.first_from(until)));
            let poke = Arc::new(poke.clone());
            let given = move |iteration| Switching { iteration, ..due_then(of, Act::Values(poke.clone())) };
            (iteration..ends).map(given)
        });
        switched.chain(set).chain(values)
    });
    let all = all.collect();
    world.init_resource::<Switches>();
    world.resource_scope(|world, mut switches: Mut<'_, Switches>| {
        switches.forget_the_gone(|network| world.get_entity(network).is_err());
        switches.add(all);
    });
}

/// Says whether what a scene switches can be done in a network that is there.
///
/// # Errors
/// It leads nowhere.
#[cfg(feature = "live")]
pub(crate) fn check_switches(
    world: &mut World,
    scene: &Scene,
    network: Entity,
) -> Result<(), crate::text::Diagnostics> {
    let faults = faults(world, scene, network);
    if faults.is_empty() {
        return Ok(());
    }
    Err(faults.into_iter().fold(scene.diagnostics(), crate::text::Diagnostics::with))
}

/// Sets what a scene switches beside what is set for a network already.
#[cfg(feature = "live")]
pub(crate) fn switch_more(world: &mut World, scene: &Scene, network: Entity) {
    set(world, scene, network);
}

/// Sets what a scene switches instead of what was set for a network; who calls it says with what iteration to go on.
#[cfg(feature = "live")]
pub(crate) fn switch_anew(world: &mut World, scene: &Scene, network: Entity) {
    world.get_resource_or_init::<Switches>().forget(network);
    set(world, scene, network);
}

/// What is wrong with them, once there are groups and behaviours.
pub(super) fn faults(world: &mut World, scene: &Scene, network: Entity) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    for due in &scene.switches {
        if !(due.at.is_finite() && due.at >= 0.0) {
            let message = format!("something is switched at a time of 0 ms or later, not at {} ms", due.at);
            faults.push(at(Diagnostic::error(message), due, "at"));
        }
        for (field, address) in
            [("on", &due.on), ("off", &due.off)].iter().flat_map(|(f, all)| all.iter().map(move |a| (*f, a)))
        {
            match bearers(world, Some(network), address) {
                Err(error) => faults.push(address_fault(scene, "", span(due, field), &error)),
                Ok(found) if found.iter().any(|(_, entry)| entry.kind == Kind::Connectivity) => {
                    let message = format!("`{address}` makes synapses before the run, and cannot be switched in it");
                    faults.push(at(Diagnostic::error(message), due, field));
                }
                Ok(_) => {}
            }
        }
        faults.extend(due.set.iter().filter_map(|set| setting_fault(world, scene, (network, due), set)));
        let values = due.values.iter().enumerate();
        faults.extend(values.filter_map(|values| values_fault(world, scene, (network, due), values)));
    }
    faults
}

/// Why a field cannot be changed.
fn setting_fault(
    world: &mut World,
    scene: &Scene,
    (network, due): (Entity, &SwitchScene),
    (address, Setting { field, of }): &(String, Setting),
) -> Option<Diagnostic> {
    let place = due.spans.get(&Spans::name_of("set", &format!("{address}.{field}"))).or_else(|| span(due, "set"));
    match change::check(world, Some(network), address, field, &**of).err()? {
        ChangeError::Address(error) => Some(address_fault(scene, "", place, &error)),
        error => Some(Diagnostic::error(error.to_string()).at_place(place)),
    }
}

/// Iterations over which a variable is given values: each is a switch of its own.
const MOST_GIVEN: u64 = 100_000;

/// Why a variable cannot be given values.
fn values_fault(
    world: &mut World,
    scene: &Scene,
    (network, due): (Entity, &SwitchScene),
    (place, ValuesScene { of, poke, until }): (usize, &ValuesScene),
) -> Option<Diagnostic> {
    let clock = Clock::new(scene.dt);
    let first = clock.first_from(due.at);
    let given = until.map_or(1, |until| clock.first_from(until).saturating_sub(first));
    let span = due.spans.get(&Spans::name_of("values", &place.to_string())).or_else(|| span(due, "values"));
    if !(1..=MOST_GIVEN).contains(&given) {
        let why = "values are given until a time after `at`, before one iteration at least and 100 000 at most";
        return Some(Diagnostic::error(why).at_place(span));
    }
    match poke::check(world, Some(network), of, poke).err()? {
        ChangeError::Address(error) => Some(address_fault(scene, "", span, &error)),
        error => Some(Diagnostic::error(error.to_string()).at_place(span)),
    }
}

fn span(due: &SwitchScene, field: &str) -> Option<Span> {
    due.spans.near(field)
}

fn at(fault: Diagnostic, due: &SwitchScene, field: &str) -> Diagnostic {
    fault.at_place(span(due, field))
}
