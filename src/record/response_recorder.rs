//! Recording of responses: how often each neuron fires during each presentation of a stimulus.

use bevy_app::App;
use bevy_ecs::{prelude::*, relationship::RelationshipTarget};
use serde::{Deserialize, Serialize};

use super::{
    Recording, Selection,
    recording::{Content, Recordings, Window},
    resolve::{Request, resolve, resolve_firing},
};
use crate::{
    behaviour,
    network::{
        Behaviour, Clock, Failures, Kind, Preparation, PrepareError, Presented, RegisterState, Spikes, State,
        shape::path_of, variable::VariableInfo,
    },
    numeric::{Archive, ArchiveError},
    schedule::{AddToStage, Stage},
};

behaviour! {
    /// Records responses: a row of spike counts for each presentation, a column per neuron. What each presentation was goes to
    /// another recording, of the group to which the stimuli are presented: first iteration, block, stimulus, class.
    ///
    /// With `assign` and `test` the report says how well the class of a stimulus can be told from the responses.
    pub struct ResponseRecorder {
        /// Names or tags of neuron groups that respond.
        pub of: Vec<String>,
        /// The group to which stimuli are presented.
        pub to: String,
        /// The block of presentations whose responses give each neuron its class: that to which it responds most on average.
        pub assign: Option<String>,
        /// The block of presentations whose classes are predicted: that whose neurons respond most on average.
        pub test: Option<String>,
    }
}

/// On a recording of responses or of presentations: what it is told of.
#[derive(Component, Clone, Debug, Serialize, Deserialize)]
pub struct Responses {
    /// The group to which stimuli are presented.
    pub to: String,
    /// The names of the blocks of presentations.
    pub blocks: Vec<String>,
    /// The block whose responses give neurons their class.
    pub assign: Option<u32>,
    /// The block whose classes are predicted.
    pub test: Option<u32>,
}

/// On the same: the presentation that goes on.
#[derive(Component, Default)]
struct Open {
    to: Option<Entity>,
    number: Option<u64>,
    first: u64,
    counts: Vec<u32>,
}

impl State for Open {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        archive.value(&mut self.number)?;
        archive.value(&mut self.first)?;
        archive.column(&mut self.counts)
    }
}

impl Behaviour for ResponseRecorder {
    const KIND: Kind = Kind::Recorder;

    fn plugin(app: &mut App) {
        app.register_state::<Open>().add_behaviour_system::<Self, _>(Stage::Record, record);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        if !preparation.is_first() {
            return Ok(());
        }
        let window = Window { from: 0, until: u64::MAX, every: 1 };
        let request = Request { of: &self.of, neurons: &Selection::All, window };
        let info = |name: &str, docs: &str| {
            let [name, docs] = [name, docs].map(str::to_owned);
            VariableInfo { name, unit: String::new(), docs, bytes: size_of::<u32>() }
        };
        let docs = "Spikes in each presentation";
        let mut recordings = resolve_firing(preparation, &request, Content::Responses, &info("responses", docs))?;
        let presented = self.presented(preparation)?;
        let responses = self.responses(preparation, presented)?;
        let info = info("presentations", "Presentations: first iteration, block, stimulus, class");
        let address = [format!("{}.presentations", responses.to)];
        let request = Request { of: &address, ..request };
        recordings.extend(resolve(preparation, &request, |_, _, _| Some((Content::Presentations, info.clone())))?);
        for entity in recordings {
            let neurons = preparation.world().get::<Recording>(entity).map_or(0, |recording| match recording.content {
                Content::Responses => recording.row_shape.iter().product(),
                _ => 0,
            });
            let open = Open { to: Some(presented), counts: vec![0; neurons], ..Open::default() };
            preparation.world().entity_mut(entity).insert((responses.clone(), open));
        }
        Ok(())
    }
}

impl ResponseRecorder {
    /// The one group to which stimuli are presented.
    fn presented(&self, preparation: &mut Preparation<'_>) -> Result<Entity, PrepareError> {
        let network = preparation.network();
        let groups = crate::network::address::groups(preparation.world(), network, &self.to);
        match groups.map_err(|error| preparation.address_error("to", error))?[..] {
            [group] if preparation.world().get::<Presented>(group).is_some() => Ok(group),
            [group] => {
                let who = path_of(preparation.world(), group);
                Err(preparation
                    .error(Some("to"), format!("nothing is presented to `{who}`: no behaviour of it shows stimuli")))
            }
            ref groups => {
                let why = format!("`{}` are {} groups; stimuli are presented to one", self.to, groups.len());
                Err(preparation.error(Some("to"), why))
            }
        }
    }

