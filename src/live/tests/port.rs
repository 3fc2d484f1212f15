//! A run that others watch over a socket: what they see is what there is, and who looks changes nothing; what they do is a scene.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use super::{SCENE, alone};
use crate::{
    assemble::{Network, build},
    live::{Command, Frame, Intervention, LiveError, Port, Remote, Source, Wanted, Watched, plugin},
    numeric::real::wide,
    prelude::*,
    scene::Scene,
    schedule::run_ticks,
    text::Document,
};

/// A run that is watched, driven by hand.
struct Run {
    app: App,
    watched: Watched,
    address: String,
    token: String,
}

impl Run {
    fn open(steerable: bool) -> Self {
        let mut app = crate::simulator();
        plugin(&mut app);
        let document = Document::parse("scene", SCENE).unwrap();
        let scene = Scene::from_document_with(app.world(), document.clone(), &[] as &[&str]).unwrap();
        let network: Network = build(app.world_mut(), &scene).unwrap();
        let port = Port::open("0", None, steerable).unwrap();
        let (address, token) = (port.address().unwrap().to_string(), port.token().to_owned());
        let watched = Watched::new(app.world_mut(), &network, document, None, port);
        Self { app, watched, address, token }
    }

    fn connect(&self) -> Remote {
        Remote::connect(&self.address, &self.token).unwrap()
    }

    fn iteration(&self) -> u64 {
        self.app.world().resource::<Clock>().iteration
    }

