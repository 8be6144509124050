// SPDX-License-Identifier: MIT
//! Handles of any greenlet.

use std::any::Any;
use std::ffi::CStr;
use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;

use greenlet_sys as sys;

use crate::block::{self, Header};
use crate::error::Error;
use crate::{thread, transfer};

/// A handle of a greenlet, whatever it takes and returns: also of a main one.
///
/// Clones are handles of the same greenlet, and as cheap as those of an `Rc`. When the last one of a suspended greenlet goes, the greenlet is unwound: the call
/// in which it waits panics, without a message, with a payload that [`is_kill`](crate::is_kill) knows, so that its destructors run.
///
/// A handle stays in its thread:
///
/// ```compile_fail
/// let g = greenlet::current();
/// std::thread::spawn(move || g.state());
/// ```
pub struct AnyGreenlet {
    header: NonNull<Header>,
    stays: PhantomData<*mut ()>, // neither Send nor Sync
}

/// What a greenlet is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It has not been switched to yet.
    Unstarted,
    /// It waits in a call that lets others run.
    Suspended,
    /// It is the current one of its thread.
    Running,
    /// Its body has ended, or its thread has.
    Dead,
}

impl AnyGreenlet {
    /// Takes over a handle that the block counts.
    ///
    /// # Safety
    /// It does, and the block has its greenlet.
    #[inline(always)]
    pub(crate) unsafe fn from_counted(header: *mut Header) -> Self {
        // SAFETY: blocks have addresses.
        AnyGreenlet { header: unsafe { NonNull::new_unchecked(header) }, stays: PhantomData }
    }

    /// A new handle of `g`.
    ///
    /// # Safety
    /// `g` is there, and of this thread.
    pub(crate) unsafe fn of(g: *mut sys::gl_greenlet) -> Self {
        // SAFETY: as promised to us.
        unsafe { Self::from_counted(block::retain_greenlet(g)) }
    }

    #[inline(always)]
    fn header(&self) -> &Header {
        // SAFETY: the block stays as long as it has handles.
        unsafe { self.header.as_ref() }
    }

    /// The library's pointer, borrowed.
    #[inline(always)]
    #[must_use]
    pub fn as_ptr(&self) -> *mut sys::gl_greenlet {
        self.header().greenlet()
    }

