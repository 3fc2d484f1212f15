//! What a rule by equations remembers: the variables of either end, those of the sources as long as axons are, and of synapses.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;

use super::super::incoming::Incoming;
use crate::{
    equations::{Lowered, RunnableRule},
    network::{Size, State, Variable, View, variable::VariableInfo},
    numeric::{Archive, ArchiveError, Column, Real, real::real},
};

/// On a synapse group with a [`Rule`](super::Rule): its variables. Those of synapses can be recorded.
#[derive(Component, Clone, Debug, Default)]
pub struct RuleVariables {
    pub(super) synapses: Vec<(String, Column<Real>)>,
    pub(super) sources: EndState,
    pub(super) targets: EndState,
    pub(super) running: Option<RunnableRule>,
    initial: BTreeMap<String, f64>,
    /// The synapses of each target; `None` for dense ones.
    pub(super) incoming: Option<Incoming>,
    /// The iteration that is to follow.
    pub(super) next: Option<u64>,
}

/// The variables of the neurons of an end.
#[derive(Clone, Debug, Default)]
pub(super) struct EndState {
    /// With the latest spikes.
    pub now: Vec<Column<Real>>,
    /// As they were when the spikes of an iteration came: `kept` iterations after one another.
    seen: Vec<Column<Real>>,
    neurons: usize,
    kept: usize,
    head: usize,
}

impl EndState {
    fn new(neurons: usize, kept: usize, start: &[f64]) -> Self {
        let column = |x: &f64, times: usize| Column::filled(real(*x), neurons * times);
        Self {
            now: start.iter().map(|x| column(x, 1)).collect(),
            seen: start.iter().map(|x| column(x, kept)).collect(),
            neurons,
            kept,
            head: 0,
        }
    }

    /// A step, and the numbers that spikes of this iteration see.
    pub fn step(&mut self, program: Option<&mut Lowered>, time: f64) {
        self.head = if self.kept > 0 { (self.head + 1) % self.kept } else { 0 };
        let Some(lowered) = program else { return };
        lowered.begin(time, &|_| 0.0);
        let mut columns: Vec<&mut [Real]> = self.now.iter_mut().map(|column| &mut column[..]).collect();
        lowered.program.run(&mut columns, &[], lowered.lines(), &mut vec![0; self.neurons]);
        let here = self.head * self.neurons..(self.head + 1) * self.neurons;
        for (seen, now) in self.seen.iter_mut().zip(&self.now) {
            seen[here.clone()].copy_from_slice(now);
        }
    }

    /// A variable of all neurons as it was so many iterations ago.
    pub fn seen(&self, variable: usize, delay: u32) -> &[Real] {
        let back = (delay as usize).min(self.kept.saturating_sub(1));
        let place = (self.head + self.kept - back) % self.kept.max(1);
        self.seen.get(variable).map_or(&[], |seen| &seen[place * self.neurons..(place + 1) * self.neurons])
    }

    /// What spikes do to the variables of their neurons; with efficacy, that of each spike.
    pub fn spike(&mut self, program: Option<&mut Lowered>, spikes: &[u32], efficacy: bool, time: f64) -> Vec<Real> {
        let Some(lowered) = program.filter(|_| !spikes.is_empty()) else { return vec![1.0; spikes.len()] };
        lowered.begin(time, &|_| 0.0);
        let mut gathered: Vec<Vec<Real>> =
            self.now.iter().map(|column| spikes.iter().map(|spike| column[*spike as usize]).collect()).collect();
        if efficacy {
            gathered.push(vec![1.0; spikes.len()]);
        }
        let mut columns: Vec<&mut [Real]> = gathered.iter_mut().map(|column| &mut column[..]).collect();
        lowered.program.run(&mut columns, &[], lowered.lines(), &mut vec![0; spikes.len()]);
        for (column, numbers) in self.now.iter_mut().zip(&gathered) {
            spikes.iter().zip(numbers).for_each(|(spike, x)| column[*spike as usize] = *x);
        }
        if efficacy { gathered.pop().unwrap_or_default() } else { Vec::new() }
    }

    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        let here = [self.now.len(), self.neurons, self.kept, self.head].map(|number| number as u64);
        let saved = archive.through(&here)?.unwrap_or(here);
        let [variables, neurons, kept, head] = saved.map(|number| number as usize);
        if head >= kept.max(1) || variables > 1000 {
            return Err(ArchiveError::Form);
        }
        if archive.restores() {
            let none = || vec![Column::default(); variables];
            *self = Self { now: none(), seen: none(), neurons, kept, head };
        }
        for k in 0..variables {
            let mut none = Column::default();
            let now = archive.whole(self.now.get_mut(k).unwrap_or(&mut none))?;
            let seen = archive.whole(self.seen.get_mut(k).unwrap_or(&mut none))?;
            if now != neurons || Some(seen) != neurons.checked_mul(kept) {
                return Err(ArchiveError::Form);
            }
        }
        Ok(())
    }
}

