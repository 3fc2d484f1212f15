//! A run as its report describes it, for those who read it. Unknown fields are ignored.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{FileReport, GroupReport};
use crate::{assemble::SynapsePlan, scene::Plots};

/// A run as its report describes it.
#[derive(Debug, Deserialize)]
pub struct Run {
    /// Its folder.
    #[serde(skip)]
    pub folder: PathBuf,
    /// The scene's title, or the name of the folder.
    #[serde(default)]
    pub title: String,
    /// Duration of an iteration (ms).
    pub dt: f64,
    /// The iteration that it ended before.
    pub iterations: u64,
    /// Not 0, where the run began from a checkpoint.
    #[serde(default)]
    pub first_iteration: u64,
    /// The neuron groups.
    #[serde(default)]
    pub groups: Vec<GroupReport>,
    /// The synapse groups.
    #[serde(default)]
    pub synapses: Vec<SynapsePlan>,
    /// The files of recordings.
    #[serde(default)]
    pub recordings: Vec<FileReport>,
    /// How pictures are drawn, as the scene says.
    #[serde(default)]
    pub plotting: Plots,
}

impl Run {
    /// What the report in a folder says.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(report: &str, folder: &Path) -> Result<Self, serde_json::Error> {
        let found: Self = serde_json::from_str(report)?;
        Ok(Self { title: found.title_or(folder), folder: folder.to_owned(), ..found })
    }

    /// A file that does not lie beside the others of the run.
    #[must_use]
    pub fn elsewhere(&self) -> Option<&str> {
        let mut names = self.recordings.iter().flat_map(|recording| {
            [Some(&recording.file), Some(&recording.group), recording.synapses.as_ref()].into_iter().flatten()
        });
        names.find(|name| name.contains(['/', '\\', '\0'])).map(String::as_str)
    }

    /// The title, or the name of the run folder where there is none.
    fn title_or(&self, run: &Path) -> String {
        let folder = || Some(run.canonicalize().ok()?.file_name()?.to_string_lossy().into_owned());
        if self.title.trim().is_empty() { folder().unwrap_or_default() } else { self.title.clone() }
    }

    /// The path of one of its files.
    #[must_use]
    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// When the run ended (ms): its duration, if it began at 0.
    #[must_use]
    pub fn duration(&self) -> f64 {
        self.iterations as f64 * self.dt
    }

    /// When the run began (ms).
    #[must_use]
    pub fn begin(&self) -> f64 {
        self.first_iteration as f64 * self.dt
    }

    /// The group's neurons, if the report lists it.
    #[must_use]
    pub fn size(&self, group: &str) -> Option<u64> {
        let found = self.groups.iter().find(|listed| listed.plan.name == group);
        found.map(|group| group.plan.size as u64)
    }
}
