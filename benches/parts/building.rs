//! Building: synapses per second and thread, by rule, without and with weights and delays that are drawn. The bare loop
//! draws a random word for each synapse and writes six bytes.

use cortecs::{network::Input, prelude::*};
use rand::Rng;

use crate::{
    common::{least, timed},
    random::words,
};

const NEURONS: usize = 10_000;
const SYNAPSES: u64 = 1_000_000;
const ROUNDS: usize = 2;

/// Prints the table.
pub fn report() {
    println!("| building: rule | values | 10⁶ synapses/s | bare | ratio of times |\n|---|---|--:|--:|--:|");
    let degree = SYNAPSES as usize / NEURONS;
    lines("AllToAll", AllToAll::default());
    lines("FixedProbability", FixedProbability { probability: degree as f64 / NEURONS as f64, ..default() });
    lines("FixedInDegree", FixedInDegree { in_degree: degree, ..default() });
    lines("FixedInDegree, no multapses", FixedInDegree { in_degree: degree, multapses: false, ..default() });
    lines("FixedOutDegree", FixedOutDegree { out_degree: degree, ..default() });
    lines("FixedTotalNumber", FixedTotalNumber { number: SYNAPSES, ..default() });
    println!();
}

fn lines(name: &str, rule: impl Bundle + Clone) {
    line(name, "one", (rule.clone(), InitialWeights(0.5.into())));
    line(name, "normal weights", (rule.clone(), InitialWeights("normal(1, 0.1)".into())));
    if name != "AllToAll" {
        let delays = Delays(Some("max(normal(15, 7.5), 1)".into()));
        line(name, "normal weights and delays", (rule, InitialWeights("normal(1, 0.1)".into()), delays));
    }
}

fn line(name: &str, values: &str, rule: impl Bundle + Clone) {
    // Dense synapses are no more than sparse ones.
    let size = if name == "AllToAll" { (SYNAPSES as f64).sqrt() as usize } else { NEURONS };
    let mut built = 0;
    let (mut codes, mut weights) = (vec![0_u16; SYNAPSES as usize], vec![0.0; SYNAPSES as usize]);
    let [own, bare] = least(
        ROUNDS,
        [
            &mut || {
                let mut bench = Bench::new();
                let [source, target] = ["source", "target"].map(|name| bench.group(name, size, Input::default()));
                let rule = rule.clone();
                let mut group = None;
                let seconds = timed(|| group = Some(bench.synapses(source, target, "all", rule)));
                built = group.map_or(0, |group| bench.get(group, "weights").len());
                seconds
            },
            &mut || {
                let mut words = words(0);
                timed(|| {
                    for (code, weight) in codes.iter_mut().zip(&mut weights) {
                        let word = words.next_u32();
                        (*code, *weight) = (word as u16, (word >> 8) as Real);
                    }
                })
            },
        ],
    );
    let (built, asked) = (built as f64, SYNAPSES as f64);
    assert!((built / asked - 1.0).abs() < 0.01, "{name}: {built} synapses");
    let [own, bare] = [built / own, asked / bare].map(|rate| rate / 1e6);
    println!("| {name} | {values} | {own:.1} | {bare:.0} | {:.1} |", bare / own);
}
