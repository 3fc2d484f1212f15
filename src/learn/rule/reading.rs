//! From where the programs of a rule read: variables of both ends, columns of the groups, numbers of others.

use bevy_ecs::prelude::*;

use super::{
    ends::EndState,
    gather::{From, Reads},
    others::Others,
};
use crate::{
    equations::{Event, Read},
    network::shape::path_of,
    numeric::Real,
};

/// From where programs read.
pub(super) struct Reading<'a> {
    pub world: &'a World,
    pub others: &'a Others,
    /// Source and target.
    pub groups: (Entity, Entity),
    pub ends: (&'a EndState, &'a EndState),
    pub factors: &'a [(Entity, String)],
    /// The shortest delay and the longest (steps).
    pub delays: [u32; 2],
    /// The iteration, and its length (ms).
    pub now: (u32, f64),
}

impl<'a> Reading<'a> {
    /// What an event reads.
    pub fn of(&self, event: &Event) -> Result<Reads<'a>, String> {
        let [shortest, longest] = self.delays;
        let (sources, targets) = self.ends;
        let from = |read: &Read| {
            Ok(match read {
                Read::Pre(k) => From::Sources(sources.kept(*k)),
                Read::Post(k) => From::OfTarget(targets.kept(*k)),
                Read::OfSource(name) => From::OfSource(self.others.of_group(self.world, self.groups.0, name)?),
                Read::OfTarget(name) => From::OfTarget(self.others.of_group(self.world, self.groups.1, name)?),
                Read::Factor(k) => From::All(self.factor(*k)?),
                Read::Since => From::Since,
                Read::Normal => From::All(0.0),
            })
        };
        let from = event.reads.iter().map(from).collect::<Result<_, String>>()?;
        let slots = (shortest..=longest).map(|delay| sources.slot(delay) as u32).collect();
        Ok(Reads { from, shortest, slots, now: self.now })
    }

    fn factor(&self, k: usize) -> Result<Real, String> {
        let (group, variable) = self.factors.get(k).ok_or("a factor is missing")?;
        match self.others.of_group(self.world, *group, variable)? {
            [x] => Ok(*x),
            all => Err(format!(
                "`{}` has {} neurons: a factor is of a group of one",
                path_of(self.world, *group),
                all.len()
            )),
        }
    }
}
