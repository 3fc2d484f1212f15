//! The page of the statistics: a line of numbers per group, and below the distributions of rate and CV, the spectrum and
//! the autocorrelation of the population rate.

use super::curves::Portrait;
use crate::plot::axis::Axis;
use crate::plot::canvas::{Align, Canvas, Colour, WIDTH, shortened};
use crate::plot::manifest::Manifest;
use crate::plot::panel::{BOTTOM_ROOM, LARGE, LEFT_ROOM, MARGIN, MEDIUM, Panel, SMALL, grouped};
use crate::plot::steps::Steps;
use crate::statistics::{LEAST_INTERVALS, Summary, written};

/// Baseline of the table's head, and from line to line.
const TABLE: f64 = 56.0;
const LINE: f64 = 18.0;
/// From the table to the panels, and between panels.
const GAP: f64 = 40.0;
const HEIGHT: f64 = 170.0;
/// The spectrum is drawn up to here (Hz), or to so many times the highest peak: over its first harmonic.
const HIGHEST: f64 = 200.0;
const PEAKS: f64 = 2.5;
/// Decades of power that are drawn at most: between the harmonics of a clock there are thirty.
const DECADES: f64 = 5.0;
const CURVE_WIDTH: f64 = 1.2;

pub(super) fn paint(manifest: &Manifest, portraits: &[Portrait]) -> Canvas {
    let top = TABLE + LINE * portraits.len() as f64 + GAP;
    let row = HEIGHT + BOTTOM_ROOM + GAP;
    let mut canvas = Canvas::new(top + row + HEIGHT + BOTTOM_ROOM);
    let title = shortened(&manifest.title, LARGE, WIDTH - 2.0 * MARGIN);
    canvas.text((MARGIN, 26.0), &title, LARGE, Align::Left, Colour::BLACK);
    paint_table(&mut canvas, manifest, portraits);
    let place = |column: f64, below: f64| {
        let cell = (WIDTH - MARGIN) / 2.0;
        let (left, top) = (column * cell + LEFT_ROOM, top + below * row);
        move |x, y| Panel { left, top, width: cell - LEFT_ROOM - 6.0, height: HEIGHT, x, y }
    };
    let colours: Vec<_> = portraits.iter().map(|one| manifest.colour(&one.recording.group)).collect();
    paint_rates(&mut canvas, portraits, &colours, place(0.0, 0.0));
    paint_cvs(&mut canvas, portraits, &colours, place(1.0, 0.0));
    paint_spectra(&mut canvas, portraits, &colours, place(0.0, 1.0));
    paint_autocorrelations(&mut canvas, portraits, &colours, place(1.0, 1.0));
    canvas
}

