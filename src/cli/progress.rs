//! How far a run is: a bar where somebody looks, plain lines where nobody does. On stderr, which leaves stdout to
//! results.

use std::{
    fmt::Display,
    io::{IsTerminal, Write, stderr},
    time::{Duration, Instant},
};

use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};

/// Between two plain lines.
const PLAIN: Duration = Duration::from_secs(5);

/// The progress of a run.
pub(super) enum Progress {
    Bar(ProgressBar),
    Plain { total: u64, begins: u64, dt: f64, start: Instant, last: Instant },
    Quiet,
}

impl Progress {
    /// Progress from the iteration `begins` towards `total` of `dt` ms.
    pub fn new(begins: u64, total: u64, dt: f64, quiet: bool) -> Self {
        if quiet {
            return Self::Quiet;
        }
        if !stderr().is_terminal() {
            return Self::Plain { total, begins, dt, start: Instant::now(), last: Instant::now() };
        }
        let simulated = move |state: &ProgressState, text: &mut dyn std::fmt::Write| {
            // A bar that cannot show a number shows none.
            let _ = write!(text, "{}", in_words(state.pos() as f64 * dt));
        };
        let speed = |state: &ProgressState, text: &mut dyn std::fmt::Write| {
            let _ = write!(text, "{:.0}/s", state.per_sec());
        };
        let template = "{wide_bar} {human_pos}/{human_len} iterations  {speed}  {simulated}  ETA {eta}";
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .with_key("simulated", simulated)
            .with_key("speed", speed);
        let bar = ProgressBar::new(total).with_style(style).with_position(begins);
        bar.reset_eta();
        Self::Bar(bar)
    }

    /// `done` iterations are done.
    pub fn advance(&mut self, done: u64) {
        match self {
            Self::Bar(bar) => bar.set_position(done),
            Self::Plain { total, begins, dt, start, last } => {
                if last.elapsed() >= PLAIN {
                    *last = Instant::now();
                    let speed = done.saturating_sub(*begins) as f64 / start.elapsed().as_secs_f64();
                    let left = Duration::from_secs_f64(total.saturating_sub(done) as f64 / speed.max(1e-9));
                    let simulated = in_words(done as f64 * *dt);
                    let _ = writeln!(
                        stderr().lock(),
                        "{done}/{total} iterations  {speed:.0}/s  {simulated}  ETA {}",
                        HumanDuration(left)
                    );
                }
            }
            Self::Quiet => {}
        }
    }

    /// Something to be known while the run goes on; shown in any case.
    pub fn warn(&self, warning: &dyn Display) {
        let show = || super::warn(&warning.to_string());
        if let Self::Bar(bar) = self { bar.suspend(show) } else { show() }
    }

    /// The run is over.
    pub fn finish(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// A simulated time (ms) as people say it.
pub(super) fn in_words(ms: f64) -> String {
    match ms {
        // Steps of parts of a millisecond, without what binary fractions leave.
        ..10.0 => format!("{} ms", (ms * 1000.0).round() / 1000.0),
        ..10_000.0 => format!("{ms:.0} ms"),
        _ => format!("{:.1} s", ms / 1000.0),
    }
}
