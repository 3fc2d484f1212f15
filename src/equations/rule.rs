//! A rule of plasticity as text: variables of sources, targets and synapses, and what a spike of either end does.
//!
//! ```text
//! dx/dt = −x/tau_plus : pre;  dy/dt = −y/tau_minus : post;  w : bounds 0 w_max
//! on_pre:  w −= a_minus·y;  x += 1            when a spike of the source arrives
//! on_post: w += a_plus·x;   y += 1            when the target fires
//! ```
//! What a spike does to variables of its own neuron happens there, when it is fired, and is the neuron's alone; what it does to the
//! synapse, when it arrives. Variables of neurons are read as they were before the spike.

use super::{
    build::Names,
    graph::{Fixed, Graph, Id, Node},
    lower::{Lowered, Task},
    method::Method,
    model::{Model, Part, Wrong, in_order, is_taken, names_once},
    statement::{Assignment, Meaning, Side, Statement, assignments, fault, statements},
    step::runnable,
    surroundings::{Surroundings, When},
};
use crate::value::{Expression, ValueError};

/// The weight of a synapse.
const WEIGHT: &str = "w";

/// The factor on the weight for the spike that is fired.
const EFFICACY: &str = "efficacy";

/// A rule as its texts say it.
#[derive(Clone, Debug, Default)]
pub struct RuleModel {
    statements: Vec<Statement>,
    on_pre: Vec<Assignment>,
    on_post: Vec<Assignment>,
}

/// What an event of a synapse reads besides what it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// A variable of the source, by its place.
    Pre(usize),
    /// One of the target.
    Post(usize),
    /// A variable that the source group has, by its name.
    OfSource(String),
    /// One of the target group.
    OfTarget(String),
}

/// What an event does to synapses: the columns of the weight and the synapse's variables are changed.
#[derive(Clone, Debug)]
pub struct Event {
    /// The program.
    pub lowered: Lowered,
    /// What it reads, in the order of its inputs.
    pub reads: Vec<Read>,
}

/// The variables of an end.
#[derive(Clone, Debug)]
pub struct End {
    /// Their names.
    pub names: Vec<String>,
    /// A step; nothing where there are none.
    pub step: Option<Lowered>,
    /// What a spike of the neuron does to them, and with `efficacy` to that as a further column.
    pub spike: Option<Lowered>,
}

/// A rule that runs.
#[derive(Clone, Debug)]
pub struct RunnableRule {
    /// The sources.
    pub pre: End,
    /// The targets.
    pub post: End,
    /// When a spike arrives.
    pub on_pre: Option<Event>,
    /// When the target fires.
    pub on_post: Option<Event>,
    /// Whether spikes have an efficacy.
    pub efficacy: bool,
    /// The bounds of the weight.
    pub bounds: [f64; 2],
}

/// Where an error stands.
const ON_PRE: Part = Part::OnPre;
const ON_POST: Part = Part::OnPost;

impl RuleModel {
    /// Reads the texts of a rule.
    ///
    /// # Errors
    /// They are none, or say what no rule can do.
    pub fn read(model: &str, on_pre: &str, on_post: &str) -> Result<Self, Wrong> {
        let in_model = |error| (Part::Model, error);
        let statements = statements(model).map_err(in_model)?;
        names_once(&statements).map_err(in_model)?;
        let statements = in_order(statements).map_err(in_model)?;
        statements.iter().try_for_each(has_an_end).map_err(in_model)?;
        let on_pre = assignments(on_pre).map_err(|error| (ON_PRE, error))?;
        let on_post = assignments(on_post).map_err(|error| (ON_POST, error))?;
        let read = Self { statements, on_pre, on_post };
        read.check_event(&read.on_pre, Side::Pre).map_err(|error| (ON_PRE, error))?;
        read.check_event(&read.on_post, Side::Post).map_err(|error| (ON_POST, error))?;
        Ok(read)
    }

