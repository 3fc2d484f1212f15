//! The scene of pairing protocols, run and drawn by the program: what stands in the recordings and in the picture is what the
//! rules' papers say in closed form.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use cortecs::npy;

/// Long enough for all pairs of the window, and of the triplets at 2 Hz and above (ms).
const END: f64 = 62_000.0;
/// Longer than in the scene (ms): what spikes do is the same at any step.
const DT: f64 = 0.5;
/// The tolerance for changes that add up over 60 pairs, in numbers of 32 bits.
const NEAR: f64 = 2e-5;

/// The scene's first 62 s in a folder of their own.
fn run(folder: &Path) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let run = folder.join("run");
    let mut command = Command::new(env!("CARGO_BIN_EXE_cortecs"));
    command.args(["run", "-q", "--iterations", &format!("{}", END / DT + 1.0)]);
    command.args(["--set", &format!("dt={DT}")]);
    command.args(["--set", &format!("recorders.VariableRecorder.every={}", END / DT)]);
    command.arg("--out").arg(&run).arg(root.join("scenes/pairing_protocol.ron"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    run
}

/// What a run changed of the weights of a group.
fn changes(run: &Path, group: &str) -> Vec<f64> {
    let array = npy::load(&run.join(format!("{group}.weights.npy"))).unwrap();
    let members = array.shape[1];
    assert_eq!(array.shape[0], 2);
    (0..members).map(|k| array.data[members + k] - array.data[k]).collect()
}

/// The points of the longest line of a colour in a picture.
fn drawn(run: &Path, colour: &str) -> Vec<(f64, f64)> {
    let svg = std::fs::read_to_string(run.join("profiles.svg")).unwrap();
    let paths = svg.split("<path d=\"").skip(1).filter_map(|path| path.split_once('>')?.0.split_once('"'));
    let numbers = |data: &str| data.split_whitespace().filter_map(|word| word.parse().ok()).collect::<Vec<f64>>();
    let lines = paths.filter(|(_, style)| style.contains(colour)).map(|(data, _)| numbers(data));
    let longest = lines.max_by_key(Vec::len).unwrap();
    longest.chunks(2).map(|point| (point[0], point[1])).collect()
}

#[test]
fn pairing_changes_weights_as_the_papers_say_and_is_drawn_so() {
    let folder = tempfile::tempdir().unwrap();
    let run = run(folder.path());
    let window = changes(&run, "window");
    let lags: Vec<f64> = (-100..=100).map(f64::from).collect();
    let expected: Vec<f64> = lags.iter().map(|&lag| window_of_pairs(lag)).collect();
    for ((lag, change), expected) in lags.iter().zip(&window).zip(&expected) {
        assert!((change - expected).abs() < NEAR, "{lag} ms: {change} {expected}");
    }
    // In the picture the same, to a tenth of a picture unit, on axes that two of the points give.
    let points = drawn(&run, "#0072b2");
    assert_eq!(points.len(), 201);
    let [least, most] = [99, 101].map(|place| (points[place].1, expected[place]));
    let scale = (most.0 - least.0) / (most.1 - least.1);
    for (k, ((x, y), change)) in points.iter().zip(&expected).enumerate() {
        let (right, up) =
            (points[0].0 + (points[200].0 - points[0].0) * k as f64 / 200.0, least.0 + scale * (change - least.1));
        assert!((x - right).abs() < 0.1 && (y - up).abs() < 0.1, "{k}: {x} {y}, not {right} {up}");
    }

    for (group, lag) in [("triplets_after", 10.0), ("triplets_before", -10.0)] {
        for (k, change) in changes(&run, group).into_iter().enumerate() {
            let frequency = f64::max(0.1, 2.0 * k as f64);
            let expected = triplets(frequency, lag);
            assert!((change - expected).abs() < NEAR, "{group}, {frequency} Hz: {change} {expected}");
        }
    }

    // Seven trains of five; at 10 and 50 Hz, in parts of 0.5.
    let per_train = |group: &str, k: usize| 15.0 / 7.0 * changes(&run, group)[k] / 0.5;
    let [slow, fast] = [5, 25].map(|k| ["voltage_after", "voltage_before"].map(|group| per_train(group, k)));
    assert!(slow[0].abs() < 0.02 && slow[1] < -0.3 && fast[0] > 0.4 && fast[1] > 0.2, "{slow:?} {fast:?}");
}

/// What 60 pairs at a lag do by the window of the rule; those of other pairs are 900 ms apart.
fn window_of_pairs(lag: f64) -> f64 {
    match lag {
        0.1.. => 0.777 * (-lag / 16.8).exp(),
        ..-0.1 => -0.273 * (lag / 33.7).exp(),
        _ => 0.0,
    }
}

/// Iterations of the spikes at a frequency, as many as there are before the end.
fn train(start: f64, frequency: f64) -> Vec<f64> {
    let times = (0..60).map(|k| start + 1000.0 / frequency * f64::from(k));
    times.map(|time| ((time + DT / 2.0) / DT - 1e-3).ceil() - 1.0).filter(|k| *k * DT < END).collect()
}

/// Eqs. 3 and 4 of Pfister & Gerstner (2006) for trains at a lag, over all pairs and triplets of spikes.
fn triplets(frequency: f64, lag: f64) -> f64 {
    let early = train(100.0, frequency);
    let late = train(110.0, frequency);
    let (source, target) = if lag > 0.0 { (&early, &late) } else { (&late, &early) };
    let trace = |train: &[f64], at: f64, tau: f64| -> f64 {
        train.iter().filter(|&&s| s < at).map(|s| (-(at - s) * DT / tau).exp()).sum()
    };
    let up = target.iter().map(|&t| trace(source, t, 16.8) * (5e-10 + 6.2e-3 * trace(target, t, 125.0)));
    let down = source.iter().map(|&t| trace(target, t, 33.7) * (7e-3 + 2.3e-4 * trace(source, t, 101.0)));
    up.sum::<f64>() - down.sum::<f64>()
}
