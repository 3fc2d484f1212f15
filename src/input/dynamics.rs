//! What receptors with dynamics of their own share: their state, and the walk over the receptors of each group.
//!
//! ```text
//! x += kick · gain · arriving          p instead of x where nothing rises
//! c  = weight_p p + weight_x x         what the step gives
//! a current:       input += c
//! a conductance:   conductance += c,   input += c · reversal
//! p, x decay over the step
//! ```
//! [`super::decay`] has the coefficients. What arrives in an iteration acts from the start of its step.

use bevy_ecs::prelude::*;

use super::{
    decay::{Decay, kick_to_peak_one},
    passes::{Coefficients, Form, Given, Own, advance, advance_all},
};
use crate::{
    network::{
        self, Arriving, Behaviour, Cells, CellsOf, Clock, Conductance, Input, Jump, Listens, Membrane, Parameter,
        Preparation, PrepareError, ReceptorOf, Receptors, Step, ThreadShares, Units, V, Variable, View,
        receptor::ByGroup, residues::any_decays_slowly, shape::path_of, variable::VariableInfo,
    },
    numeric::{
        Archive, ArchiveError, Column, Real,
        pass::pass,
        real::{IS_SINGLE, real, wide},
        shares::Effort,
    },
    variable,
};

/// State of a receptor: its current or conductance, one per neuron.
#[derive(Component, Clone, Debug, Default)]
pub struct Level {
    values: Column<Real>,
    /// What the level and the rise have below the last place; empty unless they decay too slowly for single precision.
    rests: [Column<Real>; 2],
    form: Form,
    /// Whether there may be anything else than zeros: a receptor that nothing reached rests.
    awake: bool,
    /// Whether the membrane was that of the group when the coefficients were derived.
    with_membrane: bool,
}

variable! {
    /// What makes a receptor's current or conductance rise, per ms.
    pub struct Rise = "rise" in "";
}

/// A receptor with dynamics, in the terms of this file.
pub(super) struct Parts<'a> {
    pub gain: &'a Parameter,
    /// Time constants (ms); without one of rise a spike acts at once.
    pub rise: Option<&'a Parameter>,
    pub decay: &'a Parameter,
    /// Reversal potential (mV) of a conductance.
    pub reversal: Option<&'a Parameter>,
    /// Concentration of magnesium (mM) outside, where it blocks.
    pub magnesium: Option<&'a Parameter>,
}

impl Parts<'_> {
    /// Those of a neuron, with a membrane of this time constant (ms).
    fn coefficients(&self, i: usize, (dt, membrane): (f64, f64), slow: bool) -> Coefficients {
        let at = |parameter: Option<&Parameter>| parameter.map_or(0.0, |parameter| wide(parameter.at(i)));
        let [gain, tau, rise] = [Some(self.gain), Some(self.decay), self.rise].map(at);
        let Decay { mut decay, feed, mut rise_decay, level_weight, rise_weight } = Decay::new(dt, membrane, tau, rise);
        if slow {
            [decay, rise_decay] = [tau, rise].map(|tau| -libm::expm1(-dt / tau.max(1e-9)));
        }
        let kick = if self.rise.is_some() { gain * kick_to_peak_one(tau, rise) } else { gain };
        let numbers = [kick, decay, level_weight, feed, rise_decay, rise_weight].map(real);
        let [kick, decay, level_weight, feed, rise_decay, rise_weight] = numbers;
        let [reversal, magnesium] = [at(self.reversal), at(self.magnesium) / 3.57].map(real);
        Coefficients { kick, decay, level_weight, feed, rise_decay, rise_weight, reversal, magnesium }
    }

    fn form(&self) -> Form {
        match (self.reversal, self.magnesium) {
            (None, _) => Form::Current,
            (Some(_), None) => Form::Conductance,
            (Some(_), Some(_)) => Form::Blocked,
        }
    }
}

/// A receptor of the kind that this file integrates.
pub(super) trait Dynamic: Behaviour {
    fn parts(&self) -> Parts<'_>;
}

