// SPDX-License-Identifier: MIT
//! How greenlets are made.

use std::ffi::CString;
use std::marker::PhantomData;
use std::ptr::{null, null_mut};
use std::rc::Rc;

use greenlet_sys as sys;

use crate::block::{self, Header, Maker};
use crate::error::Error;
use crate::{thread, AnyGreenlet, Greenlet};

/// Says how to make a greenlet.
///
/// ```
/// use greenlet::{Builder, State};
///
/// let g = Builder::new().name("reader").stack_size(64 * 1024).build(|n: i32| n + 1).unwrap();
/// assert_eq!((g.name(), g.state()), ("reader", State::Unstarted));
/// assert_eq!(g.switch(1), 2);
/// ```
#[derive(Debug, Default)]
#[must_use]
pub struct Builder {
    traits: Traits,
    parent: Option<AnyGreenlet>,
    stack: Option<Stack>,
}

/// What does not depend on a thread.
#[derive(Debug, Default)]
struct Traits {
    name: Option<CString>,
    stack_size: usize,
    share_fp: bool,
}

impl Builder {
    /// A child of the current greenlet, with a stack of its own of the default size, 256 KiB.
    pub fn new() -> Self {
        Self::default()
    }

    /// Its name, for tools and [`dump`](crate::dump()).
    ///
    /// # Panics
    /// When there is a NUL in it.
    pub fn name(mut self, name: impl Into<Vec<u8>>) -> Self {
        self.traits.name = Some(CString::new(name).expect("a name without NUL"));
        self
    }

    /// The size of its stack in bytes, rounded up to pages; 0 is the default. Only pages that are touched take memory.
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.traits.stack_size = bytes;
        self
    }

    /// Whether it shares the floating-point control words (rounding, traps) with the main greenlet and all others that do, which makes switches faster. Rust
    /// code never changes these words, so there is no reason not to, unless it calls foreign code that does.
    pub fn share_fp(mut self, share: bool) -> Self {
        self.traits.share_fp = share;
        self
    }

    /// Who gets the outcome, in place of the current greenlet.
    pub fn parent(mut self, parent: &AnyGreenlet) -> Self {
        self.parent = Some(parent.clone());
        self
    }

    /// A stack that others use too, in place of one of its own: while one of them has the place, the bytes of the others wait elsewhere.
    ///
    /// ```
    /// use greenlet::{Builder, Stack};
    ///
    /// let stack = Stack::new(256 * 1024).unwrap();
    /// let body = |n: i32| -> i32 { n + greenlet::parent().switch::<i32>(n) };
    /// // SAFETY: nobody has pointers to locals of these bodies.
    /// let [a, b] = [1, 2].map(|_| unsafe { Builder::new().shared_stack(&stack) }.build(body).unwrap());
    /// assert_eq!((a.switch(1), b.switch(2)), (1, 2));
    /// assert_eq!((a.switch(10), b.switch(20)), (11, 22));
    /// ```
    ///
    /// # Safety
    /// While the greenlet waits, its locals are not at their addresses. Nobody may use a pointer or reference to them meanwhile. The compiler cannot see that. So what runs
    /// there must not wait inside of [`scope`](crate::scope()) or [`std::thread::scope`], nor keep a future pinned on the stack, as
    /// [`asynk::wait`](crate::asynk::wait) does, nor lend a local to anybody else in any other way.
    pub unsafe fn shared_stack(mut self, stack: &Stack) -> Self {
        self.stack = Some(stack.clone());
        self
    }

    /// Makes it, unstarted.
    ///
    /// # Errors
    /// [`Error::NoMemory`]; [`Error::Invalid`] when both a shared stack and a size were asked for; [`Error::Expired`] while the thread is ending.
    pub fn build<In, Out, F>(self, body: F) -> Result<Greenlet<In, Out>, Error>
    where
        F: FnOnce(In) -> Out + 'static,
        In: 'static,
        Out: 'static,
    {
        // SAFETY: the body borrows nothing.
        Ok(Greenlet::from_any(unsafe { self.make(body) }?))
    }

    /// Prepares one that starts on another thread: see [`Unstarted`].
    ///
    /// # Errors
    /// [`Error::Invalid`] when a parent or a shared stack was asked for, which belong to this thread.
    pub fn unstarted<In, Out, F>(self, body: F) -> Result<Unstarted<In, Out>, Error>
    where
        F: FnOnce(In) -> Out + Send + 'static,
        In: 'static,
        Out: 'static,
    {
        if self.parent.is_some() || self.stack.is_some() {
            return Err(Error::Invalid);
        }
        let block = Maker::block(body, false);
        Ok(Unstarted { block, run: Maker::<F, In, Out>::run, traits: self.traits, takes: PhantomData })
    }

    /// # Safety
    /// What the body borrows stays until the greenlet is dead or the body has been dropped.
    pub(crate) unsafe fn make<In, Out, F>(self, body: F) -> Result<AnyGreenlet, Error>
    where
        F: FnOnce(In) -> Out,
        In: 'static,
        Out: 'static,
    {
        thread::watch_end()?;
        let block = Maker::block(body, self.stack.is_some());
        // SAFETY: the block is new.
        unsafe { self.traits.attach(block, Maker::<F, In, Out>::run, self.parent.as_ref(), self.stack.as_ref()) }
    }
}

