//! What goes wrong while an app runs: it is told, and goes on.

use bevy_ecs::error::{BevyError, ErrorContext, FallbackErrorHandler};

use cortecs::network::Rests;

use super::*;

thread_local! {
    /// What bevy's error handler was told.
    static TOLD: std::cell::RefCell<Vec<String>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// An app that makes one fixed step per update, whose error handler takes notes.
fn listening() -> App {
    let mut app = app();
    app.insert_resource(FallbackErrorHandler(|error: BevyError, _: ErrorContext| {
        TOLD.with_borrow_mut(|told| told.push(error.to_string().trim_end().to_owned()));
    }));
    app
}

fn told() -> Vec<String> {
    TOLD.take()
}

#[test]
fn a_network_with_a_state_that_is_no_number_rests_and_is_told_once() {
    let mut app = listening();
    hear::<NetworkFailed>(&mut app);
    let network = spawn(&mut app, SCENE);
    let other = spawn(&mut app, SCENE);
    app.world_mut().entity_mut(network.entity).observe(
        |failed: On<NetworkFailed>, mut heard: ResMut<Heard<NetworkFailed>>| {
            heard.0.push(failed.event().clone());
        },
    );
    app.world_mut().resource_mut::<Soundness>().every = Some(4);
    app.update();
    app.world_mut().get_mut::<V>(network.groups[0]).unwrap().0[3] = Real::NAN;
    (0..20).for_each(|_| app.update());
    let told = told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("cells: v of neuron 3 is NaN after iteration 3; last found finite at the start: v = "),
        "{told:?}"
    );
    // As a message, and at the network.
    let heard = std::mem::take(&mut app.world_mut().resource_mut::<Heard<NetworkFailed>>().0);
    assert!(
        heard.len() == 2 && heard.iter().all(|one| (one.network, one.at) == (network.entity, network.groups[0])),
        "{heard:?}"
    );
    // The other one goes on alone.
    assert_eq!((iteration(&app), app.world().get::<Rests>(network.entity)), (21, Some(&Rests(4))));
    let v = |app: &App, of: &Network| app.world().get::<V>(of.groups[0]).unwrap().0.to_vec();
    assert!(v(&app, &other).iter().all(|v| v.is_finite()));
    // The host may help itself.
    app.world_mut().get_mut::<V>(network.groups[0]).unwrap().0[3] = -65.0;
    app.world_mut().get_mut::<cortecs::integrate::U>(network.groups[0]).unwrap().0[3] = -13.0;
    cortecs::network::wake(app.world_mut(), network.entity);
    (0..20).for_each(|_| app.update());
    assert_eq!((iteration(&app), self::told()), (41, vec![]));
    assert_eq!(app.world().get::<cortecs::network::Birth>(network.groups[0]).unwrap().0, 17);
}

#[test]
fn a_group_that_runs_away_is_a_message_and_runs_on() {
    let mut app = listening();
    hear::<Runaway>(&mut app);
    let text = SCENE.replace("10 + i", "1e6").replace("Izhikevich(v_steps: 2)", "Lif(refractory: 0)");
    let network = spawn(&mut app, &text);
    app.world_mut().resource_mut::<Pace>().ticks_per_step = 100;
    (0..10).for_each(|_| app.update());
    let warned = &app.world().resource::<Heard<Runaway>>().0;
    assert_eq!((warned.len(), warned[0].group, iteration(&app)), (1, network.groups[0], 1000));
    assert_eq!(told(), Vec::<String>::new());
}

#[test]
fn a_host_that_takes_resources_away_is_told_and_goes_on() {
    let mut app = listening();
    spawn(&mut app, SCENE);
    app.update();
    let pace = app.world_mut().remove_resource::<Pace>().unwrap();
    app.update();
    assert_eq!((iteration(&app), told()), (1, vec![]), "without a pace the networks rest");
    app.insert_resource(pace);
    let clock = app.world_mut().remove_resource::<Clock>().unwrap();
    app.update();
    assert_eq!(told(), ["Clock: without this resource no iteration can run"]);
    assert!(app.world().resource::<Pace>().paused);
    app.insert_resource(clock).insert_resource(Pace::default());
    app.world_mut().remove_resource::<Failures>();
    app.world_mut().remove_resource::<cortecs::network::Warnings>();
    app.world_mut().remove_resource::<Soundness>();
    app.update();
    assert_eq!((iteration(&app), told()), (2, vec![]));
}

/// A behaviour of another crate whose system can fail.
#[derive(Component, Reflect, Clone, Default)]
struct Fails;

impl Behaviour for Fails {
    fn plugin(app: &mut App) {
        fn fail(_: Query<&Fails>) -> Result<(), BevyError> {
            Err(BevyError::error("it did not work"))
        }
        app.add_behaviour_system::<Self, _>(Stage::Learn, fail);
    }
}

#[test]
fn an_error_of_a_behaviour_of_ones_own_goes_to_the_error_handler() {
    let mut app = listening();
    app.register_behaviour::<Fails>();
    app.world_mut().spawn((Name::new("cells"), NeuronGroup::new(2), Fails));
    app.update();
    app.update();
    let told = told();
    assert!(told.len() == 2 && told[0].contains("it did not work"), "{told:?}");
}

#[test]
fn ticks_within_a_tick_or_without_a_plugin_are_a_failure() {
    let mut world = World::new();
    world.init_resource::<Clock>();
    assert_eq!(cortecs::schedule::run_ticks(&mut world, 3), 0);
    cortecs::schedule::finish(&mut world);
    assert!(world.resource::<Failures>().as_slice()[0].to_string().starts_with("Tick: there is no such schedule"));
    let mut bench = Bench::new();
    bench.app_mut().add_stage_system(Stage::Record, "again", |world: &mut World| {
        cortecs::schedule::run_ticks(world, 1);
    });
    let error = bench.try_ticks(5).unwrap_err();
    assert!(error.contains("since it runs already"), "{error}");
    assert_eq!(bench.world_mut().resource::<Clock>().iteration, 1);
}
