//! Units of equations, for who asks: dimensions and scales. mV·nS is pA; mV/MΩ is nA, which a check of dimensions alone would let pass
//! for pA.
//!
//! Numbers in the text fit anything, as does a name whose unit nobody said: what they are factors of is not judged. A 1 that is divided
//! is a pure number.

use std::collections::BTreeMap;

use super::{
    model::{Model, Part, Wrong, is_noise},
    statement::{Meaning, fault},
};
use crate::value::{
    ValueError,
    expression::{Kind, Term},
};

/// Base units: volt, ampere, second, mole per litre, metre, kelvin.
const BASES: usize = 6;

/// A unit: the powers of the base units, and how many of them it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    powers: [f64; BASES],
    scale: f64,
}

/// Units by name: powers of volt, ampere, second, mole per litre, metre, kelvin.
const UNITS: [(&str, [i8; BASES]); 14] = [
    ("V", [1, 0, 0, 0, 0, 0]),
    ("A", [0, 1, 0, 0, 0, 0]),
    ("S", [-1, 1, 0, 0, 0, 0]),
    ("Ohm", [1, -1, 0, 0, 0, 0]),
    ("ohm", [1, -1, 0, 0, 0, 0]),
    ("Ω", [1, -1, 0, 0, 0, 0]),
    ("F", [-1, 1, 1, 0, 0, 0]),
    ("C", [0, 1, 1, 0, 0, 0]),
    ("Hz", [0, 0, -1, 0, 0, 0]),
    ("s", [0, 0, 1, 0, 0, 0]),
    ("M", [0, 0, 0, 1, 0, 0]),
    ("m", [0, 0, 0, 0, 1, 0]),
    ("K", [0, 0, 0, 0, 0, 1]),
    ("J", [1, 1, 1, 0, 0, 0]),
];

const PREFIXES: [(&str, f64); 11] = [
    ("", 1.0),
    ("G", 1e9),
    ("M", 1e6),
    ("k", 1e3),
    ("c", 1e-2),
    ("m", 1e-3),
    ("u", 1e-6),
    ("µ", 1e-6),
    ("μ", 1e-6),
    ("n", 1e-9),
    ("p", 1e-12),
];

impl Measure {
    const NONE: Self = Self { powers: [0.0; BASES], scale: 1.0 };

    const MILLISECOND: Self = Self { powers: [0.0, 0.0, 1.0, 0.0, 0.0, 0.0], scale: 1e-3 };

    /// Reads a unit: `mV`, `1/ms`, `nS*mV`, `µA/cm^2`, `mS/cm²`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if text.trim().is_empty() {
            return None;
        }
        let mut measure = Self::NONE;
        let mut divides = false;
        for (k, part) in text.split_inclusive(['*', '/', '·', ' ']).enumerate() {
            let sign = part.chars().last().filter(|c| matches!(c, '*' | '/' | '·' | ' '));
            let word = part.trim_end_matches(['*', '/', '·', ' ']).trim();
            if !word.is_empty() {
                let factor = if k == 0 && word == "1" { Self::NONE } else { Self::of_word(word)? };
                measure = if divides { measure.over(factor) } else { measure.times(factor) };
            } else if k == 0 {
                return None;
            }
            divides = match sign {
                Some('/') => true,
                Some('*' | '·') => false,
                _ => divides,
            };
        }
        Some(measure)
    }

    fn of_word(word: &str) -> Option<Self> {
        let (name, power) = match word.split_once('^') {
            Some((name, power)) => (name, power.parse::<i32>().ok()?),
            None => match (word.strip_suffix('²'), word.strip_suffix('³')) {
                (Some(name), _) => (name, 2),
                (_, Some(name)) => (name, 3),
                _ => (word, 1),
            },
        };
        let found = PREFIXES.iter().find_map(|(prefix, scale)| {
            let own = name.strip_prefix(prefix)?;
            let (_, powers) = UNITS.iter().find(|(unit, _)| *unit == own)?;
            Some(Self { powers: powers.map(f64::from), scale: *scale })
        });
        found.map(|unit| unit.raised(f64::from(power)))
    }

    fn times(self, other: Self) -> Self {
        let powers = std::array::from_fn(|k| self.powers[k] + other.powers[k]);
        Self { powers, scale: self.scale * other.scale }
    }

    fn raised(self, power: f64) -> Self {
        Self { powers: self.powers.map(|own| own * power), scale: libm::pow(self.scale, power) }
    }

    fn over(self, other: Self) -> Self {
        self.times(other.raised(-1.0))
    }

    fn is_alike(self, other: Self) -> bool {
        self.powers == other.powers
    }

    fn is(self, other: Self) -> bool {
        self.is_alike(other) && (self.scale / other.scale - 1.0).abs() < 1e-6
    }
}

