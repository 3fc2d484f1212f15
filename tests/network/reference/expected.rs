//! What the programs of this folder found, over networks of twelve seeds from 0.1 to 1 s: `published.rs` holds ours to it; and what is
//! published.

/// The rate (Hz) of a group.
pub struct Expected {
    pub name: &'static str,
    pub mean: f64,
    /// Between networks.
    pub deviation: f64,
}

impl Expected {
    /// By how many standard deviations the mean of `networks` other networks lies off, the table being made of `of`.
    pub fn off(&self, mean: f64, networks: u64, of: u64) -> f64 {
        (mean - self.mean) / (self.deviation * (1.0 / networks as f64 + 1.0 / of as f64).sqrt())
    }
}

const fn expected(name: &'static str, mean: f64, deviation: f64) -> Expected {
    Expected { name, mean, deviation }
}

/// Ten of the twelve networks live.
pub const COBA: [Expected; 2] = [expected("excitatory", 18.587, 1.242), expected("inhibitory", 18.819, 0.543)];

/// At scale 0.1.
pub const MICROCIRCUIT_TENTH: [Expected; 8] = [
    expected("L23E", 0.475, 0.029),
    expected("L23I", 2.097, 0.044),
    expected("L4E", 3.964, 0.066),
    expected("L4I", 5.01, 0.045),
    expected("L5E", 6.595, 0.265),
    expected("L5I", 7.818, 0.058),
    expected("L6E", 0.851, 0.025),
    expected("L6I", 7.004, 0.05),
];

/// The published rates of the full-scale microcircuit (Hz), ten seconds without the first half.
pub const MICROCIRCUIT: [(&str, f64); 8] = [
    ("L23E", 0.903),
    ("L23I", 2.965),
    ("L4E", 4.414),
    ("L4I", 5.876),
    ("L5E", 7.569),
    ("L5I", 8.633),
    ("L6E", 1.105),
    ("L6I", 7.829),
];
