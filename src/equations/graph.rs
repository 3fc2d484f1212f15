//! Expressions as a graph without duplicates: equal parts are one node, and what is known is folded in double precision.
//!
//! A node comes after those that it is made of, so that every walk is one sweep and no depth of nesting can use up the stack.
//! Constants meet: `(a/b)·x` and `x·(a/b)` are one node, `x/3` is `x·(1/3)`; each is rounded once, to the precision of the state.
//! What differs between neurons and never changes is treated alike, so that a model has the same bits whether a parameter is the
//! same for all neurons or one of each.

use std::{collections::HashMap, sync::Arc};

use super::{
    operation::{One, Two},
    statement::fault,
};
use crate::value::ValueError;

/// The place of a node.
pub type Id = u32;

/// The most nodes of a graph.
const MOST: usize = 20_000;

/// A part of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// A number, by its bits.
    Number(u64),
    /// The time (ms) at the start of the iteration.
    Time,
    /// A number of each iteration.
    Timed(u16),
    /// A number of each neuron that never changes.
    Member(u16),
    /// A column that the model changes.
    Column(u16),
    /// A column that it reads.
    Input(u16),
    /// Of one number.
    One(One, Id),
    /// Of two.
    Two(Two, Id, Id),
    /// The second where the first is not 0, else the third.
    Select(Id, Id, Id),
}

/// When a number changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Never, and it is the same for all neurons.
    Constant,
    /// Never.
    Member,
    /// With every iteration, and it is the same for all.
    Iteration,
    /// As it likes.
    Varying,
}

impl Class {
    fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Member, Self::Iteration) | (Self::Iteration, Self::Member) => Self::Varying,
            _ => self.max(other),
        }
    }

    /// Whether it never changes.
    const fn is_fixed(self) -> bool {
        matches!(self, Self::Constant | Self::Member)
    }
}

/// A number that never changes: the same for all neurons, or one of each.
#[derive(Clone, Debug, PartialEq)]
pub enum Fixed {
    /// For all.
    Number(f64),
    /// For each.
    Each(Arc<[f64]>),
}

impl Fixed {
    /// That of a neuron.
    #[must_use]
    pub fn at(&self, member: usize) -> f64 {
        match self {
            Self::Number(x) => *x,
            Self::Each(each) => each[member],
        }
    }
}

/// The nodes of some expressions.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    classes: Vec<Class>,
    ids: HashMap<Node, Id>,
    /// The numbers behind [`Node::Member`].
    members: Vec<Arc<[f64]>>,
}

impl Graph {
    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Says that there are too many, if there are.
    ///
    /// # Errors
    /// There are.
    pub fn check_size(&self) -> Result<(), ValueError> {
        if self.len() <= MOST {
            return Ok(());
        }
        Err(fault(
            format!("with its method this takes more than {MOST} operations: fewer steps, or a simpler method"),
            0..0,
        ))
    }

    /// A node.
    #[must_use]
    pub fn node(&self, id: Id) -> Node {
        self.nodes[id as usize]
    }

    /// When it changes.
    #[must_use]
    pub fn class(&self, id: Id) -> Class {
        self.classes[id as usize]
    }

    /// The numbers of a [`Node::Member`].
    #[must_use]
    pub fn member(&self, k: u16) -> &Arc<[f64]> {
        &self.members[usize::from(k)]
    }

    fn put(&mut self, node: Node) -> Id {
        if let Some(&id) = self.ids.get(&node) {
            return id;
        }
        let of = |id: Id| self.classes[id as usize];
        let class = match node {
            Node::Number(_) => Class::Constant,
            Node::Time | Node::Timed(_) => Class::Iteration,
            Node::Member(_) => Class::Member,
            Node::Column(_) | Node::Input(_) => Class::Varying,
            Node::One(_, a) => of(a),
            Node::Two(_, a, b) => of(a).with(of(b)),
            Node::Select(c, a, b) => of(c).with(of(a)).with(of(b)),
        };
        let id = self.nodes.len() as Id;
        self.nodes.push(node);
        self.classes.push(class);
        self.ids.insert(node, id);
        id
    }

    /// A number.
    pub fn number(&mut self, x: f64) -> Id {
        // One zero: −0 is 0 in every sum.
        self.put(Node::Number(if x == 0.0 { 0.0_f64 } else { x }.to_bits()))
    }

    /// A leaf.
    pub fn leaf(&mut self, node: Node) -> Id {
        self.put(node)
    }

    /// A number for each neuron.
    pub fn member_of(&mut self, numbers: Arc<[f64]>) -> Id {
        let known = self.members.iter().position(|known| Arc::ptr_eq(known, &numbers));
        let place = known.unwrap_or_else(|| {
            self.members.push(numbers);
            self.members.len() - 1
        });
        self.put(Node::Member(place as u16))
    }

