//! A neuron model of one's own with the whole command line:
//! `cargo run --release --example own_model -- run tests/examples/own_model.ron`, and `-- list QuadraticIf`.

use cortecs::{author::*, prelude::*};

behaviour! {
    /// Quadratic integrate-and-fire: tau dv/dt = v² + input, v in units of its own; Ermentrout & Kopell, SIAM J. Appl. Math. 46:233
    /// (1986), in the form of Latham et al., J. Neurophysiol. 83:808 (2000).
    struct QuadraticIf {
        /// Time constant.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        tau: Parameter = 10.0,
        /// Where a spike ends.
        #[reflect(@Range::FINITE)]
        peak: Parameter = 30.0,
        /// Where the next one starts.
        #[reflect(@Range::FINITE, @Below("peak"))]
        reset: Parameter = -30.0,
        /// Membrane potential at the start.
        v: Initial = "reset",
    }
}

cell! {
    struct Constants {
        /// 1/tau
        rate: Real,
        peak: Real,
        reset: Real,
    }
}

impl Behaviour for QuadraticIf {
    const MODEL: bool = true;

    fn plugin(app: &mut App) {
        app.add_model::<Self>();
    }
}

impl NeuronModel for QuadraticIf {
    type State = (V,);
    type Cell = Constants;
    type Takes = ();

    fn cell(&self, i: usize, _: Step) -> Constants {
        Constants { rate: 1.0 / self.tau.at(i), peak: self.peak.at(i), reset: self.reset.at(i) }
    }

    /// Heun's method.
    #[inline(always)]
    fn step<X: Carried>(cell: Constants, [v]: [X; 1], drive: impl Drive, at: At) -> ([X; 1], bool) {
        let slope = |v: Real| cell.rate * (v * v + drive.input());
        let before = slope(v.value());
        let end = v.moved(0.5 * at.h * (before + slope(v.value() + at.h * before)));
        if end.value() >= cell.peak { ([X::of(cell.reset)], true) } else { ([end], false) }
    }
}

fn main() -> std::process::ExitCode {
    cortecs::cli::main_with(|app| {
        app.register_behaviour::<QuadraticIf>();
    })
}

/// Without a reset v goes from −∞ to ∞ in π tau / √input.
#[test]
fn the_interval_between_spikes_is_that_of_the_paper() {
    let mut bench = Bench::new().with_dt(0.005);
    bench.app_mut().register_behaviour::<QuadraticIf>();
    let model = QuadraticIf { peak: 300.0.into(), reset: (-300.0).into(), ..default() };
    let cells = bench.group("cells", 1, (model, ConstantCurrent { amplitude: 1.0.into() }));
    bench.ticks(40_000);
    // 200 ms, and an interval of 31.4 ms less 2 · 10 / 300.
    assert_eq!(bench.spike_count(cells), 6);
}
