//! Neurons whose model stands in the scene, as equations.
//!
//! ```text
//! model := ("dNAME/dt" | "NAME'" | NAME) "=" expression (":" unit? ("," held | once | bounds LOW HIGH)*)?, one a line or with ";"
//! ```
//! An iteration: potentials jump; expressions that are `once` are taken; the step; the test for a spike; the reset, one assignment after
//! another; the refractory period. All derivatives see the state at the start of the step. Time is in ms; numbers are in the units
//! of the model, as everywhere.
//!
//! Where there is a potential `v_dendrite` and `input_dendrite`, what reaches it, is named, the cells have a compartment `dendrite`.
//!
//! Names: the variables and expressions of the model, its parameters; `t` (ms, at the start of the iteration), `dt`, `i`, `x`, `y`, `z`,
//! constants of the scene and draws of the group; `input`, the current that reaches the neuron, which counts in what open conductances
//! let through at its `v` (a model that names `conductance` itself is left to do so); `shift`, what adaptive thresholds have
//! moved by; `xi` and `xi_NAME`, white noise of intensity 1/√ms; in resets and in what is `once` also `rand()` and `randn()`;
//! `timed('file.npy', 0.5)`, a row every 0.5 ms.

mod columns;
#[cfg(test)]
mod compartment_tests;
#[cfg(test)]
mod library_tests;
mod names;
mod reads;
mod receiving;
mod receptor;
#[cfg(test)]
mod receptor_tests;
mod run;
mod running;
mod sites;
#[cfg(test)]
mod tests;
mod trial;

use std::collections::BTreeMap;

use bevy_app::App;
use bevy_ecs::prelude::*;

pub use crate::equations::{Method, When};
pub use columns::EquationVariables;
pub use receptor::EquationsReceptor;
use running::{MOST_SITES, Running};

use super::refractory;
use crate::{
    behaviour,
    equations::{Model, Observed, Wrong, check_units, is_unit},
    input::sum_up,
    network::{
        Afferent, Arrivals, Behaviour, Conductance, EquationText, InitialValues, Input, Jump, NamedTexts, Parameter,
        Preparation, PrepareError, Range, RegisterState, RegisterVariable, Spikes, Sums, ThresholdShift, Unit, V,
        compartment::compartment_named,
        graded::Graded,
        receptor::{CameWith, Wanted, settle},
        room::resize_columns,
        sample::Outside,
    },
    schedule::{AddToStage, Stage},
    value::{Expression, Fault, Members, Value, ValueError},
};

/// Parameters by name, in code: `parameters([("tau", 10.0.into()), ("theta", "normal(-50, 1)".into())])`.
#[must_use]
pub fn parameters<const N: usize>(named: [(&str, Parameter); N]) -> BTreeMap<String, Parameter> {
    named.into_iter().map(|(name, parameter)| (name.to_owned(), parameter)).collect()
}

behaviour! {
    /// Neurons by equations: variables by their derivatives, what makes a neuron fire and what happens then.
    ///
    /// By default a leaky integrator that never fires.
    #[require(Input, Spikes, EquationVariables, Running)]
    pub struct Equations {
        /// Equations, one a line: `dv/dt = (e - v + r*input)/tau : mV, held`.
        pub model: EquationText = "dv/dt = (input - v)/10",
        /// Numbers that the equations name, the same for all neurons or one of each.
        pub parameters: BTreeMap<String, Parameter>,
        /// Units of parameters and of what the equations name besides, `{"c": "pF", "input": "pA"}`: where some are said, units are checked,
        /// with their scales, those of variables by what stands behind them. Numbers in the equations fit anything.
        pub units: NamedTexts,
        /// Variables at the start, by name; others start at 0. An expression may use the others, and those of the equations.
        pub initial: InitialValues,
        /// The condition at which a neuron fires; never without.
        pub spike: EquationText,
        /// What a spike does: `v = c; u += d`.
        pub reset: EquationText,
        /// Names for what arrives in an iteration, Σ weights, by the tags of synapses: `{"i_s": "GLUTAMATE"}`. One that is the name of a
        /// variable is added to it at the start of the iteration; equations may use the others.
        pub arrivals: Arrivals,
        /// What arrivals do at the start of an iteration: `s += (1 - s)*glutamate`.
        pub arrive: EquationText,
        /// Names for sums over synapses of their weights times what their sources are at: `{"g": (of: "tanh(x)", over: "RATE")}`.
        pub sums: Sums,
        /// Whether a neuron fires while the condition holds, or when it becomes true.
        pub when: When,
        /// How long a neuron is refractory after a spike, rounded to iterations: it does not fire, and what is `held` stands still.
        #[reflect(@Unit("ms"))]
        pub refractory: Parameter = 0.0,
        /// A condition under which a neuron is refractory, too: `v > -40`, asked at the start of an iteration.
        pub refractory_while: EquationText,
        /// How the equations are integrated.
        pub method: Method,
        /// Steps in an iteration.
        #[reflect(@Range::STEPS)]
        pub steps: u32 = 1_u32,
    }
}