impl std::fmt::Display for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let known = UNITS.iter().find(|(_, powers)| powers.map(f64::from) == self.powers);
        let prefixed = known.and_then(|(name, _)| {
            let near = |(_, scale): &&(&str, f64)| (self.scale / scale - 1.0).abs() < 1e-6;
            Some(format!("{}{name}", PREFIXES.iter().find(near)?.0))
        });
        if let Some(name) = prefixed {
            return f.write_str(&name);
        }
        let bases = ["V", "A", "s", "M", "m", "K"];
        let parts: Vec<String> = bases
            .iter()
            .zip(self.powers)
            .filter(|(_, power)| *power != 0.0)
            .map(|(base, power)| if power == 1.0 { (*base).to_owned() } else { format!("{base}^{power}") })
            .collect();
        let unit = if parts.is_empty() { "a pure number".to_owned() } else { parts.join(" ") };
        if (self.scale - 1.0).abs() < 1e-9 { f.write_str(&unit) } else { write!(f, "{} {unit}", number(self.scale)) }
    }
}

/// What is known of the units of names.
struct Units {
    known: BTreeMap<String, Measure>,
}

/// Checks the units of a model, of which those of parameters, inputs and whatever else are given by name, those of variables and
/// expressions stand behind them.
///
/// # Errors
/// Two units that do not go together, where they meet.
pub fn check(model: &Model, given: &BTreeMap<String, String>) -> Result<(), Wrong> {
    let mut units = Units { known: BTreeMap::new() };
    units.known.insert("t".into(), Measure::MILLISECOND);
    units.known.insert("dt".into(), Measure::MILLISECOND);
    let labelled = model.statements.iter().map(|statement| (&statement.name, &statement.unit));
    for (name, unit) in given.iter().chain(labelled) {
        if let Some(measure) = Measure::read(unit) {
            units.known.insert(name.clone(), measure);
        }
    }
    let in_model = |error: ValueError| (Part::Model, error);
    for (statement, value) in model.subexpressions() {
        let found = units.of(&value.root).map_err(in_model)?;
        match (units.known.get(&statement.name), found) {
            (Some(said), Some(found)) => meet(*said, found, "its unit is said to be", &value.root).map_err(in_model)?,
            (None, Some(found)) => _ = units.known.insert(statement.name.clone(), found),
            _ => {}
        }
    }
    for variable in model.variables() {
        let Meaning::Derivative(value) = &variable.meaning else { continue };
        let found = units.of(&value.root).map_err(in_model)?;
        if let (Some(own), Some(found)) = (units.known.get(&variable.name), found) {
            let speed = own.over(Measure::MILLISECOND);
            meet(speed, found, &format!("d{}/dt is", variable.name), &value.root).map_err(in_model)?;
        }
    }
    for (part, expression) in [(Part::Spike, &model.spike), (Part::RefractoryWhile, &model.refractory_while)] {
        if let Some(expression) = expression {
            units.of(&expression.root).map_err(|error| (part, error))?;
        }
    }
    for (part, all) in [(Part::Reset, &model.reset), (Part::Arrive, &model.arrive)] {
        for assignment in all {
            let found = units.of(&assignment.value.root).map_err(|error| (part, error))?;
            let own = units.known.get(&assignment.name).copied();
            let own = if matches!(assignment.operator, Some('*' | '/')) { Some(Measure::NONE) } else { own };
            if let (Some(own), Some(found)) = (own, found) {
                let what = format!("`{}` takes", assignment.name);
                meet(own, found, &what, &assignment.value.root).map_err(|error| (part, error))?;
            }
        }
    }
    Ok(())
}

