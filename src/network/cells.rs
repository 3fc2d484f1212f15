//! The constants of the cells of a group, as a step needs them instead of parameters: derived when parameters or the step
//! change, and not in every iteration; for all neurons at once where no parameter differs.

use std::any::TypeId;

use bevy_ecs::prelude::*;
use bevy_reflect::Reflect;
use smallvec::SmallVec;

use super::{clock::Clock, fields};
use crate::numeric::{Column, Real, blocks::Cut, real::real};

/// The constants of one neuron: a struct of numbers, which [`cell!`](crate::cell) declares.
pub trait Cell: Copy + Send + 'static {
    /// How many numbers it consists of.
    const WIDTH: usize;

    /// Gives its numbers, in order.
    fn write(self, number: &mut dyn FnMut(Real));

    /// The constants by neuron, from column `first` on.
    fn read(columns: CellColumns<'_>, first: usize) -> impl Fn(usize) -> Self + Copy;
}

impl Cell for Real {
    const WIDTH: usize = 1;

    fn write(self, number: &mut dyn FnMut(Real)) {
        number(self);
    }

    #[inline(always)]
    fn read(columns: CellColumns<'_>, first: usize) -> impl Fn(usize) -> Self + Copy {
        let column = columns.column(first);
        #[inline(always)]
        move |i| column[i]
    }
}

impl Cell for bool {
    const WIDTH: usize = 1;

    fn write(self, number: &mut dyn FnMut(Real)) {
        number(Real::from(u8::from(self)));
    }

    #[inline(always)]
    fn read(columns: CellColumns<'_>, first: usize) -> impl Fn(usize) -> Self + Copy {
        let column = columns.column(first);
        #[inline(always)]
        move |i| column[i] != 0.0
    }
}

