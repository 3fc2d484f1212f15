//! That a session is an experiment: what was done at any moment is done again when its scene is run, and any moment can be gone
//! back to.

mod port;
#[cfg(feature = "output")]
mod recorded;

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{Command, Experiment, Frame, Intervention, Live, LiveError, Probe, Speed, Wanted};
use crate::{checkpoint::Checkpoint, numeric::real::wide, text::Document};

/// Noise, conductances, a rule that learns, switches of its own.
const SCENE: &str = r#"// Two groups.
(
    dt: 0.5, seed: 3, iterations: 1000,
    groups: {
        "e": (size: 40, tags: ["all"], behaviours: [
            Izhikevich(v: "-65 + normal(0, 3)"), UniformNoise(low: 0, high: 14),
        ], receptors: {"r": ExponentialReceptor(afferent: "plastic", gain: 0.4)}),
        "i": (size: 10, tags: ["all"], behaviours: [Lif(), NormalNoise(mean: 250, sd: "90 + 10 * i")]),
    },
    synapses: [(from: "e", to: "e", tags: ["plastic"], weights: "uniform(0, 1)", connectivity: FixedProbability(probability: 0.2),
        behaviours: [Stdp(w_max: 2)])],
    switches: [
        (at: 120, off: "e.UniformNoise"), // its own
        (at: 150, on: "e.UniformNoise"),
    ],
)"#;

fn experiment(scene: &str) -> Experiment {
    let document = Document::parse("scene", scene).unwrap_or_else(|faults| panic!("{faults}"));
    Experiment::new(document, None, |_| ()).unwrap_or_else(|error| panic!("{error}"))
}

/// Spikes and state after so many iterations of a scene that is run without a break.
fn alone(scene: &str, iterations: u64) -> (Vec<(u64, u32, u32)>, Checkpoint) {
    let mut alone = experiment(scene);
    alone.run(iterations).unwrap();
    (alone.seen().1.spikes, alone.state().unwrap())
}

fn interventions() -> impl Strategy<Value = Intervention> {
    prop_oneof![
        (0.0..30.0).prop_map(|high: f64| Intervention::set("e.UniformNoise.high", format!("{high:.3}"))),
        Just(Intervention::set("i.NormalNoise.sd", "uniform(50, 150)")),
        Just(Intervention::set("e.r.ExponentialReceptor.tau", "3 + 0.1 * i")),
        Just(Intervention::set("plastic.Stdp.a_plus", "0.02")),
        any::<bool>().prop_map(|on| Intervention::switch("all.Izhikevich", on)),
        any::<bool>().prop_map(|on| Intervention::switch("plastic.Stdp", on)),
        Just(Intervention::values("e.v", "v + normal(0, 8)", Some(vec![1, 5, 39]))),
        Just(Intervention::values("i.v", "-52", None)),
        Just(Intervention::values("e.v", "45", Some(vec![0, 7]))),
        Just(Intervention::pulse("e", 22.0, vec![2, 3], 3.0)),
        Just(Intervention::values("e.r.current", "current + 1", None)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) })]

    /// In stretches of any length, with states kept and leaps back in between; the scene that is saved gives the same spikes and
    /// the same state.
    #[test]
    fn what_was_done_is_done_again_by_the_scene(
        acts in prop::collection::vec((interventions(), 1_u64..90, any::<bool>(), 0_u64..4), 1..9),
    ) {
        let mut session = experiment(SCENE);
        for (intervention, stretch, keeps, leap) in &acts {
            session.run(*stretch).unwrap();
            if *keeps {
                session.keep().unwrap();
            }
            if *leap == 3 {
                let back = session.iteration() / 2;
                session.go_to(back).unwrap();
            }
            session.intervene(intervention).unwrap_or_else(|error| panic!("{intervention:?}: {error}"));
        }
        session.run(200).unwrap();
        let (end, scene) = (session.iteration(), session.scene().unwrap());
        prop_assert!(scene.text().starts_with("// Two groups.") && scene.text().contains("// its own"), "{}", scene.text());
        let state = session.state().unwrap();
        let (spikes, alone) = alone(scene.text(), end);
        prop_assert_eq!(state.first_difference(&alone), None, "{}", scene.text());
        // From the start once more, as it was done.
        session.go_to(0).unwrap();
        session.run(end).unwrap();
        prop_assert_eq!(session.seen().1.spikes, spikes);
        prop_assert_eq!(session.state().unwrap().first_difference(&alone), None);
    }
}

