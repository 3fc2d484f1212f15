//! Rules of plasticity whose equations stand in the scene.
//!
//! ```text
//! model:   dx/dt = −x/tau_plus : pre;  dy/dt = −y/tau_minus : post;  w : bounds 0 w_max
//! on_pre:  w −= a_minus·y;  x += 1
//! on_post: w += a_plus·x;   y += 1
//! ```
//! A variable is of the source (`: pre`), of the target (`: post`) or of the synapse (`: synapse`); `w` is the weight. Equations of
//! synapses take a step of `every` ms, all at once; without it, those that are linear in themselves and go by nothing else that
//! changes are solved from spike to spike. What a spike does to variables of its own neuron happens when it is fired, what it does to synapses when it is there: a
//! delay lies in the axon, as for [`spike_timing`](super::spike_timing). Variables of neurons are read as they were before the
//! spikes of the iteration, and where both are at a synapse in one, the source is first. `efficacy` is the factor on the weight of
//! the spike that is fired. `NAME_pre` and `NAME_post` are variables of the groups: `v_post`; `factors` are numbers of other groups.

mod ends;
mod events;
mod gather;
mod noise;
mod others;
mod parts;
mod reading;
mod steps;
#[cfg(test)]
mod tests;
mod variables;

use std::collections::BTreeMap;

use bevy_app::App;
use bevy_ecs::prelude::*;

pub use variables::RuleVariables;
use variables::Running;

use super::{
    bounds::{WeightBounds, check_tried},
    incoming::Index,
};
use crate::{
    behaviour,
    equations::{Method, RuleModel, RuleSurroundings, Wrong, is_taken},
    network::{
        Address, AddressError, Behaviour, Efficacies, EquationText, InitialValues, Kind, NamedTexts, NeuronGroup,
        Parameter, Preparation, PrepareError, PrepareFault, Range, RegisterVariable, Size, Target, Unit, Variables,
        Weights, shape::shape, synapse_values::numbers_at,
    },
    numeric::{Real, grid, real::wide, rows::Synapse},
    schedule::{AddToStage, Stage},
    value::{Fault, Formula, Value, ValueError},
};

behaviour! {
    /// A rule of plasticity by equations: variables of either end and of synapses, and what spikes do.
    ///
    /// Without any text pairs of spikes, as `Stdp`: like `pairs` of the library, with `tau` 20, `a_plus` 0.01, `a_minus` 0.0105, and bounds 0 and 1.
    #[require(RuleVariables, WeightBounds)]
    pub struct Rule {
        /// Equations, one a line: `dx/dt = -x/tau : pre`; `: post` of the target, `: synapse` of the synapse, `w : bounds 0 1`.
        pub model: EquationText,
        /// Numbers that the equations name.
        pub parameters: BTreeMap<String, Parameter>,
        /// Variables at the start, by name; others start at 0. Those of synapses may differ as weights do, `"normal(0.01, 0.001)"`: one
        /// that nothing changes is a parameter of each synapse.
        pub initial: InitialValues,
        /// What a spike of the source does: to its own variables when it is fired, to synapses when it arrives.
        pub on_pre: EquationText,
        /// What a spike of the target does.
        pub on_post: EquationText,
        /// The interval in which all synapses take a step of their own equations, rounded to iterations; 0 for none.
        #[reflect(@Unit("ms"), @Range::NOT_NEGATIVE)]
        pub every: f64 = 0.0,
        /// How equations of synapses are integrated then.
        pub method: Method,
        /// Numbers of other groups, by name: the address of a variable of a group of one neuron, `{"reward": "critic.rate"}`.
        pub factors: NamedTexts,
    }
}

/// Variables at the start: of neurons, of synapses.
type Starts = (BTreeMap<String, f64>, BTreeMap<String, Value>);

/// The model of pairs, what spikes of either side do in it, and its parameters.
const PAIRS: [&str; 3] =
    ["dx/dt = -x/tau : pre; dy/dt = -y/tau : post; w : bounds 0 1", "w -= a_minus*y; x += 1", "w += a_plus*x; y += 1"];
const OF_PAIRS: [(&str, f64); 3] = [("tau", 20.0), ("a_plus", 0.01), ("a_minus", 0.0105)];

impl Behaviour for Rule {
    const KIND: Kind = Kind::Synapses;
    const LIBRARY: &'static str = include_str!("library.ron");