    /// The variables of a side.
    pub fn variables(&self, side: Side) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(move |statement| statement.side == side && statement.name != WEIGHT)
    }

    /// Whether a name is that of a variable, other than the weight.
    #[must_use]
    pub fn has_variable(&self, name: &str) -> bool {
        name != WEIGHT && self.side_of(name).is_some()
    }

    /// The names of the synapses' variables.
    #[must_use]
    pub fn of_synapses(&self) -> Vec<String> {
        self.variables(Side::Synapse).map(|statement| statement.name.clone()).collect()
    }

    fn side_of(&self, name: &str) -> Option<Side> {
        if name == WEIGHT {
            return Some(Side::Synapse);
        }
        let found = self.statements.iter().find(|statement| statement.name == name)?;
        (!matches!(found.meaning, Meaning::Subexpression(_))).then_some(found.side)
    }

    /// Refuses what an event of an end may not change, and what it reads after it has changed it.
    fn check_event(&self, event: &[Assignment], own: Side) -> Result<(), ValueError> {
        let mut raised: Vec<&str> = Vec::new();
        for assignment in event {
            let (name, at) = (assignment.name.as_str(), assignment.at.clone());
            match self.side_of(name) {
                _ if name == EFFICACY && own == Side::Pre => continue,
                Some(Side::Synapse) => {
                    let used = self.used_by(&assignment.value);
                    if let Some(read) = raised.iter().find(|raised| used.iter().any(|used| used == *raised)) {
                        return Err(fault(
                            format!("`{read}` is read as it was before the spike: what changes it stands last"),
                            at,
                        ));
                    }
                }
                Some(side) if side == own => raised.push(name),
                Some(_) => {
                    let why = format!("`{name}` is of the other end: only spikes of its own neuron change it");
                    return Err(fault(why, at));
                }
                None => return Err(fault(format!("`{name}` is no variable of the rule"), at)),
            }
        }
        Ok(())
    }

    /// The names that an expression uses, be it through others.
    fn used_by(&self, expression: &Expression) -> Vec<String> {
        let mut used: Vec<String> = expression.names().into_iter().map(|(name, _)| name.to_owned()).collect();
        for statement in self.statements.iter().rev() {
            if let (Meaning::Subexpression(own), true) = (&statement.meaning, used.contains(&statement.name)) {
                used.extend(own.names().into_iter().map(|(name, _)| name.to_owned()));
            }
        }
        used
    }

    /// The rule at a step (ms), with numbers for its parameters.
    ///
    /// # Errors
    /// A name that nobody knows; what no method can do.
    pub fn runnable(&self, dt: f64, number: &dyn Fn(&str) -> Option<f64>) -> Result<RunnableRule, Wrong> {
        let assembly = Assembly { rule: self, dt, number };
        let efficacy = self.on_pre.iter().any(|assignment| assignment.name == EFFICACY);
        Ok(RunnableRule {
            pre: assembly.end(Side::Pre, &self.on_pre, ON_PRE, efficacy)?,
            post: assembly.end(Side::Post, &self.on_post, ON_POST, false)?,
            on_pre: assembly.event(&self.on_pre, ON_PRE)?,
            on_post: assembly.event(&self.on_post, ON_POST)?,
            efficacy,
            bounds: assembly.bounds()?,
        })
    }
}

/// Variables of a rule say whose they are.
fn has_an_end(statement: &Statement) -> Result<(), ValueError> {
    let Statement { name, at, meaning, side, .. } = statement;
    match (meaning, side) {
        (Meaning::Kept, _) if name == WEIGHT => Ok(()),
        (Meaning::Subexpression(_), _) if name != WEIGHT && name != EFFICACY => Ok(()),
        _ if name == WEIGHT || name == EFFICACY => {
            Err(fault(format!("`{name}` changes at spikes alone: `on_pre`, `on_post`"), at.clone()))
        }
        (Meaning::Derivative(_), Side::Synapse) => {
            let why =
                "a synapse has no equation of its own between spikes: a variable of an end has, `: pre` or `: post`";
            Err(fault(why, at.clone()))
        }
        (_, Side::Unsaid) => Err(fault("say whose it is: `: pre`, `: post` or `: synapse`", at.clone())),
        _ => Ok(()),
    }
}

struct Assembly<'a> {
    rule: &'a RuleModel,
    dt: f64,
    number: &'a dyn Fn(&str) -> Option<f64>,
}

