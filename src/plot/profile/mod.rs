//! The profiles that a scene asks for, a panel each: what a run left of its neurons or synapses, over another quantity.
//!
//! `content` reads the values of a curve, `page` draws.

mod content;
mod page;

use super::run::Run;
use super::{Pictures, PlotError};
use content::{Curve, Profile};

/// Most panels of one picture.
const PAGE: usize = 12;

/// Draws `profiles`, unless the scene asks for none.
pub(super) fn draw(run: &Run, pictures: &mut Pictures) -> Result<(), PlotError> {
    for page in run.plotting.profiles.chunks(PAGE) {
        let mut profiles = Vec::new();
        for plot in page {
            let mut curves = Vec::new();
            for (place, curve) in plot.curves.iter().enumerate() {
                match Curve::read(run, curve, (place, plot.show)) {
                    Ok(curve) => curves.push(curve),
                    Err(fault) => pictures.leave_out(&curve.of, fault),
                }
            }
            if !curves.is_empty() {
                profiles.push(Profile { plot, curves });
            }
        }
        if !profiles.is_empty() {
            pictures.save(&page::paint(run, &profiles), "profiles")?;
        }
    }
    Ok(())
}