/// Refuses a unit that is not the one that is wanted.
fn meet(wanted: Measure, found: Measure, what: &str, at: &Term) -> Result<(), ValueError> {
    if wanted.is(found) {
        return Ok(());
    }
    let why = if wanted.is_alike(found) {
        format!(
            "this is in {found}, and {what} {wanted}: a factor of {} is missing",
            number(found.scale / wanted.scale)
        )
    } else {
        format!("this is in {found}, and {what} {wanted}")
    };
    Err(fault(why, at.span.clone()))
}

/// A factor in words: powers of ten come out a little beside.
fn number(factor: f64) -> String {
    let near = libm::round(libm::log10(factor));
    if (libm::pow(10.0, near) / factor - 1.0).abs() < 1e-6 && near.abs() > 3.0 {
        return format!("1e{near}");
    }
    format!("{}", libm::round(factor * 1e6) / 1e6)
}

impl Units {
    /// The unit of a term; nothing for what fits anything.
    fn of(&self, term: &Term) -> Result<Option<Measure>, ValueError> {
        Ok(match &term.kind {
            Kind::Number(_) | Kind::Text(_) => None,
            Kind::Name(name) if is_noise(name) => Some(Measure::MILLISECOND.raised(-0.5)),
            Kind::Name(name) => self.known.get(name.as_str()).copied(),
            Kind::Negative(inner) => self.of(inner)?,
            Kind::Not(inner) => {
                self.of(inner)?;
                Some(Measure::NONE)
            }
            Kind::Pair(operator, left, right) => self.pair(*operator, left, right)?,
            Kind::Call(name, _, arguments) => self.call(name, arguments)?,
        })
    }

    fn pair(&self, operator: char, left: &Term, right: &Term) -> Result<Option<Measure>, ValueError> {
        let (l, r) = (self.of(left)?, self.of(right)?);
        let both = l.zip(r);
        Ok(match operator {
            '*' => both.map(|(l, r)| l.times(r)),
            '/' => {
                let is_one = matches!(left.kind, Kind::Number(x) if x == 1.0);
                let l = if is_one { Some(Measure::NONE) } else { l };
                l.zip(r).map(|(l, r)| l.over(r))
            }
            '^' => match right.kind {
                Kind::Number(power) => l.map(|l| l.raised(power)),
                _ => None,
            },
            '∧' | '∨' => Some(Measure::NONE),
            _ => {
                if let Some((l, r)) = both {
                    meet(l, r, "what it meets is in", right)?;
                }
                if matches!(operator, '+' | '-') { l.or(r) } else { Some(Measure::NONE) }
            }
        })
    }

    fn call(&self, name: &str, arguments: &[Term]) -> Result<Option<Measure>, ValueError> {
        let own = arguments.iter().map(|argument| self.of(argument)).collect::<Result<Vec<_>, _>>()?;
        let alike = |from: usize| -> Result<Option<Measure>, ValueError> {
            let mut first = None;
            for (unit, argument) in own.iter().zip(arguments).skip(from) {
                match (first, unit) {
                    (Some(first), Some(unit)) => meet(first, *unit, "what stands before it is in", argument)?,
                    (None, Some(unit)) => first = Some(*unit),
                    _ => {}
                }
            }
            Ok(first)
        };
        Ok(match name {
            "abs" | "floor" | "ceil" | "round" => own.first().copied().flatten(),
            "min" | "max" | "clip" => alike(0)?,
            "if" => alike(1)?,
            "sqrt" => own.first().copied().flatten().map(|unit| unit.raised(0.5)),
            "sign" | "step" => Some(Measure::NONE),
            "exp" | "expm1" | "exprel" | "ln" | "log" | "log10" | "sin" | "cos" | "tan" | "tanh" | "sigmoid" => {
                if let (Some(Some(unit)), Some(argument)) = (own.first(), arguments.first()) {
                    meet(Measure::NONE, *unit, &format!("`{name}` takes"), argument)?;
                }
                Some(Measure::NONE)
            }
            _ => None,
        })
    }
}

