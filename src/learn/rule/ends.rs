//! What a rule by equations remembers of the neurons at an end: their variables, those of the sources as long as axons are.

use crate::{
    equations::Lowered,
    numeric::{Archive, ArchiveError, Column, Real, real::real},
};

/// The variables of the neurons of an end.
#[derive(Clone, Debug, Default)]
pub(super) struct EndState {
    /// With the latest spikes.
    pub now: Vec<Column<Real>>,
    /// As they were when the spikes of an iteration came: `kept` iterations after one another; none where delays are none, as then
    /// they are read before.
    seen: Vec<Column<Real>>,
    neurons: usize,
    kept: usize,
    head: usize,
}

impl EndState {
    /// Variables at the start, kept for so many iterations.
    pub fn new(neurons: usize, kept: usize, start: &[f64]) -> Self {
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
    pub fn step(&mut self, program: Option<&mut Lowered>, inputs: &[&[Real]], time: f64) {
        self.head = if self.kept > 0 { (self.head + 1) % self.kept } else { 0 };
        let Some(lowered) = program else { return };
        lowered.begin(time, &|_| 0.0);
        let mut columns: Vec<&mut [Real]> = self.now.iter_mut().map(|column| &mut column[..]).collect();
        lowered.program.run_unmarked(&mut columns, inputs, lowered.lines(), self.neurons);
        if self.kept == 0 {
            return;
        }
        let here = self.head * self.neurons..(self.head + 1) * self.neurons;
        for (seen, now) in self.seen.iter_mut().zip(&self.now) {
            seen[here.clone()].copy_from_slice(now);
        }
    }

    /// A variable of all neurons, iteration by iteration: [`slot`](Self::slot) says where those stand.
    pub fn kept(&self, variable: usize) -> &[Real] {
        let all = if self.kept == 0 { &self.now } else { &self.seen };
        all.get(variable).map_or(&[], |column| &column[..])
    }

    /// Where the numbers of so many iterations ago begin.
    pub fn slot(&self, delay: u32) -> usize {
        let back = (delay as usize).min(self.kept.saturating_sub(1));
        (self.head + self.kept - back) % self.kept.max(1) * self.neurons
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
        lowered.program.run_unmarked(&mut columns, &[], lowered.lines(), spikes.len());
        for (column, numbers) in self.now.iter_mut().zip(&gathered) {
            spikes.iter().zip(numbers).for_each(|(spike, x)| column[*spike as usize] = *x);
        }
        if efficacy { gathered.pop().unwrap_or_default() } else { Vec::new() }
    }

    /// Whether they are those of so many neurons, kept for longer than a delay (steps).
    pub const fn holds(&self, neurons: usize, longest: u32) -> bool {
        self.neurons == neurons && (longest == 0 || self.kept > longest as usize)
    }

    pub fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
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
