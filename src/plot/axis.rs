//! One axis of a panel: its range, its ticks and their labels.

use kuva::render::render_utils::generate_ticks;

/// A range of values and the round numbers marked on it.
#[derive(Debug, Clone)]
pub struct Axis {
    low: f64,
    high: f64,
    ticks: Vec<f64>,
    /// Labels are in units of ten to this power, which is stated at the end of the axis.
    exponent: i32,
    /// Whether values are powers of ten, and labels what they stand for.
    powers: bool,
}

impl Axis {
    /// Exactly from `low` to `high` (finite), with about `target` ticks.
    #[must_use]
    pub fn exact(low: f64, high: f64, target: usize) -> Self {
        let ticks = generate_ticks(low, high, target);
        let largest = low.abs().max(high.abs());
        let exponent = match largest.log10().floor() {
            // 99 999 and 0.001 are read easily; beyond, the power of ten is split off.
            power if (-3.0..5.0).contains(&power) || !power.is_finite() => 0,
            power => power as i32,
        };
        Self { low, high, ticks, exponent, powers: false }
    }

    /// For the indices below `count`, each with its middle at its number; only whole numbers are marked.
    #[must_use]
    pub fn of_indices(count: usize, target: usize) -> Self {
        Self::between_indices(0, count.max(1) as u64 - 1, target)
    }

    /// The same from one index to another.
    pub(super) fn between_indices(first: u64, last: u64, target: usize) -> Self {
        let [first, last] = [first, last.max(first)].map(|index| index as f64);
        let mut ticks = generate_ticks(first, last.max(first + 1.0), target);
        ticks.retain(|tick| tick.fract() == 0.0 && (first..=last).contains(tick));
        Self { low: first - 0.5, high: last + 0.5, ticks, exponent: 0, powers: false }
    }

    /// The same without marks.
    pub(super) fn unmarked(self) -> Self {
        Self { ticks: Vec::new(), ..self }
    }

    /// Around the finite ones of `values`, with a margin, so that no curve touches the frame.
    #[must_use]
    pub fn around(values: impl IntoIterator<Item = f64>, target: usize) -> Self {
        let (low, high) = values
            .into_iter()
            .filter(|value| value.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        if low > high {
            return Self::exact(0.0, 1.0, target);
        }
        // A constant gets a range about its own size: 3 is drawn between 1.5 and 4.5, 0 between −1 and 1.
        let margin = match (high - low) * 0.04 {
            0.0 if high == 0.0 => 1.0,
            margin => margin.max(high.abs() * 1e-9).max(if low == high { high.abs() * 0.5 } else { 0.0 }),
        };
        Self::exact(low - margin, high + margin, target)
    }

    /// The same with its low end at the top.
    pub(super) fn downwards(self) -> Self {
        Self { low: self.high, high: self.low, ..self }
    }

    /// From zero to above the largest of `values`.
    #[must_use]
    pub fn from_zero(values: impl IntoIterator<Item = f64>, target: usize) -> Self {
        let high = values.into_iter().filter(|v| v.is_finite()).fold(0.0, f64::max);
        Self::exact(0.0, if high > 0.0 { high * 1.04 } else { 1.0 }, target)
    }

    /// For powers of ten from below `low` to above `high` (finite), both whole, with a tick at every power or every few, and
    /// `most` and one at most.
    pub(super) fn decades(low: f64, high: f64, most: usize) -> Self {
        let low = low.floor();
        let high = high.ceil().max(low + 1.0);
        let step = ((high - low) / most as f64).ceil().max(1.0);
        let ticks = (0..=((high - low) / step) as u32).map(|nth| low + f64::from(nth) * step).collect();
        Self { low, high, ticks, exponent: 0, powers: true }
    }

    /// Where `value` lies on the axis: 0 at the low end, 1 at the high end, and never outside.
    #[must_use]
    pub fn share(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// The marked values and their labels, all with the same number of decimals.
    pub(super) fn labels(&self) -> impl Iterator<Item = (f64, String)> {
        let unit = 10f64.powi(self.exponent);
        let decimals = (0..9usize)
            .find(|&decimals| {
                let step = self.ticks.windows(2).map(|pair| pair[1] - pair[0]);
                let step = step.fold(f64::INFINITY, f64::min) / unit;
                let scaled = |tick: f64| tick / unit * 10f64.powi(decimals as i32);
                let off = |tick: &f64| (scaled(*tick) - scaled(*tick).round()).abs();
                let allowed = (step * 10f64.powi(decimals as i32) * 0.01).min(0.01);
                self.ticks.iter().map(off).all(|off| off <= allowed)
            })
            .unwrap_or(9);
        self.ticks.iter().map(move |&tick| {
            if self.powers {
                return (tick, power_of_ten(tick as i32));
            }
            // A true minus sign; and zero has none, even where rounding leaves it negative.
            let text = format!("{:.decimals$}", tick / unit);
            let zero = text.chars().all(|c| matches!(c, '-' | '0' | '.'));
            let text = if zero { text.replace('-', "") } else { text.replace('-', "−") };
            (tick, text)
        })
    }

    /// The power of ten that the labels leave out (`×10⁵`); empty if they do not.
    pub(super) fn factor(&self) -> String {
        if self.exponent == 0 {
            return String::new();
        }
        format!("×{}", ten_to_the(self.exponent))
    }
}

/// 0.01 to 1000 as a decimal, others as a power: `10⁴`.
fn power_of_ten(power: i32) -> String {
    match power {
        0..=3 => 10_u32.pow(power.unsigned_abs()).to_string(),
        -2..0 => format!("{:.*}", power.unsigned_abs() as usize, 10_f64.powi(power)),
        _ => ten_to_the(power),
    }
}

fn ten_to_the(power: i32) -> String {
    let raised = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + digit.to_digit(10).unwrap_or(0)).unwrap_or(digit),
    };
    let power: String = power.to_string().chars().map(raised).collect();
    format!("10{power}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis) -> Vec<String> {
        axis.labels().map(|(_, text)| text).collect()
    }

