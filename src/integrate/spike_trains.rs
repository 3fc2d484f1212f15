//! Neurons that fire in trains of equal intervals: pairing protocols, tetani, theta bursts.
//!
//! ```text
//! t = start + m · period + k · interval,   k = 0, 1, … count − 1,   m = 0, 1, … trains − 1
//! iteration = ⌈t / dt⌉ − 1
//! ```
//! A spike stands at the end of its iteration, as [`Clock`] says. Times are reckoned in double precision.

use std::sync::Arc;

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::{
    spike_list::{Gathered, Times},
    spike_source::emit,
};
use crate::{
    behaviour,
    network::{Behaviour, Birth, Clock, Parameter, Preparation, PrepareError, Range, Spikes, Unit},
    schedule::{AddToStage, Stage},
};

/// Spikes of a group at most: they are listed when the group is made, in 16 bytes each.
const MOST: f64 = 1e8;

/// Spikes that are listed in a trial, for whether two of a neuron fall into one iteration: 0.1 s.
const MOST_TRIED: f64 = 1e6;

behaviour! {
    /// Neurons that fire regularly, in one train or several, each at times of its own.
    ///
    /// By default one train of ten spikes at 10 Hz.
    #[require(Spikes)]
    pub struct SpikeTrains {
        /// The first spike: at the end of an iteration, or in it; 0 for the end of the first one, the earliest that there is.
        #[reflect(@Unit("ms"), @Range::NOT_NEGATIVE)]
        pub start: Parameter = 0.0,
        /// From a spike of a train to the next.
        #[reflect(@Unit("ms"), @Range::NOT_NEGATIVE)]
        pub interval: Parameter = 100.0,
        /// Spikes of a train, a whole number.
        pub count: Parameter = 10.0,
        /// From the first spike of a train to that of the next train.
        #[reflect(@Unit("ms"), @Range::NOT_NEGATIVE)]
        pub period: Parameter = 10_000.0,
        /// Number of trains.
        pub trains: Parameter = 1.0,
        /// The spikes in order, once their times are known.
        #[reflect(ignore)]
        pub spikes: Option<Arc<[(u64, u32)]>>,
    }
}

impl Behaviour for SpikeTrains {
    const MODEL: bool = true;

    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Integrate, fire);
    }

    fn complete(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        if self.spikes.is_some() {
            return Ok(()); // it comes back from being switched off
        }
        let Self { count, trains, .. } = &*self;
        let whole = |x: f64| x >= 0.0 && x.fract() == 0.0;
        for (name, parameter) in [("count", count), ("trains", trains)] {
            preparation.check(name, parameter, whole, "a whole number")?;
        }
        let clock = preparation.clock();
        let neurons = preparation.members();
        let fields = ["start", "interval", "count", "period", "trains"].map(|field| preparation.sampled(field));
        let of = |i: usize| fields.map(|numbers| numbers.map_or(0.0, |numbers| numbers.at(i)));
        let total: f64 = (0..neurons).map(of).map(|[_, _, count, _, trains]| count * trains).sum();
        if total > MOST {
            return Err(preparation.error(None, format!("{total:e} spikes are more than {MOST:e}")));
        }
        if preparation.is_trial() && total > MOST_TRIED {
            return Ok(());
        }
        let spikes = listed(neurons, clock, of).map_err(|why| preparation.error(None, why))?;
        self.spikes = Some(spikes.into());
        Ok(())
    }
}

/// The spikes of neurons whose start, interval, count, period and number of trains are given.
fn listed(neurons: usize, clock: Clock, of: impl Fn(usize) -> [f64; 5]) -> Result<Vec<(u64, u32)>, String> {
    let mut gathered = Gathered::new(neurons, Times::Milliseconds(clock));
    for neuron in 0..neurons {
        let [start, interval, count, period, trains] = of(neuron);
        let start = if start == 0.0 { clock.dt } else { start };
        for m in 0..trains as u64 {
            for k in 0..count as u64 {
                let place = m as usize * count as usize + k as usize;
                gathered.add_time(neuron, place, start + m as f64 * period + k as f64 * interval)?;
            }
        }
    }
    gathered.schedule()
}

