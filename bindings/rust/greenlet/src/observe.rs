// SPDX-License-Identifier: MIT
//! Looking on: tracers, the family tree as text, figures.

use std::ffi::{c_char, c_int, c_void};
use std::fmt;
use std::rc::Rc;

use greenlet_sys as sys;

use crate::{thread, AnyGreenlet, Error};

/// What a [`Tracer`] is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A value goes from one to the other.
    Switch,
    /// A panic goes, or a kill.
    Throw,
    /// After the switch that starts the second one.
    Start,
    /// The first one has ended; the switch or throw that carries its outcome follows.
    End,
}

/// Calls a function for each transfer of control in its thread, until it is dropped.
///
/// The function is called before the transfer, while [`current`](crate::current) is still the one that leaves, and must not switch ([`Error::Busy`]). A panic of it
/// ends the program. Traced switches are slower.
///
/// ```
/// use std::{cell::RefCell, rc::Rc};
/// use greenlet::{Event, Greenlet, Tracer};
///
/// let events = Rc::new(RefCell::new(Vec::new()));
/// let log = events.clone();
/// let tracer = Tracer::new(move |event, _from, _to| log.borrow_mut().push(event)).unwrap();
/// Greenlet::new(|()| ()).switch(());
/// drop(tracer);
/// assert_eq!(*events.borrow(), [Event::Switch, Event::Start, Event::End, Event::Switch]);
/// ```
pub struct Tracer {
    callback: *mut Callback, // not Send: it is removed in its thread
}

type Callback = Rc<dyn Fn(Event, &AnyGreenlet, &AnyGreenlet)>;

impl Tracer {
    /// Starts calling `callback(event, from, to)`.
    ///
    /// # Errors
    /// [`Error::NoMemory`].
    pub fn new(callback: impl Fn(Event, &AnyGreenlet, &AnyGreenlet) + 'static) -> Result<Self, Error> {
        let callback: *mut Callback = Box::into_raw(Box::new(Rc::new(callback)));
        let tracer = Tracer { callback };
        thread::add_doubtful(); // for it may drop the last handle of whoever is about to leave
                                // SAFETY: `trace` fits what is passed, which stays until it is removed.
        Error::check(unsafe { sys::gl_trace_add(Some(trace), callback.cast()) })?;
        Ok(tracer)
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        // SAFETY: once removed it is not called again, and a call that is under way has an Rc of its own.
        unsafe {
            sys::gl_trace_remove(Some(trace), self.callback.cast());
            drop(Box::from_raw(self.callback));
        }
        thread::remove_doubtful();
    }
}

impl fmt::Debug for Tracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracer").finish_non_exhaustive()
    }
}

unsafe extern "C" fn trace(user: *mut c_void, event: c_int, from: *mut sys::gl_greenlet, to: *mut sys::gl_greenlet) {
    let event = match event.unsigned_abs() {
        sys::GL_EV_SWITCH => Event::Switch,
        sys::GL_EV_THROW => Event::Throw,
        sys::GL_EV_START => Event::Start,
        _ => Event::End,
    };
    // SAFETY: `new` passed it, and both greenlets are there.
    crate::callback(|| unsafe {
        let (from, to) = (AnyGreenlet::of(from), AnyGreenlet::of(to));
        let callback = (*user.cast::<Callback>()).clone(); // it may drop its tracer
        callback(event, &from, &to);
    });
}

/// The calling thread's family tree as text, a line for each greenlet that is not dead. For people: the words may change.
///
/// ```
/// assert!(greenlet::dump().contains("main"));
/// ```
#[must_use]
pub fn dump() -> String {
    unsafe extern "C" fn write(text: *mut c_void, part: *const c_char, size: usize) {
        // SAFETY: `dump` passes its bytes, and the library `size` of its own.
        unsafe { (*text.cast::<Vec<u8>>()).extend_from_slice(std::slice::from_raw_parts(part.cast(), size)) }
    }
    let mut text = Vec::<u8>::new();
    // SAFETY: `write` fits what is passed. The only error is no memory, and then there is no tree.
    unsafe { sys::gl_dump(Some(write), std::ptr::addr_of_mut!(text).cast()) };
    String::from_utf8_lossy(&text).into_owned()
}

/// Figures of the process: see [`stats`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Greenlets made so far, without main ones.
    pub created: u64,
    /// Of them, those that are not dead.
    pub alive: u64,
    /// Stacks that are mapped: in use, waiting for reuse, shared.
    pub stacks_mapped: u64,
    /// Of them, those that wait for reuse.
    pub stacks_cached: u64,
    /// Address space of the mapped stacks, guards included.
    pub stack_bytes: u64,
    /// Memory for parts of shared stacks that are moved out.
    pub slice_bytes: u64,
    /// Greenlets that could not be unwound when their last handle went.
    pub leaked: u64,
}

/// Sums up for the process; approximate while other threads run.
///
/// ```
/// let before = greenlet::stats().created;
/// drop(greenlet::Greenlet::new(|()| ()));
/// assert!(greenlet::stats().created > before);
/// ```
#[must_use]
pub fn stats() -> Stats {
    // SAFETY: all zero is a value of this struct, and its size is filled in.
    let mut all: sys::gl_stats = unsafe { std::mem::zeroed() };
    all.size = std::mem::size_of::<sys::gl_stats>();
    // SAFETY: as above. It can only fail for other sizes.
    unsafe { sys::gl_get_stats(&mut all) };
    Stats {
        created: all.created,
        alive: all.alive,
        stacks_mapped: all.stacks_mapped,
        stacks_cached: all.stacks_cached,
        stack_bytes: all.stack_bytes,
        slice_bytes: all.slice_bytes,
        leaked: all.leaked,
    }
}

/// Gives the calling thread's cached stacks back to the system. How many bytes that were.
#[allow(clippy::must_use_candidate)] // the figure is for the curious
pub fn trim() -> usize {
    // SAFETY: no conditions.
    unsafe { sys::gl_trim() }
}
