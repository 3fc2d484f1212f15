//! Synapses that are given one by one, by whatever file: where they go, and what they bring.

use std::{ops::Range, sync::Arc};

use crate::{
    network::{Endpoints, Rule},
    value::Pairs,
};

/// Given synapses, sorted by target; those of a target keep their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Edges {
    /// By their places among those that take part.
    pub sources: Vec<u32>,
    /// Where the synapses of each neuron of the target group begin; one more for the end.
    starts: Vec<usize>,
    weights: Option<Vec<f64>>,
    delays: Option<Vec<f64>>,
}

/// Given synapses as a file lists them.
#[derive(Clone, Debug, Default)]
pub(super) struct Listed {
    pub sources: Vec<u32>,
    pub targets: Vec<u32>,
    pub weights: Option<Vec<f64>>,
    /// In ms.
    pub delays: Option<Vec<f64>>,
}

impl Listed {
    /// Refuses the first synapse, by its place, that leads beyond the groups or brings what is no number.
    pub fn check(&self, sources: usize, targets: usize) -> Result<(), (usize, String)> {
        for (k, (&i, &j)) in self.sources.iter().zip(&self.targets).enumerate() {
            for (index, len, side) in [(i, sources, "source"), (j, targets, "target")] {
                if index as usize >= len {
                    return Err((k, format!("{side} {index} does not exist: there are {len} (they count from 0)")));
                }
            }
        }
        for (values, what) in [(&self.weights, "weight"), (&self.delays, "delay")] {
            let bad = values.iter().flatten().enumerate().find(|(_, value)| !value.is_finite());
            if let Some((k, value)) = bad {
                return Err((k, format!("the {what} is {value}, which is not a finite number")));
            }
        }
        match self.delays.iter().flatten().enumerate().find(|(_, delay)| **delay <= 0.0) {
            Some((k, delay)) => Err((k, format!("the delay is {delay} ms; it must be above zero"))),
            None => Ok(()),
        }
    }

    /// With sources and targets exchanged.
    pub fn transposed(self) -> Self {
        Self { sources: self.targets, targets: self.sources, ..self }
    }

    /// Without the synapses whose weight is 0.
    pub fn without_zeros(self) -> Self {
        let Some(weights) = &self.weights else { return self };
        let kept: Vec<usize> = (0..weights.len()).filter(|&k| weights[k] != 0.0).collect();
        let floats = |values: &Vec<f64>| kept.iter().map(|&k| values[k]).collect();
        Self {
            sources: kept.iter().map(|&k| self.sources[k]).collect(),
            targets: kept.iter().map(|&k| self.targets[k]).collect(),
            weights: self.weights.as_ref().map(floats),
            delays: self.delays.as_ref().map(floats),
        }
    }

    /// Sorts by target. Numbers of sources and targets are those of the neurons that take part, as the scene lists them.
    pub fn sorted(&self, sides: &Endpoints) -> Edges {
        let targets: Vec<usize> =
            self.targets.iter().map(|&target| sides.target(sides.listed_target(target as usize))).collect();
        let source = |k: usize| sides.listed_source(self.sources[k] as usize) as u32;
        let mut order: Vec<usize> = (0..targets.len()).collect();
        order.sort_by_key(|&k| targets[k]);
        let neurons = sides.target_group.size();
        let mut starts = vec![0; neurons + 1];
        for &target in &targets {
            starts[target + 1] += 1;
        }
        for target in 0..neurons {
            starts[target + 1] += starts[target];
        }
        let pick = |values: &Option<Vec<f64>>| values.as_ref().map(|values| order.iter().map(|&k| values[k]).collect());
        Edges {
            sources: order.iter().map(|&k| source(k)).collect(),
            starts,
            weights: pick(&self.weights),
            delays: pick(&self.delays),
        }
    }
}

impl Edges {
    fn pick(&self, values: &Option<Vec<f64>>, pairs: &Pairs) -> Option<Vec<f64>> {
        let values = values.as_ref()?;
        // A key is a target and the place of a synapse among the target's.
        let place = |&key: &u64| self.starts[(key >> 32) as usize] + key as u32 as usize;
        Some(pairs.keys.iter().map(|key| values[place(key)]).collect())
    }
}

impl Rule for Arc<Edges> {
    fn generate(
        &self,
        sides: &Endpoints,
        targets: Range<usize>,
        emit: &mut dyn FnMut(usize, usize),
    ) -> Result<(), String> {
        for t in targets {
            let target = sides.target(t);
            self.sources[self.starts[target]..self.starts[target + 1]].iter().for_each(|&s| emit(s as usize, t));
        }
        Ok(())
    }

    fn weights(&self, pairs: &Pairs) -> Option<Vec<f64>> {
        self.pick(&self.weights, pairs)
    }

    fn delays(&self, pairs: &Pairs) -> Option<Vec<f64>> {
        self.pick(&self.delays, pairs)
    }

    fn has_delays(&self) -> bool {
        self.delays.is_some()
    }
}
