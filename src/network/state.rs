//! State: what a network needs to go on from where it stood, besides what its scene says. Everything that is to be saved
//! answers through here, and nowhere else.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use bevy_app::App;
use bevy_ecs::{
    change_detection::{CheckChangeTicks, Tick},
    component::{ComponentId, Mutable},
    entity_disabling::Disabled,
    lifecycle::HookContext,
    prelude::*,
    world::{DeferredWorld, EntityMut, EntityRef},
};

use crate::numeric::{Archive, ArchiveError};

/// A component whose contents change while the network runs.
///
/// A [`Variable`](super::Variable) is one; what a behaviour keeps besides its columns goes into a component of this kind, or
/// through [`Behaviour::persist`](super::Behaviour::persist). What is derived from parameters and made anew when it is missing needs
/// no place here.
///
/// ```
/// use cortecs::{network::{RegisterState, State}, numeric::{Archive, ArchiveError}, prelude::*};
///
/// /// The iterations since a neuron of the group fired.
/// #[derive(Component, Default)]
/// struct Silence(u64);
///
/// impl State for Silence {
///     fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
///         archive.value(&mut self.0)
///     }
/// }
///
/// App::new().register_state::<Silence>();
/// ```
pub trait State: Component<Mutability = Mutable> {
    /// Goes through everything that it keeps, always in the same order: it is saved, checked or restored on the way.
    ///
    /// # Errors
    /// What was saved does not fit.
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError>;
}

/// The name of a type in checkpoints: without the modules in which it stands, so that files may be moved; a type of another crate
/// than this one begins with the crate.
#[must_use]
pub fn stable_name(path: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let mut name = String::new();
    let mut rest = path;
    while let Some(next) = rest.chars().next() {
        let end = rest.find(|c| is_part(c) != is_part(next)).unwrap_or(rest.len());
        let (token, behind) = rest.split_at(end);
        rest = behind;
        match (token.split_once("::"), token.rsplit_once("::")) {
            (Some((home, _)), Some((_, own))) if is_part(next) => {
                if home != env!("CARGO_PKG_NAME") {
                    name.extend([home, "::"]);
                }
                name.push_str(own);
            }
            _ => name.push_str(token),
        }
    }
    name
}

/// The [name](stable_name) of a type.
#[must_use]
pub fn stable_name_of<T>() -> String {
    stable_name(std::any::type_name::<T>())
}

/// The method of [`State`], whatever component it is of.
trait AnyState {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError>;
}

impl<T: State> AnyState for T {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        State::persist(self, archive)
    }
}

/// A kind of component that is known to be state.
#[derive(Clone)]
pub struct StateEntry {
    /// Its [name](stable_name).
    pub name: Arc<str>,
    id: ComponentId,
    get_mut: for<'a> fn(&'a mut EntityMut<'_>) -> Option<Mut<'a, dyn AnyState>>,
}

impl StateEntry {
    pub(super) fn of<T: State>(id: ComponentId) -> Self {
        Self {
            name: stable_name_of::<T>().into(),
            id,
            get_mut: |entity| entity.get_mut::<T>().map(|state| state.map_unchanged(|state| state as _)),
        }
    }

    /// Whether an entity has such a component.
    #[must_use]
    pub fn is_at(&self, entity: EntityRef<'_>) -> bool {
        entity.contains_id(self.id)
    }

    /// Whether it is this kind of component.
    #[must_use]
    pub fn is_of<T: State>(&self, world: &World) -> bool {
        world.component_id::<T>() == Some(self.id)
    }

    /// Goes through the component of an entity.
    ///
    /// # Errors
    /// What was saved does not fit.
    pub fn persist(&self, entity: &mut EntityMut<'_>, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        match (self.get_mut)(entity) {
            Some(mut state) if archive.restores() => state.persist(archive),
            Some(mut state) => state.bypass_change_detection().persist(archive),
            None => Ok(()),
        }
    }
}

/// All kinds of components that are state, in the order in which they were registered.
#[derive(Resource, Clone, Default)]
pub struct States {
    entries: Vec<StateEntry>,
    constant: HashSet<ComponentId>,
}

