//! Switching behaviours off and on while a network runs: at once, or at a time that is set before.

use std::sync::Arc;

use bevy_ecs::prelude::*;

use super::{
    address::AddressError,
    bearers::bearers,
    change::{Before, ChangeError, Setting, change_and_keep},
    clock::Clock,
    failure::Failures,
    poke::{Poke, poke},
};

/// Switches a behaviour on or off, wherever `address` leads: `excitatory.UniformNoise`, `neurons.UniformNoise` for
/// all groups of the tag, `excitatory.gaba.CurrentReceptor`.
///
/// In a world of several networks, [`switch_within`] tells them apart. Parameters and state are kept. Returns how many entities
/// have the behaviour; those that were in the wanted state already count.
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
    switch_within(world, None, address, on)
}

/// The same within a network, or, given none, in the whole world.
///
/// # Errors
/// No such group, tag or behaviour.
pub fn switch_within(
    world: &mut World,
    network: Option<Entity>,
    address: &str,
    on: bool,
) -> Result<usize, AddressError> {
    let bearers = bearers(world, network, address)?;
    for (entity, entry) in &bearers {
        if let Ok(mut entity) = world.get_entity_mut(*entity) {
            entry.switch(&mut entity, on);
        }
    }
    Ok(bearers.len())
}

/// A behaviour that is to be switched on or off, or changed; a variable that is to get other values.
#[derive(Clone, Debug)]
pub struct Switching {
    /// Before this iteration of the clock.
    pub iteration: u64,
    /// The network in which the address leads somewhere, as was seen when it was built; `None` for all of the world.
    pub network: Option<Entity>,
    /// Where the behaviour is, as for [`switch`], or the variable, as for [`poke()`].
    pub address: String,
    /// What is done.
    pub act: Act,
}

/// What is done to a behaviour or to a variable at a time of the run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Act {
    /// It is switched on.
    On,
    /// It is switched off.
    Off,
    /// A field of it is changed.
    Set(Setting),
    /// A variable, to which the address leads, gets other values.
    Values(Arc<Poke>),
}

impl Act {
    /// To be switched on or off.
    #[must_use]
    pub const fn switch(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }

    /// Does it, wherever the address leads; returns fields as they were before.
    fn carry_out(&self, world: &mut World, network: Option<Entity>, address: &str) -> Result<Vec<Before>, ChangeError> {
        match self {
            Self::On => Ok(switch_within(world, network, address, true).map(|_| Vec::new())?),
            Self::Off => Ok(switch_within(world, network, address, false).map(|_| Vec::new())?),
            Self::Set(Setting { field, of }) => change_and_keep(world, network, address, (field, &**of)),
            Self::Values(values) => poke(world, network, address, values).map(|_| Vec::new()),
        }
    }
}

/// What is to be switched while a network runs; of one iteration, in the order in which it was added.
///
/// ```
/// # use cortecs::{network::{Act, Switches, Switching}, prelude::*};
/// let mut bench = Bench::new();
/// let cells = bench.group("cells", 1, ConstantCurrent { amplitude: 2.0.into() });
/// let off = Switching { iteration: 3, network: None, address: "cells.ConstantCurrent".into(), act: Act::Off };
/// bench.world_mut().insert_resource(Switches::new(vec![off]));
/// bench.ticks(3);
/// assert_eq!(bench.get(cells, "input"), [2.0]);
/// bench.tick();
/// assert_eq!(bench.get(cells, "input"), [0.0]);
/// ```
#[derive(Resource, Clone, Debug, Default)]
pub struct Switches {
    /// By time.
    all: Vec<Switching>,
    /// How many were carried out.
    done: usize,
    /// Fields as they were before they were changed, in this order.
    before: Vec<Before>,
}

impl Switches {
    /// What is to be switched, in any order of time.
    #[must_use]
    pub fn new(all: Vec<Switching>) -> Self {
        let mut switches = Self::default();
        switches.add(all);
        switches
    }

    /// Adds more, in any order of time; of one iteration, what was there before goes first.
    pub fn add(&mut self, more: Vec<Switching>) {
        let mut left = self.all.split_off(self.done);
        left.extend(more);
        by_time(&mut left);
        self.all.extend(left);
    }

