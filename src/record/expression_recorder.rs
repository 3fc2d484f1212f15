//! Recording of expressions: what can be computed from the variables of a group, without recording them all.

use std::{borrow::Cow, io};

use bevy_app::App;
use bevy_ecs::{prelude::*, resource::IsResource};

use super::{
    Recording, Selection,
    recording::{Content, Recordings, Window, record_due},
    resolve::{Request, resolve},
};
use crate::{
    behaviour,
    equations::Observed,
    network::{
        Behaviour, Clock, Failures, Kind, Layout, NeuronGroup, Preparation, PrepareError, Ranks, Seed, SynapseGroup,
        Synapses, Variables, View, shape::shape, surroundings::ValueFunctions, variable::VariableInfo,
    },
    numeric::{Column, Real, real::real, real::wide},
    schedule::{Stage, add_patient_system},
    value::{Batch, Expression, Functions, Members, Names, Scope, ValueError},
};

behaviour! {
    /// Records an expression of the variables of a group, as they are at the end of an iteration: a row per iteration, a column
    /// per neuron. `"v - 0.1 * u"`, `"conductance * (v + 75)"`.
    ///
    /// An expression takes some 0.1 ns per neuron and operation, in the precision of the state. It may use the index `i` and the position
    /// `x`, `y`, `z` of a neuron. With a random function, which gives every neuron one number for the whole run, or another one
    /// that equations do not have, it takes 10 ns, in double precision.
    pub struct ExpressionRecorder {
        /// Names or tags of groups, or receptors of them: `excitatory`, `excitatory.gaba`.
        pub of: Vec<String>,
        /// The expression.
        pub expression: String,
        /// What the recording is called, in file names and pictures: letters, digits, `_` and `-`.
        pub name: String = "expression",
        /// The unit of the expression's value.
        pub unit: String,
        /// Which neurons: `All`, `Range(0, 10)`, `Stride(100)`, `List([3, 7])`.
        pub neurons: Selection = Selection::All,
        /// One iteration in so many.
        pub every: u64 = 1,
        /// The first iteration.
        pub from: u64 = 0,
        /// The first iteration that is not recorded any more; `None` records to the end.
        pub until: Option<u64>,
    }
}

/// On a recording: its expression, parsed, and as a program if it can be one.
#[derive(Component)]
struct Parsed {
    expression: Expression,
    seed: Seed,
    observed: Option<Observed>,
}

impl Behaviour for ExpressionRecorder {
    const KIND: Kind = Kind::Recorder;

    fn plugin(app: &mut App) {
        add_patient_system::<Self, _>(app, Stage::Record, record);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        if !preparation.is_first() {
            return Ok(());
        }
        if self.name.is_empty() || !self.name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) {
            let why = format!("`{}` is no name: letters, digits, `_` and `-` stand in file names", self.name);
            return Err(preparation.error(Some("name"), why));
        }
        let of: Vec<String> = self.of.iter().map(|group| format!("{group}.{}", self.name)).collect();
        let window = Window { from: self.from, until: self.until.unwrap_or(u64::MAX), every: self.every };
        let request = Request { of: &of, neurons: &self.neurons, window };
        let info = VariableInfo {
            name: self.name.clone(),
            unit: self.unit.clone(),
            docs: self.expression.clone(),
            bytes: size_of::<Real>(),
        };
        let seed = preparation.seed();
        // With functions that programs do not have, it is evaluated as values are.
        let observed = Observed::read(&self.expression).ok();
        let by_place = observed.as_ref().is_none_or(|observed| observed.names().iter().any(|name| name == "i"));
        for entity in resolve(preparation, &request, |_, _, _| Some((Content::Expression, info.clone())))? {
            let source = preparation.looked_at().get::<Recording>(entity).map(|recording| recording.source);
            if by_place && source.is_some_and(|source| preparation.looked_at().get::<SynapseGroup>(source).is_some()) {
                preparation
                    .must_be_alone(Some("expression"), "`i` and what is drawn belong to places among all synapses")?;
            }
            let tried = self.tried(preparation.world(), entity);
            let parsed = tried.map_err(|error| preparation.fault("expression", error.into()))?;
            let observed = observed.clone();
            preparation.world().entity_mut(entity).insert(Parsed { expression: parsed, seed, observed });
        }
        Ok(())
    }
}

