//! A graph as a program: what changes when is told apart, instructions are chosen and put in order, registers dealt out.

use std::collections::{HashMap, HashSet};

use super::{
    graph::{Class, Fixed, Graph, Id, Node, children},
    select::{Choice, choose},
    statement::fault,
};
use crate::{
    numeric::{
        Column, Real,
        program::{Counts, Instruction, LANES, Line, Operand, Operation, Program, REGISTERS},
        real::real,
    },
    value::ValueError,
};

/// What a graph is to do: columns that get new numbers, and a truth that marks a neuron.
pub struct Task<'a> {
    /// The graph, which takes nothing once any more.
    pub graph: &'a Graph,
    /// Columns, by their place, and their new numbers.
    pub outputs: Vec<(u16, Id)>,
    /// The truth.
    pub mark: Id,
    /// How many columns there are.
    pub columns: usize,
    /// How many neurons.
    pub members: usize,
}

/// A program and what it runs on besides the columns that it changes.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// The program.
    pub program: Program,
    /// The inputs of the graph that are read, in the order of the program's.
    pub read: Vec<u16>,
    /// The program's inputs after those: numbers of each neuron that never change.
    pub fixed: Vec<Column<Real>>,
    lines: Vec<Line>,
    /// Which constants change with the iteration.
    moving: Vec<(usize, Id)>,
    /// What these are made of, parts first; and the graph that they stand in.
    graph: Graph,
    parts: Vec<Id>,
}

impl Lowered {
    /// The program for a task.
    ///
    /// # Errors
    /// It takes more registers than there are.
    pub fn of(task: &Task<'_>) -> Result<Self, ValueError> {
        let mut lowering = Lowering::new(task);
        let code = lowering.code()?;
        let Lowering { constants, inputs, fixed, registers, .. } = &lowering;
        let counts = Counts {
            registers: *registers,
            columns: task.columns,
            inputs: inputs.len() + fixed.len(),
            constants: constants.len(),
        };
        // Fixed columns come after all inputs, however many these have become.
        let placed = |operand: Operand| match operand {
            Operand::Input(k) if k >= FIXED => Operand::Input(k - FIXED + inputs.len() as u16),
            other => other,
        };
        let code: Vec<Instruction> =
            code.into_iter().map(|one| Instruction { to: placed(one.to), from: one.from.map(placed), ..one }).collect();
        let mark = placed(lowering.operands[&task.mark]);
        let program = Program::new(&code, counts, mark).ok_or_else(too_large)?;
        let moving: Vec<(usize, Id)> =
            constants.iter().enumerate().filter_map(|(k, id)| Some((k, (*id).err()?))).collect();
        let parts = task.graph.parts(&moving.iter().map(|(_, id)| *id).collect::<Vec<_>>());
        let line = |constant: &Result<u64, Id>| [constant.map_or(0.0, |bits| real(f64::from_bits(bits))); LANES];
        Ok(Self {
            program,
            read: inputs.clone(),
            fixed: fixed.iter().map(|id| column(task.graph, *id, task.members)).collect(),
            lines: constants.iter().map(line).collect(),
            graph: if moving.is_empty() { Graph::default() } else { task.graph.clone() },
            moving,
            parts,
        })
    }

    /// The program that gives all columns new numbers, in their order, and marks nobody: of what these need of a graph.
    ///
    /// # Errors
    /// As for [`of`](Self::of), or the graph is too large.
    pub fn unmarked(mut graph: Graph, outputs: &[Id], members: usize) -> Result<Self, ValueError> {
        let never = graph.number(0.0);
        let roots: Vec<Id> = outputs.iter().copied().chain([never]).collect();
        let (graph, roots) = graph.compacted(&roots);
        graph.check_size()?;
        let columns = outputs.len();
        let outputs = (0..).zip(roots[..columns].iter().copied()).collect();
        Self::of(&Task { graph: &graph, outputs, mark: roots[columns], columns, members })
    }

