//! Building a network from a scene, or only checking that it could be built.

use bevy_ecs::{entity_disabling::Disabled, prelude::*};

use super::{
    faults, futile, meaning,
    plan::{Plan, plan},
    profiles::unrecorded,
    shadows::shadows,
    spawn::{ByEntity, Pending, Spawned, spawn},
    switches,
    validate::validate,
};
use crate::{
    files::available_memory,
    network::{
        ArrayFolder, Clock, Constants, Kind, NeuronGroup, Origin, PrepareError, Ranks, Seed,
        connect::Deferred,
        fault::Told,
        preparation::Depth,
        prepare::Unprepared,
        ranks::{release_others, take_care},
        room::resize_columns,
        state::note_built,
    },
    record::settle,
    scene::Scene,
    text::{Diagnostic, Diagnostics, Severity},
};

/// The entities of a network that was built from a scene.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Network {
    /// The network itself: what all others, and whatever else says so, are [part of](crate::network::PartOf).
    pub entity: Entity,
    /// The neuron groups, in the order of the scene.
    pub groups: Vec<Entity>,
    /// The synapse groups, by source, target and name.
    pub synapses: Vec<Entity>,
    /// The recorders, in the order of the scene.
    pub recorders: Vec<Entity>,
    /// What was planned.
    pub plan: Plan,
}

impl Network {
    /// Removes the network with all its parts.
    pub fn despawn(&self, world: &mut World) {
        despawn(world, self.entity);
    }
}

fn despawn(world: &mut World, network: Entity) {
    if let Ok(network) = world.get_entity_mut(network) {
        network.despawn();
    }
}

/// Builds the network of a scene in `world`. If it is the first, the clock starts from 0 at its step.
///
/// All networks of a world share its clock: another one must have the same step, and begins at the iteration at which the clock
/// stands. Its names, its seed and its time are its own: it does what it does alone.
///
/// # Errors
/// The scene is wrong, all its faults in one go, or the network does not fit in memory, or other groups of the world have
/// another step. Nothing is left behind.
pub fn build(world: &mut World, scene: &Scene) -> Result<Network, Diagnostics> {
    let network = world.spawn_empty().id();
    build_at(world, network, scene)
}

/// The same at an entity, which goes if it fails.
pub(crate) fn build_at(world: &mut World, network: Entity, scene: &Scene) -> Result<Network, Diagnostics> {
    let prepared = prepare_to_build(world, network, scene);
    let all_well = Ranks::all_well(world, prepared.is_ok());
    let (entity, spawned, plan) = prepared?;
    let mut whole = if all_well { prepare_whole(world, scene, &spawned, &plan) } else { vec![failed_elsewhere()] };
    let failed = Deferred::make_all(world);
    whole.extend(unmade(scene, &spawned, failed));
    if !Ranks::all_well(world, whole.is_empty()) && whole.is_empty() {
        whole.push(failed_elsewhere());
    }
    complete(world, scene, (entity, spawned, plan), whole)
}

fn failed_elsewhere() -> Diagnostic {
    Diagnostic::error("another rank could not build its part of the network")
}

/// Prepares everything but the synapses, unless there is no room for them.
pub(super) fn prepare_whole(world: &mut World, scene: &Scene, spawned: &Spawned, plan: &Plan) -> Vec<Diagnostic> {
    let ranks = world.get_resource::<Ranks>().map_or(1, |Ranks(exchange)| exchange.ranks());
    take_care(world);
    let whole =
        memory_fault(plan, ranks).map_or_else(|| prepare(world, scene, spawned, Depth::Whole), |fault| vec![fault]);
    world.remove_resource::<Unprepared>();
    whole
}

/// What became of a network once its synapses are there.
pub(super) fn complete(
    world: &mut World,
    scene: &Scene,
    (entity, spawned, mut plan): (Entity, Spawned, Plan),
    whole: Vec<Diagnostic>,
) -> Result<Network, Diagnostics> {
    let mut settled = || settle(world, &spawned.recorders).err().map(missing_members);
    let whole = if whole.is_empty() { settled().into_iter().collect() } else { whole };
    finish(world, scene, entity, whole)?;
    switches::set(world, scene, entity);
    plan.settle(world, &spawned.synapses);
    let recorded = spawned.recorded(world);
    Ranks::list(world, &spawned.synapses.iter().filter(|all| recorded.contains(*all)).copied().collect::<Vec<_>>());
    note_built(world, &spawned.synapses);
    release_others(world);
    Ok(Network { entity, groups: spawned.groups, synapses: spawned.synapses, recorders: spawned.recorders, plan })
}

