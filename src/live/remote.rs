//! The client's end of the socket: a network that runs on another machine, as a source of frames.

use std::{
    io::{self, BufReader},
    net::{Shutdown, TcpStream, ToSocketAddrs},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        mpsc::{Sender, channel},
    },
    thread,
    time::Duration,
};

use super::{
    Command, Frame, LiveError, Outline, Source, handshake,
    port::{Asked, Said},
    wire,
};
use crate::text::Document;

/// The longest message of a server (bytes): two million spikes, values of a million neurons.
const LONGEST_SAID: u32 = 256 << 20;

/// How long a server may take to be there, and to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A network on another machine.
pub struct Remote {
    outline: Outline,
    stream: TcpStream,
    asked: Sender<Asked>,
    heard: Arc<Heard>,
    told_end: bool,
}

/// What was heard and not yet taken.
#[derive(Default)]
struct Heard {
    slot: Mutex<Slot>,
    filled: Condvar,
}

#[derive(Default)]
struct Slot {
    frame: Option<Frame>,
    scene: Option<Result<(String, String), String>>,
    ended: Option<String>,
}

impl Remote {
    /// Watches a run at `host:port`.
    ///
    /// # Errors
    /// Nobody is there, or another version, or the token is wrong.
    pub fn connect(address: &str, token: &str) -> Result<Self, LiveError> {
        let failed = |error: &dyn std::fmt::Display| LiveError::Failed(format!("{address} cannot be watched: {error}"));
        let mut stream = reach(address).map_err(|error| failed(&error))?;
        handshake::introduce(&mut stream, token).map_err(|error| failed(&error))?;
        let said: Said = wire::read(&mut stream, LONGEST_SAID).map_err(|error| failed(&error))?;
        let Said::Outline(outline) = said else { return Err(failed(&"it does not say what it is")) };
        stream.set_read_timeout(None).map_err(|error| failed(&error))?;
        let heard = Arc::<Heard>::default();
        let (own, from) = (heard.clone(), stream.try_clone().map_err(|error| failed(&error))?);
        thread::spawn(move || own.listen(&from));
        let (asked, asks) = channel();
        let mut to = stream.try_clone().map_err(|error| failed(&error))?;
        thread::spawn(move || {
            for ask in asks {
                if wire::write(&mut to, &ask).is_err() {
                    break;
                }
            }
        });
        Ok(Self { outline, stream, asked, heard, told_end: false })
    }
}

fn reach(address: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::other("no such host");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl Heard {
    fn listen(&self, stream: &TcpStream) {
        let mut from = BufReader::new(stream);
        let ended = loop {
            let said = match wire::read(&mut from, LONGEST_SAID) {
                Ok(said) => said,
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break "the run has ended".to_owned(),
                Err(error) => break format!("the connection has ended: {error}"),
            };
            let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
            match said {
                Said::Frame(frame) => frame.join(&mut slot.frame),
                Said::Scene(scene) => slot.scene = Some(scene),
                Said::Outline(_) => {}
            }
            self.filled.notify_all();
        };
        self.slot.lock().unwrap_or_else(PoisonError::into_inner).ended = Some(ended);
        self.filled.notify_all();
    }
}

impl Source for Remote {
    fn outline(&self) -> &Outline {
        &self.outline
    }

    fn take(&mut self) -> Option<Frame> {
        let mut slot = self.heard.slot.lock().unwrap_or_else(PoisonError::into_inner);
        let frame = slot.frame.take();
        if frame.is_none() && !self.told_end && slot.ended.is_some() {
            self.told_end = true;
            return Some(Frame { told: slot.ended.iter().cloned().collect(), ended: true, ..Frame::default() });
        }
        frame
    }

    fn send(&mut self, command: Command) -> bool {
        self.asked.send(Asked::Command(command)).is_ok()
    }

    fn scene(&mut self) -> Result<Document, LiveError> {
        let failed = |why: &str| LiveError::Failed(why.to_owned());
        self.heard.slot.lock().unwrap_or_else(PoisonError::into_inner).scene = None;
        self.asked.send(Asked::Scene).map_err(|_| failed("the connection has ended"))?;
        let slot = self.heard.slot.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |slot: &mut Slot| slot.scene.is_none() && slot.ended.is_none();
        let waited = self.heard.filled.wait_timeout_while(slot, PATIENCE, waits);
        let mut slot = waited.unwrap_or_else(PoisonError::into_inner).0;
        let (name, text) = slot.scene.take().ok_or_else(|| failed("no answer"))?.map_err(LiveError::Failed)?;
        Ok(Document::parse(name, text)?)
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        // Both threads end with it.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}
