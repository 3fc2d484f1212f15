//! What membranes with the sodium and potassium channels of Hodgkin and Huxley have in common; their files give the
//! rates.
//!
//! ```text
//! c dv/dt = g_na m³h (e_na − v) + g_k n⁴ (e_k − v) + g_leak (e_leak − v) + input − conductance · v
//! dx/dt   = α (1 − x) − β x      for x = m, h, n, with α and β of v
//!
//! x by h/2;  then `steps` times:  v by h,  x by h (by h/2 at the end)      h = dt / steps
//! ```
//! Each of these is the exact solution while the others stand still (Rush & Larsen, IEEE Trans. Biomed. Eng. 25:389
//! (1978), for the gates); their symmetric order (Strang splitting) makes the whole of second order, and everything stays
//! within the reversal potentials, whatever the step.

use super::model::{At, Drive, NeuronModel, Steps};
use crate::{
    cell,
    network::{Behaviour, Conductance, Parameter, Step, V},
    numeric::{Real, carried::Carried, exp_m1, real::wide, shares::Effort},
    variable,
};

variable! {
    /// Activation of the sodium channels.
    pub struct M = "m" in "";
}

variable! {
    /// Inactivation of the sodium channels; 1 where they are free.
    pub struct H = "h" in "";
}

variable! {
    /// Activation of the potassium channels.
    pub struct N = "n" in "";
}

/// Opening and closing rates (1/ms) of m, h and n.
pub type Rates = [(Real, Real); 3];

/// A membrane with these channels.
pub trait Channels: Behaviour {
    /// The rates at a potential above a neuron's origin.
    fn opening(v: Real) -> Rates;

    /// The potential from which the rates of neuron `i` count.
    fn origin(&self, i: usize) -> Real;

    /// Capacitance, maximal conductances of leak, sodium and potassium, reversal potentials of sodium, potassium and leak,
    /// threshold.
    fn membrane(&self) -> [&Parameter; 8];

    /// Steps in an iteration.
    fn steps(&self) -> u32;
}

/// x / (1 − exp(−x)), the form of rates whose quotient is 0 / 0 at 0, where it tends to 1.
#[inline(always)]
pub(super) fn linoid(x: Real) -> Real {
    // exp_m1 keeps its digits near zero, so that only zero itself, and what rounds to it, stands in for its limit.
    let quotient = x / -exp_m1(-x);
    if (x < 1e-30) & (x > -1e-30) { 1.0 } else { quotient }
}

/// A gate at rest under its rates: α / (α + β).
pub(super) fn steady((open, close): (Real, Real)) -> f64 {
    wide(open) / (wide(open) + wide(close))
}

cell! {
    /// The constants of a neuron.
    pub struct Cell {
        /// h / c
        per_charge: Real,
        leak: Real,
        sodium: Real,
        potassium: Real,
        e_na: Real,
        e_k: Real,
        e_leak: Real,
        threshold: Real,
        origin: Real,
    }
}

impl<K: Channels> NeuronModel for K {
    type State = (V, M, H, N);
    type Cell = Cell;
    type Takes = (Conductance,);
    const EFFORT: Effort = Effort::Heavy;
    // Beside ten exponentials a term more costs nothing.
    const WITHOUT_CONDUCTANCES: bool = false;
    const STEPS: Steps = Steps::UpTo(0);

    fn steps(&self) -> u32 {
        Channels::steps(self)
    }

    fn cell(&self, i: usize, step: Step) -> Cell {
        let own = self.membrane().map(|own| own.at(i));
        let [c, leak, sodium, potassium, e_na, e_k, e_leak, threshold] = own;
        let origin = self.origin(i);
        Cell { per_charge: step.h() / c, leak, sodium, potassium, e_na, e_k, e_leak, threshold, origin }
    }

    #[inline(always)]
    fn begin<X: Carried>(cell: Cell, [v, m, h, n]: [X; 4], step: Real) -> ([X; 4], bool) {
        let [m, h, n] = relaxed::<K, X>([m, h, n], v.value() - cell.origin, 0.5 * step);
        ([v, m, h, n], false)
    }

    /// A neuron fires in the iteration in which v crosses the threshold from below.
    #[inline(always)]
    fn step<X: Carried>(cell: Cell, [v, m, h, n]: [X; 4], drive: impl Drive, at: At) -> ([X; 4], bool) {
        let (open_m, open_h, open_n) = (m.value(), h.value(), n.value());
        let n_squared = open_n * open_n;
        let sodium = cell.sodium * (open_m * open_m * open_m * open_h);
        let potassium = cell.potassium * (n_squared * n_squared);
        let channels = sodium + potassium + cell.leak;
        let current = sodium * cell.e_na + potassium * cell.e_k + cell.leak * cell.e_leak + drive.input();
        let total = drive.conductance().map_or(channels, |conductance| channels + conductance);
        let end = v.moved(-(current / total - v.value()) * exp_m1(-cell.per_charge * total));

        let time = if at.last { 0.5 * at.h } else { at.h };
        let [m, h, n] = relaxed::<K, X>([m, h, n], end.value() - cell.origin, time);
        ([end, m, h, n], (v.value() < cell.threshold) & (end.value() >= cell.threshold))
    }
}

/// The gates after a time at a potential above the origin of their rates.
#[inline(always)]
fn relaxed<K: Channels, X: Carried>([m, h, n]: [X; 3], v: Real, time: Real) -> [X; 3] {
    let [of_m, of_h, of_n] = K::opening(v);
    let by = |gate: X, (open, close): (Real, Real)| {
        let rate = open + close;
        gate.moved(-(open / rate - gate.value()) * exp_m1(-time * rate))
    };
    [by(m, of_m), by(h, of_h), by(n, of_n)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::real::real;

    #[test]
    fn the_quotient_has_no_gap_at_zero() {
        for x in [0.0, 1e-12, -1e-12, 1e-9, 1e-5, -1e-5, 0.1, -3.0, 40.0, -40.0_f64] {
            let exact = if x == 0.0 { 1.0 } else { x / -(-x).exp_m1() };
            let found = wide(linoid(real(x)));
            assert!((found - exact).abs() <= 8.0 * wide(Real::EPSILON) * exact, "{x}: {found} {exact}");
        }
    }
}
