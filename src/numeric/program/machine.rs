//! Runs a program on columns, block by block. An operand is a place in memory and how far it is from there to its next lanes:
//! sixteen numbers in registers and columns, none in a constant, which has one line of sixteen.
//!
//! A kernel loads sixteen numbers of each operand, reckons, and stores sixteen: where it stores may be one of its operands.
#![expect(unsafe_code, reason = "operands are chosen at run time: slices would be looked at in every instruction")]

use std::{
    cell::RefCell,
    sync::atomic::{Ordering, compiler_fence},
};

use smallvec::SmallVec;

use super::{Operation, Placed, Program};
use crate::numeric::{
    Column, Real, dispatch, exp, exp_m1, mean_exp,
    real::{or_zero, real, wide},
};

/// Numbers that a kernel loads, reckons with and stores at once: 512 bits of `f32`.
pub const LANES: usize = 16;

/// The same number in all lanes: a constant.
pub type Line = [Real; LANES];

/// Registers lie so much farther apart than a block is long, so that not all fall on the same sets of the cache.
const APART: usize = LANES;

/// Columns that are changed, those that are read, constants.
type On<'a, 'b> = (&'a mut [&'b mut [Real]], &'a [&'a [Real]], &'a [Line]);

thread_local! {
    /// Marks that nobody asks for.
    static MARKS: RefCell<Vec<u8>> = RefCell::default();
    /// The registers of this thread.
    static REGISTERS: RefCell<Column<Real>> = RefCell::default();
}

#[derive(Clone, Copy)]
struct Place {
    at: *mut Real,
    /// From one line to the next: `LANES`, or 0 for a constant.
    stride: usize,
}

impl Program {
    /// Runs it on columns that are changed and others that are read, and marks the neurons for which the truth at its mark holds.
    ///
    /// # Panics
    /// There are more or fewer columns, inputs or constants than the program has, or not all are as long as the marks.
    pub fn run(&self, columns: &mut [&mut [Real]], inputs: &[&[Real]], constants: &[Line], marks: &mut [u8]) {
        self.run_on((columns, inputs, constants), marks);
    }

    /// Runs it without marks, which are none: on so many neurons.
    ///
    /// # Panics
    /// As [`run`](Self::run).
    pub fn run_unmarked(&self, columns: &mut [&mut [Real]], inputs: &[&[Real]], constants: &[Line], n: usize) {
        MARKS.with_borrow_mut(|marks| {
            if marks.len() < n {
                marks.resize(n, 0);
            }
            self.run_on((columns, inputs, constants), &mut marks[..n]);
        });
    }

    fn run_on(&self, (columns, inputs, constants): On<'_, '_>, marks: &mut [u8]) {
        let n = marks.len();
        let fit = [columns.len(), inputs.len(), constants.len()]
            == [self.counts.columns, self.counts.inputs, self.counts.constants];
        assert!(fit && columns.iter().all(|c| c.len() == n) && inputs.iter().all(|c| c.len() == n), "columns that fit");
        let whole = n / LANES * LANES;
        REGISTERS.with_borrow_mut(|registers| {
            let room = self.counts.registers * (self.block + APART);
            if registers.len() < room {
                registers.resize(0.0, room);
            }
            let mut places = self.places(registers, columns, inputs, constants);
            self.run_whole(&mut places, &mut marks[..whole]);
            if whole < n {
                self.run_rest(registers, (columns, inputs, constants), &mut marks[whole..], whole);
            }
        });
    }

    /// The places of all operands at the first neuron.
    fn places(
        &self,
        registers: &mut [Real],
        columns: &mut [&mut [Real]],
        inputs: &[&[Real]],
        constants: &[Line],
    ) -> SmallVec<[Place; 96]> {
        let mut places = SmallVec::new();
        let registers = registers.chunks_mut(self.block + APART).take(self.counts.registers);
        places.extend(registers.map(|register| Place { at: register.as_mut_ptr(), stride: LANES }));
        places.extend(columns.iter_mut().map(|column| Place { at: column.as_mut_ptr(), stride: LANES }));
        places.extend(inputs.iter().map(|input| Place { at: input.as_ptr().cast_mut(), stride: LANES }));
        places.extend(constants.iter().map(|line| Place { at: line.as_ptr().cast_mut(), stride: 0 }));
        places
    }

