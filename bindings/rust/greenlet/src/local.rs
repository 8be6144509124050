// SPDX-License-Identifier: MIT
//! Values that each greenlet has of its own.

use std::ffi::c_void;
use std::sync::OnceLock;

use greenlet_sys as sys;

use crate::Error;

/// A value that each greenlet has of its own, as `thread_local!` is for threads: made when the greenlet first asks, dropped when it ends, on its stack.
///
/// Destructors may not switch there. For statics: the library's key stays in use for the life of the process.
///
/// ```
/// use std::cell::Cell;
/// use greenlet::{Greenlet, GreenletLocal};
///
/// static DEPTH: GreenletLocal<Cell<u32>> = GreenletLocal::new(|| Cell::new(1));
///
/// DEPTH.with(|depth| depth.set(5));
/// Greenlet::new(|()| DEPTH.with(|depth| assert_eq!(depth.get(), 1))).switch(());
/// DEPTH.with(|depth| assert_eq!(depth.get(), 5));
/// ```
pub struct GreenletLocal<T: 'static> {
    /// 0, which is no key, when there are none left.
    key: OnceLock<sys::gl_key>,
    make: fn() -> T,
}

impl<T: 'static> GreenletLocal<T> {
    /// Values are made by `make`.
    pub const fn new(make: fn() -> T) -> Self {
        GreenletLocal { key: OnceLock::new(), make }
    }

    /// Calls `f` with the current greenlet's value.
    ///
    /// # Panics
    /// When `f` or the function that makes the value does; without memory; when the process has used up its 4096 keys.
    #[track_caller]
    pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        let key = self.key();
        // SAFETY: under this key are Ts, each of which stays until its greenlet has ended: which cannot be before `f` has, for it runs there.
        unsafe {
            let mut value = sys::gl_local(sys::gl_current(), key).cast::<T>();
            if value.is_null() {
                value = self.make(key);
            }
            f(&*value)
        }
    }

    /// Does the current greenlet have a value already?
    #[must_use]
    pub fn is_set(&'static self) -> bool {
        // SAFETY: this only compares.
        unsafe { !sys::gl_local(sys::gl_current(), self.key()).is_null() }
    }

    fn key(&self) -> sys::gl_key {
        *self.key.get_or_init(|| {
            let mut key = 0;
            // SAFETY: the function fits what `make` stores.
            unsafe { sys::gl_key_new(&mut key, Some(drop_value::<T>)) };
            key
        })
    }

    #[cold]
    #[track_caller]
    fn make(&self, key: sys::gl_key) -> *mut T {
        let value = Box::new((self.make)());
        // SAFETY: the current greenlet is there; if `make` has set a value, that one stays.
        unsafe {
            let g = sys::gl_current();
            let earlier = sys::gl_local(g, key).cast::<T>();
            if !earlier.is_null() {
                return earlier;
            }
            let value = Box::into_raw(value);
            if sys::gl_set_local(g, key, value.cast()) != sys::GL_OK {
                drop(Box::from_raw(value));
                Error::NoMemory.raise();
            }
            value
        }
    }
}

unsafe extern "C" fn drop_value<T>(value: *mut c_void) {
    // SAFETY: `make` stored it, and the library gives it back once.
    crate::callback(|| drop(unsafe { Box::from_raw(value.cast::<T>()) }));
}

impl<T> std::fmt::Debug for GreenletLocal<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GreenletLocal").finish_non_exhaustive()
    }
}
