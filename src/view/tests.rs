//! The window without a display: what panels ask for when they are used.

use std::time::{Duration, Instant};

use eframe::egui::{self, RawInput, Rect, vec2};

use super::Window;
use crate::{
    live::{Command, Experiment, Live, Speed},
    text::Document,
};

const SCENE: &str = r#"(
    dt: 0.5,
    groups: {
        "excitatory": (size: (10, 8), behaviours: [Izhikevich(), UniformNoise(low: 0, high: 20)]),
        "inhibitory": (size: 20, behaviours: [Lif(), NormalNoise(mean: 300, sd: 100)]),
    },
)"#;

fn window(folder: &tempfile::TempDir) -> Window {
    let document = Document::parse("scene", SCENE).unwrap();
    let live = Live::start(|| Experiment::new(document, None, |_| ()), Speed::Max).unwrap();
    Window::new(live, Speed::Max, folder.path().join("session.ron"))
}

/// A frame of the window with some input.
fn draw(context: &egui::Context, window: &mut Window, events: Vec<egui::Event>) -> egui::FullOutput {
    let screen_rect = Some(Rect::from_min_size(egui::Pos2::ZERO, vec2(1280.0, 800.0)));
    let mut output = context.run_ui(RawInput { screen_rect, events, ..Default::default() }, |ui| window.ui(ui));
    // There is no card to which they could go.
    output.textures_delta.clear();
    output
}

fn key(key: egui::Key) -> egui::Event {
    egui::Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers: egui::Modifiers::NONE }
}

fn until(context: &egui::Context, window: &mut Window, holds: impl Fn(&Window) -> bool) {
    let began = Instant::now();
    while !holds(window) {
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", window.seen().told);
        draw(context, window, Vec::new());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn it_shows_a_network_that_runs_and_rests_at_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let (context, mut window) = (egui::Context::default(), window(&folder));
    window.live().send(Command::Step(400));
    until(&context, &mut window, |window| window.seen().iteration == 400);
    until(&context, &mut window, |window| window.seen().columns.len() == 2 && window.seen().behaviours.len() == 4);
    assert!(!window.seen().spikes.is_empty() && window.seen().paused);
    assert_eq!(window.seen().columns[0].values.len(), 80);
    let drawn = draw(&context, &mut window, Vec::new());
    let triangles = context.tessellate(drawn.shapes, drawn.pixels_per_point);
    assert!(triangles.len() > 20, "{}", triangles.len());
    // A step, by a key; then it runs, by another.
    draw(&context, &mut window, vec![key(egui::Key::ArrowRight)]);
    until(&context, &mut window, |window| window.seen().iteration == 401);
    draw(&context, &mut window, vec![key(egui::Key::Space)]);
    until(&context, &mut window, |window| window.seen().iteration > 1000);
    assert!(window.seen().told.is_empty(), "{:?}", window.seen().told);
}

#[test]
fn rates_are_those_of_the_spikes() {
    let folder = tempfile::tempdir().unwrap();
    let (context, mut window) = (egui::Context::default(), window(&folder));
    draw(&context, &mut window, Vec::new());
    window.live().send(Command::Step(600));
    until(&context, &mut window, |window| window.seen().iteration == 600);
    let seen = window.seen();
    let spikes = seen.spikes.iter().filter(|spike| spike.1 == 0).count() as f64;
    let integral: f64 = seen.rates(0, 5.0).iter().map(|[_, rate]| rate * 5e-3 * 80.0).sum();
    assert!((integral - spikes).abs() < 1e-6 && spikes > 0.0, "{integral} {spikes}");
}