    /// A multiple of sixteen neurons.
    fn run_whole(&self, places: &mut [Place], marks: &mut [u8]) {
        let moving = self.counts.registers..self.counts.registers + self.counts.columns + self.counts.inputs;
        dispatch(
            #[inline(always)]
            || {
                for marks in marks.chunks_mut(self.block) {
                    for placed in &self.code {
                        // SAFETY: `Program::new` has seen that `to` and those operands that the operation takes are among all
                        // places, and that `to` is a register or a column, which this thread alone has. `run` has seen that
                        // columns and inputs go on for all of the marks, and registers are a block long.
                        unsafe { step(*placed, places, marks.len() / LANES) };
                    }
                    let Place { at, stride } = places[usize::from(self.mark)];
                    // A truth that is a constant is the same for all.
                    let truths = if stride == 0 { 1 } else { marks.len() };
                    // SAFETY: as above; nobody writes there while it is read.
                    match unsafe { std::slice::from_raw_parts(at, truths) } {
                        [truth] if stride == 0 => marks.fill(u8::from(*truth != 0.0)),
                        truths => {
                            marks.iter_mut().zip(truths).for_each(|(mark, truth)| *mark = u8::from(*truth != 0.0));
                        }
                    }
                    for place in &mut places[moving.clone()] {
                        place.at = place.at.wrapping_add(marks.len());
                    }
                }
            },
        );
    }

    /// The neurons behind the last sixteen, in lines that are filled up.
    fn run_rest(
        &self,
        registers: &mut [Real],
        (columns, inputs, constants): (&mut [&mut [Real]], &[&[Real]], &[Line]),
        marks: &mut [u8],
        whole: usize,
    ) {
        let filled = |column: &[Real]| {
            let mut line = [0.0; LANES];
            line[..column.len() - whole].copy_from_slice(&column[whole..]);
            line
        };
        let mut own: Vec<Line> = columns.iter().map(|column| filled(column)).collect();
        let read: Vec<Line> = inputs.iter().map(|input| filled(input)).collect();
        let mut all_marks = [0; LANES];
        let mut own_lines: Vec<&mut [Real]> = own.iter_mut().map(|line| &mut line[..]).collect();
        let read_lines: Vec<&[Real]> = read.iter().map(|line| &line[..]).collect();
        let mut places = self.places(registers, &mut own_lines, &read_lines, constants);
        self.run_whole(&mut places, &mut all_marks);
        for (column, line) in columns.iter_mut().zip(&own) {
            let rest = column.len() - whole;
            column[whole..].copy_from_slice(&line[..rest]);
        }
        let rest = marks.len();
        marks.copy_from_slice(&all_marks[..rest]);
    }
}

/// The operands of an instruction, and where its numbers go.
#[derive(Clone, Copy)]
struct Operands<'a> {
    placed: Placed,
    places: &'a [Place],
    lines: usize,
}

impl Operands<'_> {
    #[inline(always)]
    fn from(&self, k: usize) -> Place {
        self.places[usize::from(self.placed.from[k])]
    }

    /// Which of the first operands are constants: a bit for each.
    #[inline(always)]
    fn constants<const N: usize>(&self) -> usize {
        (0..N).fold(0, |mask, k| mask | usize::from(self.from(k).stride == 0) << k)
    }

    /// `f` of each lane. Operands in `CONSTANT` (bits) are the same in all and stay in registers; others that are constants are
    /// loaded each time.
    ///
    /// # Safety
    /// All operands and where the numbers go are so many lines long.
    #[inline(always)]
    unsafe fn each<const N: usize, const CONSTANT: usize>(&self, f: impl Fn([Real; N]) -> Real) {
        let to = self.places[usize::from(self.placed.to)].at;
        let mut from = [Place { at: to, stride: 0 }; N];
        let mut fixed = [0.0; N];
        for k in 0..N {
            from[k] = self.from(k);
            if CONSTANT >> k & 1 == 1 {
                // SAFETY: a constant has a line.
                fixed[k] = unsafe { *from[k].at };
            }
        }
        for line in 0..self.lines {
            let mut x = [[0.0; LANES]; N];
            for k in 0..N {
                if CONSTANT >> k & 1 == 0 {
                    // SAFETY: as the caller says. Lines are read whole before one is written, so that `to` may be among them.
                    x[k] = unsafe { from[k].at.add(line * from[k].stride).cast::<Line>().read_unaligned() };
                }
            }
            let mut y = [0.0; LANES];
            for lane in 0..LANES {
                let mut a = [0.0; N];
                for k in 0..N {
                    a[k] = if CONSTANT >> k & 1 == 1 { fixed[k] } else { x[k][lane] };
                }
                y[lane] = f(a);
            }
            // SAFETY: as the caller says.
            unsafe { to.add(line * LANES).cast::<Line>().write_unaligned(y) };
            // Lines are vectors as they are. Left alone, the compiler makes vectors of several lines, a lane of each, which takes
            // gathers and scatters, and three quarters of all code here; it costs no instruction.
            compiler_fence(Ordering::SeqCst);
        }
    }
}

