//! Connectivity by an expression: each pair of neurons with a probability of its own, mostly one of their distance.
//!
//! Not every pair is looked at. The expression is bounded for boxes of neurons (interval arithmetic); of the pairs of a box, as
//! many are drawn as the bound allows, skipping from one to the next (as in `fixed_probability.rs`), and each of them is kept with
//! its own probability over the bound. So the distribution is that of a draw for each pair, and the work is proportional to the
//! synapses wherever bounds are near. Where an expression has none, as with functions of other crates, all pairs of a box are
//! drawn, and `within` can say how far synapses reach.

use std::{collections::HashMap, ops::Range, sync::Mutex};

use bevy_app::App;
use bevy_ecs::prelude::*;
use rand::distr::{Distribution, StandardUniform};
use rand_distr::Exp1;

use super::tree::{Extent as Box3, Tree, apart, distances};
use crate::{
    behaviour,
    network::{
        Behaviour, Endpoints, Extent, Kind, Pair, Preparation, PrepareError, PrepareFault, Rule, connect::connect,
        endpoints::endpoints,
    },
    numeric::{stream::Stream, words::Words},
    value::{Expression, Pairs, Value},
};

/// Candidates whose probability is evaluated in one go.
const AT_ONCE: usize = 4096;

/// A box of which fewer candidates than this are expected is not cut further.
const FEW: f64 = 2.0;

behaviour! {
    /// Each pair of neurons with a probability that an expression gives for it.
    pub struct DistanceDependent {
        /// The probability, of `distance`, `dx`, `dy`, `dz`, `i` and `j`; held within 0 and 1.
        pub probability: String = "exp(-distance)",
        /// How far synapses reach, in the unit of positions: no pair farther apart has one. `None` for as far as the probability
        /// lets them.
        pub within: Option<f64>,
        /// Whether a neuron of a group that is connected to itself may have a synapse with itself.
        pub autapses: bool = true,
    }
}

impl Behaviour for DistanceDependent {
    const KIND: Kind = Kind::Connectivity;

    fn plugin(_: &mut App) {}

    fn prepare(&mut self, preparation: &mut Preparation<'_>) -> Result<(), PrepareError> {
        if let Some(within) = self.within.filter(|within| !(within.is_finite() && *within >= 0.0)) {
            let why = format!("a reach is finite and not negative, unlike {within}");
            return Err(preparation.error(Some("within"), why));
        }
        let sides = endpoints(preparation)?;
        let probability = Value::from(self.probability.as_str());
        // Of no pair: whether it can be read at all. What it gives is tried with the rule.
        let tried = sides.evaluate("probability", &probability, &Pairs::default());
        tried.map_err(|error| preparation.fault("probability", PrepareFault::Value(error)))?;
        let parsed = Expression::parse(&self.probability);
        let parsed = parsed.map_err(|error| preparation.fault("probability", PrepareFault::Value(error)))?;
        let sources = Tree::new(&sides.source_group, sides.pair.sources, |s| sides.source(s));
        let targets = Tree::new(&sides.target_group, sides.pair.targets, |t| sides.target(t));
        let stream = preparation.stream("connectivity");
        let leaves = targets.leaves();
        let kept = Mutex::default();
        let rule = Chance { rule: self.clone(), probability, parsed, sources, targets, leaves, stream, kept };
        connect(preparation, sides, rule)
    }

    /// As the synapses of some targets let expect.
    fn extent(&self, pair: Pair) -> Extent {
        let all = (pair.sources as u64).saturating_mul(pair.targets as u64);
        Extent::sparse(pair, pair.estimate.unwrap_or(all))
    }
}

struct Chance {
    rule: DistanceDependent,
    probability: Value,
    parsed: Expression,
    sources: Tree,
    targets: Tree,
    /// The leaf of each target.
    leaves: Vec<u32>,
    stream: Stream,
    /// What was found for stretches of targets: synapses are counted, then placed.
    kept: Mutex<HashMap<Range<usize>, Vec<[u32; 2]>>>,
}

/// Synapses that are kept from the counting to the placing, at most, in 8 bytes each: beyond, they are drawn a second time.
const MOST_KEPT: usize = 1 << 24;

/// Sources that are drawn with one probability, which that of none of their pairs with a target exceeds.
struct Class {
    bound: f64,
    /// −ln(1 − bound), by which exponential numbers become distances; infinite if all are drawn.
    decay: f64,
    stretches: Vec<Stretch>,
    total: u64,
}

