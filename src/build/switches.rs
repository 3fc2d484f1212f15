//! What a scene switches while it runs: that it leads somewhere, and at which iterations it is due.

use bevy_ecs::prelude::*;

use super::faults::address_fault;
use crate::{
    network::{Clock, Kind, Switches, Switching, switch::bearers},
    scene::{Scene, SwitchScene},
    text::{Diagnostic, Span},
};

/// Sets what is to be switched, beside what is set for other networks.
pub(super) fn set(world: &mut World, scene: &Scene, network: Entity) {
    let clock = Clock::new(scene.dt);
    let all = scene.switches.iter().flat_map(|due| {
        let iteration = clock.first_from(due.at);
        let each = move |on: bool| {
            move |address: &String| {
                let address = address.clone();
                Switching { iteration, network: Some(network), address, on }
            }
        };
        due.on.iter().map(each(true)).chain(due.off.iter().map(each(false)))
    });
    let all = all.collect();
    world.init_resource::<Switches>();
    world.resource_scope(|world, mut switches: Mut<'_, Switches>| {
        switches.forget_the_gone(|network| world.get_entity(network).is_err());
        switches.add(all);
    });
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
    }
    faults
}

fn span(due: &SwitchScene, field: &str) -> Option<Span> {
    due.spans.get(field).or_else(|| due.spans.get(""))
}

fn at(fault: Diagnostic, due: &SwitchScene, field: &str) -> Diagnostic {
    fault.at_place(span(due, field))
}