/// Whether an expression's unit can be read, for who says one.
#[must_use]
pub fn is_unit(text: &str) -> bool {
    Measure::read(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(model: &str, given: &[(&str, &str)], spike: &str, reset: &str) -> Option<(Part, String)> {
        let model = Model::read(model, spike, reset, "").unwrap();
        let given = given.iter().map(|(name, unit)| ((*name).to_owned(), (*unit).to_owned())).collect();
        check(&model, &given).err().map(|(part, error)| (part, error.to_string()))
    }

    #[test]
    fn units_are_read_with_their_scales() {
        let product = Measure::read("mV").unwrap().times(Measure::read("nS").unwrap());
        assert!(product.is(Measure::read("pA").unwrap()));
        assert!(Measure::read("mV/MOhm").unwrap().is(Measure::read("nA").unwrap()));
        assert!(Measure::read("1/ms").unwrap().is(Measure::read("kHz").unwrap()));
        assert!(Measure::read("µA/cm²").unwrap().is(Measure::read("uA/cm^2").unwrap()));
        assert!(
            Measure::read("mS/cm²").unwrap().times(Measure::read("mV").unwrap()).is(Measure::read("µA/cm²").unwrap())
        );
        assert!(Measure::read("pF*mV/ms").unwrap().is(Measure::read("pA").unwrap()));
        for text in ["", "volt", "mVx", "/", "m^x"] {
            assert_eq!(Measure::read(text), None, "{text}");
        }
        for text in ["mV", "pA", "nS", "MOhm", "ms", "mM"] {
            assert_eq!(Measure::read(text).unwrap().to_string(), text);
        }
    }

    const LIF: &str = "dv/dt = (e - v)/tau + input/c : mV; dw/dt = -w/tau_w : pA";
    const GIVEN: [(&str, &str); 5] = [("e", "mV"), ("tau", "ms"), ("input", "pA"), ("c", "pF"), ("tau_w", "ms")];

    #[test]
    fn what_fits_passes() {
        assert_eq!(why(LIF, &GIVEN, "v > e", "v = e; w += 60; w *= 2"), None);
        // Numbers and what nobody has named fit anything.
        assert_eq!(
            why("dv/dt = 0.04*v^2 + 5*v + 140 - u + input : mV; du/dt = a*(b*v - u)", &[], "v > 30", "v = c"),
            None
        );
        assert_eq!(why("dx/dt = -x/tau + sqrt(2/tau)*s*xi : mV", &[("tau", "ms"), ("s", "mV")], "", ""), None);
        assert_eq!(
            why("g = exp((v - e)/k); dv/dt = g*v/tau : mV", &[("e", "mV"), ("k", "mV"), ("tau", "ms")], "", ""),
            None
        );
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_factor() {
        let with = |name: &str, unit: &'static str| {
            let given: Vec<(&str, &str)> =
                GIVEN.into_iter().map(|(own, of)| if own == name { (own, unit) } else { (own, of) }).collect();
            why(LIF, &given, "", "").map(|(_, why)| why).unwrap_or_default()
        };
        // A resistance in MΩ makes nA of mV, where pA are needed.
        let (_, told) =
            why("dv/dt = (v/r + input)/c : mV", &[("r", "MOhm"), ("input", "pA"), ("c", "pF")], "", "").unwrap();
        assert!(
            told.contains("this is in pA, and what it meets is in nA") && told.contains("factor of 0.001"),
            "{told}"
        );
        assert!(with("c", "nF").contains("factor of 0.001"), "{}", with("c", "nF"));
        assert!(with("tau", "s").contains("factor"), "{}", with("tau", "s"));
        assert!(with("e", "pA").contains("this is in mV, and what it meets is in pA"), "{}", with("e", "pA"));
        assert!(why(LIF, &GIVEN, "v > tau", "").is_some_and(|(part, _)| part == Part::Spike));
        assert!(why(LIF, &GIVEN, "", "v = tau").is_some_and(|(part, _)| part == Part::Reset));
        let (_, told) = why("g = exp(v - e); dv/dt = g : mV", &[("e", "mV")], "", "").unwrap();
        assert!(told.contains("`exp` takes a pure number"), "{told}");
        let (_, told) = why("g = v/r : nA; dv/dt = 1 : mV", &[("r", "GOhm")], "", "").unwrap();
        assert!(told.contains("this is in pA, and its unit is said to be nA"), "{told}");
    }
}
