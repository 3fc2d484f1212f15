//! Expressions to numbers: one per member of a group, for any batch of members alone.

use std::ops::Range;

use super::{
    Array, ArraySource, Expression, Fault, Function, Functions, NoArrays, ShapeMismatch, ValueError,
    expression::{Kind, Term},
    functions::Rule,
};
use crate::numeric::{
    philox::{uniform_pair, uniform_pairs},
    stream::Stream,
};

/// The members whose numbers are wanted.
#[derive(Clone, Copy, Debug)]
pub enum Batch<'a> {
    /// From the first index to before the second.
    Range(usize, usize),
    /// Synapses, one by one.
    Synapses(&'a Pairs),
}

/// Synapses: each has a source, a target, and a key by which its random numbers are drawn.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    /// The keys.
    pub keys: Vec<u64>,
    /// Source neurons.
    pub sources: Vec<u32>,
    /// Target neurons.
    pub targets: Vec<u32>,
}

impl From<Range<usize>> for Batch<'_> {
    fn from(range: Range<usize>) -> Self {
        Self::Range(range.start, range.end)
    }
}

impl Batch<'_> {
    /// The number of members.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Range(start, end) => end.saturating_sub(*start),
            Self::Synapses(pairs) => pairs.keys.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The key of the `k`-th member.
    #[inline]
    fn key(&self, k: usize) -> u64 {
        match self {
            Self::Range(start, _) => (start + k) as u64,
            Self::Synapses(pairs) => pairs.keys[k],
        }
    }

    /// The number of each member in an array that holds one for every member of `shape`: in that shape, or flat.
    ///
    /// # Errors
    /// The array has another shape.
    pub fn of_array(&self, array: &Array, shape: &[usize]) -> Result<Members, ValueError> {
        let flat: [usize; 1] = [shape.iter().product()];
        if array.shape != shape && array.shape != flat {
            let mismatch = ShapeMismatch { found: array.shape.clone(), expected: shape.to_vec() };
            return Err(Fault::Shape(mismatch).into());
        }
        let numbers = &array.data;
        Ok(Members::Each(match self {
            Self::Range(start, end) => numbers[*start..*end].to_vec(),
            Self::Synapses(pairs) => {
                let row = shape.last().copied().unwrap_or(1);
                let ends = pairs.sources.iter().zip(&pairs.targets);
                ends.map(|(&i, &j)| numbers[i as usize * row + j as usize]).collect()
            }
        }))
    }
}

/// Numbers of a batch of members.
#[derive(Clone, Debug, PartialEq)]
pub enum Members {
    /// The same number for all.
    Uniform(f64),
    /// A number for each.
    Each(Vec<f64>),
}

impl Members {
    /// The least of so many numbers.
    #[must_use]
    pub fn least(&self, members: usize) -> f64 {
        let members = if matches!(self, Self::Uniform(_)) { 1 } else { members };
        (0..members).map(|i| self.at(i)).fold(f64::INFINITY, f64::min)
    }

    /// The number of the `i`-th member of the batch.
    #[must_use]
    pub fn at(&self, i: usize) -> f64 {
        match self {
            Self::Uniform(number) => *number,
            Self::Each(numbers) => numbers[i],
        }
    }

    pub(super) fn check_finite(&self, first: usize) -> Result<(), ValueError> {
        self.refuse(|number| !number.is_finite(), |i, value| Fault::NotFinite { member: first + i, value })
    }

    /// Refuses numbers beyond the greatest one of a precision.
    pub(crate) fn check_within(&self, first: usize, most: f64, precision: &'static str) -> Result<(), ValueError> {
        self.refuse(|number| number.abs() > most, |i, value| Fault::TooLarge { member: first + i, value, precision })
    }

    /// The fault of the first number that is wrong.
    fn refuse(&self, wrong: impl Fn(f64) -> bool, fault: impl Fn(usize, f64) -> Fault) -> Result<(), ValueError> {
        let numbers = match self {
            Self::Uniform(number) => std::slice::from_ref(number),
            Self::Each(numbers) => numbers,
        };
        match numbers.iter().position(|&number| wrong(number)) {
            Some(i) => Err(fault(i, numbers[i]).into()),
            None => Ok(()),
        }
    }

