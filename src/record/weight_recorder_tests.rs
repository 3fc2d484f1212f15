//! Which snapshots there are, and what their columns are, in every layout.

use super::{Snapshots, WeightRecorder};
use crate::{
    network::{Rewired, Synapses, Weights},
    prelude::*,
    record::{Recording, Recordings},
};

/// A group of five neurons with synapses among them, and a recorder of their weights.
fn bench(rule: impl Bundle, recorder: WeightRecorder) -> (Bench, Entity, Entity) {
    let mut bench = Bench::new();
    let cells = bench.group("cells", 5, Spikes::default());
    let synapses = bench.synapses(cells, cells, "X", rule);
    bench.world_mut().entity_mut(synapses).insert(Name::new("loops"));
    let recorder = bench.recorder(WeightRecorder { of: vec!["X".into()], ..recorder });
    (bench, synapses, recorder)
}

fn iterations(bench: &mut Bench, recorder: Entity) -> Vec<u64> {
    let world = bench.world_mut();
    let recordings = world.get::<Recordings>(recorder).unwrap().iter();
    recordings.filter_map(|entity| world.get::<Snapshots>(entity)).flat_map(|s| s.iterations.clone()).collect()
}

#[test]
fn the_first_and_the_last_iteration_are_recorded_and_one_in_so_many_between() {
    for (every, from, until, expected) in [
        (None, 0, None, &[0, 9][..]),
        (Some(4), 0, None, &[0, 4, 8, 9]),
        (Some(3), 0, None, &[0, 3, 6, 9]),
        (Some(3), 2, Some(7), &[2, 5, 6]),
        (None, 9, None, &[9]),
        (None, 12, None, &[]),
    ] {
        let recorder = WeightRecorder { every, from, until, ..default() };
        let (mut bench, synapses, recorder) = bench((OneToOne::default(), InitialWeights(0.0.into())), recorder);
        for k in 0..10 {
            bench.set(synapses, "weights", &[f64::from(k); 5]);
            bench.tick();
        }
        bench.finish();
        assert_eq!(iterations(&mut bench, recorder), expected);
        let rows: Vec<f64> = expected.iter().flat_map(|&k| [k as f64; 5]).collect();
        assert_eq!(bench.recorded("loops.weights.snapshots"), rows);
        let world = bench.world_mut();
        let planned: Vec<_> =
            world.query::<&Recording>().iter(world).map(|r| r.rows(10).unwrap() == r.rows.rows()).collect();
        assert_eq!(planned, [true; 2], "{expected:?}");
    }
}

/// The weights of each column, summed up by source and target.
fn matrix(weights: &[f64], synapses: &[f64]) -> Vec<f64> {
    let mut matrix = vec![0.0; 25];
    for (w, synapse) in weights.iter().zip(synapses.chunks(3)) {
        matrix[(5.0 * synapse[0] + synapse[1]) as usize] += w;
    }
    matrix
}

#[test]
fn a_column_is_a_synapse_in_every_layout() {
    let weight = |i: usize, j: usize| (10 * i + j + 1) as f64;
    let initial = || InitialWeights("10 * i + j + 1".into());
    let all: Vec<f64> = (0..25).map(|k| weight(k / 5, k % 5)).collect();
    let without: Vec<f64> = (0..25).map(|k| if k % 6 == 0 { 0.0 } else { all[k] }).collect();
    for (autapses, expected) in [(true, all), (false, without)] {
        for (delays, least, more) in [(None, 0.0, 0.0), (Some("3"), 3.0, 0.0), (Some("1 + i"), 1.0, 1.0)] {
            let rule = (AllToAll { autapses }, initial(), Delays(delays.map(Into::into)));
            let (mut bench, ..) = bench(rule, WeightRecorder::default());
            bench.tick();
            let columns = bench.recorded("loops.weights.snapshots");
            let synapses = bench.recorded("loops.synapses");
            assert_eq!(columns.len(), if autapses { 25 } else { 20 });
            assert_eq!(matrix(&columns, &synapses), expected);
            assert!(synapses.chunks(3).all(|synapse| synapse[2] == least + more * synapse[0]));
        }
    }
}

#[test]
fn a_pair_with_several_synapses_has_as_many_columns() {
    let rule = FixedTotalNumber { number: 400, ..default() };
    let (mut bench, ..) = bench((rule, InitialWeights(0.5.into())), WeightRecorder::default());
    bench.tick();
    let (columns, synapses) = (bench.recorded("loops.weights.snapshots"), bench.recorded("loops.synapses"));
    assert_eq!((columns.len(), synapses.len()), (400, 1200));
    let matrix = matrix(&columns, &synapses);
    assert!(matrix.iter().any(|&w| w > 0.5) && matrix.iter().sum::<f64>() == 200.0);
}

/// Gives a group the synapses of another one.
fn rewire(bench: &mut Bench, synapses: Entity, like: Entity) {
    let world = bench.world_mut();
    let new = (world.get::<Synapses>(like).unwrap().clone(), world.get::<Weights>(like).unwrap().clone());
    world.entity_mut(synapses).insert(new);
}

#[test]
fn synapses_that_come_and_go_are_listed_with_each_snapshot() {
    let rule = (FixedInDegree { in_degree: 2, ..default() }, InitialWeights("i + 1".into()), Rewired);
    let (mut bench, synapses, _) = bench(rule, WeightRecorder::default());
    let cells = bench.group("others", 5, Spikes::default());
    let other = (FixedOutDegree { out_degree: 3, ..default() }, InitialWeights("i + 1".into()));
    let other = bench.synapses(cells, cells, "Y", other);
    bench.ticks(2);
    rewire(&mut bench, synapses, other);
    bench.tick();
    bench.finish();
    let (weights, listed) = (bench.recorded("loops.weights.snapshots"), bench.recorded("loops.synapses"));
    assert_eq!((weights.len(), listed.len()), (10 + 15, 3 * (10 + 15)));
    assert!(weights.iter().zip(listed.chunks(3)).all(|(w, synapse)| *w == synapse[0] + 1.0));
    let targets_of_0 = |part: &[f64]| part.chunks(3).filter(|synapse| synapse[0] == 0.0).count();
    assert_eq!(targets_of_0(&listed[30..]), 3);
}

#[test]
fn synapses_that_change_unannounced_stop_the_run_and_those_that_do_not_are_no_matter() {
    let rule = || (FixedInDegree { in_degree: 2, ..default() }, Delays(Some("1 + i".into())));
    for other in [2, 3] {
        let every = Some(1);
        let (mut bench, synapses, _) = bench(rule(), WeightRecorder { every, ..default() });
        bench.tick();
        if other == 2 {
            bench.world_mut().get_mut::<Synapses>(synapses).unwrap().set_changed();
            bench.tick();
            continue;
        }
        let cells = bench.group("others", 5, Spikes::default());
        let other = bench.synapses(cells, cells, "Y", FixedInDegree { in_degree: other, ..default() });
        rewire(&mut bench, synapses, other);
        let error = bench.try_ticks(1).unwrap_err();
        assert!(error.starts_with("loops.weights.snapshots: synapses were made or removed"), "{error}");
    }
}

#[test]
fn neurons_have_no_weights() {
    let mut bench = Bench::new();
    bench.group("cells", 5, Spikes::default());
    let error = bench.try_recorder(WeightRecorder { of: vec!["cells".into()], ..default() }).unwrap_err();
    assert!(error.contains("`cells.weights`: no such variable"), "{error}");
    let error = bench.try_recorder(WeightRecorder { of: vec!["cells".into()], every: Some(0), ..default() });
    assert!(error.unwrap_err().contains("every"));
}
