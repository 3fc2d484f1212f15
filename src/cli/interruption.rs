//! Signals by which somebody, or the system, wants a run to end.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    flag,
    iterator::Signals,
};

/// A wish that the run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal(i32);

impl Signal {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            SIGTERM => "SIGTERM",
            SIGHUP => "SIGHUP",
            _ => "SIGINT",
        }
    }

    /// The exit code of a program that ends by it, as shells have it.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        128 + self.0 as u8
    }
}

/// Whether somebody wants the run to end.
pub(super) struct Interruption(Arc<AtomicUsize>);

/// Whether the end of a terminal would end the program, as far as the system says what it ignores.
fn hangs_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & (1 << (SIGHUP - 1)) == 0)
}

/// After the first signal. Who ends a whole group of processes, as `timeout` does, sends two at once, and means one.
const GRACE: Duration = Duration::from_millis(300);

impl Interruption {
    /// Watches out from now on. A second signal of those ends the program at once.
    pub fn watch() -> io::Result<Self> {
        let (number, armed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        // Of a terminal that is gone, unless somebody has said before, as `nohup` does, that it does not matter.
        let watched: &[i32] = if hangs_up() { &[SIGINT, SIGTERM, SIGHUP] } else { &[SIGINT, SIGTERM] };
        for &signal in watched {
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&armed))?;
        }
        let mut signals = Signals::new(watched)?;
        let seen = Arc::clone(&number);
        // A thread, since the run itself may be busy with one long iteration.
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            if let Some(signal) = signals.forever().next() {
                seen.store(signal as usize, Relaxed);
                std::thread::sleep(GRACE);
                armed.store(true, Relaxed);
            }
        })?;
        Ok(Self(number))
    }

    /// The signal that was seen.
    pub fn signal(&self) -> Option<Signal> {
        i32::try_from(self.0.load(Relaxed)).ok().filter(|signal| *signal != 0).map(Signal)
    }
}
