// SPDX-License-Identifier: MIT
//! Bodies that exchange values with whoever resumes them: all types are known, so nothing is checked, and values may borrow.

use std::cell::Cell;
use std::fmt;
use std::ptr::null_mut;
use std::rc::Rc;

use greenlet_sys as sys;

use crate::error::Error;
use crate::{transfer, AnyGreenlet, Builder, State};

/// What a resumed [`Coroutine`] came back with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step<Y, R> {
    /// It waits for the next input.
    Yielded(Y),
    /// It has ended.
    Returned(R),
}

/// A body that is resumed with an `In` and comes back with a `Y`, until it returns an `R`.
///
/// It is the child of whoever resumes it. Others run when its body switches to them in between. Dropping it unwinds a body that has not ended.
///
/// ```
/// use greenlet::{Coroutine, Step, Yielder};
///
/// let mut average = Coroutine::new(|out: &Yielder<f64, Option<f64>>, mut next| {
///     let (mut sum, mut n) = (0.0, 0);
///     while let Some(x) = next {
///         sum += x;
///         n += 1;
///         next = out.yield_(sum / f64::from(n));
///     }
///     n
/// });
/// assert_eq!(average.resume(Some(1.0)), Step::Yielded(1.0));
/// assert_eq!(average.resume(Some(2.0)), Step::Yielded(1.5));
/// assert_eq!(average.resume(None), Step::Returned(2));
/// ```
pub struct Coroutine<In, Y, R> {
    body: AnyGreenlet,
    shared: Rc<Shared<In, Y, R>>,
}

struct Shared<In, Y, R> {
    yielder: Yielder<Y, In>,
    returned: Cell<Option<R>>,
}

/// What a [`Coroutine`]'s or [`Gen`](crate::Gen)'s body hands its values out with.
pub struct Yielder<Y, In = ()> {
    input: Cell<Option<In>>,
    output: Cell<Option<Y>>,
    body: Cell<*mut sys::gl_greenlet>,
    /// The body's parent, which keeps it there.
    resumer: Cell<*mut sys::gl_greenlet>,
    resumer_waits: Cell<bool>,
}

impl<In: 'static, Y: 'static, R: 'static> Coroutine<In, Y, R> {
    /// Makes one; the body starts with the first input. It may not borrow from the caller's locals: see [`Scope::coroutine`](crate::Scope::coroutine).
    ///
    /// # Panics
    /// Without memory, and while the thread is ending.
    #[track_caller]
    pub fn new(body: impl FnOnce(&Yielder<Y, In>, In) -> R + 'static) -> Self {
        Self::build(Builder::new(), body).unwrap_or_else(|error| error.raise())
    }

    /// The same with options.
    ///
    /// # Errors
    /// As [`Builder::build`].
    pub fn build(builder: Builder, body: impl FnOnce(&Yielder<Y, In>, In) -> R + 'static) -> Result<Self, Error> {
        // SAFETY: the body borrows nothing.
        unsafe { Self::make(builder, body, ()) }
    }
}

impl<In, Y, R> Coroutine<In, Y, R> {
    /// # Safety
    /// What the body, inputs and outputs borrow stays until `until` is dropped, which happens last.
    pub(crate) unsafe fn make(builder: Builder, body: impl FnOnce(&Yielder<Y, In>, In) -> R, until: impl Sized) -> Result<Self, Error> {
        let yielder = Yielder {
            input: Cell::default(),
            output: Cell::default(),
            body: Cell::new(null_mut()),
            resumer: Cell::new(null_mut()),
            resumer_waits: Cell::new(false),
        };
        let shared = Rc::new(Shared { yielder, returned: Cell::default() });
        let parts = (shared.clone(), body, until);
        let run = move |()| {
            let parts = parts; // the closure has it in one piece, so that its fields are dropped in their order
            let _until = parts.2;
            let (inside, body) = (parts.0, parts.1);
            let first = inside.yielder.take_input();
            inside.returned.set(Some(body(&inside.yielder, first)));
        };
        // SAFETY: as promised to us.
        let body = unsafe { builder.make(run) }?;
        shared.yielder.body.set(body.as_ptr());
        Ok(Coroutine { body, shared })
    }

    /// Gives it `input`, and waits for what comes back.
    ///
    /// # Panics
    /// With the body's panic, after which it is done; when it is done; when somebody else switches here in place of the body; and when an [`Error`] says that
    /// nothing has happened, such as [`Error::Panicking`].
    #[track_caller]
    pub fn resume(&mut self, input: In) -> Step<Y, R> {
        assert!(!self.is_done(), "resumed after it has ended");
        let yielder = &self.shared.yielder;
        yielder.input.set(Some(input));
        if let Err(error) = yielder.wait_for_body() {
            yielder.input.take();
            error.raise();
        }
        match (yielder.output.take(), self.shared.returned.take()) {
            (Some(value), _) => Step::Yielded(value),
            (None, Some(value)) => Step::Returned(value),
            (None, None) => panic!("somebody else switched here while a coroutine was resumed"),
        }
    }

    /// Has its body ended?
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.body.state() == State::Dead
    }

    /// The greenlet that it runs on.
    #[must_use]
    pub fn greenlet(&self) -> &AnyGreenlet {
        &self.body
    }
}

impl<Y, In> Yielder<Y, In> {
    /// Hands out `value`, and waits for the next input.
    ///
    /// # Panics
    /// Outside of the body's own greenlet; when nobody waits for a value, because another greenlet has switched to the body; and as
    /// [`AnyGreenlet::switch`].
    #[track_caller]
    pub fn yield_(&self, value: Y) -> In {
        // SAFETY: this only compares.
        assert!(unsafe { sys::gl_current() } == self.body.get(), "a value is yielded outside of its coroutine's own greenlet");
        assert!(self.resumer_waits.get(), "a value is yielded, and nobody waits for it");
        self.output.set(Some(value));
        // SAFETY: the body keeps its parent.
        match unsafe { transfer::switch::<(), ()>(self.resumer.get(), ()) } {
            Ok(()) => self.take_input(),
            Err(error) => {
                self.output.take();
                error.raise()
            }
        }
    }

    #[track_caller]
    fn take_input(&self) -> In {
        self.input.take().expect("a coroutine is resumed by its owner alone")
    }

    fn wait_for_body(&self) -> Result<(), Error> {
        struct Waits<'a>(&'a Cell<bool>);
        impl Drop for Waits<'_> {
            fn drop(&mut self) {
                self.0.set(false); // also when whoever waits is killed meanwhile
            }
        }
        let body = self.body.get();
        // SAFETY: both are there: the coroutine has a handle on its body.
        unsafe {
            let resumer = sys::gl_current();
            if self.resumer.get() != resumer {
                Error::check(sys::gl_set_parent(body, resumer))?;
                self.resumer.set(resumer);
            }
            self.resumer_waits.set(true);
            let _waits = Waits(&self.resumer_waits);
            transfer::switch::<(), ()>(body, ())
        }
    }
}

impl<In, Y, R> Drop for Coroutine<In, Y, R> {
    fn drop(&mut self) {
        self.body.end();
    }
}

impl<In, Y, R> fmt::Debug for Coroutine<In, Y, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Coroutine({:?})", self.body)
    }
}

impl<Y, In> fmt::Debug for Yielder<Y, In> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Yielder").finish_non_exhaustive()
    }
}
