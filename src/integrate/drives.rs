//! The forms in which a model takes what reaches its neurons, besides the current that each takes.

use bevy_ecs::{
    component::RequiredComponentsError,
    prelude::*,
    query::{IterQueryData, QueryData, ReadOnlyQueryData},
};

use crate::{
    network::{Conductance, Jump, ThresholdShift},
    numeric::{Real, blocks::Cut},
};

/// A component that sums up what reaches neurons in a form: [`Conductance`], [`Jump`], [`ThresholdShift`].
pub trait DriveColumn: Component + Default {
    /// Its place among them.
    const PLACE: usize;

    /// One number for each neuron; none where nothing ever reaches them in this form.
    fn numbers(&self) -> &[Real];
}

macro_rules! drive_column {
    ($($type:ident $place:literal),+) => {$(
        impl DriveColumn for $type {
            const PLACE: usize = $place;

            #[inline]
            fn numbers(&self) -> &[Real] {
                self.get()
            }
        }
    )+};
}
drive_column!(Conductance 0, Jump 1, ThresholdShift 2);

/// The forms that a model takes: a tuple of components, `()` for currents alone.
pub trait DriveColumns: 'static {
    /// By their places, whether it takes them.
    const TAKEN: [bool; 3];

    /// The components, for a query.
    type Components: IterQueryData + ReadOnlyQueryData;

    /// The numbers of those that it takes.
    type Columns<'a>: Cut + 'a;

    /// Has every entity with the component `M` have the components.
    ///
    /// # Errors
    /// Entities have it already.
    fn require<M: Component>(world: &mut World) -> Result<(), RequiredComponentsError>;

    /// The numbers of the components.
    fn columns<'w>(components: <Self::Components as QueryData>::Item<'w, '_>) -> Self::Columns<'w>;

    /// The same by their places, empty for those that it does not take.
    fn by_place(columns: Self::Columns<'_>) -> [&[Real]; 3];
}

macro_rules! drive_columns {
    ($($number:literal: $($type:ident $column:ident),*;)+) => {$(
        impl<$($type: DriveColumn),*> DriveColumns for ($($type,)*) {
            const TAKEN: [bool; 3] = [
                false $(|| $type::PLACE == 0)*,
                false $(|| $type::PLACE == 1)*,
                false $(|| $type::PLACE == 2)*,
            ];

            type Components = ($(&'static $type,)*);
            type Columns<'a> = [&'a [Real]; $number];

            fn require<M: Component>(_world: &mut World) -> Result<(), RequiredComponentsError> {
                $(_world.try_register_required_components::<M, $type>()?;)*
                Ok(())
            }

            #[inline]
            fn columns<'w>(($($column,)*): <Self::Components as QueryData>::Item<'w, '_>) -> Self::Columns<'w> {
                [$($column.numbers()),*]
            }

            #[inline(always)]
            fn by_place([$($column),*]: Self::Columns<'_>) -> [&[Real]; 3] {
                let all = [&[][..]; 3];
                $(let all = with(all, $type::PLACE, $column);)*
                all
            }
        }
    )+};
}

/// Columns with another one at a place.
#[inline(always)]
fn with<'a>(mut all: [&'a [Real]; 3], place: usize, column: &'a [Real]) -> [&'a [Real]; 3] {
    all[place] = column;
    all
}

drive_columns! {
    0: ;
    1: A a;
    2: A a, B b;
    3: A a, B b, C c;
}
