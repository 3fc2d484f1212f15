//! Scenes that once came out wrong, each with what is right and how that is known.

use cortecs::{
    assemble::{build, check},
    network::{BehaviourEntry, Behaviours},
    prelude::*,
    scene::Scene,
};

/// A scene of `tests/fixtures/faults`.
fn read(file: &str) -> Result<(Bench, Scene), String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/faults").join(file);
    let mut bench = Bench::new();
    let scene = Scene::from_file(bench.world_mut(), &path).map_err(|faults| faults.to_string())?;
    Ok((bench, scene))
}

/// What it builds, or what is wrong with it.
fn tried(file: &str) -> Result<Bench, String> {
    let (mut bench, scene) = read(file)?;
    build(bench.world_mut(), &scene).map(|_| ()).map_err(|faults| faults.to_string())?;
    Ok(bench)
}

/// The network of a scene after its iterations.
fn run(file: &str, iterations: u64) -> Bench {
    let mut bench = tried(file).unwrap_or_else(|faults| panic!("{faults}"));
    bench.ticks(iterations);
    bench
}

#[track_caller]
fn assert_refused(file: &str, why: &str) {
    match tried(file) {
        Ok(_) => panic!("{file} was built"),
        Err(faults) => assert!(faults.contains(why), "{file}: {faults}"),
    }
}

fn named(bench: &mut Bench, name: &str) -> Entity {
    let world = bench.world_mut();
    let mut all = world.query::<(Entity, &Name)>();
    all.iter(world).find(|(_, own)| own.as_str() == name).map(|(entity, _)| entity).unwrap()
}

/// The iterations of the recorded spikes of a group of one neuron.
fn iterations(bench: &Bench, address: &str) -> Vec<u64> {
    bench.recorded(address).chunks_exact(2).map(|row| row[0] as u64).collect()
}

/// Pointers of a compressed matrix that do not begin with 0 once were a panic, or other synapses; a first line with a
/// letter for a number once was passed over as one of titles.
#[test]
fn files_are_right_or_refused() {
    assert_refused("01_matrix_panic.ron", "01_bad_csr.npz: indptr begins with 1 instead of 0");
    assert_refused("02_matrix_wrong.ron", "02_bad_csc.npz: indptr begins with 1 instead of 0");
    assert_refused("03_edge_list_first_line.ron", "03_edges.csv, line 1: `0,l,2` are no numbers");
}

/// A third of the spikes of a long train once came a step early: 66 · 100.1 was reckoned in single precision.
#[test]
fn trains_keep_the_interval_of_pulses() {
    let bench = run("04_spike_trains_early.ron", 100_200);
    let pulses = bench.recorded("p.input");
    let begins: Vec<u64> = (0..).zip(&pulses).filter(|(_, input)| **input != 0.0).map(|(k, _)| k).collect();
    let exact: Vec<u64> = (0..=100).map(|k| 1001 * k).filter(|k| *k < 100_200).collect();
    assert_eq!(begins, exact);
    assert_eq!(iterations(&bench, "s.spikes"), exact[..100]);
}

/// A spike at 1.0 ms once stood in the iteration that ends at 1.1.
#[test]
fn given_spikes_stand_at_the_ends_of_their_iterations() {
    assert_eq!(iterations(&run("08_spike_source_time.ron", 50), "s.spikes"), [9]);
}

/// What is recorded, written in ms as the README says and replayed, is what was recorded.
#[test]
fn recorded_spikes_come_back_the_same() {
    for dt in [0.1, 0.3, 1.0] {
        let mut bench = Bench::new().with_dt(dt);
        bench.group("original", 20, PoissonNeurons { rate: 50.0.into(), ..default() });
        bench.recorder(SpikeRecorder { of: vec!["original".into()], ..default() });
        bench.ticks(3000);
        let rows = bench.recorded("original.spikes");
        let mut times = vec![Vec::new(); 20];
        rows.chunks_exact(2).for_each(|row| times[row[1] as usize].push((row[0] + 1.0) * dt));
        let mut again = Bench::new().with_dt(dt);
        again.group("copy", 20, SpikeSource::at(times));
        again.recorder(SpikeRecorder { of: vec!["copy".into()], ..default() });
        again.ticks(3000);
        assert!(rows.len() > 200 && again.recorded("copy.spikes") == rows, "{dt}");
    }
}

