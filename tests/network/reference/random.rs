//! Random numbers of the reference programs.

/// xoshiro256++ (Blackman & Vigna), seeded by splitmix64.
pub struct Rng([u64; 4]);

impl Rng {
    pub fn new(mut x: u64) -> Self {
        Self([0; 4].map(|_: u64| {
            x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let z = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ (z >> 31)
        }))
    }

    fn next(&mut self) -> u64 {
        let s = &mut self.0;
        let out = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        out
    }

    /// In [0, 1).
    pub fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.uniform() * n as f64) as usize
    }

    /// Box & Muller.
    pub fn normal(&mut self, mean: f64, sd: f64) -> f64 {
        let (u, w) = (1.0 - self.uniform(), self.uniform());
        mean + sd * (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * w).cos()
    }

    /// By inversion, `zero` = exp(−mean).
    pub fn poisson(&mut self, mean: f64, zero: f64) -> f64 {
        let (u, mut k, mut p) = (self.uniform(), 0.0, zero);
        let mut sum = p;
        while u >= sum && k < 100.0 {
            k += 1.0;
            p *= mean / k;
            sum += p;
        }
        k
    }
}
