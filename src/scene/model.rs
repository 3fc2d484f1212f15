//! What a scene consists of.

use std::{fmt, path::PathBuf};

use bevy_reflect::Reflect;

use super::{plots::Plots, spans::Spans};
use crate::{
    network::{Ends, NeuronGroup, Poke, Selection, Setting},
    text::{Diagnostics, Document},
    value::Value,
};

/// A network and its run, as plain data.
///
/// ```
/// use cortecs::{prelude::*, scene::{GroupScene, Scene, SynapseScene}};
///
/// let scene = Scene::new("Two groups")
///     .with_dt(0.5)
///     .with_group(
///         GroupScene::new("excitatory", NeuronGroup::new(80))
///             .with(Izhikevich::default())
///             .with(UniformNoise { high: 20.0.into(), ..default() })
///             .with_receptor("ampa", CurrentReceptor { afferent: "GLUTAMATE".into(), gain: 0.5.into() }),
///     )
///     .with_synapses(
///         SynapseScene::new("excitatory", "excitatory", AllToAll::default())
///             .with_tag("GLUTAMATE")
///             .with_weights("uniform(0, 1)"),
///     )
///     .with_recorder(SpikeRecorder { of: vec!["excitatory".into()], ..default() });
/// assert_eq!(scene.groups.len(), 1);
/// ```
#[derive(Debug, Default)]
pub struct Scene {
    /// A title for reports and pictures.
    pub title: String,
    /// Length of an iteration (ms); default 1.
    pub dt: f64,
    /// Iterations of a run; default 1000.
    pub iterations: u64,
    /// The seed of all random numbers; default 1.
    pub seed: u64,
    /// Names for numbers, which values may use.
    pub constants: Vec<(String, f64)>,
    /// The neuron groups.
    pub groups: Vec<GroupScene>,
    /// The synapse groups; each stands for one group per pair of neuron groups that it addresses.
    pub synapses: Vec<SynapseScene>,
    /// What is switched on and off while the network runs.
    pub switches: Vec<SwitchScene>,
    /// The recorders.
    pub recorders: Vec<Attached>,
    /// How the pictures of a run are drawn.
    pub plots: Plots,
    /// The folder from which files are read: arrays, pictures, lists; `None` refuses them.
    pub folder: Option<PathBuf>,
    /// Whether files outside `folder` are read too, by absolute paths, `..` or symbolic links; default no.
    pub outside_files: bool,
    /// The text that the scene was read from.
    pub document: Option<Document>,
    /// Where fields stand in the text.
    pub spans: Spans,
}

/// A neuron group of a scene.
#[derive(Debug)]
pub struct GroupScene {
    /// Its name.
    pub name: String,
    /// Size and shape.
    pub shape: NeuronGroup,
    /// Its tags.
    pub tags: Vec<String>,
    /// Named draws that its parameters share.
    pub draws: Vec<(String, Value)>,
    /// Its behaviours.
    pub behaviours: Vec<Attached>,
    /// Its receptors, by name; `dendrite.nmda` is one of a compartment.
    pub receptors: Vec<(String, Attached)>,
    /// What stands on the compartments of its cells, by name.
    pub compartments: Vec<(String, Vec<Attached>)>,
    /// Where fields stand; `""` is the name itself.
    pub spans: Spans,
}

/// Synapses of a scene.
#[derive(Debug)]
pub struct SynapseScene {
    /// The name; default `source_target`.
    pub name: Option<String>,
    /// Name or tag of the source groups.
    pub from: String,
    /// Name or tag of the target groups.
    pub to: String,
    /// Tags.
    pub tags: Vec<String>,
    /// The connectivity rule.
    pub connectivity: Attached,
    /// The weights at the start.
    pub weights: Value,
    /// The delays (ms), at least one step; `None` for none.
    pub delays: Option<Value>,
    /// Which neurons take part.
    pub ends: Ends,
    /// Behaviours of the synapses, such as short-term plasticity.
    pub behaviours: Vec<Attached>,
    /// Whether it is meant that no receptor hears them; otherwise that is warned of.
    pub unheard: bool,
    /// Where fields stand.
    pub spans: Spans,
}

/// Behaviours that are switched, or changed, at a time of the run.
#[derive(Clone, Debug, Default)]
pub struct SwitchScene {
    /// When (ms).
    pub at: f64,
    /// Addresses of behaviours that are switched on: `excitatory.UniformNoise`, `PLASTIC.Stdp` for all groups of a tag.
    pub on: Vec<String>,
    /// Addresses of behaviours that are switched off.
    pub off: Vec<String>,
    /// Fields that are changed, by the addresses of their behaviours.
    pub set: Vec<(String, Setting)>,
    /// Variables that get other values.
    pub values: Vec<ValuesScene>,
    /// Where fields stand; `""` is the whole.
    pub spans: Spans,
}

