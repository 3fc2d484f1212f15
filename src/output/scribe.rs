//! The scribe: a thread that writes recordings to files while the network computes.
//!
//! The system call that takes 8 KB of v and u from a 3 µs iteration costs as much as the iteration itself, and so do
//! the page faults of a growing file; the thread takes both off the loop.

use std::{
    io,
    sync::{
        Arc, OnceLock,
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    },
};

use crate::{npy::Writer, record::Sink};

/// Buffers on their way to the disk, of a quarter of a megabyte each: enough to hide the disk's hiccups.
const WAITING: usize = 16;

/// What the scribe is told.
enum Order {
    /// To take on a file.
    Open(Box<Writer>),
    /// To add rows to the file of that number.
    Append(usize, Vec<u8>),
    /// To make everything so far readable, and to say how that went.
    Flush(Sender<io::Result<()>>),
}

/// The hand that gives orders to the scribe; the thread ends when the last sink is gone.
pub(super) struct Scribe {
    orders: SyncSender<Order>,
    failure: Arc<OnceLock<String>>,
    spare: Spare,
    files: usize,
}

/// Buffers that come back empty.
type Spare = Arc<std::sync::Mutex<Receiver<Vec<u8>>>>;

impl Scribe {
    /// Starts the thread.
    pub fn start() -> io::Result<Self> {
        let (orders, inbox) = sync_channel(WAITING);
        let (emptied, spare) = channel();
        let failure = Arc::new(OnceLock::new());
        let told = Arc::clone(&failure);
        std::thread::Builder::new().name("scribe".into()).spawn(move || write(&inbox, &emptied, &told))?;
        Ok(Self { orders, failure, spare: Arc::new(std::sync::Mutex::new(spare)), files: 0 })
    }

    /// Hands a file over and returns the sink that leads to it.
    pub fn take_on(&mut self, writer: Writer) -> io::Result<ScribeSink> {
        let sink = ScribeSink {
            file: self.files,
            orders: self.orders.clone(),
            failure: Arc::clone(&self.failure),
            spare: Arc::clone(&self.spare),
        };
        sink.order(Order::Open(Box::new(writer)))?;
        self.files += 1;
        Ok(sink)
    }
}

fn write(inbox: &Receiver<Order>, emptied: &Sender<Vec<u8>>, failure: &OnceLock<String>) {
    let mut files: Vec<Writer> = Vec::new();
    let failed = |outcome: Result<(), crate::npy::NpyError>| {
        if let Err(error) = outcome {
            let _ = failure.set(error.to_string());
        }
    };
    for order in inbox {
        match order {
            Order::Open(writer) => files.push(*writer),
            Order::Append(file, mut rows) => {
                // After a failure nothing more is written: a file with a hole would be worse than a short one.
                if failure.get().is_none() {
                    failed(files[file].append_part(&rows));
                }
                rows.clear();
                let _ = emptied.send(rows);
            }
            Order::Flush(reply) => {
                files.iter_mut().for_each(|file| failed(file.flush()));
                let _ = reply.send(failure.get().map_or(Ok(()), |why| Err(io::Error::other(why.clone()))));
            }
        }
    }
}

/// The sink of one recording.
pub(super) struct ScribeSink {
    file: usize,
    orders: SyncSender<Order>,
    failure: Arc<OnceLock<String>>,
    spare: Spare,
}

impl ScribeSink {
    fn order(&self, order: Order) -> io::Result<()> {
        if let Some(why) = self.failure.get() {
            return Err(io::Error::other(why.clone()));
        }
        self.orders.send(order).map_err(|_| io::Error::other("the thread that writes recordings has ended"))
    }
}

impl Sink for ScribeSink {
    fn append(&mut self, rows: Vec<u8>) -> io::Result<Vec<u8>> {
        self.order(Order::Append(self.file, rows))?;
        Ok(self.spare.lock().ok().and_then(|spare| spare.try_recv().ok()).unwrap_or_default())
    }

    fn flush(&mut self) -> io::Result<()> {
        let (reply, answer) = channel();
        self.order(Order::Flush(reply))?;
        answer.recv().unwrap_or_else(|_| Err(io::Error::other("the thread that writes recordings has ended")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npy::{self, Dtype};

    #[test]
    fn files_hold_what_their_sinks_were_given() {
        let folder = tempfile::tempdir().unwrap();
        let mut scribe = Scribe::start().unwrap();
        let path = |name: &str| folder.path().join(name);
        let mut sinks: Vec<ScribeSink> = ["a.npy", "b.npy"]
            .iter()
            .map(|name| scribe.take_on(Writer::create(&path(name), Dtype::U8, &[2]).unwrap()).unwrap())
            .collect();
        for k in 0..100 {
            sinks[k % 2].append(vec![k as u8, 1]).unwrap();
        }
        sinks[0].flush().unwrap();
        let b = npy::load(&path("b.npy")).unwrap();
        assert_eq!(b.shape, [50, 2]);
        assert_eq!(b.data[2..4], [3.0, 1.0]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told_to_the_next_who_writes() {
        let mut scribe = Scribe::start().unwrap();
        let Ok(writer) = Writer::create(std::path::Path::new("/dev/full"), Dtype::U8, &[]) else { return };
        let Ok(mut sink) = scribe.take_on(writer) else { return };
        let outcome = (0..1000).try_for_each(|_| sink.append(vec![0; 1 << 16]).map(drop)).and_then(|()| sink.flush());
        assert!(outcome.is_err());
    }
}