    fn map(self, f: impl Fn(f64) -> f64) -> Self {
        match self {
            Self::Uniform(number) => Self::Uniform(f(number)),
            Self::Each(numbers) => Self::Each(numbers.into_iter().map(f).collect()),
        }
    }

    fn combine(self, other: &Self, f: impl Fn(f64, f64) -> f64) -> Self {
        match (self, other) {
            (Self::Each(mut numbers), Self::Uniform(y)) => {
                numbers.iter_mut().for_each(|x| *x = f(*x, *y));
                Self::Each(numbers)
            }
            (Self::Each(mut numbers), Self::Each(others)) => {
                numbers.iter_mut().zip(others).for_each(|(x, y)| *x = f(*x, *y));
                Self::Each(numbers)
            }
            (Self::Uniform(x), other) => other.clone().map(|y| f(x, y)),
        }
    }
}

/// What the names in an expression stand for.
pub trait Names: Sync {
    /// The numbers of `members` for `name`.
    fn get(&self, name: &str, members: Batch<'_>) -> Option<Members>;

    /// The names that there are, for suggestions.
    fn known(&self) -> Vec<String>;
}

/// No names but the constants.
pub struct NoNames;

impl Names for NoNames {
    fn get(&self, _: &str, _: Batch<'_>) -> Option<Members> {
        None
    }

    fn known(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Everything that the numbers of an expression depend on.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// The shape of the members: `[800]` for a group, `[sources, targets]` for dense synapses.
    pub shape: &'a [usize],
    /// The scene's seed.
    pub seed: u64,
    /// For whom numbers are drawn: group, behaviour, parameter.
    pub path: &'a [&'a str],
    /// The names in reach.
    pub names: &'a dyn Names,
    /// The functions in reach.
    pub functions: &'a Functions,
    /// Where arrays come from.
    pub arrays: &'a dyn ArraySource,
}

impl<'a> Scope<'a> {
    /// A scope with functions only.
    #[must_use]
    pub const fn bare(shape: &'a [usize], seed: u64, path: &'a [&'a str], functions: &'a Functions) -> Self {
        Self { shape, seed, path, names: &NoNames, functions, arrays: &NoArrays }
    }

    /// The number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The stream of the `call`-th function call in an expression.
    fn stream(&self, call: u32) -> Stream {
        let call = call.to_string();
        let path: Vec<&str> = self.path.iter().copied().chain([call.as_str()]).collect();
        Stream::new(self.seed, &path)
    }
}

impl Expression {
    /// The numbers of `members`.
    ///
    /// # Errors
    /// An unknown name or function, wrong arguments, an array that cannot be read or does not fit.
    pub fn evaluate(&self, scope: &Scope<'_>, members: Batch<'_>) -> Result<Members, ValueError> {
        self.root.evaluate(scope, members)
    }
}

impl Term {
    fn evaluate(&self, scope: &Scope<'_>, members: Batch<'_>) -> Result<Members, ValueError> {
        match &self.kind {
            Kind::Number(number) => Ok(Members::Uniform(*number)),
            Kind::Text(_) => {
                let fault = Fault::Syntax { expected: "a number", found: "a text".into() };
                Err(ValueError::at(fault, self.span.clone()))
            }
            Kind::Name(name) => self.look_up(name, scope, members),
            Kind::Negative(term) => Ok(term.evaluate(scope, members)?.map(|x| -x)),
            Kind::Not(term) => Ok(term.evaluate(scope, members)?.map(|x| f64::from(u8::from(x == 0.0)))),
            Kind::Pair(operator, left, right) => {
                let (left, right) = (left.evaluate(scope, members)?, right.evaluate(scope, members)?);
                Ok(arithmetic(*operator, left, &right))
            }
            Kind::Call(name, call, arguments) => self.call(name, *call, arguments, scope, members),
        }
    }

    fn look_up(&self, name: &str, scope: &Scope<'_>, members: Batch<'_>) -> Result<Members, ValueError> {
        if name == "pi" {
            return Ok(Members::Uniform(std::f64::consts::PI));
        }
        scope.names.get(name, members).ok_or_else(|| {
            let mut known = scope.names.known();
            known.push("pi".into());
            let fault = Fault::UnknownName(name.to_owned());
            ValueError { fault, at: Some(self.span.clone()), known }
        })
    }

