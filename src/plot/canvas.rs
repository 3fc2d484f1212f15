//! The page: lines, areas, marks and text in picture units (half a pixel of the PNG), written as SVG and PNG.

use std::fmt::Write as _;

use std::path::{Path, PathBuf};

use kuva::backend::{raster::RasterBackend, svg::SvgBackend};
use kuva::render::color::Color;
use kuva::render::render::{PathData, Primitive, Scene, TextAnchor};

use super::PlotError;
use crate::disk;

/// Width of every picture; 1 640 pixels as PNG.
pub const WIDTH: f64 = 820.0;

/// A colour: red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Colour(u8, u8, u8);

/// Colours of the groups in listed order. The first six are those of Okabe and Ito (2008), told apart under every common
/// colour blindness, without their yellow, which is too pale for lines on white; wine and olive are Paul Tol's.
pub(super) const PALETTE: [Colour; 9] = [
    Colour(0x00, 0x72, 0xb2),
    Colour(0xd5, 0x5e, 0x00),
    Colour(0x00, 0x9e, 0x73),
    Colour(0xcc, 0x79, 0xa7),
    Colour(0xe6, 0x9f, 0x00),
    Colour(0x56, 0xb4, 0xe9),
    Colour(0x88, 0x22, 0x55),
    Colour(0x99, 0x99, 0x33),
    Colour(0x4d, 0x4d, 0x4d),
];

impl Colour {
    /// Of text and frames.
    pub const BLACK: Self = Self(0x1a, 0x1a, 0x1a);
    /// Of what has no colour of its own.
    pub const GREY: Self = Self(0x70, 0x70, 0x70);
    /// Of the page.
    pub const WHITE: Self = Self(0xff, 0xff, 0xff);
    /// Of what stands behind the rest.
    pub const PALE: Self = Self(0xc8, 0xc8, 0xc8);

    /// From shares of light, 0 to 255.
    #[must_use]
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self(red, green, blue)
    }

    /// With a share of another one.
    pub(super) fn mixed(self, other: Self, share: f64) -> Self {
        let mixed = |own: u8, other: u8| (f64::from(own) + (f64::from(other) - f64::from(own)) * share).round() as u8;
        Self(mixed(self.0, other.0), mixed(self.1, other.1), mixed(self.2, other.2))
    }

    /// Black 0, white 1: luma of Rec. 601.
    #[cfg(test)]
    pub(super) fn lightness(self) -> f64 {
        (0.299 * f64::from(self.0) + 0.587 * f64::from(self.1) + 0.114 * f64::from(self.2)) / 255.0
    }

    /// Mixed with white (`towards` 1) or black (−1).
    pub(super) fn shade(self, towards: f64) -> Self {
        let goal = if towards > 0.0 { 255.0 } else { 0.0 };
        let mixed = |channel: u8| (f64::from(channel) + (goal - f64::from(channel)) * towards.abs()) as u8;
        Self(mixed(self.0), mixed(self.1), mixed(self.2))
    }
}

impl From<Colour> for Color {
    fn from(Colour(red, green, blue): Colour) -> Self {
        Color::Rgb(red, green, blue)
    }
}

/// Which point of a text its position is.
#[derive(Debug, Clone, Copy)]
pub enum Align {
    /// Its left end.
    Left,
    /// Its middle.
    Centre,
    /// Its right end.
    Right,
}

/// A filled rectangle: left, top, width, height.
pub type Mark = [f64; 4];

/// A picture being drawn.
///
/// It is kept twice, because marks by the hundred thousand need another form in each: in the SVG one path, nine bytes a
/// mark; in the PNG rectangles, which are exact to the fraction of a pixel where kuva rounds the ends of path strokes.
#[derive(Debug)]
pub struct Canvas {
    svg: Scene,
    png: Scene,
}

impl Canvas {
    /// A white page of a height, 820 wide; y counts from the top.
    #[must_use]
    pub fn new(height: f64) -> Self {
        let scene = || {
            let mut scene = Scene::new(WIDTH, height);
            scene.font_family = Some("DejaVu Sans, Verdana, Helvetica, Arial, sans-serif".into());
            scene
        };
        Self { svg: scene(), png: scene() }
    }

    fn add(&mut self, primitive: Primitive) {
        self.svg.add(primitive.clone());
        self.png.add(primitive);
    }

