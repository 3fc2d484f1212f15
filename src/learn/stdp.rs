//! Pair-based spike-timing-dependent plasticity (G. Bi & M. Poo, J. Neurosci. 18:10464, 1998), with the dependence on the
//! weight of R. Gütig, R. Aharonov, S. Rotter & H. Sompolinsky, J. Neurosci. 23:3697 (2003), eqs. 2 and 3.
//!
//! ```text
//! source:  w ← w − a_minus · s^mu_minus · y         s = (w − w_min) / (w_max − w_min)
//! target:  w ← w + a_plus · (1 − s)^mu_plus · x
//! ```
//! x decays with `tau_plus`, y with `tau_minus`; both by the spikes of the other side before. mu = 0 is the additive rule of
//! S. Song, K. Miller & L. Abbott, Nat. Neurosci. 3:919 (2000), mu = 1 the multiplicative one of J. Rubin, D. Lee & H.
//! Sompolinsky, Phys. Rev. Lett. 86:364 (2001). Weights stay within their bounds, which are hard. Which spikes meet:
//! [`spike_timing`](super::spike_timing).

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::{
    bounds::{self, Bounds},
    rests,
    spike_timing::{Pairing, SpikeTiming, Timing, Trace, Update, change, memory},
};
use crate::{
    behaviour,
    network::{Behaviour, Kind, Preparation, PrepareError, Range, Size, Unit, Weights},
    numeric::{
        Real,
        real::{real, wide},
    },
    schedule::{AddToStage, Stage},
};

behaviour! {
    /// A synapse strengthens if its source fires before its target, and weakens if after.
    ///
    /// By default the rule of Song, Miller & Abbott (2000) for weights from 0 to 1.
    #[require(Timing<Stdp>)]
    pub struct Stdp {
        /// Change of the weight by a source that fired just before its target, in the unit of the weights.
        #[reflect(@Range::FINITE)]
        pub a_plus: f64 = 0.01,
        /// Change of the weight, downwards, by a source that fires just after its target, in the unit of the weights.
        #[reflect(@Range::FINITE)]
        pub a_minus: f64 = 0.0105,
        /// Time constant of the window before a spike of the target.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub tau_plus: f64 = 20.0,
        /// Time constant of the window after a spike of the target.
        #[reflect(@Unit("ms"), @Range::ABOVE_ZERO)]
        pub tau_minus: f64 = 20.0,
        /// Exponent of the distance from the greatest weight in what strengthens: 0 additive, 1 multiplicative.
        #[reflect(@Range::NOT_NEGATIVE)]
        pub mu_plus: f64 = 0.0,
        /// Exponent of the distance from the least weight in what weakens: 0 additive, 1 multiplicative.
        #[reflect(@Range::NOT_NEGATIVE)]
        pub mu_minus: f64 = 0.0,
        /// The least weight.
        #[reflect(@Range::FINITE)]
        pub w_min: f64 = 0.0,
        /// The greatest weight.
        #[reflect(@Range::FINITE)]
        pub w_max: f64 = 1.0,
        /// Whether a spike is paired with all that came before on the other side, or with the nearest.
        pub pairing: Pairing = Pairing::All,
    }
}

impl Behaviour for Stdp {
    const KIND: Kind = Kind::Synapses;

    fn plugin(app: &mut App) {
        app.add_behaviour_system::<Self, _>(Stage::Learn, change::<Self, 1, 1>);
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        bounds::check(preparation, [self.w_min, self.w_max])?;
        rests::carry_if_small(preparation, self.bounds(), &[self.a_plus, self.a_minus]);
        Ok(())
    }

    fn memory(&self, size: Size) -> u64 {
        memory(self, size)
    }
}

impl SpikeTiming<1, 1> for Stdp {
    type Update = Pairs;
    type Changed = Weights;

    fn pre_traces(&self) -> [Trace; 1] {
        [Trace { tau: self.tau_plus, pairing: self.pairing }]
    }

    fn post_traces(&self) -> [Trace; 1] {
        [Trace { tau: self.tau_minus, pairing: self.pairing }]
    }

    fn update(&self) -> Pairs {
        Pairs {
            a: [self.a_plus, self.a_minus].map(real),
            mu: [self.mu_plus, self.mu_minus],
            bounds: Bounds::new(self.bounds()),
            per_width: (real(self.w_max) - real(self.w_min)).recip(),
        }
    }

    fn bounds(&self) -> [f64; 2] {
        [self.w_min, self.w_max]
    }
}

/// The constants of the rule.
#[derive(Clone, Copy, Debug)]
pub struct Pairs {
    a: [Real; 2],
    mu: [f64; 2],
    bounds: Bounds,
    per_width: Real,
}

impl Update<1, 1> for Pairs {
    #[inline(always)]
    fn on_pre(&self, w: Real, _: [Real; 1], [y]: [Real; 1]) -> Real {
        -self.a[1] * (power((w - self.bounds.least) * self.per_width, self.mu[1]) * y)
    }

    #[inline(always)]
    fn on_post(&self, w: Real, [x]: [Real; 1], _: [Real; 1]) -> Real {
        self.a[0] * (power((self.bounds.most - w) * self.per_width, self.mu[0]) * x)
    }
}

/// A power of a part of the range, 0 to 1, which a weight that another rule has changed may be a little beyond.
#[inline(always)]
fn power(part: Real, exponent: f64) -> Real {
    let base = part.clamp(0.0, 1.0);
    if exponent == 0.0 {
        1.0
    } else if exponent == 1.0 {
        base
    } else {
        real(libm::pow(wide(base), exponent))
    }
}
