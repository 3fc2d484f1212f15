//! An NMDA receptor whose channels can only be open once: X.-J. Wang, J. Neurosci. 19:9587 (1999), eqs. 6 and 7, without the rise.

use cortecs::{
    author::*,
    network::{Afferent, Arriving, ReceptorOf},
    prelude::*,
};

variable! {
    /// Part of the channels that are open.
    pub struct Open = "open" in "";
}

behaviour! {
    /// Conductances that saturate: a spike opens a part of the channels that are closed.
    #[require(Open)]
    struct SaturatingNmda {
        afferent: Afferent = "all",
        /// Conductance with all channels open.
        #[reflect(@Unit("nS"), @Range::NOT_NEGATIVE)]
        g_max: Parameter = 10.0,
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        tau: Parameter = 100.0,
        /// Concentration of magnesium.
        #[reflect(@Unit("mM"), @Range::NOT_NEGATIVE)]
        magnesium: Parameter = 1.0,
    }
}

impl Behaviour for SaturatingNmda {
    const KIND: Kind = Kind::Receptor;

    fn plugin(app: &mut App) {
        app.register_variable::<Open>().add_behaviour_system::<Self, _>(Stage::Input, receive);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let (entity, trial) = (preparation.entity(), preparation.is_trial());
        let group = preparation.world().get::<ReceptorOf>(entity).map_or(entity, |of| of.0);
        match preparation.world().get_mut::<Conductance>(group) {
            Some(mut conductance) => conductance.used |= !trial,
            None => return Err(preparation.error(None, "its group's model takes no conductances")),
        }
        Ok(())
    }
}

fn receive(
    mut receptors: Query<(&SaturatingNmda, &mut Open, &mut Arriving, &ReceptorOf)>,
    mut groups: Query<(&V, &mut Conductance)>,
    clock: Res<Clock>,
) {
    // A reversal potential of 0 mV: no current at 0. One receptor of the kind in a group: sums in the order of a query would
    // depend on it.
    for (nmda, mut open, mut arriving, of) in &mut receptors {
        let Ok((v, mut conductance)) = groups.get_mut(of.0) else { continue };
        for i in 0..open.0.len() {
            let arrived = std::mem::take(&mut arriving.sums[i]);
            let s = open.0[i] + arrived * (1.0 - open.0[i]);
            let unblocked = 1.0 / (1.0 + nmda.magnesium.at(i) / 3.57 * exp(-0.062 * v.0[i]));
            conductance.sum[i] += nmda.g_max.at(i) * s * unblocked;
            open.0[i] = s * exp(-clock.step() / nmda.tau.at(i));
        }
        arriving.any = false;
    }
}

#[test]
fn channels_open_once_and_close_again() {
    let mut bench = Bench::new();
    bench.app_mut().register_behaviour::<SaturatingNmda>();
    let train = SpikeTrains { start: 1.0.into(), interval: 1.0.into(), count: 8.0.into(), ..default() };
    let source = bench.group("source", 1, train);
    let cells = bench.group("cells", 2, Lif::default());
    let receptor = bench.receptor(cells, "nmda", SaturatingNmda::default());
    let synapses = bench.synapses(source, cells, "all", AllToAll::default());
    bench.set(synapses, "weights", &[0.5, 1.0]);
    bench.ticks(9);
    let open = bench.get(receptor, "open");
    assert!(open.iter().all(|&open| open > 0.97 && open < 1.0), "{open:?}");
    assert!(bench.get(cells, "v")[0] > -65.0);
    bench.ticks(1000);
    assert!(bench.get(receptor, "open")[1] < 1e-4);
}
