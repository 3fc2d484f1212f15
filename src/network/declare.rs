//! The declaration of a behaviour: its fields with units, ranges and defaults in one place.

use super::{
    parameter::{EquationText, Initial, Parameter},
    receptor::Afferent,
};

/// What may be written as the default of a field, for its type.
#[doc(hidden)]
pub trait FieldDefault<T> {
    fn default_of(self) -> T;
}

impl<T> FieldDefault<T> for T {
    fn default_of(self) -> T {
        self
    }
}

macro_rules! defaults {
    ($($from:ty => $to:ty),+ $(,)?) => {
        $(impl FieldDefault<$to> for $from {
            fn default_of(self) -> $to {
                self.into()
            }
        })+
    };
}

defaults! {
    f64 => Parameter,
    &str => Parameter,
    f64 => Initial,
    &str => Initial,
    &str => Afferent,
    &str => String,
    &str => EquationText,
}

/// Declares a [`Behaviour`](super::Behaviour)'s fields: the component, what reflection says of it, and its default.
///
/// A field without a default has that of its type. Numbers and expressions stand for parameters and initial values.
///
/// ```
/// use cortecs::{author::*, prelude::*};
///
/// behaviour! {
///     /// Pulls the membrane potential towards a place of rest.
///     pub struct Leak {
///         /// Rate.
///         #[reflect(@Unit("1/ms"), @Range::ABOVE_ZERO)]
///         pub rate: Parameter = 0.1,
///         /// Place of rest.
///         #[reflect(@Unit("mV"))]
///         pub rest: Parameter = "-65 + normal(0, 1)",
///         /// When it begins.
///         pub start: f64 = 0.0,
///         /// When it ends; never by default.
///         pub stop: Option<f64>,
///     }
/// }
///
/// let leak = Leak::default();
/// assert_eq!((f64::from(leak.rate.at(0)) as f32, leak.stop), (0.1, None));
/// ```
#[macro_export]
macro_rules! behaviour {
    ($(#[$meta:meta])* $visibility:vis struct $type:ident {
        $($(#[$field_meta:meta])* $field_visibility:vis $field:ident: $kind:ty $(= $default:expr)?),* $(,)?
    }) => {
        // Nothing makes a behaviour of another one's description, and reflection clones and prints it by the traits that it
        // has anyway: that spares two fifths of what `Reflect` derives, the largest part of the code of most behaviours.
        #[derive($crate::bevy_ecs::component::Component, $crate::bevy_reflect::Reflect, Clone, Debug)]
        #[reflect(from_reflect = false, Clone, Debug)]
        $(#[$meta])*
        $visibility struct $type {
            $($(#[$field_meta])* $field_visibility $field: $kind,)*
        }

        impl Default for $type {
            fn default() -> Self {
                Self { $($field: $crate::behaviour!(@default $kind $(, $default)?),)* }
            }
        }
    };
    (@default $kind:ty) => {
        <$kind as Default>::default()
    };
    (@default $kind:ty, $default:expr) => {
        $crate::network::declare::FieldDefault::<$kind>::default_of($default)
    };
}
