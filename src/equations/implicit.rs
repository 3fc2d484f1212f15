//! The method of Euler, implicit where variables pull at one another: potentials of compartments stay stable however tightly they are
//! coupled.
//!
//! ```text
//! (1 − h A) Δ = h f(x),   x ← x + Δ        A: the coefficients of x in f along sums and products, all else as it is at the start
//! ```
//! Where f is linear this is backward Euler. What depends on a potential in other ways (gates that follow it at once) is held for the
//! step, so that a coefficient is what is open, and negative: M. Hines, Int. J. Biomed. Comput. 15:69 (1984). As the method is
//! consistent for any A, it is of first order always: T. Steihaug & A. Wolfbrandt, Math. Comput. 33:521 (1979).
//!
//! Variables that are linear in one another are solved for together, those with the fewest neighbours eliminated first, which
//! on a tree goes from the leaves to the root and makes no new entry. Others are stepped by `ExponentialEuler` where they are linear in
//! themselves, and alone by the formula above where not.

use std::collections::HashMap;

use super::{
    graph::{Graph, Id, Node},
    method::{Refusal, System, exponentially},
    operation::{One, Two},
};

/// A matrix without its zeros.
type Sparse = HashMap<(usize, usize), Id>;

/// The variables after a step.
pub(super) fn step(graph: &mut Graph, system: &System) -> Result<Vec<Id>, Refusal> {
    let a = coefficients(graph, system);
    let mut new = system.x.clone();
    for together in components(graph, system, &a) {
        match together[..] {
            [alone] => {
                new[alone] = match exponentially(graph, system, alone) {
                    Ok(stepped) => stepped,
                    Err(_) => solved(graph, system, (&a, &together))[0],
                };
            }
            _ => {
                let stepped = solved(graph, system, (&a, &together));
                together.iter().zip(stepped).for_each(|(variable, id)| new[*variable] = id);
            }
        }
    }
    Ok(new)
}

/// The coefficients of variables in the derivatives.
fn coefficients(graph: &mut Graph, system: &System) -> Sparse {
    let zero = graph.number(0.0);
    let calm: Vec<(Id, Id)> = system.noise.iter().map(|noise| (*noise, zero)).collect();
    let f = graph.replaced(&system.f, &calm, true);
    let mut found = Sparse::new();
    for (j, &x) in system.x.iter().enumerate() {
        let column = graph.coefficients(&f, x);
        found.extend(column.into_iter().enumerate().filter(|(_, a)| *a != zero).map(|(i, a)| ((i, j), a)));
    }
    found
}

/// The variables that are solved for together: each is linear in the next one, and that in it.
fn components(graph: &Graph, system: &System, a: &Sparse) -> Vec<Vec<usize>> {
    let n = system.x.len();
    let mut of: Vec<usize> = (0..n).collect();
    let depends = |id: Id, i: usize, j: usize| [i, j].iter().any(|k| graph.depends(id, system.x[*k]));
    for i in 0..n {
        for j in 0..i {
            let (Some(&one), Some(&other)) = (a.get(&(i, j)), a.get(&(j, i))) else { continue };
            if of[i] != of[j] && !depends(one, i, j) && !depends(other, i, j) {
                let [from, to] = [of[i].max(of[j]), of[i].min(of[j])];
                of.iter_mut().filter(|own| **own == from).for_each(|own| *own = to);
            }
        }
    }
    let all = (0..n).map(|first| (0..n).filter(|k| of[*k] == first).collect::<Vec<usize>>());
    all.filter(|component| !component.is_empty()).collect()
}

/// Some variables after a step, solved for together.
fn solved(graph: &mut Graph, system: &System, (a, together): (&Sparse, &[usize])) -> Vec<Id> {
    let (h, less, one) = (graph.number(system.h), graph.number(-system.h), graph.number(1.0));
    let mut m = Sparse::new();
    for (k, i) in together.iter().enumerate() {
        m.insert((k, k), one);
        for (l, j) in together.iter().enumerate() {
            let Some(&entry) = a.get(&(*i, *j)) else { continue };
            let entry = graph.two(Two::Multiply, entry, less);
            let entry = if k == l { graph.two(Two::Add, entry, one) } else { entry };
            m.insert((k, l), entry);
        }
    }
    let mut b: Vec<Id> = together.iter().map(|i| graph.two(Two::Multiply, system.f[*i], h)).collect();
    let order = eliminated(graph, &mut m, &mut b);
    let mut way: Vec<Id> = b.clone();
    for (place, &(pivot, inverse)) in order.iter().enumerate().rev() {
        let mut sum = b[pivot];
        for &(later, _) in &order[place + 1..] {
            let Some(&entry) = m.get(&(pivot, later)) else { continue };
            let part = graph.two(Two::Multiply, entry, way[later]);
            sum = graph.two(Two::Subtract, sum, part);
        }
        way[pivot] = graph.two(Two::Multiply, sum, inverse);
    }
    together.iter().zip(way).map(|(i, way)| graph.two(Two::Add, system.x[*i], way)).collect()
}

/// Eliminates the unknowns one after another; returns their order, and what each is multiplied by at last.
fn eliminated(graph: &mut Graph, m: &mut Sparse, b: &mut [Id]) -> Vec<(usize, Id)> {
    let (n, one) = (b.len(), graph.number(1.0));
    let mut open: Vec<usize> = (0..n).collect();
    let mut order = Vec::new();
    while !open.is_empty() {
        let neighbours = |k: usize| open.iter().filter(|i| **i != k && m.contains_key(&(**i, k))).count();
        let place = (0..open.len()).min_by_key(|place| neighbours(open[*place])).unwrap_or_default();
        let pivot = open.remove(place);
        let inverse = graph.two(Two::Divide, one, m[&(pivot, pivot)]);
        for &i in &open {
            let Some(entry) = m.remove(&(i, pivot)) else { continue };
            let factor = graph.two(Two::Multiply, entry, inverse);
            for &j in &open {
                let Some(&of_pivot) = m.get(&(pivot, j)) else { continue };
                let part = graph.two(Two::Multiply, factor, of_pivot);
                let entry = match m.get(&(i, j)) {
                    Some(&entry) => graph.two(Two::Subtract, entry, part),
                    None => graph.one(One::Negate, part),
                };
                m.insert((i, j), entry);
            }
            let part = graph.two(Two::Multiply, factor, b[pivot]);
            b[i] = graph.two(Two::Subtract, b[i], part);
        }
        order.push((pivot, inverse));
    }
    order
}

impl Graph {
    /// The coefficient of x in each f along sums, products and quotients by what is held; other functions of x are held.
    fn coefficients(&mut self, of: &[Id], x: Id) -> Vec<Id> {
        let (zero, one) = (self.number(0.0), self.number(1.0));
        let mut known: HashMap<Id, Id> = HashMap::new();
        for id in self.parts(of) {
            let made = match self.node(id) {
                _ if id == x => one,
                Node::One(One::Negate, a) => self.one(One::Negate, known[&a]),
                Node::Two(operation @ (Two::Add | Two::Subtract), a, b) => self.two(operation, known[&a], known[&b]),
                Node::Two(Two::Multiply, a, b) => {
                    let (left, right) = (self.two(Two::Multiply, b, known[&a]), self.two(Two::Multiply, a, known[&b]));
                    self.two(Two::Add, left, right)
                }
                Node::Two(Two::Divide, a, b) => self.two(Two::Divide, known[&a], b),
                Node::Select(c, a, b) => self.select(c, known[&a], known[&b]),
                _ => zero,
            };
            known.insert(id, made);
        }
        of.iter().map(|id| known[id]).collect()
    }
}
