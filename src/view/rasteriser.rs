//! Triangles of egui on a picture in memory: no window, no driver, and the same bytes everywhere.

use std::collections::HashMap;

use egui::{
    ClippedPrimitive, Color32, ColorImage, ImageData, Mesh, Rect, TextureId, TexturesDelta,
    epaint::{Primitive, Vertex},
};

/// The textures that triangles take their colours from.
#[derive(Default)]
pub(super) struct Rasteriser {
    textures: HashMap<TextureId, ColorImage>,
}

impl Rasteriser {
    /// Takes in textures that are new or have changed.
    pub fn update(&mut self, mut delta: TexturesDelta) {
        for (id, changes) in delta.set.drain() {
            for change in changes {
                let ImageData::Color(image) = &change.image;
                match (change.pos, self.textures.get_mut(&id)) {
                    (None, _) => _ = self.textures.insert(id, ColorImage::clone(image)),
                    (Some(place), Some(texture)) => copy(image, texture, place),
                    (Some(_), None) => {}
                }
            }
        }
        delta.free.drain().for_each(|id| _ = self.textures.remove(&id));
    }

    /// Draws triangles on a ground.
    pub fn draw(&self, primitives: &[ClippedPrimitive], size: [usize; 2], ground: Color32) -> ColorImage {
        let mut picture = ColorImage::filled(size, ground);
        for ClippedPrimitive { clip_rect, primitive } in primitives {
            let Primitive::Mesh(mesh) = primitive else { continue };
            if let Some(texture) = self.textures.get(&mesh.texture_id) {
                draw_mesh(mesh, texture, *clip_rect, &mut picture);
            }
        }
        picture
    }
}

/// Copies an image to a place within another.
fn copy(from: &ColorImage, to: &mut ColorImage, [x, y]: [usize; 2]) {
    let (width, wide) = (to.size[0], from.size[0]);
    for (row, pixels) in from.pixels.chunks_exact(wide.max(1)).enumerate() {
        let at = (y + row) * width + x;
        if let Some(to) = to.pixels.get_mut(at..at + wide) {
            to.copy_from_slice(pixels);
        }
    }
}

fn draw_mesh(mesh: &Mesh, texture: &ColorImage, clip: Rect, picture: &mut ColorImage) {
    for corners in mesh.indices.as_chunks::<3>().0 {
        let corner = |k: usize| mesh.vertices.get(corners[k] as usize);
        if let (Some(a), Some(b), Some(c)) = (corner(0), corner(1), corner(2)) {
            Triangle { corners: [a, b, c], texture }.draw(clip, picture);
        }
    }
}

struct Triangle<'a> {
    corners: [&'a Vertex; 3],
    texture: &'a ColorImage,
}

