//! The exact solution of linear equations: x(h) = x + ∫₀ʰ exp(A s) ds · f(x), since f = A x + b with a b that is held for the step.
//! White noise g ξ adds normal numbers of the covariance ∫₀ʰ exp(A s) g gᵀ exp(Aᵀ s) ds: S. Rotter & M. Diesmann, Biol. Cybern.
//! 81:381 (1999); C. F. Van Loan, IEEE Trans. Autom. Control 23:395 (1978).
//!
//! The integrals come from exponentials of block matrices, in double precision and with no formula that divides by a difference of
//! time constants: those may be equal.

use std::sync::Arc;

use super::{
    graph::{Class, Graph, Id},
    lower::fixed,
    method::{NOT_FINITE, Refusal, System},
    operation::{One, Two},
};

/// A matrix, row by row.
type Matrix = Vec<Vec<f64>>;

/// The coefficients A and g.
pub struct Coefficients {
    a: Vec<Vec<Id>>,
    g: Vec<Vec<Id>>,
}

/// Variables, at most: the exponential of so many takes 0.1 s.
const MOST: usize = 64;

/// The coefficients of a linear system.
///
/// # Errors
/// It is none, or they change; it is too large.
pub fn coefficients(graph: &mut Graph, system: &System) -> Result<Coefficients, Refusal> {
    if system.x.len() > MOST {
        let why = "there are more than 64 variables, of which `Exact` would take long: try `ExponentialEuler`";
        return Err(Refusal { variable: 0, why });
    }
    let mut found = Coefficients { a: Vec::new(), g: Vec::new() };
    let root = graph.number(system.h.sqrt());
    for (variable, &f) in system.f.iter().enumerate() {
        let mut row = Vec::new();
        for &x in &system.x {
            let slope = graph.derivative(f, x);
            if system.x.iter().any(|x| graph.depends(slope, *x)) {
                return Err(Refusal {
                    variable,
                    why: "it is not linear, as `Exact` needs: try `ExponentialEuler` or `Heun`",
                });
            }
            if !graph.is_fixed(slope) {
                return Err(Refusal {
                    variable,
                    why: "its coefficients change, as `Exact` cannot have it: try `ExponentialEuler`",
                });
            }
            row.push(slope);
        }
        found.a.push(row);
        let mut row = Vec::new();
        for &noise in &system.noise {
            let part = graph.derivative(f, noise);
            let part = graph.two(Two::Multiply, part, root);
            if !graph.is_fixed(part) {
                return Err(Refusal {
                    variable,
                    why: "its white noise changes, as `Exact` cannot have it: try `Heun`",
                });
            }
            row.push(part);
        }
        found.g.push(row);
    }
    Ok(found)
}

/// The variables after a step.
pub(super) fn step(
    graph: &mut Graph,
    system: &System,
    normal: &mut dyn FnMut(&mut Graph) -> Id,
) -> Result<Vec<Id>, Refusal> {
    let Coefficients { a, g } = coefficients(graph, system)?;
    let n = system.x.len();
    let all: Vec<Id> = a.iter().chain(&g).flatten().copied().collect();
    let numbers = fixed(graph, &all, system.members);
    let entries = |member: usize| {
        let mut numbers = numbers.iter().map(|numbers| numbers.at(member));
        let mut of = |rows: &[Vec<Id>]| -> Matrix {
            rows.iter().map(|row| numbers.by_ref().take(row.len()).collect()).collect()
        };
        (of(&a), of(&g))
    };
    let alike = all.iter().all(|id| graph.class(*id) == Class::Constant);
    let members = if alike { 1 } else { system.members };
    let (mut means, mut spreads) = (Vec::with_capacity(members), Vec::with_capacity(members));
    for member in 0..members {
        let (a, g) = entries(member);
        means.push(mean_propagator(&a, system.h));
        spreads.push(if system.noise.is_empty() { vec![vec![0.0; n]; n] } else { root(&covariance(&a, &g, system.h)) });
    }
    let is_finite = |row: &Vec<f64>| row.iter().all(|x| x.is_finite());
    if let Some(variable) = (0..n).find(|&i| means.iter().chain(&spreads).any(|matrix| !is_finite(&matrix[i]))) {
        return Err(Refusal { variable, why: NOT_FINITE });
    }
    let zero = graph.number(0.0);
    let calm: Vec<(Id, Id)> = system.noise.iter().map(|noise| (*noise, zero)).collect();
    // Noise that was taken once is a number like others.
    let f = graph.replaced(&system.f, &calm, false);
    let mut normals: Vec<Option<Id>> = vec![None; n];
    let mut new = Vec::new();
    for i in 0..n {
        let mut sum = None;
        for (j, f) in f.iter().enumerate() {
            let factor = entry(graph, &means, (i, j));
            let part = graph.two(Two::Multiply, *f, factor);
            sum = Some(sum.map_or(part, |sum| graph.two(Two::Add, sum, part)));
        }
        for (j, normal_of) in normals.iter_mut().enumerate() {
            let factor = entry(graph, &spreads, (i, j));
            if factor != zero {
                let number = *normal_of.get_or_insert_with(|| normal(graph));
                let part = graph.two(Two::Multiply, number, factor);
                sum = Some(sum.map_or(part, |sum| graph.two(Two::Add, sum, part)));
            }
        }
        new.push(graph.two(Two::Add, system.x[i], sum.unwrap_or(zero)));
    }
    Ok(new)
}

