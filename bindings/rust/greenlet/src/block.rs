// SPDX-License-Identifier: MIT
//! What a greenlet has on this side: one piece of memory for its closure and, when that has ended, for what it returned.
//!
//! Handles are counted here, without atomics, for they stay in their thread; all of them together hold one handle of the library. The block goes
//! when it has no handles and neither a body nor an outcome. The library's `data` points to it until then.

use std::any::Any;
use std::cell::{Cell, UnsafeCell};
use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::OnceLock;

use greenlet_sys as sys;

use crate::parcel::{self, Kind, Parcel};
use crate::transfer::{give_payload, Killed};
use crate::{pool, thread};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The body is here and has not run.
    Unrun,
    Running,
    /// The outcome is here, until it is received.
    Outcome,
    Empty,
}

/// The part of a [`Block`] that does not depend on types.
#[repr(C)]
pub(crate) struct Header {
    g: Cell<*mut sys::gl_greenlet>,
    shape: &'static Shape,
    handles: Cell<u32>,
    phase: Cell<Phase>,
    /// A kill has been delivered.
    killed: Cell<bool>,
    /// Counted as doubtful by its thread.
    doubtful: Cell<bool>,
    /// Has lost its handles before it ran: a local tells when it dies.
    watched: Cell<bool>,
    /// Runs on a stack that others use too.
    on_copied_stack: bool,
}

struct Shape {
    drop_body: unsafe fn(*mut Header),
    free: unsafe fn(*mut Header),
}

#[repr(C)]
struct Block<F, Out> {
    header: Header,
    content: UnsafeCell<Content<F, Out>>,
}

union Content<F, Out> {
    body: ManuallyDrop<F>,
    outcome: ManuallyDrop<Parcel<Out>>,
}

impl Header {
    fn new(shape: &'static Shape, phase: Phase, on_copied_stack: bool) -> Self {
        Header {
            g: Cell::new(std::ptr::null_mut()),
            shape,
            handles: Cell::new(1),
            phase: Cell::new(phase),
            killed: Cell::new(false),
            doubtful: Cell::new(false),
            watched: Cell::new(false),
            on_copied_stack,
        }
    }

    #[inline(always)]
    pub(crate) fn greenlet(&self) -> *mut sys::gl_greenlet {
        self.g.get()
    }

    pub(crate) fn adopt(&self, g: *mut sys::gl_greenlet) {
        self.g.set(g);
    }

    pub(crate) fn is_unrun(&self) -> bool {
        self.phase.get() == Phase::Unrun
    }

    pub(crate) fn set_killed(&self, killed: bool) {
        self.killed.set(killed);
    }

    fn set_doubtful(&self) {
        if !self.doubtful.replace(true) {
            thread::add_doubtful();
        }
    }
}

