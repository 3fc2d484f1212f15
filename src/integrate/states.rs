//! The columns of a model's variables, and the walk over them.

use bevy_app::App;
use bevy_ecs::{
    component::RequiredComponentsError,
    prelude::*,
    query::{IterQueryData, QueryData},
};

use crate::{
    network::{RegisterVariable, variable::RealColumn},
    numeric::{Real, blocks::Cut, carried::Carried},
};

/// One to eight columns of state: a tuple of components that [`variable!`](crate::variable) declares.
pub trait States: 'static {
    /// How many they are.
    const NUMBER: usize;

    /// The variables of one neuron: an array.
    type Values<X: Carried>: Copy;

    /// The numbers of all, or their rests below the last place.
    type Columns<'a>: Cut + 'a;

    /// The components, for a query.
    type Components: IterQueryData;

    /// Registers them as variables.
    fn register(app: &mut App);

    /// Has every entity with the component `M` have them.
    ///
    /// # Errors
    /// Entities have it already.
    fn require<M: Component>(world: &mut World) -> Result<(), RequiredComponentsError>;

    /// The numbers of the components.
    fn columns<'w>(components: <Self::Components as QueryData>::Item<'w, '_>) -> Self::Columns<'w>;

    /// The numbers from so many columns; empty ones where there are fewer.
    fn collect<'a>(columns: impl Iterator<Item = &'a mut [Real]>) -> Self::Columns<'a>;

    /// The same columns once more.
    fn again<'a>(columns: &'a mut Self::Columns<'_>) -> Self::Columns<'a>;

    /// How many neurons they hold.
    fn len(columns: &Self::Columns<'_>) -> usize;

    /// The variables of neuron `i`, without rests.
    fn at(columns: &Self::Columns<'_>, i: usize) -> Self::Values<Real>;

    /// Walks over neurons that have no spikes and no rests: gives each what `step` makes of it.
    fn change(columns: Self::Columns<'_>, step: impl Fn(usize, Self::Values<Real>) -> Self::Values<Real>);

    /// Walks over neurons: gives each what `step` makes of it.
    fn walk<X: Carried, const REFRACTORY: bool>(
        columns: Self::Columns<'_>,
        rests: Self::Columns<'_>,
        spikes: (&mut [u8], &mut [Real]),
        step: impl Fn(usize, Self::Values<X>, Spike) -> (Self::Values<X>, Spike),
    );
}

/// Whether a neuron has fired in the iteration, and the iterations for which it is refractory still.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spike {
    /// Whether it has fired.
    pub fired: bool,
    /// Iterations.
    pub left: Real,
}

macro_rules! states {
    ($($number:literal: $($type:ident $column:ident $rest:ident),+;)+) => {$(
        impl<$($type: RealColumn),+> States for ($($type,)+) {
            const NUMBER: usize = $number;

            type Values<X: Carried> = [X; $number];
            type Columns<'a> = [&'a mut [Real]; $number];
            type Components = ($(&'static mut $type,)+);

            fn register(app: &mut App) {
                $(app.register_variable::<$type>();)+
            }

            fn require<M: Component>(world: &mut World) -> Result<(), RequiredComponentsError> {
                $(world.try_register_required_components::<M, $type>()?;)+
                Ok(())
            }

            #[inline]
            fn columns<'w>(($($column,)+): <Self::Components as QueryData>::Item<'w, '_>) -> Self::Columns<'w> {
                [$($column.into_inner().column_mut()),+]
            }

            #[inline]
            fn collect<'a>(mut columns: impl Iterator<Item = &'a mut [Real]>) -> Self::Columns<'a> {
                std::array::from_fn(|_| columns.next().unwrap_or_default())
            }

            #[inline(always)]
            fn again<'a>([$($column),+]: &'a mut Self::Columns<'_>) -> Self::Columns<'a> {
                [$(&mut **$column),+]
            }

            #[inline(always)]
            fn change(
                [$($column),+]: Self::Columns<'_>,
                step: impl Fn(usize, Self::Values<Real>) -> Self::Values<Real>,
            ) {
                /// As in `walk`.
                #[inline(always)]
                #[expect(non_snake_case, reason = "the type parameters name the variables")]
                #[expect(clippy::allow_attributes, reason = "two variables are not too many")]
                #[allow(clippy::too_many_arguments, reason = "each column is one")]
                fn change($($column: &mut [Real],)+ step: impl Fn(usize, [Real; $number]) -> [Real; $number]) {
                    let n = [$($column.len()),+][0];
                    $(let $column = &mut $column[..n];)+
                    for i in 0..n {
                        let [$($type),+] = step(i, [$($column[i]),+]);
                        $($column[i] = $type;)+
                    }
                }
                change($($column,)+ step);
            }

            #[inline]
            fn len(columns: &Self::Columns<'_>) -> usize {
                columns[0].len()
            }

            #[inline]
            fn at(columns: &Self::Columns<'_>, i: usize) -> Self::Values<Real> {
                std::array::from_fn(|k| columns[k][i])
            }

            #[inline(always)]
            fn walk<X: Carried, const REFRACTORY: bool>(
                [$($column),+]: Self::Columns<'_>,
                [$($rest),+]: Self::Columns<'_>,
                (fired, left): (&mut [u8], &mut [Real]),
                step: impl Fn(usize, Self::Values<X>, Spike) -> (Self::Values<X>, Spike),
            ) {
                /// Columns that are arguments of their own are known not to overlap, without which the loop is not vectorised.
                #[inline(always)]
                #[expect(non_snake_case, reason = "the type parameters name the variables")]
                #[expect(clippy::allow_attributes, reason = "two variables are not too many")]
                #[allow(clippy::too_many_arguments, reason = "each column is one")]
                fn walk<X: Carried, const REFRACTORY: bool>(
                    $($column: &mut [Real],)+
                    $($rest: &mut [Real],)+
                    fired: &mut [u8],
                    left: &mut [Real],
                    step: impl Fn(usize, [X; $number], Spike) -> ([X; $number], Spike),
                ) {
                    let n = fired.len();
                    $(let $column = &mut $column[..n];)+
                    $(let $rest = if X::CARRIES { &mut $rest[..n] } else { $rest };)+
                    let left = if REFRACTORY { &mut left[..n] } else { left };
                    let rest_at = |rest: &[Real], i: usize| if X::CARRIES { rest[i] } else { 0.0 };
                    for i in 0..n {
                        let state = [$(X::with_rest($column[i], rest_at($rest, i))),+];
                        let spike = Spike { fired: fired[i] != 0, left: if REFRACTORY { left[i] } else { 0.0 } };
                        let (state, spike) = step(i, state, spike);
                        let [$($type),+] = state;
                        $($column[i] = $type.value();)+
                        if X::CARRIES {
                            $($rest[i] = $type.rest();)+
                        }
                        fired[i] = u8::from(spike.fired);
                        if REFRACTORY {
                            left[i] = spike.left;
                        }
                    }
                }
                walk::<X, REFRACTORY>($($column,)+ $($rest,)+ fired, left, step);
            }
        }
    )+};
}

states! {
    1: A a a_rest;
    2: A a a_rest, B b b_rest;
    3: A a a_rest, B b b_rest, C c c_rest;
    4: A a a_rest, B b b_rest, C c c_rest, D d d_rest;
    5: A a a_rest, B b b_rest, C c c_rest, D d d_rest, E e e_rest;
    6: A a a_rest, B b b_rest, C c c_rest, D d d_rest, E e e_rest, F f f_rest;
    7: A a a_rest, B b b_rest, C c c_rest, D d d_rest, E e e_rest, F f f_rest, G g g_rest;
    8: A a a_rest, B b b_rest, C c c_rest, D d d_rest, E e e_rest, F f f_rest, G g g_rest, H h h_rest;
}
