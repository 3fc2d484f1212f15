//! Checkpoints: as they are, and with checksums made right again, which a damaged one would not have but a forged one has.

use cortecs::{
    assemble::build,
    checkpoint::{Checkpoint, Fit},
    prelude::*,
    scene::Scene,
    schedule::run_ticks,
};
use serde::{Deserialize, Serialize};

use crate::targets::Room;

/// A network with something of whatever is saved in a form of its own.
const SCENE: &str = r#"(
    iterations: 20,
    groups: {
        "a": (size: 4, behaviours: [Lif(v: -50), NormalNoise(sd: 300, mean: 500), AdaptiveThreshold(), Dopamine(),
            Reward(synapses: "s")], receptors: {"r": AlphaReceptor(afferent: "T")}),
        "b": (size: 3, behaviours: [PoissonNeurons(rate: 300)]),
    },
    synapses: [
        (name: "s", from: "b", to: "a", tags: ["T"], connectivity: FixedInDegree(in_degree: 2), delays: "uniform(1, 4)",
            behaviours: [Stdp(w_max: 2), ShortTermPlasticity()]),
        (name: "w", from: "b", to: "a", tags: ["T"], connectivity: FixedInDegree(in_degree: 1),
            behaviours: [StructuralPlasticity(interval: 3, threshold: 2), OneStepStdp(w_max: 2)]),
        (name: "d", from: "a", to: "a", tags: ["T"], connectivity: AllToAll(), behaviours: [VoltageStdp(w_max: 2)]),
    ],
    recorders: [SpikeRecorder(of: ["a"]), RateRecorder(of: ["b"], bin: 3), WeightRecorder(of: ["w"], every: 5)],
)"#;

fn network() -> Bench {
    let mut bench = Bench::new();
    let scene = Scene::from_text(bench.world_mut(), SCENE).unwrap_or_else(|faults| panic!("{faults}"));
    build(bench.world_mut(), &scene).unwrap_or_else(|faults| panic!("{faults}"));
    bench
}

/// The checkpoint that a search starts from: of this version and precision, hence no file of the corpus.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut bench = network();
    bench.ticks(12);
    vec![Checkpoint::take(bench.world_mut()).expect("a checkpoint").bytes().to_vec()]
}

/// Restores it, and runs what has come of that.
pub fn examine(_: &mut Room, input: &[u8]) -> bool {
    let mut accepted = false;
    for bytes in [input.to_vec(), resealed(input).unwrap_or_default()] {
        for fit in [Fit::Exactly, Fit::Variant { noise: Some(3) }] {
            let mut bench = network();
            let restored = Checkpoint::from_bytes(bytes.clone()).restore(bench.world_mut(), fit);
            match restored {
                Ok(_) => accepted = true,
                Err(error) => assert!(error.to_string().len() < 10_000, "a message that nobody reads"),
            }
            // Whatever was forged, numbers may be wrong, but nothing breaks.
            run_ticks(bench.world_mut(), 5);
        }
    }
    accepted
}

/// As in the crate; a checkpoint of another form is not found to be one by its tests either.
#[derive(Serialize, Deserialize)]
struct Head {
    entity: String,
    part: String,
    recording: bool,
    on: Option<bool>,
    as_built: bool,
    bytes: u64,
    crc: u32,
}

/// The same with all lengths, numbers and checksums right, as far as it can be read.
fn resealed(input: &[u8]) -> Option<Vec<u8>> {
    let version = usize::from(u16::from_le_bytes(input.get(8..10)?.try_into().ok()?));
    let (start, mut rest) = input.split_at_checked(10 + version)?;
    let mut sealed = start.to_vec();
    push_block(&mut sealed, take_block(&mut rest)?);
    let mut parts = 0_u64;
    while let Some(block) = take_block(&mut rest) {
        let Ok(mut head) = postcard::from_bytes::<Head>(block) else { break };
        let length = if head.as_built { 0 } else { usize::try_from(head.bytes).ok()?.min(rest.len()) };
        let (body, behind) = rest.split_at(length);
        rest = behind;
        if !head.as_built {
            (head.bytes, head.crc) = (length as u64, crc32fast::hash(body));
        }
        push_block(&mut sealed, &postcard::to_allocvec(&head).ok()?);
        sealed.extend(body);
        parts += 1;
    }
    sealed.extend(0_u32.to_le_bytes());
    sealed.extend(parts.to_le_bytes());
    Some(sealed)
}

fn take_block<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = u32::from_le_bytes(rest.get(..4)?.try_into().ok()?) as usize;
    let block = rest.get(4..4 + length).filter(|block| !block.is_empty())?;
    *rest = rest.get(8 + length..)?;
    Some(block)
}

fn push_block(to: &mut Vec<u8>, block: &[u8]) {
    to.extend((block.len() as u32).to_le_bytes());
    to.extend(block);
    to.extend(crc32fast::hash(block).to_le_bytes());
}

#[test]
fn what_is_sealed_anew_is_the_same() {
    for seed in seeds() {
        assert_eq!(resealed(&seed).as_ref(), Some(&seed));
        assert!(examine(&mut Room::new(), &seed));
    }
}
