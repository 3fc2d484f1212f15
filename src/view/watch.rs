//! Panels in a Bevy application: a resource that sees a network of the world, and is shown in whatever egui the host has.

use bevy_app::{App, Last, Plugin};
use bevy_ecs::prelude::*;
use egui::Ui;

use super::{Panels, Seen};
use crate::{
    host::Pace,
    live::{self, Command, Look, Speed, Touch},
    network::Origin,
    text::Document,
};

/// Adds [`Watch`], which sees what the network has done at the end of each frame.
///
/// ```
/// use cortecs::{prelude::*, scene::Scene, view::{Watch, WatchPlugin, egui}};
///
/// let mut app = App::new();
/// app.add_plugins((CortecsPlugins.set(HostPlugin::in_schedule(Update)), WatchPlugin));
/// let scene = Scene::from_text(app.world(), r#"(groups: {"cells": (size: 10, behaviours: [Izhikevich()])})"#)?;
/// cortecs::assemble::build(app.world_mut(), &scene)?;
/// app.update();
/// // In the host's own pass of egui: `watch.ui(ui)`, with `mut watch: ResMut<Watch>`.
/// let context = egui::Context::default();
/// let mut shown = context.run_ui(egui::RawInput::default(), |ui| app.world_mut().resource_mut::<Watch>().ui(ui));
/// # shown.textures_delta.clear();
/// assert_eq!(app.world().resource::<Watch>().seen().iteration, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct WatchPlugin;

impl Plugin for WatchPlugin {
    fn build(&self, app: &mut App) {
        live::plugin(app);
        app.init_resource::<Watch>().add_systems(Last, watch);
    }
}

/// A network of the world that is looked at: the first that there is, or the one that [is named](Self::network).
#[derive(Resource)]
pub struct Watch {
    named: Option<Entity>,
    sight: Option<(Entity, Look, Touch)>,
    seen: Seen,
    panels: Panels,
    asked: Vec<Command>,
    anew: bool,
}

impl Default for Watch {
    fn default() -> Self {
        let panels = Panels::new(Speed::Max);
        Self { named: None, sight: None, seen: Seen::default(), panels, asked: Vec::new(), anew: true }
    }
}

impl Watch {
    /// Looks at a network from the next frame on.
    pub fn network(&mut self, network: Entity) {
        (self.named, self.sight) = (Some(network), None);
    }

    /// What was seen.
    #[must_use]
    pub const fn seen(&self) -> &Seen {
        &self.seen
    }

    /// The panels.
    pub const fn panels(&mut self) -> &mut Panels {
        &mut self.panels
    }

    /// Shows all panels.
    pub fn ui(&mut self, ui: &mut Ui) {
        self.panels.ui(ui, &self.seen, &mut self.asked);
    }

    /// The same with a neuron of a group selected, as one that was picked in the game.
    pub fn ui_for(&mut self, ui: &mut Ui, group: Entity, neuron: u32) {
        if let Some(place) = self.sight.as_ref().and_then(|(_, look, _)| look.place(group)) {
            self.panels.select((place, neuron));
        }
        self.ui(ui);
    }

    /// Looks at the network that there is; none while there is none.
    fn look_for(&mut self, world: &mut World) {
        let networks = self
            .named
            .map_or_else(|| world.query_filtered::<Entity, With<Origin>>().iter(world).collect(), |one| vec![one]);
        let known =
            self.sight.as_ref().is_some_and(|(network, look, _)| networks.contains(network) && look.is_there(world));
        if known {
            return;
        }
        // The first that was made, whatever a query prefers.
        let there = networks.into_iter().min().filter(|network| world.get::<Origin>(*network).is_some());
        // Of the network's scene nothing is known here.
        let scene = Document::parse("network", "()").ok();
        self.sight =
            there.zip(scene).map(|(network, scene)| (network, Look::of(world, network), Touch::new(network, scene)));
        let outline = self.sight.as_ref().map(|(_, look, _)| look.outline(world, "network")).unwrap_or_default();
        self.seen = Seen::of(live::Outline { goes_back: false, ..outline });
        self.anew = true;
        // What was wanted of another network is asked for anew.
        self.panels.forget_wishes();
    }

    fn obey(&mut self, world: &mut World, command: Command) {
        let Some((_, look, touch)) = &mut self.sight else { return };
        let pace = |world: &mut World, set: &dyn Fn(&mut Pace)| {
            if let Some(mut pace) = world.get_resource_mut::<Pace>() {
                set(&mut pace);
            }
        };
        match command {
            Command::Want(wanted) => look.want(world, wanted),
            Command::Pause => pace(world, &|pace| pace.paused = true),
            Command::Run => pace(world, &|pace| pace.paused = false),
            Command::Step(steps) => pace(world, &|pace| {
                (pace.paused, pace.single_steps) = (true, u32::try_from(steps).unwrap_or(u32::MAX));
            }),
            Command::Speed(Speed::Times(times)) => pace(world, &|pace| pace.speed = Some(times)),
            Command::Speed(Speed::Max) => pace(world, &|pace| pace.speed = None),
            Command::Note(text) => touch.note(&text),
            Command::Do(intervention) => {
                if let Err(error) = touch.intervene(world, &intervention) {
                    self.seen.tell(error.to_string());
                }
            }
            _ => self.seen.tell("in a game time goes on"),
        }
        self.anew = true;
    }
}

/// Does what was asked for, and sees what is new.
fn watch(world: &mut World) {
    world.resource_scope(|world, mut watch: Mut<Watch>| {
        let watch = &mut *watch;
        watch.look_for(world);
        std::mem::take(&mut watch.asked).into_iter().for_each(|command| watch.obey(world, command));
        let anew = std::mem::take(&mut watch.anew);
        if let Some((_, look, touch)) = &mut watch.sight {
            let paused = world.get_resource::<Pace>().is_some_and(|pace| pace.paused);
            let log = anew.then(|| touch.log().to_vec());
            let frame = live::Frame { paused, log, ..look.frame(world, anew) };
            watch.seen.take_in(frame);
        }
    });
}