/// The rate once was that of at least one event of a Poisson process in a step: 95 Hz at a step of 1 ms.
#[test]
fn poisson_neurons_fire_at_their_rate() {
    let mut bench = run("07_poisson_neurons_rate.ron", 10_000);
    // 1000 neurons, 10 s: a million spikes ± 949, the deviation of 10^7 draws of 0.1; five of them.
    let group = named(&mut bench, "in");
    let spikes = bench.spike_count(group) as f64;
    assert!((spikes - 1e6).abs() < 5.0 * (1e7_f64 * 0.1 * 0.9).sqrt(), "{spikes}");
}

/// Masks of the same text once were the same neurons.
#[test]
fn masks_of_one_text_are_drawn_independently() {
    let bench = run("10_where_same_draw.ron", 1);
    let side = |group: &str, column: usize| {
        let rows = bench.recorded(&format!("{group}.synapses"));
        let mut mask = [false; 40];
        rows.chunks_exact(3).for_each(|row| mask[row[column] as usize] = true);
        mask
    };
    let masks = [side("p", 0), side("q", 0), side("q", 1)];
    for (one, other) in [(0, 1), (0, 2), (1, 2)] {
        // Of 40 neurons 40 · 0.42 = 16.8 ± 3.1 are in one alone; equal and opposite masks are beyond five deviations.
        let apart = masks[one].iter().zip(&masks[other]).filter(|(a, b)| a != b).count();
        assert!((2..33).contains(&apart), "{apart}");
    }
}

/// What was refused or told only by `run`, or not at all.
#[test]
fn what_cannot_be_meant_is_refused_or_told() {
    assert_refused("09_two_models.ron", "`a` has two neuron models, `Izhikevich` and `Lif`");
    assert_refused("17_check_misses_range.ron", "must be below `threshold`; -65 is not below -70");
    assert_told("14_unheard_synapses.ron", &["no receptor of `b` hears `i`: its spikes do nothing"]);
    let [n, c] = ["`n` is the constant here, and hides", "`c` is the field or draw of that name here, and hides"];
    assert_told("20_constant_shadows.ron", &[n, c]);
    assert_told("21_negative_conductance.ron", &["weights of -10 make the conductance of `out.gaba` negative"]);
}

#[track_caller]
fn assert_told(file: &str, warnings: &[&str]) {
    let (mut bench, scene) = read(file).unwrap();
    let told = build(bench.world_mut(), &scene).unwrap_or_else(|faults| panic!("{faults}")).plan.warnings;
    let messages: Vec<&str> = told.iter().map(|warning| &*warning.message).collect();
    let begin = |(message, warning): (&&str, &&str)| message.starts_with(warning);
    assert!(messages.len() == warnings.len() && messages.iter().zip(warnings).all(begin), "{messages:?}");
}

/// The synapses of the only group: source, target and delay (steps).
fn synapses(file: &str) -> Vec<[u32; 3]> {
    let mut bench = tried(file).unwrap_or_else(|faults| panic!("{faults}"));
    let world = bench.world_mut();
    let mut groups = world.query::<&cortecs::network::Synapses>();
    let layout = groups.single(world).unwrap().layout.as_ref().unwrap();
    layout.synapses().map(|synapse| [synapse.source, synapse.target, synapse.delay]).collect()
}

/// Values once were tried at a neuron's synapse with itself, which there was not to be; degrees were counted as if every
/// target were a source; a receptor that only Poisson input feeds was refused.
#[test]
fn what_is_possible_is_allowed() {
    let all = synapses("11_values_tried_at_autapses.ron");
    // 9900 pairs with probability 0.5: 4950 ± 50.
    assert!((4700..5200).contains(&all.len()) && all.iter().all(|[s, t, _]| s != t), "{}", all.len());
    for [source, target, delay] in all {
        let apart = |of: u32| f64::from(of);
        let (x, y) = (apart(source % 10) - apart(target % 10), apart(source / 10) - apart(target / 10));
        assert_eq!(f64::from(delay), (x.hypot(y) / 0.3 / 0.1).round());
    }
    let mut disjoint = synapses("12_disjoint_in_degree.ron");
    disjoint.sort_unstable();
    let every: Vec<[u32; 3]> = (0..5).flat_map(|s| (5..10).map(move |t| [s, t, 0])).collect();
    assert_eq!(disjoint, every);
    let mut fed = run("15_poisson_only_receptor.ron", 1000);
    let receptor = named(&mut fed, "ampa");
    assert!(fed.get(receptor, "conductance")[0] > 0.0);
}

