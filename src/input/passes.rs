//! The passes over the neurons in which receptors with dynamics take a step: one receptor in a pass, or two that stand side
//! by side, as a pass writes the input of all neurons once. The equations are those of [`dynamics`](super::dynamics).

use crate::{
    cell,
    network::{Cell, CellsOf},
    numeric::{
        Real,
        blocks::{Cut, one_after_another},
        dispatch, exp,
        real::{moved, or_zero},
    },
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

cell! {
    /// What a step of a receptor needs. Of what decays slowly, the factors are what they lack to 1.
    pub(super) struct Coefficients {
        pub kick: Real,
        /// Factor on p.
        pub decay: Real,
        /// Weight of p.
        pub level_weight: Real,
        /// What x gives to p.
        pub feed: Real,
        /// Factor on x.
        pub rise_decay: Real,
        /// Weight of x.
        pub rise_weight: Real,
        pub reversal: Real,
        /// In units of 3.57 mM.
        pub magnesium: Real,
    }
}

/// What one receptor has of its own; `rise` is empty where nothing rises.
pub(super) struct Own<'a> {
    pub level: &'a mut [Real],
    pub rise: &'a mut [Real],
    /// Rests of both below the last place; empty where none are carried.
    pub rests: (&'a mut [Real], &'a mut [Real]),
    pub arriving: &'a mut [Real],
    pub coefficients: CellsOf<'a, Coefficients>,
    /// Whether there is a rise, and what is given.
    pub kind: (bool, Form),
}

/// What the receptors of a group give to; `sum` and `v` are empty where they play no part.
pub(super) struct Given<'a> {
    pub input: &'a mut [Real],
    pub sum: &'a mut [Real],
    pub v: &'a [Real],
}

impl Cut for Own<'_> {
    fn cut(self, at: usize) -> (Self, Self) {
        let kind = self.kind;
        let (head, tail) = (self.level, self.rise, self.rests, self.arriving, self.coefficients).cut(at);
        let own =
            |(level, rise, rests, arriving, coefficients)| Own { level, rise, rests, arriving, coefficients, kind };
        (own(head), own(tail))
    }
}

impl Cut for Given<'_> {
    fn cut(self, at: usize) -> (Self, Self) {
        let (head, tail) = (self.input, self.sum, self.v).cut(at);
        let given = |(input, sum, v)| Given { input, sum, v };
        (given(head), given(tail))
    }
}

impl Own<'_> {
    /// Whether rests are carried.
    fn creeps(&self) -> bool {
        !self.rests.0.is_empty()
    }

    /// Whether all columns are of the same length: others belong to a group that waits to be prepared again.
    fn fits(&self, given: &Given<'_>) -> bool {
        let (n, (rises, form)) = (self.level.len(), self.kind);
        let own = self.arriving.len() == n && (!rises || self.rise.len() == n);
        let own = own && (self.rests.0.is_empty() || (self.rests.0.len() == n && self.rests.1.len() == n));
        let sum = form == Form::Current || given.sum.len() == n;
        own && sum && given.input.len() == n && (form != Form::Blocked || given.v.len() == n)
    }
}

/// A step of a receptor and of the next one, if there is one: in one pass over the neurons where both are of a kind and
/// have parameters that are the same for all neurons.
pub(super) fn advance(one: Option<Own<'_>>, other: Option<Own<'_>>, given: &mut Given<'_>) {
    let [one, other] = [one, other].map(|own| own.filter(|own| own.fits(given)));
    match (one, other) {
        (Some(one), Some(other)) if one.kind == other.kind && !one.creeps() && !other.creeps() => {
            advance_kind(one, Some(other), given);
        }
        (one, other) => [one, other].into_iter().flatten().for_each(|own| advance_kind(own, None, given)),
    }
}

/// A step of all receptors of a group, in their order.
pub(super) fn advance_all(own: Vec<Own<'_>>, mut given: Given<'_>) {
    let mut own = own.into_iter();
    while let Some(one) = own.next() {
        advance(Some(one), own.next(), &mut given);
    }
}

