//! The page of receptive fields: for each target an image of the weights of its synapses, over the sheet of their sources.
//! As in P. Diehl & M. Cook, Front. Comput. Neurosci. 9:99 (2015), fig. 2.

use super::content::Content;
use crate::plot::Fault;
use crate::plot::canvas::{Align, Canvas, Colour, WIDTH, shortened};
use crate::plot::heat::{Heat, Tiles, cell};
use crate::plot::panel::{HAIRLINE, LARGE, MARGIN, MEDIUM, SMALL, grouped};
use crate::plot::reduce::{Means, spread};
use crate::plot::run::Run;
use crate::plot::scale::{BAR_ROOM, Scale};

const TOP: f64 = 76.0;
const SECOND_LINE: f64 = 46.0;
/// The colour of what has no synapse, and the room that its sample needs below the bar.
const NO_SYNAPSE: Colour = Colour::new(0xde, 0xde, 0xde);
const BLANK: f64 = 38.0;
/// Between two images; and above one, where the number of its neuron stands there.
const GAP: f64 = 4.0;
const NUMBER: f64 = 14.0;
/// Images at most, as in the paper, and cells of an image along a side.
const MOST: usize = 400;
const SIDE: usize = 64;
/// An image is so large at most, so that three of them do not fill the page, and at least.
const LARGEST: f64 = 128.0;
const SMALLEST: f64 = 24.0;
/// Images of this size have room for a number.
const NUMBERED: f64 = 34.0;
/// The page has so much room for images, besides their numbers.
const ROOM: [f64; 2] = [WIDTH - 2.0 * MARGIN - BAR_ROOM, 760.0];

/// The receptive fields of some targets.
pub(super) struct Fields<'a> {
    content: &'a Content<'a>,
    /// Which targets, in ascending order, and the field of each.
    targets: Vec<usize>,
    fields: Vec<Means>,
    /// Width and height of the sheet of sources.
    sheet: [usize; 2],
    arrangement: Arrangement,
}

/// How images are arranged.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Arrangement {
    /// How many stand in a row.
    columns: usize,
    /// Width and height of a cell.
    cell: f64,
}

impl Arrangement {
    /// So many images of so many cells, as large as they fit; `None` if they would be too small.
    fn of(images: usize, [wide, high]: [usize; 2], columns: usize) -> Option<Self> {
        let rows = images.div_ceil(columns);
        let largest = LARGEST / wide.max(high) as f64;
        let fits = |room: f64, images: usize, cells: usize| cell(room / images as f64 - GAP, cells);
        let size = fits(ROOM[0], columns, wide).min(fits(ROOM[1], rows, high)).min(cell(largest, 1));
        let is_inside = columns as f64 * (size * wide as f64 + GAP) <= ROOM[0] + GAP
            && rows as f64 * (size * high as f64 + GAP) <= ROOM[1] + GAP;
        let is_readable = size * wide.max(high) as f64 >= SMALLEST;
        (is_inside && is_readable).then_some(Self { columns, cell: size })
    }

    /// The best of all arrangements: the largest images, in as few rows as a page is wide.
    fn best(images: usize, cells: [usize; 2]) -> Option<Self> {
        let all = (1..=images).filter_map(|columns| Self::of(images, cells, columns));
        all.reduce(|best, next| if next.cell > best.cell { next } else { best }).map(|best| {
            // Images of that size fill the width before they begin another row.
            let wider = (best.columns..=images).rev().filter_map(|columns| Self::of(images, cells, columns));
            let wider = wider.filter(|one| one.cell == best.cell).max_by_key(|one| one.columns).unwrap_or(best);
            let rows = images.div_ceil(wider.columns);
            Self { columns: images.div_ceil(rows), ..wider }
        })
    }
}

/// Where the images are.
struct Places {
    columns: usize,
    width: f64,
    height: f64,
    /// The room for a number above an image.
    number: f64,
    /// From an image to the next beside it, and below it.
    along: f64,
    down: f64,
}

impl Places {
    fn corner(&self, place: usize) -> (f64, f64) {
        let [column, row] = [place % self.columns, place / self.columns].map(|nth| nth as f64);
        (MARGIN + column * self.along, TOP + row * self.down + self.number)
    }
}

/// The targets that have synapses in a snapshot; all, if none has.
fn connected(content: &Content<'_>, snapshot: usize, all: usize) -> Result<Vec<usize>, Fault> {
    let mut has = vec![false; all];
    content.each(snapshot, |_, target, _| has[target] = true)?;
    let connected: Vec<usize> = (0..all).filter(|&target| has[target]).collect();
    Ok(if connected.is_empty() { (0..all).collect() } else { connected })
}

impl<'a> Fields<'a> {
    /// The fields of the last snapshot, if the sources are a sheet.
    pub(super) fn read(run: &Run, content: &'a Content<'a>) -> Result<Option<Self>, Fault> {
        let Some(sheet) = run.sheet(&content.ends.source) else { return Ok(None) };
        let [wide, high] = sheet;
        let blank = Means::new([high, wide], [SIDE, SIDE]);
        let [rows, columns] = blank.cells();
        let all = content.sizes[1];
        // As the targets stand, where these are a sheet too and all are shown.
        let own = run.sheet(&content.ends.target).and_then(|[across, _]| Arrangement::of(all, [columns, rows], across));
        let last = content.snapshots.len() - 1;
        let own = own.filter(|_| all <= MOST).map(|one| ((0..all).collect(), one));
        let chosen = match own {
            Some(own) => Some(own),
            None => Self::choose(&connected(content, last, all)?, [columns, rows]),
        };
        let Some((targets, arrangement)) = chosen else { return Ok(None) };
        let mut fields = vec![blank; targets.len()];
        content.each(last, |source, target, weight| {
            if let Ok(place) = targets.binary_search(&target) {
                fields[place].add(source / wide, source % wide, weight);
            }
        })?;
        Ok(Some(Self { content, targets, fields, sheet, arrangement }))
    }

