//! A behaviour that is off is a component that is not there: it is kept aside in another component, so that no
//! system has to ask whether it is on, and none can forget to.

use bevy_ecs::{prelude::*, world::EntityMut};

use super::behaviour::Behaviour;

/// A behaviour that is switched off.
#[derive(Component)]
struct Resting<T>(T);

pub(super) fn is_on<T: Behaviour>(entity: EntityRef<'_>) -> Option<bool> {
    entity.contains::<T>().then_some(true).or_else(|| entity.contains::<Resting<T>>().then_some(false))
}

/// Lets `work` do something with a behaviour of an entity, be it on or off; no system is to see that.
pub(super) fn with<T: Behaviour, R>(entity: &mut EntityMut<'_>, work: impl FnOnce(&mut T) -> R) -> Option<R> {
    if let Some(mut behaviour) = entity.get_mut::<T>() {
        return Some(work(behaviour.bypass_change_detection()));
    }
    entity.get_mut::<Resting<T>>().map(|mut resting| work(&mut resting.bypass_change_detection().0))
}

pub(super) fn switch_one<T: Behaviour>(entity: &mut EntityWorldMut<'_>, on: bool) -> bool {
    if on {
        let Some(Resting(behaviour)) = entity.take::<Resting<T>>() else { return false };
        entity.insert(behaviour);
    } else {
        let Some(behaviour) = entity.take::<T>() else { return false };
        entity.insert(Resting(behaviour));
    }
    true
}
