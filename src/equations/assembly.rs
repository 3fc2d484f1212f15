//! What the names in equations stand for: variables, what reaches a neuron and where, noise, sums, arrays, parameters.

use std::{cell::RefCell, rc::Rc};

use super::{
    build::{Argument, Names, Special},
    graph::{Fixed, Graph, Id, Node},
    model::{Model, Part, Wrong, is_noise},
    operation::Two,
    statement::fault,
    surroundings::{Source, Surroundings, Timed},
};
use crate::value::Expression;

/// Inputs and arrays, of which there are more with every call in an expression.
#[derive(Default)]
pub(super) struct Growing {
    pub sources: Vec<Source>,
    pub timed: Vec<Timed>,
}

impl Growing {
    /// Another input.
    pub fn add(&mut self, graph: &mut Graph, source: Source) -> Id {
        self.sources.push(source);
        graph.input(self.sources.len() - 1)
    }

    /// An input of which there is one.
    pub fn the(&mut self, graph: &mut Graph, source: Source) -> Id {
        match self.sources.iter().position(|known| *known == source) {
            Some(known) => graph.input(known),
            None => self.add(graph, source),
        }
    }
}

pub(super) struct Assembly<'a> {
    pub model: &'a Model,
    pub around: &'a Surroundings<'a>,
    pub graph: Graph,
    pub growing: &'a RefCell<Growing>,
    pub names: Names<'a>,
    /// The variables at the start of an iteration.
    pub x: Vec<Id>,
    /// The variables once something has arrived.
    pub start: Vec<Id>,
    /// White noises by their names: standard normal numbers.
    pub noise: Vec<(String, Id)>,
}

impl<'a> Assembly<'a> {
    pub fn new(model: &'a Model, around: &'a Surroundings<'a>, growing: &'a RefCell<Growing>) -> Result<Self, Wrong> {
        let mut graph = Graph::default();
        let mut names = Names::default();
        let (t, dt) = (graph.leaf(Node::Time), graph.number(around.dt));
        names.insert("t", t);
        names.insert("dt", dt);
        let mut x = Vec::new();
        for (place, variable) in model.variables().enumerate() {
            let id = graph.leaf(Node::Column(place as u16));
            names.insert(&variable.name, id);
            x.push(id);
        }
        Ok(Self { model, around, graph, growing, names, start: x.clone(), x, noise: Vec::new() })
    }

    pub fn into_graph(self) -> Graph {
        self.graph
    }

    /// A node that is given from outside.
    pub fn given(&mut self, given: Fixed) -> Id {
        match given {
            Fixed::Number(x) => self.graph.number(x),
            Fixed::Each(numbers) => self.graph.member_of(numbers),
        }
    }

    /// Makes the names in an expression known that come from outside.
    pub fn find_names(&mut self, expression: &Expression, part: Part) -> Result<(), Wrong> {
        for (name, at) in expression.names() {
            if name == "pi" || self.names.get(name).is_some() {
                continue;
            }
            if let Some(id) = self.reaching(name) {
                self.names.insert(name, id);
                continue;
            }
            let id = match name {
                "v" if self.around.potential => self.drive(Source::Potential, true),
                "shift" => self.drive(Source::Shift, self.around.shift),
                "jump" | "fired" | "refractory_left" => {
                    return Err((part, fault(format!("`{name}` cannot be read in equations"), at)));
                }
                noise if is_noise(noise) => {
                    if part != Part::Model {
                        return Err((part, fault("white noise stands in derivatives; here it is `randn()`", at)));
                    }
                    self.white(noise)
                }
                sum if self.around.sums.iter().any(|known| known == sum) => self.sum(sum),
                // A name that nobody knows is told where the expression is built.
                other => match (self.around.number)(other) {
                    Some(given) => self.given(given),
                    None => continue,
                },
            };
            self.names.insert(name, id);
        }
        Ok(())
    }

    pub fn drive(&mut self, source: Source, is_there: bool) -> Id {
        if is_there { self.growing.borrow_mut().the(&mut self.graph, source) } else { self.graph.number(0.0) }
    }

    pub fn sum(&mut self, name: &str) -> Id {
        let place = self.around.sums.iter().position(|known| known == name).unwrap_or_default();
        self.drive(Source::Sum(place as u16), true)
    }

    /// What reaches the neuron by this name: `input`, `conductance_dendrite`.
    pub fn reaching(&mut self, name: &str) -> Option<Id> {
        if let Some(site) = self.site_of("input", name) {
            return Some(self.input(site));
        }
        let site = self.site_of("conductance", name)?;
        Some(self.drive(Source::Conductance(site), self.around.sites[usize::from(site)].conductance))
    }

    /// The site at which a name stands for what reaches the neuron.
    pub fn site_of(&self, of: &str, name: &str) -> Option<u16> {
        let place = self.around.sites.iter().position(|site| site.name_of(of) == name)?;
        Some(place as u16)
    }

    /// The potential of a site, if the model has one.
    pub fn potential(&self, site: u16) -> Option<usize> {
        self.model.place(&self.around.sites[usize::from(site)].name_of("v"))
    }

