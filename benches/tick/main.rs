//! What a tick costs, as ratios within one run: `cargo bench --bench tick`.
//!
//! 1. The tick of the original network against a bare loop: the same arithmetic on the same arrays, written by hand,
//!    without an ECS, a schedule or a registry. At most 1.2. And against the same loop as four plain bevy systems, which
//!    tells the price of separate systems from that of cortecs.
//! 2. A system that has nothing to do. At most 30 ns.
//! 3. A run that records v, u and spikes of every iteration to disk against one that records spikes. At most 3.
//!
//! 4. Networks whose state is looked after against the same without. At most 1.02.
//!
//! 5. A frame of a Bevy application without a network, against one without cortecs: at most 1 µs more; sixteen iterations in a frame
//!    against the same alone: at most 1.1.
//!
//! 6. With the feature `live`, networks that are shown sixty times a second against those that nobody looks at. At most 1.05 for the
//!    original network, 1.02 from 10 000 neurons on.
//!
//! `cargo bench --bench tick -- tick` (or `idle`, `recording`, `soundness`, `host`, `shown`) measures one of them alone.
//!
//! Every figure is the least of several rounds, since whatever disturbs a machine makes it slower, never faster; the
//! two sides of a ratio take turns.

mod bare;
#[path = "../common/mod.rs"]
mod common;
mod host;
#[cfg(feature = "live")]
mod shown;
mod systems;

use std::path::Path;

use bare::Bare;
use common::{least, timed};
use cortecs::{
    assemble::build,
    network::Input,
    numeric::{InstructionSet, real::PRECISION},
    output::{OnDiskFull, attach_files},
    prelude::*,
    scene::Scene,
    schedule::run_ticks,
};
use systems::Systems;

const ROUNDS: usize = 15;
const ITERATIONS: u64 = 5000;

/// The original network, from its scene, with the recorders of these types.
fn network(recorders: &[&str]) -> Bench {
    network_of("izhikevich", recorders)
}

fn network_of(scene: &str, recorders: &[&str]) -> Bench {
    let mut bench = Bench::new();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenes/{scene}.ron"));
    let mut scene = Scene::from_file(bench.world_mut(), path).expect("the scene is part of the crate");
    scene.recorders.retain(|recorder| recorders.contains(&recorder.value.reflect_short_type_path()));
    assert_eq!(scene.recorders.len(), recorders.len());
    build(bench.world_mut(), &scene).expect("the scene is right");
    bench
}

/// Microseconds of an iteration, for some ways that take turns.
fn compare<const N: usize>(ways: [&mut dyn FnMut() -> f64; N]) -> [f64; N] {
    least(ROUNDS, ways).map(|seconds| seconds * 1e6 / ITERATIONS as f64)
}

fn tick_against_bare_loop() {
    let mut bench = network(&[]);
    let mut bare = Bare::like(bench.world_mut());
    let mut systems = Systems::like(Bare::like(bench.world_mut()));
    let [tick, loop_, four] = compare([
        &mut || timed(|| _ = run_ticks(bench.world_mut(), ITERATIONS)),
        &mut || timed(|| bare.run(ITERATIONS)),
        &mut || timed(|| systems.run(ITERATIONS)),
    ]);
    bare.assert_same_as(bench.world_mut());
    systems.assert_same_as(&bare);
    println!("tick of the original network   {tick:6.2} µs");
    println!("bare loop                      {loop_:6.2} µs   ratio {:.2} (at most 1.2)", tick / loop_);
    println!("the bare loop as four systems  {four:6.2} µs   ratio {:.2}", tick / four);
}

#[derive(Component, Reflect, Clone, Default)]
struct Idle<const N: usize>;

impl<const N: usize> Behaviour for Idle<N> {
    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Input, |mut groups: Query<(&Self, &mut Input)>| {
            groups.iter_mut().for_each(|(_, mut input)| input.0.fill(1.0));
        });
    }
}

