//! How often the state of a run is saved.

use std::{fmt, str::FromStr, time::Duration};

/// Between two checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckpointEvery {
    /// So many iterations.
    Iterations(u64),
    /// So much wall time.
    Time(Duration),
    /// Only when the run is interrupted.
    Never,
}

impl Default for CheckpointEvery {
    /// What is lost at most when the power fails: 10 minutes.
    fn default() -> Self {
        Self::Time(Duration::from_secs(600))
    }
}

impl CheckpointEvery {
    /// Iterations to the next one, where they are counted.
    #[must_use]
    pub const fn left(self, done: u64) -> Option<u64> {
        match self {
            Self::Iterations(every) => Some(every - done % every),
            Self::Time(_) | Self::Never => None,
        }
    }

    /// Whether it is time, after so many iterations, and so long after the last one.
    #[must_use]
    pub fn is_due(self, done: u64, since: Duration) -> bool {
        match self {
            Self::Iterations(every) => done.is_multiple_of(every),
            Self::Time(time) => since >= time,
            Self::Never => false,
        }
    }
}

impl fmt::Display for CheckpointEvery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Iterations(every) => write!(f, "{every}"),
            Self::Time(time) => write!(f, "{}ms", time.as_millis()),
            Self::Never => f.write_str("never"),
        }
    }
}

impl FromStr for CheckpointEvery {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "never" {
            return Ok(Self::Never);
        }
        if let Ok(iterations) = text.parse() {
            return if iterations > 0 { Ok(Self::Iterations(iterations)) } else { Err("it is 1 or more".into()) };
        }
        let time: jiff::SignedDuration =
            text.parse().map_err(|_| "it is a number of iterations, a time such as `10min`, or `never`")?;
        match Duration::try_from(time) {
            Ok(time) if !time.is_zero() => Ok(Self::Time(time)),
            _ => Err("a time is above 0".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iterations_and_times_are_told_apart() {
        let parsed = |text: &str| text.parse::<CheckpointEvery>();
        assert_eq!(parsed("10000"), Ok(CheckpointEvery::Iterations(10_000)));
        assert_eq!(parsed("never"), Ok(CheckpointEvery::Never));
        for text in ["7", "never", "1500ms"] {
            assert_eq!(parsed(text).unwrap().to_string(), text);
        }
        for (text, seconds) in [("30s", 30), ("10min", 600), ("2h", 7200), ("1h 30m", 5400)] {
            assert_eq!(parsed(text), Ok(CheckpointEvery::Time(Duration::from_secs(seconds))), "{text}");
        }
        for wrong in ["0", "-5", "", "soon", "10", "0s", "-1h"] {
            assert_eq!(parsed(wrong).is_err(), wrong != "10", "{wrong}");
        }
    }

    #[test]
    fn it_is_due_at_multiples_or_after_a_time() {
        let (every, time) = (CheckpointEvery::Iterations(100), CheckpointEvery::Time(Duration::from_secs(5)));
        assert_eq!(
            [every.left(0), every.left(99), every.left(130), time.left(3)],
            [Some(100), Some(1), Some(70), None]
        );
        assert!(every.is_due(200, Duration::ZERO) && !every.is_due(201, Duration::MAX));
        assert!(time.is_due(1, Duration::from_secs(5)) && !time.is_due(1, Duration::from_secs(4)));
        assert!(!CheckpointEvery::Never.is_due(100, Duration::MAX));
    }
}
