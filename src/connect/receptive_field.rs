//! Receptive fields: each target neuron has a synapse with every source neuron that is near it.

use std::ops::Range;

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::prelude::*;

use super::tree::{Tree, apart};
use crate::behaviour;
use crate::network::{
    Behaviour, Endpoints, Extent, Kind, Pair, Preparation, PrepareError, Rule, connect::connect, endpoints::endpoints,
};

behaviour! {
    /// Every source neuron within a box or a circle around the position of the target neuron.
    pub struct ReceptiveField {
        /// `Box` or `Circle`.
        pub form: Form = Form::Circle,
        /// Half the side of the box, or the radius of the circle, in the unit of positions; the border belongs to the field.
        pub radius: f64 = 1.0,
        /// Whether a neuron of a group that is connected to itself has a synapse with itself.
        pub autapses: bool = true,
    }
}

/// The form of a [`ReceptiveField`].
#[derive(Reflect, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// Each coordinate within the radius.
    Box,
    /// The distance within the radius.
    #[default]
    Circle,
}

impl Behaviour for ReceptiveField {
    const KIND: Kind = Kind::Connectivity;

    fn plugin(_: &mut App) {}

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        if !(self.radius.is_finite() && self.radius >= 0.0) {
            let why = format!("a radius is finite and not negative, unlike {}", self.radius);
            return Err(preparation.error(Some("radius"), why));
        }
        let sides = endpoints(preparation)?;
        let sources = Tree::new(&sides.source_group, sides.pair.sources, |s| sides.source(s));
        connect(preparation, sides, Field { rule: self.clone(), sources })
    }

    /// As the synapses of some targets let expect.
    fn extent(&self, pair: Pair) -> Extent {
        let all = (pair.sources as u64).saturating_mul(pair.targets as u64);
        Extent::sparse(pair, pair.estimate.unwrap_or(all))
    }
}

/// The rule, with its sources in space: only those near a target are looked at.
struct Field {
    rule: ReceptiveField,
    sources: Tree,
}

impl Field {
    /// Whether a source lies in the field of a target.
    fn holds(&self, sides: &Endpoints, s: usize, t: usize, reach: f64) -> bool {
        let source = &sides.source_group;
        let [x, y, z] = sides.target_group.apart(sides.target(t), source, sides.source(s), sides.periodic);
        match self.rule.form {
            Form::Box => x.abs() <= reach && y.abs() <= reach && z.abs() <= reach,
            Form::Circle => x * x + y * y + z * z <= reach * reach,
        }
    }
}

impl Rule for Field {
    fn generate(
        &self,
        sides: &Endpoints,
        targets: Range<usize>,
        emit: &mut dyn FnMut(usize, usize),
    ) -> Result<(), String> {
        // A rounding's width beyond the border, for coordinates such as 0.3.
        let reach = self.rule.radius * (1.0 + 1e-9);
        let torus = sides.periodic.then(|| sides.target_group.extent());
        let (mut open, mut found) = (Vec::new(), Vec::new());
        for t in targets {
            let position = sides.target_group.position(sides.target(t)).map(|x| [x; 2]);
            open.push(0);
            while let Some(node) = open.pop().map(|own| &self.sources.nodes[own]) {
                let ways = apart(&node.extent, &position, torus);
                if ways.iter().any(|[low, high]| *low > reach * (1.0 + 1e-9) || *high < -reach * (1.0 + 1e-9)) {
                    continue;
                }
                match node.halves {
                    Some(halves) => open.extend(halves),
                    None => found.extend(self.sources.order[node.members.clone()].iter().map(|&s| s as usize)),
                }
            }
            found.retain(|&s| (self.rule.autapses || !sides.is_autapse(s, t)) && self.holds(sides, s, t, reach));
            found.sort_unstable();
            found.drain(..).for_each(|s| emit(s, t));
        }
        Ok(())
    }
}
