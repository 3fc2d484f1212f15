//! How the two ends of a socket come to trust one another: the token itself never travels.
//!
//! ```text
//! server: a greeting of 32 bytes (name, version, zeros), a nonce of 16
//! client: HMAC-SHA-256 of greeting and nonce under the token, 32 bytes
//! server: one byte, 1 if it is the right one
//! ```

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    io::{self, Read, Write},
};

use hmac_sha256::HMAC;

/// What the client answers, or who.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("the token is another one")]
    Token,
    #[error("at the other end is no cortecs of version {}", env!("CARGO_PKG_VERSION"))]
    Stranger,
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Frames are not described by themselves: both ends must be of one version.
fn greeting() -> [u8; 32] {
    let mut greeting = [0; 32];
    let text = concat!("cortecs live ", env!("CARGO_PKG_VERSION"));
    greeting.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
    greeting
}

/// Bytes that nobody can guess: hashes under keys that the system has drawn.
pub(super) fn unguessable() -> [u8; 16] {
    let mut bytes = [0; 16];
    for half in bytes.chunks_mut(8) {
        half.copy_from_slice(&RandomState::new().build_hasher().finish().to_le_bytes());
    }
    bytes
}

fn answer(token: &str, nonce: &[u8; 16]) -> [u8; 32] {
    HMAC::mac([&greeting()[..], nonce].concat(), token.as_bytes())
}

/// At the server: whether the client knows the token.
pub(super) fn receive(stream: &mut (impl Read + Write), token: &str) -> Result<(), Refusal> {
    let nonce = unguessable();
    stream.write_all(&greeting())?;
    stream.write_all(&nonce)?;
    let mut answered = [0; 32];
    stream.read_exact(&mut answered)?;
    // All bytes are looked at, however early they differ.
    let differ = answered.iter().zip(answer(token, &nonce)).fold(0, |differ, (a, b)| differ | (a ^ b));
    stream.write_all(&[u8::from(differ == 0)])?;
    if differ == 0 { Ok(()) } else { Err(Refusal::Token) }
}

/// At the client.
pub(super) fn introduce(stream: &mut (impl Read + Write), token: &str) -> Result<(), Refusal> {
    let (mut greeted, mut nonce, mut accepted) = ([0; 32], [0; 16], [0]);
    stream.read_exact(&mut greeted)?;
    if greeted != greeting() {
        return Err(Refusal::Stranger);
    }
    stream.read_exact(&mut nonce)?;
    stream.write_all(&answer(token, &nonce))?;
    stream.read_exact(&mut accepted)?;
    if accepted == [1] { Ok(()) } else { Err(Refusal::Token) }
}