/// Sources that lie together.
struct Stretch {
    /// How many of the class come before.
    before: u64,
    /// Places in the order of the tree.
    members: Range<usize>,
    /// What the probability of none of them falls below.
    least: f64,
}

/// Classes of a factor of two.
const PER_OCTAVE: f64 = 4.0;

impl Chance {
    /// The sources of the targets of a leaf, in classes of about the same bound.
    fn classes(&self, sides: &Endpoints, leaf: usize) -> Vec<Class> {
        let mut classes: HashMap<i32, Class> = HashMap::new();
        let mut open = vec![0];
        while let Some(own) = open.pop() {
            let node = &self.sources.nodes[own];
            let [least, bound] = self.bounds(sides, own, leaf);
            if bound <= 0.0 || node.members.is_empty() {
                continue;
            }
            match node.halves {
                Some(halves) if bound * node.members.len() as f64 > FEW => open.extend(halves.into_iter().rev()),
                _ => {
                    // Rounded up, so that boxes far away are one class.
                    let power = libm::ceil(PER_OCTAVE * libm::log2(bound)).clamp(-100.0, 0.0) as i32;
                    let class = classes.entry(power).or_insert_with(|| {
                        let bound = libm::exp2(f64::from(power) / PER_OCTAVE).min(1.0);
                        Class { bound, decay: -libm::log1p(-bound), stretches: Vec::new(), total: 0 }
                    });
                    let before = class.total;
                    class.stretches.push(Stretch { before, members: node.members.clone(), least });
                    class.total += node.members.len() as u64;
                }
            }
        }
        let mut classes: Vec<(i32, Class)> = classes.into_iter().collect();
        classes.sort_unstable_by_key(|(power, _)| -power);
        classes.into_iter().map(|(_, class)| class).collect()
    }

    /// Bounds of the probability of all pairs of the sources of a node and the targets of a leaf.
    fn bounds(&self, sides: &Endpoints, node: usize, leaf: usize) -> [f64; 2] {
        let (node, leaf) = (&self.sources.nodes[node], &self.targets.nodes[leaf]);
        let torus = sides.periodic.then(|| sides.target_group.extent());
        let ways: Box3 = apart(&node.extent, &leaf.extent, torus);
        let distance = distances(&ways);
        // A rounding's width beyond, for coordinates such as 0.3.
        if self.rule.within.is_some_and(|within| distance[0] > within * (1.0 + 1e-9)) {
            return [0.0; 2];
        }
        let wider = |[low, high]: [f64; 2]| [low - 1e-9 * low.abs(), high + 1e-9 * high.abs()];
        let indices = |[least, most]: [u32; 2]| [f64::from(least), f64::from(most)];
        let names = |name: &str| match name {
            "distance" => Some(wider(distance)),
            "dx" => Some(wider(ways[0])),
            "dy" => Some(wider(ways[1])),
            "dz" => Some(wider(ways[2])),
            "i" => Some(indices(node.indices)),
            "j" => Some(indices(leaf.indices)),
            _ => None,
        };
        let [least, most] = sides.bounds(&self.parsed, &names);
        [(least * (1.0 - 1e-9)).clamp(0.0, 1.0), (most * (1.0 + 1e-9)).clamp(0.0, 1.0)]
    }

    /// Draws the candidates of a target: places of sources, each with the number that a probability must exceed, and
    /// whether its own surely does.
    fn draw(&self, classes: &[Class], t: usize, take: &mut dyn FnMut(usize, f64, bool)) {
        let mut words = Words::new(self.stream, t as u32);
        for Class { bound, decay, stretches, total } in classes {
            let gap = |words: &mut Words| {
                if *bound >= 1.0 {
                    return 0;
                }
                let exponential: f64 = Exp1.sample(words);
                (exponential / decay) as u64
            };
            let (mut at, mut stretch) = (gap(&mut words), 0);
            while at < *total {
                while stretches.get(stretch + 1).is_some_and(|next| next.before <= at) {
                    stretch += 1;
                }
                let Stretch { before, members, least } = &stretches[stretch];
                let place = self.sources.order[members.start + (at - before) as usize];
                // 32 bits: a probability is met to 2e-10 of its bound.
                let word: u32 = StandardUniform.sample(&mut words);
                let number = bound * (f64::from(word) + 0.5) / 4_294_967_296.0;
                take(place as usize, number, number < *least);
                at = at.saturating_add(1).saturating_add(gap(&mut words));
            }
        }
    }
}

