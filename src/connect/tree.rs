//! Neurons in space, found by where they are: a tree of halves (J. Bentley, Commun. ACM 18:509, 1975), whose leaves hold some
//! neurons that lie together.

use crate::network::NeuronGroup;

/// Neurons of a leaf, at most.
const LEAF: usize = 32;

/// A box along each axis.
pub(super) type Extent = [[f64; 2]; 3];

/// A part of the neurons.
pub(super) struct Node {
    /// Where they stand in the order of the tree.
    pub members: std::ops::Range<usize>,
    /// The box that they fill.
    pub extent: Extent,
    /// The least and the greatest index among them.
    pub indices: [u32; 2],
    /// The two halves of a node that is no leaf.
    pub halves: Option<[usize; 2]>,
}

/// Places of neurons among those that take part, in an order in which neighbours lie together.
pub(super) struct Tree {
    pub order: Vec<u32>,
    pub nodes: Vec<Node>,
}

impl Tree {
    /// The tree of so many neurons of a group, of which `neuron` gives the index for each place.
    pub fn new(group: &NeuronGroup, places: usize, neuron: impl Fn(usize) -> usize) -> Self {
        let mut tree = Self { order: (0..places as u32).collect(), nodes: Vec::new() };
        let positions: Vec<[f64; 3]> = (0..places).map(|place| group.position(neuron(place))).collect();
        let position = |place: u32| positions[place as usize];
        // Members, and of which node they are which half.
        let mut open = vec![(0..places, usize::MAX, 0)];
        while let Some((members, parent, side)) = open.pop() {
            let own = tree.nodes.len();
            if let Some(Node { halves: Some(halves), .. }) = tree.nodes.get_mut(parent) {
                halves[side] = own;
            }
            let some = &mut tree.order[members.clone()];
            let mut extent = [[f64::INFINITY, f64::NEG_INFINITY]; 3];
            let mut indices = [u32::MAX, 0];
            for &place in some.iter() {
                for (range, x) in extent.iter_mut().zip(position(place)) {
                    *range = [range[0].min(x), range[1].max(x)];
                }
                let index = neuron(place as usize) as u32;
                indices = [indices[0].min(index), indices[1].max(index)];
            }
            let width = |axis: &usize| extent[*axis][1] - extent[*axis][0];
            let longest = (0..3).max_by(|a, b| width(a).total_cmp(&width(b))).unwrap_or(0);
            let halves = (some.len() > LEAF && width(&longest) > 0.0).then(|| {
                let middle = some.len() / 2;
                // By place where coordinates are equal, so that there is one order.
                let key = |&place: &u32| (position(place)[longest], place);
                some.select_nth_unstable_by(middle, |a, b| {
                    let (a, b) = (key(a), key(b));
                    a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
                });
                let middle = members.start + middle;
                open.extend([(middle..members.end, own, 1), (members.start..middle, own, 0)]);
                [0, 0]
            });
            tree.nodes.push(Node { members, extent, indices, halves });
        }
        tree
    }

    /// The leaf of each place.
    pub fn leaves(&self) -> Vec<u32> {
        let mut leaves = vec![0; self.order.len()];
        for (own, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.halves.is_none()) {
            self.order[node.members.clone()].iter().for_each(|&place| leaves[place as usize] = own as u32);
        }
        leaves
    }
}

/// From anywhere in one box to anywhere in another, along each axis; where space is a torus of an extent, the shorter way.
pub(super) fn apart(from: &Extent, to: &Extent, torus: Option<[f64; 3]>) -> Extent {
    std::array::from_fn(|axis| {
        let way = [to[axis][0] - from[axis][1], to[axis][1] - from[axis][0]];
        let Some(extent) = torus.map(|torus| torus[axis]) else { return way };
        let turns = (0.5 * (way[0] + way[1]) / extent).round();
        let [low, high] = way.map(|way| way - extent * turns);
        let half = 0.5 * extent;
        // Half way round, either way may be the one.
        if low > -half && high < half { [low, high] } else { [-half, half] }
    })
}

/// The distances that ways along the axes give.
pub(super) fn distances(ways: &Extent) -> [f64; 2] {
    let least = |[low, high]: [f64; 2]| {
        if low > 0.0 {
            low
        } else if high < 0.0 {
            -high
        } else {
            0.0
        }
    };
    let most = |[low, high]: [f64; 2]| high.abs().max(low.abs());
    let length = |of: &dyn Fn([f64; 2]) -> f64| libm::sqrt(ways.iter().map(|&way| of(way) * of(way)).sum());
    [length(&least), length(&most)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_neuron_is_in_one_leaf_and_within_its_box() {
        for shape in [[1, 1, 1], [300, 1, 1], [40, 30, 1], [9, 8, 7]] {
            let group = NeuronGroup::with_shape(shape);
            // Every other one.
            let neuron = |place: usize| 2 * place;
            let places = group.size().div_ceil(2);
            let tree = Tree::new(&group, places, neuron);
            let leaves = tree.leaves();
            let mut all = tree.order.clone();
            all.sort_unstable();
            assert_eq!(all, (0..places as u32).collect::<Vec<_>>());
            for (place, leaf) in leaves.iter().enumerate() {
                let node = &tree.nodes[*leaf as usize];
                assert!(node.halves.is_none() && node.members.len() <= LEAF);
                assert!(tree.order[node.members.clone()].contains(&(place as u32)));
                let within = |(range, x): (&[f64; 2], f64)| (range[0]..=range[1]).contains(&x);
                assert!(node.extent.iter().zip(group.position(neuron(place))).all(within));
            }
            for node in &tree.nodes {
                let Some([a, b]) = node.halves else { continue };
                assert_eq!(tree.nodes[a].members.end, tree.nodes[b].members.start);
            }
        }
    }

    #[test]
    fn ways_between_boxes_hold_those_between_all_their_neurons() {
        let group = NeuronGroup::with_shape([30, 20, 1]);
        let tree = Tree::new(&group, group.size(), |place| place);
        let leaves: Vec<&Node> = tree.nodes.iter().filter(|node| node.halves.is_none()).collect();
        for (periodic, torus) in [(false, None), (true, Some(group.extent()))] {
            for (one, other) in leaves.iter().flat_map(|one| leaves.iter().map(move |other| (one, other))) {
                let ways = apart(&one.extent, &other.extent, torus);
                let [least, most] = distances(&ways);
                for &i in &tree.order[one.members.clone()] {
                    for &j in &tree.order[other.members.clone()] {
                        let way = group.apart(j as usize, &group, i as usize, periodic);
                        let distance = libm::sqrt(way.iter().map(|x| x * x).sum());
                        let near = |(range, x): (&[f64; 2], f64)| range[0] - 1e-9 <= x && x <= range[1] + 1e-9;
                        assert!(ways.iter().zip(way).all(near), "{ways:?} {way:?}");
                        assert!(least - 1e-9 <= distance && distance <= most + 1e-9);
                    }
                }
            }
        }
    }
}