    /// Gives constants the numbers of an iteration that begins at a time; `timed` gives those of [`Node::Timed`].
    pub fn begin(&mut self, time: f64, timed: &dyn Fn(u16) -> f64) {
        if self.moving.is_empty() {
            return;
        }
        let mut numbers = HashMap::new();
        self.graph.evaluate(&self.parts, &mut numbers, |node| match node {
            Node::Time => time,
            Node::Timed(k) => timed(k),
            _ => f64::NAN,
        });
        for (k, id) in &self.moving {
            self.lines[*k] = [real(numbers[id]); LANES];
        }
    }

    /// The constants.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }
}

fn too_large() -> ValueError {
    fault(format!("the equations need more than {REGISTERS} numbers at a time of each neuron"), 0..0)
}

/// The numbers of all neurons of what never changes.
fn column(graph: &Graph, id: Id, members: usize) -> Column<Real> {
    let numbers = fixed(graph, &[id], members).pop().unwrap_or(Fixed::Number(0.0));
    let mut column = Column::filled(0.0, members);
    column.iter_mut().enumerate().for_each(|(member, place)| *place = real(numbers.at(member)));
    column
}

/// The numbers of nodes that never change, of all neurons: node by node, so that each is a loop.
pub fn fixed(graph: &Graph, of: &[Id], members: usize) -> Vec<Fixed> {
    let mut known: HashMap<Id, Fixed> = HashMap::new();
    for id in graph.parts(of) {
        let node = graph.node(id);
        let parts: Vec<Fixed> = children(node).map(|part| known[&part].clone()).collect();
        let number = |of: &dyn Fn(usize) -> f64| match node {
            Node::One(operation, _) => operation.of(of(0)),
            Node::Two(operation, ..) => operation.of(of(0), of(1)),
            Node::Select(..) => {
                if of(0) != 0.0 {
                    of(1)
                } else {
                    of(2)
                }
            }
            _ => f64::NAN,
        };
        let made = match node {
            Node::Number(bits) => Fixed::Number(f64::from_bits(bits)),
            Node::Member(k) => Fixed::Each(graph.member(k).clone()),
            _ if parts.iter().all(|part| matches!(part, Fixed::Number(_))) => {
                Fixed::Number(number(&|k| parts[k].at(0)))
            }
            _ => Fixed::Each((0..members).map(|member| number(&|k| parts[k].at(member))).collect()),
        };
        known.insert(id, made);
    }
    of.iter().map(|id| known[id].clone()).collect()
}

/// Inputs from here on are fixed columns, while it is not known how many others there are.
const FIXED: u16 = 1 << 15;

struct Lowering<'a> {
    task: &'a Task<'a>,
    /// Numbers by their bits, or nodes that change with the iteration.
    constants: Vec<Result<u64, Id>>,
    inputs: Vec<u16>,
    fixed: Vec<Id>,
    registers: usize,
    free: Vec<u16>,
    /// Where nodes are.
    operands: HashMap<Id, Operand>,
}

impl<'a> Lowering<'a> {
    fn new(task: &'a Task<'a>) -> Self {
        let (constants, inputs, fixed, free) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { task, constants, inputs, fixed, registers: 0, free, operands: HashMap::new() }
    }

    /// Whether a node is reckoned for each neuron in each iteration.
    fn is_work(&self, id: Id) -> bool {
        let leaf = matches!(self.task.graph.node(id), Node::Column(_) | Node::Input(_));
        self.task.graph.class(id) == Class::Varying && !leaf
    }

    /// Where a node is that takes no instruction.
    fn leaf(&mut self, id: Id) -> Operand {
        let graph = self.task.graph;
        match (graph.node(id), graph.class(id)) {
            (Node::Column(k), _) => Operand::Column(k),
            (Node::Input(k), _) => Operand::Input(place(&mut self.inputs, k)),
            (_, Class::Member) => Operand::Input(FIXED + place(&mut self.fixed, id)),
            (Node::Number(bits), _) => Operand::Constant(place(&mut self.constants, Ok(bits))),
            _ => Operand::Constant(place(&mut self.constants, Err(id))),
        }
    }