impl Triangle<'_> {
    fn draw(&self, clip: Rect, picture: &mut ColorImage) {
        let area = self.edge(0, 1, self.corners[2].pos.x, self.corners[2].pos.y);
        if area == 0.0 {
            return;
        }
        let [width, height] = picture.size;
        let bounds = Rect::from_points(&self.corners.map(|corner| corner.pos)).intersect(clip);
        let within =
            |low: f32, high: f32, most: usize| low.floor().max(0.0) as usize..(high.ceil().max(0.0) as usize).min(most);
        for y in within(bounds.min.y, bounds.max.y, height) {
            for x in within(bounds.min.x, bounds.max.x, width) {
                let (at_x, at_y) = (x as f32 + 0.5, y as f32 + 0.5);
                let parts = [self.edge(1, 2, at_x, at_y), self.edge(2, 0, at_x, at_y), self.edge(0, 1, at_x, at_y)];
                let is_inside = (0..3).all(|k| parts[k] / area > 0.0 || parts[k] == 0.0 && self.owns_edge(k, area));
                if is_inside && clip.contains(egui::pos2(at_x, at_y)) {
                    let pixel = &mut picture.pixels[y * width + x];
                    *pixel = over(self.colour(parts.map(|part| part / area)), *pixel);
                }
            }
        }
    }

    /// Twice the area of a triangle over an edge and a point.
    fn edge(&self, from: usize, to: usize, x: f32, y: f32) -> f32 {
        let (a, b) = (self.corners[from].pos, self.corners[to].pos);
        (b.x - a.x) * (y - a.y) - (b.y - a.y) * (x - a.x)
    }

    /// A pixel whose middle lies on the edge that two triangles share belongs to one of them: that above it, or on its left.
    fn owns_edge(&self, opposite: usize, area: f32) -> bool {
        let (a, b) = (self.corners[(opposite + 1) % 3].pos, self.corners[(opposite + 2) % 3].pos);
        let (dx, dy) = if area > 0.0 { (b.x - a.x, b.y - a.y) } else { (a.x - b.x, a.y - b.y) };
        dy < 0.0 || dy == 0.0 && dx > 0.0
    }

    /// The colour where corners have these parts, premultiplied, 0 to 255.
    fn colour(&self, parts: [f32; 3]) -> [f32; 4] {
        let mix = |of: &dyn Fn(&Vertex) -> f32| -> f32 { (0..3).map(|k| parts[k] * of(self.corners[k])).sum() };
        let [width, height] = self.texture.size;
        // Pixels whose middles lie on the border of two texels all belong to the second, whatever their sums are rounded to.
        let at = |part: f32, size: usize| ((part * size as f32 + 1e-3) as usize).min(size.saturating_sub(1));
        let (u, v) = (at(mix(&|corner| corner.uv.x), width), at(mix(&|corner| corner.uv.y), height));
        let texel = self.texture.pixels.get(v * width + u).copied().unwrap_or_default().to_array();
        std::array::from_fn(|k| f32::from(texel[k]) / 255.0 * mix(&|corner| f32::from(corner.color.to_array()[k])))
    }
}

fn over(above: [f32; 4], below: Color32) -> Color32 {
    let (below, left) = (below.to_array(), 1.0 - above[3] / 255.0);
    let mixed = |k: usize| (above[k] + f32::from(below[k]) * left + 0.5).clamp(0.0, 255.0) as u8;
    Color32::from_rgb(mixed(0), mixed(1), mixed(2))
}

#[cfg(test)]
mod tests {
    use egui::{Pos2, epaint::ImageDelta, pos2};

    use super::*;

    fn vertex(pos: Pos2, color: Color32) -> Vertex {
        Vertex { pos, uv: Pos2::ZERO, color }
    }

    /// Half-transparent triangles that share an edge cover each pixel once, whatever the order of their corners.
    #[test]
    fn neighbours_neither_overlap_nor_leave_a_gap() {
        let white = ColorImage::filled([1, 1], Color32::WHITE);
        let mut delta = TexturesDelta::default();
        delta.push(TextureId::default(), ImageDelta::full(white, egui::TextureOptions::NEAREST));
        let mut rasteriser = Rasteriser::default();
        rasteriser.update(delta);
        let half = Color32::from_rgba_premultiplied(100, 0, 0, 128);
        let corners = [pos2(0.0, 0.0), pos2(8.0, 0.0), pos2(8.0, 8.0), pos2(0.0, 8.0)].map(|pos| vertex(pos, half));
        for indices in [vec![0, 1, 2, 0, 2, 3], vec![2, 1, 0, 0, 2, 3], vec![0, 1, 3, 3, 2, 1]] {
            let mesh = Mesh { indices: indices.clone(), vertices: corners.to_vec(), texture_id: TextureId::default() };
            let all = Rect::from_min_max(Pos2::ZERO, pos2(100.0, 100.0));
            let primitive = ClippedPrimitive { clip_rect: all, primitive: Primitive::Mesh(mesh) };
            let picture = rasteriser.draw(&[primitive], [10, 10], Color32::BLACK);
            let count = |colour: Color32| picture.pixels.iter().filter(|pixel| **pixel == colour).count();
            assert_eq!((count(Color32::from_rgb(100, 0, 0)), count(Color32::BLACK)), (64, 36), "{indices:?}");
        }
    }
}
