// SPDX-License-Identifier: MIT
//! The loops of `loops.h` for corosensei. It is asymmetric: a coroutine can only go back to whoever resumed it, so the
//! ring passes through a hub, and one hop of it is two transfers.

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, Yielder};
use std::arch::asm;
use std::cell::{Cell, OnceCell, RefCell};
use std::ffi::{c_char, c_long, c_void};
use std::hint::black_box;
use std::ptr::null_mut;
use std::time::Instant;

type Value = *mut c_void;
type Worker = Coroutine<Value, Value, Value>;
type Loop = extern "C" fn(c_long) -> f64;

const OFFSETS: usize = 8;
const MEASURES: usize = 7;
const RING: usize = 100;

/// `bench_peer` of peer.h.
#[repr(C)]
pub struct Peer {
    name: *const c_char,
    version: *const c_char,
    loops: [[Option<Loop>; OFFSETS]; MEASURES],
}
// Nothing in it ever changes.
unsafe impl Sync for Peer {}

macro_rules! place {
    ($offset:expr) => {
        unsafe { asm!(".p2align 6", ".skip {}, 0x90", const $offset * 8 + 4) }
    };
}

fn nanoseconds<const OFFSET: usize>(count: c_long, mut step: impl FnMut()) -> f64 {
    let begin = Instant::now();
    place!(OFFSET);
    for _ in 0..count {
        step();
    }
    begin.elapsed().as_nanos() as f64
}

fn resume(worker: &mut Worker, value: Value) -> Value {
    match worker.resume(value) {
        corosensei::CoroutineResult::Yield(value) | corosensei::CoroutineResult::Return(value) => {
            value
        }
    }
}

#[inline(never)]
fn resume_deep<const DEPTH: usize>(worker: &mut Worker, value: Value) -> Value {
    black_box(if DEPTH == 3 {
        resume(worker, value)
    } else {
        resume_next::<DEPTH>(worker, value)
    })
}

#[inline(never)]
fn suspend_deep<const DEPTH: usize>(hub: &Yielder<Value, Value>, value: Value) -> Value {
    black_box(if DEPTH == 3 {
        hub.suspend(value)
    } else {
        suspend_next::<DEPTH>(hub, value)
    })
}

// Rust has no arithmetic on a const parameter in a call.
#[inline(always)]
fn resume_next<const DEPTH: usize>(worker: &mut Worker, value: Value) -> Value {
    match DEPTH {
        1 => resume_deep::<2>(worker, value),
        _ => resume_deep::<3>(worker, value),
    }
}

#[inline(always)]
fn suspend_next<const DEPTH: usize>(hub: &Yielder<Value, Value>, value: Value) -> Value {
    match DEPTH {
        1 => suspend_deep::<2>(hub, value),
        _ => suspend_deep::<3>(hub, value),
    }
}

fn new_leaf<const OFFSET: usize>() -> Worker {
    Coroutine::new(|hub: &Yielder<Value, Value>, mut value: Value| {
        place!(OFFSET);
        loop {
            value = hub.suspend(value);
        }
    })
}

fn new_deep<const OFFSET: usize>() -> Worker {
    Coroutine::new(|hub: &Yielder<Value, Value>, mut value: Value| {
        place!(OFFSET);
        loop {
            value = suspend_deep::<1>(hub, value);
        }
    })
}

type Workers = [OnceCell<RefCell<Vec<Worker>>>; OFFSETS];
thread_local! {
    // They live as long as the program: what is timed is their transfers alone.
    static LEAF: Workers = const { [const { OnceCell::new() }; OFFSETS] };
    static DEEP: Workers = const { [const { OnceCell::new() }; OFFSETS] };
    static RINGS: Workers = const { [const { OnceCell::new() }; OFFSETS] };
    static STACK: Cell<Option<DefaultStack>> = const { Cell::new(None) };
}

fn with<R>(
    workers: &Workers,
    offset: usize,
    make: fn() -> Worker,
    count: usize,
    work: impl FnOnce(&mut Vec<Worker>) -> R,
) -> R {
    work(
        &mut workers[offset]
            .get_or_init(|| RefCell::new((0..count).map(|_| make()).collect()))
            .borrow_mut(),
    )
}

#[inline(never)]
extern "C" fn leaf<const OFFSET: usize>(count: c_long) -> f64 {
    let rounds = (count + 1) / 2;
    LEAF.with(|workers| {
        with(workers, OFFSET, new_leaf::<OFFSET>, 1, |list| {
            let worker = &mut list[0];
            let mut value = null_mut();
            nanoseconds::<OFFSET>(rounds, || value = resume(worker, value)) / (2 * rounds) as f64
        })
    })
}

#[inline(never)]
extern "C" fn deep<const OFFSET: usize>(count: c_long) -> f64 {
    let rounds = (count + 1) / 2;
    DEEP.with(|workers| {
        with(workers, OFFSET, new_deep::<OFFSET>, 1, |list| {
            let worker = &mut list[0];
            let mut value = null_mut();
            nanoseconds::<OFFSET>(rounds, || value = resume_deep::<1>(worker, value))
                / (2 * rounds) as f64
        })
    })
}

#[inline(never)]
extern "C" fn ring<const OFFSET: usize>(count: c_long) -> f64 {
    let rounds = (count + RING as c_long - 1) / RING as c_long;
    RINGS.with(|workers| {
        with(workers, OFFSET, new_leaf::<OFFSET>, RING, |list| {
            let mut value = null_mut();
            let round = || {
                for worker in list.iter_mut() {
                    value = resume(worker, value);
                }
            };
            nanoseconds::<OFFSET>(rounds, round) / (rounds * RING as c_long) as f64
        })
    })
}

/// With one stack that is used again and again: making one takes microseconds.
#[inline(never)]
extern "C" fn create<const OFFSET: usize>(count: c_long) -> f64 {
    let mut stack = Some(STACK.take().unwrap_or_default());
    let mut value = null_mut();
    let taken = nanoseconds::<OFFSET>(count, || {
        if let Some(own) = stack.take() {
            let mut worker =
                Coroutine::with_stack(own, |_: &Yielder<Value, Value>, value: Value| value);
            value = black_box(resume(&mut worker, value));
            stack = Some(worker.into_stack());
        }
    });
    STACK.set(stack);
    taken / count as f64
}

macro_rules! offsets {
    ($loop:ident) => {
        [
            Some($loop::<0>),
            Some($loop::<1>),
            Some($loop::<2>),
            Some($loop::<3>),
            Some($loop::<4>),
            Some($loop::<5>),
            Some($loop::<6>),
            Some($loop::<7>),
        ]
    };
}

#[no_mangle]
#[allow(non_upper_case_globals)]
pub static bench_corosensei: Peer = Peer {
    name: c"corosensei".as_ptr(),
    version: c"0.3.4".as_ptr(),
    loops: [
        offsets!(leaf),
        offsets!(deep),
        offsets!(ring),
        offsets!(create),
        [None; OFFSETS],
        [None; OFFSETS],
        [None; OFFSETS],
    ],
};
