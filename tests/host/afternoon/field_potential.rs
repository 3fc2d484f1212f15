//! A field potential: currents of a sheet of neurons, summed by the inverse of their distance from electrodes. A recorder of a
//! new content, with its file, its row in the report and its picture.

use cortecs::{
    network::Failures,
    prelude::*,
    record::{Measured, Recording, Recordings, measured, record_due},
};

/// Records field potentials at electrodes above the first row of a sheet.
#[derive(Component, Reflect, Clone)]
struct FieldPotential {
    /// Names or tags of groups.
    of: Vec<String>,
    /// Where along the first row each electrode is.
    electrodes: Vec<f64>,
    /// One iteration in so many.
    every: u64,
}

impl Default for FieldPotential {
    fn default() -> Self {
        Self { of: Vec::new(), electrodes: vec![0.0], every: 1 }
    }
}

impl Behaviour for FieldPotential {
    const KIND: Kind = Kind::Recorder;

    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Record, record);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let numbers =
            Measured { name: "field", unit: "µV", docs: "Field potential", row: vec![self.electrodes.len()] };
        measured(preparation, &self.of, &numbers, (0, u64::MAX, self.every)).map(drop)
    }
}

fn record(
    recorders: Query<(&FieldPotential, &Recordings)>,
    mut recordings: Query<&mut Recording>,
    groups: Query<(&NeuronGroup, &Input)>,
    clock: Res<Clock>,
    mut failures: ResMut<Failures>,
) {
    for (field, own) in &recorders {
        record_due([own].into_iter(), &mut recordings, &clock, &mut failures, |_, recording| {
            let Ok((group, input)) = groups.get(recording.source) else { return Ok(()) };
            let width = group.shape[0];
            let at = |electrode: &f64| {
                let distance = |i: usize| ((i % width) as f64 - electrode).hypot((i / width) as f64 + 1.0);
                input.0.iter().enumerate().map(|(i, &x)| f64::from(x) / distance(i)).sum::<f64>() as Real
            };
            recording.append(&field.electrodes.iter().map(at).collect::<Vec<Real>>())
        });
    }
}

fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.app_mut().register_behaviour::<FieldPotential>();
    bench
}

#[test]
fn a_potential_is_the_sum_of_currents_by_distance() {
    let mut bench = bench();
    bench.group("cells", 2, (Izhikevich::default(), ConstantCurrent { amplitude: "1 + i".into() }));
    bench.recorder(FieldPotential { of: vec!["cells".into()], electrodes: vec![0.0, 1.0], every: 2 });
    bench.ticks(3);
    let row = [1.0 + 2.0 / 2f64.sqrt(), 1.0 / 2f64.sqrt() + 2.0];
    let recorded = bench.recorded("cells.field");
    assert!(recorded.iter().zip(row.iter().chain(&row)).all(|(x, y)| (x - y).abs() < 1e-5) && recorded.len() == 4);
    let error = bench.try_recorder(FieldPotential { of: vec!["cell".into()], ..default() }).unwrap_err();
    assert!(error.contains("no group is named or tagged `cell`"), "{error}");
}
