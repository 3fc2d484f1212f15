//! What a network costs in a Bevy application: a frame without any network against one without cortecs, and sixteen iterations in a
//! frame against the same without an application.

use cortecs::{assemble::build, bevy_time::TimePlugin, prelude::*, scene::Scene, schedule::run_ticks};

use super::common::{least, timed};

const ROUNDS: usize = 40;
const NETWORKS: usize = 4;
const FRAMES: u64 = 500;
const TICKS: u32 = 16;

fn app(with_cortecs: bool) -> App {
    let mut app = App::new();
    app.add_plugins(TimePlugin);
    if with_cortecs {
        app.add_plugins(CortecsPlugins.set(HostPlugin::in_schedule(Update)));
        app.insert_resource(Pace { ticks_per_step: TICKS, ..default() });
    }
    app
}

fn build_network(world: &mut World) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes/izhikevich.ron");
    let mut scene = Scene::from_file(world, path).expect("the scene is part of the crate");
    scene.recorders.clear();
    build(world, &scene).expect("the scene is right");
}

/// Microseconds of a frame, or of what takes its place.
fn each(mut work: impl FnMut()) -> f64 {
    timed(|| (0..FRAMES).for_each(|_| work())) * 1e6 / FRAMES as f64
}

pub fn host() {
    let [mut bare, mut idle] = [app(false), app(true)];
    // Where a network's weights come to lie in memory makes a fifth of difference: the least of several.
    let mut hosts: Vec<App> = Vec::new();
    let mut benches: Vec<Bench> = Vec::new();
    for _ in 0..NETWORKS {
        let (mut host, mut bench) = (app(true), Bench::new());
        build_network(host.world_mut());
        build_network(bench.world_mut());
        hosts.push(host);
        benches.push(bench);
    }
    let (mut nth_host, mut nth_bench) = ((0..NETWORKS).cycle(), (0..NETWORKS).cycle());
    let [frame, without_network, with, ticks] = least(
        ROUNDS,
        [
            &mut || each(|| bare.update()),
            &mut || each(|| idle.update()),
            &mut || {
                let host = &mut hosts[nth_host.next().unwrap_or_default()];
                each(|| host.update())
            },
            &mut || {
                let bench = &mut benches[nth_bench.next().unwrap_or_default()];
                each(|| _ = run_ticks(bench.world_mut(), u64::from(TICKS)))
            },
        ],
    );
    println!("a frame without a network      {:6.2} µs more than without cortecs (at most 1)", without_network - frame);
    println!(
        "{TICKS} iterations in a frame       {with:6.1} µs, without an application {ticks:.1}: ratio {:.3} (at most 1.1)",
        with / ticks
    );
}
