// SPDX-License-Identifier: MIT
//! Handles that know what their greenlet takes and returns.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use crate::builder::make_plain;
use crate::{AnyGreenlet, Error};

/// A greenlet that is switched to with an `In` and comes back with an `Out`.
///
/// The compiler checks what is sent. What comes back is whatever somebody sends here, most often this greenlet's body, which returns an `Out` or sends one to
/// its parent; that is checked when it comes. [`AnyGreenlet`], which this dereferences to, has all other operations.
///
/// ```
/// use greenlet::Greenlet;
///
/// let doubler = Greenlet::new(|mut n: i32| -> i32 {
///     for _ in 0..2 {
///         n = greenlet::parent().switch(2 * n);
///     }
///     0
/// });
/// assert_eq!([doubler.switch(1), doubler.switch(2), doubler.switch(3)], [2, 4, 0]);
/// ```
pub struct Greenlet<In, Out> {
    any: AnyGreenlet,
    takes: PhantomData<fn(In) -> Out>,
}

impl<In: 'static, Out: 'static> Greenlet<In, Out> {
    /// Makes an unstarted child of the current greenlet.
    ///
    /// The body gets the first value and returns the last one, which goes to the parent; and so does a panic. The closure is dropped as soon as it has ended,
    /// on its own stack. It may not borrow from the caller's locals: see [`scope`](crate::scope()) for that.
    ///
    /// # Panics
    /// Without memory, and while the thread is ending.
    #[inline(always)]
    #[track_caller]
    pub fn new<F: FnOnce(In) -> Out + 'static>(body: F) -> Self {
        match make_plain(body) {
            Ok(any) => Self::from_any(any),
            Err(error) => error.raise(),
        }
    }

    /// As [`AnyGreenlet::switch`], with the types of this one.
    ///
    /// # Panics
    /// Likewise.
    #[inline(always)]
    #[track_caller]
    pub fn switch(&self, value: In) -> Out {
        self.any.switch(value)
    }

    /// As [`AnyGreenlet::try_switch`], with the types of this one.
    ///
    /// # Errors
    /// Likewise.
    #[inline(always)]
    pub fn try_switch(&self, value: In) -> Result<Out, Error> {
        self.any.try_switch(value)
    }
}

impl<In, Out> Greenlet<In, Out> {
    pub(crate) fn from_any(any: AnyGreenlet) -> Self {
        Greenlet { any, takes: PhantomData }
    }

    /// The same greenlet, without the types.
    #[inline]
    #[must_use]
    pub fn any(&self) -> &AnyGreenlet {
        &self.any
    }

    /// The same handle, without the types.
    #[must_use]
    pub fn into_any(self) -> AnyGreenlet {
        self.any
    }
}

impl<In, Out> Deref for Greenlet<In, Out> {
    type Target = AnyGreenlet;

    #[inline(always)]
    fn deref(&self) -> &AnyGreenlet {
        &self.any
    }
}

impl<In, Out> Clone for Greenlet<In, Out> {
    fn clone(&self) -> Self {
        Self::from_any(self.any.clone())
    }
}

impl<In, Out> fmt::Debug for Greenlet<In, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.any.fmt(f)
    }
}
