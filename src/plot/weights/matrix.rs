//! The page of a matrix: the first and the last snapshot, over one scale. They stand side by side, or one above the other
//! where one group is much larger than the other, which then lies along the horizontal axis.

use super::content::Content;
use crate::plot::Fault;
use crate::plot::axis::Axis;
use crate::plot::canvas::{Align, Canvas, Colour, WIDTH, shortened, width_of};
use crate::plot::heat::{Heat, cell};
use crate::plot::panel::{BOTTOM_ROOM, LARGE, LEFT_ROOM, MARGIN, MEDIUM, Panel, counted};
use crate::plot::reduce::Means;
use crate::plot::run::Run;
use crate::plot::scale::{BAR_ROOM, Scale};

/// Top of the first panel, and the baseline of the second line.
const TOP: f64 = 92.0;
const SECOND_LINE: f64 = 46.0;
/// From one panel's axis to the next panel below.
const GAP: f64 = 34.0;
/// Rows and columns of cells at most, so that they are four pixels large.
const SQUARE: [usize; 2] = [148, 148];
const WIDE: [usize; 2] = [40, 328];
/// The groups of a wide matrix differ in size by more than this.
const MUCH_LARGER: usize = 4;
/// A panel of a wide matrix and one of its cells are so high at most, and the bar beside it at least.
const WIDE_HIGHEST: f64 = 160.0;
const CELL_HIGHEST: f64 = 32.0;
const BAR_LOWEST: f64 = 96.0;

/// A synapse group's matrix.
pub(super) struct Matrix<'a> {
    content: &'a Content<'a>,
    /// By snapshot: places among all, and the means.
    snapshots: Vec<(usize, Means)>,
    is_wide: bool,
    /// Whether the targets lie along the vertical axis.
    turned: bool,
}

impl<'a> Matrix<'a> {
    pub(super) fn read(content: &'a Content<'a>) -> Result<Self, Fault> {
        let [sources, targets] = content.sizes;
        let is_wide = sources.max(targets) > MUCH_LARGER * sources.min(targets);
        let turned = is_wide && sources > targets;
        let most = if is_wide { WIDE } else { SQUARE };
        let mut snapshots = Vec::new();
        for snapshot in content.outer() {
            let mut means = Means::new(if turned { [targets, sources] } else { [sources, targets] }, most);
            content.each(snapshot, |source, target, weight| {
                let (row, column) = if turned { (target, source) } else { (source, target) };
                means.add(row, column, weight);
            })?;
            snapshots.push((snapshot, means));
        }
        Ok(Self { content, snapshots, is_wide, turned })
    }

    pub(super) fn paint(&self, run: &Run) -> Canvas {
        let columns = if self.is_wide { 1 } else { self.snapshots.len() };
        let below = if self.is_wide { self.snapshots.len() } else { 1 };
        let [height, width] = self.cell(columns);
        let cells = self.snapshots.first().map_or([1, 1], |(_, means)| means.cells());
        let [high, wide] = [height * cells[0] as f64, width * cells[1] as f64];
        let mut canvas =
            Canvas::new((TOP + below as f64 * (high + BOTTOM_ROOM + GAP) - GAP).max(TOP + BAR_LOWEST + BOTTOM_ROOM));
        self.paint_title(&mut canvas, run);
        let scale = Scale::from_zero(self.snapshots.iter().flat_map(|(_, means)| means.values()));
        for (place, (snapshot, means)) in self.snapshots.iter().enumerate() {
            let [column, row] = [place % columns, place / columns].map(|nth| nth as f64);
            let (left, top) = (LEFT_ROOM + column * (wide + LEFT_ROOM), TOP + row * (high + BOTTOM_ROOM + GAP));
            let heat = Heat { columns: cells[1], values: means.values().collect() };
            heat.tiles((left, top), [width, height], &scale).paint(&mut canvas, height, &scale);
            let panel = self.panel([left, top, wide, high]);
            self.paint_frame(&mut canvas, &panel, &run.moment(self.content.snapshots[*snapshot].iteration));
        }
        let right = columns as f64 * (wide + LEFT_ROOM) + 26.0;
        let recording = self.content.recording;
        let height = high.max(BAR_LOWEST);
        scale.bar(&mut canvas, (right, TOP), height, ("weight", &recording.unit));
        if self.snapshots.iter().any(|(_, means)| means.values().any(f64::is_nan)) {
            Scale::blank(&mut canvas, (right, TOP + height), Colour::WHITE, "none");
        }
        canvas
    }

