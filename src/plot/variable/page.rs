//! The page of a variable: title and legend, and a panel per recording.

use super::content::Content;
use crate::plot::axis::Axis;
use crate::plot::canvas::{Align, Canvas, Colour, WIDTH, shortened, width_of};
use crate::plot::panel::{BOTTOM_ROOM, LARGE, LEFT_ROOM, MARGIN, MEDIUM, Panel, SMALL, time_unit};
use crate::plot::reduce::Extremes;
use crate::plot::run::Run;

/// More panels than this stand in two columns.
const SINGLE_COLUMN: usize = 4;
/// Top of the first panel, under title and legend or under the title alone.
const TOP: (f64, f64) = (88.0, 66.0);
/// From one panel to the next below.
const GAP: f64 = 42.0;
/// Baseline of the second line, which holds description and legend.
const SECOND_LINE: f64 = 46.0;

const MEAN_WIDTH: f64 = 1.8;
const TRACE_WIDTH: f64 = 0.7;
/// A trace that stands alone.
const SOLE_WIDTH: f64 = 1.0;

pub(super) fn paint(run: &Run, contents: &[Content]) -> Canvas {
    let columns = if contents.len() > SINGLE_COLUMN { 2 } else { 1 };
    let rows = contents.len().div_ceil(columns);
    let height = match (columns, rows) {
        (1, 1) => 300.0,
        (1, 2) => 220.0,
        (1, _) => 170.0,
        _ => 130.0,
    };
    let has_second_line =
        contents.iter().any(|content| has_legend(content) || !content.recording.description.is_empty());
    let top = if has_second_line { TOP.0 } else { TOP.1 };
    let mut canvas = Canvas::new(top + rows as f64 * (height + GAP) - GAP + BOTTOM_ROOM);
    paint_title(&mut canvas, run, contents);
    let cell = (WIDTH - MARGIN) / columns as f64;
    for (place, content) in contents.iter().enumerate() {
        let panel = Panel {
            left: (place % columns) as f64 * cell + LEFT_ROOM,
            top: top + (place / columns) as f64 * (height + GAP),
            width: cell - LEFT_ROOM,
            height,
            x: time_axis(run, columns),
            y: value_axis(content),
        };
        let is_lowest = place + columns >= contents.len();
        paint_panel(&mut canvas, run, content, &panel, is_lowest);
    }
    canvas
}

fn time_axis(run: &Run, columns: usize) -> Axis {
    let unit = time_unit(run.duration()).1;
    Axis::exact(run.begin() / unit, run.duration() / unit, 8 / columns)
}

/// The range of everything that is drawn.
fn value_axis(content: &Content) -> Axis {
    let summary = &content.summary;
    let traces = summary.traces.iter().flatten();
    let traces = traces.flat_map(|trace| [trace.first, trace.second]);
    let values = traces.chain(summary.mean.iter().copied());
    if content.has_band() {
        Axis::around(values.chain(summary.band.iter().copied().flatten()), 5)
    } else if content.is_share() || content.recording.is_rate() {
        Axis::from_zero(values, 5)
    } else {
        Axis::around(values, 5)
    }
}

/// The run's title, and below it the variable's description and on the right what the lines are.
fn paint_title(canvas: &mut Canvas, run: &Run, contents: &[Content]) {
    let title = shortened(&run.title, LARGE, WIDTH - 2.0 * MARGIN);
    canvas.text((MARGIN, 26.0), &title, LARGE, Align::Left, Colour::BLACK);
    let mut end = WIDTH - MARGIN;
    if contents.iter().any(has_legend) {
        end = paint_legend(canvas, end, contents);
    }
    let mut descriptions = contents.iter().map(|content| &content.recording.description);
    if let Some(text) = descriptions.find(|text| !text.is_empty()) {
        let text = shortened(text, MEDIUM, end - 2.0 * MARGIN);
        let at = (MARGIN, SECOND_LINE);
        canvas.text(at, &text, MEDIUM, Align::Left, Colour::GREY);
    }
}

/// Whether there are several lines of which one must know what they are.
fn has_legend(content: &Content) -> bool {
    content.is_crowd() && !content.is_share()
}

