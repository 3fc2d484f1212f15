//! Programs: lists of instructions on blocks of numbers, for kernels that are known only when the program runs. What they are made
//! from is somebody else's business.

mod machine;
mod operation;

pub use machine::{LANES, Line};
pub use operation::Operation;

/// The most registers of a program; the memory that it runs in is a few of the second-level cache's kilobytes.
pub const REGISTERS: usize = 256;

/// Numbers that an instruction reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// Numbers on the way, one for each neuron of a block.
    Register(u16),
    /// A column that is read and written.
    Column(u16),
    /// A column that is read.
    Input(u16),
    /// The same number for all neurons.
    Constant(u16),
}

/// One operation on all neurons of a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Instruction {
    /// What is done.
    pub operation: Operation,
    /// Where it goes: a register or a column.
    pub to: Operand,
    /// With what, as many as the operation takes.
    pub from: [Operand; 4],
}

/// How much of each kind of operand there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Registers.
    pub registers: usize,
    /// Columns that are read and written.
    pub columns: usize,
    /// Columns that are read.
    pub inputs: usize,
    /// Constants.
    pub constants: usize,
}

impl Counts {
    /// The place of an operand among all, if there is such a one.
    fn place(&self, operand: Operand) -> Option<u16> {
        let (before, there, own) = match operand {
            Operand::Register(k) => (0, self.registers, k),
            Operand::Column(k) => (self.registers, self.columns, k),
            Operand::Input(k) => (self.registers + self.columns, self.inputs, k),
            Operand::Constant(k) => (self.registers + self.columns + self.inputs, self.constants, k),
        };
        let is_there = usize::from(own) < there;
        u16::try_from(before + usize::from(own)).ok().filter(|_| is_there)
    }
}

/// A list of instructions that was looked through: it has what its operands name.
#[derive(Clone, Debug)]
pub struct Program {
    code: Vec<Placed>,
    counts: Counts,
    /// Neurons that are worked on at once: what they need stays in the first-level cache.
    block: usize,
    /// Where the truth stands that becomes a mark.
    mark: u16,
}

/// An instruction whose operands are places among all.
#[derive(Clone, Copy, Debug)]
struct Placed {
    operation: Operation,
    to: u16,
    from: [u16; 4],
}

/// Bytes of the first-level cache that a block may fill.
const CACHE: usize = 24 << 10;

impl Program {
    /// The program of some instructions, one after another; `mark` says where the truth stands that marks a neuron. `None` if an
    /// operand is none that there is, or something is written that is only read.
    #[must_use]
    pub fn new(code: &[Instruction], counts: Counts, mark: Operand) -> Option<Self> {
        if counts.registers > REGISTERS {
            return None;
        }
        let placed = |instruction: &Instruction| {
            let Instruction { operation, to, from } = *instruction;
            let to = counts.place(to).filter(|_| matches!(to, Operand::Register(_) | Operand::Column(_)))?;
            let mut places = [to; 4];
            for (place, operand) in places.iter_mut().zip(from).take(operation.arity()) {
                *place = counts.place(operand)?;
            }
            Some(Placed { operation, to, from: places })
        };
        let code = code.iter().map(placed).collect::<Option<Vec<_>>>()?;
        let lines = counts.registers + counts.columns + counts.inputs;
        let fits = |block: &usize| lines * block * size_of::<crate::numeric::Real>() <= CACHE;
        let block = [1024, 512, 256].into_iter().find(fits).unwrap_or(128);
        Some(Self { code, counts, block, mark: counts.place(mark)? })
    }

    /// How many instructions it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.code.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_no_operand_or_writes_what_is_read_is_no_program() {
        let counts = Counts { registers: 1, columns: 1, inputs: 1, constants: 1 };
        let made = |to, from, mark| {
            let code = [Instruction { operation: Operation::Negate, to, from: [from; 4] }];
            Program::new(&code, counts, mark).is_some()
        };
        let [register, column, input, constant] =
            [Operand::Register(0), Operand::Column(0), Operand::Input(0), Operand::Constant(0)];
        assert!(made(register, input, constant) && made(column, column, register));
        assert!(!made(input, column, register) && !made(constant, column, register));
        assert!(!made(register, Operand::Input(1), register) && !made(register, input, Operand::Constant(1)));
        assert!(!made(Operand::Column(1), input, register));
        let many = Counts { registers: REGISTERS + 1, ..counts };
        assert!(Program::new(&[], many, register).is_none());
    }
}
