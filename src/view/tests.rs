//! The window without a display: what panels ask for when they are used, by labels and keys; how much is drawn.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use egui::{
    Event, Modifiers, PointerButton, Pos2, RawInput, Rect,
    accesskit::{Node, Role},
    vec2,
};

use super::{Caption, Panels, Picture, Seen, Still, Tab, Window, read_png, write_png};
use crate::{
    live::{Command, Experiment, Live, Offhand, Source, Speed},
    text::Document,
};

const SCENE: &str = r#"(
    dt: 0.5, seed: 5,
    groups: {
        "excitatory": (size: (10, 8), behaviours: [Izhikevich(), UniformNoise(low: 0, high: 20)],
            receptors: {"gaba": ExponentialReceptor(afferent: "INH", gain: -1)}),
        "inhibitory": (size: 20, behaviours: [Lif(), NormalNoise(mean: 300, sd: 100)]),
    },
    synapses: [
        (name: "feedback", tags: ["INH"], from: "inhibitory", to: "excitatory", weights: "uniform(0, 1)",
            connectivity: FixedProbability(probability: 0.5)),
    ],
)"#;

fn experiment() -> Experiment {
    let document = Document::parse("scene", SCENE).unwrap();
    Experiment::new(document, None, |_| ()).unwrap_or_else(|error| panic!("{error}"))
}

/// A window that is used without a display.
struct Hands {
    context: egui::Context,
    window: Window,
    time: f64,
    nodes: Vec<Node>,
}

impl Hands {
    fn on(source: Box<dyn Source>, folder: &Path) -> Self {
        let context = egui::Context::default();
        context.enable_accesskit();
        let window = Window::new(source, Speed::Max, folder.join("session.ron"));
        let mut hands = Self { context, window, time: 0.0, nodes: Vec::new() };
        hands.rest();
        hands
    }

    /// On a network that goes on when it is asked to.
    fn offhand(folder: &Path) -> Self {
        Self::on(Box::new(Offhand::new(experiment())), folder)
    }

    fn send(&mut self, command: Command) {
        self.window.source().send(command);
        self.rest();
    }

    /// A frame with some input.
    fn draw(&mut self, events: Vec<Event>) -> egui::FullOutput {
        let screen_rect = Some(Rect::from_min_size(Pos2::ZERO, vec2(1280.0, 800.0)));
        self.time += 0.1;
        let input = RawInput { screen_rect, events, time: Some(self.time), ..RawInput::default() };
        let window = &mut self.window;
        let mut output = self.context.run_ui(input, |ui| window.ui(ui));
        // There is no card to which they could go.
        output.textures_delta.clear();
        if let Some(update) = output.platform_output.accesskit_update.take() {
            self.nodes = update.nodes.into_iter().map(|(_, node)| node).collect();
        }
        output
    }

    /// Some frames without input.
    fn rest(&mut self) {
        (0..3).for_each(|_| _ = self.draw(Vec::new()));
    }

