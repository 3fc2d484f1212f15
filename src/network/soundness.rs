//! Whether the state of a network is still one: every so many iterations all numbers of neuron groups and receptors
//! are looked at. One that is not finite is a failure, which names the neuron and its last finite values; whether groups
//! [run away](super::runaway) is seen in the same looks.

use bevy_ecs::{archetype::ArchetypeId, prelude::*};

use super::{
    clock::Clock,
    compartment::CompartmentOf,
    failure::Failures,
    group::NeuronGroup,
    ranks::Owned,
    receptor::ReceptorOf,
    runaway::{Activity, Warnings},
    shape::path_of,
    variable::{VariableEntry, Variables, View},
};
use crate::numeric::{Real, dispatch};

/// A look takes as long as 1 to 5 iterations, of small networks and of large ones, so that in 256 of them it is below
/// 2 %: see `benches/tick`.
const EVERY: u64 = 256;

/// Looks after the state of all networks of a world while they run.
///
/// ```
/// # use cortecs::prelude::*;
/// let mut bench = Bench::new();
/// bench.world_mut().resource_mut::<Soundness>().every = Some(10);
/// bench.group("cells", 2, (Izhikevich::default(), ConstantCurrent { amplitude: "-1e20 * i".into() }));
/// let error = bench.try_ticks(30).unwrap_err();
/// assert!(error.starts_with("cells: v of neuron 1 is "));
/// ```
#[derive(Resource)]
pub struct Soundness {
    /// Iterations between two looks, at least 1; default 256. `None` never looks.
    pub every: Option<u64>,
    /// The clock at the last look; `None` looks before the next iteration.
    last: Option<u64>,
    entities: Option<QueryState<EntityRef<'static>, OfNeurons>>,
    /// Who was there at the last look, in the order of the query.
    seen: Vec<(Entity, ArchetypeId)>,
    /// The same by name.
    watched: Vec<Watched>,
    /// What else is looked at, of other rooms.
    others: Vec<fn(&mut World)>,
}

impl Default for Soundness {
    fn default() -> Self {
        Self {
            every: Some(EVERY),
            last: None,
            entities: None,
            seen: Vec::new(),
            watched: Vec::new(),
            others: Vec::new(),
        }
    }
}

/// Who has a value for each neuron.
type OfNeurons = Or<(With<NeuronGroup>, With<ReceptorOf>, With<CompartmentOf>)>;

/// A neuron group or a receptor.
struct Watched {
    entity: Entity,
    path: String,
    columns: Vec<Kept>,
    /// The clock when the columns were kept.
    at: u64,
    activity: Option<Activity>,
}

/// A column as it was when it was last found finite.
struct Kept {
    entry: VariableEntry,
    name: String,
    values: Vec<Real>,
    /// Whether it began with an infinite value, which then means something.
    may_be_infinite: bool,
}

/// A number that is none, or has no end.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{variable} of neuron {neuron} is {value}{}{}", Moment(*.clock), last_finite(.last))]
#[non_exhaustive]
pub struct NotFinite {
    /// The variable.
    pub variable: String,
    /// The neuron: of those that have such a value the first.
    pub neuron: usize,
    /// What it is: NaN or infinite.
    pub value: Real,
    /// The iterations that had ended.
    pub clock: u64,
    /// All variables of the neuron when they were last found finite, and the iterations that had ended then; none if that was
    /// never.
    pub last: Option<(u64, Vec<(String, Real)>)>,
}

/// When something was seen, given the number of iterations that had ended.
struct Moment(u64);

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.checked_sub(1) {
            Some(iteration) => write!(f, " after iteration {iteration}"),
            None => f.write_str(" at the start"),
        }
    }
}

fn last_finite(last: &Option<(u64, Vec<(String, Real)>)>) -> String {
    let Some((clock, values)) = last else { return String::new() };
    let values: Vec<String> = values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    format!("; last found finite{}: {}", Moment(*clock), values.join(", "))
}

