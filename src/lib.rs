//! [izhikevich]: ../../../scenes/izhikevich.png
//! [scenes]: guide::scenes
//! [recordings]: guide::recordings
//! [runs]: guide::runs
//! [clusters]: guide::clusters
//! [window]: guide::window
//! [window_picture]: ../../../scenes/window.png
//! [networks]: guide::networks
//! [bevy]: guide::bevy
//! [author]: guide::author
//! [map]: guide::map
//! [benches]: ../../../benches/README.md
//! [tests]: ../../../tests/README.md
//!
#![doc = include_str!("../README.md")]
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod assemble;
pub mod checkpoint;
#[cfg(feature = "cli")]
pub mod cli;
pub mod connect;
mod disk;
pub(crate) mod equations;
pub mod files;
pub mod guide;
pub mod host;
pub mod input;
pub mod integrate;
pub mod learn;
#[cfg(feature = "live")]
pub mod live;
pub mod network;
#[doc(hidden)]
pub mod npy;
pub mod numeric;
#[cfg(feature = "output")]
pub mod output;
#[cfg(feature = "plot")]
pub mod plot;
pub mod ranks;
pub mod record;
pub mod scene;
pub mod schedule;
#[cfg(feature = "output")]
pub mod session;
#[cfg(feature = "output")]
pub mod statistics;
pub mod stopwatch;
pub mod text;
pub mod value;
#[cfg(feature = "panels")]
pub mod view;
pub mod workbench;

use bevy_app::{PluginGroup, PluginGroupBuilder};

/// Everything that a network needs, driven by the host's `FixedUpdate`.
///
/// ```
/// use cortecs::prelude::*;
///
/// let mut app = App::new();
/// app.add_plugins(CortecsPlugins);
/// ```
/// Another schedule, or none: `CortecsPlugins.set(HostPlugin::in_schedule(Update))`,
/// `CortecsPlugins.build().disable::<HostPlugin>()`.
pub struct CortecsPlugins;

impl PluginGroup for CortecsPlugins {
    fn build(self) -> PluginGroupBuilder {
        PluginGroupBuilder::start::<Self>()
            .add(network::NetworkPlugin)
            .add(schedule::SchedulePlugin)
            .add(input::InputPlugin)
            .add(integrate::IntegratePlugin)
            .add(learn::LearnPlugin)
            .add(record::RecordPlugin)
            .add(connect::ConnectPlugin)
            .add(host::HostPlugin::default())
    }
}

/// An app with all behaviours and no host. A failure is noted among `Failures`; what bevy makes of it besides is silenced.
fn simulator() -> bevy_app::App {
    let mut app = bevy_app::App::empty();
    app.init_resource::<bevy_ecs::reflect::AppTypeRegistry>();
    app.insert_resource(bevy_ecs::error::FallbackErrorHandler(bevy_ecs::error::ignore));
    app.add_plugins(CortecsPlugins.build().disable::<host::HostPlugin>());
    app
}

#[cfg(feature = "asset")]
pub use bevy_asset;
pub use {bevy_app, bevy_ecs, bevy_reflect, bevy_time};

/// What those who write behaviours use beside the [`prelude`].
///
/// ```
/// use cortecs::{author::*, prelude::*};
/// ```
pub mod author {
    pub use crate::{
        cell,
        input::{AddCurrent, AddNoise, Current, Noise, Normal, Streams, Uniform},
        integrate::{AddKernel, AddModel, At, Drive, NeuronKernel, NeuronModel, Steps},
        network::{Below, Cell, Range, Step},
        numeric::{carried::Carried, exp, exp_m1, mean_exp, shares::Effort},
        variable,
    };
}

/// What those who embed a network or write behaviours use every day.
pub mod prelude {
    // Derives name these crates: whoever has them from here needs none of them among his own dependencies.
    pub use {bevy_app, bevy_ecs, bevy_reflect};

    pub use bevy_app::prelude::*;
    pub use bevy_ecs::prelude::*;
    pub use bevy_reflect::prelude::*;
    pub use bevy_utils::default;

    pub use crate::{
        CortecsPlugins,
        assemble::Network,
        behaviour,
        connect::{
            AllToAll, DistanceDependent, EdgeList, FixedInDegree, FixedOutDegree, FixedProbability, FixedTotalNumber,
            Matrix, OneToOne, ReceptiveField,
        },
        host::{FellBehind, Fired, HostPlugin, NetworkBuilt, NetworkFailed, NetworkSystems, Pace},
        input::{
            AlphaReceptor, BiexponentialReceptor, ConstantCurrent, CurrentReceptor, ExponentialReceptor, ImageInput,
            Inject, JumpReceptor, NmdaReceptor, NormalNoise, OrnsteinUhlenbeck, PoissonInput, PulseCurrent,
            RampCurrent, Replay, SineCurrent, StepCurrent, UniformNoise,
        },
        integrate::{
            AdEx, Detection, Equations, EquationsReceptor, ExponentialIf, FitzHughNagumo, HodgkinHuxley, Izhikevich,
            Izhikevich2007, Lif, PoissonNeurons, RateUnit, SpikeSource, SpikeTrains, Transfer, TraubMiles,
        },
        learn::{
            AdaptiveThreshold, DeferredStdp, Dopamine, InhibitoryStdp, Kept, Normalization, OneStepStdp, Pairing,
            Reward, RewardStdp, Rule, ShortTermPlasticity, Stdp, StructuralPlasticity, ThresholdHomeostasis,
            TripletStdp, VoltageStdp,
        },
        network::{
            Behaviour, Clock, Compartments, Conductance, Delays, Ends, Initial, InitialWeights, Jump, Kind, Membrane,
            NeuronGroup, Origin, Parameter, PartOf, Preparation, PrepareError, ReceptorOf, RegisterBehaviour,
            RegisterValueFunction, RegisterVariable, Runaway, Seed, Soundness, Spikes, SynapseGroup, Tags, Target,
            ThresholdShift, Unit, V,
        },
        numeric::Real,
        record::{
            ExpressionRecorder, HistogramRecorder, RateRecorder, ResponseRecorder, SpikeRecorder, VariableRecorder,
            WeightRecorder,
        },
        scene::{GroupScene, SynapseScene},
        schedule::{AddToStage, Stage, Tick},
        workbench::Bench,
    };
}