/// Synapses that could not be made.
pub(super) fn unmade(scene: &Scene, spawned: &Spawned, failed: Vec<(Entity, PrepareError)>) -> Vec<Diagnostic> {
    let told = |(entity, error)| {
        let rule = |pending: &&Pending| pending.entity == entity && pending.entry.kind == Kind::Connectivity;
        let pending = spawned.pending.iter().find(rule)?;
        Some(faults::diagnostic(scene, &pending.who, &pending.spans, error))
    };
    failed.into_iter().filter_map(told).collect()
}

fn missing_members((recording, members): (String, usize)) -> Diagnostic {
    Diagnostic::error(format!("`{recording}` is recorded of members that there are not: there are {members}"))
}

/// Says what [`build`] would build, and builds nothing.
///
/// # Errors
/// As for [`build`], but for the memory: the plan says how much is needed.
pub fn check(world: &mut World, scene: &Scene) -> Result<Plan, Diagnostics> {
    let network = world.spawn_empty().id();
    let (network, _, plan) = prepare_to_build(world, network, scene)?;
    world.remove_resource::<Unprepared>();
    despawn(world, network);
    Ok(plan)
}

/// Spawns everything without its state, tries every value, and says what the network will be.
pub(super) fn prepare_to_build(
    world: &mut World,
    network: Entity,
    scene: &Scene,
) -> Result<(Entity, Spawned, Plan), Diagnostics> {
    let mut faults = validate(scene);
    if faults.is_empty() {
        faults.extend(set_clock(world, scene).err());
    }
    if !faults.is_empty() {
        despawn(world, network);
        return Err(faults.into_iter().fold(scene.diagnostics(), Diagnostics::with));
    }
    let folder = ArrayFolder::new(scene.folder.clone(), scene.outside_files);
    let constants = Constants(scene.constants.clone());
    let origin = Origin { seed: Seed(scene.seed), constants, folder };
    match world.get_entity_mut(network) {
        Ok(mut network) => _ = network.insert(origin),
        Err(gone) => return Err(scene.diagnostics().with(Diagnostic::error(gone.to_string()))),
    }
    world.insert_resource(Unprepared);
    let mut spawned = spawn(world, scene, network);
    let mut faults = std::mem::take(&mut spawned.faults);
    world.insert_resource(Told::default());
    faults.extend(prepare(world, scene, &spawned, Depth::Trial));
    let Told(told) = world.remove_resource().unwrap_or_default();
    let by_entity = spawned.by_entity();
    let mut warnings: Vec<Diagnostic> = told.into_iter().filter_map(|told| warning(scene, &by_entity, told)).collect();
    faults.extend(switches::faults(world, scene, network));
    faults.extend(meaning::two_models(world, scene, network, &spawned, &by_entity));
    if faults.is_empty() {
        // Who listens to what, and what is recorded, cannot be told while a group or a recorder is missing.
        let deaf = meaning::deaf_receptors(world, &spawned).into_iter();
        let (deaf, hardly) = deaf.partition::<Vec<_>, _>(|fault| fault.severity == Severity::Error);
        faults.extend(deaf);
        faults.extend(unrecorded(world, scene, &spawned.recorders));
        warnings.extend(hardly);
        warnings.extend(meaning::unheard_synapses(world, &spawned, &by_entity));
        warnings.extend(meaning::negative_conductances(world, &spawned, &by_entity));
        warnings.extend(futile::without_a_model(world, &spawned, &by_entity));
        warnings.extend(futile::after_the_run(world, scene, &spawned));
        warnings.extend(shadows(scene));
    }
    drop(by_entity);
    let mut plan = plan(world, &spawned, scene.iterations);
    plan.warnings = warnings.into_iter().fold(scene.diagnostics(), Diagnostics::with);
    faults.extend(unfileable(scene, &plan));
    if !faults.is_empty() {
        world.remove_resource::<Unprepared>();
    }
    finish(world, scene, network, faults)?;
    Ok((network, spawned, plan))
}

/// What preparation told of a behaviour.
fn warning(scene: &Scene, all: &ByEntity<'_>, told: (Entity, &str, PrepareError)) -> Option<Diagnostic> {
    let (entity, behaviour, why) = told;
    let pending = all.get(&entity)?.iter().find(|pending| pending.entry.name == behaviour)?;
    Some(faults::diagnostic(scene, &pending.who, &pending.spans, why).as_warning())
}