/// An entry of the matrices of all neurons, as a node.
fn entry(graph: &mut Graph, matrices: &[Matrix], (i, j): (usize, usize)) -> Id {
    let first = matrices[0][i][j];
    if matrices.iter().all(|matrix| matrix[i][j] == first) {
        return graph.number(first);
    }
    let numbers: Arc<[f64]> = matrices.iter().map(|matrix| matrix[i][j]).collect();
    graph.member_of(numbers)
}

fn product(a: &[Vec<f64>], b: &[Vec<f64>]) -> Matrix {
    let columns = b.first().map_or(0, Vec::len);
    let entry = |row: &[f64], j: usize| row.iter().zip(b).map(|(x, other)| x * other[j]).sum();
    a.iter().map(|row| (0..columns).map(|j| entry(row, j)).collect()).collect()
}

fn transposed(a: &[Vec<f64>]) -> Matrix {
    (0..a.first().map_or(0, Vec::len)).map(|j| a.iter().map(|row| row[j]).collect()).collect()
}

/// The exponential of a matrix: a Taylor sum of what was halved often enough, squared as often.
fn exponential(matrix: &[Vec<f64>]) -> Matrix {
    let n = matrix.len();
    let norm = matrix.iter().map(|row| row.iter().map(|x| x.abs()).sum::<f64>()).fold(0.0, f64::max);
    // Below a quarter the 19th term is 1e-28 of the first.
    let halvings = if norm > 0.25 { (norm / 0.25).log2().ceil().min(1000.0) as i32 } else { 0 };
    let part: Matrix = matrix.iter().map(|row| row.iter().map(|x| x / 2_f64.powi(halvings)).collect()).collect();
    let mut sum: Matrix = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    let mut term = sum.clone();
    for k in 1..=18 {
        term =
            product(&term, &part).into_iter().map(|row| row.into_iter().map(|x| x / f64::from(k)).collect()).collect();
        for (row, more) in sum.iter_mut().zip(&term) {
            row.iter_mut().zip(more).for_each(|(x, more)| *x += more);
        }
    }
    (0..halvings).fold(sum, |power, _| product(&power, &power))
}

/// The block matrix (a b; 0 d), times h.
fn blocks(a: &[Vec<f64>], b: &[Vec<f64>], d: &[Vec<f64>], h: f64) -> Matrix {
    let n = a.len();
    let upper = a.iter().zip(b).map(|(left, right)| left.iter().chain(right).map(|x| x * h).collect());
    let lower = d.iter().map(|right| vec![0.0; n].into_iter().chain(right.iter().map(|x| x * h)).collect());
    upper.chain(lower).collect()
}

/// ∫₀ʰ exp(A s) ds, from exp of (A I; 0 0).
fn mean_propagator(a: &Matrix, h: f64) -> Matrix {
    let n = a.len();
    if n == 1 {
        return vec![vec![h * One::MeanExp.of(a[0][0] * h)]];
    }
    let unit: Matrix = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    let whole = exponential(&blocks(a, &unit, &vec![vec![0.0; n]; n], h));
    whole[..n].iter().map(|row| row[n..].to_vec()).collect()
}