    fn call(
        &self,
        name: &str,
        call: u32,
        arguments: &[Self],
        scope: &Scope<'_>,
        members: Batch<'_>,
    ) -> Result<Members, ValueError> {
        let Some(function) = scope.functions.get(name) else {
            let known = scope.functions.iter().map(|f| f.name.to_owned()).collect();
            let fault = Fault::UnknownFunction(name.to_owned());
            return Err(ValueError { fault, at: Some(self.span.clone()), known });
        };
        if arguments.len() > function.parameters.len() || arguments.len() < function.required() {
            return Err(self.wrong_arguments(function));
        }
        match function.rule {
            Rule::File => self.read(function, arguments, scope, members),
            Rule::Plain(f) => {
                let arguments = evaluate_all(function, arguments, scope, members)?;
                Ok(per_member(&arguments, members, false, |p, _| f(p)))
            }
            Rule::Random(f) => {
                let stream = scope.stream(call);
                let arguments = evaluate_all(function, arguments, scope, members)?;
                Ok(per_member(&arguments, members, true, |p, k| f(p, uniform_pair(stream, members.key(k)))))
            }
            Rule::Standard(standard, scale) => {
                let stream = scope.stream(call);
                let arguments = evaluate_all(function, arguments, scope, members)?;
                let (mut u, mut w) = (vec![0.0; members.len()], vec![0.0; members.len()]);
                uniform_pairs(stream, |k| members.key(k), &mut u, &mut w);
                standard(&mut u, &w);
                Ok(per_member(&arguments, members, true, |p, k| scale(p, u[k])))
            }
        }
    }

    fn wrong_arguments(&self, function: &Function) -> ValueError {
        let fault = Fault::Arguments { function: function.name, takes: function.signature() };
        ValueError::at(fault, self.span.clone())
    }

