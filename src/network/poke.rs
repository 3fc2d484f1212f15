//! Giving variables of neurons and receptors other values while a network runs.

use bevy_ecs::prelude::*;

use super::{
    address::{Address, AddressError},
    change::ChangeError,
    clock::{Birth, Clock},
    compartment::{group_of, owner_of},
    fault::{PrepareError, PrepareFault},
    given::{Given, GivenInput},
    group::NeuronGroup,
    sampler::Sampler,
    selection::Selection,
    shape::{path_of, shape},
    variable::{Variables, View},
};
use crate::{
    numeric::{
        Real,
        real::{real, wide},
    },
    value::{Fault, Members, Value, ValueError},
};

/// What a variable becomes.
#[derive(Clone, Debug, Default)]
pub struct Poke {
    /// Its new values. An expression knows what an initial value knows, and the variables of the neuron as they are:
    /// `"v + normal(0, 5)"`.
    pub value: Value,
    /// The neurons that get them; the others keep theirs. Default all.
    pub neurons: Selection,
}

impl<T: Into<Value>> From<T> for Poke {
    fn from(value: T) -> Self {
        Self { value: value.into(), neurons: Selection::All }
    }
}

/// Gives a variable other values wherever `address` leads: `excitatory.v`, `neurons.gaba.conductance`. Within a network, or, given none,
/// in the whole world. Returns how many groups and receptors have it.
///
/// What sums up input (`input`, `conductance`, `jump`) is given for the next iteration; a neuron that is put above the potential at
/// which it is reset fires in it. What is drawn is other in each iteration.
///
/// ```
/// # use cortecs::{network::{Poke, Selection, poke}, prelude::*};
/// let mut bench = Bench::new();
/// let cells = bench.group("cells", 3, Lif::default());
/// poke(bench.world_mut(), None, "cells.v", &Poke { value: "v + i".into(), neurons: Selection::Range(1, 3) })?;
/// assert_eq!(bench.get(cells, "v"), [-65.0, -64.0, -63.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The address leads nowhere, or to no variable of neurons or receptors; the value cannot be evaluated, or is not finite. Nothing is
/// changed then.
pub fn poke(world: &mut World, network: Option<Entity>, address: &str, poke: &Poke) -> Result<usize, ChangeError> {
    let found = tried(world, network, address, poke)?;
    let number = found.len();
    let variables = world.get_resource::<Variables>().cloned().unwrap_or_default();
    for Poked { entity, variable, values } in found {
        if let Ok(mut here) = world.get_entity_mut(entity) {
            if !variables.set(&mut here, &variable, &mut values.into_iter()) {
                let fault = PrepareFault::Other("it cannot be set from outside".into());
                let error = PrepareError { behaviour: "values", field: Some(variable), fault: Box::new(fault) };
                return Err(ChangeError::Refused { who: path_of(world, entity), error });
            }
            Given::note(world, entity, &variable);
        }
    }
    Ok(number)
}

/// Says whether a variable could be given these values, and gives none.
///
/// # Errors
/// Those of [`poke()`].
pub(crate) fn check(world: &mut World, network: Option<Entity>, address: &str, poke: &Poke) -> Result<(), ChangeError> {
    tried(world, network, address, poke).map(drop)
}

/// A variable of an entity as it will be.
struct Poked {
    entity: Entity,
    variable: String,
    values: Vec<Real>,
}

fn tried(world: &mut World, network: Option<Entity>, address: &str, poke: &Poke) -> Result<Vec<Poked>, ChangeError> {
    let address: Address = address.parse()?;
    let entities = address.entities(world, network)?;
    entities.into_iter().map(|entity| tried_at(world, entity, &address, poke)).collect()
}

fn tried_at(world: &World, entity: Entity, address: &Address, poke: &Poke) -> Result<Poked, ChangeError> {
    let variable = &address.last;
    let refused = |fault: PrepareFault| ChangeError::Refused {
        who: path_of(world, entity),
        error: PrepareError { behaviour: "values", field: Some(variable.clone()), fault: Box::new(fault) },
    };
    let other = |why: &str| refused(PrepareFault::Other(why.to_owned()));
    let variables = world.get_resource::<Variables>().cloned().unwrap_or_default();
    let here = world.entity(entity);
    let Some(view) = variables.view(here, variable) else {
        let known = variables.of(here).into_iter().map(|info| info.name).collect();
        let (address, group) = (address.to_string(), path_of(world, entity));
        return Err(AddressError::NoVariable { address, group, known }.into());
    };
    if !here.contains::<NeuronGroup>() && owner_of(world, entity).is_none() {
        return Err(other("only variables of neurons and receptors are given values while a network runs"));
    }
    let View::Real(now) = view else {
        return Err(other("holds no numbers; `Inject` and `SpikeSource` let neurons fire"));
    };
    let mut values = now.to_vec();
    let is_given = world.get::<GivenInput>(entity).is_some_and(|given| given.0);
    if Given::is_sum(variable) && !is_given {
        values.fill(0.0);
    }
    values.resize(shape(world, entity).iter().product(), 0.0);
    let (sampler, guesses) =
        sampler(world, entity, (&variables, &poke.value)).map_err(|error| refused(*error.fault))?;
    let clock = world.get_resource::<Clock>().copied().unwrap_or_default();
    let iteration = clock.since(world.get::<Birth>(group_of(world, entity))).iteration.to_string();
    let key = [sampler.path.as_str(), "values", variable, &iteration];
    let numbers = match sampler.evaluate(&key, &poke.value, 0..values.len()) {
        // Of a network that is only tried, nobody knows what its variables will be.
        Err(ValueError { fault: Fault::NotFinite { .. } | Fault::TooLarge { .. }, .. }) if guesses => {
            Members::Uniform(0.0)
        }
        numbers => numbers.map_err(|error| refused(error.into()))?,
    };
    let chosen = poke.neurons.of(world, entity, &["values", variable]).map_err(refused)?;
    match chosen {
        None => values.iter_mut().enumerate().for_each(|(i, value)| *value = real(numbers.at(i))),
        Some(chosen) => chosen.into_iter().for_each(|i| values[i as usize] = real(numbers.at(i as usize))),
    }
    Ok(Poked { entity, variable: variable.clone(), values })
}

