//! Neuron models: nanoseconds per neuron and iteration, at rest or firing as their defaults make them. The bare loop reads
//! and writes as many columns as the model has, and reads the input: what the state alone costs, in the same cache.

use cortecs::{
    integrate::equations::{Method, When},
    network::{InitialValues, Input},
    numeric::dispatch,
    prelude::*,
};

use crate::common::{least, timed};

const NEURONS: usize = 10_000;
const ITERATIONS: u64 = 200;
const ROUNDS: usize = 25;

/// Prints the table.
pub fn report() {
    println!("| model | ns per neuron | bare state | ratio |\n|---|--:|--:|--:|");
    line("Izhikevich", Izhikevich::default(), 2);
    line("Izhikevich, two steps of v", Izhikevich { v_steps: 2, ..default() }, 2);
    line("Izhikevich, a of each neuron", Izhikevich { a: "0.02 + 0 * i".into(), ..default() }, 2);
    line("Lif", Lif::default(), 2);
    line("Lif, threshold of each neuron", Lif { threshold: "-50 + 0 * i".into(), ..default() }, 2);
    line("Izhikevich2007", Izhikevich2007::default(), 2);
    line("ExponentialIf", ExponentialIf::default(), 2);
    line("AdEx", AdEx::default(), 3);
    line("FitzHughNagumo", FitzHughNagumo::default(), 2);
    line("HodgkinHuxley", HodgkinHuxley::default(), 4);
    line("TraubMiles", TraubMiles::default(), 4);
    line("RateUnit", RateUnit::default(), 1);
    line("PoissonNeurons", PoissonNeurons::default(), 0);
    println!("\n| model | native, ns per neuron | as equations | ratio |\n|---|--:|--:|--:|");
    beside("Izhikevich", Izhikevich::default(), izhikevich());
    beside("Lif", Lif::default(), lif());
    beside("AdEx", AdEx::default(), adex());
    beside("HodgkinHuxley", HodgkinHuxley::default(), hodgkin_huxley());
    println!("\n| equations | text to first step (ms), beyond a native model |\n|---|--:|");
    for (name, model) in
        [("Izhikevich", izhikevich()), ("Lif", lif()), ("AdEx", adex()), ("HodgkinHuxley", hodgkin_huxley())]
    {
        let [native, text] =
            least(20, [&mut || first_step(HodgkinHuxley::default()), &mut || first_step(model.clone())]);
        println!("| {name} | {:.2} |", (text - native) * 1e3);
    }
    println!();
}

/// Seconds from a group with a model to its first iteration.
fn first_step(model: impl Bundle) -> f64 {
    let mut bench = Bench::new();
    bench.tick();
    timed(|| {
        bench.group("cells", 1000, model);
        bench.tick();
    })
}

fn equations(model: &str, named: &[(&str, f64)], initial: &[(&str, &str)], event: [&str; 2]) -> Equations {
    let initial = initial.iter().map(|(name, text)| ((*name).to_owned(), (*text).into())).collect();
    Equations {
        model: model.into(),
        parameters: named.iter().map(|(name, x)| ((*name).to_owned(), Parameter::from(*x))).collect(),
        initial: InitialValues(initial),
        spike: event[0].into(),
        reset: event[1].into(),
        ..default()
    }
}

fn izhikevich() -> Equations {
    let named = [("a", 0.02), ("b", 0.2), ("c", -65.0), ("d", 8.0)];
    let model = "dv/dt = 0.04*v^2 + 5*v + 140 - u + input; du/dt = a*(b*v - u)";
    let own = equations(model, &named, &[("v", "-65"), ("u", "b*v")], ["v > 30", "v = c; u += d"]);
    Equations { method: Method::Euler, ..own }
}

fn lif() -> Equations {
    let named = [("rest", -65.0), ("tau", 10.0), ("c", 250.0)];
    let own = equations("dv/dt = (rest - v)/tau + input/c : held", &named, &[("v", "rest")], ["v >= -50", "v = rest"]);
    Equations { refractory: 2.0.into(), ..own }
}

