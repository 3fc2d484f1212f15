//! The original network as a grid of lamps: an entity for each neuron, which lights up when it fires and fades. A window would draw
//! the lamps; here the terminal does. `cargo run --release --example lit_grid`

use std::{thread::sleep, time::Duration};

use cortecs::{assemble::build, prelude::*, scene::Scene};

/// The lamp of a neuron; in a game it has a `Transform`, and a material that goes by `light`.
#[derive(Component)]
struct Lamp {
    group: Entity,
    neuron: u32,
    /// Its place on the terminal.
    place: usize,
    light: f32,
}

/// Rows of lamps that are drawn.
#[derive(Resource)]
struct Frames(u32);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut app = App::new();
    app.add_plugins(CortecsPlugins.set(HostPlugin::in_schedule(Update)))
        .insert_resource(Pace { ticks_per_step: 4, ..default() })
        .add_systems(Update, (fade, light, draw).chain().after(NetworkSystems));
    let frames = std::env::args().nth(1).and_then(|frames| frames.parse().ok()).unwrap_or(250);
    app.insert_resource(Frames(frames));
    let scene = Scene::from_file(app.world(), "scenes/izhikevich.ron")?;
    let network = build(app.world_mut(), &scene)?;
    let mut place = 0;
    for &group in &network.groups {
        let neurons = app.world().get::<NeuronGroup>(group).map_or(0, NeuronGroup::size);
        let lamp = move |neuron: usize| Lamp { group, neuron: neuron as u32, place: place + neuron, light: 0.0 };
        app.world_mut().spawn_batch((0..neurons).map(lamp));
        place += neurons;
    }
    for _ in 0..frames {
        app.update();
    }
    Ok(())
}

fn fade(mut lamps: Query<&mut Lamp>) {
    lamps.iter_mut().for_each(|mut lamp| lamp.light *= 0.8);
}

fn light(mut spikes: MessageReader<Fired>, mut lamps: Query<&mut Lamp>) {
    let fired: Vec<&Fired> = spikes.read().collect();
    for mut lamp in &mut lamps {
        let fires = |fired: &&Fired| fired.group == lamp.group && fired.neurons.binary_search(&lamp.neuron).is_ok();
        if fired.iter().any(fires) {
            lamp.light = 1.0;
        }
    }
}

/// 40 lamps a line, the excitatory neurons above the inhibitory ones.
fn draw(lamps: Query<&Lamp>, clock: Res<Clock>, frames: Res<Frames>) {
    let mut all: Vec<&Lamp> = lamps.iter().collect();
    all.sort_by_key(|lamp| lamp.place);
    let shade = |lamp: &&Lamp| b" .:*#@"[(lamp.light * 5.0).round() as usize] as char;
    let lines: Vec<String> = all.chunks(40).map(|line| line.iter().map(shade).collect()).collect();
    println!("\x1b[H\x1b[J{}\n{} ms", lines.join("\n"), clock.time());
    if frames.0 > 10 {
        sleep(Duration::from_millis(20));
    }
}