    /// Lets this greenlet run, and waits until somebody switches back here.
    ///
    /// One that has not started starts, and `value` is the argument of its body. One that is dead passes the value on to its nearest ancestor that is not;
    /// the current one returns it at once. Values may be of any type without borrowed parts: they are moved, without a box, and the receiver's type is
    /// compared with theirs.
    ///
    /// ```
    /// use greenlet::Greenlet;
    ///
    /// let g = Greenlet::new(|order: String| {
    ///     let more: i32 = greenlet::parent().switch(order.len());
    ///     format!("{order} and {more}")
    /// });
    /// let any = g.any();
    /// assert_eq!(any.switch::<usize>("tea".to_owned()), 3);
    /// assert_eq!(any.switch::<String>(4), "tea and 4");
    /// ```
    ///
    /// # Panics
    /// With what arrives here: the panic of a child that ended with it, or one that was thrown. When an [`Error`] says that nothing has happened, and when what
    /// comes back is not an `R`.
    #[inline(always)]
    #[track_caller]
    pub fn switch<R: 'static>(&self, value: impl Any) -> R {
        match self.try_switch(value) {
            Ok(received) => received,
            Err(error) => error.raise(),
        }
    }

    /// As [`switch`](Self::switch), with panics and failures as errors. (A kill unwinds all the same.)
    ///
    /// # Errors
    /// [`Error::Panicked`] for a panic that arrives; [`Error::WrongType`]; when nothing has happened, one of the others, and `value` has been dropped.
    #[inline(always)]
    pub fn try_switch<R: 'static>(&self, value: impl Any) -> Result<R, Error> {
        // SAFETY: this is a handle.
        unsafe { transfer::switch(self.as_ptr(), value) }
    }

    /// Makes the call in which this greenlet waits panic with `payload`, and waits until somebody switches back here. One that has not started dies
    /// without running, and the panic goes on to its parent.
    ///
    /// ```
    /// use greenlet::Greenlet;
    ///
    /// let g = Greenlet::new(|()| {
    ///     let error = greenlet::parent().try_switch::<()>(()).unwrap_err();
    ///     error.to_string()
    /// });
    /// g.any().switch::<()>(());
    /// assert_eq!(g.throw::<String>(Box::new("enough")), "a greenlet panicked: enough");
    /// ```
    ///
    /// # Panics
    /// As [`switch`](Self::switch).
    #[track_caller]
    #[allow(clippy::must_use_candidate)] // as for a switch, what comes back may not matter
    pub fn throw<R: 'static>(&self, payload: Box<dyn Any + Send>) -> R {
        self.try_throw(payload).unwrap_or_else(|error| error.raise())
    }

    /// As [`throw`](Self::throw), with panics and failures as errors.
    ///
    /// # Errors
    /// As [`try_switch`](Self::try_switch).
    pub fn try_throw<R: 'static>(&self, payload: Box<dyn Any + Send>) -> Result<R, Error> {
        // SAFETY: this is a handle.
        let result = unsafe { transfer::throw(self.as_ptr(), payload) };
        self.drop_dead_body();
        result
    }

    /// Ends this greenlet: unwinds it where it waits, so that its destructors run. A value that comes back meanwhile is dropped. One that has not
    /// started is dead at once. Says whether it is dead now: a body may catch its kill and switch back.
    ///
    /// ```
    /// use greenlet::{Greenlet, State};
    ///
    /// let g = Greenlet::new(|()| greenlet::parent().switch::<()>(()));
    /// g.switch(());
    /// assert!(g.kill().unwrap());
    /// assert_eq!(g.state(), State::Dead);
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for a main and for the current greenlet, [`Error::Cycle`] for an ancestor of the caller, [`Error::Panicked`] when the unwinding ended
    /// with another panic.
    pub fn kill(&self) -> Result<bool, Error> {
        // SAFETY: this is a handle.
        let result = unsafe { transfer::kill(self.as_ptr()) };
        self.drop_dead_body();
        result
    }

    /// For an owner that goes. A handle that goes would not do: a child that waits keeps its parent, and may itself be kept by what lies on the
    /// parent's stack. What the unwinding ended with has been told by the panic's hook. Where a kill is refused, handles do what they can.
    pub(crate) fn end(&self) {
        if self.state() != State::Dead {
            drop(self.kill());
        }
    }

    /// One that died without having run leaves its closure behind.
    fn drop_dead_body(&self) {
        if self.header().is_unrun() && self.state() == State::Dead {
            self.drop_body();
        }
    }

    /// Drops a body that has not started: whatever happens, it will not run.
    pub(crate) fn drop_body(&self) {
        if self.header().is_unrun() {
            // SAFETY: the body is there.
            unsafe { block::drop_unrun(self.header.as_ptr()) }
        }
    }

    /// Who gets the outcome; `None` for a main greenlet. While it is being killed: who kills it.
    #[must_use]
    pub fn parent(&self) -> Option<AnyGreenlet> {
        // SAFETY: a greenlet keeps its parent.
        unsafe {
            let parent = sys::gl_parent(self.as_ptr());
            (!parent.is_null()).then(|| AnyGreenlet::of(parent))
        }
    }

    /// Changes who gets the outcome.
    ///
    /// ```
    /// use greenlet::{Error, Greenlet};
    ///
    /// let (a, b) = (Greenlet::new(|()| ()), Greenlet::new(|()| ()));
    /// a.set_parent(&b).unwrap();
    /// assert!(matches!(b.set_parent(&a), Err(Error::Cycle)));
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for a main greenlet, [`Error::Cycle`].
    pub fn set_parent(&self, parent: &AnyGreenlet) -> Result<(), Error> {
        // SAFETY: both are handles.
        Error::check(unsafe { sys::gl_set_parent(self.as_ptr(), parent.as_ptr()) })
    }

    /// What it is doing.
    #[must_use]
    pub fn state(&self) -> State {
        // SAFETY: this is a handle.
        match unsafe { sys::gl_state(self.as_ptr()) }.unsigned_abs() {
            sys::GL_UNSTARTED => State::Unstarted,
            sys::GL_SUSPENDED => State::Suspended,
            sys::GL_RUNNING => State::Running,
            _ => State::Dead,
        }
    }

    /// Its name, of [`Builder::name`](crate::Builder::name); empty when it has none.
    #[must_use]
    pub fn name(&self) -> &str {
        // SAFETY: the name stays as long as the greenlet.
        let name = unsafe { CStr::from_ptr(sys::gl_name(self.as_ptr())) };
        name.to_str().unwrap_or_default() // C code's may be anything
    }

    /// Where it is: the return addresses of its frames, innermost first, at most `most` of them. It does not run for that.
    ///
    /// ```
    /// let frames = greenlet::current().backtrace(32).unwrap();
    /// assert!(!frames.is_empty());
    /// ```
    ///
    /// # Errors
    /// [`Error::Busy`] while control is on its way, [`Error::NotSupported`] without an unwinder, [`Error::NoMemory`].
    pub fn backtrace(&self, most: usize) -> Result<Vec<usize>, Error> {
        let room = i32::try_from(most).unwrap_or(i32::MAX).clamp(1, 1 << 20);
        let mut frames = vec![std::ptr::null_mut(); room.unsigned_abs() as usize];
        // SAFETY: there is room for as many as are asked for.
        let n = unsafe { sys::gl_backtrace(self.as_ptr(), frames.as_mut_ptr(), room) };
        Error::check(n)?;
        frames.truncate(most.min(n.unsigned_abs() as usize));
        Ok(frames.into_iter().map(|pc| pc as usize).collect())
    }

    /// A hint that it is about to be switched to, useful a few visits ahead among many thousands.
    pub fn prefetch(&self) {
        // SAFETY: this is a handle.
        unsafe { sys::gl_prefetch(self.as_ptr()) }
    }
}