impl Behaviour for Equations {
    const MODEL: bool = true;
    const LIBRARY: &'static str = include_str!("library.ron");

    fn plugin(app: &mut App) {
        app.register_variable::<EquationVariables>().register_variable::<super::RefractoryLeft>();
        app.register_state::<Running>();
        app.add_behaviour_system::<Self, _>(Stage::Input, sum_up::<CameWith>);
        app.add_behaviour_system::<Self, _>(Stage::Integrate, run::integrate);
    }

    fn compartments(&self) -> Vec<String> {
        // What is no model is told when it is prepared.
        Model::read(&self.model.0, "", "", "").map_or_else(|_| Vec::new(), |model| self.compartments_in(&model))
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let model = self.read(preparation)?;
        let compartments = self.compartments_in(&model);
        if compartments.len() >= MOST_SITES {
            let why = format!("a cell has {} compartments at most besides the soma", MOST_SITES - 1);
            return Err(preparation.error(Some("model"), why));
        }
        let is_potential = |name: &str| name == "v" || potential_of(name, &compartments).is_some();
        let variables = model.variables().filter(|variable| !is_potential(&variable.name));
        let infos: Vec<_> = variables.map(|variable| (variable.name.clone(), variable.unit.clone())).collect();
        let (entity, has_v) = (preparation.entity(), model.place("v").is_some());
        let shifts = model.uses("shift");
        let mut group = preparation.world().entity_mut(entity);
        if let Some(mut columns) = group.get_mut::<EquationVariables>() {
            columns.have(&infos);
        }
        if has_v {
            group.insert_if_new((V::default(), Conductance::default(), Jump::default()));
        }
        if shifts {
            group.insert_if_new(ThresholdShift::default());
        }
        for name in &compartments {
            let Some(compartment) = compartment_named(preparation.world(), entity, name) else { continue };
            preparation.world().entity_mut(compartment).insert_if_new(Jump::default());
            if !preparation.is_trial() {
                resize_columns(preparation.world(), compartment);
            }
        }
        self.check_units(preparation, &model)?;
        let others: Vec<&Value> = self.initial.0.values().chain([self.refractory.value()]).collect();
        warn_of_idle(preparation, &|name| model.uses(name), &self.parameters, &others);
        self.bring_receptors(preparation)
    }

    fn complete(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        refractory::check(preparation, &self.refractory)?;
        let (entity, members) = (preparation.entity(), preparation.members());
        if self.refractory.range(members)[1] > 0.0 {
            preparation.world().entity_mut(entity).insert_if_new(super::RefractoryLeft::default());
            if !preparation.is_trial() {
                resize_columns(preparation.world(), entity);
            }
        }
        let model = self.read(preparation)?;
        check_names(preparation, &model, (&self.parameters, &self.initial), &self.sum_names())?;
        let begin = Begin::new(&model, &self.initial);
        let outside = preparation.outside()?;
        let of_sites = self.compartments_in(&model).into_iter();
        let of_sites: Vec<String> =
            of_sites.flat_map(|name| ["input", "conductance"].map(|of| format!("{of}_{name}"))).collect();
        let running = Running::new(self, model, preparation, &outside)?;
        let zero = ["t", "input", "conductance", "shift"];
        let zero: Vec<&str> = zero.into_iter().chain(of_sites.iter().map(String::as_str)).collect();
        let start = begin.variables(preparation, outside, &zero)?;
        let trial = running.trial().filter(|_| preparation.is_first());
        if let Some((name, neuron)) = trial.as_ref().and_then(|trial| trial.not_finite(&start)) {
            let why = format!(
                "`{name}` of neuron {neuron} is no finite number after the first step: where a quotient is 0/0, as of x/(exp(x) - 1) at 0, write 1/exprel(x)"
            );
            return Err(preparation.error(Some("model"), why));
        }
        if let Some(name) = trial.and_then(|trial| trial.too_long(&running.made_for_half(self)?, &start)) {
            let dt = preparation.clock().dt;
            let why = format!(
                "`{name}` goes elsewhere at half the step: {dt} ms is long for these equations by this method; smaller steps (`dt`, `steps`) or `method: ExponentialEuler`, if it can, help"
            );
            preparation.warn(Some("model"), why);
        }
        running.take_place(preparation);
        Ok(())
    }
}