#[test]
fn what_is_refused_changes_nothing_and_is_not_logged() {
    let mut session = experiment(SCENE);
    session.run(50).unwrap();
    let before = session.state().unwrap();
    for wrong in [
        Intervention::set("e.Izhikevich.a", "q"),
        Intervention::set("i.Lif.tau", "-1"),
        Intervention::set("e.Lif.tau", "1"),
        Intervention::set("e.Izhikevich.v", "1"),
        Intervention::switch("x.Lif", true),
        Intervention::values("e.w", "1", None),
        Intervention::values("e.v", "1", Some(vec![99])),
        Intervention::pulse("e", 1.0, vec![1], -5.0),
        Intervention::set("i.Lif.tau", ")"),
    ] {
        let refused = session.intervene(&wrong);
        assert!(matches!(refused, Err(LiveError::Wrong(_))), "{wrong:?}: {refused:?}");
    }
    assert_eq!(session.state().unwrap().first_difference(&before), None);
    assert!(session.log().is_empty() && session.scene().unwrap().text() == SCENE);
}

#[test]
fn the_last_of_several_values_in_an_iteration_is_kept() {
    let mut session = experiment(SCENE);
    session.run(10).unwrap();
    for high in ["3", "4", "5"] {
        session.intervene(&Intervention::set("e.UniformNoise.high", high)).unwrap();
    }
    session.note("louder\nthan before");
    assert_eq!(session.log().len(), 1);
    let scene = session.scene().unwrap();
    let line = r#"(at: 5, set: {"e.UniformNoise.high": 5}),   // louder than before"#;
    assert!(scene.text().contains(line), "{}", scene.text());
}

#[test]
fn what_is_undone_has_never_been() {
    let mut session = experiment(SCENE);
    session.run(100).unwrap();
    session.intervene(&Intervention::set("e.UniformNoise.high", "25")).unwrap();
    session.run(50).unwrap();
    session.keep().unwrap();
    session.intervene(&Intervention::switch("i.NormalNoise", false)).unwrap();
    session.run(50).unwrap();
    session.undo().unwrap();
    assert_eq!((session.iteration(), session.log().len()), (200, 1));
    session.undo().unwrap();
    let (_, unchanged) = alone(SCENE, 200);
    assert_eq!(session.state().unwrap().first_difference(&unchanged), None);
    let mut twin = session.twin().unwrap();
    assert_eq!(twin.state().unwrap().first_difference(&unchanged), None);
}

/// What is left for another future is kept as a branch, and is there as it was.
#[test]
fn another_future_can_be_lived_again() {
    let mut session = experiment(SCENE);
    session.run(100).unwrap();
    session.intervene(&Intervention::set("e.UniformNoise.high", "25")).unwrap();
    session.run(60).unwrap();
    session.keep().unwrap();
    session.run(40).unwrap();
    let first = session.state().unwrap();
    session.go_to(120).unwrap();
    assert_eq!(session.furthest(), 200);
    session.intervene(&Intervention::switch("i.NormalNoise", false)).unwrap();
    session.run(100).unwrap();
    let second = session.state().unwrap();
    assert_eq!((session.branches().len(), session.branches()[0].end, session.log().len()), (1, 200, 2));
    session.take_branch(0).unwrap();
    assert_eq!((session.iteration(), session.log().len()), (200, 1));
    assert_eq!(session.state().unwrap().first_difference(&first), None);
    session.take_branch(0).unwrap();
    assert_eq!((session.iteration(), session.log().len()), (220, 2));
    assert_eq!(session.state().unwrap().first_difference(&second), None);
    let scene = session.scene().unwrap();
    assert_eq!(second.first_difference(&alone(scene.text(), 220).1), None);
    session.take_branch(7).unwrap();
}

/// Beside a network runs the one without what was done, until it is not wanted any more; leaps take it along.
#[test]
fn a_network_is_compared_with_its_twin() {
    let live = Live::start(|| Ok(experiment(SCENE)), Speed::Max).unwrap();
    live.send(Command::Step(100));
    until(&live, |frame| frame.iteration == 100 && frame.paused);
    live.send(Command::Compare(true));
    live.send(Command::Do(Intervention::set("e.UniformNoise.high", "25")));
    live.send(Command::Step(200));
    let seen = until(&live, |frame| frame.iteration == 300 && frame.paused);
    let from =
        |spikes: Vec<(u64, u32, u32)>, first| spikes.into_iter().filter(|spike| spike.0 >= first).collect::<Vec<_>>();
    let expected = alone(SCENE, 300).0;
    assert_eq!(from(seen.twin.unwrap().spikes, 100), from(expected.clone(), 100));
    assert_ne!(from(seen.seen.spikes, 100), from(expected, 100));
    live.send(Command::GoTo(50));
    live.send(Command::Step(10));
    let seen = until(&live, |frame| frame.iteration == 60 && frame.leapt && frame.paused);
    assert_eq!(from(seen.twin.unwrap().spikes, 50), from(alone(SCENE, 60).0, 50));
    live.send(Command::Compare(false));
    live.send(Command::Step(1));
    assert_eq!(until(&live, |frame| frame.iteration == 61).twin, None);
}

