//! Recordings of other contents, for recorders of other crates: rows of numbers that a recorder makes of a group. Their file,
//! their row in the report and their picture are those of variables.

use bevy_ecs::prelude::*;

use super::{
    Recording, Selection,
    recording::{Content, Window},
    resolve::{Request, resolve},
};
use crate::{
    network::{Preparation, PrepareError, variable::VariableInfo},
    numeric::Real,
};

/// What a recorder takes down of each of its groups.
#[derive(Clone, Debug)]
pub struct Measured<'a> {
    /// What the recordings are called, in file names and pictures: letters, digits, `_` and `-`.
    pub name: &'a str,
    /// The unit of the numbers.
    pub unit: &'a str,
    /// What they are, in words.
    pub docs: &'a str,
    /// The shape of a row: `[]` for a single number, `[3]` for three.
    pub row: Vec<usize>,
}

/// Makes the recordings of a recorder, one for each group that one of the names or tags means; for its
/// [`prepare`](crate::network::Behaviour::prepare). The rows of the iterations from one on, until another, one in so many, are
/// taken by [`record_due`](super::record_due) and [`Recording::append`].
///
/// # Errors
/// There is no such group, or no iteration is recorded.
pub fn measured(
    preparation: &mut Preparation<'_>,
    of: &[String],
    numbers: &Measured<'_>,
    (from, until, every): (u64, u64, u64),
) -> Result<Vec<Entity>, PrepareError> {
    if !preparation.is_first() {
        return Ok(Vec::new());
    }
    preparation.must_be_alone(None, "what is measured is made of what each knows in part")?;
    let Measured { name, unit, docs, row } = numbers;
    let of: Vec<String> = of.iter().map(|group| format!("{group}.{name}")).collect();
    let request = Request { of: &of, neurons: &Selection::All, window: Window { from, until, every } };
    let [name, unit, docs] = [name, unit, docs].map(|text| (*text).to_owned());
    let info = VariableInfo { name, unit, docs, bytes: size_of::<Real>() };
    let made = resolve(preparation, &request, |_, _, _| Some((Content::Measured, info.clone())))?;
    for &entity in &made {
        if let Some(mut recording) = preparation.world().get_mut::<Recording>(entity) {
            recording.row_shape.clone_from(row);
        }
    }
    Ok(made)
}
