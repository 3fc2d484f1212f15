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

use super::decay::{Step, kick_to_peak_one};
use crate::{
    network::{
        Arriving, Behaviour, Clock, Conductance, Derived, Input, Membrane, Parameter, Parameters, Preparation,
        PrepareError, ReceptorOf, Receptors, State, V, Variable, View, preparation::path_of, variable::VariableInfo,
    },
    numeric::{Archive, ArchiveError, Column, Real, blocks::in_blocks, dispatch, exp, real::or_zero},
    variable,
};

/// What a receptor gives to its group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Form {
    /// A current.
    #[default]
    Current,
    /// A conductance with a reversal potential.
    Conductance,
    /// A conductance that magnesium blocks the more, the lower the membrane potential is.
    Blocked,
}

/// State of a receptor: its current or conductance, one per neuron.
#[derive(Component, Clone, Debug, Default)]
pub struct Level {
    values: Column<Real>,
    form: Form,
    /// Whether there may be anything else than zeros: a receptor that nothing reached rests.
    awake: bool,
    coefficients: Derived<COEFFICIENTS>,
    /// Whether the membrane was that of the group when the coefficients were derived.
    with_membrane: bool,
}

variable! {
    /// What makes a receptor's current or conductance rise, per ms.
    pub struct Rise = "rise" in "";
}

/// Kick, factor on p, weight of p, what x gives to p, factor on x, weight of x, reversal potential, magnesium/3.57 mM.
const COEFFICIENTS: usize = 8;

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
    let (entity, trial, form) = (preparation.entity(), preparation.is_trial(), parts.form());
    if form != Form::Current {
        let group = group_of(preparation);
        let world = preparation.world();
        let Some(mut conductance) = world.get_mut::<Conductance>(group) else {
            let why = format!("`{}` cannot have a conductance: its model takes no conductances", path_of(world, group));
            return Err(preparation.error(Some("reversal"), why));
        };
        conductance.used |= !trial;
        if form == Form::Blocked && world.get::<V>(group).is_none() {
            let why = format!("`{}` has no membrane potential that magnesium could go by", path_of(world, group));
            return Err(preparation.error(None, why));
        }
    }
    if let Some(mut level) = preparation.world().get_mut::<Level>(entity) {
        level.form = form;
    }
    Ok(())
}

/// For [`Behaviour::complete`]: time constants are above zero.
pub(super) fn check_time(
    preparation: &Preparation<'_>,
    field: &'static str,
    tau: &Parameter,
) -> Result<(), PrepareError> {
    preparation.check(field, tau, |tau| tau > 0.0, "above zero")
}

/// The group of the receptor that is prepared.
pub(super) fn group_of(preparation: &mut Preparation<'_>) -> Entity {
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
);

/// The system of a kind of receptor: group by group and in the order of its receptors, so that the sum does not depend
/// on the order of a query.
pub(super) fn receive<R: Dynamic>(
    mut groups: Query<Offers>,
    mut receptors: Query<(Ref<R>, &mut Level, Option<&mut Rise>, &mut Arriving)>,
    clock: Res<Clock>,
) {
    for (mut input, mut conductance, membrane, v, own) in &mut groups {
        own.by_twos(&mut receptors, |found| {
            let given = Given {
                input: &mut input.0,
                sum: conductance.as_deref_mut().map_or(&mut [], |conductance| &mut conductance.sum),
                v: v.map_or(&[], |v| &v.0),
            };
            let mut own = found.iter_mut().map(|found| Own::begin(found, membrane.as_ref(), clock.dt));
            advance(own.next().flatten(), own.next().flatten(), given);
        });
    }
}

impl Level {
    /// Brings the coefficients up to date.
    fn derive(&mut self, parts: &Parts<'_>, changed: bool, membrane: Option<&Ref<'_, Membrane>>, dt: f64) {
        let members = self.values.len();
        let same_membrane = self.with_membrane == membrane.is_some() && !membrane.is_some_and(Ref::is_changed);
        if !changed && same_membrane && self.coefficients.holds(dt, members) {
            return;
        }
        self.with_membrane = membrane.is_some();
        let (none, slow) = (Parameter::from(0.0), Parameter::from(f64::INFINITY));
        // A conductance is no constant current to the membrane, but acts by its mean over the step.
        let membrane = membrane.filter(|_| self.form == Form::Current).map_or(&slow, |membrane| &membrane.tau);
        let [rise, reversal, magnesium] =
            [parts.rise, parts.reversal, parts.magnesium].map(|parameter| parameter.unwrap_or(&none));
        let parameters = [parts.gain, rise, parts.decay, reversal, magnesium, membrane];
        let rises = parts.rise.is_some();
        self.coefficients.derive(dt, members, parameters, |[gain, rise, decay, reversal, magnesium, membrane]| {
            let step = Step::new(dt, membrane, decay, rise);
            let kick = if rises { gain * kick_to_peak_one(decay, rise) } else { gain };
            let Step { decay, feed, rise_decay, level_weight, rise_weight } = step;
            [kick, decay, level_weight, feed, rise_decay, rise_weight, reversal, magnesium / 3.57]
        });
    }
}

