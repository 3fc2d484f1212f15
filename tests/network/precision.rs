//! What single precision makes of slow things: models, receptors and rules that have a time constant, at steps of 0.001 to 1 ms and
//! time constants of 0.1 to 10⁷ ms, against closed forms or the method itself in double precision. The tolerances are those that
//! the docs state: leaky membranes to 5·10⁻⁴ of the way that they have gone, what decays to 5·10⁻⁴ of itself, other models to
//! 0.004 mV. Rests of weights have tests of their own, as have slow thresholds.

use cortecs::prelude::*;
use proptest::prelude::*;

/// A step (ms) and a time constant (ms), by their logarithms, and how many steps are taken.
fn cases() -> impl Strategy<Value = (f64, f64, u64)> {
    let step = prop_oneof![Just(0.001), Just(0.002), Just(0.01), Just(0.05), Just(0.1), Just(0.25), Just(1.0)];
    (step, -1.0..7.0_f64, 1_u64..6000).prop_map(|(dt, tau, steps)| (dt, 10f64.powf(tau), steps))
}

/// What is left after a time.
fn left(dt: f64, tau: f64, steps: u64) -> f64 {
    (-dt * steps as f64 / tau).exp()
}

/// `found` is `expected`, to the tolerance of the docs for something that has gone as far as `way`.
#[track_caller]
fn assert_kept(found: f64, expected: f64, way: f64) {
    // What was moved adds up a rounding for each change of a rest: 10⁻⁶ of the numbers themselves is below all else.
    assert_near(found, expected, 5e-4 * way.abs() + 1e-6 * expected.abs().max(1.0));
}

#[track_caller]
fn assert_near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{found} instead of {expected}");
}

/// A value of a group of one neuron after some steps.
fn after(dt: f64, steps: u64, behaviours: impl Bundle, variable: &str) -> f64 {
    let mut bench = Bench::new().with_dt(dt);
    let cells = bench.group("cells", 1, behaviours);
    bench.ticks(steps);
    bench.get(cells, variable)[0]
}

fn current(amplitude: f64) -> ConstantCurrent {
    ConstantCurrent { amplitude: amplitude.into() }
}

/// The gates and rates of an axon, from its paper.
fn axon_rates(v: f64) -> [(f64, f64); 3] {
    let linoid = |x: f64| if x.abs() < 1e-9 { 1.0 } else { x / (1.0 - (-x).exp()) };
    let u = v + 65.0;
    [
        (linoid(0.1 * (u - 25.0)), 4.0 * (-u / 18.0).exp()),
        (0.07 * (-u / 20.0).exp(), 1.0 / ((3.0 - 0.1 * u).exp() + 1.0)),
        (0.1 * linoid(0.1 * (u - 10.0)), 0.125 * (-u / 80.0).exp()),
    ]
}

