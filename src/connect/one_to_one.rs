//! One-to-one connectivity: the first source to the first target, the second to the second, and so on, as they are listed.

use std::ops::Range;

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::prelude::*;

use crate::network::{
    Behaviour, Endpoints, Extent, Kind, Pair, Preparation, PrepareError, Rule, connect::connect, endpoints::endpoints,
};

/// The first source neuron to the first target neuron, the second to the second; as many on both sides. Of a `List` in the order in
/// which it is written.
#[derive(Component, Reflect, Clone, Debug, Default)]
#[reflect(from_reflect = false, Clone, Debug)]
pub struct OneToOne {}

impl Behaviour for OneToOne {
    const KIND: Kind = Kind::Connectivity;

    fn plugin(_: &mut App) {}

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let sides = endpoints(preparation)?;
        let Pair { sources, targets, .. } = sides.pair;
        if sources != targets {
            let why = format!("{sources} sources cannot be paired with {targets} targets");
            return Err(preparation.error(None, why));
        }
        let mut sources = vec![0; targets];
        (0..targets).for_each(|k| sources[sides.listed_target(k)] = sides.listed_source(k) as u32);
        connect(preparation, sides, Paired(sources))
    }

    fn extent(&self, pair: Pair) -> Extent {
        Extent::sparse(pair, pair.targets as u64)
    }
}

/// The source of each target, by their places among those that take part.
struct Paired(Vec<u32>);

impl Rule for Paired {
    fn generate(&self, _: &Endpoints, targets: Range<usize>, emit: &mut dyn FnMut(usize, usize)) -> Result<(), String> {
        targets.for_each(|t| emit(self.0[t] as usize, t));
        Ok(())
    }
}