impl Soundness {
    /// Looks before the next iteration, for somebody who has changed what is there.
    pub const fn look_soon(&mut self) {
        self.last = None;
    }

    /// Has something else looked at in every look; it tells the [`Failures`].
    pub(crate) fn also(&mut self, look: fn(&mut World)) {
        self.others.push(look);
    }

    /// Memory (bytes) that the last values of an entity will take.
    #[must_use]
    pub fn memory(world: &World, entity: Entity, members: usize) -> u64 {
        let looks = world.get_resource::<Self>().is_some_and(|soundness| soundness.every.is_some());
        let (Some(variables), Ok(there), true) = (world.get_resource::<Variables>(), world.get_entity(entity), looks)
        else {
            return 0;
        };
        let columns = real_columns(variables, there).count();
        (columns as u64).saturating_mul(members as u64).saturating_mul(size_of::<Real>() as u64)
    }

    /// Looks if it is time to, and says how many iterations there are until it is time again.
    pub fn look_if_due(world: &mut World) -> u64 {
        let now = world.get_resource::<Clock>().map_or(0, |clock| clock.iteration);
        let Some(Self { every: Some(every), last, .. }) = world.get_resource::<Self>() else { return u64::MAX };
        let every = (*every).max(1);
        // The clock may have been set back.
        if let Some(since) = last.and_then(|last| now.checked_sub(last)).filter(|&since| since < every) {
            return every - since;
        }
        Self::look(world);
        every
    }

    /// Looks now. What is not finite is noted among the [`Failures`], what runs away among the [`Warnings`].
    pub fn look(world: &mut World) {
        let Some(mut here) = world.get_resource_mut::<Self>().filter(|here| here.every.is_some()) else { return };
        // Its contents are taken, and not the resource: bevy remembers removals until somebody clears its trackers, which takes
        // 16 bytes a look.
        let mut soundness = std::mem::take(&mut *here);
        soundness.look_at(world);
        if let Some(mut here) = world.get_resource_mut::<Self>() {
            *here = soundness;
        }
    }

    fn look_at(&mut self, world: &mut World) {
        let clock = world.get_resource::<Clock>().copied().unwrap_or_default();
        self.last = Some(clock.iteration);
        self.see_who_is_there(world);
        for watched in &mut self.watched {
            if let Err(why) = watched.look(world, clock.iteration) {
                world.get_resource_or_init::<Failures>().push_at(watched.entity, watched.path.clone(), why);
            }
            let activity = watched.activity.as_mut();
            if let Some(runaway) = activity.and_then(|activity| activity.look(world, watched.entity, &clock)) {
                world.get_resource_or_init::<Warnings>().push(runaway);
            }
        }
        self.others.iter().for_each(|look| look(world));
    }

    /// Watches all neuron groups and receptors that there are.
    fn see_who_is_there(&mut self, world: &mut World) {
        let entities = self.entities.get_or_insert_with(|| world.query_filtered());
        let there = |entity: EntityRef<'_>| (entity.id(), entity.archetype().id());
        if entities.iter(world).map(there).eq(self.seen.iter().copied()) {
            return;
        }
        self.seen = entities.iter(world).map(there).collect();
        let mut before = std::mem::take(&mut self.watched);
        let variables = world.get_resource::<Variables>().cloned().unwrap_or_default();
        let watch = |(entity, _): &(Entity, ArchetypeId)| {
            let known = before.iter().position(|watched| watched.entity == *entity);
            Watched::new(world, *entity, &variables, known.map(|known| before.swap_remove(known)))
        };
        self.watched = self.seen.iter().map(watch).collect();
        self.watched.sort_unstable_by(|a, b| (&a.path, a.entity).cmp(&(&b.path, b.entity)));
    }
}