fn fire(mut groups: Query<(&SpikeTrains, &mut Spikes, Option<&Birth>)>, clock: Res<Clock>, mut due: Local<Vec<u32>>) {
    for (trains, mut spikes, birth) in &mut groups {
        emit(trains.spikes.as_deref().unwrap_or_default(), &mut spikes, &clock.since(birth), &mut due);
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    #[test]
    fn each_neuron_has_trains_of_its_own() {
        let mut bench = Bench::new().with_dt(0.5);
        let trains = SpikeTrains {
            start: "1 + i".into(),
            interval: "1.5 * i".into(),
            count: "1 + i".into(),
            period: 8.0.into(),
            trains: 2.0.into(),
            ..default()
        };
        let source = bench.group("source", 3, trains);
        let mut times = vec![Vec::new(); 3];
        for iteration in 1..60 {
            bench.tick();
            bench.spikes(source).iter().for_each(|&neuron| times[neuron as usize].push(0.5 * f64::from(iteration)));
        }
        assert_eq!(times, [vec![1.0, 9.0], vec![2.0, 3.5, 10.0, 11.5], vec![3.0, 6.0, 9.0, 11.0, 14.0, 17.0]]);
    }

    #[test]
    fn spikes_stay_at_their_times_however_long_a_train_is() {
        // In tenths of a millisecond, by whole numbers: start, interval, count, the unit being dt.
        for (start, interval, count) in
            [(0_u64, 1001_u64, 100_u64), (50_003, 7, 4000), (1, 333, 4000), (77, 999_999, 1500)]
        {
            let ms = |tenths: u64| format!("{}.{}", tenths / 10, tenths % 10).parse::<f64>().unwrap();
            let mut bench = Bench::new().with_dt(0.1);
            let regular = |start: Parameter, interval: Parameter| SpikeTrains {
                start,
                interval,
                count: (count as f64).into(),
                ..default()
            };
            let all = bench.group("all", 1, regular(ms(start).into(), ms(interval).into()));
            let each = format!("{} + 0 * i", ms(interval));
            let each = bench.group("each", 2, regular(ms(start).into(), each.as_str().into()));
            let expected: Vec<u64> = (0..count).map(|k| start.max(1) + k * interval - 1).collect();
            for group in [all, each] {
                let spikes = bench.world_mut().get::<SpikeTrains>(group).unwrap().spikes.clone().unwrap();
                let found: Vec<u64> = spikes.iter().filter(|(_, i)| *i == 0).map(|(k, _)| *k).collect();
                assert_eq!(found, expected, "{start} {interval}");
            }
        }
    }

    #[test]
    fn trains_that_cannot_be_are_refused() {
        let mut bench = Bench::new();
        let mut refused = |trains| bench.try_group("cells", 2, trains).unwrap_err();
        let error = refused(SpikeTrains { count: "1.5 * i".into(), ..default() });
        assert_eq!(error, "cells: SpikeTrains.count: must be a whole number; member 1 gets 1.5");
        let error = refused(SpikeTrains { start: (-1.0).into(), ..default() });
        assert_eq!(error, "cells: SpikeTrains.start: must be 0 or more, not -1");
        let error = refused(SpikeTrains { interval: 0.25.into(), ..default() });
        assert_eq!(
            error,
            "cells: SpikeTrains: neuron 0, time 1 and neuron 0, time 2: two spikes of neuron 0 in iteration 1"
        );
        let error = refused(SpikeTrains { trains: 1e9.into(), ..default() });
        assert_eq!(error, "cells: SpikeTrains: 2e10 spikes are more than 1e8");
    }
}