    fn responses(&self, preparation: &mut Preparation<'_>, group: Entity) -> Result<Responses, PrepareError> {
        let to = path_of(preparation.world(), group);
        let blocks = preparation.world().get::<Presented>(group).map(|to| to.blocks.clone()).unwrap_or_default();
        let number = |field: &'static str, name: &Option<String>| {
            let Some(name) = name else { return Ok(None) };
            match blocks.iter().position(|block| block == name) {
                Some(number) => Ok(Some(number as u32)),
                None => {
                    let known = blocks.iter().map(|block| format!("`{block}`")).collect::<Vec<_>>().join(", ");
                    let why = format!("`{to}` is presented no block `{name}`; its blocks are {known}");
                    Err(preparation.error(Some(field), why))
                }
            }
        };
        let (assign, test) = (number("assign", &self.assign)?, number("test", &self.test)?);
        match (assign, test) {
            (Some(_), None) => Err(preparation.error(Some("assign"), "without `test` nothing is predicted")),
            (None, Some(_)) => Err(preparation.error(Some("test"), "without `assign` no neuron has a class")),
            _ => Ok(Responses { to, blocks, assign, test }),
        }
    }
}

fn record(
    recorders: Query<&Recordings, With<ResponseRecorder>>,
    mut recordings: Query<(&mut Recording, &mut Open)>,
    sources: Query<(Option<&Spikes>, Option<&Presented>)>,
    clock: Res<Clock>,
    mut failures: ResMut<Failures>,
) {
    for entity in recorders.iter().flat_map(RelationshipTarget::iter) {
        let Ok((mut recording, mut open)) = recordings.get_mut(entity) else { continue };
        let to = open.to.and_then(|to| sources.get(to).ok()).and_then(|(_, presented)| presented);
        let Some(now) = to.and_then(|to| to.at(clock.iteration)) else { continue };
        if open.number != Some(now.number) {
            // One that had begun before the network went on with a checkpoint is not counted in part.
            if !now.begins {
                continue;
            }
            open.counts.fill(0);
            (open.number, open.first) = (Some(now.number), clock.since(Some(&recording.birth)).iteration);
        }
        if let Ok((Some(spikes), _)) = sources.get(recording.source) {
            open.count(spikes.neurons());
        }
        if !now.ends {
            continue;
        }
        let presentation = [open.first as u32, now.block, now.stimulus, now.label];
        let row = match recording.content {
            Content::Responses => &open.counts[..],
            _ => &presentation,
        };
        if let Err(error) = recording.rows.append(1, bytemuck::cast_slice(row)) {
            failures.push_at(recording.source, format!("{}.{}", recording.group, recording.what()), error);
        }
    }
}

impl Open {
    fn count(&mut self, neurons: &[u32]) {
        for &neuron in neurons {
            if let Some(count) = self.counts.get_mut(neuron as usize) {
                *count += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ResponseRecorder;
    use crate::{
        input::{AtEnd, Block},
        prelude::*,
        value::Array,
    };

    /// Three presentations of 4 ms, of stimuli 0, 1 and 1 of the classes 5 and 3, with 2 ms between them.
    fn bench() -> Bench {
        let mut bench = Bench::new();
        let blocks = vec![Block { name: "a".into(), ..default() }, Block { name: "b".into(), from: 1, ..default() }];
        let replay = Replay {
            duration: Some(4.0),
            pause: 2.0,
            blocks,
            at_end: AtEnd::Silence,
            classes: Some([5, 3].into()),
            ..Replay::of(Array { shape: vec![2], data: vec![0.0, 0.0] })
        };
        bench.group("stimuli", 1, replay);
        // Of neuron 0 a spike at the first and the last iteration of a presentation and two in pauses, of 2 many.
        let times = vec![vec![0.5, 3.5, 4.5, 11.5], vec![], (6..16).map(|t| f64::from(t) + 0.5).collect()];
        bench.group("cells", 3, SpikeSource::at(times));
        bench
    }

    fn recorder() -> ResponseRecorder {
        ResponseRecorder { of: vec!["cells".into()], to: "stimuli".into(), ..default() }
    }

    #[test]
    fn spikes_are_counted_by_presentation() {
        let mut bench = bench();
        bench.recorder(recorder());
        bench.ticks(15);
        let [first, second] = [[2.0, 0.0, 0.0], [0.0, 0.0, 4.0]];
        // The third has not ended.
        assert_eq!(bench.recorded("cells.responses"), [first, second].concat());
        bench.ticks(20);
        assert_eq!(bench.recorded("cells.responses"), [first, second, second].concat());
        let presentations = [[0.0, 0.0, 0.0, 5.0], [6.0, 0.0, 1.0, 3.0], [12.0, 1.0, 1.0, 3.0]];
        assert_eq!(bench.recorded("stimuli.presentations"), presentations.concat());
    }

    #[test]
    fn groups_and_blocks_that_are_not_there_are_refused() {
        let refused = |recorder| bench().try_recorder(recorder).unwrap_err();
        let error = refused(ResponseRecorder { to: "cells".into(), ..recorder() });
        assert!(
            error.ends_with("ResponseRecorder.to: nothing is presented to `cells`: no behaviour of it shows stimuli"),
            "{error}"
        );
        let error = refused(ResponseRecorder { test: Some("c".into()), assign: Some("a".into()), ..recorder() });
        let why = "ResponseRecorder.test: `stimuli` is presented no block `c`; its blocks are `a`, `b`";
        assert!(error.ends_with(why), "{error}");
        let error = refused(ResponseRecorder { test: Some("b".into()), ..recorder() });
        assert!(error.ends_with("ResponseRecorder.test: without `assign` no neuron has a class"), "{error}");
    }
}
