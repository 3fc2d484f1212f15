//! A receptor as text: variables that move between spikes, what arrives does to them, and what they give to their neuron.
//!
//! ```text
//! ds/dt = −s/tau;   arrive: s += weight;   conductance: s
//! ```
//! What is given in an iteration is its mean over the step, from where arrivals have taken the variables; what is linear in variables
//! that are solved exactly is so, and a current is then weighed as a linear membrane takes it up. Of others it is the mean of both ends.

use std::cell::RefCell;

use super::{
    assembly::{Assembly, Growing},
    graph::{Fixed, Graph, Id, Node},
    lower::Lowered,
    method::{Method, System},
    model::{Model, Part, Wrong},
    operation::{One, Two},
    statement::fault,
    surroundings::{Source, Surroundings, Timed},
};
use crate::value::Expression;

/// The sum of the weights that arrive in an iteration, by its name in the text.
pub const WEIGHT: &str = "weight";

/// A receptor as its texts say it.
#[derive(Clone, Debug, Default)]
pub struct ReceptorModel {
    /// Variables, and what arrives does.
    pub model: Model,
    current: Option<Expression>,
    conductance: Option<Expression>,
    jump: Option<Expression>,
}

/// A receptor that runs. Its program changes the variables, then what it gives to: input, conductance, jump, those that are given.
#[derive(Clone, Debug)]
pub struct RunnableReceptor {
    /// What runs.
    pub lowered: Lowered,
    /// What each input of the graph is.
    pub sources: Vec<Source>,
    /// Arrays of which rows are due.
    pub timed: Vec<Timed>,
    /// The method that was chosen.
    pub method: Method,
}

/// What a receptor stands in besides what all equations do.
#[derive(Clone, Debug, Default)]
pub struct Membranous {
    /// The reversal potential of the conductance.
    pub reversal: Option<Fixed>,
    /// The time constant (ms) of a linear membrane that takes up its current.
    pub tau: Option<Fixed>,
}

impl ReceptorModel {
    /// Reads the texts: equations, what arrives does, what is given; where nothing is, the first variable is a current.
    ///
    /// # Errors
    /// They are none.
    pub fn read([model, arrive, current, conductance, jump]: [&str; 5]) -> Result<Self, Wrong> {
        let given = |text: &str, part| match text.trim() {
            "" => Ok(None),
            _ => Expression::parse(text).map(Some).map_err(|error| (part, error)),
        };
        let mut read = Self {
            model: Model::read(model, "", "", arrive)?,
            current: given(current, Part::Current)?,
            conductance: given(conductance, Part::Conductance)?,
            jump: given(jump, Part::Jump)?,
        };
        let nothing = read.given().next().is_none();
        if let Some(first) = read.model.variables().next().filter(|_| nothing) {
            read.current = Some(Expression::parse(&first.name).map_err(|error| (Part::Model, error))?);
        }
        Ok(read)
    }

    /// What is given, in the order of the columns.
    pub fn given(&self) -> impl Iterator<Item = (Part, &Expression)> {
        let all = [(Part::Current, &self.current), (Part::Conductance, &self.conductance), (Part::Jump, &self.jump)];
        all.into_iter().filter_map(|(part, own)| Some((part, own.as_ref()?)))
    }

    /// Whether something of a part is given.
    #[must_use]
    pub fn gives(&self, part: Part) -> bool {
        self.given().any(|(own, _)| own == part)
    }

    /// Whether a name is used, be it anywhere.
    #[must_use]
    pub fn uses(&self, name: &str) -> bool {
        self.expressions().any(|expression| expression.names().iter().any(|(used, _)| *used == name))
    }

    /// All expressions.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.model.expressions().chain(self.given().map(|(_, own)| own))
    }

    /// The receptor in its surroundings.
    ///
    /// # Errors
    /// A name that nobody knows; what its method cannot do; more than a program can hold.
    pub fn runnable(&self, around: &Surroundings<'_>, membrane: &Membranous) -> Result<RunnableReceptor, Wrong> {
        let state = RefCell::default();
        let mut assembly = Assembly::new(&self.model, around, &state)?;
        let (outputs, method) = assembly.received(self, membrane)?;
        let mut graph = assembly.into_graph();
        let mut columns: Vec<(u16, Id)> = (0..).zip(outputs).collect();
        graph.settle(&mut columns[..self.model.variables().count()]);
        let outputs: Vec<Id> = columns.into_iter().map(|(_, id)| id).collect();
        let lowered = Lowered::unmarked(graph, &outputs, around.members).map_err(|error| (Part::Model, error))?;
        let Growing { sources, timed } = state.into_inner();
        if sources.iter().any(|source| matches!(source, Source::Normal | Source::Uniform)) {
            let why = "a receptor draws no random numbers: noise is a behaviour of the neurons";
            return Err((Part::Model, fault(why, 0..0)));
        }
        Ok(RunnableReceptor { lowered, sources, timed, method })
    }
}

