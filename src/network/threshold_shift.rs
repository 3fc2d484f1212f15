//! How far the threshold of each neuron has moved from where its model puts it: intrinsic plasticity writes it, models with
//! a threshold add it.

use bevy_ecs::prelude::*;

use super::{
    fault::PrepareError,
    preparation::Preparation,
    shape::path_of,
    slow_column::SlowColumn,
    state::State,
    variable::{Variable, VariableInfo, View},
};
use crate::numeric::{Archive, ArchiveError, Real};

/// The shift of each neuron's threshold. A model that takes it requires the component; a behaviour that moves thresholds
/// [`claim`](Self::claim)s it, and is refused by other models.
///
/// It stays where it is while that behaviour is switched off.
#[derive(Component, Clone, Debug, Default)]
pub struct ThresholdShift {
    shift: SlowColumn,
    /// The behaviour that moves it.
    moved_by: Option<&'static str>,
    /// Whether somebody has given values to it.
    given: bool,
}

impl ThresholdShift {
    /// The shifts, or nothing where nobody has moved a threshold: a model need not look at them then.
    #[must_use]
    pub fn get(&self) -> &[Real] {
        if self.moved_by.is_some() || self.given { self.shift.get() } else { &[] }
    }

    /// The shifts, for the behaviour that moves them.
    pub const fn shift_mut(&mut self) -> &mut SlowColumn {
        &mut self.shift
    }

    /// Makes a behaviour of neuron groups the one that moves the thresholds of its group.
    ///
    /// # Errors
    /// The group's model has no threshold that moves, or another behaviour moves it.
    pub fn claim(preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let (entity, behaviour) = (preparation.entity(), preparation.behaviour);
        let who = path_of(preparation.world(), entity);
        match preparation.world().get_mut::<Self>(entity).map(|mut shift| *shift.moved_by.get_or_insert(behaviour)) {
            Some(mover) if mover == behaviour => Ok(()),
            Some(mover) => {
                Err(preparation.error(None, format!("the threshold of `{who}` is moved by `{mover}` already")))
            }
            None => {
                Err(preparation
                    .error(None, format!("the threshold of `{who}` cannot be moved: its model takes no shift")))
            }
        }
    }
}

impl ThresholdShift {
    fn note_given(&mut self) {
        self.given = self.shift.get().iter().any(|shift| *shift != 0.0);
    }
}

impl State for ThresholdShift {
    fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        self.shift.persist(archive)?;
        self.note_given();
        Ok(())
    }
}

impl Variable for ThresholdShift {
    fn describe(&self) -> Vec<VariableInfo> {
        vec![VariableInfo {
            name: "threshold_shift".into(),
            unit: "mV".into(),
            docs: "How far the threshold has moved from that of the model".into(),
            bytes: size_of::<Real>() + size_of::<f64>(),
        }]
    }

    fn view(&self, name: &str) -> Option<View<'_>> {
        (name == "threshold_shift").then(|| View::Real(self.shift.get()))
    }

    fn set(&mut self, name: &str, values: &mut dyn Iterator<Item = Real>) -> bool {
        if name == "threshold_shift" {
            self.shift.set(values);
            self.note_given();
        }
        name == "threshold_shift"
    }

    fn resize(&mut self, members: usize) {
        self.shift.resize(members);
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    /// Whether a behaviour moves the threshold or not: without a shift the potential settles at 12 mV above rest.
    #[test]
    fn a_shift_that_is_given_acts() {
        let mut bench = Bench::new().with_dt(0.1);
        let cells = bench.group("cells", 2, (Lif::default(), ConstantCurrent { amplitude: 300.0.into() }));
        let mut fires = |shift: [f64; 2]| {
            bench.set(cells, "threshold_shift", &shift);
            let before = bench.spike_count(cells);
            bench.ticks(300);
            bench.spike_count(cells) - before
        };
        assert_eq!(fires([0.0, 0.0]), 0);
        let one = fires([-12.0, 0.0]);
        assert!(one > 0);
        assert!(fires([-12.0, -12.0]) > one);
        assert_eq!(fires([0.0, 0.0]), 0);
    }
}
