//! Rules of plasticity whose equations stand in the scene.
//!
//! ```text
//! model:   dx/dt = −x/tau_plus : pre;  dy/dt = −y/tau_minus : post;  w : bounds 0 w_max
//! on_pre:  w −= a_minus·y;  x += 1
//! on_post: w += a_plus·x;   y += 1
//! ```
//! A variable is of the source (`: pre`), of the target (`: post`) or of the synapse (`: synapse`, changed by spikes alone); `w` is the
//! weight. What a spike does to variables of its own neuron happens when it is fired, what it does to synapses when it is there: a
//! delay lies in the axon, as for [`spike_timing`](super::spike_timing). Variables of neurons are read as they were before the
//! spikes of the iteration, and where both are at a synapse in one, the source is first. `efficacy` is the factor on the weight of
//! the spike that is fired. `NAME_pre` and `NAME_post` are variables of the groups: `v_post`.

mod ends;
mod events;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use bevy_app::App;
use bevy_ecs::prelude::*;

pub use ends::RuleVariables;

use super::bounds::WeightBounds;
use crate::{
    behaviour,
    equations::{RuleModel, Wrong},
    network::{
        Behaviour, Efficacies, EquationText, InitialValues, Kind, Parameter, Preparation, PrepareError,
        RegisterVariable, Rewired, Size,
    },
    numeric::real::wide,
    schedule::{AddToStage, Stage},
    value::{Fault, Formula, Value, ValueError},
};

behaviour! {
    /// A rule of plasticity by equations: variables of either end and of synapses, and what spikes do.
    ///
    /// By default pairs of spikes, as `Stdp`.
    #[require(RuleVariables, WeightBounds)]
    pub struct Rule {
        /// Equations, one a line: `dx/dt = -x/tau : pre`; `: post` of the target, `: synapse` of the synapse, `w : bounds 0 1`.
        pub model: EquationText = "dx/dt = -x/tau : pre; dy/dt = -y/tau : post; w : bounds 0 1",
        /// Numbers that the equations name.
        pub parameters: BTreeMap<String, Parameter> = named(&[("tau", 20.0), ("a_plus", 0.01), ("a_minus", 0.0105)]),
        /// Variables at the start, by name: numbers; others start at 0.
        pub initial: InitialValues,
        /// What a spike of the source does: to its own variables when it is fired, to synapses when it arrives.
        pub on_pre: EquationText = "w -= a_minus*y; x += 1",
        /// What a spike of the target does.
        pub on_post: EquationText = "w += a_plus*x; y += 1",
    }
}

fn named(all: &[(&str, f64)]) -> BTreeMap<String, Parameter> {
    all.iter().map(|(name, x)| ((*name).to_owned(), Parameter::from(*x))).collect()
}

impl Behaviour for Rule {
    const KIND: Kind = Kind::Synapses;
    const LIBRARY: &'static str = include_str!("library.ron");

    fn plugin(app: &mut App) {
        app.register_variable::<RuleVariables>();
        app.add_behaviour_system::<Self, _>(Stage::Learn, events::learn);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let model = self.read(preparation)?;
        let entity = preparation.entity();
        let mut group = preparation.world().entity_mut(entity);
        if group.contains::<Rewired>() {
            return Err(preparation.error(None, "a rule by equations cannot follow synapses that are rewired"));
        }
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
            let why = "a parameter of a rule is one number: what differs between synapses is a variable, `: synapse`";
            let error = ValueError::from(Fault::Equation(why.into()));
            return Err(preparation.fault(format!("parameters.{name}"), error.into()));
        }
        let constants = preparation.outside()?;
        let number = |name: &str| {
            let own = self.parameters.get(name).and_then(Parameter::uniform).map(wide);
            own.or_else(|| constants.number(name))
        };
        let made = model.runnable(preparation.clock().dt, &number);
        let made = made.map_err(|(part, error): Wrong| preparation.fault(part.field(), error.into()))?;
        let mut initial = BTreeMap::new();
        for (name, value) in &self.initial.0 {
            initial.insert(name.clone(), self.initial_number(preparation, &model, (name, value))?);
        }
        if preparation.is_trial() {
            return Ok(());
        }
        let (entity, first) = (preparation.entity(), preparation.is_first());
        if let Some(mut variables) = preparation.world().entity_mut(entity).get_mut::<RuleVariables>() {
            variables.run(made, initial, first);
        }
        Ok(())
    }

    fn memory(&self, size: Size) -> u64 {
        let traces = self.model.0.matches("pre").count() as u64
            * size.sources.saturating_mul(size.longest_delay.saturating_add(2))
            + self.model.0.matches("post").count() as u64 * size.targets.saturating_mul(2);
        traces.saturating_mul(size_of::<crate::numeric::Real>() as u64).saturating_add(ends::index_bytes(size))
    }
}

impl Rule {
    fn read(&self, preparation: &Preparation<'_>) -> Result<RuleModel, PrepareError> {
        RuleModel::read(&self.model.0, &self.on_pre.0, &self.on_post.0)
            .map_err(|(part, error)| preparation.fault(part.field(), error.into()))
    }

    /// A number that a variable starts with.
    fn initial_number(
        &self,
        preparation: &Preparation<'_>,
        model: &RuleModel,
        (name, value): (&String, &Value),
    ) -> Result<f64, PrepareError> {
        let field = format!("initial.{name}");
        let refused = |why: &str| {
            let error = ValueError::from(Fault::Equation(why.into()));
            Err(preparation.fault(&*field, error.into()))
        };
        if !model.has_variable(name) {
            return refused("the rule has no such variable; weights start as the field `weights` of the synapses says");
        }
        match value.formula().map_err(|error| preparation.fault(&*field, error.into()))? {
            Formula::Number(x) => Ok(x),
            _ => refused("a variable of a rule starts as one number"),
        }
    }
}