    fn key(&mut self, key: egui::Key) {
        let modifiers = Modifiers::NONE;
        self.draw(vec![Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers }]);
        self.rest();
    }

    fn click_at(&mut self, pos: Pos2) {
        let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
        self.draw(vec![Event::PointerMoved(pos)]);
        for pressed in [true, false] {
            self.draw(vec![Event::PointerButton { pos, button, pressed, modifiers }]);
        }
        self.rest();
    }

    /// What a screen reader finds that says something.
    fn find(&self, text: &str) -> &Node {
        let says = |node: &&Node| [node.label(), node.value()].into_iter().flatten().any(|said| said.contains(text));
        let all = || self.nodes.iter().filter_map(|node| node.label()).collect::<Vec<_>>().join(" | ");
        self.nodes.iter().find(says).unwrap_or_else(|| panic!("nothing says `{text}`: {}", all()))
    }

    fn click(&mut self, text: &str) {
        let bounds = self.find(text).bounds().unwrap_or_else(|| panic!("`{text}` is nowhere"));
        self.click_at(Pos2::new((bounds.x0 + bounds.x1) as f32 / 2.0, (bounds.y0 + bounds.y1) as f32 / 2.0));
    }

    fn until(&mut self, holds: impl Fn(&Window) -> bool) {
        let began = Instant::now();
        while !holds(&self.window) {
            assert!(began.elapsed() < Duration::from_secs(20), "{:?}", self.window.seen().told);
            self.draw(Vec::new());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn it_shows_a_network_that_runs_and_rests_at_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let live = Live::start(|| Ok(experiment()), Speed::Max).unwrap();
    let mut hands = Hands::on(Box::new(live), folder.path());
    hands.send(Command::Step(400));
    hands.until(|window| window.seen().iteration == 400 && window.seen().paused);
    hands.until(|window| window.seen().columns.len() == 2 && window.seen().behaviours.len() >= 5);
    assert_eq!(hands.window.seen().columns[0].values.len(), 80);
    let drawn = hands.draw(Vec::new());
    let triangles = hands.context.tessellate(drawn.shapes.clone(), drawn.pixels_per_point);
    assert!(triangles.len() > 20, "{}", triangles.len());
    // A step, by a key; then it runs, by another.
    hands.key(egui::Key::ArrowRight);
    hands.until(|window| window.seen().iteration == 401);
    hands.key(egui::Key::Space);
    hands.until(|window| window.seen().iteration > 1000);
    assert!(hands.window.seen().told.is_empty(), "{:?}", hands.window.seen().told);
}

#[test]
fn every_tab_shows_what_it_is_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut hands = Hands::offhand(folder.path());
    hands.send(Command::Step(3000));
    for (key, tab, says) in [
        (egui::Key::Num2, Tab::Synapses, "weights of feedback"),
        (egui::Key::Num3, Tab::Weights, "weights from 0."),
        (egui::Key::Num4, Tab::Statistics, "peak (Hz)"),
        (egui::Key::Num5, Tab::Spectrum, "Spectra of population rates"),
        (egui::Key::Num6, Tab::Cost, "µs an iteration"),
        (egui::Key::Num7, Tab::Session, "nothing was done so far"),
        (egui::Key::Num1, Tab::Neuron, "v of excitatory[0]"),
    ] {
        hands.key(key);
        hands.send(Command::Step(32));
        assert_eq!(hands.window.panels().layout.tab, tab);
        hands.find(says);
    }
    hands.find("Spikes of 100 neurons");
    hands.find("excitatory: v ");
    hands.find("Rates: excitatory");
}

/// By the mouse as by labels: whoever cannot see the canvas finds what it shows.
#[test]
fn a_neuron_is_selected_wherever_it_is_clicked() {
    let folder = tempfile::tempdir().unwrap();
    let mut hands = Hands::offhand(folder.path());
    hands.send(Command::Step(200));
    // The last but one row of the grid of inhibitory cells: 5 × 4.
    let bounds = hands.find("inhibitory: v").bounds().unwrap();
    let at = |part: f64, low: f64, high: f64| (low + part * (high - low)) as f32;
    hands.click_at(Pos2::new(at(0.5, bounds.x0, bounds.x1), at(0.6, bounds.y0, bounds.y1)));
    assert_eq!(hands.window.panels().selected(), (1, 12));
    hands.send(Command::Step(1));
    hands.find("v of inhibitory[12]");
    hands.key(egui::Key::ArrowDown);
    assert_eq!(hands.window.panels().selected(), (1, 13));
    // In the raster: the first of the excitatory ones is at the top.
    let raster = hands.find("Spikes of 100 neurons").bounds().unwrap();
    hands.click_at(Pos2::new(at(0.5, raster.x0, raster.x1), at(0.01, raster.y0, raster.y1)));
    assert_eq!(hands.window.panels().selected().0, 0);
    hands.key(egui::Key::Num2);
    hands.send(Command::Step(1));
    hands.find("weights of feedback");
}