/// What a builder makes of which nothing was asked.
#[inline(always)]
pub(crate) fn make_plain<In, Out, F>(body: F) -> Result<AnyGreenlet, Error>
where
    F: FnOnce(In) -> Out + 'static,
    In: 'static,
    Out: 'static,
{
    thread::watch_end()?;
    let block = Maker::block(body, false);
    // SAFETY: the block is the data that its `run` wants; it stays until that has ended.
    let g = unsafe { sys::gl_new(Some(Maker::<F, In, Out>::run), block.cast()) };
    // SAFETY: the block is new.
    unsafe { adopt(block, g, sys::GL_ENOMEM) }
}

/// # Safety
/// `block` is new; its handle goes to the result. `g`, unless it is NULL, has been made for it.
#[inline(always)]
unsafe fn adopt(block: *mut Header, g: *mut sys::gl_greenlet, status: sys::gl_status) -> Result<AnyGreenlet, Error> {
    // SAFETY: as promised to us.
    unsafe {
        if g.is_null() {
            block::free_unmade(block);
            return Err(Error::from_status(status));
        }
        (*block).adopt(g);
        Ok(AnyGreenlet::from_counted(block))
    }
}

type Run = unsafe extern "C" fn(*mut std::ffi::c_void, *mut std::ffi::c_void, *mut *mut std::ffi::c_void) -> sys::gl_status;

impl Traits {
    /// # Safety
    /// `block` has no greenlet yet, and one handle, which goes to the result. `run` fits it.
    unsafe fn attach(
        &self,
        block: *mut Header,
        run: Run,
        parent: Option<&AnyGreenlet>,
        stack: Option<&Stack>,
    ) -> Result<AnyGreenlet, Error> {
        let options = sys::gl_options {
            size: std::mem::size_of::<sys::gl_options>(),
            run: Some(run),
            data: block.cast(),
            drop: None,
            drop_result: None,
            parent: parent.map_or(null_mut(), AnyGreenlet::as_ptr),
            stack: stack.map_or(null_mut(), |stack| stack.0 .0),
            stack_size: self.stack_size,
            name: self.name.as_ref().map_or(null(), |name| name.as_ptr()),
            flags: if self.share_fp { sys::GL_SHARE_FP } else { 0 },
        };
        let mut g = null_mut();
        // SAFETY: all that the options point to is there; the block is the data that `run` wants, and stays until it has ended.
        unsafe {
            let status = sys::gl_new_with(&options, &mut g);
            adopt(block, g, status)
        }
    }
}

/// A stack that several greenlets use in turn: see [`Builder::shared_stack`]. Clones are handles of the same one.
#[derive(Clone, Debug)]
pub struct Stack(Rc<StackHandle>);

#[derive(Debug)]
struct StackHandle(*mut sys::gl_stack);

impl Stack {
    /// Makes one of `size` bytes, rounded up to pages.
    ///
    /// # Errors
    /// [`Error::NoMemory`].
    pub fn new(size: usize) -> Result<Self, Error> {
        // SAFETY: no conditions.
        Self::from_new(unsafe { sys::gl_stack_new(size) })
    }

    /// The calling thread's own, for code that insists on its limits.
    ///
    /// # Errors
    /// [`Error::NoMemory`], also where that is not possible.
    pub fn of_thread() -> Result<Self, Error> {
        // SAFETY: NULL is fine for the second.
        Self::from_new(unsafe { sys::gl_stack_retain(sys::gl_stack_thread()) })
    }

    fn from_new(stack: *mut sys::gl_stack) -> Result<Self, Error> {
        if stack.is_null() {
            return Err(Error::NoMemory);
        }
        Ok(Stack(Rc::new(StackHandle(stack))))
    }
}

impl Drop for StackHandle {
    fn drop(&mut self) {
        // SAFETY: this is a handle, and it goes; greenlets have their own.
        unsafe { sys::gl_stack_release(self.0) }
    }
}

/// A greenlet that has no thread yet, and may be sent to one. [`attach`](Self::attach) makes it a child of whoever calls that.
///
/// ```
/// use greenlet::Builder;
///
/// let sum = Builder::new().name("sum").unstarted(|(a, b): (i32, i32)| a + b).unwrap();
/// let thread = std::thread::spawn(move || sum.attach().unwrap().switch((1, 2)));
/// assert_eq!(thread.join().unwrap(), 3);
/// ```
#[must_use]
pub struct Unstarted<In, Out> {
    block: *mut Header,
    run: Run,
    traits: Traits,
    takes: PhantomData<fn(In) -> Out>,
}

// SAFETY: nobody else has the block; the body in it is Send, and what it takes and returns never leaves the thread where it runs.
unsafe impl<In, Out> Send for Unstarted<In, Out> {}

impl<In: 'static, Out: 'static> Unstarted<In, Out> {
    /// Makes it, a child of the current greenlet.
    ///
    /// # Errors
    /// As [`Builder::build`].
    pub fn attach(mut self) -> Result<Greenlet<In, Out>, Error> {
        thread::watch_end()?;
        let block = std::mem::replace(&mut self.block, null_mut());
        // SAFETY: the block is ours, and `run` came with it.
        Ok(Greenlet::from_any(unsafe { self.traits.attach(block, self.run, None, None) }?))
    }
}

impl<In, Out> Drop for Unstarted<In, Out> {
    fn drop(&mut self) {
        if !self.block.is_null() {
            // SAFETY: it has not been attached.
            unsafe { block::free_unmade(self.block) }
        }
    }
}

impl<In, Out> std::fmt::Debug for Unstarted<In, Out> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unstarted").field("traits", &self.traits).finish_non_exhaustive()
    }
}
