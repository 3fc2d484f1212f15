//! The page of the statistics: a line of numbers per group, and below, for each that fired, the distributions of rate and CV,
//! the spectrum and the autocorrelation of the population rate.

use super::curves::Portrait;
use crate::plot::axis::Axis;
use crate::plot::canvas::{Align, Canvas, Colour, WIDTH, shortened, width_of};
use crate::plot::panel::{BOTTOM_ROOM, LARGE, LEFT_ROOM, MARGIN, MEDIUM, Panel, SMALL, grouped};
use crate::plot::run::Run;
use crate::plot::steps::Steps;
use crate::statistics::{LEAST_INTERVALS, Summary, written};

/// Baseline of the table's head, and from line to line.
const TABLE: f64 = 56.0;
const LINE: f64 = 18.0;
/// From the table to the panels, and between blocks of panels.
const GAP: f64 = 40.0;
/// Height of a panel that stands alone, of several altogether, and of one of them at least; and between two of them.
const HEIGHT: f64 = 170.0;
const ALTOGETHER: f64 = 260.0;
const LOWEST: f64 = 44.0;
const BETWEEN: f64 = 18.0;
/// The spectrum is drawn up to here (Hz), or to so many times the highest peak: over its first harmonic.
const HIGHEST: f64 = 200.0;
const PEAKS: f64 = 2.5;
/// Decades of power that are drawn at most: between the harmonics of a clock there are thirty.
const DECADES: f64 = 8.0;
const CURVE_WIDTH: f64 = 1.2;

pub(super) fn paint(run: &Run, portraits: &[Portrait]) -> Canvas {
    let active: Vec<&Portrait> = portraits.iter().filter(|one| one.findings.summary.spikes > 0).collect();
    let top = TABLE + LINE * portraits.len() as f64 + GAP;
    let block = |column: f64, below: f64| {
        let cell = (WIDTH - MARGIN) / 2.0;
        let mut block =
            Block { run, portraits: &active, left: column * cell + LEFT_ROOM, top, width: cell - LEFT_ROOM - 6.0 };
        block.top += below * (block.height() + BOTTOM_ROOM + GAP);
        block
    };
    let last = block(1.0, 1.0);
    let mut canvas = Canvas::new(last.top + last.height() + BOTTOM_ROOM);
    let title = shortened(&run.title, LARGE, WIDTH - 2.0 * MARGIN);
    canvas.text((MARGIN, 26.0), &title, LARGE, Align::Left, Colour::BLACK);
    paint_table(&mut canvas, run, portraits);
    paint_rates(&mut canvas, &block(0.0, 0.0));
    paint_cvs(&mut canvas, &block(1.0, 0.0));
    paint_spectra(&mut canvas, &block(0.0, 1.0));
    paint_autocorrelations(&mut canvas, &last);
    canvas
}

/// The numbers, one line per group in its colour.
fn paint_table(canvas: &mut Canvas, run: &Run, portraits: &[Portrait]) {
    let heads = ["rate ± sd (Hz)", "CV", "LV", "of neurons", "Fano", "correlation", "peak (Hz)", "from (ms)"];
    let ends = [338.0, 376.0, 412.0, 516.0, 558.0, 650.0, 728.0, WIDTH - MARGIN];
    for (head, x) in heads.into_iter().zip(ends) {
        canvas.text((x, TABLE), head, SMALL, Align::Right, Colour::GREY);
    }
    for (nth, portrait) in portraits.iter().enumerate() {
        let y = TABLE + LINE * (nth + 1) as f64;
        let numbers = numbers(&portrait.findings.summary);
        let room = ends[0] - width_of(&numbers[0], MEDIUM) - MARGIN - 8.0;
        let name = shortened(&portrait.recording.group, MEDIUM, room);
        canvas.text((MARGIN, y), &name, MEDIUM, Align::Left, run.colour(&portrait.recording.group));
        for (number, x) in numbers.iter().zip(ends) {
            canvas.text((x, y), number, MEDIUM, Align::Right, Colour::BLACK);
        }
    }
}

