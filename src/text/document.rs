//! A text that parsed, with its name and its tree.

use std::sync::Arc;

use super::diagnostic::{Diagnostic, Diagnostics};
use super::path;
use super::reader;
use super::tree::{Node, Span};

/// The longest text of a scene (bytes). Its tree takes up to forty times as much memory; the longest scene in `scenes/` has
/// 25 kB, and numbers by the million belong in an array's file.
pub const LONGEST: usize = 16 << 20;

/// A valid RON text and its tree. It does not change; [`set`](crate::text::set) makes a new one.
#[derive(Debug, Clone)]
pub struct Document {
    name: String,
    text: Arc<str>,
    root: Node,
}

impl Document {
    /// Reads `text`; `name` is what diagnostics call it, usually its path.
    ///
    /// # Errors
    /// The first syntax error, or every field and map key that is given twice.
    /// Values nested more than 64 deep are refused, and texts of more than [`LONGEST`] bytes.
    pub fn parse(name: impl Into<String>, text: impl Into<Arc<str>>) -> Result<Self, Diagnostics> {
        let (name, mut text) = (name.into(), text.into());
        // A byte-order mark, with which some editors begin.
        if let Some(rest) = text.strip_prefix('\u{feff}') {
            text = rest.into();
        }
        if text.len() > LONGEST {
            let message = format!("a scene has {} MiB of text at most, this one {} bytes", LONGEST >> 20, text.len());
            // Without the text itself, for which there would have to be room once more.
            return Err(Diagnostics::without_source().with(Diagnostic::error(message).note(format!("`{name}`"))));
        }
        match reader::read(&text) {
            Ok(root) => Ok(Self { name, text, root }),
            Err(errors) => {
                let mut diagnostics = Diagnostics::new(name, text);
                diagnostics.extend(errors);
                Err(diagnostics)
            }
        }
    }

    /// The value that the text is.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The text as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text at `span`; empty for a span of another document that does not fit.
    pub fn slice(&self, span: &Span) -> &str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    /// The value at `path`, if there is exactly one.
    ///
    /// Steps are separated by dots and may be quoted: `groups."a.b".size`. A step is
    /// - the name of a struct's field,
    /// - the key of a map's entry,
    /// - the index of an element of a list or tuple, from 0,
    /// - in a list, the name of a named element (`behaviours.Izhikevich.a`) or the text of its
    ///   field `name`,
    /// - in a struct without such a field, the name of an element in one of its lists
    ///   (`groups.excitatory.Izhikevich.a`).
    ///
    /// `Some(...)` around a value takes no step.
    pub fn find(&self, path: &str) -> Option<&Node> {
        let (steps, end) = path::steps(path).ok()?;
        if end < path.len() {
            return None;
        }
        steps.iter().try_fold(&self.root, |node, step| path::enter(&self.text, node, &step.text).ok())
    }

    /// No complaint yet about this document, to collect some.
    pub fn diagnostics(&self) -> Diagnostics {
        Diagnostics::new(self.name.clone(), Arc::clone(&self.text))
    }
}