#[test]
fn what_is_switched_and_saved_by_hands_is_a_scene() {
    let folder = tempfile::tempdir().unwrap();
    let mut hands = Hands::offhand(folder.path());
    hands.send(Command::Step(100));
    hands.click("excitatory.UniformNoise");
    hands.send(Command::Step(100));
    assert_eq!(hands.window.seen().log.len(), 1);
    hands.click("Save as scene");
    let saved = std::fs::read_to_string(folder.path().join("session.ron")).unwrap();
    assert!(saved.contains(r#"(at: 50, off: "excitatory.UniformNoise")"#), "{saved}");
    hands.find("gives the same");
    hands.key(egui::Key::U);
    assert!(hands.window.seen().log.is_empty() && hands.window.seen().iteration == 200);
    // What cannot be is refused where it was asked for.
    hands.send(Command::Do(crate::live::Intervention::set("inhibitory.Lif.tau", "-1")));
    assert_eq!(hands.window.seen().told.len(), 2);
    hands.click("light");
    assert!(!hands.window.panels().layout.dark);
    hands.click("Restart");
    assert_eq!(hands.window.seen().iteration, 0);
}

/// Whatever is clicked or typed: nothing breaks, and what was done is still a scene that gives the same.
#[test]
fn random_hands_break_nothing() {
    use rand::{RngExt, SeedableRng};

    let folder = tempfile::tempdir().unwrap();
    let mut hands = Hands::offhand(folder.path());
    hands.send(Command::Step(200));
    let mut random = rand::rngs::SmallRng::seed_from_u64(7);
    let keys =
        [egui::Key::Space, egui::Key::ArrowRight, egui::Key::ArrowLeft, egui::Key::Num2, egui::Key::Num7, egui::Key::U];
    for _ in 0..clicks() {
        match random.random_range(0..10) {
            0..6 => {
                let pos = Pos2::new(random.random_range(0.0..1280.0), random.random_range(0.0..800.0));
                // Each click in one frame, as of somebody in a hurry.
                let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
                hands.draw(vec![
                    Event::PointerMoved(pos),
                    Event::PointerButton { pos, button, pressed: true, modifiers },
                    Event::PointerButton { pos, button, pressed: false, modifiers },
                ]);
            }
            6 => hands.draw(vec![Event::Text("-1e9".into())]).textures_delta.clear(),
            7 => hands.send(Command::Step(random.random_range(1..20))),
            8 => hands
                .draw(vec![Event::Key {
                    key: keys[random.random_range(0..keys.len())],
                    physical_key: None,
                    pressed: true,
                    repeat: false,
                    modifiers: Modifiers::NONE,
                }])
                .textures_delta
                .clear(),
            _ => hands.rest(),
        }
        // Time lines are dragged far.
        if hands.window.seen().iteration > 3000 {
            hands.send(Command::GoTo(500));
        }
    }
    let end = hands.window.seen().iteration;
    let scene = hands.window.source().scene().unwrap();
    let mut alone = Experiment::new(scene, None, |_| ()).unwrap();
    alone.run(end).unwrap();
    let expected: Vec<_> = alone.seen().1.spikes.into_iter().filter(|spike| spike.0 + 100 > end).collect();
    let first = end.saturating_sub(100) as f64 * 0.5;
    hands.send(Command::GoTo(0));
    hands.send(Command::GoTo(end));
    let seen: Vec<_> = hands.window.seen().spikes_from(first).filter(|spike| spike.0 + 100 > end).collect();
    assert_eq!(seen, expected);
    assert!(hands.nodes.iter().any(|node| node.role() == Role::Button));
}

/// `CORTECS_CLICKS` makes it an endurance test.
fn clicks() -> usize {
    std::env::var("CORTECS_CLICKS").ok().and_then(|clicks| clicks.parse().ok()).unwrap_or(400)
}

/// What a network that fails has left, and whatever else is no number, is drawn in no time and little memory.
#[test]
fn what_is_no_number_is_drawn() {
    use crate::live::{Frame, GroupOutline, Outline, Probe, Seen as New, Snapshot, WeightsView};

    let variables = vec![("v".into(), "mV".into())];
    let group = GroupOutline { name: "cells".into(), shape: [3, 1, 1], variables, ..GroupOutline::default() };
    let mut seen = Seen::of(Outline { dt: 0.1, groups: vec![group], ..Outline::default() });
    let wild = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN, 1e30, -65.0];
    let trace = (0..5000).map(|k| (k, wild[k as usize % wild.len()])).collect();
    let probe = Probe { group: 0, neuron: 0, variable: "v".into() };
    let new = New { spikes: vec![(u64::MAX - 1, 9, 9), (4000, 0, 77)], traces: vec![trace; 2], ..New::default() };
    let columns = vec![Snapshot { group: 0, variable: "v".into(), values: wild[..3].to_vec() }];
    let weights =
        WeightsView { matrix: wild.to_vec(), shape: [7, 1], range: [f32::MIN, f32::MAX], ..WeightsView::default() };
    let probes = vec![probe.clone(), Probe { neuron: 1, ..probe }];
    let frame = Frame { iteration: 5000, seen: new, probes, columns, weights: Some(weights), ..Frame::default() };
    seen.take_in(frame);
    let context = egui::Context::default();
    let mut panels = Panels::new(Speed::Max);
    let began = Instant::now();
    for tab in Tab::ALL {
        panels.layout.tab = tab;
        for _ in 0..3 {
            let screen_rect = Some(Rect::from_min_size(Pos2::ZERO, vec2(1280.0, 800.0)));
            let input = RawInput { screen_rect, ..RawInput::default() };
            let mut output = context.run_ui(input, |ui| _ = panels.ui(ui, &seen, &mut Vec::new()));
            output.textures_delta.clear();
            let triangles = context.tessellate(output.shapes, output.pixels_per_point);
            assert!(triangles.len() < 10_000, "{tab:?}: {}", triangles.len());
        }
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

/// What a frame of a large network takes: 77 000 neurons and 200 000 spikes a second, of which ten seconds are kept.
#[test]
#[ignore = "measures time"]
#[expect(clippy::print_stdout, reason = "what it measures")]
fn a_large_network_is_drawn_in_time() {
    use crate::live::{Frame, GroupOutline, Outline, Seen as New, Snapshot};

    let group = |k: usize| GroupOutline {
        name: format!("group {k}"),
        shape: [100, 96, 1],
        variables: vec![("v".into(), "mV".into())],
        ..GroupOutline::default()
    };
    let outline = Outline { dt: 0.1, groups: (0..8).map(group).collect(), steerable: true, ..Outline::default() };
    let mut seen = Seen::of(outline);
    let context = egui::Context::default();
    let mut panels = Panels::new(Speed::Max);
    let mut took = Vec::new();
    for frame in 0..700_u64 {
        // A sixtieth of a second: 167 iterations, 3 333 spikes.
        let iterations = frame * 167..(frame + 1) * 167;
        let spike = |iteration: u64| {
            (0..20).map(move |k| (iteration, k % 8, ((iteration * 7919 + u64::from(k) * 104_729) % 9600) as u32))
        };
        let column =
            |group| Snapshot { group, variable: "v".into(), values: (0..9600).map(|k| (k % 97) as f32).collect() };
        let new = New { spikes: iterations.clone().flat_map(spike).collect(), ..New::default() };
        let columns = (0..8).map(column).collect();
        let began = Instant::now();
        seen.take_in(Frame { iteration: iterations.end, seen: new, columns, ..Frame::default() });
        let screen_rect = Some(Rect::from_min_size(Pos2::ZERO, vec2(1280.0, 800.0)));
        let input = RawInput { screen_rect, ..RawInput::default() };
        let mut output = context.run_ui(input, |ui| _ = panels.ui(ui, &seen, &mut Vec::new()));
        output.textures_delta.clear();
        context.tessellate(output.shapes, output.pixels_per_point);
        took.push(began.elapsed().as_secs_f64() * 1e3);
    }
    let last = &mut took[600..];
    last.sort_by(f64::total_cmp);
    println!("a frame takes {:.1} ms, the slowest of a hundred {:.1} ms", last[50], last[99]);
    assert!(last[50] < 16.0, "{last:?}");
}

/// A picture is of an iteration, not of a moment: the same bytes each time; it opens as the experiment that it shows.
#[test]
fn a_picture_is_an_experiment() {
    let folder = tempfile::tempdir().unwrap();
    let draw = |tab: Tab| {
        let mut source = Offhand::new(experiment());
        source.send(Command::Step(500));
        let mut seen = Seen::of(source.outline().clone());
        seen.take_in(source.take().unwrap());
        let mut panels = Panels::new(Speed::Max);
        panels.layout.tab = tab;
        let caption = Caption::of(&seen, Some(SCENE));
        let image = Still::new([900, 600], panels).draw(&seen, &caption, &mut Vec::new());
        let scene = Some(("scene µ".to_owned(), SCENE.to_owned()));
        Picture { image, scene, iteration: seen.iteration }
    };
    let (one, other) = (draw(Tab::Statistics), draw(Tab::Statistics));
    assert_eq!(one.image.pixels, other.image.pixels);
    let colours: std::collections::HashSet<_> = one.image.pixels.iter().collect();
    assert!(colours.len() > 50, "{}", colours.len());
    let path = folder.path().join("picture.png");
    write_png(&path, &one).unwrap();
    assert_eq!(read_png(&path).unwrap(), (("scene µ".to_owned(), SCENE.to_owned()), 500));
    std::fs::write(&path, [0; 100]).unwrap();
    assert!(read_png(&path).is_err());
}