/// Means of the variables over a step, as a conductance and as a membrane takes them up, and the variables after it.
struct Means {
    plain: Vec<Id>,
    weighed: Vec<Id>,
    new: Vec<Id>,
}

impl Assembly<'_> {
    /// The variables after an iteration, then what is given to, with what it is given.
    fn received(&mut self, receptor: &ReceptorModel, membrane: &Membranous) -> Result<(Vec<Id>, Method), Wrong> {
        let system = self.system()?;
        self.check_weight(receptor)?;
        let method = self.chosen(&system);
        self.start = self.arrived()?;
        let means = self.means(&system, method, membrane)?;
        let mut outputs = self.within_bounds(means.new)?;
        let start = self.start.clone();
        let reversal = match &membrane.reversal {
            Some(reversal) => self.given(reversal.clone()),
            None => self.graph.number(0.0),
        };
        let (mut input, mut others) = (None, Vec::new());
        for (part, own) in receptor.given() {
            let at = match part {
                Part::Current => &means.weighed,
                Part::Conductance => &means.plain,
                _ => &start,
            };
            let given = self.build_at(at, own, part)?;
            let current = match part {
                Part::Current => given,
                Part::Conductance => self.graph.two(Two::Multiply, given, reversal),
                _ => self.graph.number(0.0),
            };
            input = match (part, input) {
                (Part::Jump, sum) => sum,
                (_, None) => Some(current),
                (_, Some(sum)) => Some(self.graph.two(Two::Add, sum, current)),
            };
            if part != Part::Current {
                others.push(given);
            }
        }
        for given in input.into_iter().chain(others) {
            let column = self.graph.leaf(Node::Column(outputs.len() as u16));
            outputs.push(self.graph.two(Two::Add, column, given));
        }
        Ok((outputs, method))
    }

    /// Refuses arrivals that are not linear in their weights: spikes that arrive together are known by their sum alone.
    fn check_weight(&mut self, receptor: &ReceptorModel) -> Result<(), Wrong> {
        for assignment in &receptor.model.arrive {
            let value = self.build(&assignment.value, Part::Arrive, true)?;
            let Some(weight) = self.names.get(WEIGHT) else { continue };
            let slope = self.graph.derivative(value, weight);
            if self.graph.depends(slope, weight) {
                let why =
                    "`weight` must stand in it linearly: it is the sum over the spikes that arrive in an iteration";
                return Err((Part::Arrive, fault(why, assignment.at.clone())));
            }
        }
        Ok(())
    }

    fn means(&mut self, system: &System, method: Method, membrane: &Membranous) -> Result<Means, Wrong> {
        let from: Vec<(Id, Id)> = self.x.iter().copied().zip(self.start.iter().copied()).collect();
        if method != Method::Exact {
            let step = self.step_of(method, system)?;
            let new = self.graph.replaced(&step, &from, true);
            let half = self.graph.number(0.5);
            let mean = |graph: &mut Graph, (a, b): (&Id, &Id)| {
                let sum = graph.two(Two::Add, *a, *b);
                graph.two(Two::Multiply, sum, half)
            };
            let plain: Vec<Id> = self.start.iter().zip(&new).map(|pair| mean(&mut self.graph, pair)).collect();
            return Ok(Means { weighed: plain.clone(), plain, new });
        }
        // With a variable for the integral of each one, and one for what a membrane has of it: both begin at 0.
        let n = system.x.len();
        let (h, zero) = (system.h, self.graph.number(0.0));
        let leak = match &membrane.tau {
            Some(tau) => {
                let (tau, less) = (self.given(tau.clone()), self.graph.number(-1.0));
                self.graph.two(Two::Divide, less, tau)
            }
            None => zero,
        };
        let integrals: Vec<Id> = (0..2 * n).map(|k| self.graph.leaf(Node::Column((n + k) as u16))).collect();
        let mut all = System { x: system.x.clone(), f: system.f.clone(), noise: Vec::new(), ..*system };
        for (k, &integral) in integrals.iter().enumerate() {
            let loss = self.graph.two(Two::Multiply, integral, if k < n { zero } else { leak });
            all.f.push(self.graph.two(Two::Add, system.x[k % n], loss));
            all.x.push(integral);
        }
        let step = self.step_of(method, &all)?;
        let by: Vec<(Id, Id)> = from.into_iter().chain(integrals.into_iter().map(|own| (own, zero))).collect();
        let moved = self.graph.replaced(&step, &by, true);
        // A constant current that takes the membrane as far: over h, or over τ (1 − exp(−h/τ)).
        let h = self.graph.number(h);
        let exponent = self.graph.two(Two::Multiply, leak, h);
        let share = self.graph.one(One::MeanExp, exponent);
        let taken = self.graph.two(Two::Multiply, share, h);
        let mut over = |own: &[Id], by: Id| own.iter().map(|id| self.graph.two(Two::Divide, *id, by)).collect();
        let (plain, weighed) = (over(&moved[n..2 * n], h), over(&moved[2 * n..], taken));
        Ok(Means { plain, weighed, new: moved[..n].to_vec() })
    }
}