/// Declares the constants of a neuron as a struct of numbers, or of such structs.
///
/// ```
/// use cortecs::numeric::Real;
///
/// cortecs::cell! {
///     /// What a step of a leaky membrane needs.
///     pub struct Leaky {
///         /// Where it relaxes to (mV).
///         pub rest: Real,
///         /// What a step covers of the way.
///         pub part: Real,
///     }
/// }
/// ```
#[macro_export]
macro_rules! cell {
    ($(#[$meta:meta])* $visibility:vis struct $type:ident {
        $($(#[$field_meta:meta])* $field_visibility:vis $field:ident: $kind:ty),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        $visibility struct $type {
            $($(#[$field_meta])* $field_visibility $field: $kind),+
        }

        impl $crate::network::Cell for $type {
            const WIDTH: usize = 0 $(+ <$kind as $crate::network::Cell>::WIDTH)+;

            fn write(self, number: &mut dyn FnMut($crate::numeric::Real)) {
                $($crate::network::Cell::write(self.$field, number);)+
            }

            #[inline(always)]
            fn read(columns: $crate::network::CellColumns<'_>, first: usize) -> impl Fn(usize) -> Self + Copy {
                let next = first;
                $(
                    // By name: a loop over an array of slices is not vectorised.
                    let $field = <$kind as $crate::network::Cell>::read(columns, next);
                    let next = next + <$kind as $crate::network::Cell>::WIDTH;
                )+
                let _ = next;
                #[inline(always)]
                move |i| Self { $($field: $field(i)),+ }
            }
        }
    };
}

/// How far a group is taken in an iteration.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Step {
    /// The iteration (ms).
    pub dt: f64,
    /// Steps of the method in it.
    pub steps: u32,
}

impl Step {
    /// So many steps in an iteration of the clock.
    #[must_use]
    pub fn of(clock: &Clock, steps: u32) -> Self {
        Self { dt: clock.dt, steps }
    }

    /// The iteration (ms).
    #[inline(always)]
    #[must_use]
    pub const fn dt(self) -> Real {
        real(self.dt)
    }

    /// One step (ms).
    #[inline(always)]
    #[must_use]
    pub const fn h(self) -> Real {
        real(self.dt) / self.steps as Real
    }

    /// One step (ms).
    #[must_use]
    pub fn wide_h(self) -> f64 {
        self.dt / f64::from(self.steps.max(1))
    }
}

/// On a neuron group: the constants that each of its behaviours has derived.
#[derive(Component, Clone, Debug, Default)]
pub struct Cells(SmallVec<[(TypeId, Constants); 1]>);

/// Those of one behaviour.
#[derive(Clone, Debug, Default)]
struct Constants {
    step: Step,
    members: usize,
    /// Neurons from a column to the next; 0 where all neurons are alike.
    stride: usize,
    /// Column by column, where neurons differ.
    numbers: Column<Real>,
    /// One number of each where all neurons are alike: in place, as many small groups are bound by the memory that they touch.
    alike: SmallVec<[Real; 12]>,
}

impl Constants {
    fn hold(&self, (step, members): (Step, usize)) -> bool {
        self.step == step && self.members == members
    }
}

/// Gives the numbers of a neuron one after another.
type Rule<'a> = dyn Fn(usize, &mut dyn FnMut(Real)) + 'a;

/// Columns begin at multiples of a cache line.
const GRAIN: usize = 64 / size_of::<Real>();

impl Cells {
    /// The constants of a behaviour, brought up to date: derived by a rule from its parameters, if these or the step have
    /// `changed`.
    #[inline]
    pub fn of<B: Reflect, C: Cell>(
        &mut self,
        behaviour: &B,
        changed: bool,
        size: (Step, usize),
        rule: impl Fn(usize) -> C,
    ) -> CellsOf<'_, C> {
        self.of_differing(behaviour, changed, size, false, rule)
    }

    /// The same where neurons may differ without a parameter that does.
    #[inline]
    pub fn of_differing<B: Reflect, C: Cell>(
        &mut self,
        behaviour: &B,
        changed: bool,
        (step, members): (Step, usize),
        differing: bool,
        rule: impl Fn(usize) -> C,
    ) -> CellsOf<'_, C> {
        let place = self.0.iter().position(|(of, _)| *of == TypeId::of::<B>());
        let place = place.unwrap_or_else(|| self.add(TypeId::of::<B>()));
        let constants = &mut self.0[place].1;
        if changed || !constants.hold((step, members)) {
            let uniform = !differing && fields::parameters_are_uniform(behaviour.as_partial_reflect());
            *constants = derive(C::WIDTH, uniform, (step, members), &|i, number| rule(i).write(number));
        }
        let Constants { stride, numbers, alike, .. } = constants;
        if *stride == 0 {
            // Of a length that is known, so that it is looked at once.
            let alike = CellColumns { numbers: &alike[..C::WIDTH], stride: 1, from: 0, members: 1 };
            return CellsOf::Alike(C::read(alike, 0)(0));
        }
        CellsOf::Each(CellColumns { numbers, stride: *stride, from: 0, members })
    }

    /// Whether the constants of a behaviour are there for a step and a number of members.
    pub fn hold<B: Reflect>(&self, _: &B, size: (Step, usize)) -> bool {
        let found = self.0.iter().find(|(of, _)| *of == TypeId::of::<B>());
        found.is_some_and(|(_, constants)| constants.hold(size))
    }

    #[cold]
    fn add(&mut self, behaviour: TypeId) -> usize {
        self.0.push((behaviour, Constants::default()));
        self.0.len() - 1
    }
}

/// Constants by a rule; whatever they are, so that this is compiled once.
#[cold]
fn derive(width: usize, uniform: bool, (step, members): (Step, usize), of: &Rule<'_>) -> Constants {
    if uniform {
        let mut alike = SmallVec::with_capacity(width);
        of(0, &mut |number| alike.push(number));
        return Constants { step, members, alike, ..Constants::default() };
    }
    let stride = members.next_multiple_of(GRAIN).max(GRAIN);
    let mut numbers = Column::filled(0.0, width * stride);
    for i in 0..members {
        let mut at = i;
        of(i, &mut |number| {
            if let Some(place) = numbers.get_mut(at) {
                *place = number;
            }
            at += stride;
        });
    }
    Constants { step, members, stride, numbers, ..Constants::default() }
}

/// The constants of neurons that differ, column by column.
#[derive(Clone, Copy)]
pub struct CellColumns<'a> {
    numbers: &'a [Real],
    stride: usize,
    from: usize,
    members: usize,
}

