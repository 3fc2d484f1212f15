//! Integrators: a step of the differential equations as expressions of the state before it.
//!
//! ```text
//! Euler               x + h f
//! Milstein            x + h f + g √h N + g ∂g/∂x h (N² − 1)/2          one noise for each variable, g of that variable alone
//! Heun                x + h (f + f(x + h f)) / 2
//! RungeKutta4         the classical method of fourth order
//! ExponentialEuler    x + h f φ(h ∂f/∂x),  φ(a) = (eᵃ − 1)/a       each variable linear in itself, the others held
//! Implicit            x + (1 − h A)⁻¹ h f,  A: the coefficients of x   variables that pull at one another, together: `implicit`
//! Exact               x + ∫₀ʰ exp(A s) ds · f,  A = ∂f/∂x           the whole linear, with coefficients that never change
//! ```
//! White noise enters linearly. `Euler` is then the method of Euler and Maruyama (Itô), `Milstein` its counterpart of strong order 1
//! (G. N. Milstein, Theory Probab. Appl. 19:557, 1974), `Heun` that of Stratonovich; the exponential ones have the variance of the linear equation, exactly where the noise is additive:
//! D. T. Gillespie, Phys. Rev. E 54:2084 (1996).

use bevy_reflect::prelude::*;

use super::{
    exact,
    graph::{Fixed, Graph, Id},
    implicit,
    lower::fixed,
    operation::{One, Two},
};

/// How equations are integrated.
#[derive(Reflect, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// `Exact` where that can be, else `Implicit` in cells of several compartments, else `ExponentialEuler`, else `Heun`.
    #[default]
    Auto,
    /// The method of Euler, of first order.
    Euler,
    /// The method of Milstein, of first order for noise that depends on its variable: Itô's sense.
    Milstein,
    /// The method of Heun, of second order.
    Heun,
    /// The classical method of Runge and Kutta, of fourth order.
    RungeKutta4,
    /// Exponential Euler: each variable exactly, the others held; of first order.
    ExponentialEuler,
    /// Implicit Euler of variables that are linear in one another, such as potentials of compartments: stable however tightly they are
    /// coupled; others by exponential Euler; of first order.
    Implicit,
    /// The exact solution of linear equations; where conductances are open, which change a coefficient, `ExponentialEuler`, or in
    /// cells of several compartments `Implicit`.
    Exact,
}

/// A variable that a method cannot integrate, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its place.
    pub variable: usize,
    /// Why not.
    pub why: &'static str,
}

/// Differential equations.
pub struct System {
    /// The variables.
    pub x: Vec<Id>,
    /// Their derivatives (per ms).
    pub f: Vec<Id>,
    /// Standard normal numbers, each of which stands in the derivatives over the root of the step, as white noise does.
    pub noise: Vec<Id>,
    /// The step (ms).
    pub h: f64,
    /// How many neurons there are.
    pub members: usize,
    /// Whether the cells have several compartments.
    pub compartments: bool,
}

impl Method {
    /// What `Auto` comes to.
    #[must_use]
    pub fn chosen(self, graph: &mut Graph, system: &System) -> Self {
        if self != Self::Auto {
            return self;
        }
        if exact::coefficients(graph, system).is_ok() {
            return Self::Exact;
        }
        if system.compartments {
            return Self::Implicit;
        }
        if exponential(graph, system).is_ok() { Self::ExponentialEuler } else { Self::Heun }
    }