impl Watched {
    /// What is to be looked at of an entity; `before` is what was, if it is known.
    fn new(world: &World, entity: Entity, variables: &Variables, before: Option<Self>) -> Self {
        let path = path_of(world, entity);
        let (mut columns, at, activity) = match before {
            Some(before) => (before.columns, before.at, before.activity),
            None => (Vec::new(), 0, None),
        };
        let Ok(there) = world.get_entity(entity) else { return Self { entity, path, columns, at, activity } };
        let column = |(entry, name): (VariableEntry, String)| {
            let known = columns.iter().position(|kept| kept.name == name).map(|known| columns.swap_remove(known));
            known.unwrap_or(Kept { entry, name, values: Vec::new(), may_be_infinite: false })
        };
        let columns = real_columns(variables, there).map(column).collect();
        Self { entity, path, columns, at, activity: activity.or_else(|| Activity::of(there)) }
    }

    /// Keeps the columns if all are finite.
    fn look(&mut self, world: &World, clock: u64) -> Result<(), NotFinite> {
        let Ok(there) = world.get_entity(self.entity) else { return Ok(()) };
        let mut unsound: Option<(usize, Real, usize)> = None;
        for (place, kept) in self.columns.iter_mut().enumerate() {
            let values = kept.now(there);
            if values.len() != kept.values.len() {
                kept.may_be_infinite = values.iter().any(|value| value.is_infinite());
                kept.values.clear();
            }
            if !all_sound(values, kept.may_be_infinite)
                && let Some((neuron, value)) = first_unsound(values, kept.may_be_infinite)
                && unsound.is_none_or(|(first, ..)| neuron < first)
            {
                unsound = Some((neuron, value, place));
            }
        }
        if let Some((neuron, value, place)) = unsound {
            let first = there.get::<Owned>().map_or(0, |own| own.start);
            return Err(NotFinite { neuron: first + neuron, ..self.not_finite(neuron, value, place, clock) });
        }
        self.at = clock;
        for kept in &mut self.columns {
            let values = kept.now(there);
            kept.values.clear();
            kept.values.extend_from_slice(values);
        }
        Ok(())
    }

    fn not_finite(&self, neuron: usize, value: Real, place: usize, clock: u64) -> NotFinite {
        let last = |kept: &Kept| kept.values.get(neuron).map(|&value| (kept.name.clone(), value));
        let values: Vec<_> = self.columns.iter().filter_map(last).collect();
        let last = if values.is_empty() { None } else { Some((self.at, values)) };
        NotFinite { variable: self.columns[place].name.clone(), neuron, value, clock, last }
    }
}

impl Kept {
    /// The values that the column has now, of the neurons that are in the care of this rank; none if it is gone.
    fn now<'w>(&self, there: EntityRef<'w>) -> &'w [Real] {
        match (self.entry.view(there, &self.name), there.get::<Owned>()) {
            (Some(View::Real(values)), None) => values,
            (Some(View::Real(values)), Some(own)) => values.get(own.range()).unwrap_or_default(),
            _ => &[],
        }
    }
}

/// The variables of an entity that are numbers, in the order in which they were registered.
fn real_columns<'a>(
    variables: &'a Variables,
    there: EntityRef<'a>,
) -> impl Iterator<Item = (VariableEntry, String)> + 'a {
    let entry = move |name: &str| {
        let entry = variables.find(there, name)?;
        matches!(entry.view(there, name)?, View::Real(_)).then_some(entry)
    };
    variables.of(there).into_iter().filter_map(move |info| Some((entry(&info.name)?, info.name)))
}

#[inline(always)]
const fn is_sound(value: Real, may_be_infinite: bool) -> bool {
    if may_be_infinite { !value.is_nan() } else { value.is_finite() }
}

fn all_sound(values: &[Real], may_be_infinite: bool) -> bool {
    dispatch(
        // No way out of the loop before its end, so that it runs in vector lanes.
        #[inline(always)]
        || values.iter().fold(true, |all, &value| all & is_sound(value, may_be_infinite)),
    )
}

fn first_unsound(values: &[Real], may_be_infinite: bool) -> Option<(usize, Real)> {
    values.iter().copied().enumerate().find(|(_, value)| !is_sound(*value, may_be_infinite))
}

#[cfg(test)]
#[path = "soundness_tests.rs"]
mod tests;
