//! A rectangle of the page with a horizontal and a vertical axis.

use super::axis::Axis;
use super::canvas::{Align, Canvas, Colour, shortened, width_of};

/// Size of tick labels, of axis labels and headings, and of the picture's title.
pub(super) const SMALL: u32 = 11;
pub(super) const MEDIUM: u32 = 12;
pub(super) const LARGE: u32 = 15;

/// Room that a panel needs left of its rectangle for ticks and labels.
pub(super) const LEFT_ROOM: f64 = 64.0;
/// White edge of the page left and right.
pub(super) const MARGIN: f64 = 20.0;
/// Room below the lowest panel for the time axis.
pub(super) const BOTTOM_ROOM: f64 = 46.0;
/// The width of frames and ticks.
pub(super) const HAIRLINE: f64 = 0.8;

/// Where a panel is and what its axes span.
#[derive(Debug)]
pub struct Panel {
    /// Its left edge on the page; ticks and labels stand in 64 units left of it.
    pub left: f64,
    /// Its upper edge, from the top of the page.
    pub top: f64,
    /// Its width.
    pub width: f64,
    /// Its height; an axis that is labelled takes 46 units below.
    pub height: f64,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
}

impl Panel {
    /// Where a point stands on the page.
    #[must_use]
    pub fn at(&self, x: f64, y: f64) -> (f64, f64) {
        let right = self.left + self.x.share(x) * self.width;
        (right, self.bottom() - self.y.share(y) * self.height)
    }

    /// Its lower edge.
    #[must_use]
    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// Its right edge.
    #[must_use]
    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    /// The left and lower edge with ticks, and above the left one what it shows: a name and its unit. The labels of the
    /// time axis only where no panel shares it below. Returns where, beside that name, a heading has room.
    ///
    /// The name stands above the axis and not along it, since kuva 0.6 smears rotated text in the PNG.
    pub fn frame(&self, canvas: &mut Canvas, (name, unit): (&str, &str), time_label: Option<&str>) -> (f64, f64) {
        let corner = (self.left, self.bottom());
        let edge = vec![(self.left, self.top), corner, (self.right(), corner.1)];
        canvas.line(edge, Colour::BLACK, HAIRLINE);
        for (value, label) in self.y.labels() {
            let y = self.bottom() - self.y.share(value) * self.height;
            let tick = vec![(self.left - 4.0, y), (self.left, y)];
            canvas.line(tick, Colour::BLACK, HAIRLINE);
            let beside = (self.left - 7.0, y + 4.0);
            canvas.text(beside, &label, SMALL, Align::Right, Colour::BLACK);
        }
        self.time_ticks(canvas, time_label);
        let unit = format!("{} {unit}", self.y.factor());
        let label = shortened(&labelled(name, unit.trim()), MEDIUM, self.width / 2.0);
        let above = (self.left - LEFT_ROOM + MARGIN, self.top - 11.0);
        canvas.text(above, &label, MEDIUM, Align::Left, Colour::BLACK);
        let end = above.0 + width_of(&label, MEDIUM) + 12.0;
        (end.max(self.left + 6.0), above.1)
    }

    /// The upper and the right edge, which a heat map needs to have an end.
    pub fn close(&self, canvas: &mut Canvas) {
        let edge = vec![(self.left, self.top), (self.right(), self.top), (self.right(), self.bottom())];
        canvas.line(edge, Colour::BLACK, HAIRLINE);
    }

    fn time_ticks(&self, canvas: &mut Canvas, time_label: Option<&str>) {
        for (value, label) in self.x.labels() {
            let x = self.left + self.x.share(value) * self.width;
            let tick = vec![(x, self.bottom()), (x, self.bottom() + 4.0)];
            canvas.line(tick, Colour::BLACK, HAIRLINE);
            if time_label.is_some() {
                let below = (x, self.bottom() + 17.0);
                canvas.text(below, &label, SMALL, Align::Centre, Colour::BLACK);
            }
        }
        if let Some(label) = time_label {
            let below = (self.left + self.width / 2.0, self.bottom() + 36.0);
            let label = format!("{label} {}", self.x.factor());
            canvas.text(below, label.trim(), MEDIUM, Align::Centre, Colour::BLACK);
        }
    }

