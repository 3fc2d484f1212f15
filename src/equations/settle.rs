//! What decays to nothing becomes nothing: numbers so small that a processor takes a hundred times as long over them would stay for ever.

use std::collections::{HashMap, HashSet};

use super::{
    graph::{Graph, Id, Node},
    operation::One,
};

impl Graph {
    /// Has columns be zero where they have decayed to nothing, by their places and their new numbers. Those can: where columns that
    /// go by no others are zero, and nothing reaches them, they stay so.
    pub(super) fn settle(&mut self, outputs: &mut [(u16, Id)]) {
        let mut own: HashSet<u16> = outputs.iter().map(|(place, _)| *place).collect();
        loop {
            let stays = |(place, id): &&(u16, Id)| own.contains(place) && self.rests(*id, &own);
            let kept: HashSet<u16> = outputs.iter().filter(stays).map(|(place, _)| *place).collect();
            if kept.len() == own.len() {
                break;
            }
            own = kept;
        }
        for (place, id) in outputs.iter_mut().filter(|(place, _)| own.contains(place)) {
            if self.node(*id) != Node::Column(*place) {
                *id = self.one(One::OrZero, *id);
            }
        }
    }

    /// Whether a number goes by no columns but these, and is zero where they are and nothing reaches them.
    fn rests(&self, id: Id, own: &HashSet<u16>) -> bool {
        let parts = self.parts(&[id]);
        let is_other = |part: &Id| matches!(self.node(*part), Node::Column(k) if !own.contains(&k));
        if parts.iter().any(is_other) {
            return false;
        }
        let mut numbers = HashMap::new();
        self.evaluate(&parts, &mut numbers, |node| match node {
            Node::Member(k) => self.member(k).first().copied().unwrap_or_default(),
            _ => 0.0,
        });
        numbers[&id] == 0.0
    }
}
