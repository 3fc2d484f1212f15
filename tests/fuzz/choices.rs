//! Decisions from a list of numbers: what is made of them shrinks when the list does.

/// Numbers that decide; behind their end all are 0, which stands for the simplest choice.
pub struct Choices<'a> {
    /// A field is written down once in so many times: a scene with many odd values is refused for one of them.
    rarity: usize,
    numbers: std::slice::Iter<'a, u16>,
}

impl<'a> Choices<'a> {
    pub fn new(numbers: &'a [u16]) -> Self {
        let mut choices = Self { rarity: 1, numbers: numbers.iter() };
        choices.rarity = [3, 10, 40][choices.below(3)];
        choices
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        let number = usize::from(self.numbers.next().copied().unwrap_or_default());
        number % end.max(1)
    }

    /// One of `all`.
    pub fn of<'t, T: ?Sized>(&mut self, all: &[&'t T]) -> &'t T {
        all[self.below(all.len())]
    }

    /// Whether a field is written down.
    pub fn writes(&mut self) -> bool {
        self.once_in(self.rarity)
    }

    /// Whether something happens that does once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }
}
