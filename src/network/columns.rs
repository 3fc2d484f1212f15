//! The columns that rooms share: membrane potential, input, spikes. A column that one model alone uses stands in
//! that model's file.

use std::ops::Range;

use bevy_ecs::prelude::*;

use super::{
    history::History,
    parameter::Parameter,
    state::State,
    variable::{Variable, VariableInfo, View},
};
use crate::{
    numeric::{
        Archive, ArchiveError, Column, Real,
        blocks::{Cut, one_after_another},
        flags,
        pass::Pass,
        shares::{Effort, Shares},
    },
    variable,
};

variable! {
    /// Membrane potential.
    pub struct V = "v" in "mV";
}

variable! {
    /// Sum of what reaches a neuron in an iteration: synapses, noise, currents; in the unit of its model.
    pub struct Input = "input" in "";
}

/// On a neuron group: how its neurons are dealt out to threads; put in order before an iteration when groups or synapses
/// came, went or changed. Whatever has [`Input`] has it.
#[derive(Component, Clone, Debug, Default)]
pub struct ThreadShares(pub Shares);

/// A column that sums up what reaches a neuron in an iteration in another form than a current. A model that can take it
/// requires the component; a receptor that gives it says so with [`used`](Self::used), and is refused by other models.
macro_rules! drive {
    ($(#[doc = $docs:literal])+ $type:ident = $name:literal in $unit:literal;) => {
        $(#[doc = $docs])+
        #[derive(Component, Clone, Debug, Default)]
        pub struct $type {
            /// The sum, one per neuron; cleared at the start of an iteration.
            pub sum: Column<Real>,
            /// Whether anybody ever adds to it: a model need not look at it before.
            pub used: bool,
            /// Whether a host or a scene has ever given some.
            pub given: bool,
        }

        impl $type {
            /// The variable's name in scenes, recordings and addresses.
            pub const NAME: &str = $name;

            /// Whether there may be any.
            #[inline]
            #[must_use]
            pub const fn is_used(&self) -> bool {
                self.used || self.given
            }

            /// The sums, or nothing where nobody adds to them.
            #[must_use]
            pub fn get(&self) -> &[Real] {
                if self.is_used() { &self.sum } else { &[] }
            }
        }

        impl State for $type {
            fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
                archive.any_of(&mut self.given)?;
                archive.column(&mut self.sum)
            }
        }

        impl Variable for $type {
            fn describe(&self) -> Vec<VariableInfo> {
                let docs = concat!($($docs),+).trim().trim_end_matches('.').into();
                vec![VariableInfo { name: $name.into(), unit: $unit.into(), docs, bytes: size_of::<Real>() }]
            }

            fn view(&self, name: &str) -> Option<View<'_>> {
                (name == $name).then(|| View::Real(&self.sum))
            }

            fn set(&mut self, name: &str, values: &mut dyn Iterator<Item = Real>) -> bool {
                if name == $name {
                    self.sum.iter_mut().zip(values).for_each(|(old, new)| *old = new);
                }
                name == $name
            }

            fn resize(&mut self, members: usize) {
                self.sum.resize(0.0, members);
            }
        }
    };
}

drive! {
    /// Sum of the conductances that are open in an iteration; with `input` the current is input − conductance · v.
    Conductance = "conductance" in "nS";
}

drive! {
    /// Sum of the jumps of the membrane potential at the start of an iteration.
    Jump = "jump" in "mV";
}

/// The time constant (ms) of a linear membrane, which a model with such a membrane states once its parameters are
/// sampled: receptors with dynamics of their own are then integrated exactly together with it.
#[derive(Component, Clone, Debug)]
pub struct Membrane {
    /// The time constant, for all neurons or for each.
    pub tau: Parameter,
}

/// The spikes of the iteration: a mark per neuron, and the list of those that fired; and the lists of iterations before,
/// as far back as delays reach.
#[derive(Component, Clone, Debug)]
#[require(Input)]
pub struct Spikes {
    fired: Column<u8>,
    lists: History<u32>,
    total: u64,
    /// Those in the care of this rank, where ranks share the group: the others are in lists, and nowhere else.
    own: Option<(u32, u32)>,
    /// Lists, the latest and some before it, that have come to hold all who fired in this iteration; see [`news`](Self::news).
    told: u32,
    /// Lists before the latest that are asked for, and saved; there may be more.
    reach: u32,
    /// Spikes of each own neuron since [`count`](Self::count), by which one that runs away is found.
    counts: Option<Vec<u32>>,
    /// Where somebody has written potentials, those who fired in the last iteration before; at the start nobody.
    counted: Option<Vec<u32>>,
}

impl Default for Spikes {
    fn default() -> Self {
        let (fired, lists) = (Column::default(), History::default());
        Self { fired, lists, total: 0, own: None, told: 1, reach: 0, counts: None, counted: Some(Vec::new()) }
    }
}

