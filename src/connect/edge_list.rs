//! Connectivity from a list of synapses: a CSV file, or an array of NumPy's.

use std::{path::Path, sync::Arc};

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::edges::{Edges, Listed};
use crate::behaviour;
use crate::files::{Table, csv_table};
use crate::network::{
    Behaviour, Extent, Kind, Pair, Preparation, PrepareError, connect::connect, endpoints::endpoints,
    synapse_values::delay_in_steps,
};

behaviour! {
    /// The synapses of a file: a row for each, of source, target, and perhaps weight and delay (ms).
    ///
    /// Indices count from 0 among the neurons that take part. Weights of the file are factors on those of the synapse group
    /// (1 if it states none); its delays are used instead of those of the group.
    pub struct EdgeList {
        /// A `.csv` file (a first line of titles, words alone, is passed over), a `.npy` or a `.npz` file, from the scene's folder.
        pub file: String,
        /// The array's name in a `.npz` file; empty for other files.
        pub key: String,
        #[reflect(ignore)]
        edges: Option<Arc<Edges>>,
    }
}

impl EdgeList {
    /// The synapses of a file.
    #[must_use]
    pub fn of(file: &str) -> Self {
        Self { file: file.to_owned(), ..Self::default() }
    }
}

impl Behaviour for EdgeList {
    const KIND: Kind = Kind::Connectivity;

    fn plugin(_: &mut App) {}

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        let sides = endpoints(preparation)?;
        if self.edges.is_none() {
            let rows = self.rows(preparation)?;
            let listed = listed(&rows).map_err(|(row, why)| self.at(preparation, &rows, row, &why))?;
            let Pair { sources, targets, .. } = sides.pair;
            listed.check(sources, targets).map_err(|(row, why)| self.at(preparation, &rows, row, &why))?;
            let dt = preparation.clock().dt;
            let delays = listed.delays.iter().flatten().enumerate();
            for (row, ms) in delays {
                delay_in_steps(*ms, dt).map_err(|why| self.at(preparation, &rows, row, &why))?;
            }
            self.edges = Some(Arc::new(listed.sorted(&sides)));
        }
        match &self.edges {
            Some(edges) => connect(preparation, sides, Arc::clone(edges)),
            None => Ok(()),
        }
    }

    fn extent(&self, pair: Pair) -> Extent {
        Extent::sparse(pair, self.edges.as_ref().map_or(0, |edges| edges.sources.len() as u64))
    }
}

impl EdgeList {
    fn rows(&self, preparation: &Preparation<'_>) -> Result<Table, PrepareError> {
        if self.file.is_empty() {
            return Err(preparation.error(Some("file"), "no file is named"));
        }
        if Path::new(&self.file).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
            let path = preparation.file("file", &self.file)?;
            let table =
                csv_table(&path).and_then(|table| in_order(table).map_err(|why| format!("{}: {why}", self.file)));
            return table.map_err(|why| preparation.error(Some("file"), why));
        }
        let key = (!self.key.is_empty()).then_some(self.key.as_str());
        let array = preparation.array("file", &self.file, key)?;
        match array.shape[..] {
            [_, columns] => Ok(Table { columns, numbers: array.data.clone(), header: None, titles: Vec::new() }),
            _ => {
                let why = format!("the array has the shape {:?}; synapses × 2, 3 or 4 are needed", array.shape);
                Err(preparation.error(Some("file"), why))
            }
        }
    }

    /// A fault of a row, which people know by its line.
    fn at(&self, preparation: &Preparation<'_>, rows: &Table, row: usize, why: &str) -> PrepareError {
        let place = match rows.header {
            Some(header) => format!("line {}", row + header + 1),
            None => format!("row {row}"),
        };
        preparation.error(Some("file"), format!("{}, {place}: {why}", self.file))
    }
}

/// The columns in the order of [`TITLES`], where a first line names them; titles that name none of them say nothing.
fn in_order(table: Table) -> Result<Table, String> {
    let known = |title: &String| {
        let title = title.to_lowercase();
        TITLES.iter().position(|all| all.contains(&title.as_str()))
    };
    let places: Vec<Option<usize>> = table.titles.iter().map(known).collect();
    if places.iter().all(Option::is_none) || table.numbers.is_empty() {
        return Ok(table);
    }
    let mut order = Vec::new();
    for (what, names) in TITLES.iter().enumerate() {
        match places.iter().position(|place| *place == Some(what)) {
            Some(column) => order.push(column),
            None if what < 2 => return Err(format!("no column is called `{}`, as titles are given", names[0])),
            None if places.contains(&Some(what + 1)) => {
                return Err(format!("a column of delays needs one of weights before it, called `{}`", names[0]));
            }
            None => break,
        }
    }
    if order.len() != table.columns {
        return Err(format!(
            "the titles {} are not those of source, target, weight and delay",
            table.titles.join(", ")
        ));
    }
    let numbers = table.numbers.chunks(table.columns).flat_map(|row| order.iter().map(|&column| row[column]));
    Ok(Table { numbers: numbers.collect(), ..table })
}

