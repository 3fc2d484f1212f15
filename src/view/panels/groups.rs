//! Groups as pictures: each neuron at its place, coloured by a variable; who has just fired is white.

use std::collections::HashMap;

use eframe::egui::{
    Color32, ColorImage, ComboBox, Image, Rect, Sense, Stroke, StrokeKind, TextureHandle, TextureOptions, Ui, vec2,
};

use super::{
    super::{Seen, colours},
    Selected, label,
};
use crate::live::Snapshot;

/// How long a spike is seen (ms).
const FLASH: f64 = 5.0;

/// Pictures of all groups.
#[derive(Default)]
pub struct Groups {
    textures: HashMap<u32, TextureHandle>,
    /// The variable of each group that is shown, if it is not the first.
    variables: HashMap<u32, String>,
}

impl Groups {
    /// The columns that are shown.
    pub fn wanted(&self, seen: &Seen) -> Vec<(u32, String)> {
        let groups = seen.outline.groups.iter().zip(0..);
        groups
            .filter_map(|(group, place)| {
                let first = group.variables.first().map(|(name, _)| name);
                Some((place, self.variables.get(&place).or(first)?.clone()))
            })
            .collect()
    }

    /// Shows them; the neuron that was clicked.
    pub fn ui(&mut self, ui: &mut Ui, seen: &Seen, selected: Selected) -> Option<Selected> {
        let mut clicked = None;
        for column in &seen.columns {
            let Some(group) = seen.outline.groups.get(column.group as usize) else { continue };
            ui.horizontal(|ui| {
                ui.colored_label(colours::of_group(column.group as usize), "⏺");
                ui.strong(&group.name);
                ui.label(format!("{} neurons", column.values.len()));
                let mut chosen = column.variable.clone();
                let known = group.variables.iter().map(|(name, _)| name);
                ComboBox::from_id_salt(("variable of", column.group)).selected_text(&chosen).show_ui(ui, |ui| {
                    known.for_each(|name| _ = ui.selectable_value(&mut chosen, name.clone(), name));
                });
                if chosen != column.variable {
                    self.variables.insert(column.group, chosen);
                }
            });
            if let Some(neuron) = self.picture(ui, seen, column, selected) {
                clicked = Some((column.group, neuron));
            }
            ui.add_space(6.0);
        }
        clicked
    }

    fn picture(&mut self, ui: &mut Ui, seen: &Seen, column: &Snapshot, selected: Selected) -> Option<u32> {
        let group = &seen.outline.groups[column.group as usize];
        let [width, height] = grid(group.shape);
        let finite = column.values.iter().copied().filter(|value| value.is_finite());
        let (least, most) = finite.fold((f32::MAX, f32::MIN), |(least, most), x| (least.min(x), most.max(x)));
        let scale = 1.0 / (most - least).max(1e-6);
        let mut pixels: Vec<Color32> =
            column.values.iter().map(|value| colours::inferno((value - least) * scale)).collect();
        pixels.resize(width * height, Color32::TRANSPARENT);
        let recent = seen.iteration.saturating_sub((FLASH / seen.outline.dt).ceil() as u64);
        let fired =
            seen.spikes.iter().rev().take_while(|spike| spike.0 >= recent).filter(|spike| spike.1 == column.group);
        for &(_, _, neuron) in fired {
            if let Some(pixel) = pixels.get_mut(neuron as usize) {
                *pixel = Color32::WHITE;
            }
        }
        let image = ColorImage::new([width, height], pixels);
        let texture = match self.textures.get_mut(&column.group) {
            Some(texture) => {
                texture.set(image, TextureOptions::NEAREST);
                texture.id()
            }
            None => {
                let new = ui.ctx().load_texture(&group.name, image, TextureOptions::NEAREST);
                self.textures.entry(column.group).or_insert(new).id()
            }
        };
        let wide = ui.available_width().min(260.0);
        let response =
            ui.add(Image::new((texture, vec2(wide, wide * height as f32 / width as f32))).sense(Sense::click()));
        let unit = group.variables.iter().find(|(name, _)| *name == column.variable).map_or("", |(_, unit)| unit);
        label(&response, format!("{} of {}, {least:.1} to {most:.1} {unit}", column.variable, group.name));
        ui.small(format!("{} {least:.1} to {most:.1} {unit}", column.variable));
        let cell = vec2(response.rect.width() / width as f32, response.rect.height() / height as f32);
        if selected.0 == column.group {
            let (x, y) = (selected.1 as usize % width, selected.1 as usize / width);
            let corner = response.rect.min + vec2(x as f32 * cell.x, y as f32 * cell.y);
            let mark = Rect::from_min_size(corner, cell).expand(1.5);
            ui.painter().rect_stroke(mark, 2.0, Stroke::new(1.5, Color32::from_rgb(80, 255, 120)), StrokeKind::Outside);
        }
        let at = response.interact_pointer_pos().filter(|_| response.clicked())?;
        let (x, y) = ((at.x - response.rect.min.x) / cell.x, (at.y - response.rect.min.y) / cell.y);
        let neuron = y.max(0.0) as usize * width + (x.max(0.0) as usize).min(width - 1);
        (neuron < column.values.len()).then_some(neuron as u32)
    }
}

/// Width and height of a group's picture: as its grid lies, or nearly a square; sheets of a block below one another.
fn grid([width, height, depth]: [usize; 3]) -> [usize; 2] {
    let neurons = (width * height * depth).max(1);
    if height * depth > 1 {
        return [width.max(1), height * depth];
    }
    let side = (neurons as f64).sqrt().ceil() as usize;
    [side, neurons.div_ceil(side)]
}

#[cfg(test)]
mod tests {
    use super::grid;

    #[test]
    fn grids_hold_all_neurons() {
        assert_eq!(
            [grid([25, 32, 1]), grid([10, 1, 1]), grid([3, 4, 5]), grid([1, 1, 1])],
            [[25, 32], [4, 3], [3, 20], [1, 1]]
        );
    }
}
