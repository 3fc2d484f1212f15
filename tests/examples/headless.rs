//! A network in an application without a window, at life's pace: `cargo run --release --example headless`.

use std::time::Duration;

use cortecs::{
    bevy_app::ScheduleRunnerPlugin, bevy_time::TimePlugin, host::SpawnNetwork, network::PartOf, prelude::*,
    scene::Scene,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut app = App::new();
    app.add_plugins((ScheduleRunnerPlugin::run_loop(Duration::from_millis(16)), TimePlugin, CortecsPlugins))
        .insert_resource(Pace { speed: Some(1.0), budget: Some(Duration::from_millis(8)), ..default() })
        .add_systems(Update, count);
    let scene = Scene::from_file(app.world(), "scenes/izhikevich.ron")?;
    // It begins when it is built, beside the frames.
    app.world_mut().commands().spawn_network(scene).observe(|built: On<NetworkBuilt>| {
        println!("{} groups", built.groups.len());
    });
    app.run();
    Ok(())
}

/// Prints what each group does in a frame, by its name, and leaves after half a second of the network.
fn count(
    mut spikes: MessageReader<Fired>,
    names: Query<(&Name, &PartOf)>,
    clock: Res<Clock>,
    mut exit: MessageWriter<AppExit>,
) {
    for fired in spikes.read() {
        if let Ok((name, _)) = names.get(fired.group) {
            println!("{:6.1} ms {name}: {} spikes", clock.dt * fired.iteration as f64, fired.neurons.len());
        }
    }
    if clock.time() >= 500.0 {
        exit.write(AppExit::Success);
    }
}
