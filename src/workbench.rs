//! A bench on which to test one behaviour: an app with the stages and nothing else to set up. For unit tests, here
//! and in other crates.
#![forbid(unsafe_code)]

use bevy_app::App;
use bevy_ecs::{prelude::*, relationship::RelationshipTarget};

use crate::{
    checkpoint::{Checkpoint, Fit},
    network::{
        Clock, Failures, NeuronGroup, ReceptorOf, Source, Spikes, SynapseGroup, Tags, Target, Variables, View,
        failure::Failure, state::note_built,
    },
    numeric::{Real, real},
    record::{Recording, Recordings},
    schedule::{finish, run_ticks},
    simulator,
};

/// A small network to be built by hand and watched.
///
/// ```
/// use cortecs::prelude::*;
///
/// let mut bench = Bench::new();
/// let cells = bench.group("cells", 2, (Izhikevich::default(), ConstantCurrent { amplitude: "10 * i".into() }));
/// bench.ticks(100);
/// assert!(bench.get(cells, "v")[0] < -60.0);
/// assert!(bench.spike_count(cells) > 0);
/// ```
///
/// Methods panic, with the message that a user would see, where a test should fail; those that begin with `try_`
/// return that message.
pub struct Bench {
    app: App,
    recorders: Vec<Entity>,
}

impl Default for Bench {
    fn default() -> Self {
        Self::new()
    }
}

impl Bench {
    /// A bench with all behaviours of this crate, dt = 1 ms and seed 1.
    #[must_use]
    pub fn new() -> Self {
        Self { app: simulator(), recorders: Vec::new() }
    }

    /// The same with another step (ms).
    #[must_use]
    pub fn with_dt(mut self, dt: f64) -> Self {
        self.app.insert_resource(Clock::new(dt));
        self
    }

    /// The app, to register a behaviour of one's own.
    pub const fn app_mut(&mut self) -> &mut App {
        &mut self.app
    }

    /// The world.
    pub fn world_mut(&mut self) -> &mut World {
        self.app.world_mut()
    }

    /// A group of `size` neurons with some behaviours.
    ///
    /// # Panics
    /// A behaviour cannot be prepared.
    #[track_caller]
    pub fn group(&mut self, name: &str, size: usize, behaviours: impl Bundle) -> Entity {
        succeed(self.try_group(name, size, behaviours))
    }

    /// A group of `size` neurons with some behaviours.
    ///
    /// # Errors
    /// A behaviour cannot be prepared.
    pub fn try_group(&mut self, name: &str, size: usize, behaviours: impl Bundle) -> Result<Entity, String> {
        self.try_spawn((Name::new(name.to_owned()), NeuronGroup::new(size), behaviours))
    }

    /// A receptor of a group.
    ///
    /// # Panics
    /// It cannot be prepared.
    #[track_caller]
    pub fn receptor(&mut self, group: Entity, name: &str, receptor: impl Bundle) -> Entity {
        succeed(self.try_spawn((Name::new(name.to_owned()), ReceptorOf(group), receptor)))
    }

    /// A synapse group from one group to another.
    ///
    /// # Panics
    /// It cannot be prepared.
    #[track_caller]
    pub fn synapses(&mut self, source: Entity, target: Entity, tag: &str, rule: impl Bundle) -> Entity {
        succeed(self.try_synapses(source, target, tag, rule))
    }

    /// A synapse group from one group to another.
    ///
    /// # Errors
    /// It cannot be prepared.
    pub fn try_synapses(
        &mut self,
        source: Entity,
        target: Entity,
        tag: &str,
        rule: impl Bundle,
    ) -> Result<Entity, String> {
        let name = Name::new(format!("{source}_{target}"));
        self.try_spawn((name, SynapseGroup, Source(source), Target(target), Tags::new(&[tag]), rule))
    }

    /// A recorder.
    ///
    /// # Panics
    /// It cannot be prepared.
    #[track_caller]
    pub fn recorder(&mut self, recorder: impl Bundle) -> Entity {
        succeed(self.try_recorder(recorder))
    }

    /// A recorder.
    ///
    /// # Errors
    /// It cannot be prepared.
    pub fn try_recorder(&mut self, recorder: impl Bundle) -> Result<Entity, String> {
        let recorder = self.try_spawn(recorder)?;
        self.recorders.push(recorder);
        Ok(recorder)
    }

    fn try_spawn(&mut self, bundle: impl Bundle) -> Result<Entity, String> {
        let world = self.app.world_mut();
        let entity = world.spawn(bundle).id();
        world.flush();
        self.first_failure().map_or(Ok(entity), Err)
    }

    fn first_failure(&mut self) -> Option<String> {
        let failures = self.app.world_mut().resource_mut::<Failures>().take();
        failures.first().map(Failure::to_string)
    }

    /// Runs one iteration.
    ///
    /// # Panics
    /// The iteration fails.
    #[track_caller]
    pub fn tick(&mut self) {
        self.ticks(1);
    }

    /// Runs some iterations.
    ///
    /// # Panics
    /// An iteration fails.
    #[track_caller]
    pub fn ticks(&mut self, count: u64) {
        succeed(self.try_ticks(count));
    }

    /// Runs some iterations.
    ///
    /// # Errors
    /// The first failure.
    pub fn try_ticks(&mut self, count: u64) -> Result<(), String> {
        run_ticks(self.app.world_mut(), count);
        self.first_failure().map_or(Ok(()), Err)
    }

