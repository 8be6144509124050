// SPDX-License-Identifier: MIT
//! Bodies that borrow.

use std::cell::{Cell, RefCell};
use std::panic::{catch_unwind, AssertUnwindSafe};

use greenlet::{current, main, parent, scope, AnyGreenlet, Builder, Error, Greenlet, State};

struct CountDrop<'a>(&'a Cell<u32>);
impl Drop for CountDrop<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn all_have_ended_when_it_returns_also_forgotten_ones() {
    let drops = Cell::new(0);
    let mut kept = Vec::new();
    scope(|s| {
        for started in [false, true, true] {
            let captured = CountDrop(&drops);
            let g: Greenlet<(), ()> = s.greenlet(move |()| {
                let _captured = captured;
                parent().switch::<()>(());
            });
            if started {
                g.switch(());
            }
            kept.push(g.clone());
            std::mem::forget(g);
        }
        assert_eq!(drops.get(), 0);
    });
    assert_eq!(drops.get(), 3);
    assert!(kept.iter().all(|g| g.state() == State::Dead));
}

#[test]
fn a_dropped_handle_ends_it_at_once() {
    let drops = Cell::new(0);
    scope(|s| {
        let captured = CountDrop(&drops);
        let g = s.greenlet(move |()| {
            let _captured = captured;
            parent().switch::<()>(());
        });
        g.switch(());
        drop(g);
        assert_eq!(drops.get(), 1);
        drop(s.greenlet(|()| drop(CountDrop(&drops))));
        assert_eq!(drops.get(), 1, "it has not run");
    });
}

#[test]
fn a_panic_ends_them_first() {
    let drops = Cell::new(0);
    let result = catch_unwind(AssertUnwindSafe(|| {
        scope(|s| {
            let g = s.greenlet(|()| {
                let _local = CountDrop(&drops);
                parent().switch::<()>(());
            });
            g.switch(());
            panic!("out of the scope");
        });
    }));
    assert_eq!(*result.unwrap_err().downcast::<&str>().unwrap(), "out of the scope");
    assert_eq!(drops.get(), 1);
}

#[test]
fn a_panic_of_the_unwinding_comes_out() {
    let mut kept = None;
    let result = catch_unwind(AssertUnwindSafe(|| {
        scope(|s| {
            let g = s.greenlet(|()| {
                let caught = catch_unwind(AssertUnwindSafe(|| parent().switch::<()>(())));
                assert!(caught.is_ok(), "killed");
            });
            g.switch(());
            kept = Some(g); // or that handle's end would be its kill, whose panic is nobody's
        });
    }));
    assert_eq!(*result.unwrap_err().downcast::<&str>().unwrap(), "killed");
    assert_eq!(kept.unwrap().state(), State::Dead);
}

#[test]
fn a_killed_scope_ends_them() {
    let drops = std::rc::Rc::new(Cell::new(0));
    let count = drops.clone();
    let outer = Greenlet::new(move |()| {
        scope(|s| {
            let g = s.greenlet(|()| {
                let _local = CountDrop(&count);
                parent().switch::<()>(());
            });
            g.switch(());
            parent().switch::<()>(());
        });
    });
    outer.switch(());
    assert_eq!(drops.get(), 0);
    assert!(outer.kill().unwrap());
    assert_eq!(drops.get(), 1);
}

#[test]
fn one_that_catches_kills_is_killed_again() {
    let kills = Cell::new(0);
    scope(|s| {
        let g = s.greenlet(|()| {
            for _ in 0..3 {
                let caught = catch_unwind(AssertUnwindSafe(|| parent().switch::<()>(())));
                assert!(greenlet::is_kill(&*caught.unwrap_err()));
                kills.set(kills.get() + 1);
            }
        });
        g.switch(());
    });
    assert_eq!(kills.get(), 3);
}

#[test]
fn one_that_has_become_an_ancestor_ends_too() {
    let drops = Cell::new(0);
    let outer = Greenlet::new(|()| {
        let drops = Cell::new(0);
        scope(|s| {
            let g = s.greenlet(|()| {
                let _local = CountDrop(&drops);
                parent().switch::<()>(());
            });
            g.switch(());
            g.set_parent(&main()).unwrap();
            current().set_parent(&g).unwrap();
        });
        drops.get()
    });
    drops.set(outer.switch(()));
    assert_eq!(drops.get(), 1);
}

#[test]
fn those_that_escaped_are_dead() {
    thread_local!(static STASH: RefCell<Option<AnyGreenlet>> = const { RefCell::new(None) });
    let touched = Cell::new(false);
    scope(|s| {
        let g = s.greenlet(|()| {
            parent().switch::<()>(());
            touched.set(true);
        });
        g.switch(());
        STASH.set(Some(g.any().clone()));
    });
    let g = STASH.take().unwrap();
    assert_eq!(g.switch::<i32>(1), 1, "as it is dead, the value comes back");
    assert!(!touched.get());
}

#[test]
fn unstarted_ones_cannot_start_later() {
    let (drops, mut kept) = (Cell::new(0), None);
    scope(|s| {
        let captured = CountDrop(&drops);
        kept = Some(s.build(Builder::new().name("late"), move |()| drop(captured)).unwrap());
    });
    assert_eq!(drops.get(), 1);
    assert_eq!(kept.unwrap().state(), State::Dead);
}

#[test]
fn generators_borrow_both_ways_and_may_be_forgotten() {
    let words = vec![String::from("a"), String::from("bc")];
    let total = Cell::new(0);
    scope(|s| {
        let mut measure = s.coroutine(|out, mut word: &str| loop {
            total.set(total.get() + word.len());
            word = out.yield_(word.chars().next());
        });
        for word in &words {
            assert_eq!(measure.resume(word), greenlet::Step::<_, ()>::Yielded(word.chars().next()));
        }
        std::mem::forget(measure);
    });
    assert_eq!(total.get(), 3);
}

#[test]
fn inside_a_destructor_while_panicking() {
    struct ScopeInDrop<'a>(&'a Cell<u32>);
    impl Drop for ScopeInDrop<'_> {
        fn drop(&mut self) {
            scope(|s| {
                let captured = CountDrop(self.0);
                let g = s.greenlet(move |()| drop(captured));
                assert!(matches!(g.try_switch(()), Err(Error::Panicking)));
            });
        }
    }
    let drops = Cell::new(0);
    let result = catch_unwind(AssertUnwindSafe(|| {
        let _scope = ScopeInDrop(&drops);
        panic!();
    }));
    assert!(result.is_err());
    assert_eq!(drops.get(), 1);
}
