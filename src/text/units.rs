//! Units that people write after numbers, where scenes have none: a number is in the unit of its field.

/// Units of the fields of models, as they are written.
const UNITS: [&str; 32] = [
    "ms", "s", "us", "µs", "μs", "sec", "msec", "min", "mV", "V", "uV", "nS", "pS", "uS", "µS", "μS", "mS", "S", "pA",
    "nA", "uA", "µA", "μA", "mA", "pF", "nF", "uF", "MOhm", "GOhm", "Hz", "kHz", "mm",
];

/// The unit with which a text begins, after spaces.
#[must_use]
pub fn leading_unit(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let length = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    text.get(..length).filter(|word| UNITS.contains(word))
}

/// What is said where a unit was written.
#[must_use]
pub fn not_written(unit: &str) -> String {
    format!("units are not written, here `{unit}`: a number is in the unit of its field, which `cortecs list` shows")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_a_whole_word() {
        assert_eq!(leading_unit(" ms, 3"), Some("ms"));
        assert_eq!(leading_unit("mV/ms"), Some("mV"));
        for other in ["msx", "tau", "", "* s", "s_1"] {
            assert_eq!(leading_unit(other), None, "{other}");
        }
    }
}