/// The panels of one quantity, one for each group below another: curves of groups that are driven alike hide one another.
struct Block<'a> {
    run: &'a Run,
    portraits: &'a [&'a Portrait<'a>],
    left: f64,
    top: f64,
    width: f64,
}

impl Block<'_> {
    /// The height of a panel.
    fn each(&self) -> f64 {
        match self.portraits.len() {
            0 | 1 => HEIGHT,
            several => (ALTOGETHER / several as f64 - BETWEEN).max(LOWEST),
        }
    }

    fn height(&self) -> f64 {
        let panels = self.portraits.len().max(1) as f64;
        panels * (self.each() + BETWEEN) - BETWEEN
    }

    /// Marks of a vertical axis.
    fn ticks(&self) -> usize {
        if self.each() < 100.0 { 3 } else { 4 }
    }

    /// Draws a panel of each group's own of `shown`, over one horizontal axis; `axis` gives the vertical ones.
    fn paint<T>(
        &self,
        canvas: &mut Canvas,
        shown: &[T],
        (x, axis): (&Axis, &dyn Fn(&T) -> Axis),
        ((name, unit), below): ((&str, &str), &str),
        draw: &dyn Fn(&mut Canvas, &T, &Panel, Colour),
    ) {
        for (nth, (portrait, own)) in self.portraits.iter().zip(shown).enumerate() {
            let top = self.top + nth as f64 * (self.each() + BETWEEN);
            let (left, width, height) = (self.left, self.width, self.each());
            let panel = Panel { left, top, width, height, x: x.clone(), y: axis(own) };
            let colour = self.run.colour(&portrait.recording.group);
            draw(canvas, own, &panel, colour);
            let is_last = nth + 1 == self.portraits.len();
            panel.frame(canvas, if nth == 0 { (name, unit) } else { ("", "") }, is_last.then_some(below));
            // Above the panel, where it hides no curve.
            if self.portraits.len() > 1 {
                // Beside the first stands what the panels show.
                let taken = if nth == 0 { width_of(name, MEDIUM) + width_of(unit, MEDIUM) } else { 0.0 };
                let name = shortened(&portrait.recording.group, SMALL, width - taken);
                canvas.text((panel.right(), top - 3.0), &name, SMALL, Align::Right, colour);
            }
        }
    }
}

fn numbers(summary: &Summary) -> [String; 8] {
    let number = |number, decimals| written(number, decimals).replace('-', "−");
    let spread = summary.rate_deviation_hz.map_or_else(String::new, |spread| format!(" ± {spread:.2}"));
    [
        number(summary.rate_hz, 2) + &spread,
        number(summary.cv, 2),
        number(summary.lv, 2),
        share(summary.interval_neurons, summary.neurons),
        number(summary.fano, 2),
        number(summary.correlation, 3),
        number(summary.peak_hz, 1),
        number(Some(summary.from_ms), 0),
    ]
}

fn paint_rates(canvas: &mut Canvas, block: &Block) {
    let rates = block.portraits.iter().flat_map(|one| one.findings.rates.iter().copied());
    let highest = rates.fold(0.0, f64::max);
    let steps: Vec<_> = block.portraits.iter().map(|one| Some(one.rates(highest))).collect();
    paint_steps(canvas, block, &steps, 0.0, ("probability density", "1/Hz", "rate (Hz)"));
}

fn paint_cvs(canvas: &mut Canvas, block: &Block) {
    let cvs = block.portraits.iter().flat_map(|one| one.enough_cvs()).copied();
    // A clock is at 0 and a Poisson process at 1, so both are on the axis.
    let highest = cvs.fold(1.2, f64::max);
    let drawn = block.portraits.iter().map(|one| one.enough_cvs().len() as u64).sum();
    let all = block.portraits.iter().map(|one| one.findings.summary.neurons).sum();
    let below = format!("CV of {LEAST_INTERVALS} intervals or more, {} neurons", share(drawn, all));
    let steps: Vec<_> = block.portraits.iter().map(|one| one.cvs(highest)).collect();
    paint_steps(canvas, block, &steps, highest, ("probability density", "", &below));
}

/// `96 of 100`.
fn share(part: u64, whole: u64) -> String {
    format!("{} of {}", grouped(part), grouped(whole))
}

