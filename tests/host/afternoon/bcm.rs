//! E. L. Bienenstock, L. N. Cooper & P. W. Munro, J. Neurosci. 2:32 (1982), of rates that are traces of spikes.

use cortecs::{
    author::*,
    network::{Source, Synapses},
    prelude::*,
};

variable! {
    /// Rate of a neuron, as a trace of its spikes.
    pub struct Rate = "bcm_rate" in "1/ms";
}

variable! {
    /// The rate at which depression turns into potentiation.
    pub struct Turning = "bcm_turning" in "1/ms";
}

behaviour! {
    /// On both groups: rates, and where they turn.
    #[require(Rate, Turning)]
    struct BcmRates {
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        tau: f64 = 50.0,
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        tau_turning: f64 = 500.0,
    }
}

impl Behaviour for BcmRates {
    fn plugin(app: &mut App) {
        app.register_variable::<Rate>().register_variable::<Turning>();
        app.add_behaviour_system::<Self, _>(Stage::Learn, follow);
    }
}

fn follow(mut groups: Query<(&BcmRates, &mut Rate, &mut Turning, &Spikes)>, clock: Res<Clock>) {
    for (rates, mut rate, mut turning, spikes) in &mut groups {
        let [part, slow] = [rates.tau, rates.tau_turning].map(|tau| -exp_m1((-clock.dt / tau) as Real));
        rate.0.iter_mut().for_each(|rate| *rate -= part * *rate);
        for &neuron in spikes.neurons() {
            rate.0[neuron as usize] += 1.0 / rates.tau as Real;
        }
        turning
            .0
            .iter_mut()
            .zip(&*rate.0)
            .for_each(|(turning, rate)| *turning += slow * (rate * rate / 0.1 - *turning));
    }
}

behaviour! {
    /// dw/dt = η x y (y − θ), within 0 and `w_max`.
    struct Bcm {
        eta: f64 = 1.0,
        #[reflect(@Range::ABOVE_ZERO)]
        w_max: f64 = 10.0,
    }
}

impl Behaviour for Bcm {
    const KIND: Kind = Kind::Synapses;

    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Learn, learn);
    }
}

fn learn(
    mut groups: Query<(&Bcm, &Source, &Target, &Synapses, &mut cortecs::network::Weights)>,
    rates: Query<(&Rate, &Turning)>,
    clock: Res<Clock>,
) {
    for (bcm, source, target, synapses, mut weights) in &mut groups {
        let (Ok((x, _)), Ok((y, turning))) = (rates.get(source.0), rates.get(target.0)) else { continue };
        let Some(layout) = &synapses.layout else { continue };
        let factor = (bcm.eta * clock.dt) as Real;
        for (weight, synapse) in weights.0.iter_mut().zip(layout.synapses()) {
            let (s, t) = (synapse.source as usize, synapse.target as usize);
            let change = factor * x.0[s] * y.0[t] * (y.0[t] - turning.0[t]);
            *weight = (*weight + change).max(0.0).min(bcm.w_max as Real);
        }
    }
}

#[test]
fn weights_fall_below_the_turning_rate_and_rise_above() {
    let mut bench = Bench::new();
    bench.app_mut().register_behaviour::<BcmRates>().register_behaviour::<Bcm>();
    let train = |interval: &str| {
        (SpikeTrains { start: 1.0.into(), interval: interval.into(), ..default() }, BcmRates::default())
    };
    let source = bench.group("source", 1, train("20"));
    let target = bench.group("target", 2, train("200 - 190 * i"));
    let synapses = bench.synapses(source, target, "plastic", (AllToAll::default(), Bcm::default()));
    bench.set(synapses, "weights", &[5.0, 5.0]);
    // Rates that have settled, of 5 and 100 Hz, and turning rates between them.
    bench.set(source, "bcm_rate", &[0.05]);
    bench.set(target, "bcm_rate", &[0.005, 0.1]);
    bench.set(target, "bcm_turning", &[0.05, 0.05]);
    bench.ticks(200);
    let weights = bench.get(synapses, "weights");
    assert!(weights[0] < 5.0 && weights[1] > 5.0, "{weights:?}");
}
