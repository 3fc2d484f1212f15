//! The variables of equations, whose names are known when a scene has been read.

use bevy_ecs::prelude::*;

use crate::{
    network::{State, Variable, View, variable::VariableInfo},
    numeric::{Archive, ArchiveError, Column, Real},
};

/// The variables of a group's equations, without `v`, which is [`V`](crate::network::V).
#[derive(Component, Clone, Debug, Default)]
pub struct EquationVariables {
    columns: Vec<Named>,
}

#[derive(Clone, Debug, Default)]
struct Named {
    name: String,
    unit: String,
    numbers: Column<Real>,
}

impl EquationVariables {
    /// Has variables of these names and units, in their order; those that were there keep their numbers.
    pub(super) fn have(&mut self, named: &[(String, String)]) {
        let mut before = std::mem::take(&mut self.columns);
        self.columns = named
            .iter()
            .map(|(name, unit)| {
                let known = before.iter().position(|known| known.name == *name);
                let numbers = known.map(|known| before.swap_remove(known).numbers).unwrap_or_default();
                Named { name: name.clone(), unit: unit.clone(), numbers }
            })
            .collect();
    }

    /// The columns, in their order.
    pub(super) fn columns_mut(&mut self) -> impl Iterator<Item = &mut [Real]> {
        self.columns.iter_mut().map(|named| &mut named.numbers[..])
    }
}

impl State for EquationVariables {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        let names: Vec<String> = self.columns.iter().map(|named| named.name.clone()).collect();
        if let Some(saved) = archive.through(&names)?
            && saved != names
        {
            let why = format!("variables {} were saved, and there are {}", saved.join(", "), names.join(", "));
            return Err(ArchiveError::Refused(why));
        }
        self.columns.iter_mut().try_for_each(|named| archive.column(&mut named.numbers))
    }
}

impl Variable for EquationVariables {
    fn describe(&self) -> Vec<VariableInfo> {
        let info = |named: &Named| VariableInfo {
            name: named.name.clone(),
            unit: named.unit.clone(),
            docs: "A variable of the equations".into(),
            bytes: size_of::<Real>(),
        };
        self.columns.iter().map(info).collect()
    }

    fn view(&self, name: &str) -> Option<View<'_>> {
        self.columns.iter().find(|named| named.name == name).map(|named| View::Real(&named.numbers))
    }

    fn set(&mut self, name: &str, values: &mut dyn Iterator<Item = Real>) -> bool {
        let Some(named) = self.columns.iter_mut().find(|named| named.name == name) else { return false };
        named.numbers.iter_mut().zip(values).for_each(|(old, new)| *old = new);
        true
    }

    fn resize(&mut self, members: usize) {
        self.columns.iter_mut().for_each(|named| named.numbers.resize(0.0, members));
    }
}