    /// Forgets what was to be switched in networks that are gone.
    pub fn forget_the_gone(&mut self, is_gone: impl Fn(Entity) -> bool) {
        let stays = |switching: &Switching| !switching.network.is_some_and(&is_gone);
        self.done = self.all.iter().take(self.done).filter(|switching| stays(switching)).count();
        self.all.retain(stays);
    }

    /// Forgets all that was set for a network, be it carried out or not. What fields were before stays known.
    pub(crate) fn forget(&mut self, network: Entity) {
        let stays = |switching: &Switching| switching.network != Some(network);
        self.done = self.all.iter().take(self.done).filter(|switching| stays(switching)).count();
        self.all.retain(stays);
    }

    /// Takes out what is still to be switched in a network.
    pub(super) fn withdraw(&mut self, network: Entity) -> Vec<Switching> {
        let mut left = self.all.split_off(self.done);
        let withdrawn = left.extract_if(.., |switching| switching.network == Some(network)).collect();
        self.all.extend(left);
        withdrawn
    }

    /// What was set for a network is due so much later, or earlier, as its time is counted from elsewhere.
    pub(super) fn shift(&mut self, network: Entity, by: i64) {
        for switching in self.all.iter_mut().filter(|switching| switching.network == Some(network)) {
            switching.iteration = switching.iteration.saturating_add_signed(by);
        }
        let (done, left) = self.all.split_at_mut(self.done);
        by_time(done);
        by_time(left);
    }

    /// Goes on before an iteration of a network that was restored: what is due earlier has been carried out, and all else has
    /// not. What is on or off is part of what was restored; fields are changed back as they were built, and then again.
    pub fn go_on_before(world: &mut World, iteration: u64) {
        let Some(mut switches) = world.get_resource_mut::<Self>() else { return };
        by_time(&mut switches.all);
        switches.done = switches.all.partition_point(|switching| switching.iteration < iteration);
        let done: Vec<Switching> = switches.all[..switches.done].to_vec();
        let before = std::mem::take(&mut switches.before);
        for field in before.into_iter().rev() {
            let restored = field.restore(world);
            note(world, (None, "switches"), restored);
        }
        done.iter()
            .filter(|switching| matches!(switching.act, Act::Set(_)))
            .for_each(|switching| switching.carry_out(world));
    }

    /// Carries out what is due before the iteration that the clock stands at, and says how many iterations there are until
    /// something is due again. What leads nowhere is noted among the [`Failures`].
    pub fn carry_out(world: &mut World) -> u64 {
        let now = world.get_resource::<Clock>().map_or(0, |clock| clock.iteration);
        loop {
            let Some(mut switches) = world.get_resource_mut::<Self>() else { return u64::MAX };
            let Some(next) = switches.all.get(switches.done) else { return u64::MAX };
            if next.iteration > now {
                return next.iteration - now;
            }
            let next = next.clone();
            switches.done += 1;
            next.carry_out(world);
        }
    }
}

impl Switching {
    /// Does it, and notes what could not be done.
    fn carry_out(&self, world: &mut World) {
        let done = self.act.carry_out(world, self.network, &self.address);
        let done = done.map(|before| {
            if let Some(mut switches) = world.get_resource_mut::<Switches>() {
                // Changed back, a field ends as it was first.
                let is_new = |one: &Before| switches.before.iter().all(|known| !known.is_of(one));
                let new: Vec<Before> = before.into_iter().filter(is_new).collect();
                switches.before.extend(new);
            }
        });
        note(world, (self.network, &self.address), done);
    }
}

/// Notes what could not be done among the [`Failures`].
fn note(world: &mut World, (network, address): (Option<Entity>, &str), done: Result<(), ChangeError>) {
    match done {
        // What a network had when it was built was despawned since by somebody who knows.
        Ok(()) | Err(ChangeError::Address(_)) if network.is_some() => {}
        Ok(()) => {}
        Err(error) => world.get_resource_or_init::<Failures>().push(address.to_owned(), error),
    }
}