/// What one receptor has of its own; `rise` is empty where nothing rises.
struct Own<'a> {
    level: &'a mut [Real],
    rise: &'a mut [Real],
    arriving: &'a mut [Real],
    coefficients: &'a Derived<COEFFICIENTS>,
    /// Whether there is a rise, and what is given.
    kind: (bool, Form),
}

/// What the receptors of a group give to; `sum` and `v` are empty where they play no part.
struct Given<'a> {
    input: &'a mut [Real],
    sum: &'a mut [Real],
    v: &'a [Real],
}

/// The state of a receptor, as a query has it.
type Found<'w, R> = (Ref<'w, R>, Mut<'w, Level>, Option<Mut<'w, Rise>>, Mut<'w, Arriving>);

impl<'a> Own<'a> {
    /// What a receptor needs for a step; nothing if it rests.
    #[inline]
    fn begin<R: Dynamic>(
        (receptor, level, rise, arriving): &'a mut Found<'_, R>,
        membrane: Option<&Ref<'_, Membrane>>,
        dt: f64,
    ) -> Option<Self> {
        let parts = receptor.parts();
        level.derive(&parts, receptor.is_changed(), membrane, dt);
        level.awake |= std::mem::take(&mut arriving.any);
        let Level { values, form, coefficients, awake, .. } = &mut **level;
        awake.then(|| Own {
            level: values,
            rise: rise.as_deref_mut().map_or(&mut [], |rise| &mut rise.0),
            arriving: &mut arriving.sums,
            coefficients,
            kind: (parts.rise.is_some(), *form),
        })
    }

    /// Whether all columns are of the same length: others belong to a group that waits to be prepared again.
    fn fits(&self, given: &Given<'_>) -> bool {
        let (n, (rises, form)) = (self.level.len(), self.kind);
        let own = self.arriving.len() == n && (!rises || self.rise.len() == n);
        let sum = form == Form::Current || given.sum.len() == n;
        own && sum && given.input.len() == n && (form != Form::Blocked || given.v.len() == n)
    }
}

/// A step of a receptor and of the next one, if there is one: in one pass over the neurons where both are of a kind and
/// have parameters that are the same for all neurons.
fn advance(one: Option<Own<'_>>, other: Option<Own<'_>>, mut given: Given<'_>) {
    let [one, other] = [one, other].map(|own| own.filter(|own| own.fits(&given)));
    let numbers = match (&one, &other) {
        (Some(one), Some(other)) if one.kind == other.kind => {
            one.coefficients.uniform().zip(other.coefficients.uniform())
        }
        _ => None,
    };
    // The kind is known when a kernel is compiled, so that its loop over neurons is vectorised.
    match (one, other, numbers) {
        (Some(one), Some(other), Some((c, d))) => match one.kind {
            (false, Form::Current) => together::<false, 0>(one, other, given, c, d),
            (false, _) => together::<false, 1>(one, other, given, c, d),
            (true, Form::Current) => together::<true, 0>(one, other, given, c, d),
            (true, Form::Conductance) => together::<true, 1>(one, other, given, c, d),
            (true, Form::Blocked) => together::<true, 2>(one, other, given, c, d),
        },
        (one, other, _) => {
            for own in [one, other].into_iter().flatten() {
                match own.kind {
                    (false, Form::Current) => alone::<false, 0>(own, &mut given),
                    (false, _) => alone::<false, 1>(own, &mut given),
                    (true, Form::Current) => alone::<true, 0>(own, &mut given),
                    (true, Form::Conductance) => alone::<true, 1>(own, &mut given),
                    (true, Form::Blocked) => alone::<true, 2>(own, &mut given),
                }
            }
        }
    }
}

/// One step of a receptor by itself.
fn alone<const RISES: bool, const FORM: u8>(own: Own<'_>, given: &mut Given<'_>) {
    let Own { level, rise, arriving, coefficients, .. } = own;
    let (n, given) = (level.len(), given.columns::<FORM>(level.len()));
    in_blocks(n, (level, rise, arriving, given, coefficients.get()), |(level, rise, arriving, given, own)| {
        let columns = (level, rise, arriving);
        dispatch(
            #[inline(always)]
            || match own {
                Parameters::Uniform(c) => step::<RISES, FORM>(columns, given, |_| c),
                Parameters::Each(each) => {
                    let n = columns.0.len();
                    if each.iter().all(|column| column.len() >= n) {
                        let each = each.map(|column| &column[..n]);
                        step::<RISES, FORM>(columns, given, |i| each.map(|column| column[i]));
                    }
                }
            },
        );
    });
}