    /// The number that a node is, if it is one.
    #[must_use]
    pub fn constant(&self, id: Id) -> Option<f64> {
        match self.node(id) {
            Node::Number(bits) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    /// Whether a node is a number, be it one of each neuron, that never changes.
    pub fn is_fixed(&self, id: Id) -> bool {
        self.class(id).is_fixed()
    }

    /// Of one number.
    pub fn one(&mut self, operation: One, a: Id) -> Id {
        if let Some(x) = self.constant(a) {
            return self.number(operation.of(x));
        }
        if self.is_fixed(a) && operation == One::Once {
            return a;
        }
        match (operation, self.node(a)) {
            (One::Negate, Node::One(One::Negate, inner)) => inner,
            // −(x c) = x (−c)
            (One::Negate, Node::Two(Two::Multiply, x, c)) if self.is_fixed(c) && !self.is_fixed(x) => {
                let c = self.one(One::Negate, c);
                self.two(Two::Multiply, x, c)
            }
            (One::Negate, Node::Two(Two::Subtract, x, y)) if !self.is_fixed(a) => self.two(Two::Subtract, y, x),
            _ => self.put(Node::One(operation, a)),
        }
    }

    /// Of two.
    pub fn two(&mut self, operation: Two, a: Id, b: Id) -> Id {
        let (x, y) = (self.constant(a), self.constant(b));
        if let (Some(x), Some(y)) = (x, y) {
            return self.number(operation.of(x, y));
        }
        if let Some(known) = self.trivial(operation, (a, x), (b, y)) {
            return known;
        }
        match (self.is_fixed(a), self.is_fixed(b)) {
            (true, true) => self.put(Node::Two(operation, a, b)),
            (false, true) => self.with_fixed(operation, a, b),
            // What is fixed stands on the right.
            (true, false) if matches!(operation, Two::Add | Two::Multiply) => self.with_fixed(operation, b, a),
            _ => self.of_varying(operation, a, b),
        }
    }

    /// What needs no operation.
    fn trivial(&mut self, operation: Two, (a, x): (Id, Option<f64>), (b, y): (Id, Option<f64>)) -> Option<Id> {
        Some(match (operation, x, y) {
            (Two::Add | Two::Subtract, _, Some(0.0)) | (Two::Multiply | Two::Divide | Two::Power, _, Some(1.0)) => a,
            (Two::Add, Some(0.0), _) | (Two::Multiply, Some(1.0), _) => b,
            (Two::Multiply, Some(0.0), _) | (Two::Multiply, _, Some(0.0)) => self.number(0.0),
            (Two::Multiply, Some(-1.0), _) => self.one(One::Negate, b),
            (Two::Multiply, _, Some(-1.0)) => self.one(One::Negate, a),
            (Two::Subtract, Some(0.0), _) => self.one(One::Negate, b),
            (Two::And, Some(0.0), _) | (Two::And, _, Some(0.0)) => self.number(0.0),
            (Two::Or, Some(c), _) if c != 0.0 => self.number(1.0),
            (Two::Or, _, Some(c)) if c != 0.0 => self.number(1.0),
            (Two::Power, _, Some(n)) if n.fract() == 0.0 && n.abs() <= 64.0 => self.whole_power(a, n),
            (Two::Power, _, Some(0.5)) => self.one(One::SquareRoot, a),
            _ => return None,
        })
    }

    /// By products, of which squares are made first.
    fn whole_power(&mut self, a: Id, n: f64) -> Id {
        let mut left = n.abs() as u32;
        let (mut square, mut power) = (a, None);
        while left > 0 {
            if left % 2 == 1 {
                power = Some(power.map_or(square, |power| self.two(Two::Multiply, power, square)));
            }
            left /= 2;
            if left > 0 {
                square = self.two(Two::Multiply, square, square);
            }
        }
        let one = self.number(1.0);
        let power = power.unwrap_or(one);
        if n < 0.0 { self.two(Two::Divide, one, power) } else { power }
    }

    /// Of what changes and `c`, which does not.
    fn with_fixed(&mut self, operation: Two, a: Id, c: Id) -> Id {
        match (operation, self.node(a)) {
            // Of what is the same for all, `t / 49` say, a quotient costs nothing, and is that of IEEE 754.
            (Two::Divide, _) if self.class(a) == Class::Iteration => self.put(Node::Two(operation, a, c)),
            (Two::Divide, _) => {
                let one = self.number(1.0);
                let factor = self.two(Two::Divide, one, c);
                self.two(Two::Multiply, a, factor)
            }
            (Two::Subtract, _) => {
                let less = self.one(One::Negate, c);
                self.two(Two::Add, a, less)
            }
            (Two::Multiply, Node::Two(Two::Multiply, inner, d)) if self.is_fixed(d) => {
                let factor = self.two(Two::Multiply, d, c);
                self.two(Two::Multiply, inner, factor)
            }
            (Two::Multiply, Node::One(One::Negate, inner)) => {
                let factor = self.one(One::Negate, c);
                self.two(Two::Multiply, inner, factor)
            }
            (Two::Add, Node::Two(Two::Add, inner, d)) if self.is_fixed(d) => {
                let more = self.two(Two::Add, d, c);
                self.two(Two::Add, inner, more)
            }
            _ => self.put(Node::Two(operation, a, c)),
        }
    }

    fn of_varying(&mut self, operation: Two, a: Id, b: Id) -> Id {
        // a (x c) = (a x) c, so that constants come out of products.
        if operation == Two::Multiply {
            for (p, q) in [(a, b), (b, a)] {
                if let Node::Two(Two::Multiply, inner, c) = self.node(q)
                    && self.is_fixed(c)
                {
                    let product = self.two(Two::Multiply, p, inner);
                    return self.two(Two::Multiply, product, c);
                }
            }
        }
        match (operation, self.node(a), self.node(b)) {
            (Two::Add, _, Node::One(One::Negate, y)) => self.two(Two::Subtract, a, y),
            (Two::Add, Node::One(One::Negate, y), _) => self.two(Two::Subtract, b, y),
            (Two::Subtract, _, Node::One(One::Negate, y)) => self.two(Two::Add, a, y),
            _ => self.put(Node::Two(operation, a, b)),
        }
    }

    /// The second where the first holds, else the third.
    pub fn select(&mut self, condition: Id, a: Id, b: Id) -> Id {
        match self.constant(condition) {
            Some(0.0) => b,
            Some(_) => a,
            None if a == b => a,
            None => self.put(Node::Select(condition, a, b)),
        }
    }

    /// A node made of other parts.
    pub fn made_of(&mut self, node: Node, part: impl Fn(Id) -> Id) -> Id {
        match node {
            Node::One(operation, a) => self.one(operation, part(a)),
            Node::Two(operation, a, b) => self.two(operation, part(a), part(b)),
            Node::Select(c, a, b) => self.select(part(c), part(a), part(b)),
            leaf => self.put(leaf),
        }
    }

    /// The nodes that some are made of, and those themselves, parts first.
    #[must_use]
    pub fn parts(&self, of: &[Id]) -> Vec<Id> {
        let Some(last) = of.iter().max() else { return Vec::new() };
        let mut needed = vec![false; *last as usize + 1];
        of.iter().for_each(|id| needed[*id as usize] = true);
        for id in (0..=*last).rev() {
            if needed[id as usize] {
                children(self.node(id)).for_each(|part| needed[part as usize] = true);
            }
        }
        (0..=*last).filter(|id| needed[*id as usize]).collect()
    }

    /// Whether a node is made of another, or is it.
    #[must_use]
    pub fn depends(&self, id: Id, on: Id) -> bool {
        on <= id && self.parts(&[id]).binary_search(&on).is_ok()
    }

    /// Nodes with others in place of some. What is taken [once](One::Once) stays as it is, unless it is to go with the rest.
    pub fn replaced(&mut self, of: &[Id], by: &[(Id, Id)], once_too: bool) -> Vec<Id> {
        let mut new: HashMap<Id, Id> = by.iter().copied().collect();
        for id in self.parts(of) {
            if new.contains_key(&id) {
                continue;
            }
            let node = self.node(id);
            let made = match node {
                Node::One(One::Once, _) if !once_too => id,
                _ => self.made_of(node, |part| new[&part]),
            };
            new.insert(id, made);
        }
        of.iter().map(|id| new[id]).collect()
    }

    /// The same nodes in a graph that has no others, and takes nothing [once](One::Once) any more.
    #[must_use]
    pub fn compacted(&self, of: &[Id]) -> (Self, Vec<Id>) {
        let mut compact = Self { members: self.members.clone(), ..Self::default() };
        let mut new: HashMap<Id, Id> = HashMap::new();
        for id in self.parts(of) {
            let made = match self.node(id) {
                Node::One(One::Once, a) => new[&a],
                node => compact.made_of(node, |part| new[&part]),
            };
            new.insert(id, made);
        }
        let of = of.iter().map(|id| new[id]).collect();
        (compact, of)
    }

    /// The numbers of nodes, parts first, where leaves have those that they are given: in double precision.
    pub fn evaluate(&self, parts: &[Id], numbers: &mut HashMap<Id, f64>, leaf: impl Fn(Node) -> f64) {
        for &id in parts {
            let x = match self.node(id) {
                Node::Number(bits) => f64::from_bits(bits),
                Node::One(operation, a) => operation.of(numbers[&a]),
                Node::Two(operation, a, b) => operation.of(numbers[&a], numbers[&b]),
                Node::Select(c, a, b) => {
                    if numbers[&c] != 0.0 {
                        numbers[&a]
                    } else {
                        numbers[&b]
                    }
                }
                node => leaf(node),
            };
            numbers.insert(id, x);
        }
    }
}

/// The nodes that one is made of.
pub fn children(node: Node) -> impl Iterator<Item = Id> {
    let parts = match node {
        Node::One(_, a) => [Some(a), None, None],
        Node::Two(_, a, b) => [Some(a), Some(b), None],
        Node::Select(a, b, c) => [Some(a), Some(b), Some(c)],
        _ => [None; 3],
    };
    parts.into_iter().flatten()
}
