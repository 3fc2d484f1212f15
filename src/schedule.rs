//! The schedule: one iteration of a network, and the stages that it consists of.
//!
//! Within a stage, systems run one after another in the order in which they were registered, the behaviours of this
//! crate first: sums of floating-point numbers must not depend on what a scheduler prefers.
#![forbid(unsafe_code)]

use bevy_app::{App, Plugin};
use bevy_ecs::{
    prelude::*,
    schedule::{LogLevel, ScheduleBuildSettings, ScheduleLabel, SingleThreadedExecutor},
};

use crate::{
    network::{Behaviour, Clock, Failures},
    stopwatch::{Stopwatch, Timed},
};

/// One iteration of a network: run it with `world.run_schedule(Tick)`.
///
/// Single-threaded, 20 ns a system instead of the 1 µs of the multi-threaded executor; systems themselves share
/// large groups among threads.
#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tick;

/// The stages of a [`Tick`], in the order in which they run.
///
/// A spike that stage 2 of iteration *k* detects reaches its targets in stage 1 of iteration *k* + 1.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// What reaches a neuron: the input is cleared; spikes are delivered; receptors, noise and currents add to it.
    Input,
    /// Neuron models: spikes are detected and reset, the state advances by one step.
    Integrate,
    /// Synapses and neurons change.
    Learn,
    /// Recorders look at what the iteration left.
    Record,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Input, Self::Integrate, Self::Learn, Self::Record];

    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Integrate => "integrate",
            Self::Learn => "learn",
            Self::Record => "record",
        }
    }
}

/// The place of a system in the order of its stage.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Place(Stage, usize);

/// How many systems each stage has.
#[derive(Resource, Default)]
struct Places([usize; 4]);

/// Sets up [`Tick`].
pub struct SchedulePlugin;

impl Plugin for SchedulePlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Places>().init_resource::<Stopwatch>().init_schedule(Tick);
        app.edit_schedule(Tick, |tick| {
            tick.set_executor(SingleThreadedExecutor::new())
                .set_build_settings(ScheduleBuildSettings {
                    ambiguity_detection: LogLevel::Error,
                    ..Default::default()
                })
                .configure_sets((Stage::Input, Stage::Integrate, Stage::Learn, Stage::Record).chain());
            tick.add_systems(end_iteration.after(Stage::Record));
        });
    }
}

fn end_iteration(mut clock: ResMut<Clock>, stopwatch: Res<Stopwatch>) {
    clock.iteration += 1;
    stopwatch.end_iteration();
}

/// Adds systems to the stages of a [`Tick`].
pub trait AddToStage {
    /// Adds a system of the behaviour `B`, behind those that the stage has.
    ///
    /// Its time is reported under the behaviour's name.
    fn add_behaviour_system<B: Behaviour, M>(
        &mut self,
        stage: Stage,
        system: impl IntoSystem<(), (), M> + Send + 'static,
    ) -> &mut Self;

    /// Adds a system that belongs to no behaviour, under a name for reports.
    fn add_stage_system<M>(
        &mut self,
        stage: Stage,
        name: &'static str,
        system: impl IntoSystem<(), (), M> + Send + 'static,
    ) -> &mut Self;
}

impl AddToStage for App {
    fn add_behaviour_system<B: Behaviour, M>(
        &mut self,
        stage: Stage,
        system: impl IntoSystem<(), (), M> + Send + 'static,
    ) -> &mut Self {
        self.add_stage_system(stage, B::type_info().type_path_table().short_path(), system)
    }

    fn add_stage_system<M>(
        &mut self,
        stage: Stage,
        name: &'static str,
        system: impl IntoSystem<(), (), M> + Send + 'static,
    ) -> &mut Self {
        let world = self.world_mut();
        let places = &mut world.get_resource_or_init::<Places>().0[stage as usize];
        let place = Place(stage, *places);
        *places += 1;
        let timer = world.get_resource_or_init::<Stopwatch>().timer(stage.name(), name);
        self.edit_schedule(Tick, |tick| {
            tick.configure_sets(place.in_set(stage));
            if place.1 > 0 {
                tick.configure_sets(place.after(Place(stage, place.1 - 1)));
            }
        });
        self.add_systems(Tick, Timed::wrap(timer, system).in_set(place))
    }
}

/// Runs iterations until `count` of them are done or something fails; returns how many were done.
pub fn run_ticks(world: &mut World, count: u64) -> u64 {
    let mut done = 0;
    world.schedule_scope(Tick, |world, tick| {
        while done < count && world.get_resource::<Failures>().is_none_or(Failures::is_empty) {
            tick.run(world);
            done += 1;
        }
    });
    done
}
