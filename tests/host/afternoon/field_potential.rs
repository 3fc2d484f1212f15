//! A field potential: currents of a sheet of neurons, summed by the inverse of their distance from electrodes. A recorder of a
//! new content, with its file, its row in the report and its picture.

use cortecs::{
    network::Failures,
    network::Input,
    prelude::*,
    record::{Measured, Recording, Recordings, measured, record_due},
    scene::Scene,
};

behaviour! {
    /// Records field potentials at electrodes above the first row of a sheet.
    struct FieldPotential {
        /// Names or tags of groups.
        of: Vec<String>,
        /// Where along the first row each electrode is.
        electrodes: Vec<f64> = vec![0.0],
        /// One iteration in so many.
        every: u64 = 1,
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

const SCENE: &str = r#"(
    iterations: 200,
    groups: {"cells": (size: (8, 4), behaviours: [Izhikevich(), NormalNoise(mean: 5, sd: 3)])},
    recorders: [FieldPotential(of: ["cells"], electrodes: [0, 3.5, 7], every: 2)],
)"#;

/// In a scene, with what any recording has: a file, a row in the report, a picture, and a row that a run goes on with.
#[cfg(feature = "plot")]
#[test]
fn it_has_its_file_its_row_in_the_report_and_its_picture() {
    use cortecs::{
        output::{Existing, RunFolder},
        session::{Beginning, Settings},
    };
    let folder = tempfile::tempdir().unwrap();
    let mut bench = bench();
    let world = bench.world_mut();
    let scene = Scene::from_text(world, SCENE).unwrap_or_else(|faults| panic!("{faults}"));
    let run = RunFolder::create(&folder.path().join("run"), Existing::Refuse).unwrap();
    let beginning = Beginning::anew(world, &scene, Settings::default()).unwrap();
    let mut session = beginning.open(world, &scene, run).unwrap();
    session.complete(world, &mut ()).unwrap();
    let row = session.report().recordings.iter().find(|file| file.variable == "field").unwrap().clone();
    assert_eq!((&*row.unit, row.rows, &row.row_shape[..]), ("µV", 100, &[3][..]));
    let drawn = cortecs::plot::draw(session.folder()).unwrap();
    let names: Vec<_> = drawn.iter().filter_map(|picture| picture.file_name()?.to_str()).collect();
    assert!(session.folder().join("cells.field.npy").exists() && names.contains(&"field.png"), "{names:?}");
}

/// How large the field is at each electrode, over the run: a plot of its own.
#[cfg(feature = "plot")]
fn draw(run: &cortecs::plot::Run, pictures: &mut cortecs::plot::Pictures) -> Result<(), cortecs::plot::PlotError> {
    use cortecs::plot::{Axis, Canvas, Colour, Panel};
    for recording in run.recordings.iter().filter(|recording| recording.variable == "field") {
        let mut rows = Vec::new();
        let read = cortecs::npy::Reader::open(&run.path(&recording.file))
            .and_then(|mut reader| reader.read_rows(reader.rows(), &mut rows).map(|_| reader.row_len()));
        let columns = match read {
            Ok(columns) => columns,
            Err(error) => {
                pictures.leave_out(&recording.file, error.into());
                continue;
            }
        };
        let power = |electrode| rows.iter().skip(electrode).step_by(columns).map(|x: &f64| x * x).sum::<f64>();
        let powers: Vec<f64> = (0..columns).map(power).collect();
        let mut canvas = Canvas::new(300.0);
        let (x, y) = (Axis::of_indices(columns, 5), Axis::from_zero(powers.iter().copied(), 4));
        let panel = Panel { left: 84.0, top: 60.0, width: 600.0, height: 180.0, x, y };
        panel.frame(&mut canvas, ("Power", "µV²"), Some("Electrode"));
        let points: Vec<_> = powers.iter().enumerate().map(|(k, &power)| (k as f64, power)).collect();
        panel.curve(&mut canvas, &points, Colour::BLACK, 1.5);
        pictures.save(&canvas, "power")?;
    }
    Ok(())
}

/// The command line with all of it is a closure.
#[cfg(all(feature = "plot", feature = "cli"))]
#[test]
fn a_command_line_of_ones_own_knows_the_recorder_and_draws_the_plot() {
    use clap::Parser;
    use cortecs::{
        cli::{Arguments, execute_with},
        plot::RegisterPlot,
    };
    let folder = tempfile::tempdir().unwrap();
    let [scene, run] = ["scene.ron", "run"].map(|name| folder.path().join(name).display().to_string());
    std::fs::write(&scene, SCENE).unwrap();
    let typed = |words: &[&str]| {
        let arguments = Arguments::try_parse_from([&["cortecs"], words].concat()).unwrap();
        execute_with(&arguments, |app| {
            app.register_behaviour::<FieldPotential>().register_plot(draw);
        })
    };
    typed(&["run", &scene, "--out", &run, "--quiet"]).unwrap_or_else(|error| panic!("{}", error.render(false)));
    let picture = std::path::Path::new(&run).join("power.png");
    assert!(picture.exists());
    std::fs::remove_file(&picture).unwrap();
    typed(&["plot", &run]).unwrap_or_else(|error| panic!("{}", error.render(false)));
    assert!(picture.exists());
}
