//! A rule of plasticity as text: variables of sources, targets and synapses, and what a spike of either end does.
//!
//! ```text
//! dx/dt = −x/tau_plus : pre;  dy/dt = −y/tau_minus : post;  w : bounds 0 w_max
//! on_pre:  w −= a_minus·y;  x += 1            when a spike of the source arrives
//! on_post: w += a_plus·x;   y += 1            when the target fires
//! ```
//! Variables of synapses may have equations of their own. With an interval, `every`, all synapses take a step of it; without, those that
//! are linear in themselves and go by nothing else that changes are solved from spike to spike.
//!
//! What a spike does to variables of its own neuron happens there, when it is fired, and is the neuron's alone; what it does to the
//! synapse, when it arrives. Variables of neurons are read as they were before the spike.

mod assembly;

use assembly::Assembly;

use super::{
    lower::Lowered,
    method::Method,
    model::{Part, Wrong, in_order, names_once},
    statement::{Assignment, Meaning, Side, Statement, assignments, fault, statements},
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

/// What a program for synapses reads besides what it changes.
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
    /// A number that is the same for all synapses, by its place among the factors.
    Factor(usize),
    /// The time (ms) since the synapse was last seen to.
    Since,
    /// Standard normal numbers.
    Normal,
}

/// What is done to synapses. The columns of the program are the weight, then the synapse's variables in their order.
#[derive(Clone, Debug)]
pub struct Event {
    /// The program.
    pub lowered: Lowered,
    /// What it reads, in the order of its inputs.
    pub reads: Vec<Read>,
    /// Which columns it uses.
    pub uses: Vec<bool>,
    /// Which it changes.
    pub changes: Vec<bool>,
}

/// What a rule stands in.
pub struct RuleSurroundings<'a> {
    /// The iteration (ms).
    pub dt: f64,
    /// The interval (ms) in which all synapses take a step; 0 for none.
    pub every: f64,
    /// How equations of synapses are integrated then.
    pub method: Method,
    /// Numbers by name: parameters and constants.
    pub number: &'a dyn Fn(&str) -> Option<f64>,
    /// The names of numbers of other groups.
    pub factors: &'a [String],
}

/// The variables of an end.
#[derive(Clone, Debug)]
pub struct End {
    /// Their names.
    pub names: Vec<String>,
    /// A step; nothing where there are none.
    pub step: Option<Lowered>,
    /// The variables of the neurons' group that it reads, in the order of its inputs.
    pub reads: Vec<String>,
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
    /// In every interval.
    pub every: Option<Event>,
    /// Whether variables of synapses are solved from spike to spike.
    pub lazy: bool,
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

    /// Whether a name is that of a statement.
    #[must_use]
    pub fn says(&self, name: &str) -> bool {
        self.statements.iter().any(|statement| statement.name == name)
    }

    /// Whether a name is used, be it anywhere.
    #[must_use]
    pub fn uses(&self, name: &str) -> bool {
        let of_events = self.on_pre.iter().chain(&self.on_post).map(|assignment| &assignment.value);
        let mut all = self.statements.iter().flat_map(Statement::expressions).chain(of_events);
        all.any(|expression| expression.names().iter().any(|(used, _)| *used == name))
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

    /// The rule in its surroundings.
    ///
    /// # Errors
    /// A name that nobody knows; what no method can do.
    pub fn runnable(&self, around: &RuleSurroundings<'_>) -> Result<RunnableRule, Wrong> {
        Assembly { rule: self, around }.runnable()
    }
}

/// Variables of a rule say whose they are.
fn has_an_end(statement: &Statement) -> Result<(), ValueError> {
    let Statement { name, at, meaning, side, .. } = statement;
    match (meaning, side) {
        (Meaning::Kept | Meaning::Derivative(_), Side::Unsaid | Side::Synapse) if name == WEIGHT => Ok(()),
        (Meaning::Subexpression(_), _) if name != WEIGHT && name != EFFICACY => Ok(()),
        _ if name == WEIGHT => {
            Err(fault("the weight is the synapse's, and changes: `dw/dt = …`, or at spikes", at.clone()))
        }
        _ if name == EFFICACY => Err(fault("`efficacy` is set at spikes of the source, in `on_pre`", at.clone())),
        (_, Side::Unsaid) => Err(fault("say whose it is: `: pre`, `: post` or `: synapse`", at.clone())),
        _ => Ok(()),
    }
}
