//! Constants: names for numbers, and expressions of them wherever a scene expects a number.

use serde::de::DeserializeOwned;

use super::reader::Reader;
use crate::{
    text::{Diagnostic, Kind as Form, Node},
    value::{Batch, Expression, Fault, Functions, Members, Names, Scope, ValueError},
};

/// Constants as the names of an expression.
struct Known<'a>(&'a [(String, f64)]);

impl Names for Known<'_> {
    fn get(&self, name: &str, _: Batch<'_>) -> Option<Members> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, number)| Members::Uniform(*number))
    }

    fn known(&self) -> Vec<String> {
        self.0.iter().map(|(name, _)| name.clone()).collect()
    }
}

impl<'a> Reader<'a> {
    /// Reads the constants, each of which may use those before it.
    pub fn constants(&mut self, node: Option<&'a Node>) {
        for (name, key, value) in self.entries(node, "constants") {
            let word = |c: char| c.is_alphanumeric() || c == '_';
            if name.starts_with(|c: char| c.is_numeric()) || !name.chars().all(word) {
                let fault = Diagnostic::error(format!("`{name}` is no name for a constant")).at(key.span.clone());
                self.note(fault.note("expressions use it by name: letters, digits and `_`, with a letter first"));
            }
            let number = self.value(Some(value), 0.0);
            self.constants.push((name.to_owned(), number));
        }
    }

    /// The number that an expression in quotes gives where a number is expected; `wrong` if there are no quotes.
    pub fn number<T: DeserializeOwned>(&self, node: &Node, wrong: Diagnostic) -> Result<T, Diagnostic> {
        let Form::Text(text) = &node.kind else { return Err(wrong) };
        // What is a number in quotes for the one is a misplaced word for the other.
        if ron::from_str::<T>("1").is_err() {
            return Err(wrong);
        }
        // Without constants a word is no misspelt name but simply no number.
        let word = text.chars().all(char::is_alphanumeric) && self.constants.is_empty();
        let number = if word { return Err(wrong) } else { self.expression(text, node)? };
        // A whole number is expected where 1.5 cannot be read: the nearest one is taken.
        let whole = ron::from_str::<T>("1.5").is_err();
        let written = if whole { format!("{:.0}", libm::round(number)) } else { format!("{number:?}") };
        ron::from_str(&written).map_err(|_| {
            let message = format!("`{text}` is {number}, which cannot stand here");
            Diagnostic::error(message).at(node.span.clone())
        })
    }

    /// The number of an expression of constants.
    pub fn expression(&self, text: &str, node: &Node) -> Result<f64, Diagnostic> {
        let functions = Functions::default();
        let names = Known(&self.constants);
        let scope = Scope { names: &names, ..Scope::bare(&[1], 0, &[], &functions) };
        let numbers = Expression::parse(text).and_then(|expression| expression.evaluate(&scope, Batch::Range(0, 1)));
        match numbers {
            Ok(Members::Uniform(number)) if number.is_finite() => Ok(number),
            Ok(Members::Uniform(number)) => {
                Err(Diagnostic::error(format!("`{text}` is {number}, which is not a finite number"))
                    .at(node.span.clone()))
            }
            Ok(Members::Each(_)) => {
                let message = format!("`{text}` is not one number: chance has no place here");
                Err(Diagnostic::error(message).at(node.span.clone()))
            }
            Err(error) => Err(self.expression_fault(&error, node)),
        }
    }

    fn expression_fault(&self, error: &ValueError, node: &Node) -> Diagnostic {
        let fault = Diagnostic::error(error.to_string()).at(node.span.clone());
        let (Fault::UnknownName(name) | Fault::UnknownFunction(name)) = &error.fault else { return fault };
        let known: Vec<&str> = error.known.iter().map(String::as_str).collect();
        match crate::text::nearest(name, known.iter().copied()) {
            Some(near) => fault.help(format!("did you mean `{near}`?")),
            None if known.is_empty() => fault.note("a name stands for a constant, and this scene has none"),
            None => fault.note(format!("known names: {}", known.join(", "))),
        }
    }
}