/// Starts the clock for the first network of a world; those that follow have to go by it.
fn set_clock(world: &mut World, scene: &Scene) -> Result<(), Diagnostic> {
    let others = world.query_filtered::<(), (With<NeuronGroup>, Allow<Disabled>)>().iter(world).next().is_some();
    let clock = world.get_resource::<Clock>().filter(|_| others);
    match clock {
        Some(clock) if clock.dt == scene.dt => Ok(()),
        Some(clock) => {
            let message =
                format!("dt is {} ms, but there are groups in this world whose step is {} ms", scene.dt, clock.dt);
            let note = "all networks of a world share its clock; a world of its own, as a SubApp has, has another";
            let fault = Diagnostic::error(message).note(note);
            Err(fault.at_place(scene.spans.near("dt")))
        }
        None => {
            world.insert_resource(Clock::new(scene.dt));
            Ok(())
        }
    }
}

/// Recordings in a network: each is an open file.
const MOST_RECORDINGS: usize = 10_000;

/// Iterations that recordings of spikes count: in 32 bits.
const MOST_COUNTED: u64 = 1 << 32;

/// The longest name of a recording (bytes). File systems take 255, of which `.synapses.npy` and the names of pictures need some.
const LONGEST_NAME: usize = 220;

/// Recordings that could not be written to files, by their number or their names.
fn unfileable(scene: &Scene, plan: &Plan) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    let mut fault = |message: String, note: &str| {
        let fault = Diagnostic::error(message).note(note);
        faults.push(match scene.spans.get("recorders") {
            Some(span) => fault.at(span.start..span.start + 1),
            None => fault,
        });
    };
    if plan.recordings.len() > MOST_RECORDINGS {
        fault(
            format!("a network has {MOST_RECORDINGS} recordings at most"),
            "each is a file that is open while it runs",
        );
    }
    let counted = plan.recordings.iter().find(|recording| matches!(&*recording.variable, "spikes" | "presentations"));
    if let (Some(recording), true) = (counted, scene.iterations > MOST_COUNTED) {
        let what = format!("{}.{}", recording.group, recording.variable);
        fault(
            format!(
                "`{what}` is recorded over {} iterations, but {MOST_COUNTED} are counted at most",
                scene.iterations
            ),
            "the iterations of spikes are 32-bit numbers; `cortecs run --from` goes on with a run in another folder",
        );
    }
    let names = plan.recordings.iter().map(|recording| format!("{}.{}", recording.group, recording.variable));
    for name in names.filter(|name| name.len() > LONGEST_NAME) {
        let note = "synapse groups are named after their ends, unless the field `name` gives them shorter names";
        fault(format!("`{name}` is too long for the name of a file, of which {LONGEST_NAME} bytes are for this"), note);
    }
    faults
}

/// Leaves nothing behind if there are faults.
fn finish(world: &mut World, scene: &Scene, network: Entity, faults: Vec<Diagnostic>) -> Result<(), Diagnostics> {
    if faults.is_empty() {
        return Ok(());
    }
    despawn(world, network);
    Err(faults.into_iter().fold(scene.diagnostics(), Diagnostics::with))
}

/// Prepares all behaviours: in a trial the groups, then synapses, then recorders, which take no room; after that
/// everything that does, but for the synapses, which are noted.
fn prepare(world: &mut World, scene: &Scene, spawned: &Spawned, depth: Depth) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    if depth == Depth::Whole {
        spawned.groups.iter().for_each(|&group| resize_columns(world, group));
        world.init_resource::<Deferred>();
    }
    for pending in &spawned.pending {
        let depth = match (pending.entry.kind, depth) {
            (Kind::Recorder, Depth::Trial) => Depth::Whole,
            (Kind::Recorder, Depth::Whole) => continue,
            _ => depth,
        };
        if let Err(error) = pending.entry.prepare(world, pending.entity, depth) {
            faults.push(faults::diagnostic(scene, &pending.who, &pending.spans, error));
        }
    }
    faults
}

/// The network needs more memory than there is.
fn memory_fault(plan: &Plan, ranks: usize) -> Option<Diagnostic> {
    let (needed, available) = (plan.memory_of_rank(ranks), available_memory()?);
    (needed > available).then(|| {
        let (needed, available) = (in_words(needed), in_words(available));
        let largest = plan.synapses.iter().max_by_key(|group| group.synapses);
        let fault = Diagnostic::error(format!("the network needs {needed} of memory, and {available} are available"));
        match largest {
            Some(group) => fault.note(format!("`{}` alone has {} synapses", group.name, group.synapses)),
            None => fault,
        }
    })
}

/// Bytes as people say them: `3.2 MB`.
#[must_use]
pub fn in_words(bytes: u64) -> String {
    let mut size = bytes as f64;
    for unit in ["bytes", "kB", "MB", "GB", "TB", "PB"] {
        if size < 1000.0 {
            return if unit == "bytes" { format!("{bytes} bytes") } else { format!("{size:.1} {unit}") };
        }
        size /= 1000.0;
    }
    format!("{size:.1} EB")
}