/// Candidates that wait until the probabilities of some of them are evaluated.
#[derive(Default)]
struct Waiting {
    pairs: Pairs,
    /// Source and target by their places, and for those whose probability is evaluated what it must exceed.
    drawn: Vec<(usize, usize, Option<f64>)>,
}

impl Waiting {
    fn settle(&mut self, chance: &Chance, sides: &Endpoints, emit: &mut dyn FnMut(usize, usize)) -> Result<(), String> {
        let numbers = sides.evaluate("probability", &chance.probability, &self.pairs);
        let numbers = numbers.map_err(|error| format!("the probability of a synapse: {error}"))?;
        let mut k = 0;
        for &(s, t, number) in &self.drawn {
            let is_one = number.is_none_or(|number| {
                k += 1;
                number < numbers.at(k - 1)
            });
            if is_one {
                emit(s, t);
            }
        }
        self.drawn.clear();
        [&mut self.pairs.sources, &mut self.pairs.targets].into_iter().for_each(Vec::clear);
        self.pairs.keys.clear();
        Ok(())
    }
}

impl Rule for Chance {
    fn generate(
        &self,
        sides: &Endpoints,
        targets: Range<usize>,
        emit: &mut dyn FnMut(usize, usize),
    ) -> Result<(), String> {
        let known = self.kept.lock().map(|mut kept| kept.remove(&targets)).unwrap_or_default();
        if let Some(known) = known {
            known.into_iter().for_each(|[s, t]| emit(s as usize, t as usize));
            return Ok(());
        }
        // A single target is one that is tried; nobody comes back for it.
        let (comes_back, mut found) = (targets.len() > 1, Vec::new());
        self.search(sides, targets.clone(), &mut |s, t| {
            if comes_back {
                found.push([s as u32, t as u32]);
            }
            emit(s, t);
        })?;
        if let (true, Ok(mut kept)) = (comes_back, self.kept.lock())
            && kept.values().map(Vec::len).sum::<usize>() + found.len() <= MOST_KEPT
        {
            kept.insert(targets, found);
        }
        Ok(())
    }
}

impl Chance {
    /// Draws the synapses of some targets.
    fn search(
        &self,
        sides: &Endpoints,
        targets: Range<usize>,
        emit: &mut dyn FnMut(usize, usize),
    ) -> Result<(), String> {
        let mut of_leaves: HashMap<u32, Vec<Class>> = HashMap::new();
        let mut waiting = Waiting::default();
        for t in targets {
            let leaf = self.leaves[t];
            let classes = of_leaves.entry(leaf).or_insert_with(|| self.classes(sides, leaf as usize));
            self.draw(classes, t, &mut |s, number, surely| {
                let is_left_out = !self.rule.autapses && sides.is_autapse(s, t);
                if is_left_out || !self.reaches(sides, s, t) {
                    return;
                }
                if !surely {
                    waiting.pairs.push(sides.source(s) as u32, sides.target(t) as u32, sides.source(s) as u32);
                }
                waiting.drawn.push((s, t, (!surely).then_some(number)));
            });
            if waiting.drawn.len() >= AT_ONCE {
                waiting.settle(self, sides, emit)?;
            }
        }
        waiting.settle(self, sides, emit)
    }

    /// Whether synapses reach from a source to a target.
    fn reaches(&self, sides: &Endpoints, s: usize, t: usize) -> bool {
        let Some(within) = self.rule.within else { return true };
        let [x, y, z] = sides.target_group.apart(sides.target(t), &sides.source_group, sides.source(s), sides.periodic);
        let reach = within * (1.0 + 1e-9);
        x * x + y * y + z * z <= reach * reach
    }
}

#[cfg(test)]
mod tests {
    use crate::{assemble::build, network::Synapses, prelude::*, scene::Scene};

    /// How often each pair of two sheets is connected in so many networks, and the number of synapses.
    fn counted(rule: &DistanceDependent, shape: [usize; 3], periodic: bool, seeds: u64) -> Vec<u32> {
        let size = shape.iter().product::<usize>();
        let mut counts = vec![0; size * size];
        for seed in 0..seeds {
            let mut bench = Bench::new();
            bench.world_mut().insert_resource(Seed(seed));
            let cells = bench.group("cells", size, Izhikevich::default());
            bench.world_mut().entity_mut(cells).insert(NeuronGroup::with_shape(shape));
            let ends = Ends { periodic, ..default() };
            let synapses = bench.synapses(cells, cells, "X", (ends, rule.clone()));
            let layout = bench.world_mut().get::<Synapses>(synapses).unwrap().layout.clone().unwrap();
            layout.synapses().for_each(|one| counts[one.source as usize * size + one.target as usize] += 1);
        }
        counts
    }