impl<F, In, Out> Maker<F, In, Out>
where
    F: FnOnce(In) -> Out,
    In: 'static,
    Out: 'static,
{
    const SHAPE: &'static Shape = &Shape { drop_body: Self::drop_body, free: Self::free };
    const OUTCOME: &'static Kind = &Parcel::<Out>::kind_freed_by(Self::free_outcome);

    /// A block with one handle, for a greenlet that is still to be made.
    pub(crate) fn block(body: F, on_copied_stack: bool) -> *mut Header {
        let block = Block::<F, Out> {
            header: Header::new(Self::SHAPE, Phase::Unrun, on_copied_stack),
            content: UnsafeCell::new(Content { body: ManuallyDrop::new(body) }),
        };
        pool::store(block).cast()
    }

    unsafe fn drop_body(header: *mut Header) {
        // SAFETY: the caller knows that the body is here, and that it is no longer as of now.
        unsafe { ManuallyDrop::drop(&mut (*(*header.cast::<Block<F, Out>>()).content.get()).body) }
    }

    unsafe fn free(header: *mut Header) {
        // SAFETY: `block` made it.
        unsafe { pool::free(header.cast::<Block<F, Out>>()) }
    }

    unsafe fn free_outcome(parcel: *mut c_void) {
        let offset = std::mem::offset_of!(Block<F, Out>, content);
        // SAFETY: all fields of a union begin where it does, so the block begins that much before the parcel.
        unsafe { empty(parcel.byte_sub(offset).cast()) }
    }

    /// The greenlet's body, as the library calls it.
    pub(crate) unsafe extern "C" fn run(data: *mut c_void, value: *mut c_void, result: *mut *mut c_void) -> sys::gl_status {
        let header = data.cast::<Header>();
        // SAFETY: the block stays as long as it has a body or an outcome. Nothing that the closure does is seen when it panics, but by its captures'
        // owners, as with a thread.
        let ended = catch_unwind(AssertUnwindSafe(|| unsafe { Self::call(header, value) }));
        // SAFETY: as above; `result` is the library's.
        unsafe { Self::end(header, ended, result) }
    }

    #[inline(always)]
    unsafe fn call(header: *mut Header, value: *mut c_void) -> Option<Out> {
        // SAFETY: see `run`; the library calls it once, so the body is here unless it has been dropped, and `value` has just come.
        unsafe {
            let h = &*header;
            if h.watched.replace(false) {
                sys::gl_set_local(h.greenlet(), unrun_key(), std::ptr::null_mut());
            }
            if h.phase.get() != Phase::Unrun {
                parcel::discard(value);
                return None;
            }
            h.phase.set(Phase::Running);
            if h.handles.get() == 0 || h.on_copied_stack {
                h.set_doubtful();
            }
            let body = std::ptr::read(&(*(*header.cast::<Block<F, Out>>()).content.get()).body);
            let first = match parcel::open::<In>(value) {
                Ok(first) => first,
                Err(error) => {
                    drop(ManuallyDrop::into_inner(body));
                    error.raise()
                }
            };
            Some(ManuallyDrop::into_inner(body)(first))
        }
    }

    #[inline(always)]
    unsafe fn end(header: *mut Header, ended: Result<Option<Out>, Box<dyn Any + Send>>, result: *mut *mut c_void) -> sys::gl_status {
        // SAFETY: see `run`.
        unsafe {
            let h = &*header;
            if h.doubtful.replace(false) {
                thread::remove_doubtful();
            }
            let nobody_waits = h.killed.get() && h.handles.get() == 0;
            let status = match ended {
                Ok(Some(out)) if !nobody_waits => {
                    let content = (*header.cast::<Block<F, Out>>()).content.get();
                    let parcel = std::ptr::addr_of_mut!((*content).outcome).cast::<Parcel<Out>>();
                    parcel.write(Parcel::new(Self::OUTCOME, out));
                    *result = (*parcel).pointer();
                    if !(*result).is_null() {
                        h.phase.set(Phase::Outcome);
                        if h.handles.get() == 0 {
                            detach(h);
                        }
                        return sys::GL_OK;
                    }
                    sys::GL_OK
                }
                Ok(out) => {
                    drop_quietly(out);
                    sys::GL_KILLED
                }
                Err(payload) if nobody_waits || (h.killed.get() && payload.is::<Killed>()) => {
                    drop_quietly(payload);
                    sys::GL_KILLED
                }
                Err(payload) => {
                    *result = give_payload(payload);
                    sys::GL_THROWN
                }
            };
            if h.handles.get() == 0 {
                detach(h);
            }
            empty(header);
            status
        }
    }
}

/// Only its functions are used.
pub(crate) struct Maker<F, In, Out>(std::marker::PhantomData<fn(F, In) -> Out>);

/// A panic here has been reported by its hook, and nobody is left to go on with it.
fn drop_quietly<T>(value: T) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        std::mem::forget(payload);
    }
}

/// The library's greenlet may outlive the block from now on.
fn detach(h: &Header) {
    // SAFETY: whoever calls knows that the greenlet is still there.
    unsafe { sys::gl_set_data(h.g.replace(std::ptr::null_mut()), std::ptr::null_mut()) }
}

/// Neither a body nor an outcome is left.
unsafe fn empty(header: *mut Header) {
    // SAFETY: the caller has a valid block. With no handles, nobody has another pointer to it.
    unsafe {
        (*header).phase.set(Phase::Empty);
        if (*header).handles.get() == 0 {
            ((*header).shape.free)(header);
        }
    }
}