impl ExpressionRecorder {
    /// The expression, after a trial with the first member of the recording's source.
    fn tried(&self, world: &World, recording: Entity) -> Result<Expression, ValueError> {
        let parsed = Expression::parse(&self.expression)?;
        let Some(source) = world.get::<Recording>(recording).map(|recording| recording.source) else {
            return Ok(parsed);
        };
        let (Ok(entity), Some(variables)) = (world.get_entity(source), world.get_resource::<Variables>()) else {
            return Ok(parsed);
        };
        let names = Columns { entity, variables, is_trial: true };
        let functions = world.get_resource::<ValueFunctions>().map(|known| known.0.clone()).unwrap_or_default();
        parsed.evaluate(&scope(&shape(world, source), 0, &[], &names, &functions), Batch::Range(0, 1)).map(|_| parsed)
    }
}

/// Arrays are out of reach: they would be read in every iteration.
fn scope<'a>(
    shape: &'a [usize],
    seed: u64,
    path: &'a [&'a str],
    names: &'a Columns<'a>,
    functions: &'a Functions,
) -> Scope<'a> {
    Scope { names, ..Scope::bare(shape, seed, path, functions) }
}

/// The variables of an entity, as they are now, and what neurons are known by.
struct Columns<'a> {
    entity: EntityRef<'a>,
    variables: &'a Variables,
    /// Whether columns have no room yet.
    is_trial: bool,
}

impl Names for Columns<'_> {
    fn get(&self, name: &str, members: Batch<'_>) -> Option<Members> {
        let Batch::Range(start, end) = members else { return None };
        let members = start..end;
        if let Some(view) = self.variables.view(self.entity, name) {
            return Some(match view {
                _ if self.is_trial => Members::Uniform(0.0),
                View::Real(values) => Members::Each(values.get(members)?.iter().map(|&value| wide(value)).collect()),
                View::Bool(values) => Members::Each(values.get(members)?.iter().map(|&v| f64::from(v)).collect()),
            });
        }
        let group = self.entity.get::<NeuronGroup>();
        let place = |axis: usize| {
            let positions = members.clone().map(|i| group.map(|group| group.position(i)[axis]));
            positions.collect::<Option<_>>().map(Members::Each)
        };
        match name {
            "i" => Some(Members::Each(members.clone().map(|i| i as f64).collect())),
            "x" => place(0),
            "y" => place(1),
            "z" => place(2),
            _ => None,
        }
    }

    fn known(&self) -> Vec<String> {
        let variables = self.variables.of(self.entity).into_iter().map(|info| info.name);
        variables.chain(["i", "x", "y", "z"].map(str::to_owned)).collect()
    }
}

fn record(
    recorders: Query<&Recordings, With<ExpressionRecorder>>,
    mut recordings: Query<&mut Recording>,
    expressions: Query<&Parsed>,
    sources: Query<EntityRef, (Without<Recording>, Without<IsResource>)>,
    (variables, functions): (Res<Variables>, Res<ValueFunctions>),
    (clock, ranks): (Res<Clock>, Option<Res<Ranks>>),
    mut failures: ResMut<Failures>,
) {
    record_due(recorders.iter(), &mut recordings, &clock, &mut failures, |entity, recording| {
        let (Ok(parsed), Ok(source)) = (expressions.get(entity), sources.get(recording.source)) else { return Ok(()) };
        let names = Columns { entity: source, variables: &variables, is_trial: false };
        let layout = source.get::<Synapses>().and_then(|synapses| synapses.layout.as_ref());
        let members = match layout {
            // Of those that ranks share there are some here.
            Some(Layout::Sparse(rows)) => rows.len(),
            _ => recording.shape.iter().product(),
        };
        if let Some(observed) = &parsed.observed
            && let Some(columns) = names.columns(observed, members)
        {
            let views: Vec<&[Real]> = columns.iter().map(|column| &**column).collect();
            let mut room = Column::default();
            let values = View::Real(observed.numbers(&views, members, &mut room));
            return Ranks::whole(ranks.as_deref(), source, values).map_or(Ok(()), |whole| recording.take(whole.view()));
        }
        let path = [recording.group.as_str(), "ExpressionRecorder", &recording.info.name];
        let scope = scope(&recording.shape, parsed.seed.0, &path, &names, &functions.0);
        let numbers = parsed.expression.evaluate(&scope, Batch::Range(0, members)).map_err(io::Error::other)?;
        let values: Vec<Real> = (0..members).map(|i| real(numbers.at(i))).collect();
        Ranks::whole(ranks.as_deref(), source, View::Real(&values)).map_or(Ok(()), |whole| recording.take(whole.view()))
    });
}

