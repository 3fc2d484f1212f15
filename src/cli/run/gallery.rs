//! Those who watch a run from elsewhere, if it is watchable.

use std::{path::PathBuf, time::Duration};

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::{
    super::{CliError, say},
    Manner,
};
use crate::{
    live::{self, Port, Watched},
    network::Ranks,
    session::Session,
    text::Document,
};

/// Where they come to, and once there is a network what they see.
pub(super) struct Gallery {
    port: Option<Port>,
    paused: bool,
    watched: Option<Watched>,
}

impl Gallery {
    /// Opens the port before anything is built, and says how to come.
    pub fn open(app: &mut App, manner: &Manner) -> Result<Self, CliError> {
        let Some(address) = &manner.watchable else { return Ok(Self { port: None, paused: false, watched: None }) };
        if app.world().contains_resource::<Ranks>() {
            return Err(CliError::Watched);
        }
        live::plugin(app);
        let unreachable = |source| CliError::Port { address: address.clone(), source };
        let port = Port::open(address, manner.token.clone(), manner.steerable).map_err(unreachable)?;
        let place = port.address().map_err(unreachable)?;
        say(&format!("watch it: cortecs view {place} --token {}", port.token()));
        Ok(Self { port: Some(port), paused: manner.paused, watched: None })
    }

    /// Lets them in, to the network of a scene in a folder.
    pub fn let_in(&mut self, world: &mut World, scene: (Option<Document>, Option<PathBuf>), session: &Session) {
        if let (Some(port), (Some(document), folder)) = (self.port.take(), scene) {
            let mut watched = Watched::new(world, session.network(), document, folder, port);
            if self.paused {
                watched.begin_paused();
            }
            self.watched = Some(watched);
        }
    }

    pub fn between(&mut self, world: &mut World) -> Option<u64> {
        self.watched.as_mut().and_then(|watched| watched.turn(world))
    }

    /// Who looks sees thirty pictures a second; without anybody the run looks around less often.
    pub fn interval(&self) -> Duration {
        Duration::from_millis(if self.watched.is_some() { 20 } else { 50 })
    }

    pub fn touched(&mut self, world: &World) -> Option<String> {
        let scene = self.watched.as_mut()?.touched(world)?;
        // A log whose entries were carried out one by one is one as a whole.
        scene.ok().map(|scene| scene.text().to_owned())
    }
}