    /// The variables after a step. `normal` gives a standard normal number that stands nowhere yet.
    ///
    /// # Errors
    /// The method cannot do this.
    pub fn step(
        self,
        graph: &mut Graph,
        system: &System,
        normal: &mut dyn FnMut(&mut Graph) -> Id,
    ) -> Result<Vec<Id>, Refusal> {
        let method = self.chosen(graph, system);
        finite(graph, system)?;
        for (variable, &f) in system.f.iter().enumerate() {
            for &noise in &system.noise {
                let part = graph.derivative(f, noise);
                if graph.depends(part, noise) {
                    return Err(Refusal { variable, why: "white noise must stand in it linearly: `sigma*xi`" });
                }
            }
        }
        Ok(match method {
            Self::Euler => ahead(graph, system, &system.f, 1.0),
            Self::Heun | Self::Auto => {
                let there = ahead(graph, system, &system.f, 1.0);
                let slopes = at(graph, system, &there);
                let sum = sums(graph, &system.f, &slopes);
                ahead(graph, system, &sum, 0.5)
            }
            Self::Milstein => milstein(graph, system)?,
            Self::RungeKutta4 => runge_kutta(graph, system),
            Self::ExponentialEuler => exponential(graph, system)?,
            Self::Implicit => implicit::step(graph, system)?,
            Self::Exact => exact::step(graph, system, normal)?,
        })
    }
}

/// Why a system cannot be integrated that has no solution in numbers.
pub(super) const NOT_FINITE: &str =
    "its coefficients, or what a step makes of them, are no finite numbers: is a time constant 0?";

/// Refuses coefficients that never change and are no finite numbers: methods would not see them, since what is multiplied by 0 is 0.
fn finite(graph: &mut Graph, system: &System) -> Result<(), Refusal> {
    for (variable, (&f, &x)) in system.f.iter().zip(&system.x).enumerate() {
        let slope = graph.derivative(f, x);
        let is_finite = |number: &Fixed| match number {
            Fixed::Number(x) => x.is_finite(),
            Fixed::Each(each) => each.iter().all(|x| x.is_finite()),
        };
        if graph.is_fixed(slope) && !fixed(graph, &[slope], system.members).iter().all(is_finite) {
            return Err(Refusal { variable, why: NOT_FINITE });
        }
    }
    Ok(())
}

/// The derivatives where the variables are others.
fn at(graph: &mut Graph, system: &System, there: &[Id]) -> Vec<Id> {
    let by: Vec<(Id, Id)> = system.x.iter().copied().zip(there.iter().copied()).collect();
    graph.replaced(&system.f, &by, false)
}

fn sums(graph: &mut Graph, one: &[Id], other: &[Id]) -> Vec<Id> {
    one.iter().zip(other).map(|(a, b)| graph.two(Two::Add, *a, *b)).collect()
}

/// The variables after a part of the step at some speeds.
fn ahead(graph: &mut Graph, system: &System, speeds: &[Id], part: f64) -> Vec<Id> {
    let h = graph.number(part * system.h);
    let way = |graph: &mut Graph, speed| graph.two(Two::Multiply, speed, h);
    let moved = system.x.iter().zip(speeds).map(|(x, speed)| {
        let way = way(graph, *speed);
        graph.two(Two::Add, *x, way)
    });
    moved.collect()
}

fn milstein(graph: &mut Graph, system: &System) -> Result<Vec<Id>, Refusal> {
    let mut new = ahead(graph, system, &system.f, 1.0);
    let (h, half, one) = (graph.number(system.h.sqrt()), graph.number(0.5 * system.h), graph.number(1.0));
    let zero = graph.number(0.0);
    for (variable, &f) in system.f.iter().enumerate() {
        let of = |graph: &mut Graph, noise| (graph.derivative(f, noise), noise);
        let parts: Vec<(Id, Id)> = system.noise.iter().map(|noise| of(graph, *noise)).collect();
        let parts: Vec<(Id, Id)> = parts.into_iter().filter(|(part, _)| *part != zero).collect();
        let x = system.x[variable];
        let is_of_another = |part: Id| system.x.iter().any(|other| *other != x && graph.depends(part, *other));
        match parts[..] {
            [] => {}
            [(part, _)] if is_of_another(part) => {
                return Err(Refusal {
                    variable,
                    why: "its white noise depends on another variable, as `Milstein` cannot have it: try `Heun`, or `Euler` for Itô's sense",
                });
            }
            [(part, number)] => {
                // What stands in f is g/√h.
                let g = graph.two(Two::Multiply, part, h);
                let slope = graph.derivative(g, x);
                let product = graph.two(Two::Multiply, g, slope);
                let square = graph.two(Two::Multiply, number, number);
                let less = graph.two(Two::Subtract, square, one);
                let way = graph.two(Two::Multiply, product, less);
                let way = graph.two(Two::Multiply, way, half);
                new[variable] = graph.two(Two::Add, new[variable], way);
            }
            _ => {
                return Err(Refusal {
                    variable,
                    why: "it has several white noises, of which `Milstein` takes one: try `Euler`",
                });
            }
        }
    }
    Ok(new)
}