/// What is due in one iteration stays as it was.
fn by_time(all: &mut [Switching]) {
    all.sort_by_key(|switching| switching.iteration);
}

#[cfg(test)]
mod tests {
    use super::{super::change::change, *};
    use crate::prelude::*;

    #[test]
    fn behaviours_are_switched_at_their_times_in_any_stretches() {
        for stretch in [1, 3, 20] {
            let mut bench = Bench::new();
            let current = |amplitude: f64| ConstantCurrent { amplitude: amplitude.into() };
            let cells = bench.group("cells", 1, current(1.0));
            bench.recorder(VariableRecorder { of: vec!["cells.input".into()], ..default() });
            let due = |iteration: u64, on: bool| Switching {
                iteration,
                network: None,
                address: "cells.ConstantCurrent".into(),
                act: Act::switch(on),
            };
            let all = vec![due(12, true), due(7, false), due(0, false), due(7, true), due(4, true), due(7, false)];
            bench.world_mut().insert_resource(Switches::new(all));
            (0..20).step_by(stretch as usize).for_each(|done: u64| bench.ticks(stretch.min(20 - done)));
            let on = |k: u32| f64::from(u8::from((4..7).contains(&k) || k >= 12));
            assert_eq!(bench.recorded("cells.input"), (0..20).map(on).collect::<Vec<_>>());
            assert_eq!(bench.get(cells, "input"), [1.0]);
        }
    }

    #[test]
    fn one_that_was_attached_anew_takes_the_place_of_the_one_that_rests() {
        let mut bench = Bench::new();
        let cells = bench.group("cells", 1, ConstantCurrent { amplitude: 1.0.into() });
        let switched = |bench: &mut Bench, on| switch(bench.world_mut(), "cells.ConstantCurrent", on).unwrap();
        switched(&mut bench, false);
        bench.world_mut().entity_mut(cells).insert(ConstantCurrent { amplitude: 2.0.into() });
        switched(&mut bench, false);
        switched(&mut bench, true);
        bench.tick();
        assert_eq!(bench.get(cells, "input"), [2.0]);
    }

    #[test]
    fn what_leads_nowhere_stops_the_run() {
        let mut bench = Bench::new();
        bench.group("cells", 1, ConstantCurrent::default());
        let lost = Switching { iteration: 2, network: None, address: "cells.SineCurrent".into(), act: Act::Off };
        bench.world_mut().insert_resource(Switches::new(vec![lost]));
        let error = bench.try_ticks(5).unwrap_err();
        assert_eq!(error, "cells.SineCurrent: `cells.SineCurrent`: no such behaviour there");
        assert_eq!(bench.world_mut().resource::<Clock>().iteration, 2);
    }

    /// What changes acts from its time on, and with the random numbers that there were; what is out of range changes nothing.
    #[test]
    fn fields_are_changed_at_their_times() {
        let mut bench = Bench::new();
        let cells = bench.group("cells", 3, (ConstantCurrent { amplitude: 1.0.into() }, Lif::default()));
        bench.recorder(VariableRecorder { of: vec!["cells.input".into()], ..default() });
        let to = |iteration: u64, amplitude: Parameter| Switching {
            iteration,
            network: None,
            address: "cells.ConstantCurrent".into(),
            act: Act::Set(Setting { field: "amplitude".into(), of: Arc::new(ConstantCurrent { amplitude }) }),
        };
        bench.world_mut().insert_resource(Switches::new(vec![to(4, "2 + i".into()), to(7, 5.0.into())]));
        bench.ticks(10);
        let input = |k: u32, i: u32| match k {
            ..4 => 1.0,
            4..7 => f64::from(2 + i),
            _ => 5.0,
        };
        let expected: Vec<f64> = (0..10).flat_map(|k| (0..3).map(move |i| input(k, i))).collect();
        assert_eq!(bench.recorded("cells.input"), expected);

        let wrong = Lif { tau: (-1.0).into(), ..default() };
        let error = change(bench.world_mut(), None, "cells.Lif", "tau", &wrong).unwrap_err();
        assert_eq!(error.to_string(), "cells: Lif.tau: must be above 0, not -1");
        assert_eq!(bench.world_mut().get::<Lif>(cells).unwrap().tau.uniform(), Some(Lif::default().tau.at(0)));
        let error = change(bench.world_mut(), None, "cells.Lif", "v", &wrong).unwrap_err();
        assert!(error.to_string().ends_with("it is where a variable starts"), "{error}");
        let error = change(bench.world_mut(), None, "cells.Lif", "tua", &wrong).unwrap_err();
        assert_eq!(error.to_string(), "`Lif` has no field `tua`");
    }

