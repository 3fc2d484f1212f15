//! Colour scales: which colour a value has, and the bar that says so.
//!
//! The colours are C. Brewer's schemes `YlGnBu`, for values on one side of zero, and `RdBu`, for both (colorbrewer2.org): they
//! darken steadily away from zero, in print without colours and under every common colour blindness too.

use super::axis::Axis;
use super::canvas::{Align, Canvas, Colour};
use super::panel::{HAIRLINE, MEDIUM, SMALL, labelled};

/// Colours that a scale is cut into: more cannot be told apart, and in the SVG each is a path.
pub(super) const SHADES: usize = 64;

/// Width of a bar, and the room that it needs with its labels.
const BAR: f64 = 12.0;
pub(super) const BAR_ROOM: f64 = 76.0;

const ONE_SIDED: [Colour; 9] = [
    Colour::new(0xff, 0xff, 0xd9),
    Colour::new(0xed, 0xf8, 0xb1),
    Colour::new(0xc7, 0xe9, 0xb4),
    Colour::new(0x7f, 0xcd, 0xbb),
    Colour::new(0x41, 0xb6, 0xc4),
    Colour::new(0x1d, 0x91, 0xc0),
    Colour::new(0x22, 0x5e, 0xa8),
    Colour::new(0x25, 0x34, 0x94),
    Colour::new(0x08, 0x1d, 0x58),
];

const TWO_SIDED: [Colour; 11] = [
    Colour::new(0x05, 0x30, 0x61),
    Colour::new(0x21, 0x66, 0xac),
    Colour::new(0x43, 0x93, 0xc3),
    Colour::new(0x92, 0xc5, 0xde),
    Colour::new(0xd1, 0xe5, 0xf0),
    Colour::new(0xf7, 0xf7, 0xf7),
    Colour::new(0xfd, 0xdb, 0xc7),
    Colour::new(0xf4, 0xa5, 0x82),
    Colour::new(0xd6, 0x60, 0x4d),
    Colour::new(0xb2, 0x18, 0x2b),
    Colour::new(0x67, 0x00, 0x1f),
];

/// From values to colours.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    axis: Axis,
    stops: &'static [Colour],
    /// Whether the last colour is that of the lowest value.
    downwards: bool,
    logarithmic: bool,
}

impl Scale {
    /// For the finite ones of `values`, from zero to that which is farthest from it; as far to both sides if they lie on both.
    pub(super) fn from_zero(values: impl IntoIterator<Item = f64>) -> Self {
        let finite = values.into_iter().filter(|value| value.is_finite());
        let (low, high) = finite.fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        let scale = |low, high, stops| Self {
            axis: Axis::exact(low, high, 5),
            stops,
            downwards: high == 0.0,
            logarithmic: false,
        };
        match (low < 0.0, high > 0.0) {
            (true, true) => scale(low.min(-high), high.max(-low), &TWO_SIDED),
            (true, false) => scale(low, 0.0, &ONE_SIDED),
            (false, true) => scale(0.0, high, &ONE_SIDED),
            (false, false) => scale(0.0, 1.0, &ONE_SIDED),
        }
    }

    /// For the positive ones of `values`: from zero, or where they differ by a factor of 50 by their logarithm, over whole
    /// powers of ten, three at most.
    pub(super) fn of_shares(values: &[f64]) -> Self {
        let positive = values.iter().filter(|value| **value > 0.0 && value.is_finite());
        let (low, high) =
            positive.fold((f64::INFINITY, 0.0_f64), |(low, high), &value| (low.min(value), high.max(value)));
        if high <= 50.0 * low {
            return Self::from_zero([high]);
        }
        let [low, high] = [low, high].map(libm::log10);
        let axis = Axis::decades(low.max(high.ceil() - 3.0), high, 6);
        Self { axis, stops: &ONE_SIDED, downwards: false, logarithmic: true }
    }

