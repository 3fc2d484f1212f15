//! The bits of models, receptors and rules that are equations. They are part of what a model is: the same for every instruction set and
//! any number of threads, and changed on purpose alone (`CORTECS_GOLDEN=write cargo test --test network golden` writes them anew).

use std::{collections::BTreeMap, path::PathBuf};

use cortecs::{
    assemble::build,
    network::Variables,
    numeric::{InstructionSet, real::IS_SINGLE},
    prelude::*,
    scene::{Scene, describe::describe},
};

/// FNV-1a of some numbers.
fn hash(numbers: impl Iterator<Item = f64>) -> u64 {
    let bytes = numbers.flat_map(|x| x.to_bits().to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// What of a behaviour is in the library.
fn names(behaviour: &str) -> Vec<String> {
    let mut bench = Bench::new();
    let all = describe(bench.world_mut());
    let own = all.into_iter().find(|entry| entry.name == behaviour).unwrap();
    own.library.into_iter().map(|ready| ready.name).collect()
}

/// All variables of all groups after some iterations.
fn state(scene: &str, iterations: u64) -> u64 {
    let mut bench = Bench::new();
    let scene = Scene::from_text(bench.world_mut(), scene).unwrap_or_else(|faults| panic!("{faults}"));
    let network = build(bench.world_mut(), &scene).unwrap_or_else(|faults| panic!("{faults}"));
    bench.ticks(iterations);
    let variables = bench.world_mut().resource::<Variables>().clone();
    let mut numbers = Vec::new();
    for entity in network.groups.into_iter().chain(network.synapses) {
        let own = variables.of(bench.world_mut().entity(entity));
        numbers.extend(own.iter().flat_map(|info| bench.get(entity, &info.name)));
    }
    hash(numbers.into_iter())
}

fn all() -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    for name in names("Equations") {
        let scene = format!(
            "(dt: 0.02, groups: {{\"c\": (size: 37, behaviours: [Equations(like: \"{name}\"), ConstantCurrent(amplitude: \"i/3\")])}})"
        );
        found.insert(format!("Equations {name}"), state(&scene, 500));
    }
    let drivers = "\"d\": (size: 40, behaviours: [PoissonNeurons(rate: 60)])";
    for name in names("EquationsReceptor") {
        let scene = format!(
            "(dt: 0.1, groups: {{{drivers}, \"c\": (size: 37, behaviours: [Lif()], receptors: {{\"r\": EquationsReceptor(like: \"{name}\",
                afferent: \"S\")}})}}, synapses: [(from: \"d\", to: \"c\", tags: [\"S\"], connectivity: FixedInDegree(in_degree: 7))])"
        );
        found.insert(format!("EquationsReceptor {name}"), state(&scene, 500));
    }
    for name in names("Rule") {
        let scene = format!(
            "(dt: 0.5, groups: {{{drivers}, \"c\": (size: 37, behaviours: [Lif(), Dopamine(), UniformNoise(high: 900)],
                receptors: {{\"r\": CurrentReceptor(afferent: \"S\")}})}}, synapses: [(from: \"d\", to: \"c\", tags: [\"S\"], weights: 0.5,
                delays: \"uniform(1, 9)\", connectivity: FixedInDegree(in_degree: 7), behaviours: [Rule(like: \"{name}\")])])"
        );
        found.insert(format!("Rule {name}"), state(&scene, 500));
    }
    found
}

#[test]
fn the_bits_of_equations_are_those_that_they_were() {
    if !IS_SINGLE {
        return;
    }
    let _forcing = super::instruction_sets();
    let found = all();
    for set in [InstructionSet::Baseline, InstructionSet::Avx2, InstructionSet::Avx512] {
        if set <= InstructionSet::best() {
            set.force().unwrap();
            assert_eq!(all(), found, "{set}");
        }
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/network/reference/equations.bits");
    let text: String = found.iter().map(|(name, hash)| format!("{name} {hash:016x}\n")).collect();
    if std::env::var("CORTECS_GOLDEN").is_ok_and(|what| what == "write") {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    for (now, before) in text.lines().zip(kept.lines()) {
        assert_eq!(now, before);
    }
    assert_eq!(text.lines().count(), kept.lines().count());
}
