//! The start of an iteration: nothing has reached anybody yet.

use bevy_app::App;
use bevy_ecs::prelude::*;

use crate::{
    network::Input,
    schedule::{AddToStage, Stage},
};

pub(super) fn plugin(app: &mut App) {
    app.add_stage_system(Stage::Input, "clear", clear);
}

fn clear(mut inputs: Query<&mut Input>) {
    for mut input in &mut inputs {
        input.0.fill(0.0);
    }
}