/// ∫₀ʰ exp(A s) g gᵀ exp(Aᵀ s) ds, from exp of (−A ggᵀ; 0 Aᵀ).
fn covariance(a: &Matrix, g: &Matrix, h: f64) -> Matrix {
    let n = a.len();
    let less: Matrix = a.iter().map(|row| row.iter().map(|x| -x).collect()).collect();
    let whole = exponential(&blocks(&less, &product(g, &transposed(g)), &transposed(a), h));
    let upper: Matrix = whole[..n].iter().map(|row| row[n..].to_vec()).collect();
    let lower: Matrix = whole[n..].iter().map(|row| row[n..].to_vec()).collect();
    product(&transposed(&lower), &upper)
}

/// L with L Lᵀ = S, for an S that may have directions without variance (A.-L. Cholesky).
fn root(s: &Matrix) -> Matrix {
    let n = s.len();
    let mut l = vec![vec![0.0; n]; n];
    let tiny = 1e-14 * (0..n).map(|i| s[i][i]).fold(0.0, f64::max);
    for j in 0..n {
        let left = s[j][j] - l[j][..j].iter().map(|x| x * x).sum::<f64>();
        if left <= tiny {
            continue;
        }
        l[j][j] = left.sqrt();
        for i in j + 1..n {
            let both: f64 = l[i][..j].iter().zip(&l[j][..j]).map(|(x, y)| x * y).sum();
            l[i][j] = (s[i][j] - both) / l[j][j];
        }
    }
    l
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two coupled decays with time constants 10 and τ, also where these are equal: closed forms.
    #[test]
    fn propagators_are_those_of_the_closed_form() {
        for tau in [2.0, 10.0, 10.000_001, 1e6] {
            for h in [0.1_f64, 1.0, 30.0] {
                let (p, q) = (1.0 / 10.0, 1.0 / tau);
                let found = mean_propagator(&vec![vec![-p, 1.0], vec![0.0, -q]], h);
                let decayed = |rate: f64| -f64::exp_m1(-rate * h) / rate;
                // ∫∫ e^{−p(s−u)} e^{−qu} du ds = (D(p) − D(q)) / (q − p), D(r) the integral of e^{−rs}.
                let cross = if (q - p).abs() < 1e-6 {
                    let m = 0.5 * (p + q);
                    (1.0 - (1.0 + m * h) * (-m * h).exp()) / (m * m)
                } else {
                    (decayed(p) - decayed(q)) / (q - p)
                };
                for (found, expected) in [(found[0][0], decayed(p)), (found[1][1], decayed(q)), (found[0][1], cross)] {
                    assert!((found / expected - 1.0).abs() < 1e-8, "{tau} {h}: {found} {expected}");
                }
            }
        }
    }

    /// The process of Ornstein and Uhlenbeck: σ² (1 − e^{−2h/τ}) τ/2; and what it drives.
    #[test]
    fn covariances_are_those_of_the_closed_form() {
        let (tau, sigma, h) = (5.0, 2.0, 3.0_f64);
        let found = covariance(&vec![vec![-1.0 / tau]], &vec![vec![sigma]], h);
        let expected = sigma * sigma * (1.0 - f64::exp(-2.0 * h / tau)) * tau / 2.0;
        assert!((found[0][0] / expected - 1.0).abs() < 1e-12);
        // Noise integrated twice: h, h²/2, h³/3.
        let found = covariance(&vec![vec![0.0, 1.0], vec![0.0, 0.0]], &vec![vec![0.0], vec![1.0]], h);
        for (found, expected) in [(found[1][1], h), (found[0][1], h * h / 2.0), (found[0][0], h.powi(3) / 3.0)] {
            assert!((found / expected - 1.0).abs() < 1e-12, "{found} {expected}");
        }
        let l = root(&found);
        let back = product(&l, &transposed(&l));
        assert!(back.iter().flatten().zip(found.iter().flatten()).all(|(x, y)| (x - y).abs() < 1e-12));
    }
}
