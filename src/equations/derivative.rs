//! Derivatives of expressions: each operation of the graph has one.

use std::collections::HashMap;

use super::{
    graph::{Graph, Id, Node},
    operation::{One, Two},
};

/// Around zero the derivative of (eᵃ − 1)/a is its series: below this the quotient has lost half its digits.
const NEAR: f64 = 1e-3;

impl Graph {
    /// ∂f/∂x for each f. Where a condition depends on x it is that of the branch that holds; what is flat but for steps has 0. What
    /// was taken [once](One::Once) does not depend on anything.
    pub fn derivatives(&mut self, of: &[Id], x: Id) -> Vec<Id> {
        let (zero, one) = (self.number(0.0), self.number(1.0));
        let mut known: HashMap<Id, Id> = HashMap::new();
        for id in self.parts(of) {
            let made = if id == x { one } else { self.derivative_of(id, &known, zero) };
            known.insert(id, made);
        }
        of.iter().map(|id| known[id]).collect()
    }

    /// ∂f/∂x.
    pub fn derivative(&mut self, f: Id, x: Id) -> Id {
        self.derivatives(&[f], x)[0]
    }

    fn derivative_of(&mut self, id: Id, known: &HashMap<Id, Id>, zero: Id) -> Id {
        let is_constant = |part: &Id| known[part] == zero;
        match self.node(id) {
            Node::One(_, a) if is_constant(&a) => zero,
            Node::Two(_, a, b) if is_constant(&a) && is_constant(&b) => zero,
            Node::One(operation, a) => self.chain(operation, id, a, known[&a]),
            Node::Two(operation, a, b) => self.of_two(operation, (id, zero), (a, known[&a]), (b, known[&b])),
            Node::Select(c, a, b) => self.select(c, known[&a], known[&b]),
            _ => zero,
        }
    }

    fn chain(&mut self, operation: One, id: Id, a: Id, da: Id) -> Id {
        let outer = match operation {
            One::Negate => return self.one(One::Negate, da),
            One::Exponential => id,
            One::ExpM1 => self.one(One::Exponential, a),
            One::MeanExp => self.slope_of_mean(id, a),
            One::SquareRoot => {
                let half = self.number(0.5);
                self.two(Two::Divide, half, id)
            }
            One::Logarithm => {
                let one = self.number(1.0);
                self.two(Two::Divide, one, a)
            }
            One::Sine => self.one(One::Cosine, a),
            One::Cosine => {
                let sine = self.one(One::Sine, a);
                self.one(One::Negate, sine)
            }
            One::Absolute => {
                let [zero, one, less] = [0.0, 1.0, -1.0].map(|x| self.number(x));
                let below = self.two(Two::Less, a, zero);
                self.select(below, less, one)
            }
            One::OrZero => return da,
            One::Floor | One::Round | One::Not | One::Once => return self.number(0.0),
        };
        self.two(Two::Multiply, outer, da)
    }

    /// (eᵃ − m)/a, m being (eᵃ − 1)/a; 1/2 + a/3 near zero.
    fn slope_of_mean(&mut self, mean: Id, a: Id) -> Id {
        let [near, half, third] = [NEAR, 0.5, 1.0 / 3.0].map(|x| self.number(x));
        let exponential = self.one(One::Exponential, a);
        let difference = self.two(Two::Subtract, exponential, mean);
        let quotient = self.two(Two::Divide, difference, a);
        let rise = self.two(Two::Multiply, a, third);
        let series = self.two(Two::Add, rise, half);
        let size = self.one(One::Absolute, a);
        let is_near = self.two(Two::Less, size, near);
        self.select(is_near, series, quotient)
    }

    fn of_two(&mut self, operation: Two, (id, zero): (Id, Id), (a, da): (Id, Id), (b, db): (Id, Id)) -> Id {
        match operation {
            Two::Add | Two::Subtract => self.two(operation, da, db),
            Two::Multiply => {
                let (left, right) = (self.two(Two::Multiply, b, da), self.two(Two::Multiply, a, db));
                self.two(Two::Add, left, right)
            }
            Two::Divide => {
                // (a/b)' = (a' − (a/b) b') / b
                let part = self.two(Two::Multiply, id, db);
                let above = self.two(Two::Subtract, da, part);
                self.two(Two::Divide, above, b)
            }
            Two::Minimum | Two::Maximum => {
                let (low, high) = if operation == Two::Minimum { (a, b) } else { (b, a) };
                let is_other = self.two(Two::Less, high, low);
                self.select(is_other, db, da)
            }
            Two::Power => self.slope_of_power((id, zero), (a, da), (b, db)),
            Two::Less | Two::LessEqual | Two::Equal | Two::And | Two::Or => zero,
        }
    }

    /// b a^(b − 1) a' + a^b ln a b'
    fn slope_of_power(&mut self, (id, zero): (Id, Id), (a, da): (Id, Id), (b, db): (Id, Id)) -> Id {
        let one = self.number(1.0);
        let less = self.two(Two::Subtract, b, one);
        let power = self.two(Two::Power, a, less);
        let slope = self.two(Two::Multiply, b, power);
        let by_base = self.two(Two::Multiply, slope, da);
        if db == zero {
            return by_base;
        }
        let logarithm = self.one(One::Logarithm, a);
        let slope = self.two(Two::Multiply, id, logarithm);
        let by_exponent = self.two(Two::Multiply, slope, db);
        self.two(Two::Add, by_base, by_exponent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{equations::build::Names, value::Expression};

    /// Against differences of the function itself.
    #[test]
    fn every_operation_has_the_slope_of_its_function() {
        let texts = [
            "x^3 - 2/x + x*c",
            "exp(x) - exp(-x*c)",
            "expm1(x/3)",
            "exprel(x)",
            "exprel(x*1e-5)",
            "ln(x) + log10(x)",
            "sqrt(x)",
            "sin(x*2) + cos(x) + tan(x/2)",
            "abs(x - 3) + abs(1 - x)",
            "min(x, 2*x - 1) + max(x^2, 3)",
            "x^2.5 + 2^x + x^x",
            "if(x > 1, x^2, 5)",
            "tanh(x) + sigmoid(2*x)",
            "clip(x, 0, 1.5) * 2",
            "floor(x) + sign(x) + step(x) + (x < 9) + (not x)",
            "pow(x, c)",
            "(x + 1)*(x + 2)*(x + 3)/(x + 4)",
            "round(x)*x + ceil(x)",
        ];
        for text in texts {
            for x in [0.3, 1.3, 2.7] {
                let mut graph = Graph::default();
                let variable = graph.leaf(Node::Column(0));
                let c = graph.number(1.7);
                let mut names = Names::default();
                names.insert("x", variable);
                names.insert("c", c);
                let f = graph.build(&Expression::parse(text).unwrap(), &names).unwrap();
                let slope = graph.derivative(f, variable);
                let value = |of: Id, x: f64| {
                    let mut numbers = HashMap::new();
                    graph.evaluate(&graph.parts(&[of]), &mut numbers, |_| x);
                    numbers[&of]
                };
                let step = 1e-5;
                let expected = (value(f, x + step) - value(f, x - step)) / (2.0 * step);
                let found = value(slope, x);
                assert!((found - expected).abs() < 1e-5 * (1.0 + expected.abs()), "{text} at {x}: {found}, {expected}");
            }
        }
    }
}
