//! What a rule by equations keeps on its synapse group: the variables of synapses, which can be recorded, those of both ends, and
//! what runs.

use std::collections::BTreeMap;

use bevy_ecs::{change_detection::Tick, prelude::*};

use super::{super::incoming::Index, ends::EndState};
use crate::{
    equations::{Read, RunnableRule},
    network::{State, Variable, View, variable::VariableInfo},
    numeric::{
        Archive, ArchiveError, Column, Noises, Real, blocks::BLOCK, real::real, replace::NEW, rows::Synapse,
        stream::Stream,
    },
    value::{Formula, Value},
};

/// On a synapse group with a [`Rule`](super::Rule): its variables. Those of synapses can be recorded; ones that are solved from
/// spike to spike are as they were at the last one.
#[derive(Component, Clone, Debug, Default)]
pub struct RuleVariables {
    pub(super) synapses: Vec<(String, Column<Real>)>,
    /// The iteration in which each synapse was last seen to, the lower half of its number; empty where nobody asks.
    pub(super) last: Column<u32>,
    /// The random streams of synapses that take steps with noise, one per stretch of targets.
    pub(super) noises: Noises,
    /// Synapses whose variables are yet to begin; all of them until they have.
    pub(super) fresh: Fresh,
    pub(super) sources: EndState,
    pub(super) targets: EndState,
    pub(super) running: Option<Running>,
    /// Where synapses are found; `None` for dense ones.
    pub(super) index: Option<Index>,
    /// Source, target and delay of each synapse, where steps ask for them.
    pub(super) ends: Vec<Synapse>,
    /// When the synapses changed that the indices are of.
    pub(super) seen: Option<Tick>,
    /// The iteration that is to follow.
    pub(super) next: Option<u64>,
}

/// Synapses whose variables are yet to begin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Fresh {
    #[default]
    All,
    Some(Vec<u32>),
}

/// What runs, and from where variables begin.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub rule: RunnableRule,
    /// Iterations between steps of all synapses; 0 for none.
    pub every: u64,
    /// Variables of the ends at the start.
    pub of_neurons: BTreeMap<String, f64>,
    /// Variables of synapses at the start.
    pub of_synapses: BTreeMap<String, Value>,
    /// Variables of other groups.
    pub factors: Vec<(Entity, String)>,
    pub stream: Stream,
    /// Neurons of the group of targets.
    pub targets: usize,
}

impl Running {
    /// Where a variable of all synapses begins; those that differ do so before the next iteration.
    fn start(&self, name: &str) -> Real {
        let formula = self.of_synapses.get(name).and_then(|value| value.formula().ok());
        if let Some(Formula::Number(x)) = formula { real(x) } else { 0.0 }
    }

    /// How many noises there are.
    pub(super) fn noises(&self) -> usize {
        let reads = self.rule.every.iter().flat_map(|event| &event.reads);
        reads.filter(|read| **read == Read::Normal).count()
    }
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

    /// Runs a rule from now on.
    pub(super) fn run(&mut self, running: Running, synapses: usize) {
        self.running = Some(running);
        self.seen = None;
        self.make_room(synapses);
    }

    /// Room for what each synapse has besides its variables.
    fn make_room(&mut self, synapses: usize) {
        let Some(running) = &self.running else { return };
        self.last.resize(0, if running.rule.lazy { synapses } else { 0 });
        let mut noises = Noises::of(running.stream, running.targets.div_ceil(BLOCK), running.noises());
        noises.go_on(&mut self.noises);
        self.noises = noises;
    }

    /// Forgets all spikes.
    pub(super) fn forget(&mut self, sizes: [usize; 2], longest: u32) {
        let Some(running) = &self.running else { return };
        let start = |names: &[String]| -> Vec<f64> {
            names.iter().map(|name| running.of_neurons.get(name).copied().unwrap_or_default()).collect()
        };
        let kept = if longest > 0 { longest as usize + 1 } else { 0 };
        self.sources = EndState::new(sizes[0], kept, &start(&running.rule.pre.names));
        self.targets = EndState::new(sizes[1], 0, &start(&running.rule.post.names));
    }

    /// Goes through the synapses whose variables are yet to begin, a mark of each where there are some.
    fn persist_fresh(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        let places = match &self.fresh {
            // Nothing of synapses that have no variables is yet to begin.
            Fresh::Some(places) if !self.synapses.is_empty() => &places[..],
            _ => &[][..],
        };
        let all = archive.any(self.fresh == Fresh::All)?;
        let some = archive.any(!places.is_empty())?;
        let mut marks = vec![0_u8; if some { self.synapses.first().map_or(0, |(_, column)| column.len()) } else { 0 }];
        places.iter().for_each(|&place| marks[place as usize] = 1);
        if some {
            archive.column(&mut marks)?;
        }
        if archive.restores() {
            let marked = (0..).zip(&marks).filter(|(_, mark)| **mark != 0).map(|(place, _)| place);
            self.fresh = if all { Fresh::All } else { Fresh::Some(marked.collect()) };
        }
        Ok(())
    }

    /// Whether its memory is of so many neurons and delays.
    pub(super) const fn holds(&self, sizes: [usize; 2], longest: u32) -> bool {
        self.sources.holds(sizes[0], longest) && self.targets.holds(sizes[1], 0)
    }
}

impl State for RuleVariables {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        let synapses: Vec<String> = self.synapses.iter().map(|(name, _)| name.clone()).collect();
        let of_ends = |running: &Running| [&running.rule.pre, &running.rule.post].map(|end| end.names.clone());
        let names = (synapses, self.running.as_ref().map(of_ends));
        if archive.through(&names)?.is_some_and(|saved| saved != names) {
            return Err(ArchiveError::Refused("the rule has other variables".into()));
        }
        self.synapses.iter_mut().try_for_each(|(_, column)| archive.column(column))?;
        archive.column(&mut self.last)?;
        self.noises.persist(archive)?;
        self.persist_fresh(archive)?;
        archive.value(&mut self.next)?;
        if let (true, Some(index)) = (archive.restores(), &mut self.index) {
            index.in_flight.begin_anew();
        }
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
        let running = self.running.as_ref();
        for (name, column) in &mut self.synapses {
            column.resize(running.map_or(0.0, |running| running.start(name)), members);
        }
        self.make_room(members);
    }

    fn exchanged(&mut self, places: &[u32]) {
        let before = std::mem::take(&mut self.last);
        if !before.is_empty() {
            let now = self.next.unwrap_or_default() as u32;
            let last = places.iter().map(|place| before.get(*place as usize).copied().unwrap_or(now));
            self.last = last.collect::<Vec<_>>()[..].into();
        }
        let Fresh::Some(fresh) = &mut self.fresh else { return };
        // Those that had not begun yet have moved.
        let waits = |place: &u32| *place == NEW || fresh.contains(place);
        *fresh = (0..).zip(places).filter(|(_, place)| waits(place)).map(|(k, _)| k).collect();
        let Some(running) = &self.running else { return };
        for (name, column) in &mut self.synapses {
            let start = running.start(name);
            fresh.iter().for_each(|place: &u32| {
                if let Some(own) = column.get_mut(*place as usize) {
                    *own = start;
                }
            });
        }
    }
}