/// One that knows the variables that a value may mention; and whether it guesses, as there are none yet.
fn sampler(
    world: &World,
    entity: Entity,
    (variables, value): (&Variables, &Value),
) -> Result<(Sampler, bool), PrepareError> {
    let (mut sampler, mut guesses) = (Sampler::new(world, entity, usize::MAX)?, false);
    let Value::Text(text) = value else { return Ok((sampler, false)) };
    let here = world.entity(entity);
    for info in variables.of(here).into_iter().filter(|info| text.contains(&info.name)) {
        if let Some(View::Real(now)) = variables.view(here, &info.name) {
            let known = now.len() == sampler.len();
            guesses |= !known;
            let each = || Members::Each(now.iter().map(|&x| wide(x)).collect());
            sampler.remember(&info.name, if known { each() } else { Members::Uniform(0.0) });
        }
    }
    Ok((sampler, guesses))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        network::{Act, Switches, Switching},
        prelude::*,
    };

    fn due(iteration: u64, address: &str, poke: Poke) -> Switching {
        Switching { iteration, network: None, address: address.into(), act: Act::Values(std::sync::Arc::new(poke)) }
    }

    /// In stretches of any length, of neurons that keep what they are given.
    #[test]
    fn variables_get_values_at_their_times() {
        for stretch in [1, 4, 12] {
            let mut bench = Bench::new();
            let lif = Lif { tau: 1e30.into(), threshold: 100.0.into(), ..default() };
            bench.group("cells", 3, lif);
            bench.recorder(VariableRecorder { of: vec!["cells.v".into()], ..default() });
            let one = Poke { value: "v + 10 * i".into(), neurons: Selection::List(vec![2]) };
            let all = vec![due(3, "cells.v", 5.0.into()), due(7, "cells.v", one), due(9, "cells.v", "i".into())];
            bench.world_mut().insert_resource(Switches::new(all));
            (0..12).step_by(stretch as usize).for_each(|_| bench.ticks(stretch));
            let v = |k: u32, i: u32| match (k, i) {
                (..3, _) => -65.0,
                (..9, ..2) | (..7, _) => 5.0,
                (..9, _) => 25.0,
                (_, i) => f64::from(i),
            };
            let expected: Vec<f64> = (0..12).flat_map(|k| (0..3).map(move |i| v(k, i))).collect();
            let found = bench.recorded("cells.v");
            // At rest, but for a leak over 10³⁰ ms.
            assert!(found.iter().zip(&expected).all(|(v, known)| (v - known).abs() < 1e-20), "{found:?}");
            assert_eq!(found.len(), expected.len());
        }
    }

    /// Input counts once, also in the middle of a run; a neuron above its peak fires once.
    #[test]
    fn what_is_given_in_the_middle_of_a_run_counts_once() {
        let mut bench = Bench::new();
        bench.group("cells", 2, (Izhikevich::default(), ConstantCurrent { amplitude: 1.0.into() }));
        bench.recorder(VariableRecorder { of: vec!["cells.input".into(), "cells.fired".into()], ..default() });
        let above = Poke { value: 50.0.into(), neurons: Selection::List(vec![1]) };
        let all = vec![due(2, "cells.input", "3 + i".into()), due(4, "cells.v", above)];
        bench.world_mut().insert_resource(Switches::new(all));
        bench.ticks(6);
        let input = [1.0, 1.0, 1.0, 1.0, 4.0, 5.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
        assert_eq!(bench.recorded("cells.input"), input);
        let fired: Vec<usize> = (0..12).filter(|&k| bench.recorded("cells.fired")[k] != 0.0).collect();
        assert_eq!(fired, [2 * 4 + 1]);
    }

    #[test]
    fn what_cannot_be_given_is_refused_and_changes_nothing() {
        let mut bench = Bench::new();
        let cells = bench.group("cells", 2, Lif::default());
        let refused = |bench: &mut Bench, address: &str, value: &str| {
            poke(bench.world_mut(), None, address, &value.into()).unwrap_err().to_string()
        };
        assert_eq!(refused(&mut bench, "cells.u", "1"), "`cells.u`: no such variable");
        assert_eq!(refused(&mut bench, "cells.v", "q"), "cells: values.v: nothing is named `q` here");
        assert!(refused(&mut bench, "cells.v", "1 / i").contains("inf"), "{}", refused(&mut bench, "cells.v", "1 / i"));
        assert!(refused(&mut bench, "cells.fired", "1").contains("`Inject`"));
        assert_eq!(bench.get(cells, "v"), [-65.0; 2]);
    }
}
