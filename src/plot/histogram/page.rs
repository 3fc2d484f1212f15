//! The page of a variable's histograms: title and legend, and a panel per recording.

use super::content::Content;
use crate::plot::axis::Axis;
use crate::plot::canvas::{Align, Canvas, Colour, WIDTH, shortened, width_of};
use crate::plot::heat::{Heat, cell};
use crate::plot::panel::{BOTTOM_ROOM, LARGE, LEFT_ROOM, MARGIN, MEDIUM, Panel, SMALL, labelled, time_unit};
use crate::plot::reduce::Course;
use crate::plot::run::{Recording, Run};
use crate::plot::scale::{BAR_ROOM, Scale};

/// Top of the first panel.
const TOP: f64 = 88.0;
/// From one panel's axis to the next panel.
const GAP: f64 = 40.0;
/// Baseline of the second line, which holds description and legend.
const SECOND_LINE: f64 = 46.0;
/// Shades of all rows, of the first, and of the last.
const WHOLE: f64 = 0.75;
const FIRST: f64 = 0.35;
const LAST: f64 = -0.45;
const WHOLE_WIDTH: f64 = 1.0;
const END_WIDTH: f64 = 1.4;

pub(super) fn paint(run: &Run, contents: &[Content]) -> Canvas {
    // With its course beside it, a histogram has a row of its own.
    let has_course = contents.iter().any(|content| content.course.is_some());
    let columns = if has_course { 1 } else { contents.len().min(2) };
    let rows = contents.len().div_ceil(columns.max(1));
    let height = if contents.len() == 1 { 260.0 } else { 180.0 };
    let mut canvas = Canvas::new(TOP + rows as f64 * (height + BOTTOM_ROOM + GAP) - GAP);
    paint_title(&mut canvas, run, contents);
    let room = (WIDTH - MARGIN) / if has_course { 2.0 } else { columns.max(1) as f64 };
    // One scale for all, so that a colour means the same in each.
    let shares: Vec<f64> = contents.iter().filter_map(|content| content.course.as_ref()).flat_map(percent).collect();
    let scale = Scale::of_shares(&shares);
    for (place, content) in contents.iter().enumerate() {
        let heights = content.ends.iter().flatten().chain([&content.whole]).flat_map(|steps| &steps.heights);
        let top = TOP + (place / columns) as f64 * (height + BOTTOM_ROOM + GAP);
        // As high as the course, whose cells end with pixels.
        let height = content.course.as_ref().map_or(height, |course| {
            let cells = course.size()[1];
            cell(height, cells) * cells as f64
        });
        let panel = Panel {
            left: (place % columns) as f64 * room + LEFT_ROOM,
            top,
            width: room - LEFT_ROOM - if has_course { 24.0 } else { 6.0 },
            height,
            x: Axis::exact(content.whole.low, content.whole.high(), if room < WIDTH / 2.0 { 6 } else { 12 }),
            y: Axis::from_zero(heights.copied(), 4),
        };
        paint_panel(&mut canvas, run, content, &panel);
        if let Some(course) = &content.course {
            paint_course(&mut canvas, run, (content, course), &scale, [room + LEFT_ROOM, top, height]);
        }
    }
    canvas
}

/// All rows one after another: time from left to right, values upwards, and the share of the members as colours.
fn paint_course(
    canvas: &mut Canvas,
    run: &Run,
    (content, course): (&Content, &Course),
    scale: &Scale,
    [left, top, height]: [f64; 3],
) {
    let [columns, cells] = course.size();
    let [wide, high] = [cell(WIDTH - left - BAR_ROOM - 10.0, columns), cell(height, cells)];
    let heat = Heat { columns, values: percent(course) };
    heat.tiles((left, top), [wide, high], scale).paint(canvas, high, scale);
    let [from, to] = content.span(run);
    let panel = Panel {
        left,
        top,
        width: wide * columns as f64,
        height,
        x: Axis::exact(from, to, 4),
        y: Axis::exact(content.whole.low, content.whole.high(), 5),
    };
    let Recording { variable, unit, .. } = content.recording;
    panel.frame(canvas, (variable, unit), Some(time_unit(run.duration()).0));
    panel.close(canvas);
    scale.bar(canvas, (panel.right() + 14.0, top), height, ("share", "%"));
    if heat.values.iter().any(|share| share.is_nan()) {
        Scale::blank(canvas, (panel.right() + 14.0, panel.bottom()), Colour::WHITE, "none");
    }
}