/// Memory (bytes) of the index of sparse synapses.
pub(super) fn index_bytes(size: Size) -> u64 {
    if size.dense { 0 } else { Incoming::bytes(size.members, size.targets, size.punctual) }
}

impl RuleVariables {
    /// Has variables of synapses of these names.
    pub(super) fn have(&mut self, names: &[String]) {
        let mut before = std::mem::take(&mut self.synapses);
        self.synapses = names
            .iter()
            .map(|name| {
                let known = before.iter().position(|(known, _)| known == name);
                known.map_or_else(|| (name.clone(), Column::default()), |known| before.swap_remove(known))
            })
            .collect();
    }

    /// Runs a rule, for the `first` time with the numbers that variables start with.
    pub(super) fn run(&mut self, made: RunnableRule, initial: BTreeMap<String, f64>, first: bool) {
        (self.running, self.initial) = (Some(made), initial);
        if first {
            for (name, column) in &mut self.synapses {
                let start = real(self.initial.get(name).copied().unwrap_or_default());
                column.iter_mut().for_each(|x| *x = start);
            }
        }
    }

    /// Forgets all spikes.
    pub(super) fn forget(&mut self, sizes: [usize; 2], longest: u32) {
        let Some(running) = &self.running else { return };
        let start = |names: &[String]| -> Vec<f64> {
            names.iter().map(|name| self.initial.get(name).copied().unwrap_or_default()).collect()
        };
        self.sources = EndState::new(sizes[0], longest as usize + 1, &start(&running.pre.names));
        self.targets = EndState::new(sizes[1], 1, &start(&running.post.names));
    }

    /// Whether its memory is of so many neurons and delays.
    pub(super) fn holds(&self, sizes: [usize; 2], longest: u32) -> bool {
        [self.sources.neurons, self.targets.neurons] == sizes && self.sources.kept > longest as usize
    }
}

impl State for RuleVariables {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        let names: Vec<String> = self.synapses.iter().map(|(name, _)| name.clone()).collect();
        if archive.through(&names)?.is_some_and(|saved| saved != names) {
            return Err(ArchiveError::Refused("the rule has other variables".into()));
        }
        self.synapses.iter_mut().try_for_each(|(_, column)| archive.column(column))?;
        archive.value(&mut self.next)?;
        self.sources.persist(archive)?;
        self.targets.persist(archive)
    }
}

impl Variable for RuleVariables {
    fn describe(&self) -> Vec<VariableInfo> {
        let info = |(name, _): &(String, _)| VariableInfo {
            name: name.clone(),
            unit: String::new(),
            docs: "A variable of the rule".into(),
            bytes: size_of::<Real>(),
        };
        self.synapses.iter().map(info).collect()
    }

    fn view(&self, name: &str) -> Option<View<'_>> {
        self.synapses.iter().find(|(known, _)| known == name).map(|(_, column)| View::Real(column))
    }

    fn set(&mut self, name: &str, values: &mut dyn Iterator<Item = Real>) -> bool {
        let Some((_, column)) = self.synapses.iter_mut().find(|(known, _)| known == name) else { return false };
        column.iter_mut().zip(values).for_each(|(old, new)| *old = new);
        true
    }

    fn resize(&mut self, members: usize) {
        for (name, column) in &mut self.synapses {
            let start = self.initial.get(name).copied().unwrap_or_default();
            column.resize(real(start), members);
        }
    }
}
