//! Stage 4: recorders. They look at columns and keep rows; what becomes of those, a file or a picture, is
//! somebody else's matter.
//!
//! Adding a behaviour: its file, and a line below.
#![forbid(unsafe_code)]

use bevy_app::{App, Plugin};

use bevy_ecs::{entity_disabling::Disabled, prelude::*};

use crate::network::{Birth, CompartmentOf, NeuronGroup, ReceptorOf, RegisterBehaviour, RegisterState, SynapseGroup};

mod bins;
mod expression_recorder;
mod histogram_recorder;
mod measured;
mod rate_recorder;
mod recording;
mod resolve;
mod response_recorder;
mod row_buffer;
mod spike_recorder;
mod variable_recorder;
mod weight_recorder;

pub use crate::network::Selection;
pub use bins::Bins;
pub use expression_recorder::ExpressionRecorder;
pub use histogram_recorder::HistogramRecorder;
pub use measured::{Measured, measured};
pub use rate_recorder::RateRecorder;
pub use recording::{
    Content, Listed, RecordedBy, Recording, Recordings, Window, begin_with, of_recorders, record_due, settle,
};
pub use response_recorder::{ResponseRecorder, Responses};
pub use row_buffer::{Dtype, RowBuffer, Sink};
pub use spike_recorder::SpikeRecorder;
pub use variable_recorder::VariableRecorder;
pub use weight_recorder::{Snapshots, WeightRecorder, in_parts};

/// The behaviours of the record stage.
pub struct RecordPlugin;

/// Bytes that a recording keeps in memory where it goes to no file; the oldest rows are forgotten beyond. A host has 64 MiB; without
/// the resource all is kept.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordingMemory(pub usize);

impl Default for RecordingMemory {
    fn default() -> Self {
        Self(64 << 20)
    }
}

fn bound(made: On<Add<Recording>>, memory: Option<Res<RecordingMemory>>, mut recordings: Query<&mut Recording>) {
    if let (Some(memory), Ok(mut recording)) = (memory, recordings.get_mut(made.entity)) {
        let row = recording.row_bytes();
        recording.rows.keep(memory.0, row);
    }
}

/// What was recorded of somebody who goes, goes too; rows that are on their way to a file arrive there.
fn end_with_source(
    gone: On<Remove<(NeuronGroup, ReceptorOf, SynapseGroup, CompartmentOf)>>,
    mut recordings: Query<(Entity, &mut Recording)>,
    mut commands: Commands,
) {
    for (entity, mut recording) in &mut recordings {
        if recording.source == gone.entity {
            // Whoever writes the file tells what it refused.
            let _ = recording.rows.drain();
            commands.entity(entity).despawn();
        }
    }
}

/// Recordings count their iterations from when their network began, which is later where it has rested.
fn follow_birth(
    born: On<Insert<Birth>>,
    births: Query<(&Birth, &Recordings), Allow<Disabled>>,
    mut recordings: Query<&mut Recording>,
) {
    let Ok((birth, own)) = births.get(born.entity) else { return };
    for entity in own.iter() {
        if let Ok(mut recording) = recordings.get_mut(entity) {
            recording.birth = *birth;
        }
    }
}

impl Plugin for RecordPlugin {
    fn build(&self, app: &mut App) {
        app.register_state::<Recording>().add_observer(follow_birth).add_observer(bound);
        app.add_observer(end_with_source);
        app.register_behaviour::<VariableRecorder>()
            .register_behaviour::<SpikeRecorder>()
            .register_behaviour::<RateRecorder>()
            .register_behaviour::<HistogramRecorder>()
            .register_behaviour::<ExpressionRecorder>()
            .register_behaviour::<WeightRecorder>()
            .register_behaviour::<ResponseRecorder>();
    }
}