impl Spikes {
    /// The neurons that fired in the last iteration, ascending.
    #[must_use]
    pub fn neurons(&self) -> &[u32] {
        self.lists.latest()
    }

    /// The lists of the last iterations, as many as are kept.
    #[must_use]
    pub const fn history(&self) -> &History<u32> {
        &self.lists
    }

    /// Keeps the lists of `ages` iterations before the last one from now on, if fewer were kept.
    pub fn keep(&mut self, ages: u32) {
        self.reach = self.reach.max(ages);
        self.lists.keep(ages);
    }

    /// The lists that have come to hold all who fired in this iteration, the oldest first, each with its age (iterations): the latest, but
    /// where ranks tell one another some iterations at a time.
    pub fn news(&self) -> impl Iterator<Item = (u32, &[u32])> {
        (0..self.told).rev().map(|age| (age, self.lists.before(age)))
    }

    /// Begins an iteration, in which nobody has fired yet; its predecessors grow older.
    ///
    /// If nobody [`collect`](Self::collect)s, because the model is switched off, the group is silent.
    #[inline]
    pub fn begin(&mut self) {
        let (latest, first) = (self.lists.latest(), self.own.map_or(0, |(first, _)| first));
        let counts = self.counts.as_deref_mut().unwrap_or_default();
        for &neuron in self.own.map_or(latest, |own| between(latest, own)) {
            if let Some(mark) = self.fired.get_mut(neuron as usize) {
                *mark = 0;
            }
            if let Some(count) = counts.get_mut((neuron - first) as usize) {
                *count += 1;
            }
        }
        self.lists.begin();
    }

    /// Whether a neuron fired in the last iteration, be it another rank's.
    #[must_use]
    pub fn has(&self, neuron: u32) -> bool {
        self.neurons().binary_search(&neuron).is_ok()
    }

    /// The marks of the last iteration: 1 where a neuron fired, else 0; of ranks that share the group those of own neurons.
    #[must_use]
    pub fn fired(&self) -> &[u8] {
        &self.fired
    }

    /// The marks, for a model to write; [`collect`](Self::collect) must follow.
    pub fn fired_mut(&mut self) -> &mut [u8] {
        &mut self.fired
    }

    /// Lists the neurons that are marked.
    pub fn collect(&mut self) {
        let Self { fired, lists, .. } = self;
        let neurons = lists.latest_mut();
        neurons.clear();
        flags::list(fired, neurons);
        self.total += neurons.len() as u64;
    }

    /// Runs the kernel of a model on each block of its columns and of the marks, and lists the neurons that are marked:
    /// [`Pass::by_blocks`] and [`collect`](Self::collect) in one.
    #[inline]
    pub fn by_blocks<'a, C: Cut + 'a>(
        &'a mut self,
        effort: Effort,
        pass: &mut Pass<'a>,
        ThreadShares(shares): &ThreadShares,
        columns: C,
        kernel: impl Fn(C, &mut [u8]) + Clone + Send + 'a,
    ) {
        let kernel = move |(columns, fired): (C, &mut [u8])| kernel(columns, fired);
        if shares.cut(self.fired.len(), effort) {
            self.share(pass, (shares, effort), columns, kernel);
        } else {
            one_after_another(self.fired.len(), (columns, &mut self.fired[..]), &kernel);
            self.collect();
        }
    }

    #[cold]
    fn share<'a, C: Cut + 'a>(
        &'a mut self,
        pass: &mut Pass<'a>,
        (shares, effort): (&Shares, Effort),
        columns: C,
        kernel: impl Fn((C, &mut [u8])) + Clone + Send + 'a,
    ) {
        let Self { fired, lists, total, .. } = self;
        let (len, columns) = (fired.len(), (columns, &mut fired[..]));
        let work = move |first: usize, (columns, fired): (C, &mut [u8])| {
            let mut neurons = Vec::new();
            one_after_another(fired.len(), (columns, &mut *fired), &kernel);
            flags::list(fired, &mut neurons);
            neurons.iter_mut().for_each(|neuron| *neuron += first as u32);
            neurons
        };
        pass.by_shares_and(effort, (shares, len), columns, work, |shares| {
            let neurons = lists.latest_mut();
            neurons.clear();
            shares.iter().for_each(|share| neurons.extend(share));
            *total += neurons.len() as u64;
        });
    }

    /// Somebody has written potentials since the last iteration: whoever fired in it is above the threshold by itself.
    pub(super) fn remember_counted(&mut self) {
        self.counted = Some(self.lists.latest().to_vec());
    }

    /// In the first iteration after somebody has written potentials, those who fired in the last one before.
    #[inline]
    pub fn take_counted(&mut self) -> Option<Vec<u32>> {
        self.counted.take()
    }

