//! The bare loop once more, cut into four systems over entities, as the stages are: groups, receptors and synapse groups
//! with plain components, and nothing of cortecs but the columns. What this takes is the price of an ECS; what cortecs takes
//! beyond it is the price of being general.

use bevy_ecs::{
    prelude::*,
    schedule::{ScheduleLabel, SingleThreadedExecutor},
};
use cortecs::numeric::{Column, Real, dispatch, vector_rng::VectorRng};

use crate::bare::{Bare, add_rows, collect, noise, step};

#[derive(Component)]
struct Membrane {
    v: Column<Real>,
    u: Column<Real>,
}

#[derive(Component)]
struct Input(Column<Real>);

#[derive(Component)]
struct Fired {
    marks: Column<u8>,
    list: Vec<u32>,
    total: u64,
}

#[derive(Component)]
struct Noise(VectorRng);

/// The receptors of a group, in order.
#[derive(Component)]
struct Receptors([Entity; 2]);

#[derive(Component)]
struct Receptor {
    sums: Column<Real>,
    gain: Real,
    /// Whether anything arrived.
    any: bool,
    /// Afferent synapses.
    synapses: Entity,
}

#[derive(Component)]
struct Synapses {
    source: Entity,
    weights: Column<Real>,
}

#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
struct Tick;

/// The network in a world of its own.
pub struct Systems {
    world: World,
    tick: Schedule,
    groups: [Entity; 2],
}

impl Systems {
    /// The network of a bare loop that has not begun.
    pub fn like(bare: Bare) -> Self {
        let mut world = World::new();
        let Bare { groups: bare, weights, .. } = bare;
        let sizes = bare.each_ref().map(|group| group.v.len());
        let groups = bare.map(|group| {
            let fired = Fired { marks: group.fired, list: Vec::new(), total: 0 };
            let membrane = Membrane { v: group.v, u: group.u };
            world.spawn((membrane, Input(group.input), fired, Noise(group.lanes))).id()
        });
        let mut receptors = [[Entity::PLACEHOLDER; 2]; 2];
        for (source, (rows, gain)) in weights.into_iter().zip([0.5, -1.0]).enumerate() {
            for (target, weights) in rows.into_iter().enumerate() {
                let synapses = world.spawn(Synapses { source: groups[source], weights }).id();
                let sums = Column::filled(0.0, sizes[target]);
                receptors[target][source] = world.spawn(Receptor { sums, gain, any: false, synapses }).id();
            }
        }
        for (group, receptors) in groups.into_iter().zip(receptors) {
            world.entity_mut(group).insert(Receptors(receptors));
        }
        let mut tick = Schedule::new(Tick);
        tick.set_executor(SingleThreadedExecutor::new());
        tick.add_systems((deliver, receive, add_noise, integrate).chain());
        Self { world, tick, groups }
    }

    /// Runs some iterations; the first of all gets no noise.
    pub fn run(&mut self, iterations: u64) {
        (0..iterations).for_each(|_| self.tick.run(&mut self.world));
    }

    /// Panics unless the other loop has fired as often, and stands at the same membrane potentials, bit for bit.
    pub fn assert_same_as(&self, bare: &Bare) {
        let groups = self.groups.map(|group| self.world.entity(group));
        let total: u64 = groups.iter().filter_map(EntityRef::get::<Fired>).map(|fired| fired.total).sum();
        assert_eq!(total, bare.total, "the systems are another network");
        for (group, bare) in groups.iter().zip(&bare.groups) {
            assert!(group.get::<Membrane>().is_some_and(|membrane| membrane.v[..] == bare.v[..]));
        }
    }
}

fn deliver(
    mut inputs: Query<&mut Input>,
    mut receptors: Query<&mut Receptor>,
    synapses: Query<&Synapses>,
    fired: Query<&Fired>,
) {
    for mut input in &mut inputs {
        input.0.fill(0.0);
    }
    for mut receptor in &mut receptors {
        let Ok(synapses) = synapses.get(receptor.synapses) else { continue };
        let Ok(fired) = fired.get(synapses.source) else { continue };
        if !fired.list.is_empty() {
            receptor.any = true;
            dispatch(
                #[inline(always)]
                || add_rows(&mut receptor.sums, &synapses.weights, &fired.list),
            );
        }
    }
}

fn receive(mut groups: Query<(&mut Input, &Receptors)>, mut receptors: Query<&mut Receptor>) {
    for (mut input, own) in &mut groups {
        for receptor in own.0 {
            let Ok(mut receptor) = receptors.get_mut(receptor) else { continue };
            if std::mem::take(&mut receptor.any) {
                let (gain, input, sums) = (receptor.gain, &mut input.0[..], &mut receptor.sums[..]);
                dispatch(
                    #[inline(always)]
                    || {
                        for (input, sum) in input.iter_mut().zip(sums) {
                            *input += gain * *sum;
                            *sum = 0.0;
                        }
                    },
                );
            }
        }
    }
}

fn add_noise(mut groups: Query<(&mut Input, &mut Noise)>, mut started: Local<bool>) {
    if !std::mem::replace(&mut *started, true) {
        return;
    }
    for (mut input, mut lanes) in &mut groups {
        dispatch(
            #[inline(always)]
            || noise(&mut input.0, &mut lanes.0, |input, noise| *input += noise),
        );
    }
}

fn integrate(mut groups: Query<(&mut Membrane, &Input, &mut Fired)>) {
    for (mut membrane, input, mut fired) in &mut groups {
        let Membrane { v, u } = &mut *membrane;
        let Fired { marks, list, total } = &mut *fired;
        dispatch(
            #[inline(always)]
            || {
                let n = v.len();
                let (v, u, input, marks) = (&mut v[..n], &mut u[..n], &input.0[..n], &mut marks[..n]);
                for i in 0..n {
                    marks[i] = step(&mut v[i], &mut u[i], input[i]);
                }
                collect(marks, list);
            },
        );
        *total += list.len() as u64;
    }
}
