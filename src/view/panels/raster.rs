//! Spikes of the last stretch of time, a row of pixels for some neurons, and the rates of the groups under them.

use egui::{Align2, Color32, DragValue, RichText, Ui, Vec2};
use egui_plot::{Line, Plot, PlotImage, PlotPoint, PlotPoints, Text, VLine};

use super::{
    super::{Seen, colours::Colours},
    Selected,
    canvas::Canvas,
    label, plot,
};

/// Pixels of the raster.
const COLUMNS: usize = 1024;
const ROWS: usize = 500;

/// The stretch of time that is shown (ms), and the longest that can be.
const SPAN: f64 = 1000.0;
const LONGEST: f64 = 10_000.0;

/// A raster and rates.
pub struct Raster {
    canvas: Canvas,
    /// The stretch of time that is shown (ms).
    pub span: f64,
    bin: f64,
    /// Groups whose rates are not shown.
    hidden: Vec<usize>,
}

impl Default for Raster {
    fn default() -> Self {
        Self { canvas: Canvas::default(), span: SPAN, bin: 2.0, hidden: Vec::new() }
    }
}

impl Raster {
    /// The same, to be drawn elsewhere.
    pub fn again(&self) -> Self {
        Self { span: self.span, bin: self.bin, hidden: self.hidden.clone(), ..Self::default() }
    }

    /// Shows both; the neuron that was clicked.
    pub fn ui(&mut self, ui: &mut Ui, seen: &Seen, selected: Selected, height: f32) -> Option<Selected> {
        self.choices(ui, seen);
        let times = seen.times(self.span);
        let clicked = self.spikes(ui, seen, selected, 0.68 * height, times);
        self.rates(ui, seen, 0.26 * height, times);
        clicked
    }

    fn choices(&mut self, ui: &mut Ui, seen: &Seen) {
        ui.horizontal_wrapped(|ui| {
            ui.add(DragValue::new(&mut self.span).range(10.0..=LONGEST).speed(10.0).prefix("last ").suffix(" ms"))
                .on_hover_text("the stretch of time that is shown; the wheel over the raster, too");
            self.bin = self.bin.max(seen.outline.dt);
            ui.add(
                DragValue::new(&mut self.bin)
                    .range(seen.outline.dt..=200.0)
                    .speed(0.2)
                    .prefix("rates in ")
                    .suffix(" ms"),
            );
            for (place, group) in seen.outline.groups.iter().enumerate() {
                let mut shown = !self.hidden.contains(&place);
                let name = RichText::new(&group.name).color(Colours::of(ui).group(place));
                if ui.toggle_value(&mut shown, name).on_hover_text("whether its rate is shown").changed() {
                    if shown { self.hidden.retain(|hidden| *hidden != place) } else { self.hidden.push(place) }
                }
            }
            if let Some(twin) = &seen.twin {
                let told = match seen.first_difference() {
                    Some(iteration) => {
                        format!("fires otherwise than its twin from {:.1} ms on", iteration as f64 * seen.outline.dt)
                    }
                    None => format!("fires as its twin does ({} spikes)", twin.len()),
                };
                ui.label(told);
            }
        });
    }

    fn spikes(
        &mut self,
        ui: &mut Ui,
        seen: &Seen,
        selected: Selected,
        height: f32,
        [begin, end]: [f64; 2],
    ) -> Option<Selected> {
        let colours = Colours::of(ui);
        let total: usize = (0..seen.outline.groups.len() as u32).map(|group| seen.place(group)[1]).sum();
        let (size, pixels) = picture(seen, colours, total, [begin, end]);
        let texture = self.canvas.paint(ui, "raster", size, pixels);
        let neurons = total.max(1) as f64;
        let plot = time_plot("raster", "", "neuron")
            .height(height)
            .show_grid(false)
            .invert_y(true)
            .include_y(0.0)
            .include_y(neurons);
        let marked = (seen.place(selected.0)[0] as u32 + selected.1) as f64 + 0.5;
        let shown = plot.show(ui, |plot| {
            plot.set_plot_bounds_x(begin..=end);
            let middle = PlotPoint::new(0.5 * (begin + end), 0.5 * neurons);
            plot.image(PlotImage::new("spikes", texture, middle, [(end - begin) as f32, neurons as f32]));
            for (place, group) in seen.outline.groups.iter().enumerate() {
                let [before, _] = seen.place(place as u32);
                let at = PlotPoint::new(begin + 0.004 * (end - begin), before as f64);
                let name = RichText::new(&group.name).color(colours.group(place)).size(11.0);
                plot.text(Text::new(group.name.clone(), at, name).anchor(Align2::LEFT_TOP));
            }
            let line = vec![[begin, marked], [end, marked]];
            plot.line(Line::new("selected", line).color(colours.selected().gamma_multiply(0.35)).width(1.0));
            marks(plot, seen, colours, [begin, end]);
            plot.pointer_coordinate()
        });
        let count = seen.spikes_from(begin).count();
        label(&shown.response, format!("Spikes of {total} neurons, {count} in the last {:.0} ms", end - begin));
        if shown.response.hovered() {
            let wheel = ui.input(|input| input.smooth_scroll_delta.y);
            self.span = (self.span * f64::from(-wheel * 0.002).exp()).clamp(10.0, LONGEST);
        }
        let at = shown.inner?;
        let neuron = neuron_at(seen, at.y.max(0.0) as usize)?;
        if shown.response.hovered() {
            let name = &seen.outline.groups[neuron.0 as usize].name;
            shown.response.clone().on_hover_text_at_pointer(format!("{name}[{}], {:.1} ms", neuron.1, at.x));
        }
        shown.response.clicked().then_some(neuron)
    }

