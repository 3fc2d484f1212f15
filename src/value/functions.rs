//! The functions of expressions. Adding one takes one entry of [`BUILT_IN`]; its documentation is what
//! `cortecs list` prints. A downstream crate adds its own with `register_value_function`.

use crate::numeric::normal::normals;

/// A function that expressions may call.
#[derive(Clone, Debug)]
pub struct Function {
    /// The name that expressions call it by.
    pub name: &'static str,
    /// What it does, one line or more.
    pub docs: &'static str,
    /// Its parameters, in order; those with a default may be left out at the end.
    pub parameters: &'static [Parameter],
    /// How a value comes about.
    pub rule: Rule,
}

/// A parameter of a [`Function`].
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub docs: &'static str,
    /// `number` or `text`.
    pub kind: &'static str,
    /// The default, as it would be written; `None` where it must be given.
    pub default: Option<f64>,
    /// Whether it may be left out.
    pub optional: bool,
}

/// How the value of one member comes about.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// From the arguments.
    Plain(fn(&[f64]) -> f64),
    /// From the arguments and two independent uniform numbers of [0, 1) that belong to the member.
    Random(fn(&[f64], [f64; 2]) -> f64),
    /// The same in two steps, of which the first is done for many members in one go: it leaves a standard number in place
    /// of the first of two uniform ones, and the second step makes of it what the arguments ask for.
    Standard(fn(&mut [f64], &[f64]), fn(&[f64], f64) -> f64),
    /// From a file.
    File,
}

/// The functions that expressions may call, by name.
#[derive(Clone, Debug)]
pub struct Functions(Vec<Function>);

impl Default for Functions {
    fn default() -> Self {
        Self(BUILT_IN.to_vec())
    }
}

impl Functions {
    /// Adds a function; one of the same name is replaced.
    pub fn register(&mut self, function: Function) {
        self.0.retain(|known| known.name != function.name);
        self.0.push(function);
    }

    /// The function of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Function> {
        self.0.iter().find(|function| function.name == name)
    }

    /// All functions, built-in ones first.
    pub fn iter(&self) -> impl Iterator<Item = &Function> {
        self.0.iter()
    }
}

impl Function {
    /// The arguments in words: `2 arguments: low, high`.
    #[must_use]
    pub fn signature(&self) -> String {
        let names: Vec<_> = self.parameters.iter().map(|p| p.name).collect();
        format!("{}({})", self.name, names.join(", "))
    }

    /// The least number of arguments.
    #[must_use]
    pub fn required(&self) -> usize {
        self.parameters.iter().filter(|p| !p.optional).count()
    }
}

