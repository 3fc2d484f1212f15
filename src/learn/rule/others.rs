//! What a rule goes by that other ranks know: variables of the sources, numbers of other groups. Without ranks there is nothing here,
//! and it is read where it lies.

use bevy_ecs::prelude::*;

use super::variables::Running;
use crate::{
    equations::{Event, Read},
    network::{Owned, Ranks, Variables, View, shape::path_of},
    numeric::Real,
};

/// Variables of groups at all ranks.
#[derive(Debug, Default)]
pub(super) struct Others(Vec<(Entity, String, Vec<Real>)>);

impl Others {
    /// Has ranks tell one another what a rule reads of its sources and of other groups, and of its steps where one is due. Whatever
    /// else goes wrong at one of them, all of them come by here.
    pub fn told(world: &World, source: Entity, running: &Running, step_is_due: bool) -> Result<Self, String> {
        let mut told = Self::default();
        let Some(ranks) = world.get_resource::<Ranks>() else { return Ok(told) };
        let rule = &running.rule;
        let mut asked: Vec<(Entity, &String)> = rule.pre.reads.iter().map(|name| (source, name)).collect();
        let every = rule.every.as_ref().filter(|_| step_is_due);
        let events = [rule.on_pre.as_ref(), rule.on_post.as_ref(), every].into_iter().flatten();
        asked.extend(events.flat_map(|event: &Event| &event.reads).filter_map(|read| match read {
            Read::OfSource(name) => Some((source, name)),
            Read::Factor(k) => running.factors.get(*k).map(|(group, name)| (*group, name)),
            _ => None,
        }));
        for (group, name) in asked {
            if told.find(group, name).is_none() {
                let here = Self::default();
                let own = here.of_group(world, group, name)?;
                let all = Ranks::shared(Some(ranks), world.get::<Owned>(group), own).into_owned();
                told.0.push((group, name.clone(), all));
            }
        }
        Ok(told)
    }

    /// A variable of a group.
    ///
    /// # Errors
    /// There is none.
    pub fn of_group<'a>(&'a self, world: &'a World, group: Entity, name: &str) -> Result<&'a [Real], String> {
        if let Some(told) = self.find(group, name) {
            return Ok(told);
        }
        let nothing = || format!("`{}` has no variable `{name}`", path_of(world, group));
        let variables = world.get_resource::<Variables>().ok_or_else(nothing)?;
        match variables.view(world.get_entity(group).map_err(|_| nothing())?, name) {
            Some(View::Real(numbers)) => Ok(numbers),
            _ => Err(nothing()),
        }
    }

    fn find(&self, group: Entity, name: &str) -> Option<&[Real]> {
        self.0.iter().find(|(of, known, _)| (*of, known.as_str()) == (group, name)).map(|(.., all)| &all[..])
    }
}