    /// Height and width of a cell, where so many panels stand side by side.
    fn cell(&self, columns: usize) -> [f64; 2] {
        let room = (WIDTH - BAR_ROOM - MARGIN) / columns as f64 - LEFT_ROOM;
        let cells = self.snapshots.first().map_or([1, 1], |(_, means)| means.cells());
        if self.is_wide {
            let height = cell(WIDE_HIGHEST, cells[0]).min(CELL_HIGHEST);
            return [height, cell(room, cells[1])];
        }
        // Square, as long as cells are: the sides of a matrix that is not would leave the page empty.
        [cell(room, cells[0]), cell(room, cells[1])]
    }

    fn panel(&self, [left, top, width, height]: [f64; 4]) -> Panel {
        let [sources, targets] = self.content.sizes;
        let (down, along) = if self.turned { (targets, sources) } else { (sources, targets) };
        let ticks = |length: f64, each: f64| (length / each).clamp(1.0, 8.0) as usize;
        let (x, y) = (Axis::of_indices(along, ticks(width, 60.0)), Axis::of_indices(down, ticks(height, 40.0)));
        Panel { left, top, width, height, x, y: y.downwards() }
    }

    fn paint_frame(&self, canvas: &mut Canvas, panel: &Panel, moment: &str) {
        let ends = self.content.ends;
        let (from, to) = (format!("from {}", ends.source), format!("to {}", ends.target));
        let (down, along) = if self.turned { (&to, &from) } else { (&from, &to) };
        let at = panel.frame(canvas, (down, ""), Some(along));
        panel.close(canvas);
        let text = shortened(&format!("at {moment}"), MEDIUM, panel.right() - at.0);
        canvas.text((panel.right(), at.1), &text, MEDIUM, Align::Right, Colour::GREY);
    }

    fn paint_title(&self, canvas: &mut Canvas, run: &Run) {
        let title = shortened(&run.title, LARGE, WIDTH - 2.0 * MARGIN);
        canvas.text((MARGIN, 26.0), &title, LARGE, Align::Left, Colour::BLACK);
        let numbers: Vec<u64> =
            self.snapshots.iter().map(|(place, _)| self.content.snapshots[*place].synapses).collect();
        let mut text = match numbers[..] {
            [first, last] if first != last => {
                format!("{} at first, {} at last", counted(first, "synapse"), counted(last, "synapse"))
            }
            _ => counted(numbers.first().copied().unwrap_or_default(), "synapse"),
        };
        let of = self.snapshots.first().map_or([1, 1], |(_, means)| means.of());
        if of != [1, 1] {
            let [sources, targets] = if self.turned { [of[1], of[0]] } else { of };
            text += &format!(
                "; a cell is the mean of those from {} to {}",
                counted(sources as u64, "neuron"),
                counted(targets as u64, "neuron")
            );
        }
        // A long name is cut, not what is said of it.
        let room = WIDTH - 2.0 * MARGIN;
        let name =
            shortened(&self.content.recording.group, MEDIUM, room - width_of(&format!("Weights of : {text}"), MEDIUM));
        let text = shortened(&format!("Weights of {name}: {text}"), MEDIUM, room);
        canvas.text((MARGIN, SECOND_LINE), &text, MEDIUM, Align::Left, Colour::GREY);
    }
}