impl Assembly<'_> {
    /// The names that are the same everywhere, and those in an expression that are parameters.
    fn names(&self, graph: &mut Graph, known: &[(String, Id)], expression: &Expression) -> Names<'static> {
        let mut names = Names::default();
        let (t, dt) = (graph.leaf(Node::Time), graph.number(self.dt));
        names.insert("t", t);
        names.insert("dt", dt);
        known.iter().for_each(|(name, id)| names.insert(name, *id));
        for name in self.rule.used_by(expression) {
            if let (None, Some(x)) = (names.get(&name), (self.number)(&name)) {
                let id = graph.number(x);
                names.insert(&name, id);
            }
        }
        names
    }

    /// An expression, in which expressions with a name are made of what is known.
    fn build(
        &self,
        graph: &mut Graph,
        known: &[(String, Id)],
        expression: &Expression,
        part: Part,
    ) -> Result<Id, Wrong> {
        let mut names = self.names(graph, known, expression);
        let used = self.rule.used_by(expression);
        for statement in &self.rule.statements {
            if let (Meaning::Subexpression(own), true) = (&statement.meaning, used.contains(&statement.name)) {
                let made = graph.build(own, &names).map_err(|error| (Part::Model, error))?;
                names.insert(&statement.name, made);
            }
        }
        graph.build(expression, &names).map_err(|error| (part, error))
    }

    /// What assignments make of columns.
    fn assigned(
        &self,
        graph: &mut Graph,
        known: &mut [(String, Id)],
        assignments: &[&Assignment],
        part: Part,
    ) -> Result<(), Wrong> {
        for assignment in assignments {
            let value = self.build(graph, known, &assignment.value, part)?;
            let Some(place) = known.iter().position(|(name, _)| *name == assignment.name) else { continue };
            let new = graph.assigned(assignment, known[place].1, value);
            known[place].1 = self.held(graph, &assignment.name, new)?;
        }
        Ok(())
    }

    /// A number within the bounds of its variable.
    fn held(&self, graph: &mut Graph, name: &str, x: Id) -> Result<Id, Wrong> {
        let statement = self.rule.statements.iter().find(|statement| statement.name == name);
        let Some([low, high]) = statement.and_then(|statement| statement.bounds.as_ref()) else { return Ok(x) };
        let low = self.build(graph, &[], low, Part::Model)?;
        let high = self.build(graph, &[], high, Part::Model)?;
        Ok(graph.clipped(x, [low, high]))
    }

    fn bounds(&self) -> Result<[f64; 2], Wrong> {
        let statement = self.rule.statements.iter().find(|statement| statement.name == WEIGHT);
        let Some(bounds) = statement.and_then(|statement| statement.bounds.as_ref()) else {
            return Ok([f64::NEG_INFINITY, f64::INFINITY]);
        };
        let mut graph = Graph::default();
        let mut numbers = [0.0; 2];
        for (number, bound) in numbers.iter_mut().zip(bounds) {
            let id = self.build(&mut graph, &[], bound, Part::Model)?;
            let why = "the bounds of the weight are numbers that never change";
            let at = statement.map_or(0..0, |statement| statement.at.clone());
            *number = graph.constant(id).ok_or_else(|| (Part::Model, fault(why, at)))?;
        }
        Ok(numbers)
    }

    fn lowered(mut graph: Graph, columns: usize, outputs: &[Id], part: Part) -> Result<Lowered, Wrong> {
        let never = graph.number(0.0);
        let roots: Vec<Id> = outputs.iter().copied().chain([never]).collect();
        let (graph, roots) = graph.compacted(&roots);
        graph.check_size().map_err(|error| (part, error))?;
        let (mark, outputs) = (roots[outputs.len()], &roots[..outputs.len()]);
        let outputs = (0..).zip(outputs.iter().copied()).collect();
        let task = Task { graph: &graph, outputs, mark, columns, members: 0 };
        Lowered::of(&task).map_err(|error| (part, error))
    }

    /// What there is of an end.
    fn end(&self, side: Side, event: &[Assignment], part: Part, efficacy: bool) -> Result<End, Wrong> {
        let names: Vec<String> = self.rule.variables(side).map(|statement| statement.name.clone()).collect();
        let step = if names.is_empty() { None } else { Some(self.step(side)?) };
        let is_own = |assignment: &&Assignment| names.contains(&assignment.name) || assignment.name == EFFICACY;
        let own: Vec<&Assignment> = event.iter().filter(is_own).collect();
        if own.is_empty() {
            return Ok(End { names, step, spike: None });
        }
        let mut graph = Graph::default();
        let mut known: Vec<(String, Id)> = Vec::new();
        for (place, name) in (0..).zip(&names) {
            known.push((name.clone(), graph.leaf(Node::Column(place))));
        }
        if efficacy {
            let one = graph.number(1.0);
            known.push((EFFICACY.into(), one));
        }
        self.assigned(&mut graph, &mut known, &own, part)?;
        let outputs: Vec<Id> = known.iter().map(|(_, id)| *id).collect();
        Ok(End { names, step, spike: Some(Self::lowered(graph, outputs.len(), &outputs, part)?) })
    }

    /// A step of the variables of an end, exactly where that can be.
    fn step(&self, side: Side) -> Result<Lowered, Wrong> {
        let own = self.rule.variables(side).cloned().map(|statement| Statement { side: Side::Unsaid, ..statement });
        let mut statements: Vec<Statement> = own.collect();
        let used: Vec<String> = statements
            .iter()
            .filter_map(|statement| match &statement.meaning {
                Meaning::Derivative(value) => Some(self.rule.used_by(value)),
                _ => None,
            })
            .flatten()
            .collect();
        let expressions = self.rule.statements.iter().filter(|statement| used.contains(&statement.name));
        statements.extend(expressions.filter(|one| matches!(one.meaning, Meaning::Subexpression(_))).cloned());
        let model = Model { statements, ..Model::default() };
        let number = |name: &str| (self.number)(name).map(Fixed::Number);
        let around = Surroundings {
            dt: self.dt,
            steps: 1,
            method: Method::Auto,
            when: When::While,
            refractory: Fixed::Number(0.0),
            members: 1,
            neurons: 1,
            number: &number,
            known: Vec::new(),
            array: &|_| Err("a rule reads no files".into()),
            sites: &[],
            potential: false,
            shift: false,
            sums: &[],
        };
        let made = runnable(&model, &around)?;
        if made.sources.is_empty() {
            return Ok(made.lowered);
        }
        let why = "the equations of a rule have no noise and no input: they read their own variables and parameters";
        Err((Part::Model, fault(why, 0..0)))
    }

    /// What an event does to synapses, if it does something.
    fn event(&self, event: &[Assignment], part: Part) -> Result<Option<Event>, Wrong> {
        let own: Vec<&Assignment> =
            event.iter().filter(|assignment| self.rule.side_of(&assignment.name) == Some(Side::Synapse)).collect();
        if own.is_empty() {
            return Ok(None);
        }
        let mut graph = Graph::default();
        let mut columns: Vec<String> = vec![WEIGHT.into()];
        columns.extend(self.rule.of_synapses());
        let mut known: Vec<(String, Id)> = Vec::new();
        for (place, name) in (0..).zip(&columns) {
            known.push((name.clone(), graph.leaf(Node::Column(place))));
        }
        let mut reads = Vec::new();
        let mut read = |graph: &mut Graph, known: &mut Vec<(String, Id)>, name: String, what: Read| {
            known.push((name, graph.input(reads.len())));
            reads.push(what);
        };
        for (side, of) in [(Side::Pre, Read::Pre as fn(usize) -> Read), (Side::Post, Read::Post)] {
            for (place, variable) in self.rule.variables(side).enumerate() {
                read(&mut graph, &mut known, variable.name.clone(), of(place));
            }
        }
        for name in own.iter().flat_map(|assignment| self.rule.used_by(&assignment.value)) {
            let is_known = known.iter().any(|(known, _)| *known == name) || (self.number)(&name).is_some();
            let of = [("_pre", Read::OfSource as fn(String) -> Read), ("_post", Read::OfTarget)];
            let found = of.iter().find_map(|(end, of)| Some(of(name.strip_suffix(end)?.to_owned())));
            if let (false, false, Some(what)) = (is_known, is_taken(&name), found) {
                read(&mut graph, &mut known, name, what);
            }
        }
        self.assigned(&mut graph, &mut known, &own, part)?;
        let outputs: Vec<Id> = known[..columns.len()].iter().map(|(_, id)| *id).collect();
        let lowered = Self::lowered(graph, columns.len(), &outputs, part)?;
        let reads = lowered.read.iter().map(|k| reads[usize::from(*k)].clone()).collect();
        Ok(Some(Event { lowered, reads }))
    }
}