    /// As many of some targets as have room, spread over them.
    fn choose(of: &[usize], cells: [usize; 2]) -> Option<(Vec<usize>, Arrangement)> {
        let counts = (1..=of.len().min(MOST)).rev();
        let (shown, arrangement) = { counts }.find_map(|n| Arrangement::best(n, cells).map(|one| (n, one)))?;
        Some((spread(shown, of.len()).into_iter().map(|place| of[place]).collect(), arrangement))
    }

    pub(super) fn paint(&self, run: &Run) -> Canvas {
        let places = self.places();
        let height = self.fields.len().div_ceil(places.columns) as f64 * places.down;
        let bar = height.clamp(96.0, 256.0);
        let mut canvas = Canvas::new(TOP + height.max(bar + places.number + BLANK) + MARGIN);
        self.paint_title(&mut canvas, run);
        let scale = Scale::from_zero(self.fields.iter().flat_map(Means::values));
        self.paint_fields(&mut canvas, &places, &scale);
        self.paint_frames(&mut canvas, &places);
        let right = MARGIN + places.columns as f64 * places.along + 14.0;
        scale.bar(&mut canvas, (right, TOP + places.number), bar, ("weight", &self.content.recording.unit));
        if self.fields.iter().any(|field| field.values().any(f64::is_nan)) {
            Scale::blank(&mut canvas, (right, TOP + places.number + bar), NO_SYNAPSE, "none");
        }
        canvas
    }

    fn places(&self) -> Places {
        let Arrangement { columns, cell } = self.arrangement;
        let [rows, across] = self.fields.first().map_or([1, 1], Means::cells);
        let [width, height] = [across as f64 * cell, rows as f64 * cell];
        let number = if width >= NUMBERED { NUMBER } else { 0.0 };
        Places { columns, width, height, number, along: width + GAP, down: height + GAP + number }
    }

    fn paint_fields(&self, canvas: &mut Canvas, places: &Places, scale: &Scale) {
        let blank = (0..self.fields.len()).map(|place| {
            let (left, top) = places.corner(place);
            [left, top, places.width, places.height]
        });
        canvas.tiles(std::iter::once((NO_SYNAPSE, blank.collect())), places.height);
        let cell = self.arrangement.cell;
        let mut tiles = Tiles::default();
        for (place, field) in self.fields.iter().enumerate() {
            let heat = Heat { columns: field.cells()[1], values: field.values().collect() };
            tiles.append(heat.tiles(places.corner(place), [cell, cell], scale));
        }
        tiles.paint(canvas, cell, scale);
    }

    /// A frame around each image, and above it the number of its neuron where it has room.
    fn paint_frames(&self, canvas: &mut Canvas, places: &Places) {
        for (place, target) in self.targets.iter().enumerate() {
            let (left, top) = places.corner(place);
            let (right, bottom) = (left + places.width, top + places.height);
            let frame = vec![(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
            canvas.line(frame, Colour::GREY, HAIRLINE / 2.0);
            if places.number > 0.0 {
                canvas.text((left, top - 3.0), &target.to_string(), SMALL, Align::Left, Colour::GREY);
            }
        }
    }

    fn paint_title(&self, canvas: &mut Canvas, run: &Run) {
        let title = shortened(&run.title, LARGE, WIDTH - 2.0 * MARGIN);
        canvas.text((MARGIN, 26.0), &title, LARGE, Align::Left, Colour::BLACK);
        let Content { ends, snapshots, sizes, .. } = self.content;
        let moment = snapshots.last().map(|last| run.moment(last.iteration)).unwrap_or_default();
        let all = grouped(sizes[1] as u64);
        let shown = self.targets.len();
        let of = if shown == sizes[1] { format!("the {all}") } else { format!("{shown} of the {all}") };
        let [wide, high] = self.sheet;
        let text = format!(
            "Receptive fields of {of} neurons of {} over the {wide} × {high} of {}, at {moment}",
            ends.target, ends.source
        );
        let text = shortened(&text, MEDIUM, WIDTH - 2.0 * MARGIN);
        canvas.text((MARGIN, SECOND_LINE), &text, MEDIUM, Align::Left, Colour::GREY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_fit_on_the_page_and_are_readable() {
        for cells in [[8, 8], [28, 28], [64, 64], [2, 60], [5, 3]] {
            for images in [1, 2, 3, 17, 100, 400] {
                let Some(Arrangement { columns, cell }) = Arrangement::best(images, cells) else { continue };
                let [wide, high] = cells.map(|n| n as f64 * cell);
                let rows = images.div_ceil(columns);
                assert!(columns as f64 * (wide + GAP) <= ROOM[0] + GAP, "{cells:?} {images}");
                assert!(rows as f64 * (high + GAP) <= ROOM[1] + GAP, "{cells:?} {images}");
                assert!((SMALLEST..=LARGEST).contains(&wide.max(high)), "{cells:?} {images}: {wide}");
                assert_eq!(columns, images.div_ceil(rows), "no row is much shorter than the others");
            }
        }
        assert!(Arrangement::best(400, [28, 28]).is_some(), "those of the paper");
        assert_eq!(Arrangement::best(20, [8, 8]).map(|one| one.cell >= 8.0), Some(true));
    }
}