/// The numbers, one line per group in its colour.
fn paint_table(canvas: &mut Canvas, manifest: &Manifest, portraits: &[Portrait]) {
    let heads = ["rate ± sd (Hz)", "CV", "LV", "of neurons", "Fano", "correlation", "peak (Hz)", "from (ms)"];
    let ends = [270.0, 315.0, 360.0, 470.0, 530.0, 640.0, 725.0, WIDTH - MARGIN];
    for (head, x) in heads.into_iter().zip(ends) {
        canvas.text((x, TABLE), head, SMALL, Align::Right, Colour::GREY);
    }
    for (nth, portrait) in portraits.iter().enumerate() {
        let y = TABLE + LINE * (nth + 1) as f64;
        let name = shortened(&portrait.recording.group, MEDIUM, 130.0);
        canvas.text((MARGIN, y), &name, MEDIUM, Align::Left, manifest.colour(&portrait.recording.group));
        for (number, x) in numbers(&portrait.findings.summary).iter().zip(ends) {
            canvas.text((x, y), number, MEDIUM, Align::Right, Colour::BLACK);
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

fn paint_rates(canvas: &mut Canvas, portraits: &[Portrait], colours: &[Colour], panel: impl Fn(Axis, Axis) -> Panel) {
    let rates = portraits.iter().flat_map(|one| one.findings.rates.iter().copied());
    let highest = rates.fold(0.0, f64::max);
    let steps: Vec<_> = portraits.iter().map(|one| Some(one.rates(highest))).collect();
    paint_steps(canvas, &steps, colours, 0.0, ("probability density", "1/Hz", "rate (Hz)"), panel);
}

fn paint_cvs(canvas: &mut Canvas, portraits: &[Portrait], colours: &[Colour], panel: impl Fn(Axis, Axis) -> Panel) {
    let cvs = portraits.iter().flat_map(Portrait::enough_cvs).copied();
    // A clock is at 0 and a Poisson process at 1, so both are on the axis.
    let highest = cvs.fold(1.2, f64::max);
    let steps: Vec<_> = portraits.iter().map(|one| one.cvs(highest)).collect();
    let below = format!("CV of {LEAST_INTERVALS} intervals or more");
    let panel = paint_steps(canvas, &steps, colours, highest, ("probability density", "", &below), panel);
    let drawn = portraits.iter().map(|one| one.enough_cvs().len() as u64).sum();
    let neurons = share(drawn, portraits.iter().map(|one| one.findings.summary.neurons).sum()) + " neurons";
    canvas.text((panel.right(), panel.top - 11.0), &neurons, SMALL, Align::Right, Colour::GREY);
}

/// `96 of 100`.
fn share(part: u64, whole: u64) -> String {
    format!("{} of {}", grouped(part), grouped(whole))
}

/// Distributions in one panel: all fillings under all lines.
fn paint_steps(
    canvas: &mut Canvas,
    steps: &[Option<Steps>],
    colours: &[Colour],
    least: f64,
    (name, unit, below): (&str, &str, &str),
    panel: impl Fn(Axis, Axis) -> Panel,
) -> Panel {
    let present = || steps.iter().zip(colours).filter_map(|(steps, colour)| Some((steps.as_ref()?, *colour)));
    let high = present().map(|(steps, _)| steps.high()).fold(least, f64::max);
    let heights = present().flat_map(|(steps, _)| steps.heights.iter().copied());
    let panel = panel(Axis::exact(0.0, if high > 0.0 { high } else { 1.0 }, 6), Axis::from_zero(heights, 4));
    present().for_each(|(steps, colour)| steps.fill(canvas, &panel, colour.shade(0.85)));
    present().for_each(|(steps, colour)| steps.line(canvas, &panel, colour, CURVE_WIDTH));
    if present().next().is_none() {
        note(canvas, &panel, "too few intervals");
    }
    panel.frame(canvas, (name, unit), Some(below));
    panel
}

fn paint_spectra(canvas: &mut Canvas, portraits: &[Portrait], colours: &[Colour], panel: impl Fn(Axis, Axis) -> Panel) {
    let peaks = portraits.iter().filter_map(Portrait::peak);
    let limit = peaks.map(|(hz, _)| PEAKS * hz).fold(HIGHEST, f64::max);
    let curves: Vec<_> = portraits.iter().map(|one| one.spectrum(limit)).collect();
    let hertz = curves.iter().flatten().map(|&(hz, _)| hz).fold(0.0, f64::max);
    let powers = || curves.iter().flatten().map(|&(_, power)| power).filter(|power| power.is_finite());
    let high = powers().fold(0.0, f64::max);
    let low = powers().fold(0.0, f64::min).max(high - DECADES);
    let panel = panel(Axis::exact(0.0, if hertz > 0.0 { hertz } else { HIGHEST }, 6), Axis::decades(low, high));
    if powers().next().is_some() {
        panel.level(canvas, 0.0);
    } else {
        note(canvas, &panel, SHORT);
    }
    for (curve, colour) in curves.iter().zip(colours) {
        panel.curve(canvas, curve, *colour, CURVE_WIDTH);
    }
    panel.frame(canvas, ("power", "× Poisson"), Some("frequency (Hz)"));
    paint_peaks(canvas, portraits, colours, &panel);
}

/// A short stroke above each peak.
fn paint_peaks(canvas: &mut Canvas, portraits: &[Portrait], colours: &[Colour], panel: &Panel) {
    for (portrait, colour) in portraits.iter().zip(colours) {
        if let Some((hz, power)) = portrait.peak() {
            let (x, y) = panel.at(hz, power);
            canvas.line(vec![(x, y - 9.0), (x, y - 4.0)], *colour, 2.0);
        }
    }
}

fn paint_autocorrelations(
    canvas: &mut Canvas,
    portraits: &[Portrait],
    colours: &[Colour],
    panel: impl Fn(Axis, Axis) -> Panel,
) {
    let curves: Vec<_> = portraits.iter().map(Portrait::autocorrelation).collect();
    let lag = curves.iter().flatten().map(|&(lag, _)| lag).fold(0.0, f64::max);
    let values = curves.iter().flatten().map(|&(_, value)| value).chain([0.0]);
    let panel = panel(Axis::exact(0.0, if lag > 0.0 { lag } else { 200.0 }, 6), Axis::around(values, 4));
    if lag > 0.0 {
        panel.level(canvas, 0.0);
    } else {
        note(canvas, &panel, SHORT);
    }
    for (curve, colour) in curves.iter().zip(colours) {
        panel.curve(canvas, curve, *colour, CURVE_WIDTH);
    }
    panel.frame(canvas, ("autocorrelation", ""), Some("lag (ms)"));
}

const SHORT: &str = "too short, or without variation";

/// Why a panel is empty.
fn note(canvas: &mut Canvas, panel: &Panel, why: &str) {
    let middle = (panel.left + panel.width / 2.0, panel.top + panel.height / 2.0);
    canvas.text(middle, why, MEDIUM, Align::Centre, Colour::GREY);
}