/// A sheet of 100 × 100 neurons once was planned with 10^8 synapses: the sum of all probabilities is the expected number.
#[test]
fn the_size_of_what_chance_decides_is_that_of_the_network() {
    let (mut bench, scene) = read("16_distance_dependent_extent.ron").unwrap();
    let planned = check(bench.world_mut(), &scene).unwrap().synapse_count() as f64;
    let line: Vec<f64> = (0..100).map(|k: i32| f64::from(k)).collect();
    let along: f64 = line.iter().flat_map(|a| line.iter().map(move |b| (-((a - b) / 3.0).powi(2)).exp())).sum();
    let expected = 0.5 * along * along;
    assert!((planned / expected - 1.0).abs() < 0.2, "{planned} {expected}");
    let made = build(bench.world_mut(), &scene).unwrap().plan.synapse_count() as f64;
    // Independent draws: five deviations of less than the root of the number.
    assert!((made - expected).abs() < 5.0 * expected.sqrt(), "{made} {expected}");
}

/// 0.1 in single precision is above 0.1 in double: weights on the last edge once were counted as above it.
#[test]
fn weights_on_an_edge_are_in_the_last_bin() {
    let counts = run("13_histogram_edge.ron", 1).recorded("s.weights.histogram");
    assert_eq!(counts, [[0.0; 10].as_slice(), &[25.0, 0.0]].concat());
}

/// A conductance of a model that counts per area once was called nS. The peak is that of a NumPy program in mS/cm².
#[test]
fn conductances_are_in_the_unit_of_their_model() {
    let mut bench = run("18_hodgkin_huxley_unit.ron", 5000);
    let peak = bench.recorded("a.v").into_iter().skip(500).fold(f64::MIN, f64::max);
    assert!((peak + 62.138).abs() < 0.005, "{peak}");
    let world = bench.world_mut();
    let recorded: Vec<String> =
        world.query::<&cortecs::record::Recording>().iter(world).map(|one| one.info.unit.to_string()).collect();
    assert!(recorded.contains(&"mS/cm²".into()) && !recorded.contains(&"nS".into()), "{recorded:?}");
}

/// The fundamental once was any low frequency near a fraction of the highest: 7 Hz instead of 150.
#[test]
fn of_two_rhythms_the_stronger_one_is_told() {
    let bench = run("22_rhythm.ron", 20_000);
    let stretch = cortecs::statistics::Stretch { first: 0, end: 20_000, dt: 0.5 };
    let mut statistics = cortecs::statistics::SpikeStatistics::new(1000, None, stretch).unwrap();
    statistics.push_rows(&bench.recorded("p.spikes")).unwrap();
    let summary = statistics.finish().summary;
    assert!(summary.peak_hz.is_some_and(|hz| (hz - 150.0).abs() < 0.3), "{:?}", summary.peak_hz);
}

/// The first spike (ms) of a neuron under a constant current (pA).
fn first_spike(dt: f64, model: impl Bundle, amplitude: f64, most: f64) -> f64 {
    let mut bench = Bench::new().with_dt(dt);
    let cells = bench.group("cells", 1, (model, ConstantCurrent { amplitude: amplitude.into() }));
    for k in 1..=(most / dt) as u64 {
        bench.tick();
        if bench.spike_count(cells) > 0 {
            return k as f64 * dt;
        }
    }
    f64::NAN
}

/// In single precision a membrane once stopped where a step moved it by less than half a unit in the last place.
#[test]
fn membranes_creep_to_their_threshold_at_any_step() {
    // 10 ln(15.004/0.004) ms, three times in 300.
    let exact = 10.0 * f64::ln(15.004 / 0.004);
    let spikes = iterations(&run("05_lif_small_steps.ron", 300_000), "c.spikes");
    let expected: Vec<f64> = (1..=3).map(|n| f64::from(n) * exact).collect();
    let near = |(k, t): (&u64, &f64)| ((k + 1) as f64 * 0.001 - t).abs() < 0.02;
    assert!(spikes.len() == 3 && spikes.iter().zip(&expected).all(near), "{spikes:?} {expected:?}");
    let lif = || Lif { refractory: 0.0.into(), ..default() };
    for dt in [0.001, 0.01, 0.1, 1.0] {
        for drive in [0.004, 0.04, 1.0] {
            let found = first_spike(dt, lif(), (15.0 + drive) * 25.0, 200.0);
            let exact = 10.0 * f64::ln((15.0 + drive) / drive);
            assert!(found > exact - 0.02 && found < exact + dt + 0.02, "{dt} {drive}: {found} {exact}");
        }
    }
    // Where the upstroke and the leak nearly balance: f64 gives 456.0.
    let found = first_spike(0.001, ExponentialIf::default(), 33.0, 600.0);
    assert!((found - 456.0).abs() < 1.0, "{found}");
}