/// How the variables of a model begin: as they are told, others at 0; by each other and by the expressions of the model.
struct Begin {
    initial: Vec<(String, Value)>,
    expressions: Vec<(String, Expression)>,
}

impl Begin {
    fn new(model: &Model, told: &InitialValues) -> Self {
        let mut initial = told.0.clone();
        for name in model.variables().map(|variable| &variable.name) {
            initial.entry(name.clone()).or_insert(Value::Number(0.0));
        }
        let expressions = model.subexpressions().map(|(statement, own)| (statement.name.clone(), own.clone()));
        Self { initial: initial.into_iter().collect(), expressions: expressions.collect() }
    }

    /// Gives them their numbers, and returns these; names in `zero` are 0 then.
    fn variables(
        &self,
        preparation: &mut Preparation<'_>,
        outside: Outside,
        zero: &[&str],
    ) -> Result<Vec<(String, Members)>, PrepareError> {
        preparation.begin_variables(outside, ("initial", &self.initial), &self.expressions, zero)
    }
}

/// The compartment of which a variable is the potential: `v_dendrite`.
fn potential_of(variable: &str, compartments: &[String]) -> Option<usize> {
    let name = variable.strip_prefix("v_")?;
    compartments.iter().position(|own| own == name)
}

impl Equations {
    /// The compartments of its cells besides the soma; what reaches one by the name of a parameter is that parameter.
    fn compartments_in(&self, model: &Model) -> Vec<String> {
        let mut all = model.compartments();
        all.retain(|name| {
            !["input", "conductance"].iter().any(|of| self.parameters.contains_key(&format!("{of}_{name}")))
        });
        all
    }

    /// The names of sums over synapses, in their order.
    fn sum_names(&self) -> Vec<String> {
        self.arrivals.0.keys().chain(self.sums.0.keys()).cloned().collect()
    }

    /// The name of a sum, by its place among them.
    fn sum_name(&self, place: u16) -> Option<&str> {
        self.arrivals.0.keys().chain(self.sums.0.keys()).nth(usize::from(place)).map(String::as_str)
    }

    /// Checks units where some are said.
    fn check_units(&self, preparation: &Preparation<'_>, model: &Model) -> Result<(), PrepareError> {
        if self.units.0.is_empty() {
            return Ok(());
        }
        let unreadable = self.units.0.iter().find(|(_, unit)| !is_unit(unit));
        if let Some((name, unit)) = unreadable {
            let why = format!("`{unit}` is no unit: write `mV`, `1/ms`, `µA/cm^2`");
            return Err(preparation.fault(format!("units.{name}"), ValueError::from(Fault::Equation(why)).into()));
        }
        let is_known = |name: &String| {
            model.uses(name)
                || model.statements.iter().any(|statement| statement.name == *name)
                || self.parameters.contains_key(name)
        };
        if let Some(name) = self.units.0.keys().find(|name| !is_known(name)) {
            let why = format!("nothing in the equations is named `{name}`");
            return Err(preparation.fault(format!("units.{name}"), ValueError::from(Fault::Equation(why)).into()));
        }
        let told = |(part, error): Wrong| preparation.fault(part.field(), error.into());
        check_units(model, &self.units.0).map_err(told)
    }

