//! Bounds of an expression where the names in it lie within bounds: interval arithmetic (R. Moore, "Interval Analysis", 1966).
//! What nothing is known of has none.

use super::{
    Expression, Functions,
    expression::{Kind, Term},
    functions::{BUILT_IN, Rule},
};

/// The least and the greatest number.
pub type Interval = [f64; 2];

/// Bounds of what has none.
pub const UNBOUNDED: Interval = [f64::NEG_INFINITY, f64::INFINITY];

impl Expression {
    /// Bounds of its value, given those of the names in it: none of its numbers is outside, whatever the names stand for.
    #[must_use]
    pub fn bounds(&self, names: &dyn Fn(&str) -> Option<Interval>, functions: &Functions) -> Interval {
        self.root.bounds(names, functions)
    }
}

impl Term {
    fn bounds(&self, names: &dyn Fn(&str) -> Option<Interval>, functions: &Functions) -> Interval {
        let found = match &self.kind {
            Kind::Number(number) => [*number; 2],
            Kind::Text(_) => UNBOUNDED,
            Kind::Name(name) if name == "pi" => [std::f64::consts::PI; 2],
            Kind::Name(name) => names(name).unwrap_or(UNBOUNDED),
            Kind::Negative(term) => {
                let [low, high] = term.bounds(names, functions);
                [-high, -low]
            }
            Kind::Not(term) => {
                let [low, high] = term.bounds(names, functions);
                truth(low == 0.0 && high == 0.0, low <= 0.0 && high >= 0.0)
            }
            Kind::Pair(operator, left, right) => {
                arithmetic(*operator, left.bounds(names, functions), right.bounds(names, functions))
            }
            Kind::Call(name, _, arguments) => {
                let arguments: Vec<Interval> =
                    arguments.iter().map(|argument| argument.bounds(names, functions)).collect();
                call(name, &arguments, functions)
            }
        };
        // Not a number somewhere within: nothing is known.
        if found[0].is_nan() || found[1].is_nan() { UNBOUNDED } else { found }
    }
}

/// The least and the greatest of some numbers; NaN if one of them is none.
fn hull(numbers: &[f64]) -> Interval {
    let start = [f64::INFINITY, f64::NEG_INFINITY];
    numbers.iter().fold(
        start,
        |[low, high], &x| {
            if x.is_nan() || low.is_nan() { [f64::NAN; 2] } else { [low.min(x), high.max(x)] }
        },
    )
}

fn corners([a, b]: Interval, [c, d]: Interval, f: impl Fn(f64, f64) -> f64) -> Interval {
    hull(&[f(a, c), f(a, d), f(b, c), f(b, d)])
}

fn truth(surely: bool, perhaps: bool) -> Interval {
    [f64::from(u8::from(surely)), f64::from(u8::from(perhaps))]
}

/// Whether a truth surely holds: it is not 0.
fn surely([low, high]: Interval) -> bool {
    low > 0.0 || high < 0.0
}

/// Whether it may hold.
fn perhaps([low, high]: Interval) -> bool {
    low != 0.0 || high != 0.0
}

fn arithmetic(operator: char, left: Interval, right: Interval) -> Interval {
    let ([a, b], [c, d]) = (left, right);
    match operator {
        '+' => [a + c, b + d],
        '-' => [a - d, b - c],
        '*' => corners(left, right, |x, y| x * y),
        '/' if c > 0.0 || d < 0.0 => corners(left, right, |x, y| x / y),
        '/' => UNBOUNDED,
        '<' => truth(b < c, a < d),
        '>' => truth(a > d, b > c),
        '≤' => truth(b <= c, a <= d),
        '≥' => truth(a >= d, b >= c),
        '=' => truth(a == b && c == d && a == c, a <= d && c <= b),
        '≠' => truth(b < c || d < a, !(a == b && c == d && a == c)),
        '∧' => truth(surely(left) && surely(right), perhaps(left) && perhaps(right)),
        '∨' => truth(surely(left) || surely(right), perhaps(left) || perhaps(right)),
        _ => power(left, right),
    }
}

fn power(base @ [a, b]: Interval, exponent @ [c, d]: Interval) -> Interval {
    if a > 0.0 {
        return corners(base, exponent, libm::pow);
    }
    let is_whole = c == d && c.fract() == 0.0 && c >= 0.0;
    match is_whole {
        true if c % 2.0 == 0.0 && a < 0.0 && b > 0.0 => [0.0, libm::pow(a, c).max(libm::pow(b, c))],
        true => corners(base, exponent, libm::pow),
        false if a == 0.0 && c > 0.0 => corners(base, exponent, libm::pow),
        false => UNBOUNDED,
    }
}