    fn operand(&mut self, id: Id) -> Operand {
        if let Some(known) = self.operands.get(&id) {
            return *known;
        }
        self.leaf(id)
    }

    fn register(&mut self) -> u16 {
        self.free.pop().unwrap_or_else(|| {
            self.registers += 1;
            self.registers as u16 - 1
        })
    }

    fn code(&mut self) -> Result<Vec<Instruction>, ValueError> {
        let (graph, task) = (self.task.graph, self.task);
        let roots: Vec<Id> = task.outputs.iter().map(|(_, id)| *id).chain([task.mark]).collect();
        let chosen = self.chosen(&roots);
        let mut code = Vec::new();
        // A column that another one gets, or that marks, is kept before it is written.
        for id in &roots {
            let Node::Column(own) = graph.node(*id) else { continue };
            if !task.outputs.contains(&(own, *id)) && !self.operands.contains_key(id) {
                let to = Operand::Register(self.register());
                code.push(Instruction { operation: Operation::Copy, to, from: [Operand::Column(own); 4] });
                self.operands.insert(*id, to);
            }
        }
        let mut last = last_uses(&chosen);
        let early = self.early(&chosen, &roots);
        for root in &roots {
            last.insert(*root, usize::MAX);
        }
        for (k, (id, choice)) in chosen.iter().enumerate() {
            let mut from = [Operand::Register(0); 4];
            for (slot, part) in from.iter_mut().zip(&choice.from) {
                // What is read here is what the column was.
                *slot = match graph.node(*part) {
                    Node::Column(own) => Operand::Column(own),
                    _ => self.operand(*part),
                };
            }
            let done: HashSet<Id> = choice.from.iter().copied().filter(|part| last.get(part) == Some(&k)).collect();
            let mut freed: Vec<u16> = done
                .iter()
                .filter_map(|part| match self.operands.get(part) {
                    Some(Operand::Register(own)) => Some(*own),
                    _ => None,
                })
                .collect();
            freed.sort_unstable();
            self.free.extend(freed);
            let to = match early.get(id) {
                Some(column) => Operand::Column(*column),
                None => Operand::Register(self.register()),
            };
            if self.registers > REGISTERS {
                return Err(too_large());
            }
            self.operands.insert(*id, to);
            code.push(Instruction { operation: choice.operation, to, from });
        }
        for (column, id) in &task.outputs {
            let (to, from) = (Operand::Column(*column), self.operand(*id));
            if from != to {
                code.push(Instruction { operation: Operation::Copy, to, from: [from; 4] });
            }
        }
        let mark = self.operand(task.mark);
        self.operands.insert(task.mark, mark);
        Ok(code)
    }

    /// The instructions, those that others need first.
    fn chosen(&self, roots: &[Id]) -> Vec<(Id, Choice)> {
        let graph = self.task.graph;
        let nodes: Vec<Id> = graph.parts(roots).into_iter().filter(|id| self.is_work(*id)).collect();
        let mut uses: HashMap<Id, usize> = HashMap::new();
        nodes.iter().flat_map(|id| children(graph.node(*id))).for_each(|part| *uses.entry(part).or_default() += 1);
        roots.iter().for_each(|root| *uses.entry(*root).or_default() += 2);
        let single = |id: Id| self.is_work(id) && uses[&id] == 1;
        let (mut within, mut chosen): (HashSet<Id>, Vec<_>) = (HashSet::new(), Vec::new());
        for id in nodes.into_iter().rev() {
            if !within.contains(&id) {
                let choice = choose(graph, id, &single);
                within.extend(&choice.within);
                chosen.push((id, choice));
            }
        }
        chosen.reverse();
        chosen
    }