#[inline(always)]
fn truth(holds: bool) -> Real {
    if holds { 1.0 } else { 0.0 }
}

/// A function of `libm`, which gives the same bits everywhere: one lane after another.
#[inline(always)]
fn exactly(f: impl Fn(f64) -> f64) -> impl Fn([Real; 1]) -> Real {
    #[inline(always)]
    move |[a]| real(f(wide(a)))
}

/// Operations for which the loads of constants count: some of the ways in which constants stand are kernels of their own. With
/// one for each way (a thousand) the crate took minutes to compile; these are what models have, and 12 to 17 % faster.
macro_rules! hot {
    ($o:ident, $n:literal, $f:expr; $($mask:literal),+) => {
        match $o.constants::<$n>() {
            $($mask => $o.each::<$n, $mask>($f),)+
            _ => $o.each::<$n, 0>($f),
        }
    };
}

/// One instruction on so many lines.
///
/// # Safety
/// Its operands are among the places and so many lines long, and nobody else reads or writes where its numbers go.
#[inline(always)]
unsafe fn step(placed: Placed, places: &[Place], lines: usize) {
    let o = Operands { placed, places, lines };
    // SAFETY: as the caller says.
    unsafe {
        match placed.operation {
            Operation::Copy => o.each::<1, 0>(|[a]| a),
            Operation::Negate => o.each::<1, 0>(|[a]| -a),
            Operation::Absolute => o.each::<1, 0>(|[a]| a.abs()),
            Operation::SquareRoot => o.each::<1, 0>(|[a]| a.sqrt()),
            Operation::Exponential => o.each::<1, 0>(|[a]| exp(a)),
            Operation::ExpM1 => o.each::<1, 0>(|[a]| exp_m1(a)),
            Operation::MeanExp => o.each::<1, 0>(|[a]| mean_exp(a)),
            Operation::Logarithm => o.each::<1, 0>(exactly(libm::log)),
            Operation::Sine => o.each::<1, 0>(exactly(libm::sin)),
            Operation::Cosine => o.each::<1, 0>(exactly(libm::cos)),
            Operation::Floor => o.each::<1, 0>(|[a]| a.floor()),
            Operation::Round => o.each::<1, 0>(|[a]| a.round()),
            Operation::Not => o.each::<1, 0>(|[a]| truth(a == 0.0)),
            Operation::OrZero => o.each::<1, 0>(|[a]| or_zero(a)),
            Operation::Add => hot!(o, 2, |[a, b]| a + b; 2),
            Operation::Subtract => hot!(o, 2, |[a, b]| a - b; 1),
            Operation::Multiply => hot!(o, 2, |[a, b]| a * b; 2),
            Operation::Divide => o.each::<2, 0>(|[a, b]| a / b),
            Operation::Minimum => o.each::<2, 0>(|[a, b]| if b < a { b } else { a }),
            Operation::Maximum => o.each::<2, 0>(|[a, b]| if b > a { b } else { a }),
            Operation::Power => o.each::<2, 0>(|[a, b]| real(libm::pow(wide(a), wide(b)))),
            Operation::Less => hot!(o, 2, |[a, b]| truth(a < b); 1, 2),
            Operation::LessEqual => hot!(o, 2, |[a, b]| truth(a <= b); 1, 2),
            Operation::Equal => o.each::<2, 0>(|[a, b]| truth(a == b)),
            Operation::And => o.each::<2, 0>(|[a, b]| truth((a != 0.0) & (b != 0.0))),
            Operation::Or => o.each::<2, 0>(|[a, b]| truth((a != 0.0) | (b != 0.0))),
            Operation::Select => hot!(o, 3, |[c, a, b]| if c != 0.0 { a } else { b }; 2, 4),
            Operation::MulAdd => hot!(o, 3, |[a, b, c]| a * b + c; 2, 6),
            Operation::MulSub => o.each::<3, 0>(|[a, b, c]| a * b - c),
            Operation::SubMulOf => o.each::<3, 0>(|[a, b, c]| a - b * c),
            Operation::AddMul => hot!(o, 3, |[a, b, c]| (a + b) * c; 2, 4, 6),
            Operation::SubMul => hot!(o, 3, |[a, b, c]| (a - b) * c; 1, 4, 5),
            Operation::AddAdd => o.each::<3, 0>(|[a, b, c]| a + b + c),
            Operation::AddSub => hot!(o, 3, |[a, b, c]| a + b - c; 2),
            Operation::SubAdd => o.each::<3, 0>(|[a, b, c]| a - b + c),
            Operation::SubSub => o.each::<3, 0>(|[a, b, c]| a - b - c),
            Operation::MulMul => hot!(o, 3, |[a, b, c]| a * b * c; 4),
            Operation::DivMul => o.each::<3, 0>(|[a, b, c]| a / b * c),
            Operation::MulDiv => o.each::<3, 0>(|[a, b, c]| a * b / c),
            Operation::SubDiv => o.each::<3, 0>(|[a, b, c]| (a - b) / c),
            Operation::ExpMul => o.each::<2, 0>(|[a, b]| exp(a * b)),
            Operation::ExpMulAdd => o.each::<3, 0>(|[a, b, c]| exp(a * b + c)),
            Operation::SelectLess => o.each::<4, 0>(|[a, b, c, d]| if a < b { c } else { d }),
            Operation::SelectLessEqual => o.each::<4, 0>(|[a, b, c, d]| if a <= b { c } else { d }),
            Operation::MulMulAdd => hot!(o, 4, |[a, b, c, d]| a * b * c + d; 4),
            Operation::MulAddMul => o.each::<4, 0>(|[a, b, c, d]| (a * b + c) * d),
            Operation::SubMulAdd => hot!(o, 4, |[a, b, c, d]| (a - b) * c + d; 4, 1),
            Operation::AddMulAdd => hot!(o, 4, |[a, b, c, d]| (a + b) * c + d; 4, 6),
            Operation::MulAddMulOf => hot!(o, 4, |[a, b, c, d]| a * b + c * d; 2, 10),
            Operation::MulSubMulOf => o.each::<4, 0>(|[a, b, c, d]| a * b - c * d),
            Operation::MulAddAdd => hot!(o, 4, |[a, b, c, d]| a * b + c + d; 2),
            Operation::MulAddSub => hot!(o, 4, |[a, b, c, d]| a * b + c - d; 2),
            Operation::SubMulOfMul => hot!(o, 4, |[a, b, c, d]| (a - b * c) * d; 12),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Counts, Instruction, Operand},
        *,
    };

    /// x ← (x + 2) · y, and a mark where it is above 10: for any number of neurons, and for columns that are written in place.
    #[test]
    fn every_neuron_gets_its_number_and_its_mark() {
        let [x, y, two, ten] = [Operand::Column(0), Operand::Input(0), Operand::Constant(0), Operand::Constant(1)];
        let above = Operand::Register(0);
        let code = [
            Instruction { operation: Operation::AddMul, to: x, from: [x, two, y, y] },
            Instruction { operation: Operation::Less, to: above, from: [ten, x, x, x] },
        ];
        let counts = Counts { registers: 1, columns: 1, inputs: 1, constants: 2 };
        let program = Program::new(&code, counts, above).unwrap();
        for n in [0, 1, 15, 16, 17, 511, 512, 1500, 2048] {
            let mut column: Vec<Real> = (0..n).map(|i| real((i % 5) as f64)).collect();
            let input: Vec<Real> = (0..n).map(|i| real((i % 7) as f64)).collect();
            let mut marks = vec![2; n];
            program.run(&mut [&mut column], &[&input], &[[2.0; LANES], [10.0; LANES]], &mut marks);
            for i in 0..n {
                let expected = real(((i % 5 + 2) * (i % 7)) as f64);
                assert_eq!((column[i], marks[i]), (expected, u8::from(expected > 10.0)), "{i} of {n}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "columns that fit")]
    fn columns_of_another_length_are_not_run_on() {
        let code = [Instruction { operation: Operation::Copy, to: Operand::Column(0), from: [Operand::Input(0); 4] }];
        let counts = Counts { registers: 0, columns: 1, inputs: 1, constants: 0 };
        let program = Program::new(&code, counts, Operand::Column(0)).unwrap();
        program.run(&mut [&mut [0.0; 20]], &[&[0.0; 19]], &[], &mut [0; 20]);
    }
}
