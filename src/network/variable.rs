//! The registry of variables: everything recordable answers to a name through here, and nowhere else.
//!
//! A component holds one column ([`variable!`](crate::variable)) or several whose names are known only at run
//! time ([`Variable`] by hand).

use std::collections::HashSet;

use bevy_app::App;
use bevy_ecs::{
    component::{ComponentId, ComponentInfo},
    prelude::*,
    world::{EntityMut, EntityRef},
};

use super::state::{RegisterState, State};
use crate::numeric::Real;

/// What a variable is called and measured in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableInfo {
    /// The name: `v`.
    pub name: String,
    /// The unit: `mV`; empty where there is none.
    pub unit: String,
    /// What it is, in one line.
    pub docs: String,
    /// Bytes of one value.
    pub bytes: usize,
}

/// The values of a variable, one per member.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum View<'a> {
    /// Numbers in the precision of the simulation.
    Real(&'a [Real]),
    /// Truth values, 0 or 1.
    Bool(&'a [u8]),
}

impl View<'_> {
    /// The number of values.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Real(values) => values.len(),
            Self::Bool(values) => values.len(),
        }
    }

    /// The values at some places; zero where there are none.
    fn at(&self, places: &[u32]) -> Vec<Real> {
        let at = |place: usize| match self {
            Self::Real(values) => values.get(place).copied(),
            Self::Bool(values) => values.get(place).map(|&value| Real::from(value)),
        };
        places.iter().map(|&place| at(place as usize).unwrap_or_default()).collect()
    }

    /// Whether there are no values.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A component that holds columns. They are state: registered as variables, they are saved too. The default is one of no
/// members.
pub trait Variable: State + Default {
    /// The variables in it.
    fn describe(&self) -> Vec<VariableInfo>;

    /// The values of the variable `name`, if it is one of this component's.
    fn view(&self, name: &str) -> Option<View<'_>>;

    /// Gives the variable `name` new values, as many as it has members; `false` if it cannot be set.
    fn set(&mut self, name: &str, values: &mut dyn Iterator<Item = Real>) -> bool;

    /// Makes room for `members` values in every column; new ones are zero.
    fn resize(&mut self, members: usize);

    /// Told when members have been exchanged, once the columns have followed: of each member the place that it had before, which new
    /// ones did not have. For what has a number for each member besides its variables.
    fn exchanged(&mut self, places: &[u32]) {
        let _ = places;
    }
}

/// The methods of [`Variable`], whatever component it is of.
trait AnyVariable {
    fn describe(&self) -> Vec<VariableInfo>;
    fn view(&self, name: &str) -> Option<View<'_>>;
    fn set(&mut self, name: &str, values: &mut dyn Iterator<Item = Real>) -> bool;
    fn resize(&mut self, members: usize);
    fn exchanged(&mut self, places: &[u32]);
}

impl<T: Variable> AnyVariable for T {
    fn describe(&self) -> Vec<VariableInfo> {
        Variable::describe(self)
    }

    fn view(&self, name: &str) -> Option<View<'_>> {
        Variable::view(self, name)
    }

    fn set(&mut self, name: &str, values: &mut dyn Iterator<Item = Real>) -> bool {
        Variable::set(self, name, values)
    }

    fn resize(&mut self, members: usize) {
        Variable::resize(self, members);
    }

    fn exchanged(&mut self, places: &[u32]) {
        Variable::exchanged(self, places);
    }
}

/// A kind of component that is known to hold variables.
#[derive(Clone, Copy)]
pub struct VariableEntry {
    id: ComponentId,
    get: for<'w> fn(EntityRef<'w>) -> Option<&'w dyn AnyVariable>,
    get_mut: for<'a> fn(&'a mut EntityMut<'_>) -> Option<Mut<'a, dyn AnyVariable>>,
    /// The variables of an empty one.
    blank: fn() -> Vec<VariableInfo>,
}

impl Variables {
    /// Whether a kind of component is known.
    pub(super) fn know(&self, id: ComponentId) -> bool {
        self.0.iter().any(|entry| entry.id == id)
    }
}

