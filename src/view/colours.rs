//! Colours, on a dark ground and on a light one: of groups as in the plots (Okabe & Ito), of potentials. Nothing is told by colour
//! alone.

use egui::{Color32, Ui};

/// Groups on a dark ground, brighter than in print.
const DARK: [Color32; 7] = [
    Color32::from_rgb(86, 180, 233),
    Color32::from_rgb(230, 120, 60),
    Color32::from_rgb(0, 190, 140),
    Color32::from_rgb(230, 159, 0),
    Color32::from_rgb(214, 139, 187),
    Color32::from_rgb(240, 228, 66),
    Color32::from_rgb(150, 160, 255),
];

/// Groups on a light ground, as in the plots.
const LIGHT: [Color32; 7] = [
    Color32::from_rgb(0, 114, 178),
    Color32::from_rgb(213, 94, 0),
    Color32::from_rgb(0, 158, 115),
    Color32::from_rgb(204, 121, 167),
    Color32::from_rgb(230, 159, 0),
    Color32::from_rgb(86, 180, 233),
    Color32::from_rgb(80, 80, 80),
];

/// The colours of a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Colours {
    dark: bool,
}

impl Colours {
    pub fn of(ui: &Ui) -> Self {
        Self { dark: ui.visuals().dark_mode }
    }

    /// A group, by its place.
    pub fn group(self, place: usize) -> Color32 {
        let all = if self.dark { DARK } else { LIGHT };
        all[place % all.len()]
    }

    /// The ground of rasters.
    pub fn ground(self) -> Color32 {
        if self.dark { Color32::from_rgb(14, 16, 22) } else { Color32::WHITE }
    }

    /// A line that is there and does not matter.
    pub fn faint(self) -> Color32 {
        Color32::from_gray(if self.dark { 60 } else { 200 })
    }

    /// What is selected.
    pub fn selected(self) -> Color32 {
        if self.dark { Color32::from_rgb(80, 255, 120) } else { Color32::from_rgb(0, 130, 50) }
    }

    /// What was done to the network.
    pub fn touch(self) -> Color32 {
        if self.dark { Color32::from_rgb(255, 210, 90) } else { Color32::from_rgb(170, 110, 0) }
    }

    /// What was refused, or has failed.
    pub fn fault(self) -> Color32 {
        if self.dark { Color32::from_rgb(255, 130, 100) } else { Color32::from_rgb(180, 30, 0) }
    }
}

/// One colour at a part of the way to another.
pub(super) fn mixed(from: Color32, to: Color32, part: f32) -> Color32 {
    let mix = |k: usize| {
        let [from, to] = [from, to].map(|colour| f32::from(colour.to_array()[k]));
        (from + (to - from) * part.clamp(0.0, 1.0)) as u8
    };
    Color32::from_rgb(mix(0), mix(1), mix(2))
}

/// Inferno of matplotlib, by six of its colours, from 0 to 1; what is no number is grey.
pub(super) fn inferno(x: f32) -> Color32 {
    const STOPS: [Color32; 6] = [
        Color32::from_rgb(0, 0, 4),
        Color32::from_rgb(66, 10, 104),
        Color32::from_rgb(147, 38, 103),
        Color32::from_rgb(221, 81, 58),
        Color32::from_rgb(252, 165, 10),
        Color32::from_rgb(252, 255, 164),
    ];
    if x.is_nan() {
        return Color32::from_gray(90);
    }
    let x = x.clamp(0.0, 1.0) * 5.0;
    let place = (x as usize).min(4);
    mixed(STOPS[place], STOPS[place + 1], x - place as f32)
}

/// From blue by white to red, of what is below and above 0: −1 to 1; what is no number is grey.
pub(super) fn diverging(x: f32) -> Color32 {
    match x {
        x if x.is_nan() => Color32::from_gray(90),
        x if x < 0.0 => mixed(Color32::from_rgb(245, 245, 245), Color32::from_rgb(33, 102, 172), -x),
        x => mixed(Color32::from_rgb(245, 245, 245), Color32::from_rgb(178, 24, 43), x),
    }
}

/// A colour for each of some values: by inferno if they have one sign, otherwise about 0; with the least and the greatest.
pub(super) fn scaled(values: &[f32]) -> (Vec<Color32>, [f32; 2]) {
    let finite = values.iter().copied().filter(|value| value.is_finite());
    let (least, most) = finite.fold((f32::MAX, f32::MIN), |(least, most), x| (least.min(x), most.max(x)));
    if least > most {
        return (values.iter().map(|_| inferno(f32::NAN)).collect(), [0.0; 2]);
    }
    let span = (most - least).max(1e-6);
    let colours = values.iter().map(|value| inferno((value - least) / span));
    (colours.collect(), [least, most])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_hold_what_is_no_number_and_what_is_all_alike() {
        let (colours, range) = scaled(&[1.0, f32::NAN, 3.0, f32::INFINITY]);
        assert_eq!((range, colours[1], colours[0]), ([1.0, 3.0], Color32::from_gray(90), inferno(0.0)));
        assert_eq!(scaled(&[]).1, [0.0; 2]);
        assert_eq!(scaled(&[f32::NAN]).1, [0.0; 2]);
        assert_eq!(scaled(&[2.0; 3]), (vec![inferno(0.0); 3], [2.0, 2.0]));
        assert_eq!(
            [diverging(0.0), diverging(-1.0)],
            [Color32::from_rgb(245, 245, 245), Color32::from_rgb(33, 102, 172)]
        );
    }
}