impl<'a> CellColumns<'a> {
    /// A column, of as many numbers as there are neurons.
    #[inline(always)]
    #[must_use]
    pub fn column(self, k: usize) -> &'a [Real] {
        let start = k * self.stride + self.from;
        &self.numbers[start..start + self.members]
    }
}

impl CellColumns<'_> {
    /// The columns of so many neurons from `first` on.
    #[inline(always)]
    #[must_use]
    pub const fn part(self, first: usize, members: usize) -> Self {
        Self { from: self.from + first, members, ..self }
    }
}

impl Cut for CellColumns<'_> {
    #[inline]
    fn cut(self, at: usize) -> (Self, Self) {
        let at = at.min(self.members);
        (Self { members: at, ..self }, Self { from: self.from + at, members: self.members - at, ..self })
    }
}

/// The constants of a group's neurons: two cases, so that a kernel is compiled with them in registers, and with columns beside
/// those of the state.
#[derive(Clone, Copy)]
pub enum CellsOf<'a, C> {
    /// The same for all.
    Alike(C),
    /// Of each its own.
    Each(CellColumns<'a>),
}

impl<C: Cell> Cut for CellsOf<'_, C> {
    #[inline]
    fn cut(self, at: usize) -> (Self, Self) {
        match self {
            Self::Alike(_) => (self, self),
            Self::Each(columns) => {
                let (head, tail) = columns.cut(at);
                (Self::Each(head), Self::Each(tail))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{network::Parameter, prelude::*, value::Members};

    cell! {
        /// A number that differs, in a struct, and a truth.
        pub struct Pair {
            inner: Inner,
            odd: bool,
        }
    }

    cell! {
        /// Numbers.
        pub struct Inner {
            twice: Real,
            same: Real,
        }
    }

    #[derive(Component, Reflect, Clone, Default)]
    struct Own {
        x: Parameter,
        y: Option<Parameter>,
    }

    fn pair(own: &Own, i: usize) -> Pair {
        Pair { inner: Inner { twice: 2.0 * own.x.at(i), same: 7.0 }, odd: i % 2 == 1 }
    }

    #[test]
    fn constants_are_derived_once_or_for_each_and_hold_for_a_step() {
        let (mut cells, mut own) = (Cells::default(), Own { x: 2.0.into(), y: Some(1.0.into()) });
        let (step, other) = (Step { dt: 0.5, steps: 1 }, Step { dt: 0.5, steps: 2 });
        let alike = |cells: CellsOf<'_, Pair>| match cells {
            CellsOf::Alike(cell) => cell.inner.twice,
            CellsOf::Each(_) => panic!("alike"),
        };
        assert_eq!(alike(cells.of(&own, false, (step, 3), |i| pair(&own, i))), 4.0);
        own.x = 3.0.into();
        assert_eq!(alike(cells.of(&own, false, (step, 3), |i| pair(&own, i))), 4.0);
        for (changed, step) in [(true, step), (false, other)] {
            assert_eq!(alike(cells.of(&own, changed, (step, 3), |i| pair(&own, i))), 6.0);
        }
        own.x.store(&Members::Each(vec![0.0, 1.0, 2.0]), 3);
        let CellsOf::Each(each) = cells.of(&own, true, (step, 3), |i| pair(&own, i)) else { panic!("each") };
        let (head, tail) = each.cut(1);
        let (head, tail) = (Pair::read(head, 0), Pair::read(tail, 0));
        assert_eq!([head(0), tail(0), tail(1)], [0, 1, 2].map(|i| pair(&own, i)));
    }
}
