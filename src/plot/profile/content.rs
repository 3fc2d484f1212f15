//! What a panel shows: the values of each curve, from recordings that the report names.

use crate::npy::Reader;
use crate::plot::Fault;
use crate::plot::panel::labelled;
use crate::plot::run::{Recording, Run};
use crate::scene::{Over, ProfileCurve, ProfilePlot, Show};

/// A panel, with the curves that could be read.
pub(super) struct Profile<'a> {
    pub(super) plot: &'a ProfilePlot,
    pub(super) curves: Vec<Curve<'a>>,
}

/// A curve, read.
pub(super) struct Curve<'a> {
    pub(super) plot: &'a ProfileCurve,
    /// Its place among those of the panel.
    pub(super) place: usize,
    /// In ascending order of x.
    pub(super) values: Vec<(f64, f64)>,
    /// The variables of the two axes, as labels.
    pub(super) names: [String; 2],
}

impl Profile<'_> {
    /// What the axes are.
    pub(super) fn labels(&self) -> [&str; 2] {
        let own = [self.plot.x.as_str(), self.plot.y.as_str()];
        let names = self.curves.first().map(|curve| &curve.names);
        [0, 1].map(|axis| match names {
            Some(names) if own[axis].is_empty() => names[axis].as_str(),
            _ => own[axis],
        })
    }
}

impl<'a> Curve<'a> {
    pub(super) fn read(run: &Run, plot: &'a ProfileCurve, (place, show): (usize, Show)) -> Result<Self, Fault> {
        let of = find(run, &plot.of)?;
        let [first, last] = ends(run, of)?;
        let ys = first.iter().zip(&last).map(|(first, last)| match show {
            Show::Last => *last,
            Show::Change => last - first,
            Show::Percent => 100.0 * (last - first) / first,
        });
        let (xs, below) = match &plot.over {
            Over::Numbers(numbers) => (numbers.clone(), String::new()),
            Over::Recorded(address) => {
                let over = find(run, address)?;
                (placed(run, (of, last.len()), over)?, labelled(&over.variable, &over.unit))
            }
        };
        if xs.len() != last.len() {
            return Err(Fault::Members { found: xs.len(), expected: last.len() });
        }
        let mut values: Vec<_> = xs.into_iter().zip(ys).filter(|(x, _)| x.is_finite()).collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        let beside = match show {
            Show::Last => labelled(&of.variable, &of.unit),
            Show::Change => labelled(&format!("change of {}", of.variable), &of.unit),
            Show::Percent => format!("change of {} (%)", of.variable),
        };
        Ok(Self { plot, place, values, names: [below, beside] })
    }

    /// Whether there is one value for each x, so that a line through them means something.
    pub(super) fn is_line(&self) -> bool {
        self.values.windows(2).all(|pair| pair[0].0 < pair[1].0)
    }
}

fn find<'a>(run: &'a Run, address: &str) -> Result<&'a Recording, Fault> {
    let found = run.recorded(address);
    found.ok_or_else(|| Fault::NotRecorded { address: address.to_owned() })
}

/// The first and the last row of a recording.
fn ends(run: &Run, recording: &Recording) -> Result<[Vec<f64>; 2], Fault> {
    let mut reader = Reader::open(&run.path(&recording.file))?;
    let last = reader.rows().checked_sub(1).ok_or(Fault::Empty)?;
    let mut rows = [Vec::new(), Vec::new()];
    reader.read_rows(1, &mut rows[0])?;
    reader.seek_row(last)?;
    reader.read_rows(1, &mut rows[1])?;
    Ok(rows)
}

