//! A behaviour that is off is a component that is not there: it is kept aside in another component, so that no
//! system has to ask whether it is on, and none can forget to.

use bevy_ecs::{component::ComponentId, prelude::*, world::EntityMut};

use super::any_behaviour::{Access, AnyBehaviour};

/// The behaviours of an entity that are switched off.
#[derive(Component, Default)]
struct Resting(Vec<(ComponentId, Box<dyn AnyBehaviour>)>);

impl Resting {
    fn place(&self, behaviour: ComponentId) -> Option<usize> {
        self.0.iter().position(|(id, _)| *id == behaviour)
    }
}

pub(super) fn is_on(entity: EntityRef<'_>, behaviour: ComponentId) -> Option<bool> {
    let rests = || entity.get::<Resting>().is_some_and(|resting| resting.place(behaviour).is_some());
    entity.contains_id(behaviour).then_some(true).or_else(|| rests().then_some(false))
}

/// Lets `work` do something with a behaviour of an entity, be it on or off; no system is to see that.
pub(super) fn with<R>(
    entity: &mut EntityMut<'_>,
    access: &Access,
    work: impl FnOnce(&mut dyn AnyBehaviour) -> R,
) -> Option<R> {
    if let Some(mut behaviour) = (access.get_mut)(entity) {
        return Some(work(behaviour.bypass_change_detection()));
    }
    let mut resting = entity.get_mut::<Resting>()?;
    let resting = resting.bypass_change_detection();
    let place = resting.place(access.id)?;
    resting.0.get_mut(place).map(|(_, behaviour)| work(&mut **behaviour))
}

/// What `look` sees of a behaviour of an entity, be it on or off.
pub(super) fn read<R>(entity: EntityRef<'_>, access: &Access, look: impl FnOnce(&dyn AnyBehaviour) -> R) -> Option<R> {
    if let Some(behaviour) = (access.get)(entity) {
        return Some(look(behaviour));
    }
    let resting = entity.get::<Resting>()?;
    resting.0.get(resting.place(access.id)?).map(|(_, behaviour)| look(&**behaviour))
}

pub(super) fn switch_one(entity: &mut EntityWorldMut<'_>, access: &Access, on: bool) -> bool {
    if on {
        let Some(mut resting) = entity.get_mut::<Resting>() else { return false };
        let Some(place) = resting.place(access.id) else { return false };
        let (_, behaviour) = resting.0.swap_remove(place);
        behaviour.attach(entity);
    } else {
        // A copy, so that those who are told that it goes still see it as it was.
        let Some(behaviour) = (access.get)(entity.as_readonly()).map(AnyBehaviour::copy) else { return false };
        entity.remove_by_id(access.id);
        let mut resting = entity.entry::<Resting>().or_default().into_mut();
        // One that was attached anew while the other rested takes its place.
        resting.0.retain(|(id, _)| *id != access.id);
        resting.0.push((access.id, behaviour));
    }
    true
}
