//! Reading through reflection. Numbers inside of larger values, as in a list of blocks, may be expressions of constants too.

use std::any::TypeId;

use bevy_reflect::{
    PartialReflect, TypeRegistration, TypeRegistry,
    serde::{ReflectDeserializerProcessor, TypedReflectDeserializer},
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error},
};

use super::reader::Reader;
use crate::{
    text::{self, Diagnostic, Kind as Form, Node},
    value::Value,
};

impl Reader<'_> {
    /// Reads a node of a type, if need be with expressions where it has numbers.
    pub fn typed(&self, registration: &TypeRegistration, node: &Node) -> Result<Box<dyn PartialReflect>, Diagnostic> {
        // Both ways with a processor, as bevy's readers are compiled once more for a reading without one.
        let read = |numbers: &mut Numbers<'_>| {
            let seed = TypedReflectDeserializer::with_processor(registration, self.types, numbers);
            text::read_seed(self.document, node, seed)
        };
        let mut numbers = Numbers { reader: self, node, takes_expressions: false, found: 0, fault: None };
        read(&mut numbers).or_else(|wrong| {
            numbers.takes_expressions = true;
            let with_expressions = read(&mut numbers);
            match numbers.fault.take() {
                Some(fault) => Err(fault),
                None if numbers.found > 0 => with_expressions,
                // Nothing is new to this reading, and the first one said it better.
                None => Err(wrong),
            }
        })
    }
}

/// Reads numbers, be they written as such or as expressions.
struct Numbers<'a> {
    reader: &'a Reader<'a>,
    node: &'a Node,
    takes_expressions: bool,
    /// Expressions so far.
    found: usize,
    fault: Option<Diagnostic>,
}

impl Numbers<'_> {
    fn number<T: DeserializeOwned>(&mut self, written: &Value) -> Result<T, String> {
        let text = match written {
            Value::Number(number) => return ron::from_str(&number.to_string()).map_err(|error| error.to_string()),
            Value::Text(text) => text.to_string(),
            Value::Array(_) => return Err("expected a number".into()),
        };
        self.found += 1;
        let start = self.node.span.start;
        let quoted = format!("{text:?}");
        let place = self.reader.document.slice(&self.node.span).find(&quoted);
        let span = place.map_or(self.node.span.clone(), |at| start + at..start + at + quoted.len());
        let wrong = Diagnostic::error(format!("expected a number, found `{text}`")).at(span.clone());
        let expression = Node { span, kind: Form::Text(text) };
        self.reader.number(&expression, wrong).map_err(|fault| {
            let message = "an expression that gives no number".to_owned();
            self.fault.get_or_insert(fault);
            message
        })
    }
}

impl ReflectDeserializerProcessor for Numbers<'_> {
    fn try_deserialize<'de, D: Deserializer<'de>>(
        &mut self,
        registration: &TypeRegistration,
        _: &TypeRegistry,
        deserializer: D,
    ) -> Result<Result<Box<dyn PartialReflect>, D>, D::Error> {
        macro_rules! among {
            ($($number:ty),+) => {$(
                if self.takes_expressions && registration.type_id() == TypeId::of::<$number>() {
                    let written = Value::deserialize(deserializer)?;
                    let number: $number = self.number(&written).map_err(D::Error::custom)?;
                    return Ok(Ok(Box::new(number)));
                }
            )+};
        }
        among!(f64, f32, u32, u64, usize, i32, i64);
        Ok(Err(deserializer))
    }
}