/// One step of two receptors: each neuron gets what the first one gives, then what the second one does.
fn together<const RISES: bool, const FORM: u8>(
    one: Own<'_>,
    other: Own<'_>,
    mut given: Given<'_>,
    c: &[Real; COEFFICIENTS],
    d: &[Real; COEFFICIENTS],
) {
    let n = one.level.len();
    let own = [one, other].map(|own| (own.level, own.rise, own.arriving));
    let [one, other] = own;
    in_blocks(n, (one, other, given.columns::<FORM>(n)), |(one, other, given)| {
        dispatch(
            #[inline(always)]
            || step_both::<RISES, FORM>(one, other, given, *c, *d),
        );
    });
}

/// Level, rise, what arrives.
type Columns<'a> = (&'a mut [Real], &'a mut [Real], &'a mut [Real]);

/// Input, sum of conductances, membrane potential.
type Sums<'a> = (&'a mut [Real], &'a mut [Real], &'a [Real]);

impl Given<'_> {
    /// The columns that a form uses, of `n` neurons.
    fn columns<const FORM: u8>(&mut self, n: usize) -> Sums<'_> {
        let used = |used: bool| if used { n } else { 0 };
        (&mut self.input[..n], &mut self.sum[..used(FORM > 0)], &self.v[..used(FORM > 1)])
    }
}

#[inline(always)]
fn step<const RISES: bool, const FORM: u8>(
    (level, rise, arriving): Columns<'_>,
    (input, sum, v): Sums<'_>,
    coefficients: impl Fn(usize) -> [Real; COEFFICIENTS],
) {
    let n = level.len();
    let (arriving, input, rise) = (&mut arriving[..n], &mut input[..n], &mut rise[..if RISES { n } else { 0 }]);
    let (sum, v) = (&mut sum[..if FORM > 0 { n } else { 0 }], &v[..if FORM > 1 { n } else { 0 }]);
    for i in 0..n {
        let c = coefficients(i);
        let open = decay::<RISES>(&mut level[i], rise, &mut arriving[i], i, c);
        give::<FORM>(open, c, &mut input[i], sum, v, i);
    }
}

#[inline(always)]
fn step_both<const RISES: bool, const FORM: u8>(
    (level, rise, arriving): Columns<'_>,
    (level2, rise2, arriving2): Columns<'_>,
    (input, sum, v): Sums<'_>,
    c: [Real; COEFFICIENTS],
    d: [Real; COEFFICIENTS],
) {
    let n = level.len();
    let (arriving, input, rise) = (&mut arriving[..n], &mut input[..n], &mut rise[..if RISES { n } else { 0 }]);
    let (level2, arriving2, rise2) = (&mut level2[..n], &mut arriving2[..n], &mut rise2[..if RISES { n } else { 0 }]);
    let (sum, v) = (&mut sum[..if FORM > 0 { n } else { 0 }], &v[..if FORM > 1 { n } else { 0 }]);
    for i in 0..n {
        let open = decay::<RISES>(&mut level[i], rise, &mut arriving[i], i, c);
        let open2 = decay::<RISES>(&mut level2[i], rise2, &mut arriving2[i], i, d);
        give::<FORM>(open, c, &mut input[i], sum, v, i);
        give::<FORM>(open2, d, &mut input[i], sum, v, i);
    }
}

/// Takes in what has arrived at neuron `i`, and decays over the step; returns what is open in it.
#[inline(always)]
fn decay<const RISES: bool>(
    level: &mut Real,
    rise: &mut [Real],
    arriving: &mut Real,
    i: usize,
    [kick, decay, level_weight, feed, rise_decay, rise_weight, ..]: [Real; COEFFICIENTS],
) -> Real {
    let jump = kick * *arriving;
    *arriving = 0.0;
    if RISES {
        let (p, x) = (*level, rise[i] + jump);
        *level = or_zero(decay * p + feed * x);
        rise[i] = or_zero(rise_decay * x);
        level_weight * p + rise_weight * x
    } else {
        let p = *level + jump;
        *level = or_zero(decay * p);
        level_weight * p
    }
}

/// Gives what is open to neuron `i`.
#[inline(always)]
fn give<const FORM: u8>(
    mut open: Real,
    [.., reversal, magnesium]: [Real; COEFFICIENTS],
    input: &mut Real,
    sum: &mut [Real],
    v: &[Real],
    i: usize,
) {
    if FORM > 1 {
        open /= 1.0 + magnesium * exp(-0.062 * v[i]);
    }
    if FORM > 0 {
        sum[i] += open;
        *input += open * reversal;
    } else {
        *input += open;
    }
}

impl State for Level {
    fn keep(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        archive.column(&mut self.values)?;
        archive.value(&mut self.awake)
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
