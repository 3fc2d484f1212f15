//! The bare work of a run: the same neurons as plain loops over plain arrays, the same random numbers, and the rows of the
//! spikes that the run had, added one after another as they come from memory. No ECS, no schedule, no look-ups; no spike
//! lists either, and no fetching ahead. What fires here is counted, and must be what fired there.

use cortecs::{
    network::Receptors,
    numeric::{Column, blocks::BLOCK, dispatch, stream::Stream, vector_rng::VectorRng},
    prelude::*,
};

use crate::{
    cells::{Cells, Drive, Kind},
    replay::{CELLS, Places, Spiking, Wires, inhibits},
};

/// The network.
pub struct Bare<'a> {
    spiking: &'a Spiking,
    wires: &'a Wires,
    groups: Vec<Cells>,
    /// What arrives at both receptors, cells by slot and neuron.
    arriving: [Box<[Real; CELLS]>; 2],
    /// Which receptor a neuron's rows lead to.
    side: Vec<u8>,
    /// Synaptic events.
    pub events: u64,
}

impl<'a> Bare<'a> {
    /// The network of `world` as it is before its first iteration.
    pub fn like(world: &mut World, places: &Places, spiking: &'a Spiking, wires: &'a Wires) -> Self {
        let mut side = Vec::new();
        let mut groups = Vec::new();
        for &(group, first) in &places.0 {
            let receptor = u8::from(inhibits(world, group));
            let cells = cells_like(world, group, first);
            side.extend(std::iter::repeat_n(receptor, cells.v.len()));
            groups.push(cells);
        }
        let zeros = || -> Box<[Real; CELLS]> { vec![0.0; CELLS].try_into().expect("as many cells") };
        Self { spiking, wires, groups, arriving: [zeros(), zeros()], side, events: 0 }
    }

    /// The whole run.
    pub fn run(&mut self) {
        for now in 0..self.spiking.iterations() {
            let turn = (now * self.wires.stride) as u16;
            for age in self.wires.ages() {
                for &spike in self.spiking.before(now, age) {
                    let cells = &mut self.arriving[usize::from(self.side[spike as usize])];
                    self.events += self.wires.add(age, spike, turn, cells) as u64;
                }
            }
            let [one, other] = &mut self.arriving;
            for cells in &mut self.groups {
                let place = usize::from(turn) + cells.first..usize::from(turn) + cells.first + cells.v.len();
                let (one, other) = (&mut one[place.clone()], &mut other[place]);
                dispatch(
                    #[inline(always)]
                    || cells.step(one, other),
                );
            }
        }
    }

    /// Spikes of each group.
    pub fn counts(&self) -> Vec<u64> {
        self.groups.iter().map(|cells| cells.count).collect()
    }
}

/// The neurons of a group on arrays of their own.
fn cells_like(world: &mut World, group: Entity, first: usize) -> Cells {
    let dt = world.resource::<Clock>().dt;
    let seed = world.query::<&Origin>().single(world).expect("one network").seed.0;
    let entity = world.entity(group);
    let name = entity.get::<Name>().map_or("", Name::as_str);
    let v = entity.get::<V>().expect("a membrane potential").0.clone();
    let n = v.len();
    let (kind, w) = if let Some(model) = entity.get::<Izhikevich>() {
        let u = entity.get::<cortecs::integrate::U>().expect("a recovery variable").0.clone();
        (Kind::izhikevich(model, dt), u)
    } else {
        let model = entity.get::<Lif>().expect("a model that the bare loop knows");
        let receptors = entity.get::<Receptors>().expect("receptors");
        let receptors: Vec<_> = receptors.iter().filter_map(|r| world.get::<ExponentialReceptor>(r)).collect();
        let kind = match receptors[..] {
            [all] => Kind::lif(model, [all, all], dt).with_one_receptor(),
            [one, other] if other.afferent.0 == "INHIBITORY" => Kind::lif(model, [one, other], dt),
            _ => panic!("receptors that the bare loop does not know"),
        };
        (kind, Column::filled(0.0, n))
    };
    let (drive, behaviour) = if let Some(noise) = entity.get::<NormalNoise>() {
        (Drive::Normal(noise.sd.at(0)), "NormalNoise")
    } else if let Some(input) = entity.get::<PoissonInput>() {
        (Drive::poisson(input, dt), "PoissonInput")
    } else {
        (Drive::None, "")
    };
    let lanes = VectorRng::for_blocks(Stream::new(seed, &[name, behaviour, "noise"]), n.div_ceil(BLOCK));
    Cells::new(kind, drive, first, v, w, lanes)
}
