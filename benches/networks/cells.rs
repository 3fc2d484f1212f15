//! The neurons of the published networks as plain loops over plain arrays, with their noise.

use cortecs::{
    numeric::{
        Column,
        blocks::BLOCK,
        exp_m1,
        normal::next_pair,
        poisson::Counts,
        real::{real, wide},
        vector_rng::{LANES, VectorRng},
    },
    prelude::*,
};

/// A model with its constants.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Two half steps of v, spikes detected after them: dt, a, b, c, d.
    Izhikevich([Real; 5]),
    /// Exponential currents: factors on both, weights of both, base, resistance, part of a step.
    Current(Membrane, [Real; 7]),
    /// The same, of one receptor.
    OneCurrent(Membrane, [Real; 7]),
    /// Exponential conductances: factors on both, weights of both, their reversal potentials, leak · base, dt / c.
    Conductance(Membrane, Real, [Real; 8]),
}

/// Threshold, reset and refractory iterations.
#[derive(Clone, Copy)]
pub struct Membrane([Real; 3]);

impl Membrane {
    /// Moves v to the end of its step, unless the neuron waits; returns whether it fires.
    #[inline(always)]
    fn settle(self, end: Real, v: &mut Real, left: &mut Real) -> bool {
        let Self([threshold, reset, refractory]) = self;
        let free = *left <= 0.0;
        let fires = free & (end >= threshold);
        let moved = if free { end } else { *v };
        let waited = if free { 0.0 } else { *left - 1.0 };
        *v = if fires { reset } else { moved };
        *left = if fires { refractory } else { waited };
        fires
    }
}

/// Random numbers.
pub enum Drive {
    None,
    /// Of this standard deviation, as current.
    Normal(Real),
    /// Of this weight, to the first receptor.
    Poisson(Counts, Real),
}

impl Drive {
    pub fn poisson(input: &PoissonInput, dt: f64) -> Self {
        let mean = wide(input.rate.at(0)) * wide(input.sources.at(0)) * dt * 1e-3;
        Self::Poisson(Counts::new(mean), input.weight.at(0))
    }
}

impl Kind {
    pub fn izhikevich(model: &Izhikevich, dt: f64) -> Self {
        assert_eq!(model.v_steps, 2);
        Self::Izhikevich([real(dt), model.a.at(0), model.b.at(0), model.c.at(0), model.d.at(0)])
    }

    pub fn lif(model: &Lif, receptors: [&ExponentialReceptor; 2], dt: f64) -> Self {
        let [c, tau, rest, bias] = [&model.c, &model.tau, &model.rest, &model.bias].map(|p| wide(p.at(0)));
        let refractory = (wide(model.refractory.at(0)) / dt).round();
        let membrane = Membrane([model.threshold.at(0), model.reset.at(0), real(refractory)]);
        let decays = receptors.map(|receptor| -dt / wide(receptor.tau.at(0)));
        let factors = decays.map(f64::exp);
        let base = rest + tau / c * bias;
        if let [Some(one), Some(other)] = receptors.map(|receptor| receptor.reversal.as_ref()) {
            // A conductance acts by its mean over the step.
            let means = decays.map(|decay| decay.exp_m1() / decay);
            let leak = c / tau;
            let constants =
                [factors[0], factors[1], means[0], means[1], wide(one.at(0)), wide(other.at(0)), leak * base];
            let [a, b, c_, d, e, f, g] = constants.map(real);
            return Self::Conductance(membrane, real(leak), [a, b, c_, d, e, f, g, real(dt / c)]);
        }
        let m = -dt / tau;
        let weights = decays.map(|decay| (decay.exp() - m.exp()) / (decay - m) / (m.exp_m1() / m));
        let constants = [factors[0], factors[1], weights[0], weights[1], base, tau / c, -m.exp_m1()];
        Self::Current(membrane, constants.map(real))
    }

