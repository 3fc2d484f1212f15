//! Delta synapses: a spike moves the membrane potential at once.
//!
//! ```text
//! jump[j] += gain · arriving[j]      v[j] += jump[j] at the start of the step, which the model does
//! ```
//! The synapses of Brunel, J. Comput. Neurosci. 8:183 (2000). How a jump meets the refractory period is the model's
//! business.

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::{
    current_receptor::{Weighing, weigh},
    dynamics::give_jump,
};
use crate::{
    behaviour,
    network::{Afferent, Behaviour, Jump, Kind, Parameter, Preparation, PrepareError, Receptors, ThreadShares, Unit},
    schedule::{AddToStage, Stage},
};

behaviour! {
    /// A receptor through which the weights that arrive, times a gain, are jumps of the membrane potential.
    pub struct JumpReceptor {
        /// Tag or name of the afferent synapse groups whose spikes it takes.
        pub afferent: Afferent,
        /// Factor on the weights; negative for inhibition.
        #[reflect(@Unit("mV"))]
        pub gain: Parameter = 1.0,
    }
}

impl Behaviour for JumpReceptor {
    const KIND: Kind = Kind::Receptor;

    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Input, receive);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        give_jump(preparation, None)
    }
}

fn receive(mut groups: Query<(&mut Jump, &Receptors, &ThreadShares)>, mut receptors: Query<Weighing<JumpReceptor>>) {
    let groups = groups.iter_mut().map(|(jump, own, shares)| (&mut jump.into_inner().sum[..], own, shares));
    weigh(groups, &mut receptors, |receptor| &receptor.gain);
}

#[cfg(test)]
mod tests {
    use crate::{input::receptor_tests::refusal, prelude::*};

    #[test]
    fn jumps_are_summed_for_the_step_in_which_they_arrive() {
        let mut bench = Bench::new();
        let cells = bench.group("cells", 2, Jump::default());
        let receptor = bench.receptor(cells, "a", JumpReceptor { gain: 0.5.into(), ..default() });
        bench.set(receptor, "arriving", &[4.0, -1.0]);
        bench.tick();
        assert_eq!(bench.get(cells, "jump"), [2.0, -0.5]);
        bench.tick();
        assert_eq!(bench.get(cells, "jump"), [0.0, 0.0]);
    }

    #[test]
    fn a_model_that_takes_no_jumps_is_refused() {
        let mut bench = Bench::new();
        let cells = bench.group("cells", 2, Izhikevich::default());
        let error = refusal(&mut bench, cells, JumpReceptor::default());
        assert_eq!(error, "cells.r: JumpReceptor: `cells` cannot be made to jump: its model takes no jumps");
    }
}
