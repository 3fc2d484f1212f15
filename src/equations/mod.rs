//! Models as text: equations to programs on blocks of neurons. No ECS and no scene in here.
//!
//! ```text
//! text → statements → graph → the step of a method → instructions → program
//! ```
//! A graph has no duplicates, and what it knows is folded in double precision; a [method](Method) rewrites it, so that the state
//! after a step is a graph of the state before. Each operation of a program is one of IEEE 754 and rounds by itself, so that the bits
//! are the same for any instruction set, any number of threads and any size of a block.
#![forbid(unsafe_code)]

mod assembly;
mod build;
mod derivative;
mod exact;
mod graph;
#[cfg(test)]
mod graph_tests;
mod implicit;
mod lower;
mod method;
mod model;
mod observed;
mod operation;
mod receptor;
mod rule;
mod select;
mod settle;
mod statement;
mod step;
mod surroundings;
mod units;

pub use graph::Fixed;
pub use lower::Lowered;
pub use method::Method;
pub use model::{Model, Part, Wrong, is_taken};
pub use observed::Observed;
pub use receptor::{Membranous, ReceptorModel, RunnableReceptor, WEIGHT};
pub use rule::{Event, Read, RuleModel, RuleSurroundings, RunnableRule};
pub use step::runnable;
pub use surroundings::{Rows, Runnable, Site, Source, Surroundings, When};
pub use units::{check as check_units, is_unit};