    pub fn with_one_receptor(self) -> Self {
        let Self::Current(membrane, constants) = self else { panic!("currents") };
        Self::OneCurrent(membrane, constants)
    }
}

/// The neurons of a group.
pub struct Cells {
    kind: Kind,
    drive: Drive,
    /// The first among those of the network.
    pub first: usize,
    pub v: Column<Real>,
    /// u, or iterations left to be refractory.
    w: Column<Real>,
    levels: [Column<Real>; 2],
    fired: Column<u8>,
    lanes: Vec<VectorRng>,
    noise: Column<Real>,
    /// Spikes.
    pub count: u64,
}

impl Cells {
    pub fn new(
        kind: Kind,
        drive: Drive,
        first: usize,
        v: Column<Real>,
        w: Column<Real>,
        lanes: Vec<VectorRng>,
    ) -> Self {
        let n = v.len();
        let zeros = || Column::filled(0.0, n);
        let (levels, fired) = ([zeros(), zeros()], Column::filled(0, n));
        Self { kind, drive, first, v, w, levels, fired, lanes, noise: Column::filled(0.0, BLOCK), count: 0 }
    }

    /// One iteration, block after block; takes what arrives at both receptors.
    #[inline(always)]
    pub fn step(&mut self, one: &mut [Real], other: &mut [Real]) {
        let n = self.v.len();
        for (block, lanes) in self.lanes.iter_mut().enumerate() {
            let part = block * BLOCK..((block + 1) * BLOCK).min(n);
            let (one, other) = (&mut one[part.clone()], &mut other[part.clone()]);
            match &self.drive {
                Drive::None => {}
                Drive::Normal(sd) => normal(&mut self.noise[..part.len()], *sd, lanes),
                Drive::Poisson(counts, weight) => poisson(one, counts, *weight, lanes),
            }
            let [level, level2] = &mut self.levels;
            let state = (&mut self.v[part.clone()], &mut self.w[part.clone()], &mut self.fired[part.clone()]);
            let levels = (&mut level[part.clone()], &mut level2[part.clone()]);
            self.count += match self.kind {
                Kind::Izhikevich(constants) => izhikevich(state, &self.noise[..part.len()], one, other, constants),
                Kind::Current(membrane, constants) => current::<true>(state, levels, one, other, membrane, constants),
                Kind::OneCurrent(membrane, constants) => {
                    current::<false>(state, levels, one, other, membrane, constants)
                }
                Kind::Conductance(membrane, leak, constants) => {
                    conductance(state, levels, one, other, membrane, leak, constants)
                }
            };
        }
    }
}

#[inline(always)]
fn normal(noise: &mut [Real], sd: Real, lanes: &mut VectorRng) {
    let mut own = lanes.clone();
    let (whole, rest) = noise.as_chunks_mut::<{ 2 * LANES }>();
    for noise in whole {
        let [first, second] = next_pair(&mut own);
        for lane in 0..LANES {
            (noise[lane], noise[LANES + lane]) = (sd * first[lane], sd * second[lane]);
        }
    }
    if !rest.is_empty() {
        let pair = next_pair(&mut own);
        rest.iter_mut().zip(pair.as_flattened()).for_each(|(noise, number)| *noise = sd * number);
    }
    *lanes = own;
}

#[inline(always)]
fn poisson(arriving: &mut [Real], counts: &Counts, weight: Real, lanes: &mut VectorRng) {
    let mut own = lanes.clone();
    let (whole, rest) = arriving.as_chunks_mut::<LANES>();
    for arriving in whole {
        let numbers = counts.next(&mut own);
        for lane in 0..LANES {
            arriving[lane] += weight * numbers[lane];
        }
    }
    if !rest.is_empty() {
        rest.iter_mut().zip(counts.next(&mut own)).for_each(|(sum, count)| *sum += weight * count);
    }
    *lanes = own;
}

/// v, u or refractory iterations, fired.
type State<'a> = (&'a mut [Real], &'a mut [Real], &'a mut [u8]);