    /// The current that reaches the neuron at a site: what conductances let in, too, unless the model speaks of them itself.
    pub fn input(&mut self, place: u16) -> Id {
        let current = self.drive(Source::Input(place), true);
        let v = self.potential(place).map(|place| self.x[place]);
        let site = &self.around.sites[usize::from(place)];
        match v {
            Some(v) if site.conductance && !self.model.uses(&site.name_of("conductance")) => {
                let open = self.drive(Source::Conductance(place), true);
                let leak = self.graph.two(Two::Multiply, open, v);
                self.graph.two(Two::Subtract, current, leak)
            }
            _ => current,
        }
    }

    /// White noise: a standard normal number over the root of a step.
    pub fn white(&mut self, name: &str) -> Id {
        let number = self.growing.borrow_mut().add(&mut self.graph, Source::Normal);
        self.noise.push((name.to_owned(), number));
        let root = self.graph.number(1.0 / self.h().sqrt());
        self.graph.two(Two::Multiply, number, root)
    }

    pub fn h(&self) -> f64 {
        self.around.dt / f64::from(self.around.steps.max(1))
    }

    /// The node of an expression; `random` says whether it may draw.
    pub fn build(&mut self, expression: &Expression, part: Part, random: bool) -> Result<Id, Wrong> {
        self.find_names(expression, part)?;
        let names = self.names.clone().with_calls(self.calls(random));
        let made = self.graph.build(expression, &names).and_then(|made| self.graph.check_size().map(|()| made));
        made.map_err(|mut error| {
            error.known.extend(self.around.known.iter().cloned());
            (part, error)
        })
    }

    /// Calls that read files or draw.
    pub fn calls(&self, random: bool) -> Rc<Special<'a>> {
        let (growing, around) = (self.growing, self.around);
        Rc::new(move |graph, name, arguments| match (name, arguments) {
            ("rand" | "randn", []) if !random => {
                let why =
                    format!("`{name}` is for resets and for expressions that are `once`; in derivatives noise is `xi`");
                Some(Err(why))
            }
            ("rand", []) => Some(Ok(growing.borrow_mut().add(graph, Source::Uniform))),
            ("randn", []) => Some(Ok(growing.borrow_mut().add(graph, Source::Normal))),
            ("timed", [Argument::Text(file), Argument::Node(every)]) => Some(match graph.constant(*every) {
                Some(every) if every > 0.0 && every.is_finite() => timed(graph, growing, around, file, every),
                _ => {
                    Err("the second argument of `timed` is the time from a row to the next: a number above 0 (ms)"
                        .into())
                }
            }),
            ("timed", _) => {
                Some(Err("`timed` takes a file and the time from a row to the next: timed('drive.npy', 0.5)".into()))
            }
            _ => None,
        })
    }

    /// The names where the variables are others.
    pub fn names_at(&mut self, there: &[Id]) -> Names<'a> {
        let mut names = self.names.clone();
        let by: Vec<(Id, Id)> = self.x.iter().copied().zip(there.iter().copied()).collect();
        let own: Vec<&str> = self.model.subexpressions().map(|(statement, _)| statement.name.as_str()).collect();
        let before: Vec<Id> = own.iter().filter_map(|name| self.names.get(name)).collect();
        let after = self.graph.replaced(&before, &by, false);
        own.iter().zip(after).for_each(|(name, id)| names.insert(name, id));
        for name in self.around.sites.iter().map(|site| site.name_of("input")) {
            if let Some(input) = self.names.get(&name) {
                let there = self.graph.replaced(&[input], &by, false)[0];
                names.insert(&name, there);
            }
        }
        self.model.variables().zip(there).for_each(|(variable, id)| names.insert(&variable.name, *id));
        names
    }

    /// An expression where the variables are others.
    pub fn build_at(&mut self, there: &[Id], expression: &Expression, part: Part) -> Result<Id, Wrong> {
        self.find_names(expression, part)?;
        let names = self.names_at(there);
        let before = std::mem::replace(&mut self.names, names);
        let made = self.build(expression, part, matches!(part, Part::Reset | Part::Arrive));
        self.names = before;
        made
    }
}

/// The number, or the number of each neuron, of an array that is due.
fn timed(
    graph: &mut Graph,
    growing: &RefCell<Growing>,
    around: &Surroundings<'_>,
    file: &str,
    every: f64,
) -> Result<Id, String> {
    let array = (around.array)(file)?;
    let width: usize = array.shape.iter().skip(1).product();
    if array.data.is_empty() || array.shape.is_empty() {
        return Err(format!("`{file}` has no row"));
    }
    let mut growing = growing.borrow_mut();
    let k = growing.timed.len() as u16;
    growing.timed.push(Timed { array, every });
    match width {
        1 => Ok(graph.leaf(Node::Timed(k))),
        width if width == around.neurons => Ok(growing.add(graph, Source::Timed(k))),
        width => Err(format!(
            "a row of `{file}` has {width} numbers: one, or one for each of {} neurons, is needed",
            around.neurons
        )),
    }
}