fn idle_systems() {
    let mut without = network(&[]);
    let mut with = network(&[]);
    with.app_mut()
        .register_behaviour::<Idle<0>>()
        .register_behaviour::<Idle<1>>()
        .register_behaviour::<Idle<2>>()
        .register_behaviour::<Idle<3>>()
        .register_behaviour::<Idle<4>>()
        .register_behaviour::<Idle<5>>()
        .register_behaviour::<Idle<6>>()
        .register_behaviour::<Idle<7>>()
        .register_behaviour::<Idle<8>>()
        .register_behaviour::<Idle<9>>();
    // A behaviour that no entity ever had costs nothing: its system is not in the schedule. These had one.
    type Idles = (Idle<0>, Idle<1>, Idle<2>, Idle<3>, Idle<4>, Idle<5>, Idle<6>, Idle<7>, Idle<8>, Idle<9>);
    let idle = with.group("idle", 1, Idles::default());
    with.world_mut().despawn(idle);
    let [without, with] = compare([&mut || timed(|| _ = run_ticks(without.world_mut(), ITERATIONS)), &mut || {
        timed(|| _ = run_ticks(with.world_mut(), ITERATIONS))
    }]);
    println!("an idle system                 {:6.1} ns   (at most 30)", (with - without) * 1000.0 / 10.0);
}

fn recording_to_disk() {
    let folder = tempfile::tempdir().expect("a folder for recordings");
    let run = |recorders: &[&str], name: &str| {
        let folder = folder.path().join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir(&folder).expect("a folder for recordings");
        let mut bench = network(recorders);
        let mut files = attach_files(bench.world_mut(), &folder, OnDiskFull::Stop).expect("files for recordings");
        timed(|| {
            run_ticks(bench.world_mut(), ITERATIONS);
            files.flush(bench.world_mut(), false).expect("recordings are written");
        })
    };
    let [spikes, all] = compare([&mut || run(&["SpikeRecorder"], "spikes"), &mut || {
        run(&["VariableRecorder", "SpikeRecorder"], "all")
    }]);
    println!("recording spikes               {spikes:6.2} µs");
    println!("recording v, u and spikes      {all:6.2} µs   ratio {:.2} (at most 3)", all / spikes);
}

/// The same network with looks after its state and without, by turns: medians, as what a network does changes from turn
/// to turn. And a look alone, since 2 % are less than what turns differ by on a machine that does other things too.
fn soundness() {
    const TURN: u64 = 512;
    for scene in ["izhikevich", "patterns", "cuba", "microcircuit"] {
        let mut bench = network_of(scene, &[]);
        let every = Soundness::default().every;
        let mut turn = |every, iterations, look: bool| {
            let world = bench.world_mut();
            world.resource_mut::<Soundness>().every = every;
            timed(|| if look { Soundness::look(world) } else { _ = run_ticks(world, iterations) }) * 1e6
        };
        let [mut without, mut with, mut look] = [(); 3].map(|()| Vec::new());
        for _ in 0..200 {
            without.push(turn(None, TURN, false) / TURN as f64);
            with.push(turn(every, TURN, false) / TURN as f64);
            turn(None, 37, false);
            look.push(turn(every, 0, true));
        }
        let [without, with, look] = [without, with, look].map(|mut all| {
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        });
        let share = look / without / every.unwrap_or(u64::MAX) as f64 * 100.0;
        println!(
            "`{scene}` looked after {with:.3} µs, not looked after {without:.3} µs: ratio {:.3} (at most 1.02); a look \
             takes {look:.1} µs, {share:.2} % of the ticks between two",
            with / without
        );
    }
}

fn main() {
    println!("{} kernels, {PRECISION}, one thread; µs per iteration", InstructionSet::in_use());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    // Threads of their own, as that of a session, compute alone too.
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("a thread");
    let parts: [(&str, fn()); _] = [
        ("tick", tick_against_bare_loop),
        ("idle", idle_systems),
        ("recording", recording_to_disk),
        ("soundness", soundness),
        ("host", host::host),
        #[cfg(feature = "live")]
        ("shown", shown::shown),
    ];
    // Cargo adds `--bench` to what the user wrote.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    pool.install(|| {
        for (name, part) in parts {
            if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
                part();
            }
        }
    });
}