    /// Turns, and runs up to an iteration, until something holds; all that was shown.
    fn until(&mut self, remote: &mut Remote, end: u64, holds: impl Fn(&Self, &Frame) -> bool) -> Frame {
        let (began, mut all) = (Instant::now(), Frame::default());
        while began.elapsed() < Duration::from_secs(20) {
            let allowed = self.watched.turn(self.app.world_mut());
            let left = end.saturating_sub(self.iteration());
            run_ticks(self.app.world_mut(), allowed.unwrap_or(7).min(left).min(7));
            if let Some(frame) = remote.take() {
                all.take_in(frame);
            }
            if holds(self, &all) {
                return all;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("{} {all:?}", self.iteration());
    }
}

#[test]
fn who_watches_sees_what_there_is_and_changes_nothing() {
    let mut run = Run::open(false);
    let mut remote = run.connect();
    assert_eq!(
        (remote.outline().steerable, remote.outline().goes_back, remote.outline().groups.len()),
        (false, false, 2)
    );
    let columns = vec![(0, "v".into()), (1, "v".into())];
    remote.send(Command::Want(Wanted { columns, partners: Some((0, 3)), ..Wanted::default() }));
    let mut seen = run.until(&mut remote, 0, |_, seen| seen.columns.len() == 2 && seen.partners.is_some());
    for wrong in [Command::Pause, Command::Do(Intervention::set("e.UniformNoise.high", "25"))] {
        remote.send(wrong);
    }
    seen.take_in(run.until(&mut remote, 400, |run, seen| run.iteration() == 400 && seen.iteration == 400));
    assert_eq!(seen.told.len(), 2);
    let (spikes, state) = alone(SCENE, 400);
    assert_eq!(seen.seen.spikes, spikes);
    let own = crate::checkpoint::Checkpoint::take(run.app.world_mut()).unwrap();
    assert_eq!(own.first_difference(&state), None);
    // Values come in levels.
    let group =
        run.app.world_mut().query::<(Entity, &Name)>().iter(run.app.world()).find(|(_, name)| name.as_str() == "e");
    let v = run.app.world().get::<V>(group.unwrap().0).unwrap();
    let v: Vec<f32> = v.0.iter().map(|&v| wide(v) as f32).collect();
    let range = v.iter().fold([f32::MAX, f32::MIN], |[low, high], &v| [low.min(v), high.max(v)]);
    let off = |(shown, own): (&f32, &f32)| (shown - own).abs();
    let most = seen.columns[0].values.iter().zip(&v).map(off).fold(0.0, f32::max);
    assert!(most <= (range[1] - range[0]) / 254.0 * 0.51 + 1e-4, "{most} {range:?}");
    assert!(run.watched.touched(run.app.world()).is_none());
}

#[test]
fn a_run_that_is_steered_is_replayed_by_its_scene() {
    let mut run = Run::open(true);
    let mut remote = run.connect();
    remote.send(Command::Pause);
    run.until(&mut remote, 1000, |_, seen| seen.paused);
    let paused = run.iteration();
    remote.send(Command::Do(Intervention::set("e.UniformNoise.high", "25")));
    remote.send(Command::Do(Intervention::set("i.Lif.tau", "-1")));
    remote.send(Command::Note("louder".into()));
    let seen = run.until(&mut remote, 1000, |_, seen| {
        !seen.told.is_empty() && seen.log.as_ref().is_some_and(|log| !log.is_empty())
    });
    assert_eq!((run.iteration(), seen.told.len()), (paused, 1));
    remote.send(Command::Step(5));
    run.until(&mut remote, 1000, |run, seen| run.iteration() == paused + 5 && seen.paused);
    remote.send(Command::GoTo(0));
    run.until(&mut remote, 1000, |_, seen| seen.told.iter().any(|told| told.contains("cannot be taken back")));
    remote.send(Command::Run);
    run.until(&mut remote, paused + 300, |run, _| run.iteration() == paused + 300);
    let scene = run.watched.touched(run.app.world()).unwrap().unwrap();
    assert!(scene.text().contains("// louder"), "{}", scene.text());
    let own = crate::checkpoint::Checkpoint::take(run.app.world_mut()).unwrap();
    assert_eq!(own.first_difference(&alone(scene.text(), paused + 300).1), None, "{}", scene.text());
    // Who watches can ask for it, too.
    let asked = std::thread::spawn(move || remote.scene().map(|scene| scene.text().to_owned()));
    while !asked.is_finished() {
        run.watched.turn(run.app.world_mut());
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(asked.join().unwrap().unwrap(), scene.text());
}

/// A run whose watchers leave it paused goes on; one that ends says so.
#[test]
fn watchers_come_and_go() {
    let mut run = Run::open(true);
    let (mut first, mut second) = (run.connect(), run.connect());
    first.send(Command::Pause);
    run.until(&mut second, 5000, |_, seen| seen.paused);
    drop(first);
    second.send(Command::Pause);
    run.until(&mut second, 5000, |_, seen| seen.paused);
    let paused = run.iteration();
    drop(second);
    let began = Instant::now();
    while run.iteration() == paused {
        assert!(began.elapsed() < Duration::from_secs(10));
        let allowed = run.watched.turn(run.app.world_mut());
        run_ticks(run.app.world_mut(), allowed.unwrap_or(3).min(3));
    }
    let mut third = run.connect();
    run.until(&mut third, 5000, |_, seen| seen.iteration > paused);
    drop(run);
    let ended = |remote: &mut Remote| {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(10) {
            if let Some(frame) = remote.take().filter(|frame| frame.ended) {
                return frame.told;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Vec::new()
    };
    assert_eq!(ended(&mut third), ["the run has ended"]);
}

#[test]
fn strangers_and_garbage_do_no_harm() {
    let mut run = Run::open(true);
    let wrong = Remote::connect(&run.address, "guess").err().map(|error| error.to_string());
    assert!(wrong.as_ref().is_some_and(|why| why.contains("the token is another one")), "{wrong:?}");
    assert!(matches!(Remote::connect("127.0.0.1:1", "x"), Err(LiveError::Failed(_))));
    // Before the token, and behind it: lengths that are not kept, nonsense within lengths.
    for garbage in [vec![0_u8; 3], vec![255; 4096], (0..=255).cycle().take(100_000).collect()] {
        let mut stream = TcpStream::connect(&run.address).unwrap();
        let _ = stream.write_all(&garbage);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    }
    for garbage in [&[255_u8; 4][..], &[16, 0, 0, 0, 1, 2], &[2, 0, 0, 0, 250, 250], &[0, 0, 0, 1]] {
        let mut stream = TcpStream::connect(&run.address).unwrap();
        crate::live::handshake::introduce(&mut stream, &run.token).unwrap();
        stream.write_all(garbage).unwrap();
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    }
    let mut remote = run.connect();
    let seen = run.until(&mut remote, 200, |_, seen| seen.iteration == 200);
    assert_eq!(seen.iteration, 200);
    // A server that is none.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let served = std::thread::spawn(move || _ = listener.accept().unwrap().0.write_all(&[7; 500]));
    let stranger = Remote::connect(&address, "x").err().map(|error| error.to_string());
    served.join().unwrap();
    assert!(stranger.as_ref().is_some_and(|why| why.contains("no cortecs")), "{stranger:?}");
}
