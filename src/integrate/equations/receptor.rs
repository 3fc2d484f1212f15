//! Receptors whose equations stand in the scene.
//!
//! ```text
//! ds/dt = −s/tau;   arrive: s += weight;   conductance: s
//! input += current + reversal · conductance,   conductance += …,   jump += …
//! ```
//! An iteration: what arrives, `weight` = Σ weights; the step; what is given is the mean over it, for linear equations exactly, a
//! current as a linear membrane takes it up. `v` is the potential where the receptor stands, at the start of the iteration.

use std::collections::BTreeMap;

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::{
    Begin, EquationVariables, check_names,
    receiving::{self, Receiving},
    warn_of_idle,
};
use crate::{
    behaviour,
    equations::{Method, Part, ReceptorModel, WEIGHT},
    input::{give_conductance, give_jump, site_of},
    network::{
        Afferent, Behaviour, EquationText, InitialValues, Kind, Parameter, Preparation, PrepareError, RegisterVariable,
        Unit, V, room::resize_columns, shape::path_of,
    },
    schedule::{AddToStage, Stage},
    value::{Fault, ValueError},
};

behaviour! {
    /// A receptor by equations: variables by their derivatives, what arrives does to them, and what they give to the neuron.
    ///
    /// By default a current that decays with 5 ms.
    #[require(EquationVariables, Receiving)]
    pub struct EquationsReceptor {
        /// Tag or name of the afferent synapse groups whose spikes it takes.
        pub afferent: Afferent,
        /// Equations, one a line: `ds/dt = -s/tau`. They may read `v`.
        pub model: EquationText = "ds/dt = -s/5",
        /// Numbers that the equations name, the same for all neurons or one of each.
        pub parameters: BTreeMap<String, Parameter>,
        /// Variables at the start, by name; others start at 0.
        pub initial: InitialValues,
        /// What arrives does: `weight` is the sum over the spikes that arrive in an iteration, and stands there linearly.
        pub arrive: EquationText = "s += weight",
        /// The current that it gives: an expression; the first variable where neither conductance nor jump is said.
        pub current: EquationText,
        /// The conductance that it opens: an expression.
        pub conductance: EquationText,
        /// Reversal potential of the conductance.
        #[reflect(@Unit("mV"))]
        pub reversal: Option<Parameter>,
        /// By how much the potential jumps in the iteration: an expression, as `2*weight`.
        pub jump: EquationText,
        /// How the equations are integrated.
        pub method: Method,
    }
}

impl Behaviour for EquationsReceptor {
    const KIND: Kind = Kind::Receptor;
    const LIBRARY: &'static str = include_str!("receptors.ron");

    fn plugin(app: &mut App) {
        app.register_variable::<EquationVariables>();
        app.add_behaviour_system::<Self, _>(Stage::Input, receiving::receive);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let model = self.read(preparation)?;
        if model.gives(Part::Conductance) {
            give_conductance(preparation, Part::Conductance.field())?;
            if self.reversal.is_none() {
                return Err(preparation.error(Some("reversal"), "a conductance needs its reversal potential"));
            }
        } else if self.reversal.is_some() {
            let why = "a reversal potential is that of a conductance: there is none";
            return Err(preparation.error(Some("reversal"), why));
        }
        if model.gives(Part::Jump) {
            give_jump(preparation, Some(Part::Jump.field()))?;
        }
        let (site, entity, trial) = (site_of(preparation), preparation.entity(), preparation.is_trial());
        let world = preparation.world();
        if model.uses("v") && world.get::<V>(site).is_none() {
            let why = format!("`{}` has no membrane potential `v` that could be read", path_of(world, site));
            return Err(preparation.error(Some(Part::Model.field()), why));
        }
        let variables = model.model.variables();
        let infos: Vec<_> = variables.map(|variable| (variable.name.clone(), variable.unit.clone())).collect();
        if let Some(mut columns) = world.entity_mut(entity).get_mut::<EquationVariables>() {
            columns.have(&infos);
        }
        if !trial {
            resize_columns(world, entity);
        }
        let others: Vec<_> = self.initial.0.values().collect();
        warn_of_idle(preparation, &|name| model.uses(name), &self.parameters, &others);
        Ok(())
    }

    fn complete(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let model = self.read(preparation)?;
        let outside = preparation.outside()?;
        if self.parameters.contains_key("v") {
            let why = "`v` is the potential of the neuron in a receptor: choose another name";
            return Err(preparation.fault("parameters.v", ValueError::from(Fault::Equation(why.into())).into()));
        }
        check_names(preparation, &model.model, (&self.parameters, &self.initial), &[WEIGHT.to_owned()])?;
        let begin = Begin::new(&model.model, &self.initial);
        let receiving = Receiving::new(self, model, preparation, &outside)?;
        begin.variables(preparation, outside, &["t", "v", WEIGHT])?;
        let (entity, trial) = (preparation.entity(), preparation.is_trial());
        if let Some(remark) = receiving.remark() {
            preparation.world().entity_mut(entity).insert(remark);
        }
        if let Some(mut here) = preparation.world().get_mut::<Receiving>(entity).filter(|_| !trial) {
            *here = receiving;
        }
        Ok(())
    }
}

impl EquationsReceptor {
    fn read(&self, preparation: &Preparation<'_>) -> Result<ReceptorModel, PrepareError> {
        let Self { model, arrive, current, conductance, jump, .. } = self;
        ReceptorModel::read([model, arrive, current, conductance, jump].map(|text| text.0.as_str()))
            .map_err(|(part, error)| preparation.fault(part.field(), error.into()))
    }
}
