//! Input from a host: currents and spikes of single neurons, for the next iteration alone.
//!
//! ```text
//! input[i] += current        in the next iteration
//! neuron i fires             in the next iteration, beside those that the model lets fire; its state is not reset
//! ```

use bevy_app::App;
use bevy_ecs::prelude::*;

use crate::{
    behaviour,
    network::{Behaviour, Failures, Input, Spikes},
    numeric::{Archive, ArchiveError, Real},
    schedule::{AddToStage, Stage, end_stage_with},
};

behaviour! {
    /// Takes currents and spikes of a host for the next iteration: a game, a robot, an experiment around the network.
    #[require(Spikes)]
    pub struct Inject {
        /// Neurons, and the currents that they get.
        #[reflect(ignore)]
        currents: Vec<(u32, Real)>,
        /// Neurons that fire.
        #[reflect(ignore)]
        spikes: Vec<u32>,
    }
}

impl Inject {
    /// Gives a neuron a current in the next iteration, in the unit of its model's input; several add up, in this order.
    pub fn current(&mut self, neuron: u32, current: Real) -> &mut Self {
        self.currents.push((neuron, current));
        self
    }

    /// Lets a neuron fire in the next iteration.
    pub fn spike(&mut self, neuron: u32) -> &mut Self {
        self.spikes.push(neuron);
        self
    }
}

impl Behaviour for Inject {
    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Input, inject);
        // Behind all models, which write who fires.
        end_stage_with::<Self, _>(app, Stage::Integrate, fire);
    }

    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        archive.value(&mut self.currents)?;
        archive.list(&mut self.spikes)
    }
}

fn inject(mut groups: Query<(Entity, &mut Inject, &mut Input)>, mut failures: ResMut<Failures>) {
    for (group, mut inject, mut input) in &mut groups {
        let Inject { currents, .. } = inject.bypass_change_detection();
        for (neuron, current) in currents.drain(..) {
            match input.0.get_mut(neuron as usize) {
                Some(input) => *input += current,
                None => tell(&mut failures, group, neuron, input.0.len()),
            }
        }
    }
}

fn fire(mut groups: Query<(Entity, &mut Inject, &mut Spikes)>, mut failures: ResMut<Failures>) {
    for (group, mut inject, mut spikes) in &mut groups {
        let Inject { spikes: injected, .. } = inject.bypass_change_detection();
        if injected.is_empty() {
            continue;
        }
        let neurons = spikes.fired().len();
        for neuron in injected.iter().filter(|neuron| **neuron as usize >= neurons) {
            tell(&mut failures, group, *neuron, neurons);
        }
        spikes.add_neurons(injected);
        injected.clear();
    }
}

fn tell(failures: &mut Failures, group: Entity, neuron: u32, neurons: usize) {
    failures.push_at(group, "Inject", format!("there is no neuron {neuron} among {neurons} (they count from 0)"));
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    #[test]
    fn what_is_injected_counts_in_the_next_iteration_alone() {
        let mut bench = Bench::new();
        let constant = ConstantCurrent { amplitude: 1.0.into() };
        let cells = bench.group("cells", 3, (Lif::default(), constant, Inject::default()));
        let target = bench.group("target", 3, ());
        let receptor = bench.receptor(target, "r", CurrentReceptor { afferent: "S".into(), ..default() });
        bench.synapses(cells, target, "S", (OneToOne::default(), InitialWeights(7.0.into())));
        bench.tick();
        bench.world_mut().get_mut::<Inject>(cells).unwrap().current(1, 5.0).current(1, 2.0).spike(2).spike(0).spike(2);
        bench.tick();
        assert_eq!((bench.get(cells, "input"), bench.spikes(cells)), (vec![1.0, 8.0, 1.0], vec![0, 2]));
        bench.tick();
        assert_eq!((bench.get(cells, "input"), bench.spikes(cells)), (vec![1.0; 3], vec![]));
        assert_eq!(bench.get(target, "input"), [7.0, 0.0, 7.0]);
        bench.world_mut().get_mut::<Inject>(cells).unwrap().spike(3);
        assert_eq!(bench.try_ticks(1).unwrap_err(), "Inject: there is no neuron 3 among 3 (they count from 0)");
        assert!(bench.world_mut().get_entity(receptor).is_ok());
    }
}