    #[test]
    fn labels_share_their_decimals() {
        assert_eq!(texts(&Axis::exact(0.0, 1.0, 4)), ["0.00", "0.25", "0.50", "0.75", "1.00"]);
        assert_eq!(texts(&Axis::exact(-100.0, 100.0, 4)), ["−100", "−50", "0", "50", "100"]);
    }

    #[test]
    fn very_large_and_small_numbers_split_off_a_power_of_ten() {
        let axis = Axis::exact(0.0, 2e6, 2);
        assert_eq!((texts(&axis), axis.factor().as_str()), (vec!["0".into(), "1".into(), "2".into()], "×10⁶"));
        assert_eq!(Axis::exact(0.0, 3e-12, 3).factor(), "×10⁻¹²");
        assert_eq!(Axis::exact(0.0, 99_999.0, 3).factor(), "");
    }

    #[test]
    fn decades_are_marked_at_whole_powers() {
        assert_eq!(texts(&Axis::decades(-1.5, 0.3, 6)), ["0.01", "0.1", "1", "10"]);
        assert_eq!(texts(&Axis::decades(-4.0, 4.0, 6)), ["10⁻⁴", "0.01", "1", "100", "10⁴"]);
        assert_eq!(texts(&Axis::decades(0.0, 0.0, 6)), ["1", "10"]);
        assert_eq!(Axis::decades(-1.0, 1.0, 6).share(0.0), 0.5);
    }

    #[test]
    fn no_value_makes_an_axis_without_length() {
        for values in [
            vec![],
            vec![0.0],
            vec![3.0, 3.0],
            vec![-1e-30],
            vec![f64::NAN],
            vec![1e300, -1e300],
            vec![1e9, 1e9 + 1e-7],
        ] {
            let axis = Axis::around(values.clone(), 5);
            assert!(axis.low < axis.high, "{values:?}");
            assert!((axis.high - axis.low).is_finite(), "{values:?}");
        }
        assert!(Axis::from_zero([0.0], 5).share(0.5) > 0.0);
    }

    #[test]
    fn indices_are_marked_at_whole_numbers_in_their_middles() {
        assert_eq!(texts(&Axis::of_indices(1, 5)), ["0"]);
        assert_eq!(texts(&Axis::of_indices(3, 5)), ["0", "1", "2"]);
        assert_eq!(texts(&Axis::of_indices(1000, 4)).first().map(String::as_str), Some("0"));
        assert_eq!(Axis::of_indices(4, 5).share(1.0), 0.375);
        assert_eq!(texts(&Axis::between_indices(7, 12, 3)), ["8", "10", "12"]);
        assert!(texts(&Axis::of_indices(1000, 4).unmarked()).is_empty());
    }

    #[test]
    fn an_axis_downwards_begins_at_the_top() {
        let axis = Axis::exact(0.0, 10.0, 2);
        let down = axis.clone().downwards();
        assert_eq!([0.0, 2.5, 10.0, 99.0].map(|value| down.share(value)), [1.0, 0.75, 0.0, 0.0]);
        assert_eq!(texts(&down), texts(&axis));
    }

    #[test]
    fn shares_stay_on_the_axis() {
        let axis = Axis::exact(10.0, 20.0, 5);
        assert_eq!([5.0, 10.0, 15.0, 99.0].map(|value| axis.share(value)), [0.0, 0.0, 0.5, 1.0]);
    }
}
