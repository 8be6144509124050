// SPDX-License-Identifier: MIT
//! Random switches, panics, kills and drops among greenlets that hold handles on each other: every value and every local is dropped once, and nobody is
//! left over.

use std::cell::{Cell, RefCell};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::rc::Rc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::Arc;

use greenlet::{AnyGreenlet, Builder, Error, Greenlet, Stack};

/// How many there are.
struct Counted(Arc<AtomicI64>);
impl Counted {
    fn new(count: &Arc<AtomicI64>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Counted(count.clone())
    }
}
impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// xorshift64*
struct Random(Cell<u64>);
impl Random {
    fn below(&self, n: usize) -> usize {
        let mut x = self.0.get();
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.0.set(x);
        (x.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n
    }
}

struct World {
    random: Random,
    all: RefCell<Vec<AnyGreenlet>>,
    counted: Arc<AtomicI64>,
    switches: Cell<u32>,
    stack: Option<Stack>,
    steps: Cell<u32>,
}

impl World {
    fn any(&self) -> Option<AnyGreenlet> {
        let all = self.all.borrow();
        (!all.is_empty()).then(|| all[self.random.below(all.len())].clone())
    }

    fn make(self: &Rc<Self>) {
        let (world, captured) = (self.clone(), Counted::new(&self.counted));
        let body = move |first: Counted| {
            let _captured = captured;
            let _local = first;
            for _ in 0..world.random.below(20) {
                world.step();
            }
            assert!(world.random.below(4) > 0, "now and then");
            Counted::new(&world.counted)
        };
        let mut builder = Builder::new();
        if let Some(stack) = self.stack.as_ref().filter(|_| self.random.below(2) == 0) {
            // SAFETY: these bodies lend no locals.
            builder = unsafe { builder.shared_stack(stack) };
        }
        if let Some(parent) = self.any().filter(|_| self.random.below(3) == 0) {
            builder = builder.parent(&parent);
        }
        let g: Greenlet<Counted, Counted> = builder.build(body).unwrap();
        self.all.borrow_mut().push(g.into_any());
    }

    fn step(self: &Rc<Self>) {
        if self.steps.get() == 0 {
            return;
        }
        self.steps.set(self.steps.get() - 1);
        match self.random.below(10) {
            0 | 1 => self.make(),
            2 => {
                let gone = {
                    let mut all = self.all.borrow_mut();
                    let i = self.random.below(all.len().max(1));
                    (i < all.len()).then(|| all.swap_remove(i))
                };
                drop(gone);
            }
            3 => drop(self.any().map(|g| g.kill())),
            4 => {
                let payload = Box::new(Counted::new(&self.counted));
                drop(self.any().map(|g| g.try_throw::<Counted>(payload)));
            }
            5 => drop(self.any().zip(self.any()).map(|(g, parent)| g.set_parent(&parent))),
            _ => {
                let Some(g) = self.any() else { return };
                match g.try_switch::<Counted>(Counted::new(&self.counted)) {
                    Ok(_) | Err(Error::Panicked(_) | Error::WrongType(_)) => self.switches.set(self.switches.get() + 1),
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }
}

/// On a thread of its own, whose end unwinds those that keep each other.
fn storm(seed: u64, shared: bool) {
    let counted = Arc::new(AtomicI64::new(0));
    let count = counted.clone();
    let thread = std::thread::spawn(move || {
        let stack = shared.then(|| Stack::new(1 << 18).unwrap());
        let random = Random(Cell::new(seed * 2 + 1));
        let world = World { random, all: RefCell::default(), counted: count, switches: Cell::new(0), stack, steps: Cell::new(2000) };
        let world = Rc::new(world);
        while world.steps.get() > 0 {
            drop(catch_unwind(AssertUnwindSafe(|| world.step())));
        }
        while !world.all.borrow().is_empty() {
            let g = world.all.borrow_mut().pop();
            drop(g);
        }
        world.switches.get()
    });
    assert!(thread.join().unwrap() > 100);
    assert_eq!(counted.load(Ordering::Relaxed), 0, "seed {seed}");
}

/// The panics of bodies, on threads without names, are no news.
fn keep_quiet() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().name().is_some() {
            hook(info);
        }
    }));
}

#[test]
fn on_private_stacks() {
    keep_quiet();
    (1..20).for_each(|seed| storm(seed, false));
}

#[test]
fn on_shared_stacks() {
    keep_quiet();
    (1..20).for_each(|seed| storm(seed, true));
}
