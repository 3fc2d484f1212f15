//! Histograms as outlines.

use super::canvas::{Canvas, Colour};
use super::panel::Panel;

/// Heights over bins of equal width.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Steps {
    pub(super) low: f64,
    pub(super) width: f64,
    pub(super) heights: Vec<f64>,
}

impl Steps {
    /// Probability densities over bins that hold such shares of `total` counts; flat zero without any.
    pub(super) fn density(low: f64, width: f64, counts: &[f64], total: f64) -> Self {
        let scale = if total > 0.0 && width > 0.0 { 1.0 / (total * width) } else { 0.0 };
        Self { low, width, heights: counts.iter().map(|count| count * scale).collect() }
    }

    /// Densities of some values in bins from `low` on, as many as they need.
    pub(super) fn of(values: &[f64], low: f64, width: f64) -> Self {
        let mut counts = Vec::new();
        for value in values {
            let bin = ((value - low) / width).max(0.0) as usize;
            if counts.len() <= bin {
                counts.resize(bin + 1, 0.0);
            }
            counts[bin] += 1.0;
        }
        Self::density(low, width, &counts, values.len() as f64)
    }

    /// Where the last bin ends.
    pub(super) fn high(&self) -> f64 {
        self.low + self.width * self.heights.len() as f64
    }

    /// From zero up, along the steps from the first to the last that is not zero, and down to zero.
    fn outline(&self) -> Vec<(f64, f64)> {
        let edge = |bin: usize| self.low + bin as f64 * self.width;
        let first = self.heights.iter().position(|&y| y != 0.0).unwrap_or_default();
        let end = self.heights.iter().rposition(|&y| y != 0.0).map_or(first, |last| last + 1);
        let tops = (first..end).flat_map(|bin| [bin, bin + 1].map(|side| (edge(side), self.heights[bin])));
        std::iter::once((edge(first), 0.0)).chain(tops).chain([(edge(end), 0.0)]).collect()
    }

    pub(super) fn fill(&self, canvas: &mut Canvas, panel: &Panel, colour: Colour) {
        let corners: Vec<_> = self.outline().into_iter().map(|(x, y)| panel.at(x, y)).collect();
        canvas.area(&corners, colour);
    }

    pub(super) fn line(&self, canvas: &mut Canvas, panel: &Panel, colour: Colour, width: f64) {
        panel.curve(canvas, &self.outline(), colour, width);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn densities_have_an_area_of_one() {
        let steps = Steps::of(&[0.1, 0.2, 0.3, 1.9], 0.0, 0.5);
        assert_eq!(steps.heights, [1.5, 0.0, 0.0, 0.5]);
        assert_eq!(steps.high(), 2.0);
        assert_eq!(steps.outline()[..3], [(0.0, 0.0), (0.0, 1.5), (0.5, 1.5)]);
        let inner = Steps::density(0.0, 1.0, &[0.0, 2.0, 0.0], 2.0);
        assert_eq!(inner.outline(), [(1.0, 0.0), (1.0, 1.0), (2.0, 1.0), (2.0, 0.0)]);
        assert_eq!(Steps::of(&[], 0.0, 0.5).outline(), [(0.0, 0.0), (0.0, 0.0)]);
        assert_eq!(Steps::density(0.0, 1.0, &[0.0, 0.0], 0.0).heights, [0.0, 0.0]);
    }
}
