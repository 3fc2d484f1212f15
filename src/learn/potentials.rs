//! What synapses see of the membrane potentials of their targets: low-pass filters of them, with a spike in the place of the
//! reset, and what both give for the synapses of an iteration.
//!
//! ```text
//! u = peak for `width` iterations from that of a spike on, else v
//! τ dū/dt = u − ū          exact for a u that is constant within each iteration; ū starts at the first v
//! ```
//! An iteration sees ū as it was before it, or so many iterations earlier.

use serde::{Deserialize, Serialize};

use crate::numeric::{Archive, ArchiveError, Column, Real, dispatch, real::real};

/// The constants that potentials are filtered with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Constants {
    /// Length of an iteration (ms).
    pub dt: f64,
    /// Time constants (ms) of the two low-pass filters, and of the mean.
    pub taus: [f64; 3],
    /// Potential (mV) above which the filters count.
    pub theta: f64,
    /// Potential (mV) above which the mean counts.
    pub rest: f64,
    /// Potential (mV) of a spike.
    pub peak: f64,
    /// Iterations that it lasts.
    pub width: u32,
    /// Iterations after which the low-pass filters are seen.
    pub delay: u32,
}

/// What turns potentials into changes of weights.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gains {
    /// On the first filter, for a spike of the source: this, and this times the square of the mean.
    pub depression: [Real; 2],
    /// On the second filter times u above its threshold, for an iteration and a trace of 1.
    pub potentiation: Real,
    /// The threshold of u (mV).
    pub theta: Real,
}

/// The potentials of all targets.
#[derive(Clone, Debug, Default)]
pub(super) struct Potentials {
    of: Constants,
    /// Factors of a step.
    decay: [Real; 3],
    begun: bool,
    /// Iterations for which a spike goes on.
    left: Column<Real>,
    /// The filters and the mean, above `theta` and `rest`.
    now: [Column<Real>; 3],
    /// The filters as they were before each of the last iterations, one row after another.
    before: [Column<Real>; 2],
    /// The row of the latest.
    head: usize,
    /// What a spike of the source takes from a weight, and what a trace of 1 adds to it.
    changes: [Column<Real>; 2],
    raised: Vec<u32>,
}

impl Constants {
    fn decay(&self) -> [Real; 3] {
        self.taus.map(|tau| real(libm::exp(-self.dt / tau)))
    }
}

impl Potentials {
    /// Goes through everything that is remembered: see [`State`](crate::network::State).
    pub fn persist(&mut self, archive: &mut Archive<'_>) -> Result<(), ArchiveError> {
        let here = (self.of, self.begun, self.head as u64);
        let (of, begun, head) = archive.through(&here)?.unwrap_or(here);
        let targets = archive.whole(&mut self.left)?;
        let now = self.now.iter_mut().map(|now| archive.whole(now)).collect::<Result<Vec<_>, _>>()?;
        let before = self.before.iter_mut().map(|before| archive.whole(before)).collect::<Result<Vec<_>, _>>()?;
        let rows = of.delay as usize + 1;
        // Before the first iteration there is nothing of it all.
        let kept = if targets == 0 { Some(0) } else { targets.checked_mul(rows) };
        let fits = now.iter().all(|length| *length == targets) && before.iter().all(|length| Some(*length) == kept);
        if !fits || head as usize >= rows {
            return Err(ArchiveError::Form);
        }
        if archive.restores() {
            (self.of, self.begun, self.head, self.decay) = (of, begun, head as usize, of.decay());
            self.changes = [(); 2].map(|()| Column::filled(0.0, targets));
        }
        Ok(())
    }

    /// Potentials of so many targets, of which nothing is known.
    pub fn new(of: Constants, targets: usize) -> Self {
        let zeros = |rows: usize| Column::filled(0.0, targets * rows);
        let rows = of.delay as usize + 1;
        Self {
            of,
            decay: of.decay(),
            left: zeros(1),
            now: [(); 3].map(|()| zeros(1)),
            before: [(); 2].map(|()| zeros(rows)),
            changes: [(); 2].map(|()| zeros(1)),
            ..Self::default()
        }
    }

    /// Whether these are such potentials of so many targets.
    pub fn holds(&self, of: &Constants, targets: usize) -> bool {
        (&self.of, self.left.len()) == (of, targets)
    }

    /// What a spike of the source takes from the weight onto each target, and what a trace of 1 adds.
    pub fn changes(&self) -> [&[Real]; 2] {
        self.changes.each_ref().map(|changes| &changes[..])
    }

    /// The targets of which the latter is not zero, ascending.
    pub fn raised(&self) -> &[u32] {
        &self.raised
    }

    /// Takes in the potentials of an iteration, and who fired in it.
    pub fn advance(&mut self, v: &[Real], fired: &[u8], gains: Gains) {
        let n = self.left.len();
        if v.len() != n || fired.len() != n {
            return;
        }
        if !std::mem::replace(&mut self.begun, true) {
            self.begin(v);
        }
        let rows = self.of.delay as usize + 1;
        self.head = (self.head + 1) % rows;
        let latest = self.head * n..(self.head + 1) * n;
        for (before, now) in self.before.iter_mut().zip(&self.now) {
            before[latest.clone()].copy_from_slice(now);
        }
        dispatch(
            #[inline(always)]
            || self.step((self.head + 1) % rows, v, fired, gains),
        );
        let changes = self.changes[1].iter().zip(0..);
        self.raised.clear();
        self.raised.extend(changes.filter(|(change, _)| **change > 0.0).map(|(_, target)| target));
    }

    fn begin(&mut self, v: &[Real]) {
        let [theta, rest] = [self.of.theta, self.of.rest].map(real);
        let [minus, plus, mean] = &mut self.now;
        minus.refill(v.iter().map(|v| v - theta));
        plus.refill(v.iter().map(|v| v - theta));
        mean.refill(v.iter().map(|v| v - rest));
        for before in &mut self.before {
            before.chunks_exact_mut(v.len().max(1)).for_each(|row| row.copy_from_slice(plus));
        }
    }

    /// One iteration of all targets, which see the row `oldest` of the filters.
    #[inline(always)]
    fn step(&mut self, oldest: usize, v: &[Real], fired: &[u8], gains: Gains) {
        let n = v.len();
        let [theta, peak, to_rest] = [self.of.theta, self.of.peak, self.of.theta - self.of.rest].map(real);
        let (decay, width) = (self.decay, self.of.width as Real);
        let seen = self.before.each_ref().map(|before| &before[oldest * n..(oldest + 1) * n]);
        let [minus, plus, mean] = self.now.each_mut().map(|now| &mut now[..n]);
        let [down, up] = self.changes.each_mut().map(|change| &mut change[..n]);
        let (left, fired) = (&mut self.left[..n], &fired[..n]);
        for j in 0..n {
            left[j] = if fired[j] != 0 { width } else { (left[j] - 1.0).max(0.0) };
            let u = if left[j] > 0.0 { peak } else { v[j] };
            let gain = gains.depression[0] + gains.depression[1] * mean[j] * mean[j];
            down[j] = gain * seen[0][j].max(0.0);
            up[j] = gains.potentiation * (u - gains.theta).max(0.0) * seen[1][j].max(0.0);
            let above = u - theta;
            minus[j] = above + (minus[j] - above) * decay[0];
            plus[j] = above + (plus[j] - above) * decay[1];
            mean[j] = above + to_rest + (mean[j] - above - to_rest) * decay[2];
        }
    }
}