/// v, m, h, n after some steps of the symmetric splitting that `channels.rs` describes.
fn axon(mut v: f64, mut gates: [f64; 3], input: f64, dt: f64, steps: u64) -> f64 {
    let relax = |v: f64, gates: &mut [f64; 3], time: f64| {
        for (gate, (open, close)) in gates.iter_mut().zip(axon_rates(v)) {
            let rate = open + close;
            *gate += (open / rate - *gate) * -(-time * rate).exp_m1();
        }
    };
    for _ in 0..steps {
        relax(v, &mut gates, dt / 2.0);
        let [m, h, n] = gates;
        let open = [120.0 * m.powi(3) * h, 36.0 * n.powi(4), 0.3];
        let total: f64 = open.iter().sum();
        let current = open[0] * 50.0 + open[1] * -77.0 + open[2] * -54.387 + input;
        v += (current / total - v) * -(-dt * total).exp_m1();
        relax(v, &mut gates, dt / 2.0);
    }
    v
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// From −64 mV towards −58 mV: v∞ = rest + R I.
    #[test]
    fn leaky_membranes_relax((dt, tau, steps) in cases()) {
        let end = -58.0;
        let expected = end - 6.0 * left(dt, tau, steps);
        let way = expected + 64.0;
        let lif = Lif { c: 200.0.into(), tau: tau.into(), v: (-64.0).into(), threshold: 0.0.into(), ..default() };
        assert_kept(after(dt, steps, (lif, current(200.0 / tau * 7.0)), "v"), expected, way);
        // The exponential is far away: exp(−118).
        let exponential = ExponentialIf {
            c: 200.0.into(), g_leak: (200.0 / tau).into(), v: (-64.0).into(), v_t: 60.0.into(), delta_t: 1.0.into(),
            cutoff: 100.0.into(), ..default()
        };
        assert_kept(after(dt, steps, (exponential, current(200.0 / tau * 7.0)), "v"), expected, way);
        let adaptive = AdEx {
            c: 200.0.into(), g_leak: (200.0 / tau).into(), rest: (-65.0).into(), v: (-64.0).into(), v_t: 60.0.into(),
            delta_t: 1.0.into(), cutoff: 100.0.into(), a: 0.0.into(), w: 0.0.into(), ..default()
        };
        assert_kept(after(dt, steps, (adaptive, current(200.0 / tau * 7.0)), "v"), expected, way);
        let unit = RateUnit { tau: tau.into(), rate: 2.0.into(), transfer: Transfer::Linear, gain: 1.0.into(), threshold: 0.0.into() };
        let expected = 7.0 - 5.0 * left(dt, tau, steps);
        assert_kept(after(dt, steps, (unit, current(7.0)), "rate"), expected, expected - 2.0);
    }

    /// dw/dt = −w/τ, without a.
    #[test]
    fn adaptation_decays((dt, tau, steps) in cases()) {
        let model = AdEx {
            tau_w: tau.into(), w: 100.0.into(), a: 0.0.into(), v_t: 60.0.into(), cutoff: 100.0.into(), ..default()
        };
        let expected = 100.0 * left(dt, tau, steps);
        assert_kept(after(dt, steps, model, "w"), expected, expected);
    }

    /// The paper's step, in double precision.
    #[test]
    fn izhikevich_cells_take_the_steps_of_double_precision((dt, tau, steps) in cases()) {
        // Euler's method is stable for u where a · dt is below 2.
        let a = (1.0 / tau).min(0.5 / dt);
        let (mut v, mut u) = (-70.0, -14.5);
        for _ in 0..steps {
            v += dt * (0.04 * v * v + 5.0 * v + 140.0 - u + 0.5);
            u += dt * a * (0.2 * v - u);
        }
        let model = || Izhikevich { a: a.into(), v: (-70.0).into(), u: (-14.5).into(), ..default() };
        // Above steps of 0.005 ms no rests are carried: v is right to 0.004 mV.
        assert_near(after(dt, steps, (model(), current(0.5)), "v"), v, 4e-3);
        assert_near(after(dt, steps, (model(), current(0.5)), "u"), u, 5e-4 * (1.0 + (u + 14.5).abs()));
    }

    /// Heun's method, in double precision; the cell of the book's fig. 8.12.
    #[test]
    fn izhikevich_cells_of_2007_take_the_steps_of_double_precision((dt, tau, steps) in cases()) {
        let a = (1.0 / tau).min(0.5 / dt);
        let slope = |v: f64, u: f64| (0.7 * (v + 60.0) * (v + 40.0) - u + 20.0) / 100.0;
        let recovery = |v: f64, u: f64| a * (-2.0 * (v + 60.0) - u);
        let (mut v, mut u) = (-62.0, 1.0);
        for _ in 0..steps {
            let (before, recovering) = (slope(v, u), recovery(v, u));
            let (first, then) = (v + dt * before, u + dt * recovering);
            let end = v + 0.5 * dt * (before + slope(first, then));
            u += 0.5 * dt * (recovering + recovery(end, then));
            v = end;
        }
        let model = Izhikevich2007 {
            c: 100.0.into(), k: 0.7.into(), rest: (-60.0).into(), v_t: (-40.0).into(), a: a.into(), b: (-2.0).into(),
            v: (-62.0).into(), u: 1.0.into(), ..default()
        };
        assert_near(after(dt, steps, (model, current(20.0)), "v"), v, 4e-3);
    }

    /// The squid axon below its threshold; time constants are its own.
    #[test]
    fn axons_take_the_steps_of_double_precision(dt in prop_oneof![Just(0.001), Just(0.002), Just(0.01), Just(0.05)], steps in 1_u64..8000) {
        let gates = [0.06, 0.58, 0.33];
        let expected = axon(-64.0, gates, 1.0, dt, steps);
        let [m, h, n] = gates.map(Initial::from);
        let model = HodgkinHuxley { v: (-64.0).into(), m, h, n, ..default() };
        let found = after(dt, steps, (model, current(1.0)), "v");
        assert_near(found, expected, 4e-3);
    }

    /// The model's corrector, in double precision, whose w takes its time.
    #[test]
    fn excitable_cells_take_the_steps_of_double_precision((dt, tau, steps) in cases()) {
        let linoid = |x: f64| if x.abs() < 1e-12 { 1.0 } else { x / -(-x).exp_m1() };
        let moved = |x: f64, source: f64, rate: f64, time: f64| {
            x + x * (-rate * time).exp_m1() + source * time / linoid(rate * time)
        };
        let dt = dt.min(0.25);
        let tau = tau.max(1.0);
        let (mut v, mut w) = (-1.2_f64, -0.62);
        for _ in 0..steps {
            let (rate, slow) = (v * v / 3.0, dt / tau);
            let first = moved(v, v - w + 0.25, rate, dt);
            let recovering = moved(w, v + 0.7, 0.8, slow);
            let (mean, mean_w) = (0.5 * (v + first), 0.5 * (w + recovering));
            let end = moved(v, mean - mean_w + 0.25, 0.5 * (rate + first * first / 3.0), dt);
            w = moved(w, 0.5 * (v + end) + 0.7, 0.8, slow);
            v = end;
        }
        let model = || FitzHughNagumo { tau: tau.into(), v: (-1.2).into(), w: (-0.62).into(), ..default() };
        assert_near(after(dt, steps, (model(), current(0.25)), "v"), v, 1e-3 * (v + 1.2).abs() + 2e-5);
        assert_near(after(dt, steps, (model(), current(0.25)), "w"), w, 1e-3 * (w + 0.62).abs() + 2e-6);
    }

    /// Noise of no strength goes back to its mean.
    #[test]
    fn slow_noise_reverts((dt, tau, steps) in cases()) {
        let noise = OrnsteinUhlenbeck { sd: 0.0.into(), tau: tau.into(), fluctuation: 100.0.into(), ..default() };
        let expected = 100.0 * left(dt, tau, steps);
        assert_near(after(dt, steps, noise, "fluctuation"), expected, 5e-4 * (100.0 - expected) + 1e-4);
    }

    /// What a spike leaves: an exponential, a current's or a conductance's, an alpha function, the difference of two exponentials.
    #[test]
    fn receptors_decay((dt, tau, steps) in cases()) {
        // From the first to the last of some iterations after the arrival.
        let seen = |receptor: &dyn Fn(&mut Bench, Entity) -> Entity, variable: &str| {
            let mut bench = Bench::new().with_dt(dt);
            let source = bench.group("source", 1, SpikeSource::at(vec![vec![dt]]));
            let target = bench.group("target", 1, Lif { threshold: 1e6.into(), ..default() });
            let receptor = receptor(&mut bench, target);
            bench.synapses(source, target, "X", (AllToAll::default(), InitialWeights(1.0.into()), Delays(Some(dt.into()))));
            // The spike is at the end of the first iteration, and is there a step later.
            bench.ticks(3);
            let first = bench.get(receptor, variable)[0];
            bench.ticks(steps);
            [first, bench.get(receptor, variable)[0]]
        };
        let time = |k: u64| dt * k as f64;
        for reversal in [None, Some(0.0.into())] {
            let exponential = |bench: &mut Bench, target: Entity| {
                let receptor = ExponentialReceptor { tau: tau.into(), reversal: reversal.clone(), ..default() };
                bench.receptor(target, "r", ExponentialReceptor { afferent: "X".into(), ..receptor })
            };
            let [first, last] = seen(&exponential, if reversal.is_some() { "conductance" } else { "current" });
            assert_kept(first, (-dt / tau).exp(), 1.0);
            assert_kept(last, left(dt, tau, steps + 1), left(dt, tau, steps + 1));
        }
        let alpha = |bench: &mut Bench, target: Entity| {
            bench.receptor(target, "r", AlphaReceptor { afferent: "X".into(), tau: tau.into(), ..default() })
        };
        let shape = |t: f64| t / tau * (1.0 - t / tau).exp();
        for (found, k) in seen(&alpha, "current").into_iter().zip([1, steps + 1]) {
            assert_kept(found, shape(time(k)), shape(time(k)));
        }
        let (rise, decay) = (tau / 4.0, tau);
        let two = |bench: &mut Bench, target: Entity| {
            let receptor = BiexponentialReceptor { rise: rise.into(), decay: decay.into(), ..default() };
            bench.receptor(target, "r", BiexponentialReceptor { afferent: "X".into(), ..receptor })
        };
        let raw = |t: f64| (-t / decay).exp() - (-t / rise).exp();
        let peak = raw((decay / rise).ln() * rise * decay / (decay - rise));
        for (found, k) in seen(&two, "current").into_iter().zip([1, steps + 1]) {
            assert_kept(found, raw(time(k)) / peak, raw(time(k)) / peak);
        }
    }

    /// Traces that a rule goes by: one pair of spikes, `steps` apart.
    #[test]
    fn windows_of_rules_decay((dt, tau, steps) in cases()) {
        let mut bench = Bench::new().with_dt(dt);
        let source = bench.group("source", 1, SpikeSource::at(vec![vec![dt]]));
        let target = bench.group("target", 1, SpikeSource::at(vec![vec![dt * (steps + 1) as f64]]));
        let rule = Stdp { tau_plus: tau, tau_minus: tau, a_plus: 0.01, a_minus: 0.01, ..default() };
        let synapses = bench.synapses(source, target, "X", (OneToOne::default(), InitialWeights(0.5.into()), rule));
        bench.ticks(steps + 2);
        let expected = 0.01 * left(dt, tau, steps);
        prop_assert!((bench.get(synapses, "weights")[0] - 0.5 - expected).abs() < 1e-6 + 5e-4 * expected);
    }

    /// Dopamine towards what is always released, τ · tonic: the step is that of the closed form.
    #[test]
    fn dopamine_is_taken_up((dt, tau, steps) in cases()) {
        let tonic = 2.0 / (1e-3 * tau);
        let mut bench = Bench::new().with_dt(dt);
        let cells = bench.group("cells", 1, Dopamine { tau, tonic });
        bench.set(cells, "dopamine", &[5.0]);
        bench.ticks(steps);
        let expected = 2.0 + 3.0 * left(dt, tau, steps);
        assert_kept(bench.get(cells, "dopamine")[0], expected, expected);
    }
}
