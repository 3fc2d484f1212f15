//! Spikes of the last second, a row of pixels for some neurons, and the rates of the groups under them.

use eframe::egui::{Color32, ColorImage, Rect, TextureHandle, TextureOptions, Ui, Vec2, pos2};
use egui_plot::{Line, Plot, PlotImage, PlotPoint, PlotPoints};

use super::{
    super::{Seen, colours},
    Selected, label,
};

/// Pixels of the raster.
const COLUMNS: usize = 1024;
const ROWS: usize = 500;

/// A raster and rates.
#[derive(Default)]
pub struct Raster {
    texture: Option<TextureHandle>,
    bin: Option<f64>,
}

impl Raster {
    /// Shows both; the neuron that was clicked.
    pub fn ui(&mut self, ui: &mut Ui, seen: &Seen, height: f32) -> Option<Selected> {
        let [begin, end] = seen.times();
        let total: usize = (0..seen.outline.groups.len() as u32).map(|group| seen.place(group)[1]).sum();
        let image = picture(seen, total, [begin, end]);
        let texture = match &mut self.texture {
            Some(texture) => {
                texture.set(image, TextureOptions::NEAREST);
                texture
            }
            None => self.texture.insert(ui.ctx().load_texture("raster", image, TextureOptions::NEAREST)),
        };
        let (texture, neurons) = (texture.id(), total as f64);
        let plot =
            time_plot("raster").height(0.7 * height).show_grid(false).invert_y(true).include_y(0.0).include_y(neurons);
        let shown = plot.show(ui, |plot| {
            plot.set_plot_bounds_x(begin..=end);
            let middle = PlotPoint::new(0.5 * (begin + end), 0.5 * neurons);
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            plot.image(PlotImage::new("spikes", texture, middle, [(end - begin) as f32, neurons as f32]).uv(whole));
            plot.pointer_coordinate()
        });
        label(&shown.response, format!("Spikes of {total} neurons, {} in the last second", seen.spikes.len()));
        self.rates(ui, seen, 0.3 * height, [begin, end]);
        let at = shown.inner.filter(|_| shown.response.clicked())?;
        neuron_at(seen, at.y.max(0.0) as usize)
    }

    fn rates(&mut self, ui: &mut Ui, seen: &Seen, height: f32, [begin, end]: [f64; 2]) {
        let bin = *self.bin.get_or_insert((2.0_f64).max(seen.outline.dt));
        let names: Vec<&str> = seen.outline.groups.iter().map(|group| &*group.name).collect();
        let shown =
            time_plot("rates").height(height).y_axis_label("Hz").x_axis_label("ms").include_y(0.0).show(ui, |plot| {
                plot.set_plot_bounds_x(begin..=end);
                for (place, name) in names.iter().enumerate() {
                    let points = PlotPoints::from(seen.rates(place as u32, bin));
                    plot.line(Line::new((*name).to_owned(), points).color(colours::of_group(place)).width(1.2));
                }
            });
        label(&shown.response, format!("Rates of {}", names.join(", ")));
    }
}

/// A plot over time, linked with the others.
pub(super) fn time_plot(name: &str) -> Plot<'_> {
    Plot::new(name.to_owned())
        .allow_scroll(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_boxed_zoom(false)
        .link_axis("time", [true, false])
        .link_cursor("time", [true, false])
        .y_axis_min_width(48.0)
        .set_margin_fraction(Vec2::ZERO)
}

/// The group and the index of a neuron among all.
fn neuron_at(seen: &Seen, neuron: usize) -> Option<Selected> {
    (0..seen.outline.groups.len() as u32).find_map(|group| {
        let [before, size] = seen.place(group);
        (before..before + size).contains(&neuron).then(|| (group, (neuron - before) as u32))
    })
}

fn picture(seen: &Seen, total: usize, [begin, end]: [f64; 2]) -> ColorImage {
    let rows = total.clamp(1, ROWS);
    let mut pixels = vec![colours::GROUND; COLUMNS * rows];
    let places: Vec<usize> = (0..seen.outline.groups.len() as u32).map(|group| seen.place(group)[0]).collect();
    for &(iteration, group, neuron) in &seen.spikes {
        let time = (iteration + 1) as f64 * seen.outline.dt;
        let x = (time - begin) / (end - begin) * COLUMNS as f64;
        let row = (places.get(group as usize).copied().unwrap_or_default() + neuron as usize) * rows / total.max(1);
        if (0.0..COLUMNS as f64).contains(&x) && row < rows {
            pixels[row * COLUMNS + x as usize] = colours::of_group(group as usize);
        }
    }
    // Now, and what is still to come.
    let now = ((seen.iteration as f64 * seen.outline.dt - begin) / (end - begin) * COLUMNS as f64) as usize;
    if now < COLUMNS {
        (0..rows).for_each(|row| pixels[row * COLUMNS + now] = Color32::from_gray(60));
    }
    ColorImage::new([COLUMNS, rows], pixels)
}