/// The kind is known when a kernel is compiled, so that its loop over neurons is vectorised.
fn advance_kind(one: Own<'_>, other: Option<Own<'_>>, given: &mut Given<'_>) {
    match one.kind {
        (false, Form::Current) => advance_by::<false, 0>(one, other, given),
        (false, _) => advance_by::<false, 1>(one, other, given),
        (true, Form::Current) => advance_by::<true, 0>(one, other, given),
        (true, Form::Conductance) => advance_by::<true, 1>(one, other, given),
        (true, Form::Blocked) => advance_by::<true, 2>(one, other, given),
    }
}

fn advance_by<const RISES: bool, const FORM: u8>(one: Own<'_>, other: Option<Own<'_>>, given: &mut Given<'_>) {
    let Some(other) = other else { return alone::<RISES, FORM>(one, given) };
    match (one.coefficients, other.coefficients) {
        (CellsOf::Alike(c), CellsOf::Alike(d)) => together::<RISES, FORM>((one, c), (other, d), given),
        _ => [one, other].into_iter().for_each(|own| alone::<RISES, FORM>(own, given)),
    }
}

/// One step of a receptor by itself.
fn alone<const RISES: bool, const FORM: u8>(own: Own<'_>, given: &mut Given<'_>) {
    let Own { level, rise, rests, arriving, coefficients, .. } = own;
    let (n, given) = (level.len(), given.columns::<FORM>(level.len()));
    let all = (level, rise, rests, arriving, given, coefficients);
    one_after_another(n, all, &|(level, rise, rests, arriving, given, own)| {
        let columns = (level, rise, arriving);
        dispatch(
            #[inline(always)]
            || match own {
                CellsOf::Alike(c) if rests.0.is_empty() => step::<RISES, FORM>(columns, given, |_| c),
                CellsOf::Alike(c) => creep::<RISES, FORM>(columns, rests, given, |_| c),
                CellsOf::Each(each) if rests.0.is_empty() => {
                    step::<RISES, FORM>(columns, given, Coefficients::read(each, 0));
                }
                CellsOf::Each(each) => creep::<RISES, FORM>(columns, rests, given, Coefficients::read(each, 0)),
            },
        );
    });
}

/// One step of two receptors: each neuron gets what the first one gives, then what the second one does.
fn together<const RISES: bool, const FORM: u8>(
    (one, c): (Own<'_>, Coefficients),
    (other, d): (Own<'_>, Coefficients),
    given: &mut Given<'_>,
) {
    let n = one.level.len();
    let [one, other] = [one, other].map(|own| (own.level, own.rise, own.arriving));
    one_after_another(n, (one, other, given.columns::<FORM>(n)), &|(one, other, given)| {
        dispatch(
            #[inline(always)]
            || step_both::<RISES, FORM>(one, other, given, c, d),
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
    coefficients: impl Fn(usize) -> Coefficients,
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

/// The same of what decays by less than single precision tells: rests below the last place are carried on.
#[inline(always)]
fn creep<const RISES: bool, const FORM: u8>(
    (level, rise, arriving): Columns<'_>,
    (rests, rests_of_rise): (&mut [Real], &mut [Real]),
    (input, sum, v): Sums<'_>,
    coefficients: impl Fn(usize) -> Coefficients,
) {
    for i in 0..level.len() {
        let c @ Coefficients { kick, decay: lost, level_weight, feed, rise_decay: rise_lost, rise_weight, .. } =
            coefficients(i);
        let (jump, before, rest) = (kick * arriving[i], level[i], rests[i]);
        arriving[i] = 0.0;
        let open = if RISES {
            let (x, own) = moved(rise[i], rests_of_rise[i], jump);
            (level[i], rests[i]) = moved(before, rest, feed * x - lost * before);
            (rise[i], rests_of_rise[i]) = moved(x, own, -rise_lost * x);
            level_weight * before + rise_weight * x
        } else {
            let (p, rest) = moved(before, rest, jump);
            (level[i], rests[i]) = moved(p, rest, -lost * p);
            level_weight * p
        };
        give::<FORM>(open, c, &mut input[i], sum, v, i);
    }
}

#[inline(always)]
fn step_both<const RISES: bool, const FORM: u8>(
    (level, rise, arriving): Columns<'_>,
    (level2, rise2, arriving2): Columns<'_>,
    (input, sum, v): Sums<'_>,
    c: Coefficients,
    d: Coefficients,
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
    Coefficients { kick, decay, level_weight, feed, rise_decay, rise_weight, .. }: Coefficients,
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
    Coefficients { reversal, magnesium, .. }: Coefficients,
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