/// Receptive fields are the weights that there are; distributions count each of them once.
#[test]
fn synapses_are_seen_as_they_are() {
    use crate::network::{Synapses, Weights};

    let mut session = experiment(SCENE);
    session.run(50).unwrap();
    session.want(Wanted { partners: Some((0, 7)), weights: Some(0), costs: true, ..Wanted::default() });
    let frame = session.frame(true);
    let (partners, weights) = (frame.partners.unwrap(), frame.weights.unwrap());
    let world = session.world();
    let (synapses, own) = world.query::<(&Synapses, &Weights)>().iter(world).next().unwrap();
    let all: Vec<(_, f32)> =
        synapses.layout.as_ref().unwrap().synapses().zip(own.0.iter().map(|&w| wide(w) as f32)).collect();
    let mut afferent: Vec<(u32, f32)> =
        all.iter().filter(|(synapse, _)| synapse.target == 7).map(|(synapse, w)| (synapse.source, *w)).collect();
    let mut efferent: Vec<(u32, f32)> =
        all.iter().filter(|(synapse, _)| synapse.source == 7).map(|(synapse, w)| (synapse.target, *w)).collect();
    afferent.sort_by_key(|one| one.0);
    efferent.sort_by_key(|one| one.0);
    let seen =
        |partners: &[crate::live::Partner]| partners.iter().map(|one| (one.neuron, one.weight)).collect::<Vec<_>>();
    assert_eq!((seen(&partners.afferent), seen(&partners.efferent)), (afferent, efferent));
    assert!(!partners.afferent.is_empty());
    let number = all.len() as u64;
    assert_eq!((weights.number, weights.counts.iter().sum::<u64>()), (number, number));
    let mean = all.iter().map(|(_, w)| f64::from(*w)).sum::<f64>() / number as f64;
    assert!((weights.mean - mean).abs() < 1e-6 && weights.change == Some(0.0), "{weights:?}");
    assert!(frame.costs.unwrap().iter().any(|cost| cost.name == "Izhikevich"));
    session.run(400).unwrap();
    std::thread::sleep(Duration::from_millis(1200));
    let later = session.frame(false).weights.unwrap();
    assert!(later.change.unwrap() > 0.0, "{later:?}");
}