impl Clone for AnyGreenlet {
    #[inline]
    fn clone(&self) -> Self {
        // SAFETY: this is a handle, and now there are two.
        unsafe {
            block::retain(self.header.as_ptr());
            Self::from_counted(self.header.as_ptr())
        }
    }
}

impl Drop for AnyGreenlet {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: this is a handle, and it goes.
        unsafe { block::release(self.header.as_ptr()) }
    }
}

/// Are they handles of the same greenlet?
impl PartialEq for AnyGreenlet {
    fn eq(&self, other: &Self) -> bool {
        self.as_ptr() == other.as_ptr()
    }
}
impl Eq for AnyGreenlet {}

impl std::hash::Hash for AnyGreenlet {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_ptr().hash(state);
    }
}

impl fmt::Debug for AnyGreenlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnyGreenlet({:p}, {:?}, {:?})", self.as_ptr(), self.name(), self.state())
    }
}

/// The greenlet that runs.
///
/// # Panics
/// Without memory at a thread's first call.
#[must_use]
pub fn current() -> AnyGreenlet {
    // SAFETY: the current one is there.
    unsafe {
        let g = sys::gl_current();
        if g.is_null() {
            Error::NoMemory.raise();
        }
        if g == sys::gl_main() {
            return main();
        }
        AnyGreenlet::of(g)
    }
}

/// The calling thread's main greenlet: the thread itself. It has no parent, and cannot be killed.
///
/// ```
/// assert_eq!(greenlet::main(), greenlet::current());
/// ```
///
/// # Panics
/// Without memory at a thread's first call.
#[must_use]
pub fn main() -> AnyGreenlet {
    // SAFETY: the main one is there until its thread has ended.
    let new = || unsafe {
        let g = sys::gl_main();
        if g.is_null() {
            Error::NoMemory.raise();
        }
        AnyGreenlet::of(g)
    };
    // The thread keeps one handle, so that others cost nothing.
    thread::with_main(|kept| {
        if kept.get().is_null() {
            kept.set(new().into_counted());
        }
        // SAFETY: it is kept.
        unsafe {
            block::retain(kept.get());
            AnyGreenlet::from_counted(kept.get())
        }
    })
    .unwrap_or_else(new)
}

impl AnyGreenlet {
    /// The handle, for whoever counts on.
    fn into_counted(self) -> *mut Header {
        std::mem::ManuallyDrop::new(self).header.as_ptr()
    }
}

/// The current greenlet's parent: who gets its outcome, and most often who waits for what it has to say.
///
/// # Panics
/// In a main greenlet, which has none.
#[must_use]
#[track_caller]
pub fn parent() -> AnyGreenlet {
    // SAFETY: the current one is there, and keeps its parent.
    unsafe {
        let parent = sys::gl_parent(sys::gl_current());
        assert!(!parent.is_null(), "a main greenlet has no parent");
        AnyGreenlet::of(parent)
    }
}