    /// Has the group the receptors that its equations read.
    fn bring_receptors(&self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        if let Some(twice) = self.sums.0.keys().find(|name| self.arrivals.0.contains_key(*name)) {
            return Err(preparation.error(Some("sums"), format!("`{twice}` stands among the arrivals too")));
        }
        let wanted = |name: &String, afferent: &Afferent, field: &str| Wanted {
            name: name.clone(),
            afferent: afferent.0.clone(),
            graded: field == "sums",
            field: format!("{field}.{name}"),
        };
        let arrivals = self.arrivals.0.iter().map(|(name, afferent)| wanted(name, afferent, "arrivals"));
        let sums = self.sums.0.iter().map(|(name, sum)| wanted(name, &sum.over, "sums"));
        let all: Vec<Wanted> = arrivals.chain(sums).collect();
        let entity = preparation.entity();
        let settled = settle(preparation.world(), entity, &all);
        let receptors = settled.map_err(|why| preparation.error(None, why))?;
        for ((name, sum), receptor) in self.sums.0.iter().zip(&receptors[self.arrivals.0.len()..]) {
            let of = Observed::read(&sum.of.0).map_err(|mut error| {
                // It stands within a larger field.
                error.at = None;
                preparation.fault(format!("sums.{name}"), error.into())
            })?;
            let mut receptor = preparation.world().entity_mut(*receptor);
            receptor.entry::<Graded>().or_default().into_mut().of = of;
        }
        if !preparation.is_trial() {
            receptors.into_iter().for_each(|receptor| resize_columns(preparation.world(), receptor));
        }
        Ok(())
    }

    fn read(&self, preparation: &Preparation<'_>) -> Result<Model, PrepareError> {
        Model::read(&self.model.0, &self.spike.0, &self.reset.0, &self.arrive.0)
            .and_then(|model| model.refractory_while(&self.refractory_while.0))
            .map_err(|(part, error)| preparation.fault(part.field(), error.into()))
    }
}

/// Refuses names of parameters and initial values that mean nothing; `sums` are those of what arrives.
fn check_names(
    preparation: &mut Preparation<'_>,
    model: &Model,
    (parameters, initial): (&BTreeMap<String, Parameter>, &InitialValues),
    sums: &[String],
) -> Result<(), PrepareError> {
    let known: Vec<String> = model.variables().map(|variable| variable.name.clone()).collect();
    if let Some(name) = initial.0.keys().find(|name| !known.contains(name)) {
        let fault = Fault::Equation(format!("the equations have no variable `{name}`"));
        let error = ValueError { fault, at: None, known };
        return Err(preparation.fault(format!("initial.{name}"), error.into()));
    }
    for name in sums {
        let is_said = model.subexpressions().any(|(statement, _)| statement.name == *name);
        let why = if is_said {
            format!("`{name}` is said by the equations: it is no name of a sum")
        } else if crate::equations::is_taken(name) {
            format!("`{name}` has a meaning of its own in equations: choose another name for the sum")
        } else {
            continue;
        };
        return Err(preparation.fault("model", ValueError::from(Fault::Equation(why)).into()));
    }
    for name in parameters.keys() {
        let field = format!("parameters.{name}");
        let why = if sums.contains(name) {
            format!("`{name}` is a sum over synapses: it is no parameter")
        } else if model.statements.iter().any(|statement| statement.name == *name) {
            format!("`{name}` is said by the equations: it is no parameter")
        } else if crate::equations::is_taken(name) {
            format!("`{name}` has a meaning of its own in equations: choose another name")
        } else {
            continue;
        };
        return Err(preparation.fault(field, ValueError::from(Fault::Equation(why)).into()));
    }
    Ok(())
}

/// Warns of parameters that nothing uses: no equation, and no other value. As they were written, before they become numbers.
fn warn_of_idle(
    preparation: &mut Preparation<'_>,
    uses: &dyn Fn(&str) -> bool,
    parameters: &BTreeMap<String, Parameter>,
    others: &[&Value],
) {
    let is_idle = |name: &str| {
        let by = |value: &Value| value.formula().is_ok_and(|formula| formula.uses(name));
        !uses(name) && !parameters.values().any(|other| by(other.value())) && !others.iter().any(|other| by(other))
    };
    let idle: Vec<String> = parameters.keys().filter(|name| is_idle(name)).map(|name| format!("`{name}`")).collect();
    if !idle.is_empty() {
        preparation.warn(Some("parameters"), format!("no equation uses {}", idle.join(", ")));
    }
}
