//! The server's end of the socket: clients come and go, each with a slot for the frame that it has not had yet. Who is slow gets in
//! one frame what was in several; nobody waits for anybody.

use std::{
    io::{self, BufReader, BufWriter},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{Command, Frame, Outline, handshake, wire};

/// Clients that are served at a time, and those that have not yet said who they are.
const MOST_CLIENTS: usize = 8;

/// The longest message of a client (bytes): a value for each neuron of a large group.
pub(super) const LONGEST_ASKED: u32 = 16 << 20;

/// How long a client may be silent before it has said who it is, and how long it may not read what it is sent.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a client asks.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Asked {
    Command(Command),
    /// The scene with everything that was done.
    Scene,
}

/// What a client is told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Said {
    Outline(Outline),
    Frame(Box<Frame>),
    Scene(Result<(String, String), String>),
}

/// What comes from clients.
pub(super) enum Event {
    Joined(Arc<Client>),
    Asked(Arc<Client>, Asked),
}

/// A socket on which a network can be watched, before there is one.
pub struct Port {
    listener: TcpListener,
    token: String,
    steerable: bool,
}

impl Port {
    /// Opens a socket: a port alone on the loopback device, where only this machine can reach it; with an address wherever that is. Port
    /// 0 is any that is free. Without a token one is drawn.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(address: &str, token: Option<String>, steerable: bool) -> io::Result<Self> {
        let listener = match address.parse::<u16>() {
            Ok(port) => TcpListener::bind(("127.0.0.1", port))?,
            Err(_) => TcpListener::bind(address.to_socket_addrs()?.collect::<Vec<_>>().as_slice())?,
        };
        listener.set_nonblocking(true)?;
        let drawn = || handshake::unguessable().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { listener, token: token.unwrap_or_else(drawn), steerable })
    }

    /// Where it is.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// What clients must know.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Whether clients may do more than look.
    #[must_use]
    pub const fn steerable(&self) -> bool {
        self.steerable
    }

    /// Lets clients in, who are told what the network is.
    pub(super) fn serve(self, outline: Outline) -> Served {
        let (events, inbox) = channel();
        let open = Arc::new(AtomicBool::new(true));
        let accepting = Accepting { open: open.clone(), outline, token: self.token, events, clients: Arc::default() };
        thread::spawn(move || accepting.run(&self.listener));
        Served { open, inbox }
    }
}

/// A socket that clients come to.
pub(super) struct Served {
    open: Arc<AtomicBool>,
    pub inbox: Receiver<Event>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.open.store(false, SeqCst);
    }
}

/// The thread that lets clients in.
#[derive(Clone)]
struct Accepting {
    open: Arc<AtomicBool>,
    outline: Outline,
    token: String,
    events: Sender<Event>,
    clients: Arc<AtomicUsize>,
}

impl Accepting {
    fn run(self, listener: &TcpListener) {
        while self.open.load(SeqCst) {
            match listener.accept() {
                Ok((stream, _)) if self.clients.load(SeqCst) < MOST_CLIENTS => {
                    let own = self.clone();
                    own.clients.fetch_add(1, SeqCst);
                    thread::spawn(move || {
                        // Whoever knows no token, or goes, is none of the run's business.
                        let _ = own.serve(stream);
                        own.clients.fetch_sub(1, SeqCst);
                    });
                }
                Ok((stream, _)) => _ = stream.shutdown(Shutdown::Both),
                Err(_) => thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// A client from its first byte to its last.
    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        handshake::receive(&mut stream, &self.token).map_err(io::Error::other)?;
        wire::write(&mut stream, &Said::Outline(self.outline.clone()))?;
        stream.set_read_timeout(None)?;
        let client = Arc::new(Client::default());
        let (own, to, open) = (client.clone(), stream.try_clone()?, self.open.clone());
        let writer = thread::spawn(move || {
            let _ = own.write(&to, &open);
            own.leave();
            let _ = to.shutdown(Shutdown::Both);
        });
        let _ = self.events.send(Event::Joined(client.clone()));
        let mut from = BufReader::new(&stream);
        while let Ok(asked) = wire::read(&mut from, LONGEST_ASKED) {
            if self.events.send(Event::Asked(client.clone(), asked)).is_err() {
                break;
            }
        }
        client.leave();
        let _ = writer.join();
        Ok(())
    }
}

/// Somebody who watches.
#[derive(Default)]
pub(super) struct Client {
    slot: Mutex<Slot>,
    filled: Condvar,
}

/// What a client is to be told.
#[derive(Default)]
struct Slot {
    frame: Option<Frame>,
    scene: Option<Result<(String, String), String>>,
    gone: bool,
}

impl Client {
    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is gone.
    pub fn is_gone(&self) -> bool {
        self.slot().gone
    }

    fn leave(&self) {
        self.slot().gone = true;
        self.filled.notify_all();
    }

    /// Shows it a frame, after those that it has not had yet.
    pub fn show(&self, frame: Frame) {
        let mut slot = self.slot();
        frame.join(&mut slot.frame);
        self.filled.notify_all();
    }

    /// Answers it with the scene: name and text.
    pub fn answer(&self, scene: Result<(String, String), String>) {
        self.slot().scene = Some(scene);
        self.filled.notify_all();
    }

    fn write(&self, stream: &TcpStream, open: &AtomicBool) -> io::Result<()> {
        let mut to = BufWriter::new(stream);
        loop {
            let mut slot = self.slot();
            while slot.frame.is_none() && slot.scene.is_none() && !slot.gone {
                // Who goes silently is seen to be gone when he is written to; the run's end is looked for now and then.
                let waited = self.filled.wait_timeout(slot, Duration::from_millis(200));
                slot = waited.unwrap_or_else(PoisonError::into_inner).0;
                if !open.load(SeqCst) && slot.frame.is_none() {
                    return Ok(());
                }
            }
            if slot.gone {
                return Ok(());
            }
            let (frame, scene) = (slot.frame.take(), slot.scene.take());
            // Not while the slot is locked: writing waits for the client.
            drop(slot);
            if let Some(frame) = frame {
                wire::write(&mut to, &Said::Frame(Box::new(frame)))?;
            }
            if let Some(scene) = scene {
                wire::write(&mut to, &Said::Scene(scene))?;
            }
        }
    }
}
