//! What watches over an input while it is examined: panics are caught, time and memory are measured. An input that hangs or
//! exhausts memory ends the process; it lies in the folder of findings then, as `current`.

use std::{
    alloc::System,
    fmt, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{Mutex, OnceLock},
    thread,
    time::{Duration, Instant},
};

use cap::Cap;

use crate::targets::{Room, Target};

/// Counts what is allocated, and refuses more than a machine for tests has.
///
/// `cap` rather than code of our own, since an allocator cannot be written without `unsafe`; `stats_alloc` counts what was
/// ever allocated and not what is at once.
#[global_allocator]
static ALLOCATED: Cap<System> = Cap::new(System, 4 << 30);

/// An input may take so much at once (bytes): far more than the largest of the corpus, far less than a lie about a size.
const MOST: usize = 512 << 20;

/// An input may take so long, unoptimised and on a busy machine.
const SLOW: Duration = Duration::from_secs(10);

/// After so long nobody waits for it any more.
const HUNG: Duration = Duration::from_secs(60);

/// When the input that is examined now began to be.
static BEGAN: Mutex<Option<Instant>> = Mutex::new(None);

/// Where the last panic was, and what it said.
static PANIC: Mutex<Option<(String, String)>> = Mutex::new(None);

/// Where findings are written to.
pub fn folder() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("fuzz").join(std::process::id().to_string());
        fs::create_dir_all(&folder).expect("a folder for findings");
        folder
    })
}

/// An input that does what none may.
pub struct Finding {
    /// Where in the code, or what it took too much of.
    place: String,
    what: String,
    file: PathBuf,
}

impl Finding {
    /// Whether two are likely to have one reason.
    pub fn same(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.place, self.what, self.file.display())
    }
}

/// Examines inputs.
pub struct Guard {
    room: Room,
    most: usize,
    findings: usize,
}

impl Guard {
    pub fn start() -> Self {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            let said = panic.payload_as_str().unwrap_or_default().to_owned();
            *PANIC.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some((place, said));
        }));
        thread::spawn(|| {
            loop {
                thread::sleep(Duration::from_secs(1));
                let began = *BEGAN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                if began.is_some_and(|began| began.elapsed() > HUNG) {
                    eprintln!("an input hangs: {}", folder().join("current").display());
                    std::process::abort();
                }
            }
        });
        Self { room: Room::new(), most: MOST, findings: 0 }
    }

    /// Whether the target accepts an input, if it does that or refuses it as it should.
    pub fn examine(&mut self, target: &Target, input: &[u8]) -> Result<bool, Finding> {
        fs::write(folder().join("current"), input).expect("a file for the input");
        let began = Instant::now();
        *BEGAN.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(began);
        let outcome = catch_unwind(AssertUnwindSafe(|| (target.examine)(&mut self.room, input)));
        *BEGAN.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
        let took = began.elapsed();
        let most = ALLOCATED.max_allocated();
        let Ok(accepted) = outcome else {
            self.room = Room::new();
            let panic = PANIC.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
            let (place, said) = panic.unwrap_or_default();
            return Err(self.finding(target, input, place, said));
        };
        if most > self.most {
            // The peak of all inputs so far: the next finding has to go beyond it.
            self.most = most;
            return Err(self.finding(target, input, format!("memory of {}", target.name), format!("{most} bytes")));
        }
        if took > SLOW {
            return Err(self.finding(target, input, format!("time of {}", target.name), format!("{took:?}")));
        }
        Ok(accepted)
    }

    fn finding(&mut self, target: &Target, input: &[u8], place: String, what: String) -> Finding {
        self.findings += 1;
        let file = folder().join(format!("{}-{}", target.name, self.findings));
        fs::write(&file, input).expect("a file for the finding");
        Finding { place, what, file }
    }
}