    fn plugin(app: &mut App) {
        app.register_variable::<RuleVariables>();
        app.add_behaviour_system::<Self, _>(Stage::Learn, events::learn);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        self.are_pairs_if_nothing_is_said();
        let model = self.read(preparation)?;
        self.check_names(preparation, &model)?;
        let entity = preparation.entity();
        let mut group = preparation.world().entity_mut(entity);
        if let Some(mut variables) = group.get_mut::<RuleVariables>() {
            variables.have(&model.of_synapses());
        }
        if self.on_pre.0.contains("efficacy") {
            group.insert_if_new(Efficacies::default());
        }
        Ok(())
    }

    fn complete(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let model = self.read(preparation)?;
        if let Some((name, _)) = self.parameters.iter().find(|(_, parameter)| parameter.uniform().is_none()) {
            let why = "a parameter of a rule is one number: what differs between synapses is a variable, `: synapse`, with its `initial`";
            let error = ValueError::from(Fault::Equation(why.into()));
            return Err(preparation.fault(format!("parameters.{name}"), error.into()));
        }
        let constants = preparation.outside()?;
        let number = |name: &str| {
            let own = self.parameters.get(name).and_then(Parameter::uniform).map(wide);
            own.or_else(|| constants.number(name).filter(|_| !self.factors.0.contains_key(name)))
        };
        let dt = preparation.clock().dt;
        let every = if self.every > 0.0 { grid::rounded(self.every, dt).max(1.0) } else { 0.0 };
        let names: Vec<String> = self.factors.0.keys().cloned().collect();
        let around = RuleSurroundings { dt, every: every * dt, method: self.method, number: &number, factors: &names };
        let rule = model.runnable(&around);
        let rule = rule.map_err(|(part, error): Wrong| preparation.fault(part.field(), error.into()))?;
        let [least, most] = rule.bounds;
        if least >= most {
            let why = format!("the lower bound of `w`, {least}, must be below the upper one, {most}");
            return Err(preparation.fault("model", ValueError::from(Fault::Equation(why)).into()));
        }
        check_tried(preparation, rule.bounds)?;
        let (of_neurons, of_synapses) = self.initial_values(preparation, &model)?;
        let factors = self.factors_of(preparation)?;
        if preparation.is_trial() {
            return Ok(());
        }
        let stream = preparation.stream("noise");
        let targets = preparation.component::<Target>().map(|target| target.0);
        let targets = targets.and_then(|group| preparation.looked_at().get::<NeuronGroup>(group));
        let targets = targets.map_or(0, NeuronGroup::size);
        let running = Running { rule, every: every as u64, of_neurons, of_synapses, factors, stream, targets };
        let (entity, members) = (preparation.entity(), preparation.component::<Weights>().map_or(0, |own| own.0.len()));
        if let Some(mut variables) = preparation.world().entity_mut(entity).get_mut::<RuleVariables>() {
            variables.run(running, members);
        }
        Ok(())
    }

    fn memory(&self, size: Size) -> u64 {
        let traces = self.model.0.matches("pre").count() as u64
            * size.sources.saturating_mul(size.longest_delay.saturating_add(2))
            + self.model.0.matches("post").count() as u64 * size.targets.saturating_mul(2);
        let numbers = traces.saturating_mul(size_of::<Real>() as u64);
        let index = Index::bytes(size);
        // When each synapse was seen to, or which neurons it joins.
        let equations = self.model.0.contains("synapse");
        let each = if self.every > 0.0 { size_of::<Synapse>() } else { size_of::<u32>() };
        let of_each = if equations { size.members.saturating_mul(each as u64) } else { 0 };
        // What a noise is at each synapse, while a step is taken.
        let noises = self.model.0.matches("xi").count() * size_of::<Real>();
        let noise = size.members.saturating_mul(noises as u64);
        numbers.saturating_add(index).saturating_add(of_each).saturating_add(noise)
    }
}

impl Rule {
    /// A default for the texts together: one that somebody leaves out is no part of another rule.
    fn are_pairs_if_nothing_is_said(&mut self) {
        let texts = [&mut self.model, &mut self.on_pre, &mut self.on_post];
        if texts.iter().all(|text| text.0.trim().is_empty()) {
            texts.into_iter().zip(PAIRS).for_each(|(text, of_pairs)| text.0 = of_pairs.into());
            for (name, number) in OF_PAIRS {
                self.parameters.entry(name.to_owned()).or_insert_with(|| number.into());
            }
        }
    }

