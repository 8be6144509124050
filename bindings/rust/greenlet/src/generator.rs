// SPDX-License-Identifier: MIT
//! Bodies as iterators.

use crate::{Builder, Coroutine, Error, Step, Yielder};

/// The values that a body yields, from any depth of calls, as an iterator.
///
/// The body runs only inside [`next`](Iterator::next). Its panic comes out of there, and then the iterator is at its end. Dropping it unwinds a body that has not
/// ended.
///
/// ```
/// use greenlet::{Gen, Yielder};
///
/// fn hanoi(n: u32, from: char, to: char, by: char, out: &Yielder<(char, char)>) {
///     if n > 0 {
///         hanoi(n - 1, from, by, to, out);
///         out.yield_((from, to));
///         hanoi(n - 1, by, to, from, out);
///     }
/// }
///
/// let mut moves = Gen::new(|out| hanoi(20, 'A', 'C', 'B', out));
/// assert_eq!(moves.next(), Some(('A', 'B')));
/// assert_eq!(moves.by_ref().take(3).collect::<Vec<_>>(), [('A', 'C'), ('B', 'C'), ('A', 'B')]);
/// ```
#[derive(Debug)]
pub struct Gen<T> {
    coroutine: Coroutine<(), T, ()>,
}

impl<T: 'static> Gen<T> {
    /// Makes one. The body may not borrow from the caller's locals: see [`Scope::generator`](crate::Scope::generator).
    ///
    /// # Panics
    /// Without memory, and while the thread is ending.
    #[track_caller]
    pub fn new(body: impl FnOnce(&Yielder<T>) + 'static) -> Self {
        Self::build(Builder::new(), body).unwrap_or_else(|error| error.raise())
    }

    /// The same with options.
    ///
    /// # Errors
    /// As [`Builder::build`].
    pub fn build(builder: Builder, body: impl FnOnce(&Yielder<T>) + 'static) -> Result<Self, Error> {
        Coroutine::build(builder, |out, ()| body(out)).map(Self::from_coroutine)
    }
}

impl<T> Gen<T> {
    pub(crate) fn from_coroutine(coroutine: Coroutine<(), T, ()>) -> Self {
        Gen { coroutine }
    }
}

impl<T> Iterator for Gen<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        if self.coroutine.is_done() {
            return None;
        }
        match self.coroutine.resume(()) {
            Step::Yielded(value) => Some(value),
            Step::Returned(()) => None,
        }
    }
}

impl<T> std::iter::FusedIterator for Gen<T> {}
