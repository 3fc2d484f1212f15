//! Switching behaviours off and on while a network runs.

use bevy_ecs::prelude::*;

use super::{
    address::{Address, AddressError},
    registry::Behaviours,
};

/// Switches a behaviour on or off, wherever `address` leads: `excitatory.UniformNoise`, `neurons.UniformNoise` for
/// all groups of the tag, `excitatory.gaba.CurrentReceptor`.
///
/// Parameters and state are kept. Returns how many entities have the behaviour; those that were in the wanted
/// state already count.
///
/// # Errors
/// No such group, tag or behaviour.
///
/// ```
/// # use cortecs::prelude::*;
/// let mut bench = Bench::new();
/// bench.group("cells", 10, (Izhikevich::default(), UniformNoise { high: 20.0.into(), ..default() }));
/// bench.ticks(5);
/// cortecs::network::switch(bench.world_mut(), "cells.UniformNoise", false)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn switch(world: &mut World, address: &str, on: bool) -> Result<usize, AddressError> {
    let address: Address = address.parse()?;
    let behaviours = world.get_resource::<Behaviours>().cloned().unwrap_or_default();
    let mut switched = 0;
    for entity in address.entities(world)? {
        for entry in behaviours.named(&address.last) {
            if let Ok(mut entity) = world.get_entity_mut(entity)
                && (entry.is_on)(entity.as_readonly()).is_some()
            {
                (entry.switch)(&mut entity, on);
                switched += 1;
            }
        }
    }
    if switched == 0 {
        let known = behaviours.iter().map(|entry| entry.name.to_owned()).collect();
        return Err(AddressError::NoBehaviour { address: address.to_string(), known });
    }
    Ok(switched)
}
