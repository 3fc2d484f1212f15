//! How well the class of a stimulus can be told from the responses of neurons that learnt without knowing it: the evaluation of
//! P. U. Diehl & M. Cook, Front. Comput. Neurosci. 9:99 (2015), "Training and classification".
//!
//! Each neuron gets the class to which it responds most on average. The class that is predicted of a response is that whose
//! neurons fire most in it, on average over the neurons of the class. Of equal ones the lowest class counts.

use serde::Serialize;

/// The class of each neuron.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The classes that there are, ascending.
    classes: Vec<u32>,
    /// For each neuron the place of its class among them; `None` if it never fired.
    neurons: Vec<Option<usize>>,
}

/// How often predictions are right.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// The classes that there are.
    pub classes: Vec<u32>,
    /// Neurons that have a class.
    pub assigned: u64,
    /// Responses whose class was predicted, or tried to.
    pub tested: u64,
    /// Right predictions.
    pub right: u64,
    /// Responses of which nothing can be said, since no neuron that has a class fired; they count as not right.
    pub undecided: u64,
    /// Right predictions as a part of all; `None` without any response.
    pub accuracy: Option<f64>,
    /// Responses by class (rows) and predicted class (columns); the last column is undecided.
    pub confusion: Vec<Vec<u64>>,
}

impl Assignment {
    /// Gives each of so many neurons a class by responses: the class of the stimulus, and the spikes of each neuron.
    #[must_use]
    pub fn of<'a>(neurons: usize, responses: impl Iterator<Item = (u32, &'a [u32])>) -> Self {
        let mut sums = std::collections::BTreeMap::<u32, (u64, Vec<u64>)>::new();
        for (class, counts) in responses {
            let (times, sum) = sums.entry(class).or_insert_with(|| (0, vec![0; neurons]));
            *times += 1;
            sum.iter_mut().zip(counts).for_each(|(sum, &count)| *sum += u64::from(count));
        }
        let best = |neuron: usize| {
            let means = sums.values().map(|(times, sum)| sum[neuron] as f64 / *times as f64);
            greatest(means)
        };
        Self { neurons: (0..neurons).map(best).collect(), classes: sums.keys().copied().collect() }
    }

    /// The class of each neuron; `None` for those that never fired.
    pub fn neurons(&self) -> impl Iterator<Item = Option<u32>> {
        self.neurons.iter().map(|place| place.and_then(|place| self.classes.get(place)).copied())
    }

    /// The class that a response speaks for; `None` if no neuron that has a class fired.
    #[must_use]
    pub fn predict(&self, counts: &[u32]) -> Option<u32> {
        self.place(counts).map(|place| self.classes[place])
    }

    fn place(&self, counts: &[u32]) -> Option<usize> {
        let mut sums = vec![(0_u64, 0_u64); self.classes.len()];
        for (place, &count) in self.neurons.iter().zip(counts) {
            if let Some((neurons, sum)) = place.and_then(|place| sums.get_mut(place)) {
                *neurons += 1;
                *sum += u64::from(count);
            }
        }
        greatest(sums.into_iter().map(|(neurons, sum)| sum as f64 / neurons.max(1) as f64))
    }

    /// Predicts the classes of responses, and compares them with those that they are of.
    #[must_use]
    pub fn score<'a>(&self, responses: impl Iterator<Item = (u32, &'a [u32])>) -> Score {
        let undecided = self.classes.len();
        let mut classes = self.classes.clone();
        let mut confusion = vec![vec![0; undecided + 1]; undecided];
        for (class, counts) in responses {
            let row = classes.iter().position(|&known| known == class).unwrap_or_else(|| {
                // A class that no neuron can have.
                classes.push(class);
                confusion.push(vec![0; undecided + 1]);
                classes.len() - 1
            });
            confusion[row][self.place(counts).unwrap_or(undecided)] += 1;
        }
        let tested = confusion.iter().flatten().sum();
        let right = (0..undecided).map(|class| confusion[class][class]).sum();
        Score {
            assigned: self.neurons.iter().flatten().count() as u64,
            tested,
            right,
            undecided: confusion.iter().map(|row| row[undecided]).sum(),
            accuracy: (tested > 0).then(|| right as f64 / tested as f64),
            classes,
            confusion,
        }
    }
}

/// The place of the greatest number, the first of equal ones; `None` if none is above zero.
fn greatest(numbers: impl Iterator<Item = f64>) -> Option<usize> {
    let better = |best: Option<(usize, f64)>, (place, number): (usize, f64)| match best {
        Some((_, most)) if number <= most => best,
        None if number <= 0.0 => None,
        _ => Some((place, number)),
    };
    numbers.enumerate().fold(None, better).map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four neurons: 0 and 1 for class 3, 2 for class 8, 3 is silent. Class 8 is seen thrice as often, so that sums instead of
    /// means would give it neuron 1.
    fn assignment() -> Assignment {
        let responses: [(u32, [u32; 4]); 4] =
            [(8, [0, 2, 4, 0]), (3, [5, 3, 1, 0]), (8, [1, 2, 4, 0]), (8, [0, 1, 4, 0])];
        Assignment::of(4, responses.iter().map(|(class, counts)| (*class, &counts[..])))
    }

    #[test]
    fn neurons_get_the_class_of_their_greatest_mean_response() {
        assert_eq!(assignment().neurons().collect::<Vec<_>>(), [Some(3), Some(3), Some(8), None]);
    }

    #[test]
    fn the_class_whose_neurons_respond_most_on_average_is_predicted() {
        let assignment = assignment();
        // Two neurons with 3 spikes in all against one with 2: the means are 1.5 and 2.
        assert_eq!(assignment.predict(&[2, 1, 2, 0]), Some(8));
        assert_eq!(assignment.predict(&[2, 3, 2, 9]), Some(3));
        assert_eq!(assignment.predict(&[1, 1, 1, 0]), Some(3));
        assert_eq!(assignment.predict(&[0, 0, 0, 7]), None);
    }

    #[test]
    fn scores_count_what_is_right_wrong_and_undecided() {
        let tested: [(u32, [u32; 4]); 6] = [
            (3, [4, 0, 1, 0]),
            (3, [0, 0, 1, 0]),
            (8, [0, 0, 1, 0]),
            (8, [0, 0, 0, 2]),
            (8, [0, 1, 3, 0]),
            (9, [0, 1, 3, 0]), // a class that no neuron knows
        ];
        let score = assignment().score(tested.iter().map(|(class, counts)| (*class, &counts[..])));
        assert_eq!((score.assigned, score.tested, score.right, score.undecided), (3, 6, 3, 1));
        assert_eq!(score.accuracy, Some(0.5));
        assert_eq!(score.classes, [3, 8, 9]);
        assert_eq!(score.confusion, [[1, 1, 0], [0, 2, 1], [0, 1, 0]]);
    }

    #[test]
    fn nothing_is_said_of_nothing() {
        let empty = Assignment::of(2, std::iter::empty());
        assert_eq!(empty.predict(&[1, 1]), None);
        assert_eq!(empty.score(std::iter::empty()).accuracy, None);
    }
}
