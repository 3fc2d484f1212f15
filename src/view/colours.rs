//! Colours: of groups as in the plots (Okabe & Ito), brighter on a dark ground; of potentials.

use eframe::egui::Color32;

/// The ground of rasters.
pub(super) const GROUND: Color32 = Color32::from_rgb(14, 16, 22);

const GROUPS: [Color32; 7] = [
    Color32::from_rgb(86, 180, 233),
    Color32::from_rgb(230, 120, 60),
    Color32::from_rgb(0, 190, 140),
    Color32::from_rgb(230, 159, 0),
    Color32::from_rgb(214, 139, 187),
    Color32::from_rgb(240, 228, 66),
    Color32::from_rgb(150, 160, 255),
];

/// The colour of a group, by its place.
pub(super) fn of_group(place: usize) -> Color32 {
    GROUPS[place % GROUPS.len()]
}

/// Inferno of matplotlib, by six of its colours, from 0 to 1.
pub(super) fn inferno(x: f32) -> Color32 {
    const STOPS: [[f32; 3]; 6] = [
        [0.0, 0.0, 4.0],
        [66.0, 10.0, 104.0],
        [147.0, 38.0, 103.0],
        [221.0, 81.0, 58.0],
        [252.0, 165.0, 10.0],
        [252.0, 255.0, 164.0],
    ];
    let x = if x.is_nan() { 0.0 } else { x.clamp(0.0, 1.0) * 5.0 };
    let (place, part) = ((x as usize).min(4), x - (x as usize).min(4) as f32);
    let mixed = |k: usize| STOPS[place][k] + (STOPS[place + 1][k] - STOPS[place][k]) * part;
    Color32::from_rgb(mixed(0) as u8, mixed(1) as u8, mixed(2) as u8)
}
