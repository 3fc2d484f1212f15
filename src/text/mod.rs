//! Scene text: RON with positions, edits by path, and diagnostics with carets.
//!
//! [`Document::parse`] turns text into a tree of [`Node`]s that know where they stand,
//! [`set`] changes one value by its path, [`read`] hands a node's text to any serde type.
//! Nothing here knows what a scene means.
//!
//! ```
//! use cortecs::text::{Document, read, set};
//!
//! let scene = Document::parse("net.ron", "(dt: 0.5, groups: {\"a\": (size: 10)})").unwrap();
//! let size = scene.find("groups.a.size").unwrap();
//! assert_eq!(scene.slice(&size.span), "10");
//! assert_eq!(read::<u32>(&scene, size).unwrap(), 10);
//!
//! let faster = set(&scene, "dt=0.1").unwrap();
//! assert_eq!(faster.text(), "(dt: 0.1, groups: {\"a\": (size: 10)})");
//! ```

#![forbid(unsafe_code)]

mod brackets;
mod diagnostic;
mod document;
mod edit;
mod insert;
mod literal;
mod nearest;
mod path;
mod reader;
mod render;
mod syntax;
mod tokens;
mod tree;
pub(crate) mod units;

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod reader_tests;

pub use diagnostic::{Diagnostic, Diagnostics, Help, Severity};
pub use document::{Document, LONGEST};
pub use edit::set;
#[cfg(feature = "live")]
pub(crate) use insert::behind_comma;
pub use literal::{read, read_seed};
pub use nearest::nearest;
pub use tree::{Field, Kind, Node, Span, Word};
