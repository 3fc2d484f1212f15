//! A thread that writes recordings to files while the network computes.
//!
//! The system call that takes 8 KB of v and u from a 3 µs iteration costs as much as the iteration itself, and so do
//! the page faults of a growing file; the thread takes both off the loop.

use std::{
    io,
    sync::{
        Arc, Mutex, OnceLock,
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    },
};

use crate::{npy::Writer, record::Sink};

/// Buffers on their way to the disk, of a quarter of a megabyte each: enough to hide the disk's hiccups.
const WAITING: usize = 16;

/// What the writer is told.
enum Order {
    /// To take on a file.
    Open(Box<Writer>),
    /// To add rows to the file of that number.
    Append(usize, Vec<u8>),
    /// That the file of that number has so many rows, none of which has a byte.
    Count(usize, u64),
    /// To make everything so far readable, and to say how that went.
    Flush { durable: bool, reply: Sender<Flushed> },
}

/// How files are after a flush.
#[derive(Clone, Debug, Default)]
pub(super) struct Flushed {
    /// The rows of each. Where something failed, those of the last flush before: nothing is written after it, as a file
    /// with a hole would be worse than a short one, and files that end at different times could not be compared.
    pub rows: Vec<u64>,
    /// What failed.
    pub failure: Option<String>,
}

/// What to do where recordings cannot be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnDiskFull {
    /// The run stops.
    #[default]
    Stop,
    /// The run goes on, without recordings.
    GoOn,
}

/// The hand that gives orders to the thread; the thread ends when the last sink is gone.
pub(super) struct WriterThread {
    orders: SyncSender<Order>,
    failure: Arc<OnceLock<String>>,
    spare: Spare,
    files: usize,
    on_full: OnDiskFull,
}

/// Buffers that come back empty.
type Spare = Arc<Mutex<Receiver<Vec<u8>>>>;

const ENDED: &str = "the thread that writes recordings has ended";

impl WriterThread {
    /// Starts the thread.
    pub fn start(on_full: OnDiskFull) -> io::Result<Self> {
        let (orders, inbox) = sync_channel(WAITING);
        let (emptied, spare) = channel();
        let failure = Arc::new(OnceLock::new());
        let files = Written { files: Vec::new(), flushed: Vec::new(), failure: Arc::clone(&failure) };
        std::thread::Builder::new().name("writer".into()).spawn(move || files.write(&inbox, &emptied))?;
        Ok(Self { orders, failure, spare: Arc::new(Mutex::new(spare)), files: 0, on_full })
    }

    /// Whether the run goes on where nothing can be written.
    pub fn goes_on(&self) -> bool {
        self.on_full == OnDiskFull::GoOn
    }

    /// Hands a file over and returns the sink that leads to it.
    pub fn take_on(&mut self, writer: Writer) -> io::Result<WriterSink> {
        let sink = WriterSink {
            file: self.files,
            orders: self.orders.clone(),
            failure: Arc::clone(&self.failure),
            spare: Arc::clone(&self.spare),
            on_full: self.on_full,
        };
        self.orders.send(Order::Open(Box::new(writer))).map_err(|_| io::Error::other(ENDED))?;
        self.files += 1;
        Ok(sink)
    }

    /// Says how many rows a file has whose rows have no elements, as the weights of no synapses.
    pub fn count_empty_rows(&self, file: usize, rows: u64) {
        // Where the thread has ended the flush that follows tells it.
        let _ = self.orders.send(Order::Count(file, rows));
    }

    /// Makes everything readable that has been handed over; with `durable` also after the power has failed.
    pub fn flush(&self, durable: bool) -> Flushed {
        let (reply, answer) = channel();
        let flushed = self.orders.send(Order::Flush { durable, reply }).ok().and_then(|()| answer.recv().ok());
        flushed.unwrap_or_else(|| Flushed { rows: vec![0; self.files], failure: Some(ENDED.into()) })
    }
}

/// The files, as the thread has them.
struct Written {
    /// None after a failure.
    files: Vec<Writer>,
    /// The rows of each at the last flush.
    flushed: Vec<u64>,
    failure: Arc<OnceLock<String>>,
}

impl Written {
    fn write(mut self, inbox: &Receiver<Order>, emptied: &Sender<Vec<u8>>) {
        for order in inbox {
            match order {
                Order::Open(writer) => {
                    self.flushed.push(writer.rows());
                    self.files.push(*writer);
                }
                Order::Append(file, mut rows) => {
                    let appended = self.files.get_mut(file).map_or(Ok(()), |file| file.append_part(&rows));
                    self.see(appended);
                    rows.clear();
                    let _ = emptied.send(rows);
                }
                Order::Count(file, rows) => {
                    if let Some(file) = self.files.get_mut(file) {
                        file.count_empty_rows(rows);
                    }
                }
                Order::Flush { durable, reply } => {
                    let mut flush = |file: &mut Writer| if durable { file.secure() } else { file.flush() };
                    let flushed = self.files.iter_mut().try_for_each(&mut flush);
                    if flushed.is_ok() && self.failure.get().is_none() {
                        self.flushed = self.files.iter().map(Writer::rows).collect();
                    }
                    self.see(flushed);
                    let _ = reply.send(Flushed { rows: self.flushed.clone(), failure: self.failure.get().cloned() });
                }
            }
        }
    }