/// What decays with 10⁶ or 10⁷ ms once decayed at another rate in single precision, or not at all.
#[test]
fn slow_decays_keep_their_time_constant() {
    for (dt, tau) in [(0.1, 1e6), (0.1, 1e7), (0.001, 1e4)] {
        let mut bench = Bench::new().with_dt(dt);
        // Held below threshold; w relaxes to zero.
        let model = AdEx { a: 0.0.into(), tau_w: tau.into(), w: 100.0.into(), ..default() };
        let cells = bench.group("cells", 1, model);
        let receptors = [
            ("current", Box::new(ExponentialReceptor { tau: tau.into(), initial: 3.0.into(), ..default() })),
            (
                "conductance",
                Box::new(ExponentialReceptor {
                    tau: tau.into(),
                    initial: 3.0.into(),
                    reversal: Some((-70.0).into()),
                    ..default()
                }),
            ),
        ]
        .map(|(name, receptor)| bench.receptor(cells, name, *receptor));
        bench.ticks(200_000);
        let left = f64::exp(-200_000.0 * dt / tau);
        let found = [
            bench.get(cells, "w")[0] / 100.0,
            bench.get(receptors[0], "current")[0] / 3.0,
            bench.get(receptors[1], "conductance")[0] / 3.0,
        ];
        for found in found {
            // Of what has decayed, a thousandth.
            assert!((found - left).abs() < 1e-3 * (1.0 - left) + 2e-7, "{dt} {tau}: {found} {left}");
        }
    }
}

/// A step of dopamine changes a weight by less than its last place in single precision: the sum once lacked a fifth, and with
/// a tenth of the eligibility or of the dopamine all.
#[test]
fn small_rewards_add_up() {
    let change = |rule: RewardStdp, tonic: f64| {
        let mut bench = Bench::new().with_dt(0.1);
        let a = bench.group("a", 1, SpikeSource::at(vec![vec![10.05]]));
        let b = bench.group("b", 1, (SpikeSource::at(vec![vec![20.05]]), Dopamine { tonic, ..default() }));
        let weight = InitialWeights(2.5.into());
        let synapses = bench.synapses(a, b, "s", (AllToAll::default(), weight, rule));
        bench.ticks(80_000);
        bench.get(synapses, "weights")[0] - 2.5
    };
    let steady = |tonic: f64| tonic * 1e-3 * 200.0;
    // Eligible from 20.1 ms on, with 1000 ms; dopamine rises from 0 with 200 ms.
    let (from, to) = (20.1, 8000.0);
    let integral = |rate: f64| (1.0 - f64::exp(-rate * (to - from))) / rate;
    let exact = |a: f64, tonic: f64| {
        let eligible = a * f64::exp(-10.0 / 20.0);
        eligible * steady(tonic) * (integral(0.001) - f64::exp(-from / 200.0) * integral(0.006))
    };
    for (a, tonic) in [(0.01, 0.005), (0.001, 0.005), (0.01, 0.001), (0.001, 0.001)] {
        let rule = RewardStdp { a_plus: a, ..default() };
        let (found, exact) = (change(rule, tonic), exact(a, tonic));
        // A weight of 2.5 is told to 1.2e-7.
        assert!((found - exact).abs() < 2e-3 * exact + 2e-7, "{a} {tonic}: {found} {exact}");
    }
    let mut scene = run("06_reward_small_changes.ron", 80_000);
    let synapses = named(&mut scene, "s");
    assert!((scene.get(synapses, "weights")[0] - 2.505_15).abs() < 1e-5);
}

/// What acts from a time on ends after it: of nine behaviours with a `start` and a `stop`, three once fell silent instead.
#[test]
fn windows_that_end_before_they_begin_are_refused() {
    let mut bench = Bench::new();
    let behaviours = bench.world_mut().resource::<Behaviours>();
    let has_window =
        |entry: &&BehaviourEntry| ["start", "stop"].iter().all(|field| entry.fields.field(field).is_some());
    let names: Vec<&str> = behaviours.iter().filter(has_window).map(|entry| entry.name).collect();
    assert!(names.len() >= 6, "{names:?}");
    for name in names {
        for (window, why) in [
            ("start: 10, stop: 10", "must be after `start`, 10 ms, not 10"),
            ("start: 10, stop: -5", "must be after `start`, 10 ms, not -5"),
            ("stop: NaN", "must be after `start`, 0 ms, not NaN"),
        ] {
            let mut bench = Bench::new();
            let text = format!("(groups: {{\"g\": (size: 2, behaviours: [{name}({window})])}})");
            let scene = Scene::from_text(bench.world_mut(), &text).unwrap_or_else(|faults| panic!("{name}: {faults}"));
            let faults = check(bench.world_mut(), &scene).unwrap_err().to_string();
            assert!(faults.contains(why), "{name}({window}): {faults}");
        }
    }
}
