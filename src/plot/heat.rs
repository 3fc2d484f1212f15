//! Heat maps: a grid of values as coloured cells.

use super::canvas::{Canvas, Mark};
use super::scale::{SHADES, Scale};

/// Values row by row, the first row at the top; not a number where there is nothing to be seen.
#[derive(Debug, Clone)]
pub(super) struct Heat {
    pub(super) columns: usize,
    pub(super) values: Vec<f64>,
}

impl Heat {
    /// Fills cells of a width and a height from a corner on. Neighbours of one shade are one mark.
    pub(super) fn tiles(&self, (left, top): (f64, f64), [width, height]: [f64; 2], scale: &Scale) -> Tiles {
        let mut tiles = Tiles::default();
        for (row, values) in self.values.chunks(self.columns.max(1)).enumerate() {
            let shades: Vec<_> = values.iter().map(|&v| if v.is_nan() { SHADES } else { scale.shade(v) }).collect();
            let mut column = 0;
            for same in shades.chunk_by(|a, b| a == b) {
                let (start, shade) = (column, same.first().copied().unwrap_or(SHADES));
                column += same.len();
                if let Some(marks) = tiles.0.get_mut(shade) {
                    let y = top + row as f64 * height;
                    marks.push([left + start as f64 * width, y, same.len() as f64 * width, height]);
                }
            }
        }
        tiles
    }
}

/// The cells of each shade.
#[derive(Debug, Clone)]
pub(super) struct Tiles(Vec<Vec<Mark>>);

impl Default for Tiles {
    fn default() -> Self {
        Self(vec![Vec::new(); SHADES])
    }
}

impl Tiles {
    pub(super) fn append(&mut self, mut others: Self) {
        self.0.iter_mut().zip(&mut others.0).for_each(|(own, other)| own.append(other));
    }

    /// Draws cells that are all equally high.
    pub(super) fn paint(self, canvas: &mut Canvas, height: f64, scale: &Scale) {
        let shades = self.0.into_iter().enumerate().filter(|(_, marks)| !marks.is_empty());
        canvas.tiles(shades.map(|(shade, marks)| (scale.colour(shade), marks)), height);
    }
}

/// The size of one of `count` cells in some room, so that each ends with a pixel; at least one pixel, half a unit.
pub(super) fn cell(room: f64, count: usize) -> f64 {
    ((room / count.max(1) as f64 * 2.0).floor() / 2.0).max(0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_one_shade_are_one_mark_and_those_of_none_are_left_out() {
        let heat = Heat { columns: 4, values: vec![0.0, 0.0, 1.0, f64::NAN, f64::NAN, 0.0, 1.0, 1.0] };
        let tiles = heat.tiles((10.0, 20.0), [2.0, 3.0], &Scale::from_zero([1.0]));
        assert_eq!(tiles.0[0], [[10.0, 20.0, 4.0, 3.0], [12.0, 23.0, 2.0, 3.0]]);
        assert_eq!(tiles.0[SHADES - 1], [[14.0, 20.0, 2.0, 3.0], [14.0, 23.0, 4.0, 3.0]]);
        assert_eq!(tiles.0.iter().map(Vec::len).sum::<usize>(), 4);
    }

    #[test]
    fn cells_end_with_pixels() {
        assert_eq!((cell(330.0, 200), cell(330.0, 1000), cell(100.0, 1)), (1.5, 0.5, 100.0));
    }
}
