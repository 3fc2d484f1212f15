//! Sums over synapses of what their sources are at, rather than of their spikes: rates, gates of graded synapses, potentials.

use bevy_ecs::prelude::*;

use super::{
    state::State,
    variable::{Variable, VariableInfo, View},
};
use crate::{
    equations::Observed,
    numeric::{Archive, ArchiveError, Column, Real},
};

/// On a receptor that listens to variables: Σ weight · f over the synapses that it hears, f being of their sources, as they are at
/// the start of an iteration.
#[derive(Component, Clone, Debug, Default)]
pub struct Graded {
    /// f.
    pub(crate) of: Observed,
    /// The sums, one per neuron.
    pub sum: Column<Real>,
}

impl State for Graded {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        archive.column(&mut self.sum)
    }
}

impl Variable for Graded {
    fn describe(&self) -> Vec<VariableInfo> {
        vec![VariableInfo {
            name: "sum".into(),
            unit: String::new(),
            docs: "Sum over synapses of their weights times what their sources are at".into(),
            bytes: size_of::<Real>(),
        }]
    }

    fn view(&self, name: &str) -> Option<View<'_>> {
        (name == "sum").then(|| View::Real(&self.sum))
    }

    fn set(&mut self, name: &str, values: &mut dyn Iterator<Item = Real>) -> bool {
        if name == "sum" {
            self.sum.iter_mut().zip(values).for_each(|(old, new)| *old = new);
        }
        name == "sum"
    }

    fn resize(&mut self, members: usize) {
        self.sum.resize(0.0, members);
    }
}