/// For each of so many members of a recording the last value of another one that belongs to it.
fn placed(run: &Run, (of, members): (&Recording, usize), over: &Recording) -> Result<Vec<f64>, Fault> {
    let [_, values] = ends(run, over)?;
    let recorded = |nth: usize| of.neurons.as_ref().map_or(Some(nth as u64), |list| list.get(nth).copied());
    let own: Vec<u64> = (0..members).filter_map(recorded).collect();
    let wanted: Vec<Option<u64>> = match run.side(&of.group, &over.group) {
        _ if of.group == over.group => own.into_iter().map(Some).collect(),
        Some(side) => {
            let neurons = neurons_of(run, (&of.group, of.neurons.is_none().then_some(members)), side)?;
            own.iter().map(|&k| usize::try_from(k).ok().and_then(|k| neurons.get(k).copied().flatten())).collect()
        }
        None => return Err(Fault::Unrelated { of: of.group.clone(), over: over.group.clone() }),
    };
    let place = |neuron: u64| match &over.neurons {
        Some(list) => list.iter().position(|&listed| listed == neuron),
        None => usize::try_from(neuron).ok(),
    };
    let value = |neuron: u64| place(neuron).and_then(|place| values.get(place).copied());
    Ok(wanted.into_iter().map(|neuron| neuron.and_then(value).unwrap_or(f64::NAN)).collect())
}