#[inline(always)]
fn izhikevich(
    (v, u, fired): State<'_>,
    noise: &[Real],
    one: &mut [Real],
    other: &mut [Real],
    [dt, a, b, c, d]: [Real; 5],
) -> u64 {
    let n = v.len();
    let (u, fired, noise, one, other) = (&mut u[..n], &mut fired[..n], &noise[..n], &mut one[..n], &mut other[..n]);
    let mut count = 0_u32;
    for i in 0..n {
        let input = one[i] - other[i] + noise[i];
        (one[i], other[i]) = (0.0, 0.0);
        let mut x = v[i];
        for _ in 0..2 {
            x += 0.5 * dt * (0.04 * x * x + 5.0 * x + 140.0 - u[i] + input);
        }
        let y = u[i] + dt * a * (b * x - u[i]);
        let fires = x > 30.0;
        v[i] = if fires { c } else { x };
        u[i] = if fires { y + d } else { y };
        fired[i] = u8::from(fires);
        count += u32::from(fires);
    }
    u64::from(count)
}

/// `TWO` receptors, or the first one alone.
#[inline(always)]
fn current<const TWO: bool>(
    (v, left, fired): State<'_>,
    (excitation, inhibition): (&mut [Real], &mut [Real]),
    one: &mut [Real],
    other: &mut [Real],
    membrane: Membrane,
    [decay, decay2, weight, weight2, base, resistance, part]: [Real; 7],
) -> u64 {
    let n = v.len();
    let (left, fired, one, other) = (&mut left[..n], &mut fired[..n], &mut one[..n], &mut other[..n]);
    let (excitation, inhibition) = (&mut excitation[..n], &mut inhibition[..n]);
    let mut count = 0_u32;
    for i in 0..n {
        let e = excitation[i] + one[i];
        (one[i], excitation[i]) = (0.0, or_zero(decay * e));
        let mut input = weight * e;
        if TWO {
            let h = inhibition[i] + other[i];
            (other[i], inhibition[i]) = (0.0, or_zero(decay2 * h));
            input += weight2 * h;
        }
        let end = v[i] + (base + resistance * input - v[i]) * part;
        let fires = membrane.settle(end, &mut v[i], &mut left[i]);
        fired[i] = u8::from(fires);
        count += u32::from(fires);
    }
    u64::from(count)
}

#[inline(always)]
fn conductance(
    (v, left, fired): State<'_>,
    (excitation, inhibition): (&mut [Real], &mut [Real]),
    one: &mut [Real],
    other: &mut [Real],
    membrane: Membrane,
    leak: Real,
    [decay, decay2, mean, mean2, reversal, reversal2, pull, per_charge]: [Real; 8],
) -> u64 {
    let n = v.len();
    let (left, fired, one, other) = (&mut left[..n], &mut fired[..n], &mut one[..n], &mut other[..n]);
    let (excitation, inhibition) = (&mut excitation[..n], &mut inhibition[..n]);
    let mut count = 0_u32;
    for i in 0..n {
        let (e, h) = (excitation[i] + one[i], inhibition[i] + other[i]);
        (one[i], other[i]) = (0.0, 0.0);
        (excitation[i], inhibition[i]) = (or_zero(decay * e), or_zero(decay2 * h));
        let (e, h) = (mean * e, mean2 * h);
        let total = leak + e + h;
        let goal = (pull + e * reversal + h * reversal2) / total;
        let end = v[i] - (goal - v[i]) * exp_m1(-per_charge * total);
        let fires = membrane.settle(end, &mut v[i], &mut left[i]);
        fired[i] = u8::from(fires);
        count += u32::from(fires);
    }
    u64::from(count)
}

/// Keeps denormal numbers away, as the receptors do.
#[inline(always)]
fn or_zero(x: Real) -> Real {
    if x.abs() < 1e-30 { 0.0 } else { x }
}
