//! The programs of a rule: steps of the variables of its ends, events at synapses, steps of synapses.

use super::{
    super::{
        build::Names,
        graph::{Fixed, Graph, Id, Node},
        lower::Lowered,
        method::{Method, System},
        model::{Model, Part, Wrong, is_noise, is_taken},
        operation::{One, Two},
        statement::{Assignment, Meaning, Side, Statement, fault},
        step::runnable,
        surroundings::{Source, Surroundings, When},
    },
    EFFICACY, End, Event, ON_POST, ON_PRE, Read, RuleModel, RuleSurroundings, RunnableRule, WEIGHT,
};
use crate::value::Expression;

/// A rule in its surroundings.
pub(super) struct Assembly<'a> {
    pub rule: &'a RuleModel,
    pub around: &'a RuleSurroundings<'a>,
}

/// Names that are nodes by now.
type Known = Vec<(String, Id)>;

/// What a program for synapses grows from: its graph, the names in it, its inputs.
struct AtSynapses {
    graph: Graph,
    known: Known,
    reads: Vec<Read>,
    /// The weight and the variables, as they are.
    columns: Vec<String>,
}

impl AtSynapses {
    fn read(&mut self, name: String, what: Read) -> Id {
        let id = self.graph.input(self.reads.len());
        self.known.push((name, id));
        self.reads.push(what);
        id
    }

    fn is_known(&self, name: &str) -> bool {
        self.known.iter().any(|(known, _)| known == name)
    }

    /// The program that gives columns new numbers.
    fn event(mut self, outputs: &[Id], part: Part) -> Result<Event, Wrong> {
        let mut columns: Vec<(u16, Id)> = (0..).zip(outputs.iter().copied()).collect();
        // A weight that events change is read wherever a spike goes, and does not decay by itself.
        let decaying = if part == Part::Model { 0 } else { 1.min(columns.len()) };
        self.graph.settle(&mut columns[decaying..]);
        let outputs: Vec<Id> = columns.into_iter().map(|(_, id)| id).collect();
        let Self { graph, reads, .. } = self;
        let is_own = |k: usize, id: Id| graph.node(id) == Node::Column(k as u16);
        let changes: Vec<bool> = outputs.iter().enumerate().map(|(k, id)| !is_own(k, *id)).collect();
        let mut uses = changes.clone();
        let of_changed: Vec<Id> =
            outputs.iter().zip(&changes).filter(|(_, changes)| **changes).map(|(id, _)| *id).collect();
        for id in graph.parts(&of_changed) {
            if let Node::Column(k) = graph.node(id) {
                uses[usize::from(k)] = true;
            }
        }
        let lowered = Lowered::unmarked(graph, &outputs, 0).map_err(|error| (part, error))?;
        let reads = lowered.read.iter().map(|k| reads[usize::from(*k)].clone()).collect();
        Ok(Event { lowered, reads, uses, changes })
    }
}

