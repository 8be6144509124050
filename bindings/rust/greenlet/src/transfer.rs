// SPDX-License-Identifier: MIT
//! Switch, throw and kill: the calls that let others run, and what comes back from them.

use std::any::Any;
use std::ffi::c_void;
use std::panic::resume_unwind;

use greenlet_sys as sys;

use crate::error::{Error, Panic};
use crate::parcel::{self, Parcel};
use crate::thread;

/// The payload that unwinds a killed greenlet. Nobody else can make one.
pub(crate) struct Killed;

/// Is this payload, which [`std::panic::catch_unwind`] gave, a kill? Then it must go on: [`std::panic::resume_unwind`] it.
///
/// A body that catches its kill and goes on waiting stays suspended for ever when its last handle is gone, and makes the program end when its thread
/// does.
///
/// ```
/// use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
/// use greenlet::Greenlet;
///
/// let g = Greenlet::new(|()| {
///     let wait = AssertUnwindSafe(|| greenlet::parent().switch::<()>(()));
///     if let Err(payload) = catch_unwind(wait) {
///         if greenlet::is_kill(&*payload) {
///             resume_unwind(payload);
///         }
///         println!("an error like any other");
///     }
/// });
/// g.switch(());
/// assert!(g.kill().unwrap());
/// ```
#[must_use]
pub fn is_kill(payload: &(dyn Any + Send)) -> bool {
    payload.is::<Killed>()
}

/// # Safety
/// `g` is a greenlet that stays for the call: somebody has a handle on it.
#[inline(always)]
pub(crate) unsafe fn switch<V: 'static, R: 'static>(g: *mut sys::gl_greenlet, value: V) -> Result<R, Error> {
    if !thread::stacks_keep() || std::thread::panicking() {
        // SAFETY: as promised to us.
        return unsafe { switch_slow(g, value) };
    }
    let mut parcel = Parcel::on_stack(value);
    let mut received = std::ptr::null_mut();
    // SAFETY: as promised to us; and the parcel stays in place until it is received, for this call waits and `stacks_keep`.
    let status = unsafe { sys::gl_switch(g, parcel.pointer(), &mut received) };
    if status == sys::GL_OK {
        // SAFETY: it has just come.
        return unsafe { parcel::open(received) };
    }
    if status < 0 {
        // SAFETY: nothing was sent.
        unsafe { parcel.take_back() };
    }
    // SAFETY: they came together.
    Err(unsafe { arrive(status, received) })
}

#[cold]
#[inline(never)]
unsafe fn switch_slow<V: 'static, R: 'static>(g: *mut sys::gl_greenlet, value: V) -> Result<R, Error> {
    if std::thread::panicking() {
        return Err(Error::Panicking);
    }
    let sent = Parcel::boxed(value);
    let mut received = std::ptr::null_mut();
    // SAFETY: as promised to us. What was not sent is still ours.
    unsafe {
        let status = sys::gl_switch(g, sent, &mut received);
        if status < 0 {
            parcel::discard(sent);
        }
        receive(status, received)
    }
}

/// # Safety
/// As for [`switch`].
pub(crate) unsafe fn throw<R: 'static>(g: *mut sys::gl_greenlet, payload: Box<dyn Any + Send>) -> Result<R, Error> {
    if std::thread::panicking() {
        return Err(Error::Panicking);
    }
    let sent = give_payload(payload);
    let mut received = std::ptr::null_mut();
    // SAFETY: as promised to us. What was not sent is still ours.
    unsafe {
        let status = sys::gl_throw(g, sent, &mut received);
        if status < 0 {
            drop(take_payload(sent));
        }
        receive(status, received)
    }
}

/// Is it dead now? A value that comes is dropped. Allowed while the thread is panicking, for nobody that is killed then can switch elsewhere.
///
/// # Safety
/// As for [`switch`].
pub(crate) unsafe fn kill(g: *mut sys::gl_greenlet) -> Result<bool, Error> {
    let mut received = std::ptr::null_mut();
    // SAFETY: as promised to us, and what came is ours.
    unsafe {
        match sys::gl_kill(g, &mut received) {
            status @ (sys::GL_OK | sys::GL_ALIVE) => {
                parcel::discard(received);
                Ok(status == sys::GL_OK)
            }
            status => Err(arrive(status, received)),
        }
    }
}

/// Of the current greenlet.
fn set_killed(killed: bool) {
    // SAFETY: the current greenlet is there, and its data is a block or NULL.
    if let Some(header) = unsafe { sys::gl_data(sys::gl_current()).cast::<crate::block::Header>().as_ref() } {
        header.set_killed(killed);
    }
}

#[inline(always)]
unsafe fn receive<R: 'static>(status: sys::gl_status, received: *mut c_void) -> Result<R, Error> {
    if status >= 0 && status != sys::GL_KILLED {
        set_killed(false); // it has survived, and somebody waits for its outcome
    }
    // SAFETY: the caller has just got both.
    unsafe {
        if status == sys::GL_OK {
            parcel::open(received)
        } else {
            Err(arrive(status, received))
        }
    }
}

/// What is not a value. A kill goes on from here.
#[cold]
#[inline(never)]
unsafe fn arrive(status: sys::gl_status, received: *mut c_void) -> Error {
    match status {
        sys::GL_KILLED => {
            set_killed(true);
            resume_unwind(Box::new(Killed))
        }
        // SAFETY: what is thrown is a payload.
        sys::GL_THROWN => Error::Panicked(Panic::new(unsafe { take_payload(received) })),
        error => Error::from_status(error),
    }
}

/// A panic's payload as one pointer. Whoever receives it owns it.
pub(crate) fn give_payload(payload: Box<dyn Any + Send>) -> *mut c_void {
    Box::into_raw(Box::new(payload)).cast()
}

/// # Safety
/// `pointer` has just come with [`sys::GL_THROWN`], or is from [`give_payload`].
pub(crate) unsafe fn take_payload(pointer: *mut c_void) -> Box<dyn Any + Send> {
    if pointer.is_null() {
        return Box::new("a greenlet that was to get an outcome could not be started");
        // rule 5
    }
    // SAFETY: `give_payload` made it.
    *unsafe { Box::from_raw(pointer.cast::<Box<dyn Any + Send>>()) }
}