/// The distribution of each group; `least` is on the axis.
fn paint_steps(
    canvas: &mut Canvas,
    block: &Block,
    steps: &[Option<Steps>],
    least: f64,
    (name, unit, below): (&str, &str, &str),
) {
    let high = steps.iter().flatten().map(Steps::high).fold(least, f64::max);
    let x = Axis::exact(0.0, if high > 0.0 { high } else { 1.0 }, 6);
    let heights = |own: &Option<Steps>| own.iter().flat_map(|steps| &steps.heights).copied().collect::<Vec<_>>();
    let y = |own: &Option<Steps>| Axis::from_zero(heights(own), block.ticks());
    block.paint(canvas, steps, (&x, &y), ((name, unit), below), &|canvas, own, panel, colour| match own {
        Some(steps) => {
            steps.fill(canvas, panel, colour.shade(0.75));
            steps.line(canvas, panel, colour, CURVE_WIDTH);
        }
        None => note(canvas, panel, "too few intervals"),
    });
}

fn paint_spectra(canvas: &mut Canvas, block: &Block) {
    let peaks = block.portraits.iter().filter_map(|one| one.peak());
    let limit = peaks.map(|(hz, _)| PEAKS * hz).fold(HIGHEST, f64::max);
    let spectra: Vec<_> = block.portraits.iter().map(|one| (one.spectrum(limit), one.peak())).collect();
    let points = || spectra.iter().flat_map(|(curve, _)| curve);
    let hertz = points().map(|&(hz, _)| hz).fold(0.0, f64::max);
    let powers = || points().map(|&(_, power)| power).filter(|power| power.is_finite());
    let high = powers().fold(0.0, f64::max);
    let low = powers().fold(0.0, f64::min).max(high - DECADES);
    let x = Axis::exact(0.0, if hertz > 0.0 { hertz } else { HIGHEST }, 6);
    let y = Axis::decades(low, high, if block.ticks() < 4 { 2 } else { 6 });
    let words = (("power", "× Poisson"), "frequency (Hz)");
    block.paint(canvas, &spectra, (&x, &|_| y.clone()), words, &|canvas, (curve, peak), panel, colour| {
        if curve.iter().all(|(_, power)| !power.is_finite()) {
            return note(canvas, panel, SHORT);
        }
        panel.level(canvas, 0.0);
        // What lies below the axis is left out: along its edge it would look like a floor.
        let above = |power: f64| if power < low.floor() { f64::NAN } else { power };
        let drawn: Vec<_> = curve.iter().map(|&(hz, power)| (hz, above(power))).collect();
        panel.curve(canvas, &drawn, colour, CURVE_WIDTH);
        if let Some((hz, power)) = peak {
            let (x, y) = panel.at(*hz, *power);
            canvas.line(vec![(x, y - 9.0), (x, y - 4.0)], colour, 2.0);
        }
    });
}

fn paint_autocorrelations(canvas: &mut Canvas, block: &Block) {
    let curves: Vec<_> = block.portraits.iter().map(|one| one.autocorrelation()).collect();
    let lag = curves.iter().flatten().map(|&(lag, _)| lag).fold(0.0, f64::max);
    let values = curves.iter().flatten().map(|&(_, value)| value).chain([0.0]);
    let y = Axis::around(values, block.ticks());
    let x = Axis::exact(0.0, if lag > 0.0 { lag } else { 200.0 }, 6);
    let words = (("autocorrelation", ""), "lag (ms)");
    block.paint(canvas, &curves, (&x, &|_| y.clone()), words, &|canvas, curve, panel, colour| {
        if curve.is_empty() {
            return note(canvas, panel, SHORT);
        }
        panel.level(canvas, 0.0);
        panel.curve(canvas, curve, colour, CURVE_WIDTH);
    });
}

const SHORT: &str = "too short, or without variation";

/// Why a panel is empty.
fn note(canvas: &mut Canvas, panel: &Panel, why: &str) {
    let middle = (panel.left + panel.width / 2.0, panel.top + panel.height / 2.0);
    canvas.text(middle, why, MEDIUM, Align::Centre, Colour::GREY);
}
