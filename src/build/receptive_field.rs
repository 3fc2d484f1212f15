//! Receptive fields: each target neuron has a synapse with every source neuron that is near it.

use std::ops::Range;

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::prelude::*;

use crate::network::{
    Behaviour, Extent, Kind, Pair, Preparation, PrepareError, Rule, Sides, connect::connect, sides::sides,
};

/// Every source neuron within a box or a circle around the position of the target neuron.
#[derive(Component, Reflect, Clone, Debug)]
#[reflect(from_reflect = false, Clone, Debug)]
pub struct ReceptiveField {
    /// `Box` or `Circle`.
    pub form: Form,
    /// Half the side of the box, or the radius of the circle, in the unit of positions; the border belongs to the field.
    pub radius: f64,
    /// Whether a neuron of a group that is connected to itself has a synapse with itself.
    pub autapses: bool,
}

/// The form of a [`ReceptiveField`].
#[derive(Reflect, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Each coordinate within the radius.
    Box,
    /// The distance within the radius.
    #[default]
    Circle,
}

impl Default for ReceptiveField {
    fn default() -> Self {
        Self { form: Form::Circle, radius: 1.0, autapses: true }
    }
}

impl Behaviour for ReceptiveField {
    const KIND: Kind = Kind::Connectivity;

    fn plugin(_: &mut App) {}

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        if !(self.radius.is_finite() && self.radius >= 0.0) {
            let why = format!("a radius is finite and not negative, unlike {}", self.radius);
            return Err(preparation.error(Some("radius"), why));
        }
        let sides = sides(preparation)?;
        connect(preparation, sides, self.clone())
    }

    /// As the synapses of some targets let expect.
    fn extent(&self, pair: Pair) -> Extent {
        let all = (pair.sources as u64).saturating_mul(pair.targets as u64);
        Extent::sparse(pair, pair.estimate.unwrap_or(all))
    }
}

impl Rule for ReceptiveField {
    fn generate(&self, sides: &Sides, targets: Range<usize>, emit: &mut dyn FnMut(usize, usize)) -> Result<(), String> {
        // A rounding's width beyond the border, for coordinates such as 0.3.
        let reach = self.radius * (1.0 + 1e-9);
        for t in targets {
            for s in (0..sides.pair.sources).filter(|&s| self.autapses || !sides.is_autapse(s, t)) {
                let source = &sides.source_group;
                let [x, y, z] = sides.target_group.apart(sides.target(t), source, sides.source(s), sides.periodic);
                let inside = match self.form {
                    Form::Box => x.abs() <= reach && y.abs() <= reach && z.abs() <= reach,
                    Form::Circle => x * x + y * y + z * z <= reach * reach,
                };
                if inside {
                    emit(s, t);
                }
            }
        }
        Ok(())
    }
}