    /// Each pair has its own probability, near and far, bounded or not: over 400 networks, five deviations of each count.
    #[test]
    fn every_pair_is_connected_with_its_probability() {
        const SEEDS: u64 = 400;
        for (text, shape, periodic) in [
            ("0.5 * exp(-(distance / 3)^2)", [12, 10, 1], false),
            ("0.4 * exp(-distance / 2) + 0.002", [12, 10, 1], true),
            ("0.3 * (abs(dx) < 2) + 0.01 * sin(i)^2", [120, 1, 1], false),
        ] {
            let rule = DistanceDependent { probability: text.into(), autapses: false, ..default() };
            let counts = counted(&rule, shape, periodic, SEEDS);
            let group = NeuronGroup::with_shape(shape);
            let size = group.size();
            let mut worst: f64 = 0.0;
            for (k, &count) in counts.iter().enumerate() {
                let (i, j) = (k / size, k % size);
                let [dx, dy, _] = group.apart(j, &group, i, periodic);
                let distance = dx.hypot(dy);
                let p = match text.as_bytes()[2] {
                    b'5' => 0.5 * (-(distance / 3.0).powi(2)).exp(),
                    b'4' => 0.4 * (-distance / 2.0).exp() + 0.002,
                    _ => 0.3 * f64::from(u8::from(dx.abs() < 2.0)) + 0.01 * (i as f64).sin().powi(2),
                };
                let p = if i == j { 0.0 } else { p };
                let expected = SEEDS as f64 * p;
                let deviation = (expected * (1.0 - p)).sqrt().max(0.3);
                worst =
                    worst.max((f64::from(count) - expected).abs() / deviation - if expected < 5.0 { 3.0 } else { 0.0 });
            }
            assert!(worst < 5.5, "{text}: {worst}");
        }
    }

    /// Of 20 000 targets only those of the second and the last block of 8192 take part: the first block has none, and begins in
    /// the list of those that do where the second one begins.
    #[test]
    fn targets_of_some_blocks_alone_get_their_synapses() {
        let mut bench = Bench::new();
        let text = r#"(
            groups: {"a": (size: 20000, behaviours: [Izhikevich()])},
            synapses: [(
                name: "s", from: "a", to: "a", unheard: true,
                targets: Where("(i >= 9000) * (i < 9050) + (i >= 19000) * (i < 19050)"),
                connectivity: DistanceDependent(probability: "1", within: 3, autapses: false),
            )],
        )"#;
        let scene = Scene::from_text(bench.world_mut(), text).unwrap();
        let network = build(bench.world_mut(), &scene).unwrap();
        let layout = bench.world_mut().get::<Synapses>(network.synapses[0]).unwrap().layout.clone().unwrap();
        let mut found: Vec<[u32; 2]> = layout.synapses().map(|one| [one.target, one.source]).collect();
        found.sort_unstable();
        let near = |t: u32| (t - 3..=t + 3).filter(move |s| *s != t).map(move |s| [t, s]);
        let expected: Vec<[u32; 2]> = (9000..9050).chain(19_000..19_050).flat_map(near).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_beyond_the_reach_has_no_synapse_and_what_is_within_is_not_cut_off() {
        let rule = DistanceDependent { probability: "1".into(), within: Some(2.0), autapses: true };
        for periodic in [false, true] {
            let counts = counted(&rule, [15, 15, 1], periodic, 1);
            let group = NeuronGroup::with_shape([15, 15, 1]);
            for (k, count) in counts.into_iter().enumerate() {
                let [dx, dy, _] = group.apart(k % 225, &group, k / 225, periodic);
                assert_eq!(count, u32::from(dx * dx + dy * dy <= 4.0), "{k}");
            }
        }
        let mut bench = Bench::new();
        let cells = bench.group("cells", 4, Izhikevich::default());
        let wrong = DistanceDependent { within: Some(-1.0), ..default() };
        let error = bench.try_synapses(cells, cells, "X", wrong).unwrap_err();
        assert!(error.ends_with("a reach is finite and not negative, unlike -1"), "{error}");
    }
}