/// The legend, ending at `right`, written from there to the left; returns where it begins.
fn paint_legend(canvas: &mut Canvas, mut right: f64, contents: &[Content]) -> f64 {
    let grey = Colour::GREY;
    if contents.iter().any(Content::has_band) {
        let (start, end, y) = entry(canvas, "5–95 %", right);
        let corners = [(start, y - 5.0), (end, y - 5.0), (end, y + 5.0), (start, y + 5.0)];
        canvas.area(&corners, band_colour(grey));
        right = start - 18.0;
    }
    let (start, end, y) = entry(canvas, "mean", right);
    canvas.line(vec![(start, y), (end, y)], mean_colour(grey), MEAN_WIDTH);
    let noun = contents.first().map_or("neuron", Content::noun);
    let reduced = if contents.iter().any(|content| content.reduced) { " (envelope)" } else { "" };
    let (start, end, y) = entry(canvas, &format!("single {noun}s{reduced}"), start - 18.0);
    for (nth, y) in [y - 3.5, y, y + 3.5].into_iter().enumerate() {
        canvas.line(vec![(start, y), (end, y)], trace_colour(grey, nth), TRACE_WIDTH);
    }
    start
}

/// Writes the text of an entry that ends at `right`; returns start, end and height of its sample.
fn entry(canvas: &mut Canvas, text: &str, right: f64) -> (f64, f64, f64) {
    let at = (right, SECOND_LINE);
    canvas.text(at, text, SMALL, Align::Right, Colour::GREY);
    let end = right - width_of(text, SMALL) - 6.0;
    (end - 22.0, end, SECOND_LINE - 4.0)
}

fn band_colour(colour: Colour) -> Colour {
    colour.shade(0.8)
}

fn mean_colour(colour: Colour) -> Colour {
    colour.shade(-0.35)
}

fn trace_colour(colour: Colour, nth: usize) -> Colour {
    colour.shade([0.0, 0.25].get(nth).copied().unwrap_or(0.5))
}

fn paint_panel(canvas: &mut Canvas, run: &Run, content: &Content, panel: &Panel, is_lowest: bool) {
    let colour = run.colour(&content.recording.group);
    let summary = &content.summary;
    let times = || content.times.iter().copied();
    if content.has_band() {
        let band: Vec<_> = times().zip(summary.band.iter().copied()).collect();
        panel.band(canvas, &band, band_colour(colour));
    }
    for (nth, trace) in summary.traces.iter().enumerate() {
        let ends = |(time, trace): (f64, &Extremes)| [(time, trace.first), (time, trace.second)];
        let mut points: Vec<_> = times().zip(trace).flat_map(ends).collect();
        // Columns of one row have one value.
        points.dedup();
        let (colour, width) = match content.is_crowd() {
            true => (trace_colour(colour, nth), TRACE_WIDTH),
            false => (colour, SOLE_WIDTH),
        };
        paint_course(canvas, panel, content, &points, (colour, width));
    }
    if content.is_crowd() {
        let mean: Vec<_> = times().zip(summary.mean.iter().copied()).collect();
        paint_course(canvas, panel, content, &mean, (mean_colour(colour), MEAN_WIDTH));
    }
    let time_label = is_lowest.then_some(time_unit(run.duration()).0);
    let heading = panel.frame(canvas, content.quantity(), time_label);
    paint_heading(canvas, content, panel, heading, colour);
}

/// A line through points; or the points alone, where what was between them may have been anything.
fn paint_course(
    canvas: &mut Canvas,
    panel: &Panel,
    content: &Content,
    points: &[(f64, f64)],
    (colour, width): (Colour, f64),
) {
    if !content.coarse || content.reduced {
        return panel.curve(canvas, points, colour, width);
    }
    let side = 1.5 * width;
    let finite = points.iter().filter(|(_, y)| y.is_finite()).map(|&(x, y)| panel.at(x, y));
    let marks: Vec<_> = finite.map(|(x, y)| [x - side / 2.0, y - side / 2.0, side, side]).collect();
    canvas.marks(&marks, side, colour);
}

/// The group's name above its panel, and which of its neurons are drawn.
fn paint_heading(canvas: &mut Canvas, content: &Content, panel: &Panel, at: (f64, f64), colour: Colour) {
    // The name first: without it nobody knows what is seen.
    let all = panel.right() - at.0;
    let name = shortened(&content.recording.group, MEDIUM, all);
    let facts = shortened(&content.facts(), SMALL, (all - width_of(&name, MEDIUM) - 10.0).max(0.0));
    let facts = if facts == "…" { String::new() } else { facts };
    canvas.text(at, &name, MEDIUM, Align::Left, colour);
    let end = (panel.right(), at.1);
    canvas.text(end, &facts, SMALL, Align::Right, Colour::GREY);
}
