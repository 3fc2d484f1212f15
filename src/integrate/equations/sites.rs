//! What reaches the neurons of equations: at themselves, and at their compartments, whose potentials are columns of the program.

use bevy_ecs::{entity::EntityHashMap, prelude::*, relationship::RelationshipTarget};
use smallvec::SmallVec;

use crate::{
    network::{CompartmentOf, Compartments, Conductance, Input, Jump, V},
    numeric::Real,
};

/// What reaches a site.
pub(super) type Reaching<'a> = (&'a Input, Option<&'a Conductance>, Option<&'a Jump>);

/// What all sites of a group have to say; nearly always there is one.
pub(super) type All<'a> = SmallVec<[Reaching<'a>; 1]>;

/// A compartment.
pub(super) type Compartment =
    (Entity, &'static Name, &'static Input, &'static Conductance, Option<&'static Jump>, &'static mut V);

/// What reaches a compartment, its name and its potential.
type Found<'q> = (&'q str, Reaching<'q>, &'q mut [Real]);

/// The compartments of all groups, since a pass that is shared among threads holds them until its end.
pub(super) struct Sites<'q>(EntityHashMap<Found<'q>>);

impl<'q> Sites<'q> {
    pub fn new(compartments: &'q mut Query<Compartment, With<CompartmentOf>>) -> Self {
        if compartments.is_empty() {
            return Self(EntityHashMap::new());
        }
        let found = |(entity, name, input, conductance, jump, v): (Entity, &'q Name, _, _, _, Mut<'q, V>)| {
            (entity, (name.as_str(), (input, Some(conductance), jump), &mut v.into_inner().0[..]))
        };
        Self(compartments.iter_mut().map(found).collect())
    }

    /// Those of a group by their names; the name of one that is missing.
    pub fn take<'n>(
        &mut self,
        own: Option<&Compartments>,
        names: &'n [String],
    ) -> Result<Vec<(Reaching<'q>, &'q mut [Real])>, &'n str> {
        let own = own.into_iter().flat_map(RelationshipTarget::iter);
        let mut own: Vec<Found<'q>> = own.filter_map(|one| self.0.remove(&one)).collect();
        let mut named = |name: &'n String| {
            let place = own.iter().position(|(own, ..)| own == name).ok_or(name.as_str())?;
            let (_, reaching, v) = own.swap_remove(place);
            Ok((reaching, v))
        };
        names.iter().map(&mut named).collect()
    }
}

/// A bit for each that holds.
pub(super) fn bits(all: impl Iterator<Item = bool>) -> u64 {
    all.enumerate().fold(0, |bits, (k, holds)| bits | u64::from(holds) << k)
}