/// What columns are called.
const TITLES: [&[&str]; 4] = [
    &["source", "pre", "from", "i", "sources"],
    &["target", "post", "to", "j", "targets"],
    &["weight", "weights", "w"],
    &["delay", "delays", "d"],
];

/// Columns of rows, with indices checked to be whole numbers.
fn listed(rows: &Table) -> Result<Listed, (usize, String)> {
    if rows.numbers.is_empty() {
        return Ok(Listed::default());
    }
    if !(2..=4).contains(&rows.columns) {
        let why = format!("{} numbers in a row; source, target, and perhaps weight and delay are needed", rows.columns);
        return Err((0, why));
    }
    let column = |k: usize| rows.numbers.iter().skip(k).step_by(rows.columns).copied();
    let indices = |k: usize, side: &str| {
        let index = |(row, number): (usize, f64)| {
            let whole = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
            if whole { Ok(number as u32) } else { Err((row, format!("{side} {number} is no index"))) }
        };
        column(k).enumerate().map(index).collect::<Result<Vec<u32>, _>>()
    };
    Ok(Listed {
        sources: indices(0, "source")?,
        targets: indices(1, "target")?,
        weights: (rows.columns > 2).then(|| column(2).collect()),
        delays: (rows.columns > 3).then(|| column(3).collect()),
    })
}

#[cfg(all(test, feature = "formats"))]
mod tests {
    use super::EdgeList;
    use crate::{network::ArrayFolder, prelude::*};

    /// What arrives at three targets when both sources fire.
    fn arriving(file: &str, text: &str) -> Result<Vec<f64>, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(file), text).unwrap();
        let mut bench = Bench::new();
        bench.world_mut().insert_resource(ArrayFolder::at(folder.path()));
        let (a, b) = (bench.group("a", 2, Spikes::default()), bench.group("b", 3, ()));
        bench.receptor(b, "r", CurrentReceptor { afferent: "X".into(), ..default() });
        bench.try_synapses(a, b, "X", (EdgeList::of(file), InitialWeights(2.0.into())))?;
        bench.set(a, "fired", &[1.0, 1.0]);
        bench.ticks(1);
        Ok(bench.get(b, "input"))
    }

    #[test]
    fn rows_are_synapses_and_weights_are_factors() {
        assert_eq!(arriving("e.csv", "source,target,weight\n0,2,5\n1,0,1.5\n1, 2, -1\n").unwrap(), [3.0, 0.0, 8.0]);
        assert_eq!(arriving("e.csv", "0,1\n0,1\n").unwrap(), [0.0, 4.0, 0.0]);
        assert_eq!(arriving("e.csv", "").unwrap(), [0.0; 3]);
        // Titles are obeyed; those of other words say nothing.
        assert_eq!(arriving("e.csv", "target,weight,source\n2,5,0\n0,1.5,1\n").unwrap(), [3.0, 0.0, 10.0]);
        assert_eq!(arriving("e.csv", "cell,other\n0,1\n").unwrap(), [0.0, 2.0, 0.0]);
    }

    #[test]
    fn a_wrong_row_is_named_by_its_line() {
        let fault = |text: &str| arriving("e.csv", text).unwrap_err();
        assert!(
            fault("from,to\n0,1\n0,3\n")
                .ends_with("e.csv, line 3: target 3 does not exist: there are 3 (they count from 0)")
        );
        assert!(fault("0,1\n-1,1\n").ends_with("e.csv, line 2: source -1 is no index"));
        assert!(fault("0,1,nan\n").ends_with("e.csv, line 1: the weight is NaN, which is not a finite number"));
        assert!(fault("0,1,1,-2\n").ends_with("e.csv, line 1: the delay is -2 ms; it must be above zero"));
        for (text, line) in [
            ("0,l,2\n1,2,3\n", "line 1: `0,l,2` are no numbers"),
            ("0,1,\n1,2,3\n", "line 1: `0,1,` are no numbers"),
            ("0,1,\u{2212}2\n1,2,3\n", "line 1: `0,1,\u{2212}2` are no numbers"),
            (",source,target\n0,1,2\n", "line 1: `,source,target` are no numbers"),
            ("0 1 2\n", "line 1: `0 1 2` are no numbers; commas stand between them"),
            ("0;1;2\n", "line 1: `0;1;2` are no numbers; commas stand between them"),
        ] {
            assert!(fault(text).ends_with(line), "{}", fault(text));
        }
        assert!(fault("0,1\nx,y\n").contains("line 2: `x,y` are no numbers"));
        assert!(fault("source,weight\n0,1\n").ends_with("no column is called `target`, as titles are given"));
        assert!(fault("source,target,delay\n0,1,2\n").contains("a column of delays needs one of weights before it"));
        assert!(fault("source,target,id\n0,1,2\n").contains("the titles source, target, id are not those of"));
        if size_of::<Real>() == 4 {
            assert!(fault("0,1,1e40\n").contains("from 0 to 1 is 2e40, which is infinite"));
        }
        assert!(fault("0,1,1,0.4\n").ends_with("e.csv, line 1: a delay of 0.4 ms is below one step of 1 ms"));
        assert!(fault("0\n").contains("line 1: 1 numbers in a row"));
        assert!(arriving("e.npy", "").unwrap_err().contains("not a .npy file"));
    }
}
