//! What decays within a step, integrated exactly: the arithmetic of receptors and coloured noise.
//!
//! ```text
//! dp/dt = −p/τd + x,   dx/dt = −x/τr        a spike of weight 1 adds `kick` to x, or to p where nothing rises
//! p(h) = e^d p + h exp[d, r] x,   x(h) = e^r x          m, d, r = −h/τm, −h/τd, −h/τr
//! ∫ e^{−(h−t)/τm} p(t) dt = h exp[m, d] p + h² exp[m, d, r] x
//! ```
//! exp[a, b] = (e^b − e^a)/(b − a) and exp[a, b, c] are divided differences of the exponential function: one formula
//! for all time constants, equal ones included. Over the same step a constant current c moves the membrane by
//! h exp[m, 0] c; the quotients of the two are the weights with which p and x enter the input, so that the membrane is
//! moved as by the current that decays (Rotter & Diesmann, Biol. Cybern. 81:381, 1999). Without a linear membrane,
//! m = 0, and the input is the mean over the step.

/// exp[a, b]: the mean of the exponential function between `a` and `b`.
pub(super) fn mean_exp(a: f64, b: f64) -> f64 {
    // From the greater of the two, so that nothing overflows.
    let (width, top) = ((a - b).abs(), libm::exp(a.max(b)));
    if width == 0.0 { top } else { top * (libm::expm1(-width) / -width) }
}

/// exp[a, b, c], the second divided difference.
fn second_difference(mut points: [f64; 3]) -> f64 {
    points.sort_by(f64::total_cmp);
    let [a, b, c] = points;
    if c - a > 0.5 {
        return (mean_exp(b, c) - mean_exp(a, b)) / (c - a);
    }
    // Where the quotient would cancel, the series e^a Σ s(k)/(k + 2)!, s the complete symmetric sums of the distances.
    let [near, far] = [b - a, c - a];
    let (mut power, mut sum, mut factorial, mut total) = (1.0, 1.0, 2.0, 0.5);
    for k in 1..16 {
        power *= far;
        sum = sum * near + power;
        factorial *= f64::from(k + 2);
        total += sum / factorial;
    }
    libm::exp(a) * total
}

/// How a receptor's state changes in a step, and what it gives meanwhile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decay {
    /// Factor on p.
    pub decay: f64,
    /// What x gives to p.
    pub feed: f64,
    /// Factor on x.
    pub rise_decay: f64,
    /// Weight of p in the input.
    pub level_weight: f64,
    /// Weight of x in the input.
    pub rise_weight: f64,
}

impl Decay {
    /// A step of `h` with a membrane, a decay and a rise of these time constants (ms).
    pub fn new(h: f64, membrane: f64, decay: f64, rise: f64) -> Self {
        // A neuron that was never sampled has zeros for parameters: its state is gone at once, and no number is lost.
        let [m, d, r] = [membrane, decay, rise].map(|tau| -h / tau.max(1e-9));
        let constant = mean_exp(m, 0.0);
        Self {
            decay: libm::exp(d),
            feed: h * mean_exp(d, r),
            rise_decay: libm::exp(r),
            level_weight: mean_exp(m, d) / constant,
            rise_weight: h * second_difference([m, d, r]) / constant,
        }
    }
}

/// The jump of x after which p has its peak at 1; e/τ where the two time constants are equal.
///
/// At the peak, at t = τd ln(ρ)/(ρ − 1) with ρ = τd/τr, p = τd x.
pub(super) fn kick_to_peak_one(decay: f64, rise: f64) -> f64 {
    let (decay, rise) = (decay.max(1e-9), rise.max(1e-9));
    let excess = (decay - rise) / rise;
    let peak = if excess == 0.0 { decay } else { decay * (libm::log1p(excess) / excess) };
    libm::exp(peak / rise) / decay
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ∫₀¹∫₀^t exp(a + (b − a) t + (c − b) s) ds dt, the integral form of the second difference, by Simpson's rule.
    fn by_quadrature([a, b, c]: [f64; 3]) -> f64 {
        let n = 400;
        let simpson = |to: f64, f: &dyn Fn(f64) -> f64| {
            let h = to / f64::from(n);
            let weight = |k: i32| if k == 0 || k == n { 1.0 } else { f64::from(2 + 2 * (k % 2)) };
            (0..=n).map(|k| weight(k) * f(h * f64::from(k))).sum::<f64>() * h / 3.0
        };
        simpson(1.0, &|t| simpson(t, &|s| (a + (b - a) * t + (c - b) * s).exp()))
    }

    #[test]
    fn second_differences_are_those_of_the_integral_for_near_and_far_points() {
        let cases = [
            [0.0, 0.0, 0.0],
            [-1.0, -1.0, -1.0],
            [0.0, -0.1, -0.1 - 1e-9],
            [-0.2, -0.5, -0.69],
            [0.0, -0.5, -0.500_001],
            [-3.0, -0.01, -1.0],
            [-0.3, -0.3, -4.0],
        ];
        for points in cases {
            let (found, expected) = (second_difference(points), by_quadrature(points));
            assert!((found / expected - 1.0).abs() < 1e-9, "{points:?}: {found} {expected}");
        }
    }

    #[test]
    fn kicks_bring_the_peak_to_one() {
        for (decay, rise) in [(5.0, 5.0), (10.0, 1.0), (100.0, 2.0), (3.0, 3.000_001), (1.0, 8.0)] {
            let x = kick_to_peak_one(decay, rise);
            // h exp[d, r] is p after a step of h, from x = 1 and p = 0.
            let p = |t: f64| x * t * mean_exp(-t / decay, -t / rise);
            let peak = (1..200_000).map(|k| p(f64::from(k) * 1e-3)).fold(0.0, f64::max);
            assert!((peak - 1.0).abs() < 1e-6, "{decay} {rise}: {peak}");
        }
    }

    #[test]
    fn extreme_time_constants_give_finite_numbers() {
        for tau in [0.0, 1e-300, 1e-6, 1e9, f64::INFINITY] {
            for membrane in [1e-6, 10.0, f64::INFINITY] {
                let s = Decay::new(1.0, membrane, tau, 2.0);
                let numbers = [s.decay, s.feed, s.rise_decay, s.level_weight, s.rise_weight];
                assert!(numbers.iter().all(|x| x.is_finite() && *x >= 0.0), "{tau} {membrane}: {s:?}");
            }
        }
    }
}
