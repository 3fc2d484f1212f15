//! The graph: equal parts are one, constants meet, no depth is too deep.

use std::{collections::HashMap, sync::Arc};

use super::{
    graph::{Graph, Id, Node, children},
    operation::Two,
};

fn leaves(graph: &mut Graph) -> [Id; 2] {
    [graph.leaf(Node::Column(0)), graph.leaf(Node::Column(1))]
}

#[test]
fn equal_parts_are_one_and_constants_meet() {
    let mut graph = Graph::default();
    let [x, y] = leaves(&mut graph);
    let [two, three] = [graph.number(2.0), graph.number(3.0)];
    let one = graph.two(Two::Multiply, two, x);
    let one = graph.two(Two::Divide, one, three);
    let ratio = graph.number(2.0 / 3.0);
    let third = graph.number(1.0 / 3.0);
    assert_eq!(graph.two(Two::Multiply, two, third), graph.number(2.0 * (1.0 / 3.0)));
    assert!(matches!(graph.node(one), Node::Two(Two::Multiply, a, c) if a == x && graph.constant(c).is_some()));
    assert!(graph.constant(ratio).is_some_and(|x| (x - 2.0 / 3.0).abs() < 1e-16));
    // y · (x · 3) and (y · x) · 3
    let scaled = graph.two(Two::Multiply, x, three);
    let product = graph.two(Two::Multiply, y, x);
    assert_eq!(graph.two(Two::Multiply, y, scaled), graph.two(Two::Multiply, product, three));
}

/// Whether a parameter is a number or one of each neuron, the same operations are made of it.
#[test]
fn parameters_of_each_neuron_fold_as_numbers_do() {
    let made = |each: bool| {
        let mut graph = Graph::default();
        let [x, y] = leaves(&mut graph);
        let [a, b] = [7.0, 3.0].map(|p| if each { graph.member_of(Arc::from([p])) } else { graph.number(p) });
        let ax = graph.two(Two::Multiply, a, x);
        let axb = graph.two(Two::Divide, ax, b);
        let less = graph.two(Two::Subtract, axb, a);
        let again = graph.two(Two::Subtract, less, b);
        let all = graph.two(Two::Multiply, again, y);
        let parts = graph.parts(&[all]);
        let mut varying = Vec::new();
        let mut fixed = HashMap::new();
        let own: Vec<Id> = parts.iter().copied().filter(|id| graph.is_fixed(*id)).collect();
        graph.evaluate(&own, &mut fixed, |node| match node {
            Node::Member(k) => graph.member(k)[0],
            _ => f64::NAN,
        });
        for id in parts.iter().filter(|id| !graph.is_fixed(**id)) {
            let with: Vec<f64> = children(graph.node(*id)).filter_map(|part| fixed.get(&part).copied()).collect();
            let what = match graph.node(*id) {
                Node::Two(operation, ..) => format!("{operation:?}"),
                node => format!("{node:?}"),
            };
            varying.push((what, with));
        }
        varying
    };
    assert_eq!(made(false), made(true));
    assert_eq!(made(true).len(), 5);
}

#[test]
fn whole_powers_are_products() {
    let mut graph = Graph::default();
    let [x, _] = leaves(&mut graph);
    for n in [-3, 0, 1, 2, 5, 13] {
        let exponent = graph.number(f64::from(n));
        let power = graph.two(Two::Power, x, exponent);
        let parts = graph.parts(&[power]);
        let mut numbers = HashMap::new();
        graph.evaluate(&parts, &mut numbers, |_| 1.5);
        assert!((numbers[&power] / 1.5_f64.powi(n) - 1.0).abs() < 1e-14);
        assert!(parts.iter().all(|id| !matches!(graph.node(*id), Node::Two(Two::Power, ..))));
    }
}

/// Ten thousand levels deep.
#[test]
fn no_depth_uses_up_the_stack() {
    let mut graph = Graph::default();
    let [x, y] = leaves(&mut graph);
    let mut deep = x;
    for _ in 0..10_000 {
        deep = graph.two(Two::Divide, y, deep);
    }
    assert!(graph.depends(deep, x));
    let replaced = graph.replaced(&[deep], &[(x, y)], true);
    assert!(!graph.depends(replaced[0], x));
    assert_eq!(graph.compacted(&replaced).0.len(), 10_001);
}
