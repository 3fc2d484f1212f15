//! A picture of cells: a texture that lives as long as it is shown, and the cell under the pointer.

use egui::{
    Color32, ColorImage, Image, Rect, Response, Sense, Stroke, StrokeKind, TextureHandle, TextureOptions, Ui, vec2,
};

use super::super::colours::Colours;

/// A texture that changes.
#[derive(Default)]
pub struct Canvas {
    texture: Option<TextureHandle>,
    size: [usize; 2],
}

impl Canvas {
    /// The texture of some pixels.
    pub fn paint(&mut self, ui: &Ui, name: &str, size: [usize; 2], pixels: Vec<Color32>) -> egui::TextureId {
        self.size = size;
        let image = ColorImage::new(size, pixels);
        match &mut self.texture {
            Some(texture) => {
                texture.set(image, TextureOptions::NEAREST);
                texture.id()
            }
            None => self.texture.insert(ui.ctx().load_texture(name, image, TextureOptions::NEAREST)).id(),
        }
    }

    /// Shows pixels as cells in a width.
    pub fn show(&mut self, ui: &mut Ui, name: &str, size: [usize; 2], mut pixels: Vec<Color32>, wide: f32) -> Response {
        pixels.resize(size[0] * size[1], Color32::TRANSPARENT);
        let texture = self.paint(ui, name, size, pixels);
        let shown = vec2(wide, wide * size[1] as f32 / size[0].max(1) as f32);
        ui.add(Image::new((texture, shown)).sense(Sense::click()))
    }

    fn cell_size(&self, response: &Response) -> egui::Vec2 {
        vec2(response.rect.width() / self.size[0] as f32, response.rect.height() / self.size[1] as f32)
    }

    /// The place, row after row, of the cell at a position.
    pub fn cell(&self, response: &Response, at: Option<egui::Pos2>) -> Option<usize> {
        let (at, cell) = (at?, self.cell_size(response));
        let (x, y) = ((at.x - response.rect.min.x) / cell.x, (at.y - response.rect.min.y) / cell.y);
        let inside = x >= 0.0 && y >= 0.0 && (x as usize) < self.size[0] && (y as usize) < self.size[1];
        inside.then(|| y as usize * self.size[0] + x as usize)
    }

    /// Marks a cell.
    pub fn mark(&self, ui: &Ui, response: &Response, place: usize) {
        let cell = self.cell_size(response);
        let (x, y) = (place % self.size[0].max(1), place / self.size[0].max(1));
        let corner = response.rect.min + vec2(x as f32 * cell.x, y as f32 * cell.y);
        let mark = Rect::from_min_size(corner, cell).expand(1.5);
        let stroke = Stroke::new(1.5, Colours::of(ui).selected());
        ui.painter().rect_stroke(mark, 2.0, stroke, StrokeKind::Outside);
    }
}

/// Width and height of a group's picture: as its grid lies, or nearly a square; sheets of a block below one another.
pub fn grid([width, height, depth]: [usize; 3]) -> [usize; 2] {
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