impl Assembly<'_> {
    pub fn runnable(&self) -> Result<RunnableRule, Wrong> {
        let efficacy = self.rule.on_pre.iter().any(|assignment| assignment.name == EFFICACY);
        let (pre, post) = (
            self.end(Side::Pre, &self.rule.on_pre, ON_PRE, efficacy)?,
            self.end(Side::Post, &self.rule.on_post, ON_POST, false)?,
        );
        let (on_pre, on_post) = (self.event(&self.rule.on_pre, ON_PRE)?, self.event(&self.rule.on_post, ON_POST)?);
        let every = self.stepped()?;
        let events = [&on_pre, &on_post];
        let lazy = events.into_iter().flatten().any(|event| event.reads.contains(&Read::Since));
        Ok(RunnableRule { pre, post, on_pre, on_post, every, lazy, efficacy, bounds: self.bounds()? })
    }

    fn number(&self, name: &str) -> Option<f64> {
        (self.around.number)(name)
    }

    /// The names that are the same everywhere, and those in an expression that are parameters.
    fn names(&self, graph: &mut Graph, known: &[(String, Id)], expression: &Expression) -> Names<'static> {
        let mut names = Names::default();
        let (t, dt) = (graph.leaf(Node::Time), graph.number(self.around.dt));
        names.insert("t", t);
        names.insert("dt", dt);
        known.iter().for_each(|(name, id)| names.insert(name, *id));
        for name in self.rule.used_by(expression) {
            if let (None, Some(x)) = (names.get(&name), self.number(&name)) {
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
        known: &mut Known,
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

    fn statement(&self, name: &str) -> Option<&Statement> {
        self.rule.statements.iter().find(|statement| statement.name == name)
    }

    /// A number within the bounds of its variable.
    fn held(&self, graph: &mut Graph, name: &str, x: Id) -> Result<Id, Wrong> {
        let Some([low, high]) = self.statement(name).and_then(|statement| statement.bounds.as_ref()) else {
            return Ok(x);
        };
        let low = self.build(graph, &[], low, Part::Model)?;
        let high = self.build(graph, &[], high, Part::Model)?;
        Ok(graph.clipped(x, [low, high]))
    }

    fn bounds(&self) -> Result<[f64; 2], Wrong> {
        let statement = self.statement(WEIGHT);
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

    /// What there is of an end.
    fn end(&self, side: Side, event: &[Assignment], part: Part, efficacy: bool) -> Result<End, Wrong> {
        let names: Vec<String> = self.rule.variables(side).map(|statement| statement.name.clone()).collect();
        let (step, reads) = if names.is_empty() { (None, Vec::new()) } else { self.step(side)? };
        let is_own = |assignment: &&Assignment| names.contains(&assignment.name) || assignment.name == EFFICACY;
        let own: Vec<&Assignment> = event.iter().filter(is_own).collect();
        if own.is_empty() {
            return Ok(End { names, step, reads, spike: None });
        }
        let (mut graph, mut known) = (Graph::default(), Known::new());
        for (place, name) in (0..).zip(&names) {
            known.push((name.clone(), graph.leaf(Node::Column(place))));
        }
        if efficacy {
            let one = graph.number(1.0);
            known.push((EFFICACY.into(), one));
        }
        self.assigned(&mut graph, &mut known, &own, part)?;
        let outputs: Vec<Id> = known.iter().map(|(_, id)| *id).collect();
        let at = AtSynapses { graph, known: Known::new(), reads: Vec::new(), columns: Vec::new() };
        Ok(End { names, step, reads, spike: Some(at.event(&outputs, part)?.lowered) })
    }

    /// A step of the variables of an end, exactly where that can be, and the variables of its group that it reads.
    fn step(&self, side: Side) -> Result<(Option<Lowered>, Vec<String>), Wrong> {
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
        let ending = if side == Side::Pre { "_pre" } else { "_post" };
        let is_of_group = |name: &&String| {
            let is_said = self.number(name).is_some() || statements.iter().any(|statement| statement.name == **name);
            name.ends_with(ending) && !is_taken(name) && !is_said
        };
        let mut of_group: Vec<String> = used.iter().filter(is_of_group).cloned().collect();
        of_group.dedup();
        let model = Model { statements, ..Model::default() };
        let number = |name: &str| self.number(name).map(Fixed::Number);
        let around = Surroundings {
            dt: self.around.dt,
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
            sums: &of_group,
        };
        let made = runnable(&model, &around)?;
        let of_source = |place: &u16| match made.sources[usize::from(*place)] {
            Source::Sum(k) => of_group[usize::from(k)].strip_suffix(ending).map(str::to_owned),
            _ => None,
        };
        let reads: Option<Vec<String>> = made.lowered.read.iter().map(of_source).collect();
        let why =
            "the equations of an end have no noise: they read their own variables, those of their group and parameters";
        let reads = reads.ok_or_else(|| (Part::Model, fault(why, 0..0)))?;
        Ok((Some(made.lowered), reads))
    }

    /// Where programs for synapses begin: their columns, the variables of both ends, and what else some expressions read.
    fn at_synapses<'e>(&self, expressions: impl Iterator<Item = &'e Expression>) -> AtSynapses {
        let mut columns: Vec<String> = vec![WEIGHT.into()];
        columns.extend(self.rule.of_synapses());
        let mut at = AtSynapses { graph: Graph::default(), known: Known::new(), reads: Vec::new(), columns };
        for (place, name) in (0..).zip(&at.columns) {
            at.known.push((name.clone(), at.graph.leaf(Node::Column(place))));
        }
        for (side, of) in [(Side::Pre, Read::Pre as fn(usize) -> Read), (Side::Post, Read::Post)] {
            for (place, variable) in self.rule.variables(side).enumerate() {
                at.read(variable.name.clone(), of(place));
            }
        }
        for name in expressions.flat_map(|expression| self.rule.used_by(expression)) {
            if at.is_known(&name) || is_taken(&name) || self.number(&name).is_some() {
                continue;
            }
            if let Some(place) = self.around.factors.iter().position(|factor| *factor == name) {
                at.read(name, Read::Factor(place));
                continue;
            }
            let of = [("_pre", Read::OfSource as fn(String) -> Read), ("_post", Read::OfTarget)];
            if let Some(what) = of.iter().find_map(|(end, of)| Some(of(name.strip_suffix(end)?.to_owned()))) {
                at.read(name, what);
            }
        }
        at
    }

    /// The variables of synapses, and the weight, that have an equation.
    fn moving(&self) -> impl Iterator<Item = (&Statement, &Expression)> {
        self.rule.statements.iter().filter_map(|statement| match &statement.meaning {
            Meaning::Derivative(value) if statement.side == Side::Synapse || statement.name == WEIGHT => {
                Some((statement, value))
            }
            _ => None,
        })
    }

    /// What an event does to synapses, if it does something.
    fn event(&self, event: &[Assignment], part: Part) -> Result<Option<Event>, Wrong> {
        let own: Vec<&Assignment> =
            event.iter().filter(|assignment| self.rule.side_of(&assignment.name) == Some(Side::Synapse)).collect();
        if own.is_empty() {
            return Ok(None);
        }
        let mut at = self.at_synapses(own.iter().map(|assignment| &assignment.value));
        let touched: Vec<String> = own
            .iter()
            .flat_map(|assignment| self.rule.used_by(&assignment.value).into_iter().chain([assignment.name.clone()]))
            .collect();
        let is_touched = |statement: &Statement| touched.contains(&statement.name);
        if self.around.every == 0.0 && self.moving().any(|(statement, _)| is_touched(statement)) {
            self.advance(&mut at)?;
        }
        let AtSynapses { graph, known, .. } = &mut at;
        self.assigned(graph, known, &own, part)?;
        let outputs: Vec<Id> = at.known[..at.columns.len()].iter().map(|(_, id)| *id).collect();
        at.event(&outputs, part).map(Some)
    }

    /// Takes variables that are solved from spike to spike to the present.
    fn advance(&self, at: &mut AtSynapses) -> Result<(), Wrong> {
        let time = at.read(String::new(), Read::Since);
        let before = at.known.clone();
        for (statement, value) in self.moving() {
            let place = at.columns.iter().position(|name| *name == statement.name).unwrap_or_default();
            let x = before[place].1;
            let f = self.build(&mut at.graph, &before, value, Part::Model)?;
            let new = solved(&mut at.graph, (f, x), time);
            let new = new.filter(|_| statement.name != WEIGHT).ok_or_else(|| {
                let why = format!(
                    "`{}` cannot be solved from spike to spike, which takes an equation that is linear in it, with coefficients that never change: say `every`, the interval (ms) in which all synapses take a step",
                    statement.name
                );
                (Part::Model, fault(why, statement.at.clone()))
            })?;
            at.known[place].1 = self.held(&mut at.graph, &statement.name, new)?;
        }
        Ok(())
    }

    /// A step of all synapses, if there is an interval.
    fn stepped(&self) -> Result<Option<Event>, Wrong> {
        let moving: Vec<(&Statement, &Expression)> = self.moving().collect();
        let h = self.around.every;
        if h == 0.0 || moving.is_empty() {
            // Whoever is touched by no event would never move.
            let lazy = moving.iter().map(|(statement, _)| statement);
            let touched = |name: &String| {
                let events = self.rule.on_pre.iter().chain(&self.rule.on_post);
                events.into_iter().any(|one| one.name == *name || self.rule.used_by(&one.value).contains(name))
            };
            return match lazy.into_iter().find(|statement| !touched(&statement.name)) {
                Some(still) => {
                    let why = format!(
                        "no spike touches `{}`: say `every`, the interval (ms) in which all synapses take a step",
                        still.name
                    );
                    Err((Part::Model, fault(why, still.at.clone())))
                }
                None => Ok(None),
            };
        }
        let mut at = self.at_synapses(moving.iter().map(|(_, value)| *value));
        let mut noise = Vec::new();
        let root = at.graph.number(1.0 / h.sqrt());
        for name in moving.iter().flat_map(|(_, value)| self.rule.used_by(value)).filter(|name| is_noise(name)) {
            if !at.is_known(&name) {
                let number = at.graph.input(at.reads.len());
                at.reads.push(Read::Normal);
                at.known.push((name, at.graph.two(Two::Multiply, number, root)));
                noise.push(number);
            }
        }
        let place =
            |statement: &Statement| at.columns.iter().position(|name| *name == statement.name).unwrap_or_default();
        let places: Vec<usize> = moving.iter().map(|(statement, _)| place(statement)).collect();
        let x: Vec<Id> = places.iter().map(|place| at.known[*place].1).collect();
        let known = at.known.clone();
        let f = moving.iter().map(|(_, value)| self.build(&mut at.graph, &known, value, Part::Model));
        let system = System { f: f.collect::<Result<_, _>>()?, x, noise, h, members: 1, compartments: false };
        let AtSynapses { graph, reads, .. } = &mut at;
        let mut normal = |graph: &mut Graph| {
            reads.push(Read::Normal);
            graph.input(reads.len() - 1)
        };
        let step = self.around.method.step(graph, &system, &mut normal).map_err(|refusal| {
            let (name, at) =
                moving.get(refusal.variable).map_or(("", 0..0), |(one, _)| (one.name.as_str(), one.at.clone()));
            (Part::Model, fault(format!("`{name}` cannot be integrated so: {}", refusal.why), at))
        })?;
        let mut outputs: Vec<Id> = at.known[..at.columns.len()].iter().map(|(_, id)| *id).collect();
        for (place, new) in places.into_iter().zip(step) {
            outputs[place] = self.held(&mut at.graph, &at.columns[place].clone(), new)?;
        }
        at.event(&outputs, Part::Model).map(Some)
    }
}

/// The solution of dx/dt = f after a time, if f is linear in x and goes by nothing else that changes.
fn solved(graph: &mut Graph, (f, x): (Id, Id), time: Id) -> Option<Id> {
    let zero = graph.number(0.0);
    let slope = graph.derivative(f, x);
    let rest = graph.replaced(&[f], &[(x, zero)], true)[0];
    let is_endless = graph.constant(slope).is_some_and(|slope| !slope.is_finite());
    if !graph.is_fixed(slope) || !graph.is_fixed(rest) || is_endless {
        return None;
    }
    let exponent = graph.two(Two::Multiply, time, slope);
    let decay = graph.one(One::Exponential, exponent);
    let kept = graph.two(Two::Multiply, x, decay);
    // x e^{at} + b (e^{at} − 1)/a
    let mean = graph.one(One::MeanExp, exponent);
    let over = graph.two(Two::Multiply, mean, time);
    let way = graph.two(Two::Multiply, over, rest);
    Some(graph.two(Two::Add, kept, way))
}
