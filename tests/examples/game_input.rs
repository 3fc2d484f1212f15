//! A game that a network takes part in: a ball rolls over a row of neurons, which feel it, and a neuron that fires kicks it back.
//! `cargo run --release --example game_input`

use cortecs::{network::Failures, prelude::*};

/// Where the ball is, on a row of length 1, and how fast it rolls (1/frame).
#[derive(Component)]
struct Ball {
    at: f64,
    speed: f64,
}

/// The row of neurons that lie under it.
#[derive(Component)]
struct Row;

const NEURONS: usize = 40;

fn main() {
    let mut app = App::new();
    // Five iterations of 1 ms in each frame.
    app.add_plugins(CortecsPlugins.set(HostPlugin::in_schedule(Update)))
        .insert_resource(Pace { ticks_per_step: 5, ..default() })
        .add_systems(Update, (roll, press).chain().before(NetworkSystems))
        .add_observer(kick);
    app.world_mut().spawn(Ball { at: 0.4, speed: 0.01 });
    // Neurons at the ends of the row are easily excited, those in the middle never fire.
    let neurons = Lif { threshold: "-55 + 0.1 * i * (n - 1 - i)".into(), ..default() };
    app.world_mut().spawn((Row, Name::new("row"), NeuronGroup::new(NEURONS), neurons, Inject::default()));
    for frame in 0..200 {
        app.update();
        if frame % 5 == 0 {
            draw(&mut app);
        }
    }
    assert!(app.world().resource::<Failures>().is_empty());
}

fn roll(mut balls: Query<&mut Ball>) {
    for mut ball in &mut balls {
        ball.at = (ball.at + ball.speed).rem_euclid(1.0);
    }
}

/// The neuron under the ball gets a current (pA) in the next iteration.
fn press(balls: Query<&Ball>, mut rows: Query<&mut Inject, With<Row>>) {
    for (ball, mut row) in balls.iter().zip(&mut rows) {
        row.current((ball.at * NEURONS as f64) as u32, 2500.0);
    }
}

/// A spike turns the ball back.
fn kick(fired: On<Fired>, mut balls: Query<&mut Ball>) {
    println!("neurons {:?} fire in iteration {}", fired.neurons, fired.iteration);
    for mut ball in &mut balls {
        // Away from the end at which it is.
        ball.speed = ball.speed.abs() * if ball.at < 0.5 { 1.0 } else { -1.0 };
    }
}

fn draw(app: &mut App) {
    let world = app.world_mut();
    let mut row = vec!['.'; NEURONS];
    for ball in world.query::<&Ball>().iter(world) {
        row[(ball.at * NEURONS as f64) as usize] = 'o';
    }
    println!("{}", row.into_iter().collect::<String>());
}
