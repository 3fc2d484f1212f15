//! Synapses that a rule draws source by source, for tasks that each take a block of targets: drawn once for many blocks, and cut
//! by them.

use std::ops::Range;

use rayon::prelude::*;

use super::endpoints::{Endpoints, Rule};

/// Sources that a task draws for.
const CHUNK: usize = 1 << 12;

/// Synapses that are held at once, unless that were less than an eighth of all: 256 MB.
const HELD: u64 = 1 << 25;

/// Most times that all of them are drawn to be counted, and as often again to be placed.
const MOST_WINDOWS: u64 = 8;

/// The synapses of all sources with the targets of a stretch of blocks.
pub(super) struct BySource {
    first: usize,
    chunks: Vec<Chunk>,
}

/// The synapses of some sources.
struct Chunk {
    /// Source and target of each, both among the neurons that take part, block by block.
    pairs: Vec<[u32; 2]>,
    /// Where each block begins, and the end.
    starts: Vec<usize>,
}

impl BySource {
    /// The stretches in which some blocks are taken, that hold about so many synapses in all: all of them draw everything.
    pub fn windows(blocks: Range<usize>, synapses: u64) -> impl Iterator<Item = Range<usize>> {
        let windows = synapses.div_ceil(HELD).clamp(1, MOST_WINDOWS) as usize;
        let each = blocks.len().div_ceil(windows).max(1);
        blocks.clone().step_by(each).map(move |first| first..(first + each).min(blocks.end))
    }

    /// Draws those onto some neurons; blocks are so many neurons wide.
    pub fn draw(
        rule: &dyn Rule,
        sides: &Endpoints,
        width: usize,
        (blocks, neurons): (Range<usize>, &Range<usize>),
    ) -> Self {
        let chunks = (0..sides.pair.sources.div_ceil(CHUNK)).into_par_iter();
        let chunks = chunks.map(|chunk| Chunk::draw(rule, sides, chunk, width, (&blocks, neurons))).collect();
        Self { first: blocks.start, chunks }
    }

    /// Source and target of the synapses onto a block, source after source with ascending targets.
    pub fn of_block(&self, block: usize) -> impl Iterator<Item = [u32; 2]> + '_ {
        let at = block - self.first;
        self.chunks.iter().flat_map(move |chunk| chunk.pairs[chunk.starts[at]..chunk.starts[at + 1]].iter().copied())
    }
}

impl Chunk {
    fn draw(
        rule: &dyn Rule,
        sides: &Endpoints,
        chunk: usize,
        width: usize,
        (blocks, neurons): (&Range<usize>, &Range<usize>),
    ) -> Self {
        let neurons = neurons.start.max(blocks.start * width)..neurons.end.min(blocks.end * width);
        let sources = chunk * CHUNK..((chunk + 1) * CHUNK).min(sides.pair.sources);
        let (mut drawn, mut of_source, mut starts) = (Vec::new(), Vec::new(), vec![0; blocks.len() + 1]);
        for s in sources {
            rule.generate_from(sides, s, &mut |_, t| {
                let target = sides.target(t);
                if neurons.contains(&target) {
                    of_source.push(t as u32);
                    starts[target / width - blocks.start + 1] += 1;
                }
            });
            of_source.sort_unstable();
            drawn.extend(of_source.drain(..).map(|t| [s as u32, t]));
        }
        for block in 0..blocks.len() {
            starts[block + 1] += starts[block];
        }
        let (mut next, mut pairs) = (starts.clone(), vec![[0; 2]; drawn.len()]);
        for [s, t] in drawn {
            let place = &mut next[sides.target(t as usize) / width - blocks.start];
            pairs[*place] = [s, t];
            *place += 1;
        }
        Self { pairs, starts }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::endpoints::Rule, *};
    use crate::{
        network::{Ends, Selection},
        numeric::{stream::Stream, words::Words},
        prelude::*,
    };

    /// Twenty targets of each source, some of them more than once.
    struct Twenty;

    impl Rule for Twenty {
        fn is_by_source(&self) -> bool {
            true
        }

        fn generate_from(&self, sides: &Endpoints, s: usize, emit: &mut dyn FnMut(usize, usize)) {
            let mut words = Words::new(Stream::new(1, &["twenty"]), s as u32);
            (0..20).for_each(|_| emit(s, (rand::Rng::next_u32(&mut words) as usize) % sides.pair.targets));
        }

        fn generate(&self, _: &Endpoints, _: Range<usize>, _: &mut dyn FnMut(usize, usize)) -> Result<(), String> {
            Ok(())
        }
    }

    #[test]
    fn every_block_has_what_sources_draw_for_it_in_order() {
        let mut bench = Bench::new();
        let source = bench.group("source", 9000, SpikeSource::at(vec![vec![]; 9000]));
        let target = bench.group("target", 1000, SpikeSource::at(vec![vec![]; 1000]));
        for targets in [Selection::All, Selection::Range(10, 903)] {
            let ends = Ends { targets, ..default() };
            let group = bench.synapses(source, target, "X", (FixedProbability::default(), ends));
            let sides = Endpoints::of(bench.world_mut(), group).ok().flatten().expect("two sides");
            let mut all = Vec::new();
            (0..9000).for_each(|s| Twenty.generate_from(&sides, s, &mut |s, t| all.push([s as u32, t as u32])));
            all.sort_unstable();
            for blocks in [0..4, 1..3, 3..4] {
                let drawn = BySource::draw(&Twenty, &sides, 256, (blocks.clone(), &(0..1000)));
                for block in blocks {
                    let own = |[_, t]: &&[u32; 2]| sides.target(*t as usize) / 256 == block;
                    assert!(drawn.of_block(block).eq(all.iter().filter(own).copied()), "block {block}");
                }
            }
        }
    }

    #[test]
    fn windows_make_up_all_blocks_and_are_few() {
        for (blocks, synapses, number) in
            [(1, 0, 1), (123, 0, 1), (123, HELD, 1), (123, HELD + 1, 2), (123, u64::MAX, 8), (3, u64::MAX, 3)]
        {
            let windows: Vec<_> = BySource::windows(0..blocks, synapses).collect();
            assert_eq!(windows.len(), number);
            assert!(windows.into_iter().flatten().eq(0..blocks));
        }
    }
}
