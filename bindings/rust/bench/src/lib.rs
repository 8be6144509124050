// SPDX-License-Identifier: MIT
//! What is timed: the safe API, the C functions under it, and peers, each in loops of the same form.
//!
//! A *pair* is a body that answers each number with the next one; one round of it is two transfers. A *life* is make, run to the end, free.

use std::ffi::c_void;
use std::hint::black_box;
use std::ptr::null_mut;

use greenlet::{Coroutine, Greenlet, Step, Yielder};
use greenlet_sys as sys;

/// The safe API: who switches to whom is free, so types are compared on arrival.
pub mod safe {
    use super::{black_box, Greenlet};

    pub fn pair() -> Greenlet<usize, usize> {
        let g = Greenlet::new(|mut n: usize| -> usize {
            let main = greenlet::main();
            loop {
                n = main.switch(n + 1);
            }
        });
        g.switch(0);
        g
    }

    #[inline(never)]
    pub fn rounds(g: &Greenlet<usize, usize>, count: u64) -> usize {
        (0..count).fold(0, |n, _| g.switch(n))
    }

    #[inline(never)]
    pub fn lives(count: u64) -> usize {
        (0..count).fold(0, |n, _| black_box(Greenlet::new(move |m: usize| n + m)).switch(1))
    }
}

/// The C functions under it.
pub mod c {
    use super::{black_box, c_void, null_mut, sys};

    unsafe extern "C" fn answer(_: *mut c_void, mut value: *mut c_void, _: *mut *mut c_void) -> sys::gl_status {
        // SAFETY: main is there as long as this.
        unsafe {
            let main = sys::gl_main();
            loop {
                let status = sys::gl_switch(main, value.wrapping_byte_add(1), &mut value);
                if status != sys::GL_OK {
                    return status;
                }
            }
        }
    }

    unsafe extern "C" fn add(data: *mut c_void, value: *mut c_void, result: *mut *mut c_void) -> sys::gl_status {
        // SAFETY: the library gives a place for the result.
        unsafe { *result = data.wrapping_byte_add(value as usize) };
        sys::GL_OK
    }

    pub struct Pair(*mut sys::gl_greenlet);

    impl Drop for Pair {
        fn drop(&mut self) {
            // SAFETY: this is a handle.
            unsafe { sys::gl_release(self.0) }
        }
    }

    #[must_use]
    pub fn pair() -> Pair {
        // SAFETY: the new handle goes to the result.
        unsafe {
            let g = sys::gl_new(Some(answer), null_mut());
            assert!(!g.is_null());
            sys::gl_switch(g, null_mut(), null_mut());
            Pair(g)
        }
    }

    #[inline(never)]
    #[must_use]
    pub fn rounds(pair: &Pair, count: u64) -> usize {
        let mut value = null_mut();
        for _ in 0..count {
            // SAFETY: the pair has a handle.
            assert!(unsafe { sys::gl_switch(pair.0, value, &mut value) } == sys::GL_OK);
        }
        value as usize
    }

    #[inline(never)]
    #[must_use]
    pub fn lives(count: u64) -> usize {
        let one = null_mut::<c_void>().wrapping_byte_add(1);
        let mut value = null_mut();
        for _ in 0..count {
            // SAFETY: the handle is given back.
            unsafe {
                let g = black_box(sys::gl_new(Some(add), value));
                assert!(sys::gl_switch(g, one, &mut value) == sys::GL_OK);
                sys::gl_release(g);
            }
        }
        value as usize
    }
}

/// The safe API where all types are known.
pub mod coroutine {
    use super::{Coroutine, Step, Yielder};

    pub type Pair = Coroutine<usize, usize, ()>;

    pub fn pair() -> Pair {
        let mut pair = Coroutine::new(|out: &Yielder<usize, usize>, mut n| loop {
            n = out.yield_(n + 1);
        });
        pair.resume(0);
        pair
    }

    #[inline(never)]
    pub fn rounds(pair: &mut Pair, count: u64) -> usize {
        (0..count).fold(0, |n, _| match pair.resume(n) {
            Step::Yielded(n) => n,
            Step::Returned(()) => unreachable!(),
        })
    }
}

pub mod corosensei {
    use super::black_box;
    use ::corosensei::stack::DefaultStack;
    use ::corosensei::CoroutineResult;

    pub type Pair = ::corosensei::Coroutine<usize, usize, ()>;

    pub fn pair() -> Pair {
        let mut pair = Pair::new(|out, mut n| loop {
            n = out.suspend(n + 1);
        });
        pair.resume(0);
        pair
    }

    #[inline(never)]
    pub fn rounds(pair: &mut Pair, count: u64) -> usize {
        (0..count).fold(0, |n, _| match pair.resume(n) {
            CoroutineResult::Yield(n) => n,
            CoroutineResult::Return(()) => unreachable!(),
        })
    }

    /// With one stack that is used again and again: it has no store of them.
    #[inline(never)]
    pub fn lives(count: u64) -> usize {
        let mut stack = DefaultStack::default();
        let mut n = 0;
        for _ in 0..count {
            let mut life = black_box(::corosensei::Coroutine::<usize, (), usize, _>::with_stack(stack, move |_, m| n + m));
            n = match life.resume(1) {
                CoroutineResult::Return(n) => n,
                CoroutineResult::Yield(()) => unreachable!(),
            };
            stack = life.into_stack();
        }
        n
    }
}

pub mod generator {
    use super::black_box;
    use ::generator::{Generator, Gn};

    pub fn pair() -> Generator<'static, usize, usize> {
        let mut pair = Gn::<usize>::new_scoped(|mut scope| {
            let mut n = 0;
            loop {
                n = scope.yield_(n + 1).unwrap_or(0);
            }
        });
        pair.resume();
        pair
    }

    #[inline(never)]
    pub fn rounds(pair: &mut Generator<'static, usize, usize>, count: u64) -> usize {
        (0..count).fold(0, |n, _| pair.send(n))
    }

    /// It maps a stack for each.
    #[inline(never)]
    #[must_use]
    pub fn lives(count: u64) -> usize {
        (0..count).fold(0, |n, _| black_box(Gn::<()>::new_scoped(move |_| n + 1)).resume().unwrap_or(0))
    }
}