/// Waits for a frame that holds something, for ten seconds at most; returns all that was shown.
fn until(live: &Live, holds: impl Fn(&Frame) -> bool) -> Frame {
    let began = Instant::now();
    let mut all = Frame::default();
    while began.elapsed() < Duration::from_secs(10) {
        if let Some(frame) = live.take() {
            all.take_in(frame);
            if holds(&all) {
                return all;
            }
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("{all:?}");
}

#[test]
fn a_session_on_its_thread_is_replayed_by_its_scene() {
    let live = Live::start(|| Ok(experiment(SCENE)), Speed::Max).unwrap();
    assert_eq!(live.outline().groups.iter().map(|group| &*group.name).collect::<Vec<_>>(), ["e", "i"]);
    let probe = |variable: &str| Probe { group: 1, neuron: 3, variable: variable.into() };
    live.send(Command::Want(Wanted {
        columns: vec![(0, "v".into())],
        probes: vec![probe("v"), probe("input")],
        ..Wanted::default()
    }));
    live.send(Command::Run);
    for high in 10..20 {
        std::thread::sleep(Duration::from_millis(3));
        live.send(Command::Do(Intervention::set("e.UniformNoise.high", high.to_string())));
        if high == 14 {
            live.send(Command::Speed(Speed::Times(2.0)));
        }
    }
    live.send(Command::Do(Intervention::set("e.UniformNoise.high", "out of range")));
    live.send(Command::Pause);
    let seen = until(&live, |frame| frame.paused && frame.told.len() == 1 && frame.log.is_some());
    // Of those in one iteration the last.
    assert!(seen.log.as_ref().is_some_and(|log| (1..=10).contains(&log.len())), "{:?}", seen.log);
    assert_eq!((seen.columns[0].values.len(), seen.seen.traces.len()), (40, 2));
    live.send(Command::Step(7));
    let stepped = until(&live, |frame| frame.iteration >= seen.iteration + 7);
    assert_eq!((stepped.iteration, stepped.paused), (seen.iteration + 7, true));

    let (mut spikes, traced) = (seen.seen.spikes, seen.seen.traces[0].len() + stepped.seen.traces[0].len());
    spikes.extend(stepped.seen.spikes);
    let (expected, state) = alone(live.scene().unwrap().unwrap().text(), stepped.iteration);
    assert_eq!(spikes, expected);
    assert_eq!(traced as u64, stepped.iteration);
    let own = live.visit(|session| session.state().unwrap()).unwrap();
    assert_eq!(own.first_difference(&state), None);

    // Back, and forth again.
    live.send(Command::GoTo(5));
    until(&live, |frame| frame.iteration == 5 && frame.leapt);
    live.send(Command::GoTo(stepped.iteration));
    until(&live, |frame| frame.iteration == stepped.iteration);
    let own = live.visit(|session| session.state().unwrap()).unwrap();
    assert_eq!(own.first_difference(&state), None);
}

#[test]
fn a_network_runs_at_the_pace_that_is_asked_for() {
    let live = Live::start(|| Ok(experiment(SCENE)), Speed::Times(0.5)).unwrap();
    live.send(Command::Run);
    let began = Instant::now();
    // 100 ms of the network are 200 of the wall.
    until(&live, |frame| frame.iteration >= 200);
    assert!(began.elapsed() >= Duration::from_millis(190), "{:?}", began.elapsed());
}

/// Lists of switches as people write them: comments behind the last one, none at all, a name that is not theirs.
#[test]
fn the_log_joins_whatever_switches_a_scene_has() {
    let first = r#"(at: 2, off: "c.UniformNoise")"#;
    for own in [
        String::new(),
        "switches: [],".into(),
        "switches: [/* none /* yet */ */],".into(),
        format!("switches: [{first}],"),
        format!("switches: [{first} // the last, without a comma ] \n],"),
        format!("switches: [{first}, /* more, later */],"),
        format!("switches: [\n{first} /* a ] b */\n],"),
        format!("constants: {{\"switches\": 1}}, switches: [{first},\n],"),
    ] {
        let scene = format!(
            "({own} synapses: [(name: \"switches\", from: \"c\", to: \"c\", unheard: true, connectivity: AllToAll())], \
             groups: {{\"c\": (size: 3, behaviours: [Izhikevich(), UniformNoise(high: 9)])}})"
        );
        let mut session = experiment(&scene);
        session.run(10).unwrap();
        session.intervene(&Intervention::set("c.UniformNoise.high", "25")).unwrap();
        session.note("as } it ] is");
        session.run(10).unwrap();
        let saved = session.scene().unwrap();
        let state = session.state().unwrap();
        assert_eq!(state.first_difference(&alone(saved.text(), 20).1), None, "{}", saved.text());
        assert!(saved.text().contains("// as } it ] is"), "{}", saved.text());
        session.undo().unwrap();
        assert_eq!(session.state().unwrap().first_difference(&alone(&scene, 20).1), None);
    }
}

#[test]
fn an_intervention_is_one_thing_and_a_refused_one_keeps_the_future() {
    let mut session = experiment(&SCENE.replace("dt: 0.5,", "dt: 0.5, constants: {\"A\": 0.02},"));
    session.run(100).unwrap();
    session.intervene(&Intervention::set("plastic.Stdp.a_plus", "A * 2")).unwrap();
    session.run(100).unwrap();
    session.go_to(50).unwrap();
    let several = "1}), (at: 0, off: \"i.Lif\"), (at: 5, set: {\"e.UniformNoise.low\": 2";
    for wrong in [Intervention::set("i.Lif.tau", "-1"), Intervention::set("e.UniformNoise.low", several)] {
        assert!(session.intervene(&wrong).is_err(), "{wrong:?}");
        assert_eq!((session.log().len(), session.iteration()), (1, 50));
    }
    // What is done and kept in the same iteration is done once, however often one goes back.
    session.run(60).unwrap();
    session.intervene(&Intervention::values("e.v", "v + 1", None)).unwrap();
    session.keep().unwrap();
    session.run(20).unwrap();
    session.go_to(110).unwrap();
    session.run(20).unwrap();
    let saved = session.scene().unwrap();
    assert_eq!(session.state().unwrap().first_difference(&alone(saved.text(), 130).1), None, "{}", saved.text());
}

/// Neurons that begin above the peak fire in the first iteration, also of a network that was taken back to it.
#[test]
fn what_was_given_is_part_of_the_state() {
    let scene = "(groups: {\"c\": (size: 5, behaviours: [Izhikevich(v: \"-65 + 30 * i\")]), \
                 \"l\": (size: 2, behaviours: [Lif()])})";
    let mut session = experiment(scene);
    session.run(3).unwrap();
    let first = session.seen().1.spikes;
    assert!(first.iter().any(|spike| spike.0 == 0), "{first:?}");
    session.intervene(&Intervention::values("l.conductance", "5", None)).unwrap();
    session.intervene(&Intervention::values("l.input", "100", Some(vec![1]))).unwrap();
    session.go_to(3).unwrap();
    session.run(5).unwrap();
    let (end, scene) = (session.state().unwrap(), session.scene().unwrap());
    assert_eq!(end.first_difference(&alone(scene.text(), 8).1), None);
    session.go_to(0).unwrap();
    session.run(3).unwrap();
    assert_eq!(session.seen().1.spikes, first);
    session.run(5).unwrap();
    assert_eq!(session.state().unwrap().first_difference(&end), None);
}

#[test]
fn commands_that_lead_nowhere_do_no_harm() {
    let live = Live::start(|| Ok(experiment(SCENE)), Speed::Times(f64::INFINITY)).unwrap();
    for command in [Command::GoTo(0), Command::Step(0), Command::Step(3), Command::Step(u64::MAX), Command::Pause] {
        live.send(command);
    }
    live.send(Command::Speed(Speed::Times(1e300)));
    live.send(Command::GoTo(u64::MAX));
    live.send(Command::Run);
    until(&live, |frame| frame.iteration > 500 && !frame.paused);
}

/// Equations with noise, arrivals and a rule: parameters are changed by their names, and what is refused changes nothing.
#[test]
fn equations_are_touched_and_lived_again() {
    let scene = r#"(
        dt: 0.5, seed: 5, iterations: 400,
        groups: {"t": (size: 30, behaviours: [Equations(
            model: "dv/dt = (-65 - v + s + 30*gain)/tau + 2*xi : mV, held; ds/dt = -s/5",
            parameters: {"tau": 10, "gain": "0.5 + i/40"}, initial: {"v": "uniform(-65, -50)"}, arrivals: {"s": "S"},
            spike: "v > -50", reset: "v = -65 - rand()", refractory: 2)])},
        synapses: [(from: "t", to: "t", tags: ["S"], weights: 0.5, delays: "1 + uniform(0, 3)", connectivity: FixedInDegree(in_degree: 6),
            behaviours: [Rule(like: "pairs", parameters: {"a_plus": 0.05})])],
    )"#;
    let mut session = experiment(scene);
    session.run(60).unwrap();
    session.keep().unwrap();
    session.intervene(&Intervention::set("t.Equations.parameters.tau", "14")).unwrap();
    session.run(70).unwrap();
    session.intervene(&Intervention::set("t.Equations.parameters.gain", "0.7 + 0*i")).unwrap();
    session.intervene(&Intervention::set("S.Rule.parameters.a_minus", "0.02")).unwrap();
    session.run(30).unwrap();
    let before = session.state().unwrap();
    for wrong in
        ["t.Equations.parameters.nope", "t.Equations.model", "t.Equations.initial", "t.Equations.tau", "S.Rule.model"]
    {
        let refused = session.intervene(&Intervention::set(wrong, "1"));
        assert!(matches!(refused, Err(LiveError::Wrong(_))), "{wrong}: {refused:?}");
    }
    assert_eq!(session.state().unwrap().first_difference(&before), None);
    session.go_to(100).unwrap();
    session.intervene(&Intervention::set("t.Equations.parameters.tau", "9 + uniform(0, 1)")).unwrap();
    session.run(150).unwrap();
    let scene = session.scene().unwrap();
    let (spikes, alone) = alone(scene.text(), session.iteration());
    assert!(spikes.len() > 50, "{}", spikes.len());
    assert_eq!(session.state().unwrap().first_difference(&alone), None, "{}", scene.text());
}
