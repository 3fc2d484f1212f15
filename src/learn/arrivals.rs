//! What a rule remembers of the sources of a synapse group, whatever it goes by on the side of the targets: their traces,
//! the index of synapses by target, and which iteration is to follow.

use super::{
    incoming::Index,
    traces::{Side, Trace},
};
use crate::{
    network::{Clock, Layout, Size},
    numeric::{Archive, ArchiveError},
};

/// The sources of a synapse group, as its synapses see them.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrivals {
    pub traces: Side,
    /// Where synapses are found; `None` for dense ones.
    index: Option<Index>,
    /// The iteration that is to follow.
    next: Option<u64>,
}

impl Arrivals {
    /// Whether the last iteration was seen, with these traces and as many sources.
    pub fn go_on(&self, traces: &[Trace], sources: usize, clock: &Clock) -> bool {
        self.next == Some(clock.iteration) && self.traces.holds(traces, sources, clock.dt)
    }

    /// Finds the synapses that are new, and forgets all spikes unless they are those of the last iteration, too; `sizes` are
    /// those of source and target group. Returns whether it forgot.
    ///
    /// Traces belong to neurons: they go on where synapses are rewired, as long as none is longer than spikes are kept for.
    pub fn follow(
        &mut self,
        traces: &[Trace],
        sizes: [usize; 2],
        (layout, is_new): (&Layout, bool),
        goes_on: bool,
        clock: &Clock,
    ) -> Result<bool, String> {
        let longest = match layout {
            Layout::Dense { delay, .. } => *delay,
            // While a rule is away, nobody tells it that synapses have changed.
            Layout::Sparse(rows) if is_new || !goes_on => {
                self.index.insert(Index::of(rows, sizes[1])?).incoming.longest_delay
            }
            Layout::Sparse(_) => self.traces.longest_delay(),
        };
        if goes_on && longest <= self.traces.longest_delay() {
            return Ok(false);
        }
        self.traces = Side::new(sizes[0], traces, longest, clock.dt);
        Ok(true)
    }

    /// Goes through what is remembered of the sources; what is under way is found again.
    pub fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        if let (true, Some(index)) = (archive.restores(), &mut self.index) {
            index.in_flight.begin_anew();
        }
        archive.value(&mut self.next)?;
        self.traces.persist(archive)
    }

    /// Memory (bytes) for so many traces: theirs, and that of the index of sparse synapses.
    pub fn bytes(traces: usize, size: Size) -> u64 {
        Index::bytes(size).saturating_add(Side::bytes(size.sources, traces, size.longest_delay))
    }

    /// The traces, and where synapses are found.
    pub const fn parts(&mut self) -> (&mut Side, Option<&mut Index>) {
        (&mut self.traces, self.index.as_mut())
    }

    /// Enters an iteration, in which no source has fired yet.
    pub fn enter(&mut self, clock: &Clock) {
        self.next = Some(clock.iteration + 1);
        self.traces.decay();
    }
}
