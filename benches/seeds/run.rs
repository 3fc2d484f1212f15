//! A run of a network with a seed, by the program, and what its folder says.

use std::{fs, ops::RangeBounds, path::Path, process::Command};

use cortecs::npy;
use serde_json::Value;
use tempfile::TempDir;

use super::networks::Network;

/// A finished run.
pub struct Run {
    folder: TempDir,
    report: Value,
}

impl Run {
    /// Runs a network on one thread; others run beside it.
    pub fn of(network: &Network, seed: u32) -> Self {
        let folder = tempfile::tempdir().expect("a folder for a run");
        let scene = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenes/{}.ron", network.scene));
        let mut command = Command::new(env!("CARGO_BIN_EXE_cortecs"));
        command.arg("run").arg(scene).args(network.arguments).args(["--seed", &seed.to_string(), "--threads", "1"]);
        command.args(["--quiet", "--no-plots", "--out"]).arg(folder.path().join("run"));
        let output = command.output().expect("the program");
        assert!(output.status.success(), "{}: {}", network.name, String::from_utf8_lossy(&output.stderr));
        let report = fs::read(folder.path().join("run/report.json")).expect("a report");
        Self { folder, report: serde_json::from_slice(&report).expect("a report of JSON") }
    }

    /// Whether spikes that were recorded go on after the transient.
    pub fn lives(&self) -> bool {
        self.statistics().is_empty() || self.rate().is_some_and(|rate| rate > 0.1)
    }

    fn statistics(&self) -> &[Value] {
        self.report["statistics"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The rate (Hz) of a neuron of all groups.
    pub fn rate(&self) -> Option<f64> {
        let sum = |of: &dyn Fn(&Value) -> Option<f64>| self.statistics().iter().map(of).sum::<Option<f64>>();
        let neurons = |group: &Value| group["neurons"].as_f64();
        let spikes = sum(&|group| Some(group["rate_hz"].as_f64().unwrap_or_default() * neurons(group)?))?;
        Some(spikes / sum(&neurons)?)
    }

    /// The share (%) of stimuli whose class responses told right.
    pub fn told_right(&self) -> Option<f64> {
        Some(100.0 * self.report["classifications"][0]["accuracy"].as_f64()?)
    }

    /// A number that the statistics of the first group state.
    pub fn of_first(&self, what: &str) -> Option<f64> {
        self.statistics().first()?[what].as_f64()
    }

    /// Rows of a recording, one after another, and how long they are.
    fn rows(&self, file: &str) -> Option<(Vec<f64>, usize)> {
        let array = npy::load(&self.folder.path().join("run").join(file)).ok()?;
        let length = array.shape.get(1..)?.iter().product();
        Some((array.data, length))
    }

    /// The recorded rates (Hz) of a group.
    pub fn rates(&self, group: &str) -> Option<Vec<f64>> {
        Some(self.rows(&format!("{group}.rate.npy"))?.0)
    }

    /// The weight of the rewarded synapse, second by second.
    pub fn chosen_weight(&self) -> Option<Vec<f64>> {
        Some(self.rows("chosen.weights.npy")?.0)
    }

    /// The share (%) of all other weights, at the end, that lie in some places of a histogram's rows.
    pub fn share_of_others(&self, bins: impl RangeBounds<usize>) -> Option<f64> {
        let (mut inside, mut all) = (0.0, 0.0);
        for target in ["excitatory", "inhibitory"] {
            let (rows, length) = self.rows(&format!("excitatory_{target}.weights.histogram.npy"))?;
            let last = rows.get(rows.len().checked_sub(length)?..)?;
            all += last.iter().sum::<f64>();
            inside += last.iter().enumerate().filter(|(bin, _)| bins.contains(bin)).map(|(_, n)| n).sum::<f64>();
        }
        Some(100.0 * inside / all)
    }
}