    /// After a failure all files end with the last flush.
    fn see(&mut self, outcome: Result<(), crate::npy::NpyError>) {
        if let Err(error) = outcome {
            let _ = self.failure.set(error.to_string());
            self.files.drain(..).zip(&self.flushed).for_each(|(file, rows)| file.give_up(*rows));
        }
    }
}

/// The sink of one recording.
pub(super) struct WriterSink {
    file: usize,
    orders: SyncSender<Order>,
    failure: Arc<OnceLock<String>>,
    spare: Spare,
    on_full: OnDiskFull,
}

impl Sink for WriterSink {
    fn append(&mut self, mut rows: Vec<u8>) -> io::Result<Vec<u8>> {
        match (self.failure.get(), self.on_full) {
            (Some(_), OnDiskFull::GoOn) => {
                rows.clear();
                return Ok(rows);
            }
            (Some(why), OnDiskFull::Stop) => return Err(io::Error::other(why.clone())),
            (None, _) => {}
        }
        self.orders.send(Order::Append(self.file, rows)).map_err(|_| io::Error::other(ENDED))?;
        Ok(self.spare.lock().ok().and_then(|spare| spare.try_recv().ok()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        disk::fault,
        npy::{self, Dtype},
    };

    #[test]
    fn files_hold_what_their_sinks_were_given() {
        let folder = tempfile::tempdir().unwrap();
        let mut thread = WriterThread::start(OnDiskFull::Stop).unwrap();
        let path = |name: &str| folder.path().join(name);
        let mut sinks: Vec<WriterSink> = ["a.npy", "b.npy"]
            .iter()
            .map(|name| thread.take_on(Writer::create(&path(name), Dtype::U8, &[2]).unwrap()).unwrap())
            .collect();
        for k in 0..100 {
            sinks[k % 2].append(vec![k as u8, 1]).unwrap();
        }
        for durable in [false, true] {
            let flushed = thread.flush(durable);
            assert_eq!((flushed.rows, flushed.failure), (vec![50, 50], None));
        }
        let b = npy::load(&path("b.npy")).unwrap();
        assert_eq!(b.shape, [50, 2]);
        assert_eq!(b.data[2..4], [3.0, 1.0]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told_to_the_next_who_writes() {
        let mut thread = WriterThread::start(OnDiskFull::Stop).unwrap();
        let Ok(writer) = Writer::create(std::path::Path::new("/dev/full"), Dtype::U8, &[]) else { return };
        let Ok(mut sink) = thread.take_on(writer) else { return };
        let outcome = (0..1000).try_for_each(|_| sink.append(vec![0; 1 << 16]).map(drop));
        assert!(outcome.is_err() || thread.flush(false).failure.is_some());
    }

    #[test]
    fn after_a_failure_all_files_end_with_the_last_flush() {
        // 100 KB at a time, which no buffer takes: the first writes after the flush succeed, and one of them fails.
        for on_full in [OnDiskFull::Stop, OnDiskFull::GoOn] {
            let folder = tempfile::tempdir().unwrap();
            let mut thread = WriterThread::start(on_full).unwrap();
            let path = |name: &str| folder.path().join(name);
            let mut sink = |name| thread.take_on(Writer::create(&path(name), Dtype::U8, &[10_000]).unwrap()).unwrap();
            let mut sinks = [sink("a.npy"), sink("b.npy")];
            let append = |sinks: &mut [WriterSink; 2]| {
                sinks.iter_mut().try_for_each(|sink| sink.append(vec![7; 100_000]).map(drop))
            };
            append(&mut sinks).unwrap();
            assert_eq!(thread.flush(false).rows, [10, 10]);
            fault::plan(folder.path(), 3, false);
            let appended = (0..20).try_for_each(|_| append(&mut sinks));
            let flushed = thread.flush(true);
            assert!(fault::end(folder.path()) >= 4);
            assert!(flushed.failure.unwrap().contains("no space left"));
            assert_eq!(flushed.rows, [10, 10]);
            assert!(on_full == OnDiskFull::Stop || appended.is_ok());
            assert_eq!(append(&mut sinks).is_err(), on_full == OnDiskFull::Stop);
            for name in ["a.npy", "b.npy"] {
                assert_eq!(npy::load(&path(name)).unwrap().shape, [10, 10_000]);
                assert_eq!(std::fs::metadata(path(name)).unwrap().len(), 100_128);
            }
        }
    }
}
