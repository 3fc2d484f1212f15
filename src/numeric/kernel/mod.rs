//! What kernels are made of: instruction sets, exponentials of plain arithmetic, numbers with a rest, marks.

pub mod carried;
pub mod exp;
pub mod flags;
pub mod instruction_set;