fn adex() -> Equations {
    let named = [
        ("c", 281.0),
        ("g", 30.0),
        ("e", -70.6),
        ("delta", 2.0),
        ("threshold", -50.4),
        ("tau", 144.0),
        ("a", 4.0),
        ("b", 80.5),
    ];
    let model = "dv/dt = (g*(e - v) + g*delta*exp((min(v, 0) - threshold)/delta) - w + input)/c : held
        dw/dt = (a*(min(v, 0) - e) - w)/tau";
    let own = equations(model, &named, &[("v", "e")], ["v > 0", "v = e; w += b"]);
    Equations { method: Method::Heun, ..own }
}

fn hodgkin_huxley() -> Equations {
    let model = "a_m = 1/exprel(-(v + 40)/10); b_m = 4*exp(-(v + 65)/18)
        a_h = 0.07*exp(-(v + 65)/20); b_h = 1/(exp(-(v + 35)/10) + 1)
        a_n = 0.1/exprel(-(v + 55)/10); b_n = 0.125*exp(-(v + 65)/80)
        dv/dt = g_na*m^3*h*(50 - v) + g_k*n^4*(-77 - v) + 0.3*(-54.387 - v) + input
        dm/dt = a_m*(1 - m) - b_m*m; dh/dt = a_h*(1 - h) - b_h*h; dn/dt = a_n*(1 - n) - b_n*n";
    let initial = [("v", "-65"), ("m", "a_m/(a_m + b_m)"), ("h", "a_h/(a_h + b_h)"), ("n", "a_n/(a_n + b_n)")];
    let own = equations(model, &[("g_na", 120.0), ("g_k", 36.0)], &initial, ["v > 0", ""]);
    Equations { when: When::Becomes, ..own }
}

/// A model of this crate and its equations, in turn.
fn beside(name: &str, native: impl Bundle, text: impl Bundle) {
    let of = |model: &mut dyn FnMut(&mut Bench)| {
        let mut bench = Bench::new().with_dt(0.1);
        model(&mut bench);
        bench
    };
    let (mut native, mut text) = (Some(native), Some(text));
    let mut native = of(&mut |bench| _ = native.take().map(|model| bench.group("cells", NEURONS, model)));
    let mut text = of(&mut |bench| _ = text.take().map(|model| bench.group("cells", NEURONS, model)));
    let mut idle =
        of(&mut |bench| _ = bench.group("cells", NEURONS, (V::default(), Input::default(), Spikes::default())));
    let [native, text, idle] = least(
        ROUNDS,
        [&mut || timed(|| native.ticks(ITERATIONS)), &mut || timed(|| text.ticks(ITERATIONS)), &mut || {
            timed(|| idle.ticks(ITERATIONS))
        }],
    );
    let [native, text] = [native, text].map(|own| (own - idle) * 1e9 / (NEURONS as u64 * ITERATIONS) as f64);
    println!("| {name} | {native:.2} | {text:.2} | {:.2} |", text / native);
}

fn line(name: &str, model: impl Bundle, columns: usize) {
    let mut bench = Bench::new().with_dt(0.1);
    bench.group("cells", NEURONS, model);
    let mut idle = Bench::new().with_dt(0.1);
    idle.group("cells", NEURONS, (V::default(), Input::default(), Spikes::default()));
    let mut state = vec![vec![0.5; NEURONS]; columns];
    let (input, mut fired) = (vec![0.25; NEURONS], vec![0_u8; NEURONS]);
    let mut bare = || {
        dispatch(
            #[inline(always)]
            || {
                for column in &mut state {
                    column.iter_mut().zip(&input).for_each(|(state, input)| *state += input);
                }
                fired.iter_mut().zip(&input).for_each(|(fired, input): (_, &Real)| *fired = u8::from(*input > 1.0));
            },
        );
        // The marks of an iteration are seen by the next.
        std::hint::black_box((&mut state, &mut fired));
    };
    let [own, idle, bare] = least(
        ROUNDS,
        [&mut || timed(|| bench.ticks(ITERATIONS)), &mut || timed(|| idle.ticks(ITERATIONS)), &mut || {
            timed(|| (0..ITERATIONS).for_each(|_| bare()))
        }],
    );
    let [own, bare] = [own - idle, bare].map(|seconds| seconds * 1e9 / (NEURONS as u64 * ITERATIONS) as f64);
    println!("| {name} | {own:.2} | {bare:.2} | {:.1} |", own / bare);
}