impl VariableEntry {
    pub(super) fn of<T: Variable>(id: ComponentId) -> Self {
        Self {
            id,
            get: |entity| entity.get::<T>().map(|column| column as _),
            get_mut: |entity| entity.get_mut::<T>().map(|column| column.map_unchanged(|column| column as _)),
            blank: || Variable::describe(&T::default()),
        }
    }

    /// The values of the variable `name` of `entity`, if this kind of component holds it there.
    #[must_use]
    pub fn view<'w>(&self, entity: EntityRef<'w>, name: &str) -> Option<View<'w>> {
        (self.get)(entity)?.view(name)
    }

    fn set(&self, entity: &mut EntityMut<'_>, name: &str, values: &mut dyn Iterator<Item = Real>) -> bool {
        (self.get_mut)(entity).is_some_and(|mut column| {
            // One that was only asked has not changed.
            let is_its_own = column.bypass_change_detection().set(name, values);
            if is_its_own {
                column.set_changed();
            }
            is_its_own
        })
    }
}

/// All kinds of components that hold variables, in the order in which they were registered.
#[derive(Resource, Clone, Default)]
pub struct Variables(Vec<VariableEntry>);

/// On a group whose model counts in units of its own, and on its receptors: the units of some variables, by name, instead
/// of those that they have elsewhere.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct Units(pub &'static [(&'static str, &'static str)]);

impl Variables {
    /// The variables of an entity.
    #[must_use]
    pub fn of(&self, entity: EntityRef<'_>) -> Vec<VariableInfo> {
        let mut all: Vec<_> =
            self.0.iter().filter_map(|entry| (entry.get)(entity)).flat_map(AnyVariable::describe).collect();
        for (name, unit) in entity.get::<Units>().map(|units| units.0).unwrap_or_default() {
            all.iter_mut().filter(|info| info.name == *name).for_each(|info| info.unit = (*unit).into());
        }
        all
    }

    /// The variables that come with a kind of component, which requires others.
    #[must_use]
    pub fn with(&self, world: &World, component: ComponentId) -> Vec<VariableInfo> {
        let Some(required) = world.components().get_info(component).map(ComponentInfo::required_components) else {
            return Vec::new();
        };
        let required: HashSet<ComponentId> = required.iter_ids().collect();
        self.0.iter().filter(|entry| required.contains(&entry.id)).flat_map(|entry| (entry.blank)()).collect()
    }

    /// The kind of component that holds the variable `name` of `entity`.
    #[must_use]
    pub fn find(&self, entity: EntityRef<'_>, name: &str) -> Option<VariableEntry> {
        self.0.iter().find(|entry| entry.view(entity, name).is_some()).copied()
    }

    /// The values of the variable `name` of `entity`.
    #[must_use]
    pub fn view<'w>(&self, entity: EntityRef<'w>, name: &str) -> Option<View<'w>> {
        self.0.iter().find_map(|entry| entry.view(entity, name))
    }

    /// Gives the variable `name` of `entity` new values; `false` if there is no such variable to be set.
    pub fn set(&self, entity: &mut EntityWorldMut<'_>, name: &str, values: &mut dyn Iterator<Item = Real>) -> bool {
        let mut entity = EntityMut::from(entity);
        self.0.iter().any(|entry| entry.set(&mut entity, name, values))
    }

    /// Makes room for `members` values in all variables of `entity`.
    pub fn resize(&self, entity: &mut EntityMut<'_>, members: usize) {
        for entry in &self.0 {
            if let Some(mut column) = (entry.get_mut)(entity) {
                // Room is not something that somebody has written.
                column.bypass_change_detection().resize(members);
            }
        }
    }

    /// Gives each member of `entity`, of which there may be more or fewer from now on, the values that the member at another place has
    /// had, in all variables; zero where there was none.
    ///
    /// # Errors
    /// A variable that cannot be set.
    pub fn rearrange(&self, entity: &mut EntityMut<'_>, places: &[u32]) -> Result<(), String> {
        let (mut waiting, mut before) = (Vec::new(), 0);
        for VariableInfo { name, .. } in self.of(entity.as_readonly()) {
            let Some(view) = self.view(entity.as_readonly(), &name) else { continue };
            let values = view.at(places);
            if view.len() == places.len() {
                self.follow(entity, &name, values)?;
            } else {
                before = view.len();
                waiting.push((name, values));
            }
        }
        let fits = waiting.is_empty();
        if !fits {
            // What is not a variable has not followed yet, and is read once more.
            self.resize(entity, places.len().max(before));
        }
        waiting.into_iter().try_for_each(|(name, values)| self.follow(entity, &name, values))?;
        for entry in &self.0 {
            if let Some(mut column) = (entry.get_mut)(entity) {
                column.bypass_change_detection().exchanged(places);
            }
        }
        if !fits {
            self.resize(entity, places.len());
        }
        Ok(())
    }
}