    /// A time constant is derived anew, and those who go by it follow.
    #[test]
    fn what_is_derived_from_a_field_follows() {
        let mut bench = Bench::new();
        let model = || Lif { v: (-60.0).into(), rest: (-70.0).into(), threshold: 0.0.into(), ..default() };
        let changed = bench.group("changed", 1, model());
        let new = bench.group("new", 1, Lif { tau: 40.0.into(), ..model() });
        change(bench.world_mut(), None, "changed.Lif", "tau", &Lif { tau: 40.0.into(), ..model() }).unwrap();
        bench.ticks(20);
        assert_eq!(bench.get(changed, "v"), bench.get(new, "v"));
    }

    /// What one of two groups cannot have neither gets; nor do receptors of the first, that go by the time constant of their
    /// membrane. The same for what is only tried.
    #[test]
    fn a_change_that_one_of_two_groups_refuses_leaves_both() {
        let mut bench = Bench::new();
        let cells = [("a", 1), ("b", 3)].map(|(name, size)| {
            let cells = bench.group(name, size, Lif::default());
            bench.world_mut().entity_mut(cells).insert(Tags::new(&["cells"]));
            cells
        });
        let tau = |bench: &mut Bench| {
            let world = bench.world_mut();
            let of = |cell| (world.get::<Lif>(cell), world.get::<Membrane>(cell));
            let uniform = |(lif, membrane): (Option<&Lif>, Option<&Membrane>)| {
                [lif.unwrap().tau.uniform(), membrane.unwrap().tau.uniform()]
            };
            cells.map(|cell| uniform(of(cell)))
        };
        let before = tau(&mut bench);
        let falling = Lif { tau: "30 - 20 * i".into(), ..default() };
        let error = change(bench.world_mut(), None, "cells.Lif", "tau", &falling).unwrap_err();
        assert_eq!(error.to_string(), "b: Lif.tau: must be above 0; member 2 gets -10");
        assert_eq!(tau(&mut bench), before);
        crate::network::change::check(
            bench.world_mut(),
            None,
            "cells.Lif",
            "tau",
            &Lif { tau: 40.0.into(), ..default() },
        )
        .unwrap();
        assert_eq!(tau(&mut bench), before);
    }

    /// Noise goes on with the numbers that were to come.
    #[test]
    fn streams_go_on() {
        let noise = |high: f64| UniformNoise { high: high.into(), ..default() };
        let run = |change_it: bool| {
            let mut bench = Bench::new();
            let cells = bench.group("cells", 2, noise(1.0));
            bench.ticks(5);
            if change_it {
                assert_eq!(change(bench.world_mut(), None, "cells.UniformNoise", "high", &noise(2.0)).unwrap(), 1);
            }
            bench.tick();
            bench.get(cells, "input")
        };
        let twice: Vec<f64> = run(false).iter().map(|input| 2.0 * input).collect();
        assert_eq!(run(true), twice);
    }

    /// What rests is changed, too, and comes back so.
    #[test]
    fn behaviours_that_are_off_are_changed() {
        let mut bench = Bench::new();
        let cells = bench.group("cells", 1, ConstantCurrent { amplitude: 1.0.into() });
        switch(bench.world_mut(), "cells.ConstantCurrent", false).unwrap();
        let more = ConstantCurrent { amplitude: 3.0.into() };
        change(bench.world_mut(), None, "cells.ConstantCurrent", "amplitude", &more).unwrap();
        bench.tick();
        assert_eq!(bench.get(cells, "input"), [0.0]);
        switch(bench.world_mut(), "cells.ConstantCurrent", true).unwrap();
        bench.tick();
        assert_eq!(bench.get(cells, "input"), [3.0]);
    }
}