    /// Refuses names of parameters and factors that mean something else, and warns of those that mean nothing.
    fn check_names(&self, preparation: &mut Preparation<'_>, model: &RuleModel) -> Result<(), PrepareError> {
        let lists = [("parameters", self.parameters.keys().collect()), ("factors", self.factors.0.keys().collect())];
        for (list, names) in lists as [(&str, Vec<&String>); 2] {
            for name in names {
                let why = match () {
                    () if model.says(name) => format!("`{name}` is said by the rule: choose another name"),
                    () if is_taken(name) || ["w", "efficacy"].contains(&&**name) => {
                        format!("`{name}` has a meaning of its own in rules: choose another name")
                    }
                    () if list == "factors" && self.parameters.contains_key(name) => {
                        format!("`{name}` is a parameter, too: choose another name")
                    }
                    () => {
                        let by = |value: &Value| value.formula().is_ok_and(|formula| formula.uses(name));
                        let by_another = self.parameters.values().any(|other| by(other.value()));
                        if !model.uses(name) && !by_another && !self.initial.0.values().any(by) {
                            preparation.warn(Some(list), format!("no equation uses `{name}`"));
                        }
                        continue;
                    }
                };
                return Err(preparation.fault(format!("{list}.{name}"), ValueError::from(Fault::Equation(why)).into()));
            }
        }
        Ok(())
    }

    fn read(&self, preparation: &Preparation<'_>) -> Result<RuleModel, PrepareError> {
        RuleModel::read(&self.model.0, &self.on_pre.0, &self.on_post.0)
            .map_err(|(part, error)| preparation.fault(part.field(), error.into()))
    }

    /// Variables at the start: numbers of neurons, values of synapses.
    fn initial_values(&self, preparation: &Preparation<'_>, model: &RuleModel) -> Result<Starts, PrepareError> {
        let (mut of_neurons, mut of_synapses) = Starts::default();
        for (name, value) in &self.initial.0 {
            let field = format!("initial.{name}");
            let refused = |why: &str| preparation.fault(&*field, ValueError::from(Fault::Equation(why.into())).into());
            if !model.has_variable(name) {
                let why = "the rule has no such variable; weights start as the field `weights` of the synapses says";
                return Err(refused(why));
            }
            let formula = value.formula().map_err(|error| preparation.fault(&*field, error.into()))?;
            match formula {
                _ if model.of_synapses().contains(name) => {
                    let first = Synapse { source: 0, target: 0, delay: 0 };
                    let (world, entity) = (preparation.looked_at(), preparation.entity());
                    numbers_at(world, entity, ("Rule", name), value, &mut std::iter::once((0, first)))?;
                    of_synapses.insert(name.clone(), value.clone());
                }
                Formula::Number(x) => _ = of_neurons.insert(name.clone(), x),
                _ => return Err(refused("a variable of neurons starts as one number in a rule")),
            }
        }
        Ok((of_neurons, of_synapses))
    }

    /// The groups and variables behind the names of factors.
    fn factors_of(&self, preparation: &mut Preparation<'_>) -> Result<Vec<(Entity, String)>, PrepareError> {
        let network = preparation.network();
        let mut found = Vec::new();
        for (name, address) in &self.factors.0 {
            let field = format!("factors.{name}");
            let address: Address =
                address.parse().map_err(|error| preparation.fault(&*field, PrepareFault::Address(error)))?;
            let entities = address.entities(preparation.world(), network);
            let entities = entities.map_err(|error| preparation.fault(&*field, PrepareFault::Address(error)))?;
            let [group] = entities[..] else {
                let why = format!("`{address}` means {} groups: a factor is of one", entities.len());
                return Err(preparation.fault(field, PrepareFault::Other(why)));
            };
            let neurons: usize = shape(preparation.world(), group).iter().product();
            if neurons != 1 {
                let why = format!(
                    "`{}` has {neurons} neurons: a factor is of a group of one; of the neurons at a synapse it is NAME_pre or NAME_post",
                    address.group
                );
                return Err(preparation.fault(field, PrepareFault::Other(why)));
            }
            let variables = preparation.resource::<Variables>().cloned().unwrap_or_default();
            let here = preparation.looked_at().entity(group);
            if variables.view(here, &address.last).is_none() {
                let known = variables.of(here).into_iter().map(|info| info.name).collect();
                let error =
                    AddressError::NoVariable { address: address.to_string(), group: address.group.clone(), known };
                return Err(preparation.fault(field, PrepareFault::Address(error)));
            }
            found.push((group, address.last));
        }
        Ok(found)
    }
}