/// The body is dropped; if the greenlet starts, it ends at once.
pub(crate) unsafe fn drop_unrun(header: *mut Header) {
    // SAFETY: the caller has a handle, or is the library's last call about this greenlet; and the phase is Unrun, after which it is Empty at once,
    // so that nobody else drops it too.
    unsafe {
        (*header).phase.set(Phase::Empty);
        ((*header).shape.drop_body)(header);
    }
}

// --- Handles ---------------------------------------------------------------------------------------------------------------------------

/// The block of a greenlet, with one handle more. One that has none, such as a main greenlet, gets one.
pub(crate) unsafe fn retain_greenlet(g: *mut sys::gl_greenlet) -> *mut Header {
    const SHELL: &Shape = &Shape { drop_body: |_| {}, free: |header| unsafe { pool::free(header) } };
    // SAFETY: the caller has a living pointer; `data` is a block of ours, or NULL (the crate's documentation asks that of C code).
    unsafe {
        let header = sys::gl_data(g).cast::<Header>();
        if header.is_null() {
            let shell = pool::store(Header::new(SHELL, Phase::Empty, false));
            (*shell).adopt(sys::gl_retain(g));
            sys::gl_set_data(g, shell.cast());
            return shell;
        }
        if (*header).handles.get() == 0 {
            sys::gl_retain(g);
        }
        retain(header);
        header
    }
}

#[inline(always)]
pub(crate) unsafe fn retain(header: *mut Header) {
    // SAFETY: the caller has a valid block.
    let handles = unsafe { &(*header).handles };
    handles.set(handles.get().checked_add(1).unwrap_or_else(|| std::process::abort()));
}

#[inline(always)]
pub(crate) unsafe fn release(header: *mut Header) {
    // SAFETY: the caller has a handle, and gives it up.
    unsafe {
        let handles = (*header).handles.get() - 1;
        (*header).handles.set(handles);
        if handles == 0 {
            release_last(header);
        }
    }
}

unsafe fn release_last(header: *mut Header) {
    // SAFETY: the block is valid, and its greenlet is there until gl_release(), which this function calls last.
    unsafe {
        let h = &*header;
        let g = h.greenlet();
        match h.phase.get() {
            // It may be killed now, or when it switches away next.
            Phase::Running => h.set_doubtful(),
            Phase::Outcome => detach(h),
            Phase::Empty => {
                detach(h);
                (h.shape.free)(header);
            }
            Phase::Unrun => {
                if sys::gl_state(g).unsigned_abs() == sys::GL_DEAD {
                    drop_unrun(header);
                    detach(h);
                    (h.shape.free)(header);
                } else if !h.watched.get() {
                    // A child may keep it, and even make it start.
                    h.watched.set(sys::gl_set_local(g, unrun_key(), data_of(header)) == sys::GL_OK);
                    if !h.watched.get() {
                        return; // no memory: it stays
                    }
                }
            }
        }
        sys::gl_release(g);
    }
}

fn data_of(header: *mut Header) -> *mut c_void {
    header.cast()
}

/// The key of the local that tells of deaths: 0, which is no key, when there are none left.
fn unrun_key() -> sys::gl_key {
    static KEY: OnceLock<sys::gl_key> = OnceLock::new();
    *KEY.get_or_init(|| {
        let mut key = 0;
        // SAFETY: the function fits what `release_last` stores.
        unsafe { sys::gl_key_new(&mut key, Some(died_unrun)) };
        key
    })
}

unsafe extern "C" fn died_unrun(data: *mut c_void) {
    let header = data.cast::<Header>();
    // SAFETY: the block is there as long as it is watched, and so is its greenlet while the library makes this call.
    unsafe {
        (*header).watched.set(false);
        if (*header).phase.get() == Phase::Unrun {
            crate::callback(|| drop_unrun(header));
        }
        if (*header).handles.get() == 0 {
            detach(&*header);
            ((*header).shape.free)(header);
        }
    }
}

/// Gives up a block that no greenlet was made for.
pub(crate) unsafe fn free_unmade(header: *mut Header) {
    // SAFETY: the caller has just made it.
    unsafe {
        drop_unrun(header);
        ((*header).shape.free)(header);
    }
}