/// The neuron on a side (0 source, 1 target) of each synapse of a group, of which there are so many where all are recorded; of pairs
/// without a synapse none.
fn neurons_of(run: &Run, (group, all): (&str, Option<usize>), side: usize) -> Result<Vec<Option<u64>>, Fault> {
    let path = run.path(&format!("{group}.synapses.npy"));
    let names = run.sides(group);
    let [sources, targets] = names.map(|name| run.size(name).unwrap_or_default());
    let pairs = sources.saturating_mul(targets);
    if !path.exists() || all.is_some_and(|all| all as u64 == pairs) {
        // A weight for each pair of neurons, source after source; a group may have no synapse from a neuron to itself.
        let number = run.synapses(group).map_or(pairs, |listed| listed.synapses);
        let no_autapses = names[0] == names[1] && number == pairs.saturating_sub(sources);
        let neuron = |k: u64| [k / targets, k % targets];
        let is_there = |[source, target]: &[u64; 2]| !(no_autapses && source == target);
        return Ok((0..pairs).map(|k| Some(neuron(k)).filter(is_there).map(|ends| ends[side])).collect());
    }
    let mut reader = Reader::open(&path)?;
    if reader.shape().len() != 2 || reader.row_len() < 2 {
        return Err(Fault::Shape { found: reader.shape().to_vec(), columns: 3 });
    }
    let (rows, columns, mut ends) = (reader.rows(), reader.row_len(), Vec::new());
    reader.read_rows(rows, &mut ends)?;
    Ok(ends.chunks(columns).map(|synapse| Some(synapse[side] as u64)).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plot::tests::{RunFolder, names, variable};
    use crate::plot::{PlotError, draw};

    /// Groups `e` of 8 and `i` of 2 neurons, `i.lag`, `e.v` that rises by 1 in each of 100 rows, and three synapses from `e`
    /// to `i` with weights that grow by halves.
    fn run(name: &str) -> RunFolder {
        let recording = |group: &str, variable: &str| json!({"file": format!("{group}.{variable}.npy"), "kind": "variable", "group": group, "variable": variable});
        let recordings = json!([variable("e"), recording("i", "lag"), recording("s", "weights")]);
        let synapses = json!([{"name": "s", "source": "e", "target": "i"}]);
        let run = RunFolder::new(name, recordings).with("synapses", synapses);
        run.values("e.v.npy", 8, |row, n| (10 * (n + 1) + row) as f32);
        run.values("i.lag.npy", 2, |_, n| [7.0, -3.0][n]);
        run.values("s.weights.npy", 3, |row, k| (k + 1) as f32 * if row < 99 { 1.0 } else { 1.5 });
        run.spikes("s.synapses.npy", &[[4, 0], [0, 1], [7, 0]]);
        run
    }

    fn values(run: &RunFolder, of: &str, over: Over, show: Show) -> Result<Vec<(f64, f64)>, String> {
        let run = Run::read(&run.0).unwrap();
        let plot = ProfileCurve { of: of.into(), over, ..ProfileCurve::default() };
        let read = Curve::read(&run, &plot, (0, show)).map(|curve| curve.values);
        read.map_err(|fault| fault.to_string())
    }

    #[test]
    fn values_are_the_last_or_what_has_changed_in_the_order_of_what_is_below() {
        let run = run("profile-values");
        let down = || Over::Numbers((0..8).map(|n| f64::from(-n)).collect());
        let last = values(&run, "e.v", down(), Show::Last).unwrap();
        assert_eq!((last[0], last[7]), ((-7.0, 179.0), (0.0, 109.0)));
        assert!(values(&run, "e.v", down(), Show::Change).unwrap().iter().all(|(_, y)| *y == 99.0));
        assert_eq!(values(&run, "e.v", down(), Show::Percent).unwrap()[7], (0.0, 990.0));
    }

    #[test]
    fn synapses_are_drawn_over_what_the_neurons_at_their_ends_are() {
        let run = run("profile-synapses");
        let recorded = |address: &str| Over::Recorded(address.into());
        let over_target = values(&run, "s.weights", recorded("i.lag"), Show::Change).unwrap();
        assert_eq!(over_target, [(-3.0, 1.0), (7.0, 0.5), (7.0, 1.5)]);
        let over_source = values(&run, "s.weights", recorded("e.v"), Show::Last).unwrap();
        assert_eq!(over_source, [(109.0, 3.0), (149.0, 1.5), (179.0, 4.5)]);
        assert_eq!(values(&run, "s.weights", recorded("s.weights"), Show::Last).unwrap()[2], (4.5, 4.5));
    }

    #[test]
    fn dense_synapses_lie_source_after_source() {
        let run = run("profile-dense");
        std::fs::remove_file(run.0.join("s.synapses.npy")).unwrap();
        run.values("s.weights.npy", 16, |_, k| k as f32);
        let over = values(&run, "s.weights", Over::Recorded("i.lag".into()), Show::Last).unwrap();
        assert_eq!((over[0], over[8], over[15]), ((-3.0, 1.0), (7.0, 0.0), (7.0, 14.0)));
    }

    #[test]
    fn what_does_not_belong_together_is_told() {
        let run = run("profile-faults");
        let fault = |of: &str, over: Over| values(&run, of, over, Show::Last).unwrap_err();
        assert_eq!(fault("e.u", Over::default()), "no variable \"e.u\" was recorded");
        assert_eq!(fault("e.v", Over::Numbers(vec![1.0])), "1 numbers to be drawn over for 8 members");
        let unrelated = "members of \"e\" have nothing to do with those of \"i\"";
        assert_eq!(fault("e.v", Over::Recorded("i.lag".into())), unrelated);
    }

    #[test]
    fn a_profile_has_a_picture_and_what_is_below_it_has_none() {
        let curve = |label: &str| json!({"of": "s.weights", "over": "i.lag", "label": label, "points": [[1.0, 2.0, 0.5], [2.0, 1.0, 0.0]]});
        let missing = json!({"curves": [{"of": "x.v", "over": [1.0]}]});
        let profile = json!({"title": "Lags", "x": "lag (ms)", "show": "Percent", "reference": "measured",
                             "curves": [curve("one"), curve("other")]});
        let run = run("profile-picture").with("plotting", json!({"profiles": [profile, missing]}));
        let Err(PlotError::Undrawn { drawn, undrawn }) = draw(&run.0) else { panic!("nothing was recorded of x") };
        assert_eq!(undrawn[0].file, "x.v");
        let pictures = ["profiles.png", "profiles.svg", "v.png", "v.svg", "weights.png", "weights.svg"];
        assert_eq!(names(&drawn), pictures);
        let svg = run.text("profiles.svg");
        for text in [">Lags<", ">lag (ms)<", ">change of weights (%)<", ">measured<", ">one<", ">other<"] {
            assert!(svg.contains(text), "{text}");
        }
        assert!(!svg.contains("NaN"));
    }
}