/// The shares of a course in percent.
fn percent(course: &Course) -> Vec<f64> {
    course.shares().iter().map(|share| 100.0 * share).collect()
}

fn paint_title(canvas: &mut Canvas, run: &Run, contents: &[Content]) {
    let title = shortened(&run.title, LARGE, WIDTH - 2.0 * MARGIN);
    canvas.text((MARGIN, 26.0), &title, LARGE, Align::Left, Colour::BLACK);
    let end = paint_legend(canvas, run, contents);
    let mut descriptions = contents.iter().map(|content| &content.recording.description);
    if let Some(text) = descriptions.find(|text| !text.is_empty()) {
        let text = shortened(text, MEDIUM, end - 2.0 * MARGIN);
        canvas.text((MARGIN, SECOND_LINE), &text, MEDIUM, Align::Left, Colour::GREY);
    }
}

/// The legend, written from right to left; returns where it begins. Recordings that differ in their rows have the legend of
/// the first.
fn paint_legend(canvas: &mut Canvas, run: &Run, contents: &[Content]) -> f64 {
    let mut end = WIDTH - MARGIN;
    let mut entry = |canvas: &mut Canvas, text: &str| {
        canvas.text((end, SECOND_LINE), text, SMALL, Align::Right, Colour::GREY);
        let right = end - width_of(text, SMALL) - 6.0;
        end = right - 40.0;
        (right - 22.0, right)
    };
    if let Some(content) = contents.iter().find(|content| content.ends.is_some()) {
        for (time, shade) in content.times(run).iter().zip([FIRST, LAST]).rev() {
            let (left, right) = entry(canvas, &format!("at {time}"));
            let y = SECOND_LINE - 4.0;
            canvas.line(vec![(left, y), (right, y)], Colour::GREY.shade(shade), END_WIDTH);
        }
    }
    if let Some(content) = contents.first() {
        let (left, right) = entry(canvas, &content.count());
        let (top, bottom) = (SECOND_LINE - 9.0, SECOND_LINE + 1.0);
        canvas.area(&[(left, top), (right, top), (right, bottom), (left, bottom)], Colour::GREY.shade(WHOLE));
    }
    end
}

fn paint_panel(canvas: &mut Canvas, run: &Run, content: &Content, panel: &Panel) {
    let colour = run.colour(&content.recording.group);
    content.whole.fill(canvas, panel, colour.shade(WHOLE));
    match &content.ends {
        Some([first, last]) => {
            first.line(canvas, panel, colour.shade(FIRST), END_WIDTH);
            last.line(canvas, panel, colour.shade(LAST), END_WIDTH);
        }
        None => content.whole.line(canvas, panel, colour, WHOLE_WIDTH),
    }
    let recording = content.recording;
    let unit = if recording.unit.is_empty() { String::new() } else { format!("1/{}", recording.unit) };
    let below = labelled(&recording.variable, &recording.unit);
    let at = panel.frame(canvas, ("density", &unit), Some(&below));
    let facts = content.facts();
    let room = panel.right() - at.0 - width_of(&facts, SMALL) - 10.0;
    canvas.text(at, &shortened(&recording.group, MEDIUM, room), MEDIUM, Align::Left, colour);
    canvas.text((panel.right(), at.1), &facts, SMALL, Align::Right, Colour::GREY);
}