/// A variable that gets other values at a time of the run.
#[derive(Clone, Debug, Default)]
pub struct ValuesScene {
    /// Its address.
    pub of: String,
    /// The values, and the neurons that get them.
    pub poke: Poke,
    /// Until when (ms) they are given, before each iteration; `None` for once.
    pub until: Option<f64>,
}

/// A behaviour with its fields, ready to be attached to an entity.
pub struct Attached {
    /// The value, of a registered behaviour's type.
    pub value: Box<dyn Reflect>,
    /// Where its fields stand; `""` is its name.
    pub spans: Spans,
}

impl fmt::Debug for Attached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.as_partial_reflect().debug(f)
    }
}

impl<T: Reflect> From<T> for Attached {
    fn from(value: T) -> Self {
        Self { value: Box::new(value), spans: Spans::default() }
    }
}

impl Scene {
    /// An empty scene: dt 1 ms, 1000 iterations, seed 1.
    #[must_use]
    pub fn new(title: &str) -> Self {
        Self { title: title.to_owned(), dt: 1.0, iterations: 1000, seed: 1, ..Self::default() }
    }

    /// Sets the length of an iteration (ms).
    #[must_use]
    pub const fn with_dt(mut self, dt: f64) -> Self {
        self.dt = dt;
        self
    }

    /// Sets the seed.
    #[must_use]
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Adds a neuron group.
    #[must_use]
    pub fn with_group(mut self, group: GroupScene) -> Self {
        self.groups.push(group);
        self
    }

    /// Adds synapses.
    #[must_use]
    pub fn with_synapses(mut self, synapses: SynapseScene) -> Self {
        self.synapses.push(synapses);
        self
    }

    /// Adds a recorder.
    #[must_use]
    pub fn with_recorder(mut self, recorder: impl Reflect) -> Self {
        self.recorders.push(recorder.into());
        self
    }

    /// Switches behaviours off at a time (ms): see [`SwitchScene`].
    #[must_use]
    pub fn with_off(mut self, at: f64, addresses: &[&str]) -> Self {
        let off = addresses.iter().map(|&address| address.to_owned()).collect();
        self.switches.push(SwitchScene { at, off, ..SwitchScene::default() });
        self
    }

    /// An empty list of diagnostics that shows this scene's text.
    #[must_use]
    pub fn diagnostics(&self) -> Diagnostics {
        self.document.as_ref().map_or_else(Diagnostics::without_source, Document::diagnostics)
    }
}

impl GroupScene {
    /// A group without behaviours.
    #[must_use]
    pub fn new(name: &str, shape: NeuronGroup) -> Self {
        Self {
            name: name.to_owned(),
            shape,
            tags: Vec::new(),
            draws: Vec::new(),
            behaviours: Vec::new(),
            receptors: Vec::new(),
            compartments: Vec::new(),
            spans: Spans::default(),
        }
    }

    /// Adds a tag.
    #[must_use]
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.tags.push(tag.to_owned());
        self
    }

    /// Adds a named draw.
    #[must_use]
    pub fn with_draw(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.draws.push((name.to_owned(), value.into()));
        self
    }

    /// Adds a behaviour.
    #[must_use]
    pub fn with(mut self, behaviour: impl Reflect) -> Self {
        self.behaviours.push(behaviour.into());
        self
    }

    /// Adds a receptor.
    #[must_use]
    pub fn with_receptor(mut self, name: &str, receptor: impl Reflect) -> Self {
        self.receptors.push((name.to_owned(), receptor.into()));
        self
    }
}

impl SynapseScene {
    /// Synapses with weight 1.
    #[must_use]
    pub fn new(from: &str, to: &str, connectivity: impl Reflect) -> Self {
        Self {
            name: None,
            from: from.to_owned(),
            to: to.to_owned(),
            tags: Vec::new(),
            connectivity: connectivity.into(),
            weights: Value::Number(1.0),
            delays: None,
            ends: Ends::default(),
            behaviours: Vec::new(),
            unheard: false,
            spans: Spans::default(),
        }
    }

    /// Adds a tag.
    #[must_use]
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.tags.push(tag.to_owned());
        self
    }

    /// Sets the weights; an array has the shape sources × targets.
    #[must_use]
    pub fn with_weights(mut self, weights: impl Into<Value>) -> Self {
        self.weights = weights.into();
        self
    }

    /// Sets the delays (ms).
    #[must_use]
    pub fn with_delays(mut self, delays: impl Into<Value>) -> Self {
        self.delays = Some(delays.into());
        self
    }

    /// Chooses the neurons that take part.
    #[must_use]
    pub fn between(mut self, sources: Selection, targets: Selection) -> Self {
        (self.ends.sources, self.ends.targets) = (sources, targets);
        self
    }

    /// Adds a behaviour.
    #[must_use]
    pub fn with(mut self, behaviour: impl Reflect) -> Self {
        self.behaviours.push(behaviour.into());
        self
    }
}