/// For [`Behaviour::prepare`]: the state takes the receptor's form, which the model of its group must be able to take.
pub(super) fn prepare(parts: &Parts<'_>, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
    let (entity, form) = (preparation.entity(), parts.form());
    if form != Form::Current {
        give_conductance(preparation, "reversal")?;
        let group = site_of(preparation);
        let world = preparation.world();
        if form == Form::Blocked && world.get::<V>(group).is_none() {
            let why = format!("`{}` has no membrane potential that magnesium could go by", path_of(world, group));
            return Err(preparation.error(None, why));
        }
    }
    let group = site_of(preparation);
    let world = preparation.world();
    // Conductances are counted as the model of the group counts its own.
    if let (Some(units), true) = (world.get::<Units>(group).copied(), group != entity) {
        world.entity_mut(entity).insert(units);
    }
    if let Some(mut level) = world.get_mut::<Level>(entity) {
        level.form = form;
    }
    Ok(())
}

/// For [`Behaviour::complete`]: says by what a conductance is multiplied, for who looks whether it is negative.
pub(super) fn complete(parts: &Parts<'_>, preparation: &mut Preparation<'_>) {
    let gain = parts.reversal.map(|_| parts.gain.range(preparation.members()));
    let entity = preparation.entity();
    if let Some(mut listens) = preparation.world().get_mut::<Listens>(entity) {
        listens.conducts = gain;
    }
    let initial = preparation.sampled("initial").map(|numbers| numbers.least(preparation.members()));
    if let (Some(least), true) = (initial.filter(|least| *least < 0.0), gain.is_some()) {
        preparation.warn(Some("initial"), format!("a conductance of {least} at the start is negative"));
    }
}

/// Says that a receptor gives a conductance, which the model of its group must be able to take.
pub(crate) fn give_conductance(preparation: &mut Preparation<'_>, field: &'static str) -> Result<(), PrepareError> {
    let (site, trial) = (site_of(preparation), preparation.is_trial());
    let world = preparation.world();
    let Some(mut conductance) = world.get_mut::<Conductance>(site) else {
        let why = format!("`{}` cannot have a conductance: its model takes no conductances", path_of(world, site));
        return Err(preparation.error(Some(field), why));
    };
    conductance.used |= !trial;
    Ok(())
}

/// Says that a receptor makes potentials jump, which the model of its group must be able to take.
pub(crate) fn give_jump(preparation: &mut Preparation<'_>, field: Option<&'static str>) -> Result<(), PrepareError> {
    let (site, trial) = (site_of(preparation), preparation.is_trial());
    let world = preparation.world();
    let Some(mut jump) = world.get_mut::<Jump>(site) else {
        let why = format!("`{}` cannot be made to jump: its model takes no jumps", path_of(world, site));
        return Err(preparation.error(field, why));
    };
    jump.used |= !trial;
    Ok(())
}

/// The group or the compartment of the receptor that is prepared.
pub(crate) fn site_of(preparation: &mut Preparation<'_>) -> Entity {
    let entity = preparation.entity();
    preparation.world().get::<ReceptorOf>(entity).map_or(entity, |of| of.0)
}

/// What a group offers to its receptors.
type Offers = (
    &'static mut Input,
    Option<&'static mut Conductance>,
    Option<Ref<'static, Membrane>>,
    Option<&'static V>,
    &'static Receptors,
    &'static ThreadShares,
);

/// The system of a kind of receptor: group by group and in the order of its receptors, so that the sum does not depend
/// on the order of a query.
pub(super) fn receive<R: Dynamic>(mut groups: Query<Offers>, mut receptors: Query<ReceptorItem<R>>, clock: Res<Clock>) {
    let mut receptors = ByGroup::new(&mut receptors, |found| found.0);
    pass(|pass| {
        for (input, conductance, membrane, v, own, ThreadShares(shares)) in &mut groups {
            let (input, sum) = (&mut input.into_inner().0[..], conductance.map(Mut::into_inner));
            let sum = sum.map_or(&mut [][..], |conductance| &mut conductance.sum);
            let mut given = Given { input, sum, v: v.map_or(&[], |v| &v.0) };
            let neurons = given.input.len();
            let (membrane, dt) = (membrane.as_ref(), clock.dt);
            if shares.cut(neurons, Effort::Light) {
                let own = receptors.take(own, |(_, receptor, level, rise, arriving, cells)| {
                    let (level, rise) = (level.into_inner(), rise.map(Mut::into_inner));
                    begin(&receptor, level, rise, arriving.into_inner(), cells.into_inner(), membrane, dt)
                });
                pass.by_shares(shares, neurons, (own, given), |_, (own, given)| advance_all(own, given));
            } else {
                receptors.by_twos(own, |found| {
                    let mut own = found.iter_mut().map(|(_, receptor, level, rise, arriving, cells)| {
                        begin(receptor, level, rise.as_deref_mut(), arriving, cells, membrane, dt)
                    });
                    advance(own.next().flatten(), own.next().flatten(), &mut given);
                });
            }
        }
    });
}

