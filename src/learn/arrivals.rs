//! What a rule remembers of the sources of a synapse group, whatever it goes by on the side of the targets: their traces,
//! the index of synapses by target, and which iteration is to follow.

use super::{incoming::Incoming, spike_timing::Trace, traces::Side};
use crate::network::{Clock, Layout, Size};

/// The sources of a synapse group, as its synapses see them.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrivals {
    pub traces: Side,
    /// The synapses of each target; `None` for dense ones.
    pub incoming: Option<Incoming>,
    /// The iteration that is to follow.
    next: Option<u64>,
}

impl Arrivals {
    /// Whether the last iteration was seen, with these traces and as many sources.
    pub fn go_on(&self, traces: &[Trace], sources: usize, clock: &Clock) -> bool {
        self.next == Some(clock.iteration) && self.traces.holds(traces, sources, clock.dt)
    }

    /// Forgets all spikes, and makes the index of synapses that are new; `sizes` are those of source and target group.
    pub fn begin(
        &mut self,
        traces: &[Trace],
        sizes: [usize; 2],
        (layout, is_new): (&Layout, bool),
        clock: &Clock,
    ) -> Result<(), String> {
        let longest = match layout {
            Layout::Dense { delay, .. } => *delay,
            Layout::Sparse(rows) => {
                let known = self.incoming.take().filter(|_| !is_new).or_else(|| Incoming::of(rows, sizes[1]));
                self.incoming.insert(known.ok_or("more plastic synapses than 32 bits count")?).longest_delay
            }
        };
        self.traces = Side::new(sizes[0], traces, longest, clock.dt);
        Ok(())
    }

    /// Memory (bytes) for so many traces: theirs, and that of the index of sparse synapses.
    pub fn bytes(traces: usize, size: Size) -> u64 {
        let index = if size.dense { 0 } else { Incoming::bytes(size.members, size.targets, size.punctual) };
        index.saturating_add(Side::bytes(size.sources, traces, size.longest_delay))
    }

    /// Enters an iteration, in which no source has fired yet.
    pub fn enter(&mut self, clock: &Clock) {
        self.next = Some(clock.iteration + 1);
        self.traces.decay();
    }
}