    /// A line through `points`; fewer than two are none.
    pub fn line(&mut self, points: Vec<(f64, f64)>, colour: Colour, width: f64) {
        if points.len() > 1 {
            self.add(Primitive::PolyLine {
                points,
                stroke: colour.into(),
                stroke_width: width,
                stroke_dasharray: None,
            });
        }
    }

    /// A filled polygon without outline.
    pub fn area(&mut self, outline: &[(f64, f64)], colour: Colour) {
        let mut d = String::new();
        for (place, (x, y)) in outline.iter().enumerate() {
            let command = if place == 0 { 'M' } else { 'L' };
            let _ = write!(d, "{command}{x:.2} {y:.2}");
        }
        d.push('Z');
        self.add(Primitive::Path(Box::new(PathData {
            d,
            fill: Some(colour.into()),
            stroke: Color::None,
            stroke_width: 0.0,
            opacity: None,
            stroke_dasharray: None,
        })));
    }

    /// Rectangles of one height, which are best given row by row.
    pub fn marks(&mut self, marks: &[Mark], height: f64, colour: Colour) {
        self.svg.add(Primitive::Path(Box::new(PathData {
            d: mark_path(marks),
            fill: None,
            stroke: colour.into(),
            stroke_width: height,
            opacity: None,
            stroke_dasharray: None,
        })));
        let column = |axis: usize| marks.iter().map(|mark| mark[axis]).collect();
        self.png.add(Primitive::RectBatch {
            x: column(0),
            y: column(1),
            w: column(2),
            h: column(3),
            fills: vec![colour.into(); marks.len()],
        });
    }