fn runge_kutta(graph: &mut Graph, system: &System) -> Vec<Id> {
    let first = system.f.clone();
    let there = ahead(graph, system, &first, 0.5);
    let second = at(graph, system, &there);
    let there = ahead(graph, system, &second, 0.5);
    let third = at(graph, system, &there);
    let there = ahead(graph, system, &third, 1.0);
    let fourth = at(graph, system, &there);
    let two = graph.number(2.0);
    let middle = sums(graph, &second, &third);
    let middle: Vec<Id> = middle.into_iter().map(|sum| graph.two(Two::Multiply, sum, two)).collect();
    let ends = sums(graph, &first, &fourth);
    let all = sums(graph, &ends, &middle);
    ahead(graph, system, &all, 1.0 / 6.0)
}

fn exponential(graph: &mut Graph, system: &System) -> Result<Vec<Id>, Refusal> {
    (0..system.x.len()).map(|variable| exponentially(graph, system, variable)).collect()
}

/// A variable after a step of exponential Euler.
pub(super) fn exponentially(graph: &mut Graph, system: &System, variable: usize) -> Result<Id, Refusal> {
    let (h, x, f) = (graph.number(system.h), system.x[variable], system.f[variable]);
    let slope = graph.derivative(f, x);
    if graph.depends(slope, x) {
        return Err(Refusal { variable, why: "it is not linear in itself, as `ExponentialEuler` needs: try `Heun`" });
    }
    let exponent = graph.two(Two::Multiply, slope, h);
    let (calm, noisy) = apart(graph, system, variable)?;
    let speed = graph.two(Two::Multiply, calm, h);
    let mean = graph.one(One::MeanExp, exponent);
    let way = graph.two(Two::Multiply, speed, mean);
    let moved = graph.two(Two::Add, x, way);
    // The variance of x after the step is g² (e^{2ah} − 1)/(2a).
    Ok(noisy.into_iter().fold(moved, |moved, part| {
        let two = graph.number(2.0);
        let twice = graph.two(Two::Multiply, exponent, two);
        let mean = graph.one(One::MeanExp, twice);
        let root = graph.one(One::SquareRoot, mean);
        let way = graph.two(Two::Multiply, part, h);
        let way = graph.two(Two::Multiply, way, root);
        graph.two(Two::Add, moved, way)
    }))
}

/// A derivative without its noise, and the speed that each noise gives.
fn apart(graph: &mut Graph, system: &System, variable: usize) -> Result<(Id, Vec<Id>), Refusal> {
    let f = system.f[variable];
    let (zero, mut calm, mut noisy) = (graph.number(0.0), f, Vec::new());
    for &noise in &system.noise {
        let part = graph.derivative(f, noise);
        if part == zero {
            continue;
        }
        if system.x.iter().any(|x| graph.depends(part, *x)) {
            return Err(Refusal {
                variable,
                why: "its white noise depends on a variable: try `Heun`, or `Euler` for Itô's sense",
            });
        }
        noisy.push(graph.two(Two::Multiply, part, noise));
        calm = graph.replaced(&[calm], &[(noise, zero)], true)[0];
    }
    Ok((calm, noisy))
}