    /// The nodes that can be made right in their column, since nobody reads it after them, by column.
    fn early(&self, chosen: &[(Id, Choice)], roots: &[Id]) -> HashMap<Id, u16> {
        let graph = self.task.graph;
        let mut read: HashMap<u16, usize> = HashMap::new();
        for (k, (_, choice)) in chosen.iter().enumerate() {
            for part in &choice.from {
                if let Node::Column(column) = graph.node(*part) {
                    read.insert(column, k);
                }
            }
        }
        let made: HashMap<Id, usize> = chosen.iter().enumerate().map(|(k, (id, _))| (*id, k)).collect();
        let is_early = |(column, id): &&(u16, Id)| {
            let once = roots.iter().filter(|root| *root == id).count() == 1;
            once && made.get(id).is_some_and(|k| read.get(column).is_none_or(|read| read <= k))
        };
        self.task.outputs.iter().filter(is_early).map(|(column, id)| (*id, *column)).collect()
    }
}

/// The last instruction that needs each node.
fn last_uses(chosen: &[(Id, Choice)]) -> HashMap<Id, usize> {
    let uses = chosen.iter().enumerate().flat_map(|(k, (_, choice))| choice.from.iter().map(move |part| (*part, k)));
    uses.collect()
}

/// The place of something in a list, where it is put if it is not in it.
fn place<T: PartialEq>(list: &mut Vec<T>, of: T) -> u16 {
    let known = list.iter().position(|known| *known == of);
    known.unwrap_or_else(|| {
        list.push(of);
        list.len() - 1
    }) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        equations::{build::Names, operation::Two},
        numeric::real::wide,
        value::Expression,
    };

    /// The columns x and y and an input z after some texts for new x and y, and the marks of a third one.
    fn run(texts: [&str; 3], n: usize) -> (Vec<Vec<f64>>, Vec<u8>, usize) {
        let mut graph = Graph::default();
        let mut names = Names::default();
        for (name, leaf) in [("x", Node::Column(0)), ("y", Node::Column(1)), ("z", Node::Input(3)), ("t", Node::Time)] {
            let id = graph.leaf(leaf);
            names.insert(name, id);
        }
        let p = graph.member_of((0..n).map(|i| (i % 5) as f64 + 0.1).collect());
        names.insert("p", p);
        let made: Vec<Id> =
            texts.iter().map(|text| graph.build(&Expression::parse(text).unwrap(), &names).unwrap()).collect();
        let task =
            Task { graph: &graph, outputs: vec![(0, made[0]), (1, made[1])], mark: made[2], columns: 2, members: n };
        let mut lowered = Lowered::of(&task).unwrap();
        let start = |k: usize| -> Vec<Real> { (0..n).map(|i| real(((i * (k + 3)) % 7) as f64 * 0.37 - 1.0)).collect() };
        let (mut x, mut y, z) = (start(0), start(1), start(2));
        lowered.begin(2.5, &|_| 0.0);
        let lines = lowered.lines();
        let Lowered { program, read, fixed, .. } = &lowered;
        let inputs: Vec<&[Real]> = read.iter().map(|_| &z[..]).chain(fixed.iter().map(|column| &column[..])).collect();
        let mut marks = vec![0; n];
        program.run(&mut [&mut x, &mut y], &inputs, lines, &mut marks);
        let wide_all = |column: Vec<Real>| column.into_iter().map(wide).collect();
        (vec![wide_all(x), wide_all(y)], marks, program.len())
    }

    fn expected(text: &str, i: usize) -> f64 {
        let mut graph = Graph::default();
        let mut names = Names::default();
        let start = |k: usize| wide(real(((i * (k + 3)) % 7) as f64 * 0.37 - 1.0));
        for (name, x) in [("x", start(0)), ("y", start(1)), ("z", start(2)), ("t", 2.5), ("p", (i % 5) as f64 + 0.1)] {
            let id = graph.number(x);
            names.insert(name, id);
        }
        let made = graph.build(&Expression::parse(text).unwrap(), &names).unwrap();
        graph.constant(made).unwrap()
    }

    /// Against double precision: also where a column gets what another one was, and where both get the same.
    #[test]
    fn programs_do_what_the_expressions_say() {
        for texts in [
            ["y", "x", "x > 0"],
            ["x", "y", "y"],
            ["z", "z", "1"],
            ["x*y + z", "x*y + z", "x < y and not z > 0"],
            ["(x - y)*z + p*t", "exp(-(x + 1)/p) + sin(t)*x", "x*x > y or p > 3"],
            ["x + 0.5*(x*x*0.04 + 5*x + 140 - y + z)", "y + 0.02*(0.2*x - y)", "x > 0.3"],
            ["if(x > y, x - y*z, (x + y)*z - 1)", "max(x, min(y, p)) - abs(z)^3", "x == y"],
            ["x/(1 + exp(-y))*z", "tanh(x) - sigmoid(y*2 + 1) + exprel(z)", "floor(x) < round(y)"],
            ["p*x/3 - p", "(p + 1)*(p + 2)*y", "t > 2"],
            ["x - y - z", "x + y - z*p + (x*y - z*p)", "(x - y)/z > 0"],
            ["sqrt(abs(x))^2.5 + ln(abs(y) + 1)", "x*y*z + x*y*p + cos(x*y)", "0"],
        ] {
            for n in [1, 16, 600] {
                let (found, marks, _) = run(texts, n);
                for i in 0..n {
                    for (column, text) in found.iter().zip(texts) {
                        let expected = expected(text, i);
                        let near = 30.0 * f64::from(Real::EPSILON) * (1.0 + expected.abs());
                        assert!((column[i] - expected).abs() < near, "{text}, {i} of {n}: {} {expected}", column[i]);
                    }
                    assert_eq!(marks[i], u8::from(expected(texts[2], i) != 0.0), "{}, {i} of {n}", texts[2]);
                }
            }
        }
    }

    #[test]
    fn operations_that_follow_on_each_other_are_one_instruction() {
        let (_, _, length) = run(["(x - y)*z + 1", "y*p + z*p", "0"], 16);
        assert_eq!(length, 2);
    }

    /// Fused or not, the bits are the same: against the plain operations, one by one, in the precision of the state.
    #[test]
    fn fused_operations_round_as_single_ones_do() {
        let texts = [
            "x*y + z",
            "x*y - z",
            "z - x*y",
            "(x + y)*z",
            "(x - y)*z",
            "x + y + z",
            "x + y - z",
            "x - y + z",
            "x - y - z",
            "x*y*z",
            "x/y*z",
            "x*y/z",
            "(x - y)/z",
            "exp(x*y)",
            "exp(x*y + z)",
            "x*y*z + y",
            "(x*y + z)*y",
            "(x - y)*z + y",
            "(x + y)*z + y",
            "x*y + z*y",
            "x*y - z*y",
            "x*y + z + y",
            "x*y + z - y",
            "(x - y*z)*y",
        ];
        for text in texts {
            let (found, _, _) = run([text, "y", "0"], 20);
            for (i, found) in found[0].iter().enumerate() {
                let single = single(text, i);
                assert!(*found == single || found.is_nan() && single.is_nan(), "{text}: {found} {single}");
            }
        }
    }

    /// An expression of numbers in the precision of the state, operation by operation.
    fn single(text: &str, i: usize) -> f64 {
        let mut graph = Graph::default();
        let mut names = Names::default();
        for (k, name) in ["x", "y", "z"].into_iter().enumerate() {
            let id = graph.leaf(Node::Column(k as u16));
            names.insert(name, id);
        }
        let made = graph.build(&Expression::parse(text).unwrap(), &names).unwrap();
        let mut numbers: HashMap<Id, Real> = HashMap::new();
        for id in graph.parts(&[made]) {
            let x = match graph.node(id) {
                Node::Column(k) => real(((i * (usize::from(k) + 3)) % 7) as f64 * 0.37 - 1.0),
                Node::Two(Two::Add, a, b) => numbers[&a] + numbers[&b],
                Node::Two(Two::Subtract, a, b) => numbers[&a] - numbers[&b],
                Node::Two(Two::Multiply, a, b) => numbers[&a] * numbers[&b],
                Node::Two(Two::Divide, a, b) => numbers[&a] / numbers[&b],
                Node::One(_, a) => crate::numeric::exp(numbers[&a]),
                other => panic!("{other:?}"),
            };
            numbers.insert(id, x);
        }
        wide(numbers[&made])
    }
}