    /// Marks of one height by colour that touch one another. In the SVG their edges are not smoothed, since between two that
    /// are, the page would shine through.
    pub fn tiles(&mut self, colours: impl Iterator<Item = (Colour, Vec<Mark>)>, height: f64) {
        let extra_attrs = Some(r#"shape-rendering="crispEdges""#.into());
        self.svg.add(Primitive::GroupStart { transform: None, title: None, extra_attrs });
        colours.for_each(|(colour, marks)| self.marks(&marks, height, colour));
        self.svg.add(Primitive::GroupEnd);
    }

    /// A text with its baseline at `y`.
    pub fn text(&mut self, (x, y): (f64, f64), text: &str, size: u32, align: Align, colour: Colour) {
        self.add(Primitive::Text {
            x,
            y,
            // XML has no control characters; and kuva reads text between dollar signs as a formula.
            content: text.replace(char::is_control, " ").replace('$', "\\$"),
            size,
            anchor: match align {
                Align::Left => TextAnchor::Start,
                Align::Centre => TextAnchor::Middle,
                Align::Right => TextAnchor::End,
            },
            rotate: None,
            bold: false,
            color: Some(colour.into()),
        });
    }

    /// Writes `stem.png` and `stem.svg` into `folder`.
    pub(super) fn save(&self, folder: &Path, stem: &str) -> Result<[PathBuf; 2], PlotError> {
        let paths = ["png", "svg"].map(|kind| folder.join(format!("{stem}.{kind}")));
        let png = RasterBackend::new().render_scene(&self.png);
        let png = png.map_err(|fault| PlotError::Picture { path: paths[0].clone(), fault })?;
        let svg = SvgBackend::new().render_scene(&self.svg).into_bytes();
        for (path, bytes) in paths.iter().zip([png, svg]) {
            disk::write(path, &bytes).map_err(|source| PlotError::Io { path: path.clone(), source })?;
        }
        Ok(paths)
    }
}

/// How wide a text is drawn: kuva keeps its measure to itself. By the advance widths of DejaVu Sans, in ems, a little more where
/// letters share an arm, and more than enough for letters that are not Latin.
pub(super) fn width_of(text: &str, size: u32) -> f64 {
    let em = |c: char| match c {
        'i' | 'j' | 'l' | 'I' | 'J' => 0.295,
        ' ' | '.' | ',' | ':' | '/' | '|' | 'f' | '-' => 0.36,
        't' | 'r' | '(' | ')' | '!' => 0.41,
        's' | 'z' | '_' | 'c' | 'L' | '–' => 0.55,
        'a' | 'e' | 'k' | 'o' | 'v' | 'x' | 'y' | 'F' | 'P' | 'T' | 'Y' => 0.615,
        'w' | '+' | '±' | '×' | '−' | 'G' | 'O' | 'Q' => 0.84,
        'm' | 'M' | 'W' | '%' | '…' => 1.0,
        _ if c.is_ascii_lowercase() || c.is_ascii_digit() => 0.637,
        _ if c.is_uppercase() => 0.77,
        _ if c.is_ascii() => 0.64,
        _ => 0.84,
    };
    text.chars().map(em).sum::<f64>() * f64::from(size)
}

/// `text`, or its beginning and an ellipsis where it is wider than `room`.
pub(super) fn shortened(text: &str, size: u32, room: f64) -> String {
    if width_of(text, size) <= room {
        return text.to_owned();
    }
    let mut short = String::new();
    for c in text.chars() {
        short.push(c);
        if width_of(&short, size) + width_of("…", size) > room {
            short.pop();
            break;
        }
    }
    short + "…"
}

/// Marks between two absolute positions in a path of marks.
const STRETCH: usize = 16;

/// Horizontal strokes through the middles of the marks. Moves within a row are relative, which is short; every sixteenth
/// is absolute, since cairo keeps positions in 1/256 and relative moves add up its rounding.
fn mark_path(marks: &[Mark]) -> String {
    let hundredths = |value: f64| (value * 100.0).round() as i64;
    let mut path = String::new();
    let mut pen = (0, 0);
    for (place, &[left, top, width, height]) in marks.iter().enumerate() {
        let start = (hundredths(left), hundredths(top + height / 2.0));
        let (command, from) = if place % STRETCH == 0 { ('M', (0, 0)) } else { ('m', pen) };
        path.push(command);
        push_hundredths(&mut path, start.0 - from.0);
        path.push(' ');
        push_hundredths(&mut path, start.1 - from.1);
        path.push('h');
        push_hundredths(&mut path, hundredths(width));
        pen = (start.0 + hundredths(width), start.1);
    }
    path
}

/// Appends a number of hundredths as a decimal without needless digits: 150 as `1.5`, −5 as `-.05`.
fn push_hundredths(path: &mut String, hundredths: i64) {
    let (whole, rest) = (hundredths.abs() / 100, hundredths.abs() % 100);
    if hundredths < 0 {
        path.push('-');
    }
    if whole > 0 || rest == 0 {
        let _ = write!(path, "{whole}");
    }
    if rest > 0 {
        let digits = format!(".{rest:02}");
        path.push_str(digits.trim_end_matches('0'));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mark_paths_are_short() {
        let marks = [[1.5, 10.0, 0.5, 1.0], [4.0, 10.0, 12.25, 1.0], [0.0, 9.0, 1.0, 1.0]];
        assert_eq!(mark_path(&marks), "M1.5 10.5h.5m2 0h12.25m-16.25 -1h1");
    }

    #[test]
    fn mark_paths_do_not_drift() {
        // A third of a unit is no number of hundredths; the absolute moves show where the pen should be by now.
        let marks: Vec<Mark> = (0..1000).map(|n| [f64::from(n) / 3.0, 0.0, 0.1, 0.0]).collect();
        let path = mark_path(&marks);
        for (stretch, text) in path.split('M').skip(1).enumerate() {
            let numbers = |text: &str| -> f64 {
                let along = text.split(['h', ' ']).enumerate().filter(|(place, _)| *place != 1);
                along.map(|(_, number)| number.parse::<f64>().unwrap()).sum()
            };
            let end: f64 = text.split('m').map(numbers).sum();
            let last = (stretch * STRETCH + STRETCH - 1).min(999);
            assert!((end - (last as f64 / 3.0 + 0.1)).abs() < 0.011, "{stretch}: {end}");
        }
    }

    #[test]
    fn shades_end_at_white_and_black() {
        let blue = PALETTE[0];
        assert_eq!(blue.shade(1.0), Colour(255, 255, 255));
        assert_eq!(blue.shade(-1.0), Colour(0, 0, 0));
        assert_eq!(blue.shade(0.0), blue);
    }

    #[test]
    fn long_texts_are_cut_and_short_ones_are_not() {
        assert_eq!(shortened("excitatory", 12, 200.0), "excitatory");
        let cut = shortened(&"long ".repeat(100), 12, 200.0);
        assert!(cut.ends_with('…') && width_of(&cut, 12) <= 200.0, "{cut}");
    }
}