impl Variables {
    fn follow(&self, entity: &mut EntityMut<'_>, name: &str, values: Vec<Real>) -> Result<(), String> {
        let mut values = values.into_iter();
        let follows = self.0.iter().any(|entry| entry.set(entity, name, &mut values));
        if follows { Ok(()) } else { Err(format!("`{name}` cannot follow synapses that are rewired")) }
    }
}

/// Registers variables in an app.
pub trait RegisterVariable {
    /// Makes the variables of the component `T` known by name. Once is enough, more do no harm.
    fn register_variable<T: Variable>(&mut self) -> &mut Self;
}

impl RegisterVariable for App {
    fn register_variable<T: Variable>(&mut self) -> &mut Self {
        self.register_state::<T>();
        let entry = VariableEntry::of::<T>(self.world_mut().register_component::<T>());
        enter(self.world_mut(), entry);
        self
    }
}

pub(super) fn enter(world: &mut World, entry: VariableEntry) {
    let mut variables = world.get_resource_or_init::<Variables>();
    if variables.0.iter().all(|known| known.id != entry.id) {
        variables.0.push(entry);
    }
}

/// A component that [`variable!`](crate::variable) declares: one variable, and nothing else.
pub trait RealColumn: Variable {
    /// Its numbers.
    fn column(&self) -> &[Real];

    /// The same, to be changed.
    fn column_mut(&mut self) -> &mut [Real];
}

/// Declares a state column: a component that holds one variable.
///
/// The doc comment is what `cortecs list` and reports say of it; the unit follows `in`.
///
/// ```
/// cortecs::variable! {
///     /// Adaptation current of a neuron.
///     pub struct Adaptation = "w" in "pA";
/// }
/// assert_eq!(Adaptation::NAME, "w");
/// ```
#[macro_export]
macro_rules! variable {
    ($(#[doc = $docs:literal])+ $visibility:vis struct $type:ident = $name:literal in $unit:literal;) => {
        $(#[doc = $docs])+
        #[derive($crate::bevy_ecs::component::Component, Clone, Debug, Default)]
        #[component(on_add = $crate::network::room::register_late::<Self>)]
        $visibility struct $type(pub $crate::numeric::Column<$crate::numeric::Real>);

        impl $type {
            /// The variable's name in scenes, recordings and addresses.
            pub const NAME: &str = $name;
        }

        impl $crate::network::variable::RealColumn for $type {
            #[inline(always)]
            fn column(&self) -> &[$crate::numeric::Real] {
                &self.0
            }

            fn column_mut(&mut self) -> &mut [$crate::numeric::Real] {
                &mut self.0
            }
        }

        impl $crate::network::State for $type {
            fn persist(
                &mut self,
                archive: &mut $crate::numeric::Archive<'_>,
            ) -> Result<(), $crate::numeric::ArchiveError> {
                archive.column(&mut self.0)
            }
        }

        impl $crate::network::Variable for $type {
            fn describe(&self) -> Vec<$crate::network::variable::VariableInfo> {
                vec![$crate::network::variable::VariableInfo {
                    name: $name.into(),
                    unit: $unit.into(),
                    docs: concat!($($docs),+).trim().trim_end_matches('.').into(),
                    bytes: size_of::<$crate::numeric::Real>(),
                }]
            }

            fn view(&self, name: &str) -> Option<$crate::network::View<'_>> {
                (name == $name).then(|| $crate::network::View::Real(&self.0))
            }

            fn set(&mut self, name: &str, values: &mut dyn Iterator<Item = $crate::numeric::Real>) -> bool {
                if name == $name {
                    self.0.iter_mut().zip(values).for_each(|(old, new)| *old = new);
                }
                name == $name
            }

            fn resize(&mut self, members: usize) {
                self.0.resize(0.0, members);
            }
        }
    };
}
