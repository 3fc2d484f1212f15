//! What a reflection-based inspector may see and set of networks, beside behaviours: those are registered with their plugins.

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::{impl_reflect_opaque, std_traits::ReflectDefault};

use super::{
    clock::{Birth, Clock, Seed},
    columns::{Input, Spikes, V},
    group::{NeuronGroup, Tags},
    membership::PartOf,
    receptor::ReceptorOf,
    rest::Rests,
    synapse::{Source, SynapseGroup, Target},
};

impl_reflect_opaque!((in cortecs::network) V(Clone, Debug, Default));
impl_reflect_opaque!((in cortecs::network) Input(Clone, Debug, Default));
impl_reflect_opaque!((in cortecs::network) Spikes(Clone, Debug, Default));

pub(super) fn plugin(app: &mut App) {
    app.register_type::<Clock>().register_type::<Seed>();
    app.register_type::<NeuronGroup>().register_type::<Tags>().register_type::<ReceptorOf>();
    app.register_type::<SynapseGroup>().register_type::<Source>().register_type::<Target>();
    app.register_type::<PartOf>().register_type::<Birth>().register_type::<Rests>();
    app.register_type::<V>().register_type::<Input>().register_type::<Spikes>();
    app.register_type_data::<V, ReflectComponent>().register_type_data::<Input, ReflectComponent>();
    app.register_type_data::<Spikes, ReflectComponent>();
}
