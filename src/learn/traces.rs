//! Traces: what synapses remember of the spikes before. One number per neuron and trace, advanced in every iteration, and
//! of the sources as many iterations of them as axons are long.

use bevy_reflect::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    network::residues::LEAST_DECAY,
    numeric::{
        Archive, ArchiveError, Column, Real, dispatch,
        real::{IS_SINGLE, moved, or_zero, real},
    },
};

/// Which spikes of the other side a spike is paired with.
#[derive(Reflect, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Pairing {
    /// All that came before.
    #[default]
    All,
    /// The last one that came before.
    Nearest,
}

/// A trace of the spikes of a neuron.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// Time constant (ms); 0 for a trace that is 1 in the step after a spike, and then 0.
    pub tau: f64,
    /// Whether spikes add up.
    pub pairing: Pairing,
}

impl Trace {
    /// Whether there was a spike one step before.
    pub const LAST_STEP: Self = Self { tau: 0.0, pairing: Pairing::Nearest };

    /// How many numbers are kept of what was seen, of so many neurons in so many iterations.
    fn seen(&self, neurons: usize, kept: usize) -> Option<usize> {
        if kept == 1 && self.tau != 0.0 { Some(0) } else { neurons.checked_mul(kept) }
    }
}

/// The traces of one side of a synapse group.
#[derive(Clone, Debug, Default)]
pub(super) struct Side {
    /// What the traces are, and the step (ms).
    of: (Vec<Trace>, f64),
    neurons: usize,
    traces: Vec<Course>,
    /// Iterations that are kept.
    kept: usize,
    /// The place of the latest among them.
    head: usize,
}

/// One trace of all neurons.
#[derive(Clone, Debug, Default)]
struct Course {
    /// Factor of a step.
    decay: Real,
    /// Whether a spike counts in the step after it and in no other.
    last_step: bool,
    pairing: Pairing,
    /// What a step takes of it.
    lost: Real,
    /// With the latest spikes.
    now: Column<Real>,
    /// What `now` has below the last place; empty unless it decays too slowly for single precision.
    rest: Column<Real>,
    /// As it was when the spikes of an iteration came, without them: `kept` iterations after one another. Empty where that is `now`,
    /// to which spikes are added when all is done: of the iteration alone, unless they count in the step after it.
    seen: Column<Real>,
}

impl Course {
    fn empty(trace: &Trace, dt: f64) -> Self {
        Self {
            decay: real(libm::exp(-dt / trace.tau)),
            lost: real(-libm::expm1(-dt / trace.tau)),
            last_step: trace.tau == 0.0,
            pairing: trace.pairing,
            ..Self::default()
        }
    }
}

impl Side {
    /// Traces that remember nothing, kept for as many iterations as the longest delay lasts.
    pub fn new(neurons: usize, traces: &[Trace], longest_delay: u32, dt: f64) -> Self {
        let kept = longest_delay as usize + 1;
        let is_slow = |trace: &Trace| IS_SINGLE && dt / trace.tau < LEAST_DECAY;
        let course = |trace: &Trace| Course {
            now: Column::filled(0.0, neurons),
            rest: Column::filled(0.0, if is_slow(trace) { neurons } else { 0 }),
            seen: Column::filled(0.0, trace.seen(neurons, kept).unwrap_or_default()),
            ..Course::empty(trace, dt)
        };
        let of = (traces.to_vec(), dt);
        Self { of, neurons, traces: traces.iter().map(course).collect(), kept, head: 0 }
    }

    /// Memory (bytes) of so many traces, at most.
    pub const fn bytes(neurons: u64, traces: usize, longest_delay: u64) -> u64 {
        let numbers = (traces as u64).saturating_mul(neurons).saturating_mul(longest_delay.saturating_add(2));
        numbers.saturating_mul(size_of::<Real>() as u64)
    }

    /// Whether these are such traces of so many neurons.
    pub fn holds(&self, traces: &[Trace], neurons: usize, dt: f64) -> bool {
        (&self.of.0[..], self.neurons, self.of.1) == (traces, neurons, dt)
    }

    /// The longest delay (steps) for which traces are kept.
    pub const fn longest_delay(&self) -> u32 {
        self.kept.saturating_sub(1) as u32
    }

    /// Goes through everything that is remembered: see [`State`](crate::network::State).
    pub fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        let here = (self.of.clone(), self.neurons as u64, self.kept as u64, self.head as u64);
        let ((traces, dt), neurons, kept, head) = archive.through(&here)?.unwrap_or(here);
        let [neurons, kept, head] = [neurons, kept, head].map(|number| number as usize);
        if head >= kept.max(1) || (kept == 0 && !traces.is_empty()) {
            return Err(ArchiveError::Form);
        }
        if archive.restores() {
            // Numbers come one by one below, and take room only as they come.
            let empty = traces.iter().map(|trace| Course::empty(trace, dt)).collect();
            *self = Self { of: (traces.clone(), dt), neurons, traces: empty, kept, head };
        }
        for (k, trace) in traces.iter().enumerate() {
            let mut none = Course::default();
            let course = self.traces.get_mut(k).unwrap_or(&mut none);
            let rests = archive.whole(&mut course.rest)?;
            let lengths = [archive.whole(&mut course.now)?, archive.whole(&mut course.seen)?];
            if (rests != 0 && rests != neurons)
                || lengths[0] != neurons
                || Some(lengths[1]) != trace.seen(neurons, kept)
            {
                return Err(ArchiveError::Form);
            }
        }
        Ok(())
    }

    /// Advances by a step, in which nobody has fired yet.
    pub fn decay(&mut self) {
        self.head = (self.head + 1) % self.kept;
        let latest = self.head * self.neurons..(self.head + 1) * self.neurons;
        for Course { decay, lost, last_step, now, rest, seen, .. } in &mut self.traces {
            let seen = seen.get_mut(latest.clone()).unwrap_or_default();
            if *last_step {
                seen.copy_from_slice(now);
                now.fill(0.0);
                continue;
            }
            if !rest.is_empty() {
                for (now, rest) in now.iter_mut().zip(rest.iter_mut()) {
                    (*now, *rest) = moved(*now, *rest, -*lost * *now);
                }
            } else {
                dispatch(
                    #[inline(always)]
                    || now.iter_mut().for_each(|now| *now = or_zero(*now * *decay)),
                );
            }
            if !seen.is_empty() {
                seen.copy_from_slice(now);
            }
        }
    }

    /// Adds the spikes of the iteration, which later ones will see.
    pub fn add(&mut self, spikes: &[u32]) {
        for Course { pairing, now, .. } in &mut self.traces {
            for &spike in spikes {
                if let Some(now) = now.get_mut(spike as usize) {
                    *now = if *pairing == Pairing::All { *now + 1.0 } else { 1.0 };
                }
            }
        }
    }

    /// The traces of all neurons as they were so many iterations ago.
    pub fn seen<const N: usize>(&self, delay: u32) -> [&[Real]; N] {
        let place = (self.head + self.kept - (delay as usize).min(self.kept - 1)) % self.kept;
        let range = place * self.neurons..(place + 1) * self.neurons;
        std::array::from_fn(|k| {
            let Some(Course { now, seen, .. }) = self.traces.get(k) else { return &[][..] };
            if seen.is_empty() { now } else { seen.get(range.clone()).unwrap_or_default() }
        })
    }
}

/// The traces of a neuron.
#[inline(always)]
pub(super) fn at<const N: usize>(traces: &[&[Real]; N], neuron: usize) -> [Real; N] {
    traces.map(|trace| trace.get(neuron).copied().unwrap_or_default())
}
