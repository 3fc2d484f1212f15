//! Groups so large that threads share the passes of all systems: every model, receptor and noise leaves the same state
//! on any number of threads.

use cortecs::{
    checkpoint::Checkpoint,
    numeric::shares::{Effort, Whole, deal},
    prelude::*,
};
use rayon::ThreadPoolBuilder;

/// Enough for any pass to be shared.
const CELLS: usize = 62_000;

/// What the state is after some iterations, in each of which spikes arrive at all delays, with noise of all kinds.
fn state<M: Bundle>(
    threads: usize,
    model: impl Fn() -> M + Sync,
    furnish: impl Fn(&mut Bench, Entity) + Sync,
) -> Checkpoint {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    pool.install(|| {
        let mut bench = Bench::new().with_dt(0.1);
        let noise = (
            NormalNoise { sd: 3.0.into(), ..default() },
            UniformNoise { high: "10 + 0.001 * i".into(), ..default() },
            OrnsteinUhlenbeck { mean: 20.0.into(), sd: 5.0.into(), ..default() },
            PoissonInput { rate: 100.0.into(), sources: 50.0.into(), receptor: "c".into(), ..default() },
        );
        let cells = bench.group("cells", CELLS, (model(), noise));
        let [drivers, others] = ["drivers", "others"]
            .map(|name| bench.group(name, 300, PoissonNeurons { rate: 1000.0.into(), ..default() }));
        bench.receptor(cells, "a", CurrentReceptor { afferent: "A".into(), gain: 2.0.into() });
        bench.receptor(cells, "b", CurrentReceptor { afferent: "B".into(), gain: "-1 + 0.00001 * i".into() });
        bench.receptor(cells, "c", ExponentialReceptor { afferent: "A".into(), ..default() });
        bench.receptor(
            cells,
            "d",
            ExponentialReceptor { afferent: "B".into(), gain: "-0.5 + 0.00001 * i".into(), ..default() },
        );
        bench.receptor(cells, "e", AlphaReceptor { afferent: "B".into(), ..default() });
        furnish(&mut bench, cells);
        let rule = |out_degree| FixedOutDegree { out_degree, autapses: true, multapses: true };
        bench.synapses(drivers, cells, "A", (rule(900), Delays(Some("uniform(0.1, 3)".into()))));
        bench.synapses(others, cells, "B", (rule(700), InitialWeights("uniform(0, 1)".into())));
        bench.synapses(cells, others, "C", rule(5));
        bench.ticks(10);
        Checkpoint::take(bench.world_mut()).expect("a state")
    })
}

#[track_caller]
fn same_on_any_number_of_threads<M: Bundle>(
    name: &str,
    model: impl Fn() -> M + Sync,
    furnish: impl Fn(&mut Bench, Entity) + Sync,
) {
    let alone = state(1, &model, &furnish);
    let shared = state(3, &model, &furnish);
    assert_eq!(shared.first_difference(&alone), None, "{name}");
}

fn nothing(_: &mut Bench, _: Entity) {}

#[test]
fn passes_over_so_many_neurons_are_shared() {
    let wholes = [Whole { neurons: CELLS, ..default() }];
    let [shares] = &deal(&wholes, 2)[..] else { panic!("one group") };
    assert!(shares.are_worth_it(CELLS, Effort::Light));
}

#[test]
fn models_with_currents() {
    same_on_any_number_of_threads("Lif", Lif::default, nothing);
    same_on_any_number_of_threads("Izhikevich", || Izhikevich { v: "normal(-60, 9)".into(), ..default() }, nothing);
    same_on_any_number_of_threads("Izhikevich2007", Izhikevich2007::default, nothing);
    same_on_any_number_of_threads("FitzHughNagumo", FitzHughNagumo::default, nothing);
    same_on_any_number_of_threads("RateUnit", RateUnit::default, nothing);
    same_on_any_number_of_threads("PoissonNeurons", PoissonNeurons::default, nothing);
}

#[test]
fn models_with_conductances() {
    let open = |bench: &mut Bench, cells: Entity| {
        let reversal = Some(0.0.into());
        bench.receptor(cells, "f", BiexponentialReceptor { afferent: "A".into(), reversal, ..default() });
        bench.receptor(cells, "g", NmdaReceptor { afferent: "B".into(), ..default() });
    };
    same_on_any_number_of_threads("Lif", || Lif { v: "uniform(-70, -50)".into(), ..default() }, open);
    same_on_any_number_of_threads("ExponentialIf", ExponentialIf::default, open);
    same_on_any_number_of_threads("AdEx", AdEx::default, open);
    same_on_any_number_of_threads("HodgkinHuxley", HodgkinHuxley::default, open);
    same_on_any_number_of_threads("TraubMiles", TraubMiles::default, open);
}

#[test]
fn jumps() {
    let jumps = |bench: &mut Bench, cells: Entity| {
        bench.receptor(cells, "f", JumpReceptor { afferent: "A".into(), ..default() });
        bench.receptor(cells, "g", JumpReceptor { afferent: "B".into(), gain: 3.0.into() });
        bench.receptor(cells, "h", JumpReceptor { afferent: "B".into(), gain: "0.1 * i".into() });
    };
    same_on_any_number_of_threads("Lif", || Lif { v: "uniform(-70, -50)".into(), ..default() }, jumps);
}
