//! A picture as input: one neuron for each pixel.
//!
//! ```text
//! input[x, y] += gain · grey[x, y]     while start ≤ t < stop
//! ```
//! Grey values go from 0 (black) to 1 (white). Colours become grey by the weights of ITU-R BT.709, 0.2126 red +
//! 0.7152 green + 0.0722 blue, of the numbers as they stand in the file; what is transparent lies on black. The
//! upper left pixel is neuron 0.

use std::sync::Arc;

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::current::{AddCurrent, Current};
use crate::{
    behaviour,
    files::grey_values,
    network::{Behaviour, Clock, NeuronGroup, Parameter, Preparation, PrepareError, Unit},
    numeric::Real,
};

behaviour! {
    /// Adds the grey values of a picture to the input of a group of as many columns and rows.
    pub struct ImageInput {
        /// A PNG file, from the scene's folder.
        pub file: String,
        /// Input of a white pixel, in the unit of the model's input.
        pub gain: Parameter = 1.0,
        /// When the picture appears.
        #[reflect(@Unit("ms"))]
        pub start: f64 = 0.0,
        /// When it disappears; `None` for never.
        #[reflect(@Unit("ms"))]
        pub stop: Option<f64>,
        /// The grey values row by row, once they have been read.
        #[reflect(ignore)]
        pub grey: Option<Arc<[Real]>>,
    }
}

impl Behaviour for ImageInput {
    fn plugin(app: &mut App) {
        app.add_current::<Self>();
    }

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        preparation.check_window(self.start, self.stop)?;
        if self.file.is_empty() {
            return Err(preparation.error(Some("file"), "no file is named"));
        }
        let entity = preparation.entity();
        let shape = preparation.world().get::<NeuronGroup>(entity).map_or([1; 3], |group| group.shape);
        let path = preparation.file("file", &self.file)?;
        let grey = grey_values(&path, shape)
            .map_err(|why| preparation.error(Some("file"), format!("{}: {why}", path.display())))?;
        if !preparation.is_trial() {
            self.grey = Some(grey.into());
        }
        Ok(())
    }
}

impl Current for ImageInput {
    type Cell = Real;
    type Now = ();

    fn cell(&self, i: usize) -> Real {
        let grey = self.grey.as_deref().and_then(|grey| grey.get(i));
        self.gain.at(i) * grey.copied().unwrap_or_default()
    }

    fn now(&self, clock: &Clock) -> Option<()> {
        clock.is_within(self.start, self.stop).then_some(())
    }

    #[inline(always)]
    fn current(grey: Real, (): ()) -> Real {
        grey
    }

    fn differs(&self) -> bool {
        true
    }
}

#[cfg(all(test, feature = "formats"))]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::prelude::*;

    /// A bench whose files lie in a folder with one picture.
    fn bench(size: (u32, u32), color: png::ColorType, depth: png::BitDepth, data: &[u8]) -> (Bench, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let file = File::create(folder.path().join("picture.png")).unwrap();
        let mut encoder = png::Encoder::new(file, size.0, size.1);
        encoder.set_color(color);
        encoder.set_depth(depth);
        encoder.write_header().unwrap().write_image_data(data).unwrap();
        let mut bench = Bench::new();
        bench.world_mut().insert_resource(crate::network::ArrayFolder::at(folder.path()));
        (bench, folder)
    }

    fn shown(bench: &mut Bench, shape: NeuronGroup, gain: Parameter) -> Result<Entity, String> {
        let image = ImageInput { file: "picture.png".into(), gain, stop: Some(1.0), ..default() };
        let group = bench.world_mut().spawn((Name::new("retina"), shape, image)).id();
        bench.world_mut().flush();
        bench.try_ticks(1).map(|()| group)
    }

    #[test]
    fn pixels_are_neurons_from_the_upper_left_row_by_row() {
        use png::{BitDepth::*, ColorType::*};
        let (mut bench, _folder) = bench((3, 2), Grayscale, Eight, &[0, 51, 102, 153, 204, 255]);
        let group = shown(&mut bench, NeuronGroup::grid(3, 2), 10.0.into()).unwrap();
        bench.assert_near(group, "input", &[0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        bench.tick();
        assert_eq!(bench.get(group, "input"), [0.0; 6]);
    }

    #[test]
    fn colours_depths_and_transparency_become_grey() {
        use png::{BitDepth::*, ColorType::*};
        let of_two = |color, depth, data: &[u8]| {
            let (mut bench, _folder) = bench((2, 1), color, depth, data);
            let group = shown(&mut bench, NeuronGroup::grid(2, 1), "1 + i".into()).unwrap();
            bench.get(group, "input")
        };
        let near = |found: Vec<f64>, expected: [f64; 2]| {
            assert!(found.iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-6), "{found:?} {expected:?}");
        };
        near(of_two(Rgb, Eight, &[255, 0, 0, 0, 255, 0]), [0.2126, 2.0 * 0.7152]);
        near(of_two(Rgba, Eight, &[255, 255, 255, 51, 0, 0, 255, 255]), [0.2, 2.0 * 0.0722]);
        near(of_two(Grayscale, Sixteen, &[255, 255, 51, 51]), [1.0, 0.4]);
        near(of_two(Grayscale, One, &[0b0100_0000]), [0.0, 2.0]);
    }

    #[test]
    fn another_size_and_other_files_are_refused() {
        use png::{BitDepth::*, ColorType::*};
        let (mut bench, folder) = bench((3, 2), Grayscale, Eight, &[0; 6]);
        let error = shown(&mut bench, NeuronGroup::grid(2, 3), 1.0.into()).unwrap_err();
        assert!(error.starts_with("retina: ImageInput.file: "), "{error}");
        assert!(error.ends_with("the picture has 3 × 2 pixels, the group 2 × 3 neurons"), "{error}");
        std::fs::write(folder.path().join("picture.png"), b"no picture").unwrap();
        let error = shown(&mut bench, NeuronGroup::grid(3, 2), 1.0.into()).unwrap_err();
        assert!(error.contains("picture.png: "), "{error}");
        assert_eq!(bench.try_group("a", 1, ImageInput::default()).unwrap_err(), "a: ImageInput.file: no file is named");
    }
}