/// What a receptor has.
type ReceptorItem<R> =
    (Entity, Ref<'static, R>, &'static mut Level, Option<&'static mut Rise>, &'static mut Arriving, &'static mut Cells);

/// What a receptor needs for a step; nothing if it rests.
#[inline]
fn begin<'a, R: Dynamic>(
    receptor: &Ref<'_, R>,
    level: &'a mut Level,
    rise: Option<&'a mut Rise>,
    arriving: &'a mut Arriving,
    cells: &'a mut Cells,
    membrane: Option<&Ref<'_, Membrane>>,
    dt: f64,
) -> Option<Own<'a>> {
    let parts = receptor.parts();
    let coefficients = level.derive(&**receptor, receptor.is_changed(), cells, membrane, dt);
    level.awake |= std::mem::take(&mut arriving.any);
    let Level { values, rests: [rest, rest_of_rise], form, awake, .. } = level;
    awake.then(|| Own {
        level: values,
        rests: (rest, rest_of_rise),
        rise: rise.map_or(&mut [], |rise| &mut rise.0),
        arriving: &mut arriving.sums,
        coefficients,
        kind: (parts.rise.is_some(), *form),
    })
}

impl Level {
    /// Brings the coefficients up to date.
    #[inline]
    fn derive<'a, R: Dynamic>(
        &mut self,
        receptor: &R,
        changed: bool,
        cells: &'a mut Cells,
        membrane: Option<&Ref<'_, Membrane>>,
        dt: f64,
    ) -> CellsOf<'a, Coefficients> {
        let size = (Step { dt, steps: 1 }, self.values.len());
        let same_membrane = self.with_membrane == membrane.is_some() && !membrane.is_some_and(Ref::is_changed);
        let changed = changed || !same_membrane || !cells.hold(receptor, size);
        // A conductance is no constant current to the membrane, but acts by its mean over the step.
        let linear = membrane.filter(|_| self.form == Form::Current).map(|membrane| &membrane.tau);
        if changed {
            self.with_membrane = membrane.is_some();
            self.make_room_for_rests(&receptor.parts(), dt);
        }
        let (slow, differing) = (!self.rests[0].is_empty(), linear.is_some_and(|tau| tau.uniform().is_none()));
        cells.of_differing(receptor, changed, size, differing, |i| {
            let membrane = linear.map_or(f64::INFINITY, |tau| wide(tau.at(i)));
            receptor.parts().coefficients(i, (dt, membrane), slow)
        })
    }

    fn make_room_for_rests(&mut self, parts: &Parts<'_>, dt: f64) {
        let members = self.values.len();
        let slow = |tau: &Parameter| any_decays_slowly(tau, members, dt);
        let slow = IS_SINGLE && (slow(parts.decay) || parts.rise.is_some_and(slow));
        self.rests.iter_mut().for_each(|rest| rest.resize(0.0, if slow { members } else { 0 }));
    }
}

impl network::State for Level {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        archive.column(&mut self.values)?;
        self.rests.iter_mut().try_for_each(|rest| archive.whole(rest).map(drop))?;
        archive.any_of(&mut self.awake)
    }
}

impl Variable for Level {
    fn describe(&self) -> Vec<VariableInfo> {
        let (name, unit, docs) = match self.form {
            Form::Current => ("current", "", "Current of a receptor"),
            Form::Conductance => ("conductance", "nS", "Conductance of a receptor"),
            Form::Blocked => ("conductance", "nS", "Conductance of a receptor, were nothing blocked"),
        };
        vec![VariableInfo { name: name.into(), unit: unit.into(), docs: docs.into(), bytes: size_of::<Real>() }]
    }

    fn view(&self, name: &str) -> Option<View<'_>> {
        let own = if self.form == Form::Current { "current" } else { "conductance" };
        (name == own).then(|| View::Real(&self.values))
    }

    fn set(&mut self, name: &str, values: &mut dyn Iterator<Item = Real>) -> bool {
        // `initial` is the field by which receptors of both forms say where they start.
        let own = self.view(name).is_some() || name == "initial";
        if own {
            self.values.iter_mut().zip(values).for_each(|(old, new)| *old = new);
            self.awake = true;
        }
        own
    }

    fn resize(&mut self, members: usize) {
        self.values.resize(0.0, members);
    }
}