/// Bounds of a function that comes with the crate.
fn call(name: &str, arguments: &[Interval], functions: &Functions) -> Interval {
    let own = BUILT_IN.iter().find(|function| function.name == name);
    // A function that was registered in its place may be anything.
    let (Some(function), Some(own)) = (functions.get(name), own) else { return UNBOUNDED };
    if function.docs != own.docs {
        return UNBOUNDED;
    }
    let default = |k: usize| own.parameters.get(k).and_then(|p| p.default).map_or(UNBOUNDED, |x| [x; 2]);
    let argument = |k: usize| arguments.get(k).copied().unwrap_or_else(|| default(k));
    let [x, y, z] = [argument(0), argument(1), argument(2)];
    match (name, &own.rule) {
        ("exp" | "expm1" | "exprel" | "sigmoid" | "tanh" | "sign" | "round" | "floor" | "ceil", Rule::Plain(f)) => {
            [f(&[x[0]]), f(&[x[1]])]
        }
        ("ln" | "log" | "log10" | "sqrt", Rule::Plain(f)) if x[0] >= 0.0 => [f(&[x[0]]), f(&[x[1]])],
        ("abs", _) if x[0] <= 0.0 && x[1] >= 0.0 => [0.0, x[1].max(-x[0])],
        ("abs", _) => hull(&x.map(f64::abs)),
        ("sin" | "cos", _) => [-1.0, 1.0],
        ("min", _) => [x[0].min(y[0]), x[1].min(y[1])],
        ("max", _) => [x[0].max(y[0]), x[1].max(y[1])],
        ("clip", _) => [x[0].max(y[0]).min(z[0]), x[1].max(y[1]).min(z[1])],
        ("step", _) => truth(x[0] >= y[1], x[1] >= y[0]),
        ("if", _) if surely(x) => y,
        ("if", _) if !perhaps(x) => z,
        ("if", _) => [y[0].min(z[0]), y[1].max(z[1])],
        ("pow", _) => power(x, y),
        ("uniform", _) => hull(&[x[0], x[1], y[0], y[1]]),
        ("bernoulli", _) => [0.0, 1.0],
        _ => UNBOUNDED,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::{Batch, Members, Names, Scope};

    const TEXTS: &[&str] = &[
        "0.5 * exp(-(distance / 3)^2)",
        "(distance < 3) * 0.1 + (distance >= 5) * step(dx, 1)",
        "exp(-abs(dx) / 2) - cos(dx) * 0.2",
        "1 / (1 + distance) - distance^-1.5",
        "max(0, 1 - distance / 4)^3 * min(dx, 2)",
        "clip(dx * distance, -1, 2) / sqrt(distance + 1)",
        "floor(distance) / 2 - uniform(dx, 2) * 0",
        "ln(distance + 0.1) + round(dx) - ceil(-dx)",
        "-dx^3 + dx^2 - 2^-distance",
        "if(dx > 1 and distance < 3 or not dx, dx, tanh(distance) - sigmoid(dx))",
        "(dx == 0) + (distance != 2) + (not (dx > 0)) * exprel(dx) + sign(dx) * pow(distance + 1, dx) + expm1(-distance)",
    ];

    struct At(f64, f64);

    impl Names for At {
        fn get(&self, name: &str, _: Batch<'_>) -> Option<Members> {
            match name {
                "distance" => Some(Members::Uniform(self.0)),
                "dx" => Some(Members::Uniform(self.1)),
                _ => None,
            }
        }

        fn known(&self) -> Vec<String> {
            Vec::new()
        }
    }

    proptest! {
        #[test]
        fn no_value_is_out_of_bounds(low in 0.0..9.0_f64, width in 0.0..4.0_f64, at in 0.0..=1.0_f64, dx in -5.0..5.0_f64,
            more in 0.0..3.0_f64, part in 0.0..=1.0_f64) {
            let functions = Functions::default();
            for text in TEXTS {
                let expression = Expression::parse(text).unwrap();
                let names = |name: &str| match name {
                    "distance" => Some([low, low + width]),
                    "dx" => Some([dx, dx + more]),
                    _ => None,
                };
                let [least, most] = expression.bounds(&names, &functions);
                let here = At(low + at * width, dx + part * more);
                let scope = Scope { names: &here, ..Scope::bare(&[1], 1, &[], &functions) };
                let value = expression.evaluate(&scope, Batch::Range(0, 1)).unwrap().at(0);
                let near = 1e-9 * (1.0 + value.abs());
                prop_assert!(value.is_nan() || (least - near <= value && value <= most + near), "{}: {} {} {}", text, least, value, most);
            }
        }
    }

    #[test]
    fn bounds_are_near_where_they_can_be() {
        let functions = Functions::default();
        let expression = Expression::parse("0.5 * exp(-(distance / 3)^2)").unwrap();
        let [least, most] = expression.bounds(&|name| (name == "distance").then_some([3.0, 6.0]), &functions);
        assert!((least - 0.5 * f64::exp(-4.0)).abs() < 1e-12 && (most - 0.5 * f64::exp(-1.0)).abs() < 1e-12);
        assert_eq!(Expression::parse("normal(0, 1)").unwrap().bounds(&|_| None, &functions), UNBOUNDED);
    }
}