impl States {
    fn add(&mut self, entry: StateEntry) {
        if self.entries.iter().all(|known| known.id != entry.id) {
            self.entries.push(entry);
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &StateEntry> {
        self.entries.iter()
    }

    /// Lets a kind of component be left out where nobody has changed it since its network was built: weights that no rule
    /// learns are made again from the scene. Whoever changes it must not do so behind the back of bevy's change detection.
    pub(super) fn let_stay<T: State>(&mut self) {
        let name = stable_name_of::<T>();
        let ids = self.entries.iter().filter(|entry| *entry.name == *name).map(|entry| entry.id);
        self.constant.extend(ids);
    }

    /// Whether components of a kind may be left out where they are as their scene has made them.
    #[must_use]
    pub fn may_stay(&self, entry: &StateEntry) -> bool {
        self.constant.contains(&entry.id)
    }

    /// The digest (bytes, checksum) that was [noted](Self::note_digest) of a component, as its scene has made it.
    #[must_use]
    pub fn digest_of_built(world: &World, entity: Entity, entry: &StateEntry) -> Option<(u64, u32)> {
        world.get_resource::<Built>()?.digests.get(&(entity, entry.id)).copied()
    }

    /// Notes the digest of a component that is as its scene has made it: a walk over all synapses is done once.
    pub fn note_digest(world: &mut World, entity: Entity, entry: &StateEntry, digest: (u64, u32)) {
        if let Some(mut built) = world.get_resource_mut::<Built>() {
            built.digests.insert((entity, entry.id), digest);
        }
    }

    /// Whether the component of an entity is as its scene has made it.
    #[must_use]
    pub fn is_as_built(&self, world: &World, entity: Entity, entry: &StateEntry) -> bool {
        let Some(built) = world.get_resource::<Built>() else { return false };
        let ticks = world.get_entity(entity).ok().and_then(|entity| entity.get_change_ticks_by_id(entry.id));
        self.may_stay(entry)
            && !built.since.contains(&(entity, entry.id))
            && ticks.is_some_and(|ticks| !ticks.changed.is_newer_than(built.at, world.read_change_tick()))
    }
}

/// When the network was built, and what has changed since as far as change detection cannot tell any more.
#[derive(Resource)]
struct Built {
    at: Tick,
    since: HashSet<(Entity, ComponentId)>,
    digests: HashMap<(Entity, ComponentId), (u64, u32)>,
}

/// Notes that synapse groups are as their scene has them.
pub fn note_built(world: &mut World, groups: &[Entity]) {
    // What another network has learnt until now would look as if it were as old as this one.
    note_changes(world);
    let at = world.increment_change_tick();
    let before = world.remove_resource::<Built>();
    let (mut since, mut digests) = before.map(|built| (built.since, built.digests)).unwrap_or_default();
    since.retain(|(entity, _)| !groups.contains(entity));
    digests.retain(|(entity, _), _| !groups.contains(entity));
    world.insert_resource(Built { at, since, digests });
}

/// Notes what has changed since it was built, for when it cannot be told any more.
fn note_changes(world: &mut World) {
    let (Some(states), true) = (world.get_resource::<States>().cloned(), world.contains_resource::<Built>()) else {
        return;
    };
    let entities: Vec<Entity> =
        world.query_filtered::<EntityRef, Allow<Disabled>>().iter(world).map(|entity| entity.id()).collect();
    let mut changed = Vec::new();
    for entry in states.entries.iter().filter(|entry| states.constant.contains(&entry.id)) {
        let bearers = entities.iter().filter(|entity| world.get_entity(**entity).is_ok_and(|at| entry.is_at(at)));
        let of_kind = bearers.filter(|entity| !states.is_as_built(world, **entity, entry));
        changed.extend(of_kind.map(|entity| (*entity, entry.id)));
    }
    if let Some(mut built) = world.get_resource_mut::<Built>() {
        built.since.extend(changed);
    }
}

/// Bevy forgets what changed some 3·10⁹ runs of systems ago: before it does, this is told.
fn before_it_is_forgotten(_: On<CheckChangeTicks>, mut commands: Commands) {
    commands.queue(note_changes);
}

/// For `#[component(on_add = …)]`: the component becomes known as state with the first of its kind, so that nobody forgets to
/// register each of those that have a type parameter.
pub(crate) fn meet<T: State>(mut world: DeferredWorld<'_>, context: HookContext) {
    if let Some(mut states) = world.get_resource_mut::<States>() {
        states.add(StateEntry::of::<T>(context.component_id));
    }
}

/// Registers state in an app.
pub trait RegisterState {
    /// Makes the component `T` known as state. Once is enough, more do no harm.
    fn register_state<T: State>(&mut self) -> &mut Self;
}

impl RegisterState for App {
    fn register_state<T: State>(&mut self) -> &mut Self {
        let id = self.world_mut().register_component::<T>();
        enter(self.world_mut(), StateEntry::of::<T>(id));
        self
    }
}

pub(super) fn enter(world: &mut World, entry: StateEntry) {
    world.get_resource_or_init::<States>().add(entry);
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<States>().add_observer(before_it_is_forgotten);
}

#[cfg(test)]
mod tests {
    use super::stable_name;

    #[test]
    fn a_type_is_called_by_its_crate_and_itself() {
        assert_eq!(stable_name("cortecs::network::columns::V"), "V");
        assert_eq!(stable_name("mine::deep::Gate"), "mine::Gate");
        assert_eq!(
            stable_name("cortecs::learn::Side<cortecs::learn::traces::Pre, mine::a::Post>"),
            "Side<Pre, mine::Post>"
        );
        assert_eq!(stable_name("Plain"), "Plain");
    }
}
