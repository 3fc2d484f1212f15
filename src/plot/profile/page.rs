//! The page of the profiles: a panel each, with its curves and the points that they are compared with.

use std::f64::consts::TAU;

use super::content::{Curve, Profile};
use crate::plot::axis::Axis;
use crate::plot::canvas::{Align, Canvas, Colour, PALETTE, WIDTH, shortened, width_of};
use crate::plot::panel::{BOTTOM_ROOM, LARGE, LEFT_ROOM, MARGIN, MEDIUM, Panel, SMALL};
use crate::plot::run::Run;

/// Top of the first panel, and from one panel's axis to the next panel.
const TOP: f64 = 100.0;
const GAP: f64 = 64.0;
const HEIGHT: f64 = 230.0;
/// From a panel's title to its upper edge, and from the legend.
const TITLE: f64 = 33.0;
const LEGEND: f64 = 11.0;
const CURVE_WIDTH: f64 = 1.8;
const BAR_WIDTH: f64 = 1.0;
const RADIUS: f64 = 3.4;
/// Of a value that no line can be drawn through.
const SMALL_RADIUS: f64 = 1.6;

pub(super) fn paint(run: &Run, profiles: &[Profile]) -> Canvas {
    let places = places(profiles.len());
    let bottom = places.iter().map(|[_, top, _, height]| top + height).fold(TOP, f64::max);
    let mut canvas = Canvas::new(bottom + BOTTOM_ROOM);
    let title = shortened(&run.title, LARGE, WIDTH - 2.0 * MARGIN);
    canvas.text((MARGIN, 26.0), &title, LARGE, Align::Left, Colour::BLACK);
    for ([left, top, width, height], profile) in places.into_iter().zip(profiles) {
        let points = || profile.curves.iter().flat_map(extent);
        let x = Axis::around(points().map(|(x, _)| x), if width > WIDTH / 2.0 { 12 } else { 6 });
        let y = Axis::around(points().map(|(_, y)| y), 6);
        paint_panel(&mut canvas, profile, &Panel { left, top, width, height, x, y });
    }
    canvas
}

/// Left, top, width and height of so many panels: two in a row, and where one is left over, the first over the whole page.
fn places(panels: usize) -> Vec<[f64; 4]> {
    let wide = panels % 2;
    let place = |nth: usize| {
        let (row, column) = ((nth + wide) / 2, (nth + wide) % 2);
        let columns = if nth < wide { 1.0 } else { 2.0 };
        let cell = (WIDTH - MARGIN) / columns;
        let left = if columns > 1.0 { column as f64 * cell } else { 0.0 } + LEFT_ROOM;
        [left, TOP + row as f64 * (HEIGHT + BOTTOM_ROOM + GAP), cell - LEFT_ROOM - 6.0, HEIGHT]
    };
    (0..panels).map(place).collect()
}

/// The points that have to be within the axes: of the curve, of its reference, and the ends of their bars.
fn extent(curve: &Curve) -> Vec<(f64, f64)> {
    let bars = curve.plot.points.iter().flat_map(|&[x, y, error]| [(x, y - error), (x, y + error)]);
    curve.values.iter().copied().chain(bars).collect()
}

fn paint_panel(canvas: &mut Canvas, profile: &Profile, panel: &Panel) {
    let crosses = |values: &dyn Fn(&(f64, f64)) -> f64| {
        let points = || profile.curves.iter().flat_map(extent).map(|point| values(&point));
        points().any(|value| value < 0.0) && points().any(|value| value > 0.0)
    };
    if crosses(&|point| point.1) {
        panel.level(canvas, 0.0);
    }
    if crosses(&|point| point.0) {
        let (x, _) = panel.at(0.0, 0.0);
        canvas.line(vec![(x, panel.top), (x, panel.bottom())], Colour::PALE, 0.8);
    }
    for curve in &profile.curves {
        if curve.is_line() {
            panel.curve(canvas, &curve.values, colour(curve), CURVE_WIDTH);
        } else {
            let finite = curve.values.iter().filter(|(_, y)| y.is_finite());
            finite.for_each(|&(x, y)| dot(canvas, panel.at(x, y), SMALL_RADIUS, colour(curve)));
        }
    }
    for curve in &profile.curves {
        for &[x, y, error] in &curve.plot.points {
            bar(canvas, [panel.at(x, y - error), panel.at(x, y + error)], colour(curve));
            dot(canvas, panel.at(x, y), RADIUS, colour(curve));
        }
    }
    let [below, beside] = profile.labels();
    let (left, _) = panel.frame(canvas, (beside, ""), Some(below));
    let title = shortened(&profile.plot.title, MEDIUM, panel.width + LEFT_ROOM - MARGIN);
    let at = (panel.left - LEFT_ROOM + MARGIN, panel.top - TITLE);
    canvas.text(at, &title, MEDIUM, Align::Left, Colour::BLACK);
    paint_legend(canvas, profile, panel, [left, at.0 + width_of(&title, MEDIUM)]);
}

fn colour(curve: &Curve) -> Colour {
    PALETTE[curve.place % PALETTE.len()]
}

/// What points and curves are: the points beside the title, the curves below them, and beside the title again where room
/// runs out; `lefts` is where the texts of the two lines end.
fn paint_legend(canvas: &mut Canvas, profile: &Profile, panel: &Panel, lefts: [f64; 2]) {
    let mut lines = [TITLE, LEGEND].map(|above| (panel.right(), panel.top - above));
    // Where the sample of an entry begins in a line that has room for it, and the height of its middle.
    let mut entry = |canvas: &mut Canvas, text: &str, line: usize, left: f64| {
        let (end, y) = lines[line];
        let start = end - width_of(text, SMALL) - 26.0;
        if start < left {
            return None;
        }
        canvas.text((end, y), text, SMALL, Align::Right, Colour::GREY);
        lines[line].0 = start - 12.0;
        Some((start, y - 4.0))
    };
    let [below, beside] = lefts;
    let reference = profile.plot.reference.as_str();
    if !reference.is_empty()
        && let Some((x, y)) = entry(canvas, reference, 0, beside)
    {
        dot(canvas, (x + 17.0, y), RADIUS, Colour::GREY);
    }
    for curve in profile.curves.iter().rev().filter(|curve| !curve.plot.label.is_empty()) {
        let label = shortened(&curve.plot.label, SMALL, panel.width / 3.0);
        let placed = entry(canvas, &label, 1, below).or_else(|| entry(canvas, &label, 0, beside));
        if let Some((x, y)) = placed {
            canvas.line(vec![(x, y), (x + 20.0, y)], colour(curve), CURVE_WIDTH);
        }
    }
}

fn dot(canvas: &mut Canvas, (x, y): (f64, f64), radius: f64, colour: Colour) {
    const CORNERS: u32 = 20;
    let corner = |nth: u32| {
        let (sin, cos) = libm::sincos(TAU * f64::from(nth) / f64::from(CORNERS));
        (x + radius * cos, y + radius * sin)
    };
    canvas.area(&(0..CORNERS).map(corner).collect::<Vec<_>>(), colour);
}

/// An error bar with short strokes at its ends, unless it has no length.
fn bar(canvas: &mut Canvas, ends: [(f64, f64); 2], colour: Colour) {
    if ends[0] != ends[1] {
        canvas.line(ends.to_vec(), colour, BAR_WIDTH);
        for (x, y) in ends {
            canvas.line(vec![(x - 3.0, y), (x + 3.0, y)], colour, BAR_WIDTH);
        }
    }
}