    fn read(
        &self,
        function: &Function,
        arguments: &[Self],
        scope: &Scope<'_>,
        members: Batch<'_>,
    ) -> Result<Members, ValueError> {
        let mut texts = Vec::new();
        for argument in arguments {
            match &argument.kind {
                Kind::Text(text) => texts.push(text.as_str()),
                _ => return Err(argument.wrong_arguments(function)),
            }
        }
        let located = |fault| ValueError::at(fault, self.span.clone());
        let array =
            scope.arrays.load(texts[0], texts.get(1).copied()).map_err(|why| located(Fault::Unreadable(why)))?;
        members.of_array(&array, scope.shape).map_err(|error| located(error.fault))
    }
}

/// Each operator has a loop of its own, which the compiler can keep in vector lanes.
fn arithmetic(operator: char, left: Members, right: &Members) -> Members {
    let truth = |holds: bool| f64::from(u8::from(holds));
    match operator {
        '+' => left.combine(right, |x, y| x + y),
        '-' => left.combine(right, |x, y| x - y),
        '*' => left.combine(right, |x, y| x * y),
        '/' => left.combine(right, |x, y| x / y),
        '<' => left.combine(right, |x, y| truth(x < y)),
        '>' => left.combine(right, |x, y| truth(x > y)),
        '≤' => left.combine(right, |x, y| truth(x <= y)),
        '≥' => left.combine(right, |x, y| truth(x >= y)),
        '=' => left.combine(right, |x, y| truth(x == y)),
        '≠' => left.combine(right, |x, y| truth(x != y)),
        '∧' => left.combine(right, |x, y| truth(x != 0.0 && y != 0.0)),
        '∨' => left.combine(right, |x, y| truth(x != 0.0 || y != 0.0)),
        _ => left.combine(right, |x, y| if y == 2.0 { x * x } else { libm::pow(x, y) }),
    }
}

/// The arguments, those left out being the defaults.
fn evaluate_all(
    function: &Function,
    arguments: &[Term],
    scope: &Scope<'_>,
    members: Batch<'_>,
) -> Result<Vec<Members>, ValueError> {
    let given = arguments.iter().map(|argument| argument.evaluate(scope, members));
    let left_out = function.parameters[arguments.len()..].iter();
    given.chain(left_out.map(|p| Ok(Members::Uniform(p.default.unwrap_or_default())))).collect()
}

fn per_member(arguments: &[Members], members: Batch<'_>, random: bool, f: impl Fn(&[f64], usize) -> f64) -> Members {
    if members.is_empty() {
        return Members::Each(Vec::new());
    }
    let mut now: Vec<f64> = arguments.iter().map(|argument| argument.at(0)).collect();
    if !random && arguments.iter().all(|argument| matches!(argument, Members::Uniform(_))) {
        return Members::Uniform(f(&now, 0));
    }
    // What is the same for all was put in place once.
    let vary: Vec<(usize, &[f64])> = arguments
        .iter()
        .enumerate()
        .filter_map(|(place, argument)| match argument {
            Members::Each(numbers) => Some((place, &numbers[..])),
            Members::Uniform(_) => None,
        })
        .collect();
    let number = |i: usize| {
        vary.iter().for_each(|&(place, numbers)| now[place] = numbers[i]);
        f(&now, i)
    };
    Members::Each((0..members.len()).map(number).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn number(text: &str) -> f64 {
        let functions = Functions::default();
        Value::from(text).evaluate(&Scope::bare(&[3], 1, &["test"], &functions), 0..3).unwrap().at(0)
    }

    #[test]
    fn arithmetic_follows_the_usual_precedence() {
        for (text, expected) in [
            ("1 + 2 * 3", 7.0),
            ("(1 + 2) * 3", 9.0),
            ("-2^2", -4.0),
            ("2^3^2", 512.0),
            ("2^-1", 0.5),
            ("8 / 4 / 2", 1.0),
            ("1 - 2 - 3", -4.0),
            ("1.5e1 + 2E-1", 15.2),
            ("clip(5, 0, 2) + max(1, 2) - abs(-1)", 3.0),
            ("exp(ln(3)) + sqrt(4)", 5.0),
            ("cos(pi)", -1.0),
            ("(1 + 1 < 3) + (2 >= 2) + (2 > 2) + (1 <= 0)", 2.0),
            ("1 == 1 and 2 != 2 or not 3 < 2", 1.0),
            ("not 1 == 1 and 0", 0.0),
            ("(1 or 1 and 0) + (not 2) + (3 and 4)", 2.0),
            ("if(2 > 1, if(0, 5, 6), 7)", 6.0),
            ("sigmoid(0) + tanh(0) + exprel(0) + sign(-3) + pow(2, 3) + log10(100) + expm1(0)", 10.5),
        ] {
            assert!((number(text) - expected).abs() < 1e-12, "{text}");
        }
    }

    #[test]
    fn a_range_of_members_gets_the_numbers_that_it_has_in_the_whole() {
        let functions = Functions::default();
        let scope = Scope::bare(&[1000], 5, &["group", "Model", "a"], &functions);
        let value = Value::from("normal(5, 2) * uniform(0, 1)");
        let whole = value.evaluate(&scope, 0..1000).unwrap();
        let part = value.evaluate(&scope, 400..500).unwrap();
        assert!((0..100).all(|i| part.at(i) == whole.at(400 + i)));
    }

    #[test]
    fn two_calls_are_two_draws_and_other_paths_other_numbers() {
        let functions = Functions::default();
        let difference = Value::from("uniform() - uniform()");
        let at = |path: &[&str]| difference.evaluate(&Scope::bare(&[10], 5, path, &functions), 0..10).unwrap();
        assert_ne!(at(&["a"]), Members::Each(vec![0.0; 10]));
        assert_ne!(at(&["a"]), at(&["b"]));
    }

    #[test]
    fn faults_point_at_their_place() {
        let functions = Functions::default();
        let fault = |text: &str| {
            let value = Value::from(text);
            let error = value.evaluate(&Scope::bare(&[2], 1, &[], &functions), 0..2).unwrap_err();
            (error.to_string(), error.at)
        };
        assert_eq!(fault("1 + q"), ("nothing is named `q` here".into(), Some(4..5)));
        assert_eq!(fault("2 * unifrom()"), ("no value function is named `unifrom`".into(), Some(4..13)));
        assert_eq!(
            fault("uniform(1, 2, 3)"),
            ("`uniform` takes other arguments: uniform(low, high)".into(), Some(0..16))
        );
        assert_eq!(fault("exp()").1, Some(0..5));
        assert_eq!(fault("1 / 0").0, "member 0 gets inf, which is not a finite number");
        assert_eq!(fault("'text'").0, "expected a number, found a text");
    }
}
