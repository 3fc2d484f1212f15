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

use crate::{
    network::Initial,
    numeric::{
        Real, exp_m1,
        real::{moved_by, wide},
    },
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
pub(super) type Rates = [(Real, Real); 3];

/// The rates of a model. A trait and not a function that is handed over, since a call through one is not inlined, and
/// takes the loop around it out of the vector lanes: 100 ns a neuron instead of 10.
pub(super) trait Kinetics {
    /// The rates at a potential above a neuron's origin.
    fn rates(v: Real) -> Rates;
}

/// x / (1 − exp(−x)), the form of rates whose quotient is 0 / 0 at 0, where it tends to 1.
#[inline(always)]
pub(super) fn linoid(x: Real) -> Real {
    // exp_m1 keeps its digits near zero, so that only zero itself, and what rounds to it, stands in for its limit.
    let quotient = x / -exp_m1(-x);
    if (x < 1e-30) & (x > -1e-30) { 1.0 } else { quotient }
}

/// m, h and n at rest under these rates: α / (α + β).
pub(super) fn steady(rates: Rates) -> [Initial; 3] {
    rates.map(|(open, close)| (wide(open) / (wide(open) + wide(close))).into())
}

/// The constants of a neuron.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    per_charge: Real,
    half: Real,
    whole: Real,
    maximal: [Real; 3],
    reversal: [Real; 3],
    threshold: Real,
    /// The potential from which its rates count.
    origin: Real,
}

impl Cell {
    /// From capacitance, maximal conductances and reversal potentials in the order of its pattern, threshold and the
    /// origin of the rates; for steps of `h`.
    #[inline(always)]
    pub(super) fn new([c, g_leak, g_na, g_k, e_na, e_k, e_leak, threshold, origin]: [Real; 9], h: Real) -> Self {
        Self {
            per_charge: h / c,
            half: 0.5 * h,
            whole: h,
            maximal: [g_na, g_k, g_leak],
            reversal: [e_na, e_k, e_leak],
            threshold,
            origin,
        }
    }
}

/// v, then m, h and n; their rests below the last place, in this order, or none; fired.
pub(super) type Columns<'a> = (&'a mut [Real], [&'a mut [Real]; 3], [&'a mut [Real]; 4], &'a mut [u8]);

/// Input, and conductances if there are any.
pub(super) type Drive<'a> = (&'a [Real], &'a [Real]);

/// One iteration of `steps` steps.
///
/// A neuron fires in the iteration in which v crosses the threshold from below.
#[inline(always)]
pub(super) fn advance<K: Kinetics, const REST: bool>(
    (v, gates, rests, fired): Columns<'_>,
    drive: Drive<'_>,
    steps: u32,
    cell: impl Fn(usize) -> Cell,
) {
    let ([m, h, n], [low, low_m, low_h, low_n]) = (gates, rests);
    fired.fill(0);
    move_gates::<K, REST>(v, [m, h, n], [low_m, low_h, low_n], |i| (cell(i).origin, cell(i).half));
    for step in 1..=steps {
        // With rests, which is rare, what is absent is zero: it is compiled once.
        if drive.1.is_empty() && !REST {
            move_potential::<false, false>((v, low, [m, h, n], fired), drive, &cell);
        } else {
            move_potential::<true, REST>((v, low, [m, h, n], fired), drive, &cell);
        }
        let last = step == steps;
        let time = |i: usize| if last { cell(i).half } else { cell(i).whole };
        move_gates::<K, REST>(v, [m, h, n], [low_m, low_h, low_n], |i| (cell(i).origin, time(i)));
    }
}

/// v, its rests or none, the gates, fired.
type Membranes<'a> = (&'a mut [Real], &'a mut [Real], [&'a [Real]; 3], &'a mut [u8]);

#[inline(always)]
fn move_potential<const CONDUCTANCE: bool, const REST: bool>(
    (v, low, [m, h, n], fired): Membranes<'_>,
    (input, conductance): Drive<'_>,
    cell: &impl Fn(usize) -> Cell,
) {
    let len = v.len();
    let (m, h, n, fired, input) = (&m[..len], &h[..len], &n[..len], &mut fired[..len], &input[..len]);
    let low = if REST { &mut low[..len] } else { low };
    let conductance = if CONDUCTANCE && !REST { &conductance[..len] } else { conductance };
    let open_at = |i: usize| if REST { conductance.get(i).copied().unwrap_or(0.0) } else { conductance[i] };
    for i in 0..len {
        let Cell { per_charge, maximal, reversal, threshold, .. } = cell(i);
        let n_squared = n[i] * n[i];
        let open = [maximal[0] * (m[i] * m[i] * m[i] * h[i]), maximal[1] * (n_squared * n_squared), maximal[2]];
        let channels = open[0] + open[1] + open[2];
        let current = open[0] * reversal[0] + open[1] * reversal[1] + open[2] * reversal[2] + input[i];
        let total = if CONDUCTANCE { channels + open_at(i) } else { channels };
        let change = -(current / total - v[i]) * exp_m1(-per_charge * total);
        let mut kept = if REST { low[i] } else { 0.0 };
        let end = moved_by::<REST>(v[i], &mut kept, change);
        if REST {
            low[i] = kept;
        }
        fired[i] |= u8::from((v[i] < threshold) & (end >= threshold));
        v[i] = end;
    }
}

/// Moves the gates, with their rests or none, by a time; `cell` gives the origin of the rates and the time.
#[inline(always)]
fn move_gates<K: Kinetics, const REST: bool>(
    v: &[Real],
    [m, h, n]: [&mut [Real]; 3],
    [low_m, low_h, low_n]: [&mut [Real]; 3],
    cell: impl Fn(usize) -> (Real, Real),
) {
    let len = v.len();
    let (m, h, n) = (&mut m[..len], &mut h[..len], &mut n[..len]);
    let none = if REST { len } else { 0 };
    let (low_m, low_h, low_n) = (&mut low_m[..none], &mut low_h[..none], &mut low_n[..none]);
    for i in 0..len {
        let (origin, time) = cell(i);
        let rates = K::rates(v[i] - origin);
        if REST {
            m[i] = moved_by::<true>(m[i], &mut low_m[i], relaxing(m[i], rates[0], time));
            h[i] = moved_by::<true>(h[i], &mut low_h[i], relaxing(h[i], rates[1], time));
            n[i] = moved_by::<true>(n[i], &mut low_n[i], relaxing(n[i], rates[2], time));
        } else {
            m[i] += relaxing(m[i], rates[0], time);
            h[i] += relaxing(h[i], rates[1], time);
            n[i] += relaxing(n[i], rates[2], time);
        }
    }
}

/// By how much a gate changes in a time under constant rates.
#[inline(always)]
fn relaxing(gate: Real, (open, close): (Real, Real), time: Real) -> Real {
    let rate = open + close;
    -(open / rate - gate) * exp_m1(-time * rate)
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
