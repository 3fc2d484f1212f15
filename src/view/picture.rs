//! Pictures of panels without a display, as PNG with the experiment that they show inside.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter},
    path::Path,
};

use egui::{ColorImage, Panel, RawInput, Rect, vec2};

use super::{Panels, Seen, colours::Colours, rasteriser::Rasteriser};
use crate::live::Command;

/// What a picture says of itself.
pub struct Caption(String);

impl Caption {
    /// Title, seed, time and version; the seed is that of the scene's text.
    #[must_use]
    pub fn of(seen: &Seen, scene: Option<&str>) -> Self {
        let document = scene.and_then(|text| crate::text::Document::parse("scene", text).ok());
        let seed = document.as_ref().and_then(|document| {
            let node = document.root().field("seed")?;
            Some(format!("seed {}, ", document.slice(&node.span)))
        });
        Self(format!(
            "{}, {}iteration {}, {:.1} ms, cortecs {}",
            seen.outline.title,
            seed.unwrap_or_default(),
            seen.iteration,
            seen.now(),
            env!("CARGO_PKG_VERSION")
        ))
    }
}

/// Panels that are drawn on pictures.
pub struct Still {
    context: egui::Context,
    rasteriser: Rasteriser,
    size: [usize; 2],
    panels: Panels,
}

impl Still {
    /// Panels on pictures of some width and height.
    #[must_use]
    pub fn new(size: [usize; 2], panels: Panels) -> Self {
        let context = egui::Context::default();
        context.set_theme(if panels.layout.dark { egui::Theme::Dark } else { egui::Theme::Light });
        Self { context, rasteriser: Rasteriser::default(), size, panels }
    }

    /// Draws what was seen. What the panels would like to see besides is asked for: a source that hears it shows it the next time.
    pub fn draw(&mut self, seen: &Seen, caption: &Caption, out: &mut Vec<Command>) -> ColorImage {
        let screen_rect = Some(Rect::from_min_size(egui::Pos2::ZERO, vec2(self.size[0] as f32, self.size[1] as f32)));
        let mut ground = egui::Color32::BLACK;
        let mut drawn = None;
        // Panels find their sizes in the first passes; animations are over in the last.
        for pass in 0..4 {
            let input = RawInput { screen_rect, time: Some(f64::from(pass)), ..RawInput::default() };
            let panels = &mut self.panels;
            let output = self.context.run_ui(input, |ui| {
                ground = Colours::of(ui).ground();
                Panel::bottom("caption").show(ui, |ui| ui.weak(&caption.0));
                panels.ui(ui, seen, out);
            });
            self.rasteriser.update(output.textures_delta);
            drawn = Some((output.shapes, output.pixels_per_point));
        }
        let triangles = drawn.map(|(shapes, scale)| self.context.tessellate(shapes, scale)).unwrap_or_default();
        self.rasteriser.draw(&triangles, self.size, ground)
    }
}

/// A picture, and the experiment that it shows.
pub struct Picture {
    /// What is seen.
    pub image: ColorImage,
    /// Name and text of the scene with everything that was done.
    pub scene: Option<(String, String)>,
    /// The iterations that were done.
    pub iteration: u64,
}

const NAME: &str = "cortecs scene name";
const SCENE: &str = "cortecs scene";
const ITERATION: &str = "cortecs iteration";

/// Writes a picture with its experiment in `iTXt` chunks, which hold any letters.
///
/// # Errors
/// It cannot be written.
pub fn write_png(path: &Path, picture: &Picture) -> io::Result<()> {
    let [width, height] = picture.image.size;
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(path)?), width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    if let Some((name, scene)) = &picture.scene {
        for (keyword, text) in [(NAME, name), (SCENE, scene), (ITERATION, &picture.iteration.to_string())] {
            encoder.add_itxt_chunk(keyword.to_owned(), text.clone())?;
        }
    }
    let bytes: Vec<u8> = picture.image.pixels.iter().flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()]).collect();
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&bytes)?;
    Ok(writer.finish()?)
}

/// The experiment in a picture: name and text of its scene, and the iterations that were done.
///
/// # Errors
/// It cannot be read, or shows no experiment.
pub fn read_png(path: &Path) -> io::Result<((String, String), u64)> {
    let reader = png::Decoder::new(BufReader::new(File::open(path)?)).read_info()?;
    let text = |keyword: &str| {
        let chunk = reader.info().utf8_text.iter().find(|chunk| chunk.keyword == keyword);
        let none = || io::Error::other("there is no scene in this picture");
        chunk.ok_or_else(none)?.get_text().map_err(io::Error::other)
    };
    let iteration = text(ITERATION)?.parse().map_err(io::Error::other)?;
    Ok(((text(NAME)?, text(SCENE)?), iteration))
}