    fn rates(&self, ui: &mut Ui, seen: &Seen, height: f32, times: [f64; 2]) {
        let colours = Colours::of(ui);
        let names: Vec<&str> = seen.outline.groups.iter().map(|group| &*group.name).collect();
        let (rates, twin) = (seen.rates(times, self.bin), seen.twin_rates(times, self.bin));
        let last: Vec<String> = rates
            .iter()
            .zip(&names)
            .map(|(rate, name)| {
                let mean = rate.iter().map(|[_, rate]| rate).sum::<f64>() / rate.len().max(1) as f64;
                format!("{name} {mean:.1} Hz")
            })
            .collect();
        let plot = time_plot("rates", "ms", "Hz").height(height.max(40.0)).include_y(0.0);
        let shown = plot.show(ui, |plot| {
            plot.set_plot_bounds_x(times[0]..=times[1]);
            marks(plot, seen, colours, times);
            for (place, name) in names.iter().enumerate().filter(|(place, _)| !self.hidden.contains(place)) {
                let line = |points: &Vec<[f64; 2]>, of: &str| {
                    Line::new(format!("{name}{of}"), PlotPoints::from(points.clone())).color(colours.group(place))
                };
                plot.line(line(&rates[place], "").width(1.6));
                if let Some(twin) = &twin {
                    plot.line(line(&twin[place], " (twin)").width(0.6));
                }
            }
        });
        label(&shown.response, format!("Rates: {}", last.join(", ")));
    }
}

/// When something was done.
fn marks(plot: &mut egui_plot::PlotUi<'_>, seen: &Seen, colours: Colours, [begin, end]: [f64; 2]) {
    for logged in &seen.log {
        let at = logged.iteration as f64 * seen.outline.dt;
        if (begin..=end).contains(&at) {
            plot.vline(VLine::new("done", at).color(colours.touch()).width(1.0));
        }
    }
}

/// A plot over time, linked with the others.
pub(super) fn time_plot<'a>(name: &str, x: &str, y: &str) -> Plot<'a> {
    plot(name, x, y)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_boxed_zoom(false)
        .link_axis("time", [true, false])
        .link_cursor("time", [true, false])
        .set_margin_fraction(Vec2::ZERO)
}

/// The group and the index of a neuron among all.
fn neuron_at(seen: &Seen, neuron: usize) -> Option<Selected> {
    (0..seen.outline.groups.len() as u32).find_map(|group| {
        let [before, size] = seen.place(group);
        (before..before + size).contains(&neuron).then(|| (group, (neuron - before) as u32))
    })
}

fn picture(seen: &Seen, colours: Colours, total: usize, [begin, end]: [f64; 2]) -> ([usize; 2], Vec<Color32>) {
    let rows = total.clamp(1, ROWS);
    let mut pixels = vec![colours.ground(); COLUMNS * rows];
    let places: Vec<usize> = (0..seen.outline.groups.len() as u32).map(|group| seen.place(group)[0]).collect();
    let of_groups: Vec<Color32> = (0..places.len()).map(|place| colours.group(place)).collect();
    // A spike of a few neurons, or of a short stretch, is larger than a pixel.
    let wide = (seen.outline.dt / (end - begin) * COLUMNS as f64).clamp(1.0, 8.0) as usize;
    for (iteration, group, neuron) in seen.spikes_from(begin) {
        let time = (iteration + 1) as f64 * seen.outline.dt;
        let x = ((time - begin) / (end - begin) * COLUMNS as f64) as usize;
        let row = (places.get(group as usize).copied().unwrap_or_default() + neuron as usize) * rows / total.max(1);
        let colour = of_groups.get(group as usize).copied().unwrap_or_default();
        if row < rows {
            let row = &mut pixels[row * COLUMNS..(row + 1) * COLUMNS];
            row.iter_mut().take(x + wide).skip(x).for_each(|pixel| *pixel = colour);
        }
    }
    // Where groups meet.
    for place in places.iter().skip(1).map(|place| place * rows / total.max(1)) {
        let line = &mut pixels[place.min(rows - 1) * COLUMNS..];
        line.iter_mut()
            .take(COLUMNS)
            .filter(|pixel| **pixel == colours.ground())
            .for_each(|pixel| *pixel = colours.faint());
    }
    // Now, and what is still to come.
    let now = ((seen.now() - begin) / (end - begin) * COLUMNS as f64) as usize;
    if now < COLUMNS {
        (0..rows).for_each(|row| pixels[row * COLUMNS + now] = colours.faint());
    }
    ([COLUMNS, rows], pixels)
}