    /// Sees that a network which was saved goes on as if nothing had happened: one that `make` makes runs for some iterations and as
    /// many again; another one goes on from what was saved between, and so does itself when it is put back.
    ///
    /// For the tests of a behaviour that keeps something of the past: what it forgets to save shows here, if it matters.
    ///
    /// # Panics
    /// They have not the same state at the end, or an iteration fails.
    #[track_caller]
    pub fn assert_goes_on(iterations: u64, make: impl Fn(&mut Self)) {
        let take = |bench: &mut Self| succeed(Checkpoint::take(bench.world_mut()).map_err(|error| error.to_string()));
        let restore = |bench: &mut Self, saved: &Checkpoint| {
            let restored = saved.restore(bench.world_mut(), Fit::Exactly);
            succeed(restored.map_err(|error| error.to_string()));
        };
        let [mut whole, mut second] = [(), ()].map(|()| {
            let mut bench = Self::new();
            make(&mut bench);
            bench
        });
        // Synapses that stand are taken for those of a scene from now on: they are compared, and not restored.
        whole.tick();
        let mut synapses = whole.world_mut().query_filtered::<Entity, With<SynapseGroup>>();
        let synapses: Vec<Entity> = synapses.iter(whole.app.world()).collect();
        note_built(whole.world_mut(), &synapses);
        whole.ticks(iterations - 1);
        let (saved, changes) = (take(&mut whole), succeed(changes_of(&mut whole)));
        whole.ticks(iterations);
        let expected = take(&mut whole);
        restore(&mut second, &saved);
        restore(&mut whole, &changes);
        for (bench, which) in [(&mut second, "another"), (&mut whole, "put back")] {
            bench.ticks(iterations);
            let part = take(bench).first_difference(&expected);
            assert!(
                part.is_none(),
                "{which}, after {iterations} iterations more, {} differs",
                part.unwrap_or_default()
            );
        }
    }

    /// Ends the run, for those who wait for its end.
    ///
    /// # Panics
    /// One of them fails.
    #[track_caller]
    pub fn finish(&mut self) {
        finish(self.app.world_mut());
        succeed(self.first_failure().map_or(Ok(()), Err));
    }

    /// Gives a variable new values.
    ///
    /// # Panics
    /// There is no such variable.
    #[track_caller]
    pub fn set(&mut self, entity: Entity, variable: &str, values: &[f64]) {
        let variables = self.app.world().resource::<Variables>().clone();
        let mut values = values.iter().map(|&value| real::real(value));
        let set = variables.set(&mut self.app.world_mut().entity_mut(entity), variable, &mut values);
        assert!(set, "no variable `{variable}` to be set");
    }

    /// The values of a variable.
    ///
    /// # Panics
    /// There is no such variable.
    #[must_use]
    #[track_caller]
    pub fn get(&self, entity: Entity, variable: &str) -> Vec<f64> {
        let variables = self.app.world().resource::<Variables>();
        match variables.view(self.app.world().entity(entity), variable) {
            Some(View::Real(values)) => values.iter().map(|&value| real::wide(value)).collect(),
            Some(View::Bool(values)) => values.iter().map(|&value| f64::from(value)).collect(),
            None => panic!("no variable `{variable}`"),
        }
    }

    /// The neurons that fired in the last iteration.
    #[must_use]
    pub fn spikes(&self, group: Entity) -> Vec<u32> {
        self.app.world().get::<Spikes>(group).map(|spikes| spikes.neurons().to_vec()).unwrap_or_default()
    }

    /// The number of spikes so far.
    #[must_use]
    pub fn spike_count(&self, group: Entity) -> u64 {
        self.app.world().get::<Spikes>(group).map_or(0, Spikes::total)
    }

    /// What was recorded of `group.variable`, row after row.
    ///
    /// # Panics
    /// Nothing, or more than one recording.
    #[must_use]
    #[track_caller]
    pub fn recorded(&self, address: &str) -> Vec<f64> {
        let mut recordings = self.recorded_all(address);
        assert_eq!(recordings.len(), 1, "recordings of `{address}`");
        recordings.remove(0)
    }

    /// What all recorders recorded of `group.variable`, in the order of the recorders; those of a scene come last, in
    /// an order of their own.
    #[must_use]
    pub fn recorded_all(&self, address: &str) -> Vec<Vec<f64>> {
        let world = self.app.world();
        let all = world.try_query_filtered::<Entity, With<Recordings>>();
        let of_scenes = all.into_iter().flat_map(|mut all| all.iter(world).collect::<Vec<_>>());
        let recorders = self.recorders.iter().copied();
        let recorders = recorders.chain(of_scenes.filter(|recorder| !self.recorders.contains(recorder)));
        recorders
            .filter_map(|recorder| world.get::<Recordings>(recorder))
            .flat_map(RelationshipTarget::iter)
            .filter_map(|entity| world.get::<Recording>(entity))
            .filter(|recording| format!("{}.{}", recording.group, recording.what()) == address)
            .map(Recording::values)
            .collect()
    }

    /// Asserts that a variable has the given values, within the rounding of a few operations.
    ///
    /// # Panics
    /// It has not.
    #[track_caller]
    pub fn assert_near(&self, entity: Entity, variable: &str, expected: &[f64]) {
        let found = self.get(entity, variable);
        let near = |(x, y): (&f64, &f64)| (x - y).abs() <= 16.0 * real::wide(Real::EPSILON) * y.abs().max(1.0);
        assert!(
            found.len() == expected.len() && found.iter().zip(expected).all(near),
            "{variable}: {found:?}, expected {expected:?}"
        );
    }
}

/// What has changed of a network since it was built.
fn changes_of(bench: &mut Bench) -> Result<Checkpoint, String> {
    Checkpoint::take_changes(bench.world_mut()).map_err(|error| error.to_string())
}

#[track_caller]
fn succeed<T>(outcome: Result<T, String>) -> T {
    outcome.unwrap_or_else(|message| panic!("{message}"))
}