impl<'a> Columns<'a> {
    /// The columns of a program; none where one is missing, or of another length.
    fn columns(&self, observed: &Observed, members: usize) -> Option<Vec<Cow<'a, [Real]>>> {
        let column = |name: &String| -> Option<Cow<'a, [Real]>> {
            let own = match self.variables.view(self.entity, name) {
                Some(View::Real(values)) => Cow::Borrowed(values),
                _ => {
                    let numbers = self.get(name, Batch::Range(0, members))?;
                    Cow::Owned((0..members).map(|i| real(numbers.at(i))).collect())
                }
            };
            (own.len() == members).then_some(own)
        };
        observed.names().iter().map(column).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{ExpressionRecorder, Selection};
    use crate::prelude::*;

    fn recorder(expression: &str) -> ExpressionRecorder {
        ExpressionRecorder { of: vec!["cells".into()], expression: expression.into(), name: "w".into(), ..default() }
    }

    fn bench() -> Bench {
        let mut bench = Bench::new();
        bench.group("cells", 3, (Izhikevich::default(), ConstantCurrent { amplitude: "10 * i".into() }));
        bench
    }

    #[test]
    fn an_expression_is_evaluated_on_the_variables_of_the_iteration() {
        let mut bench = bench();
        bench.recorder(VariableRecorder { of: vec!["cells.v".into(), "cells.u".into()], ..default() });
        bench.recorder(recorder("v - 0.5 * u + i"));
        let chosen = Selection::List(vec![2, 0]);
        bench.recorder(ExpressionRecorder { neurons: chosen, every: 2, ..recorder("min(input, 15)") });
        bench.ticks(4);
        let (v, u) = (bench.recorded("cells.v"), bench.recorded("cells.u"));
        let expressions = bench.recorded_all("cells.w");
        for (k, found) in expressions[0].iter().enumerate() {
            let expected = v[k] - 0.5 * u[k] + (k % 3) as f64;
            assert!((found - expected).abs() < 1e-4, "{found} instead of {expected}");
        }
        assert_eq!(expressions[0].len(), 12);
        assert_eq!(expressions[1], [15.0, 0.0, 15.0, 0.0]);
    }

    /// As a program and, with a function that programs do not have, as values are evaluated.
    #[test]
    fn both_ways_of_evaluation_give_the_same() {
        let mut bench = bench();
        bench.recorder(recorder("exp(v/20)*u^2 + fired*i - x"));
        bench.recorder(recorder("exp(v/20)*u^2 + fired*i - x + 0*uniform(0, 1)"));
        bench.ticks(30);
        let all = bench.recorded_all("cells.w");
        assert!(all[0].len() == 90 && all[0].iter().any(|x| x.abs() > 1.0));
        for (program, value) in all[0].iter().zip(&all[1]) {
            assert!((program - value).abs() < 1e-5 * (1.0 + value.abs()), "{program} {value}");
        }
    }

    #[test]
    fn what_cannot_be_evaluated_is_refused() {
        for (expression, why) in [
            ("v + q", "nothing is named `q` here"),
            ("v +", "expected a number, a name or `(`, found the end"),
            ("", "expected a number, a name or `(`"),
            ("sine(v)", "no value function is named `sine`"),
            ("array('v.npy')", "v.npy"),
        ] {
            let error = bench().try_recorder(recorder(expression)).unwrap_err();
            assert!(error.contains(why), "{expression}: {error}");
        }
        let error = bench().try_recorder(ExpressionRecorder { name: "../w".into(), ..recorder("v") }).unwrap_err();
        assert!(error.contains("is no name"), "{error}");
    }
}
