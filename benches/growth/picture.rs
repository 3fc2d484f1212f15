//! The curves as one picture.

use std::{fs, path::Path};

use kuva::{
    backend::{raster::RasterBackend, svg::SvgBackend},
    plot::LinePlot,
    render::{figure::Figure, layout::Layout, plots::Plot},
};

use crate::Curve;

/// Draws a panel for each curve, both axes logarithmic, into `growth.png` and `growth.svg`.
pub(crate) fn draw(curves: impl IntoIterator<Item = Curve>, folder: &Path) {
    let (mut plots, mut layouts) = (Vec::new(), Vec::new());
    for Curve { name, unit, points } in curves {
        let line = |threads: usize, colour: &str, label: &str| {
            let points = points.iter().map(|(x, costs)| (*x as f64, costs[threads]));
            let line = LinePlot::new().with_data(points.collect::<Vec<_>>()).with_color(colour);
            Plot::Line(line.with_stroke_width(2.0).with_legend(label))
        };
        let lines = vec![line(0, "#0072b2", "one thread"), line(1, "#d55e00", "two threads")];
        layouts.push(Layout::auto_from_plots(&lines).with_log_scale().with_x_label(name).with_y_label(unit));
        plots.push(lines);
    }
    let figure = Figure::new(2, 2).with_plots(plots).with_layouts(layouts).with_cell_size(560.0, 380.0);
    let scene = figure.render();
    let png = RasterBackend::new().render_scene(&scene).expect("a picture");
    fs::write(folder.join("growth.png"), png).expect("the picture is written");
    fs::write(folder.join("growth.svg"), SvgBackend::new().render_scene(&scene)).expect("the picture is written");
}
