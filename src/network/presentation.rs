//! What is presented to a group: which stimulus is on, for those who sort responses by it.

use bevy_ecs::prelude::*;

/// On a neuron group to which stimuli are presented one after another, by whichever behaviour: it tells what is on in every
/// iteration, and nothing is in one of which it did not tell.
#[derive(Component, Clone, Debug, Default)]
pub struct Presented {
    /// The names of the blocks in which they are presented.
    pub blocks: Vec<String>,
    /// The presentation that was told last, and in which iteration.
    last: Option<(u64, Presentation)>,
}

/// A stimulus that is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presentation {
    /// Which presentation of the run it is, from 0.
    pub number: u64,
    /// The block that it belongs to.
    pub block: u32,
    /// Which stimulus it is, from 0.
    pub stimulus: u32,
    /// The class of the stimulus; the stimulus itself, where there are no classes.
    pub label: u32,
    /// Whether this is its first iteration.
    pub begins: bool,
    /// Whether this is its last iteration.
    pub ends: bool,
}

impl Presented {
    /// Tells what is on in an iteration.
    pub const fn show(&mut self, iteration: u64, presentation: Presentation) {
        self.last = Some((iteration, presentation));
    }

    /// What is on in an iteration.
    #[must_use]
    pub fn at(&self, iteration: u64) -> Option<Presentation> {
        self.last.filter(|(told, _)| *told == iteration).map(|(_, presentation)| presentation)
    }
}