    /// The number of spikes since the group was made.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// Counts the spikes of each neuron from the last iteration on.
    pub(super) fn count(&mut self) {
        let own = self.counted_neurons();
        let counts = self.counts.get_or_insert_default();
        counts.clear();
        counts.resize(own.len(), 0);
    }

    /// The spikes of each own neuron since [`count`](Self::count), without those of the last iteration, and the first of them; `None`
    /// where others were counted, or none.
    pub(super) fn counts(&self) -> Option<(&[u32], usize)> {
        let (counts, own) = (self.counts.as_deref()?, self.counted_neurons());
        (counts.len() == own.len()).then_some((counts, own.start))
    }

    fn counted_neurons(&self) -> Range<usize> {
        self.own.map_or(0..self.fired.len(), |(first, end)| first as usize..end as usize)
    }

    /// Marks and lists the spikes of an iteration, for tests and for sources of given spikes.
    ///
    /// Neurons beyond the group are ignored.
    pub fn set_neurons(&mut self, neurons: &[u32]) {
        self.fired.fill(0);
        self.mark(neurons);
    }

    /// Lets neurons fire in this iteration beside those that do.
    ///
    /// Neurons beyond the group are ignored.
    pub fn add_neurons(&mut self, neurons: &[u32]) {
        self.total -= self.lists.latest().len() as u64;
        self.mark(neurons);
    }

    /// The spikes `age` iterations before the last one of neurons that are in the care of this rank.
    pub(crate) fn own(&self, age: u32, own: &Range<usize>) -> &[u32] {
        between(self.lists.before(age), (own.start as u32, own.end as u32))
    }

    /// Of ranks that share the group, these neurons are in the care of this one.
    pub(crate) const fn take_care_of(&mut self, own: &Range<usize>) {
        self.own = Some((own.start as u32, own.end as u32));
    }

    /// The lists of so many iterations are to be told by all ranks together.
    pub(crate) fn wait(&mut self, iterations: u32) {
        self.told = 0;
        self.lists.keep(iterations);
    }

    /// The neurons that fired `age` iterations before the last one are these, which ranks have given one after another, each ascending.
    pub(crate) fn agree<'n>(&mut self, age: u32, of_ranks: impl Iterator<Item = &'n [u32]>) {
        self.total -= self.lists.before(age).len() as u64;
        self.lists.replace(age, of_ranks.flatten().copied());
        self.total += self.lists.before(age).len() as u64;
        self.told += 1;
    }

    fn mark(&mut self, neurons: &[u32]) {
        for &neuron in neurons {
            if let Some(mark) = self.fired.get_mut(neuron as usize) {
                *mark = 1;
            }
        }
        self.collect();
    }
}

/// Of some ascending neurons those from the first on that come before the end.
fn between(neurons: &[u32], (first, end): (u32, u32)) -> &[u32] {
    let [from, to] = [first, end].map(|end| neurons.partition_point(|&neuron| neuron < end));
    &neurons[from..to]
}

impl State for Spikes {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        archive.column(&mut self.fired)?;
        archive.value(&mut self.total)?;
        archive.value(&mut self.counted)?;
        self.lists.persist_lists(archive, self.reach)?;
        if archive.restores() {
            self.reach = self.reach.max(self.lists.reach());
        }
        Ok(())
    }
}

impl Variable for Spikes {
    fn describe(&self) -> Vec<VariableInfo> {
        vec![VariableInfo {
            name: "fired".into(),
            unit: String::new(),
            docs: "Whether the neuron fired in the iteration".into(),
            bytes: size_of::<u8>() + size_of::<u32>(),
        }]
    }

    fn view(&self, name: &str) -> Option<View<'_>> {
        (name == "fired").then(|| View::Bool(&self.fired))
    }

    fn set(&mut self, name: &str, values: &mut dyn Iterator<Item = Real>) -> bool {
        if name == "fired" {
            self.fired.iter_mut().zip(values).for_each(|(mark, value)| *mark = u8::from(value != 0.0));
            self.collect();
        }
        name == "fired"
    }

    fn resize(&mut self, members: usize) {
        self.fired.resize(0, members);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_the_marked_neurons_in_ascending_order() {
        let mut spikes = Spikes::default();
        spikes.resize(21);
        spikes.set_neurons(&[20, 3, 8, 7, 99]);
        assert_eq!(spikes.neurons(), [3, 7, 8, 20]);
        assert_eq!(spikes.fired().iter().map(|&mark| usize::from(mark)).sum::<usize>(), 4);
    }

    #[test]
    fn a_group_whose_model_is_switched_off_falls_silent() {
        let mut spikes = Spikes::default();
        spikes.resize(3);
        spikes.set_neurons(&[1]);
        spikes.begin();
        assert_eq!((spikes.neurons(), spikes.fired()), (&[][..], &[0, 0, 0][..]));
    }
}
