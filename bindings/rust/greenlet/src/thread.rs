// SPDX-License-Identifier: MIT
//! What each thread keeps, and the end of a thread.
//!
//! When a thread ends, the library frees the stacks of its suspended greenlets without unwinding them (rule 19). Rust promises that the frames of
//! a function stay until they are unwound: scoped threads and pinned values rely on it. So this crate unwinds them before that.

use std::cell::Cell;
use std::ffi::c_void;

use greenlet_sys as sys;

use crate::error::Error;
use crate::pool::Pool;

thread_local! {
    /// Greenlets whose stack may go or move before a value on it has been received; and tracers.
    static DOUBTFUL: Cell<usize> = const { Cell::new(0) };
    static END: End = const { End { main: Cell::new(std::ptr::null_mut()), pool: Pool::new() } };
}

/// May values be sent from the sender's stack? Not while a greenlet of the thread has lost all its handles (when it switches away, it may be
/// unwound before the receiver has looked), or runs on a stack that others use too, or while a tracer may drop handles on the way.
#[inline(always)]
pub(crate) fn stacks_keep() -> bool {
    DOUBTFUL.with(|n| n.get() == 0)
}

pub(crate) fn add_doubtful() {
    DOUBTFUL.with(|n| n.set(n.get() + 1));
}

pub(crate) fn remove_doubtful() {
    DOUBTFUL.with(|n| n.set(n.get().saturating_sub(1))); // where the system has no thread-locals, it may have begun anew at the thread's end
}

/// Before a greenlet is made: from now on the thread's end is watched.
#[inline(always)]
pub(crate) fn watch_end() -> Result<(), Error> {
    END.try_with(|_| ()).map_err(|_| Error::Expired)
}

/// A place for what belongs to the main greenlet; `None` when the thread is ending.
pub(crate) fn with_main<R>(f: impl FnOnce(&Cell<*mut crate::block::Header>) -> R) -> Option<R> {
    END.try_with(|end| f(&end.main)).ok()
}

/// The thread's memory for blocks; `None` when the thread is ending.
#[inline(always)]
pub(crate) fn with_pool<R>(f: impl FnOnce(&Pool) -> R) -> Option<R> {
    END.try_with(|end| f(&end.pool)).ok()
}

struct End {
    main: Cell<*mut crate::block::Header>,
    pool: Pool,
}

impl Drop for End {
    fn drop(&mut self) {
        kill_all();
        let main = self.main.replace(std::ptr::null_mut());
        if !main.is_null() {
            // SAFETY: this is the handle that `main` counts.
            unsafe { crate::block::release(main) };
        }
    }
}

/// The main thread's thread-locals go when the process ends, which unwinds nothing, as in C.
fn is_process_end() -> bool {
    // "PID/task/TID". Elsewhere than on Linux nothing tells, and unwinding does no harm.
    let Ok(link) = std::fs::read_link("/proc/thread-self") else { return false };
    let mut parts = link.iter();
    parts.next() == parts.nth(1)
}

/// Unwinds all that wait. Only the main greenlet's end is the thread's end: in another one, `exit` runs.
fn kill_all() {
    // SAFETY: these calls have no conditions; what they return is only compared.
    if unsafe { sys::gl_current() != sys::gl_main() } {
        return;
    }
    loop {
        let mut last: *mut sys::gl_greenlet = std::ptr::null_mut();
        // SAFETY: the visitor gets the address of `last`, which is of that type.
        unsafe { sys::gl_foreach(Some(find_suspended), std::ptr::addr_of_mut!(last).cast()) };
        if last.is_null() || is_process_end() {
            return;
        }
        // SAFETY: the visit has just shown it, and a handle keeps it meanwhile. What comes back was sent to whoever kills.
        let ended = unsafe {
            sys::gl_retain(last);
            let mut received = std::ptr::null_mut();
            match sys::gl_kill(last, &mut received) {
                sys::GL_THROWN => drop(crate::transfer::take_payload(received)),
                status if status >= 0 => crate::parcel::discard(received),
                _ => {}
            }
            let ended = sys::gl_state(last).unsigned_abs() == sys::GL_DEAD;
            sys::gl_release(last);
            ended
        };
        if !ended {
            eprintln!("greenlet: a thread ends while a greenlet that has caught its kill goes on waiting");
            std::process::abort();
        }
    }
}

unsafe extern "C" fn find_suspended(found: *mut c_void, g: *mut sys::gl_greenlet) -> std::ffi::c_int {
    // SAFETY: `kill_all` passes the address of such a variable, and the visit a greenlet that is alive.
    unsafe {
        let suspended = sys::gl_state(g).unsigned_abs() == sys::GL_SUSPENDED;
        if suspended {
            *found.cast() = g;
        }
        suspended.into()
    }
}
