// SPDX-License-Identifier: MIT
//! Memory of blocks, kept for the next greenlets of the thread: the allocator would take as long as the rest of a short life.

use std::alloc::{alloc, dealloc, handle_alloc_error, Layout};
use std::cell::Cell;
use std::ptr::null_mut;

use crate::thread;

/// What is larger, or aligned more strictly, comes from the allocator.
const SIZES: [usize; 2] = [64, 128];
/// Of each size. None in debug builds, so that tools see each one go.
const MOST_KEPT: u32 = if cfg!(debug_assertions) { 0 } else { 256 };

pub(crate) struct Pool {
    classes: [Class; SIZES.len()],
}

struct Class {
    first: Cell<*mut Free>,
    kept: Cell<u32>,
}

struct Free {
    next: *mut Free,
}

impl Class {
    const fn new() -> Self {
        Class { first: Cell::new(null_mut()), kept: Cell::new(0) }
    }
}

impl Pool {
    pub(crate) const fn new() -> Self {
        Pool { classes: [Class::new(), Class::new()] }
    }
}

/// Of which class `T`s are, and what the allocator is asked for.
const fn class_of<T>() -> (Option<usize>, Layout) {
    let own = Layout::new::<T>();
    let mut class = 0;
    while class < SIZES.len() {
        if own.size() <= SIZES[class] && own.align() <= 16 {
            // SAFETY: 16 is a power of two, and the sizes are multiples of it.
            return (Some(class), unsafe { Layout::from_size_align_unchecked(SIZES[class], 16) });
        }
        class += 1;
    }
    (None, own)
}

/// Moves `value` into memory that [`free`] frees.
#[inline(always)]
pub(crate) fn store<T>(value: T) -> *mut T {
    let (class, layout) = class_of::<T>();
    let kept = class.and_then(|class| thread::with_pool(|pool| pool.classes[class].take())).unwrap_or(null_mut());
    let memory: *mut T = if kept.is_null() { allocate(layout) } else { kept.cast() };
    // SAFETY: it is new, and large enough.
    unsafe { memory.write(value) };
    memory
}

#[cold]
fn allocate<T>(layout: Layout) -> *mut T {
    // SAFETY: no block is of size 0.
    let memory = unsafe { alloc(layout) };
    if memory.is_null() {
        handle_alloc_error(layout);
    }
    memory.cast()
}

/// Frees the memory without dropping what is in it.
///
/// # Safety
/// It is from [`store`], for the same type, also on another thread, and nobody uses it any more.
#[inline(always)]
pub(crate) unsafe fn free<T>(memory: *mut T) {
    let (class, layout) = class_of::<T>();
    let kept = class.and_then(|class| thread::with_pool(|pool| pool.classes[class].put(memory.cast())));
    if kept != Some(true) {
        // SAFETY: `store` asked for this layout.
        unsafe { dealloc(memory.cast(), layout) }
    }
}

impl Class {
    /// NULL: there is none.
    #[inline(always)]
    fn take(&self) -> *mut Free {
        let free = self.first.get();
        if !free.is_null() {
            // SAFETY: what is in the list is memory of ours.
            self.first.set(unsafe { (*free).next });
            self.kept.set(self.kept.get() - 1);
        }
        free
    }

    /// False: there are enough.
    #[inline(always)]
    fn put(&self, free: *mut Free) -> bool {
        if self.kept.get() == MOST_KEPT {
            return false;
        }
        // SAFETY: it is memory that nobody uses, of this class.
        unsafe { free.write(Free { next: self.first.get() }) };
        self.first.set(free);
        self.kept.set(self.kept.get() + 1);
        true
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for (class, size) in self.classes.iter().zip(SIZES) {
            loop {
                let free = class.take();
                if free.is_null() {
                    break;
                }
                // SAFETY: what is in the list was allocated so.
                unsafe { dealloc(free.cast(), Layout::from_size_align_unchecked(size, 16)) }
            }
        }
    }
}