    /// A pale line across the panel at a value of the vertical axis.
    pub fn level(&self, canvas: &mut Canvas, y: f64) {
        let y = self.bottom() - self.y.share(y) * self.height;
        canvas.line(vec![(self.left, y), (self.right(), y)], Colour::PALE, HAIRLINE);
    }

    /// A line through `points` (in values), broken where one is not a number. A single point between breaks becomes a dot.
    pub fn curve(&self, canvas: &mut Canvas, points: &[(f64, f64)], colour: Colour, width: f64) {
        for piece in pieces(points) {
            let mut line: Vec<_> = piece.iter().map(|&(x, y)| self.at(x, y)).collect();
            if let [(x, y)] = line[..] {
                line = vec![(x - width, y), (x + width, y)];
            }
            canvas.line(line, colour, width);
        }
    }

    /// The area between two curves over the same `x`: points are x, lower, upper.
    pub fn band(&self, canvas: &mut Canvas, points: &[(f64, [f64; 2])], colour: Colour) {
        let whole = |point: &(f64, [f64; 2])| point.1.iter().all(|value| value.is_finite());
        for piece in points.chunk_by(|a, b| whole(a) == whole(b)) {
            if piece.first().is_some_and(whole) {
                let upper = piece.iter().map(|&(x, [_, upper])| self.at(x, upper));
                let lower = piece.iter().rev().map(|&(x, [lower, _])| self.at(x, lower));
                let outline: Vec<_> = upper.chain(lower).collect();
                canvas.area(&outline, colour);
            }
        }
    }
}

/// The stretches of points that are numbers.
fn pieces(points: &[(f64, f64)]) -> impl Iterator<Item = &[(f64, f64)]> {
    let whole = |point: &(f64, f64)| point.1.is_finite();
    let stretches = points.chunk_by(move |a, b| whole(a) == whole(b));
    stretches.filter(move |piece| piece.first().is_some_and(whole))
}

/// The unit of a time axis for a run of `duration` ms, and how many ms it has: seconds from 10 s on.
pub(super) fn time_unit(duration: f64) -> (&'static str, f64) {
    if duration > 10_000.0 { ("time (s)", 1000.0) } else { ("time (ms)", 1.0) }
}

/// `name (unit)`, or the name alone where there is no unit.
pub(super) fn labelled(name: &str, unit: &str) -> String {
    if unit.is_empty() { name.to_owned() } else { format!("{name} ({unit})") }
}

/// `1 neuron`, `77 169 neurons`.
pub(super) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(count))
}

/// Digits in groups of three: `77 169`.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    // A narrow space that does not break; four digits are read without.
    let separator = if digits.len() > 4 { "\u{202f}" } else { "" };
    groups.join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_breaks_a_curve() {
        let points = [1.0, 2.0, f64::NAN, 4.0, f64::NAN].map(|y| (0.0, y));
        let lengths: Vec<_> = pieces(&points).map(<[_]>::len).collect();
        assert_eq!(lengths, [2, 1]);
    }

    #[test]
    fn labels_state_units_where_there_are_some() {
        assert_eq!(labelled("v", "mV"), "v (mV)");
        assert_eq!(labelled("u", ""), "u");
        assert_eq!(time_unit(10_000.0).0, "time (ms)");
        assert_eq!(time_unit(10_001.0).0, "time (s)");
        assert_eq!(counted(1, "neuron"), "1 neuron");
        assert_eq!(counted(0, "spike"), "0 spikes");
        assert_eq!(counted(1000, "spike"), "1000 spikes");
        assert_eq!(counted(10_054_321, "spike"), "10\u{202f}054\u{202f}321 spikes");
    }

    #[test]
    fn values_are_placed_between_the_edges() {
        let panel = Panel {
            left: 100.0,
            top: 10.0,
            width: 200.0,
            height: 50.0,
            x: Axis::exact(0.0, 10.0, 5),
            y: Axis::exact(-1.0, 1.0, 5),
        };
        assert_eq!(panel.at(0.0, -1.0), (100.0, 60.0));
        assert_eq!(panel.at(5.0, 1.0), (200.0, 10.0));
        assert_eq!(panel.at(99.0, 0.0), (300.0, 35.0), "nothing leaves the panel");
    }
}