/// Gathers a function's documentation from doc comments.
macro_rules! functions {
    ($($(#[doc = $docs:literal])+ fn $name:ident($($(#[doc = $about:literal])+ $parameter:ident $(= $default:literal)?),*)
        $rule:ident $($body:expr),+;)+) => {
        /// The functions that every expression may use.
        pub const BUILT_IN: &[Function] = &[$(Function {
            name: stringify!($name),
            docs: concat!($($docs, "\n"),+),
            parameters: &[$(Parameter {
                name: stringify!($parameter),
                docs: concat!($($about, "\n"),+),
                kind: "number",
                default: functions!(@default $($default)?),
                optional: functions!(@optional $($default)?),
            }),*],
            rule: Rule::$rule($($body),+),
        }),+, ARRAY];
    };
    (@default $default:literal) => { Some($default as f64) };
    (@default) => { None };
    (@optional $default:literal) => { true };
    (@optional) => { false };
}

functions! {
    /// Random numbers distributed uniformly over [low, high).
    fn uniform(
        /// Lower bound (may be above the upper one).
        low = 0.0,
        /// Upper bound, not reached.
        high = 1.0
    ) Standard |_, _| {}, |p, u| p[0] + (p[1] - p[0]) * u;

    /// Normally distributed random numbers (method of Box and Muller).
    fn normal(
        /// Mean.
        mean = 0.0,
        /// Standard deviation.
        sd = 1.0
    ) Standard normals, |p, n| p[0] + p[1] * n;

    /// Log-normally distributed random numbers, exp(normal(mu, sigma)).
    fn lognormal(
        /// Mean of the logarithm.
        mu = 0.0,
        /// Standard deviation of the logarithm.
        sigma = 1.0
    ) Standard normals, |p, n| libm::exp(p[0] + p[1] * n);

    /// Exponentially distributed random numbers.
    fn exponential(
        /// Mean.
        mean = 1.0
    ) Standard |_, _| {}, |p, u| -p[0] * libm::log(1.0 - u);

    /// 1 with the given probability, else 0.
    fn bernoulli(
        /// Probability, 0 to 1.
        p = 0.5
    ) Standard |_, _| {}, |p, u| f64::from(u8::from(u < p[0]));

    /// The exponential function.
    fn exp(
        /// Exponent.
        x
    ) Plain |p| libm::exp(p[0]);

    /// The natural logarithm.
    fn ln(
        /// A positive number.
        x
    ) Plain |p| libm::log(p[0]);

    /// The natural logarithm, as `ln`.
    fn log(
        /// A positive number.
        x
    ) Plain |p| libm::log(p[0]);

    /// The logarithm to the base of ten.
    fn log10(
        /// A positive number.
        x
    ) Plain |p| libm::log10(p[0]);

    /// exp(x) − 1, exact near zero too.
    fn expm1(
        /// Exponent.
        x
    ) Plain |p| libm::expm1(p[0]);

    /// (exp(x) − 1) / x, which is 1 at zero.
    fn exprel(
        /// Exponent.
        x
    ) Plain |p| if p[0] == 0.0 { 1.0 } else { libm::expm1(p[0]) / p[0] };

    /// A number to the power of another, as `x^y`.
    fn pow(
        /// The base.
        x,
        /// The exponent.
        y
    ) Plain |p| libm::pow(p[0], p[1]);

    /// The logistic function, 1 / (1 + exp(−x)).
    fn sigmoid(
        /// A number.
        x
    ) Plain |p| 1.0 / (1.0 + libm::exp(-p[0]));

    /// One of two numbers.
    fn if(
        /// Which: not 0 for the first.
        condition,
        /// Where it holds.
        a,
        /// Where it does not.
        b
    ) Plain |p| if p[0] != 0.0 { p[1] } else { p[2] };

    /// The square root.
    fn sqrt(
        /// A number from 0.
        x
    ) Plain |p| libm::sqrt(p[0]);

    /// The absolute value.
    fn abs(
        /// A number.
        x
    ) Plain |p| p[0].abs();

    /// The nearest whole number.
    fn round(
        /// A number; halves go away from zero.
        x
    ) Plain |p| libm::round(p[0]);

    /// The largest whole number that is not above x.
    fn floor(
        /// A number.
        x
    ) Plain |p| libm::floor(p[0]);

    /// The smallest whole number that is not below x.
    fn ceil(
        /// A number.
        x
    ) Plain |p| libm::ceil(p[0]);

    /// The sine.
    fn sin(
        /// Angle (radian).
        x
    ) Plain |p| libm::sin(p[0]);

    /// The cosine.
    fn cos(
        /// Angle (radian).
        x
    ) Plain |p| libm::cos(p[0]);

    /// The tangent.
    fn tan(
        /// Angle (radian).
        x
    ) Plain |p| libm::tan(p[0]);

    /// The hyperbolic tangent.
    fn tanh(
        /// A number.
        x
    ) Plain |p| libm::tanh(p[0]);

    /// −1, 0 or 1: the sign.
    fn sign(
        /// A number.
        x
    ) Plain |p| f64::from(i8::from(p[0] > 0.0) - i8::from(p[0] < 0.0));

    /// The smaller of two numbers.
    fn min(
        /// A number.
        x,
        /// A number.
        y
    ) Plain |p| p[0].min(p[1]);

    /// The larger of two numbers.
    fn max(
        /// A number.
        x,
        /// A number.
        y
    ) Plain |p| p[0].max(p[1]);

    /// A number held within two bounds.
    fn clip(
        /// A number.
        x,
        /// Lower bound.
        low,
        /// Upper bound.
        high
    ) Plain |p| p[0].max(p[1]).min(p[2]);

    /// 1 where x is at least the edge, else 0.
    fn step(
        /// A number.
        x,
        /// The edge.
        edge = 0.0
    ) Plain |p| f64::from(u8::from(p[0] >= p[1]));
}

const ARRAY: Function = Function {
    name: "array",
    docs: " The numbers of a NumPy file, one per member (of a sheet of neurons also height × width): `array('v0.npy')`, `array('data.npz', 'v0')`.\n",
    parameters: &[
        Parameter {
            name: "file",
            docs: " A `.npy` or `.npz` file, from the scene's folder.\n",
            kind: "text",
            default: None,
            optional: false,
        },
        Parameter {
            name: "key",
            docs: " The array's name in a `.npz` archive.\n",
            kind: "text",
            default: None,
            optional: true,
        },
    ],
    rule: Rule::File,
};