    /// Which of the shades a value has, the nearest if it lies outside the scale.
    pub(super) fn shade(&self, value: f64) -> usize {
        let share = self.axis.share(if self.logarithmic { libm::log10(value) } else { value });
        ((share * SHADES as f64) as usize).min(SHADES - 1)
    }

    pub(super) fn colour(&self, shade: usize) -> Colour {
        let share = (shade as f64 + 0.5) / SHADES as f64;
        let along = if self.downwards { 1.0 - share } else { share } * (self.stops.len() - 1) as f64;
        let nth = (along as usize).min(self.stops.len() - 2);
        self.stops[nth].mixed(self.stops[nth + 1], along - nth as f64)
    }

    /// Below a bar, what the colour stands for of cells that have no value.
    pub(super) fn blank(canvas: &mut Canvas, (left, bottom): (f64, f64), colour: Colour, what: &str) {
        // Below the labels of a time axis.
        let (top, right, low) = (bottom + 22.0, left + BAR, bottom + 22.0 + BAR);
        let box_of = [(left, top), (right, top), (right, low), (left, low)];
        canvas.area(&box_of, colour);
        canvas.line(box_of.into_iter().chain([(left, top)]).collect(), Colour::BLACK, HAIRLINE);
        canvas.text((right + 7.0, low - 2.0), what, SMALL, Align::Left, Colour::BLACK);
    }

    /// The bar, with what it shows above it.
    pub(super) fn bar(&self, canvas: &mut Canvas, (left, top): (f64, f64), height: f64, (name, unit): (&str, &str)) {
        let (right, bottom) = (left + BAR, top + height);
        // Each down to the bottom, and the next over it: between edges that only touch, the page would shine through.
        for shade in (0..SHADES).rev() {
            let from = bottom - (shade + 1) as f64 * height / SHADES as f64;
            canvas.area(&[(left, from), (right, from), (right, bottom), (left, bottom)], self.colour(shade));
        }
        canvas.line(
            vec![(left, top), (right, top), (right, bottom), (left, bottom), (left, top)],
            Colour::BLACK,
            HAIRLINE,
        );
        for (value, label) in self.axis.labels() {
            let y = bottom - self.axis.share(value) * height;
            canvas.line(vec![(right, y), (right + 4.0, y)], Colour::BLACK, HAIRLINE);
            canvas.text((right + 7.0, y + 4.0), &label, SMALL, Align::Left, Colour::BLACK);
        }
        let unit = format!("{} {unit}", self.axis.factor());
        canvas.text((left, top - 11.0), &labelled(name, unit.trim()), MEDIUM, Align::Left, Colour::BLACK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_pale_and_what_is_farthest_from_it_dark() {
        let darkness = |scale: &Scale, value: f64| scale.colour(scale.shade(value)).lightness();
        for values in [[0.0, 0.5, 2.0], [0.0, -1.0, -7.0]] {
            let scale = Scale::from_zero(values);
            let [zero, some, most] = values.map(|value| darkness(&scale, value));
            assert!(zero > 0.9 && zero > some && some > most && most < 0.25, "{zero} {some} {most}");
        }
        let scale = Scale::from_zero([-1.0, 3.0, f64::NAN]);
        assert!((darkness(&scale, 0.0) - darkness(&scale, 3.0)).abs() > 0.6);
        assert_eq!(scale.shade(-3.0), 0, "as far to both sides");
        assert_eq!((scale.shade(9.0), scale.shade(-9.0)), (SHADES - 1, 0));
    }

    #[test]
    fn shares_that_differ_much_have_a_scale_of_three_decades_at_most() {
        let scale = Scale::of_shares(&[0.0, f64::NAN, 1e-9, 0.9]);
        assert_eq!((scale.shade(1e-4), scale.shade(0.0), scale.shade(1.0)), (0, 0, SHADES - 1));
        assert_eq!(scale.shade(0.0317), SHADES / 2);
        assert_eq!(Scale::of_shares(&[0.1, 0.0, 0.4]).shade(0.2), SHADES / 2);
        assert_eq!(Scale::of_shares(&[]).shade(1.0), SHADES - 1);
    }
}
