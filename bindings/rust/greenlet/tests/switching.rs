// SPDX-License-Identifier: MIT
//! Values, panics, kills and handles.

use std::cell::{Cell, RefCell};
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::rc::Rc;

use greenlet::{current, main, parent, Builder, Error, Greenlet, State};

/// Counts its drops.
#[derive(Clone)]
struct Guard(Rc<Cell<u32>>);
impl Drop for Guard {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}
fn guard() -> (Guard, Rc<Cell<u32>>) {
    let count = Rc::new(Cell::new(0));
    (Guard(count.clone()), count)
}

/// What a panic said.
fn message(result: std::thread::Result<impl Sized>) -> String {
    let payload = result.err().expect("a panic");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast::<&str>().expect("a message")).to_owned(),
    }
}

#[test]
fn values_of_any_size_and_kind_pass_both_ways() {
    let g = Greenlet::new(|first: [u64; 100]| {
        let second: Box<str> = parent().switch(first.iter().sum::<u64>());
        let third: () = parent().switch(second.len());
        let fourth: Option<Rc<u8>> = parent().switch(third);
        *fourth.unwrap()
    });
    let g = g.any();
    assert_eq!(g.switch::<u64>([2u64; 100]), 200);
    assert_eq!(g.switch::<usize>(Box::<str>::from("four")), 4);
    g.switch::<()>(());
    assert_eq!(g.switch::<u8>(Some(Rc::new(7u8))), 7);
    assert_eq!(g.state(), State::Dead);
}

#[test]
fn any_greenlet_switches_to_any_other() {
    let log = Rc::new(RefCell::new(Vec::new()));
    let to: Rc<RefCell<Option<Greenlet<i32, ()>>>> = Rc::default();
    let a = {
        let (log, to) = (log.clone(), to.clone());
        Greenlet::new(move |n: i32| {
            log.borrow_mut().push(("a", n));
            let b = to.borrow_mut().take().unwrap();
            let back: i32 = b.any().switch(n + 1);
            log.borrow_mut().push(("a", back));
        })
    };
    let b = {
        let (log, a) = (log.clone(), a.clone());
        Greenlet::new(move |n: i32| {
            log.borrow_mut().push(("b", n));
            a.any().switch::<()>(n + 1);
        })
    };
    *to.borrow_mut() = Some(b);
    a.switch(1);
    assert_eq!(*log.borrow(), [("a", 1), ("b", 2), ("a", 3)]);
}

#[test]
fn a_value_of_another_type_is_dropped_and_reported() {
    let (value, drops) = guard();
    let g = Greenlet::new(|()| parent().try_switch::<u32>(()).map_err(|e| e.to_string()));
    g.any().switch::<()>(());
    let error = g.any().switch::<Result<u32, String>>(value).unwrap_err();
    assert!(error.starts_with("expected u32, received ") && error.ends_with("Guard"), "{error}");
    assert_eq!(drops.get(), 1);

    let g = Greenlet::new(|()| 1u8);
    assert!(matches!(g.any().try_switch::<u16>(()), Err(Error::WrongType(w)) if w.received() == Some("u8")));
    let g = Greenlet::new(|_: u8| ());
    assert_eq!(message(catch_unwind(AssertUnwindSafe(|| g.any().switch::<()>(())))), "expected u8, received no value");
}

#[test]
fn a_value_that_was_not_sent_is_dropped() {
    struct SwitchInDrop(Greenlet<Guard, ()>, Option<Guard>, Rc<RefCell<Option<Error>>>);
    impl Drop for SwitchInDrop {
        fn drop(&mut self) {
            *self.2.borrow_mut() = self.0.try_switch(self.1.take().unwrap()).err();
        }
    }
    let (value, drops) = guard();
    let huge = Builder::new().stack_size(1 << 60).build(|_: Guard| ()).unwrap();
    assert!(matches!(huge.try_switch(value.clone()), Err(Error::NoMemory)));
    assert_eq!((huge.state(), drops.replace(0)), (State::Unstarted, 1));

    let error = Rc::new(RefCell::new(None));
    let while_panicking = SwitchInDrop(Greenlet::new(|_| ()), Some(value), error.clone());
    let result = catch_unwind(AssertUnwindSafe(|| {
        let _inside = while_panicking;
        panic!("outer");
    }));
    assert_eq!(message(result), "outer");
    assert!(matches!(*error.borrow(), Some(Error::Panicking)));
    assert_eq!(drops.get(), 1);
}

#[test]
fn a_panic_arrives_at_the_parent_with_its_payload() {
    let g = Greenlet::new(|()| std::panic::panic_any(vec![1, 2, 3]));
    let payload = catch_unwind(AssertUnwindSafe(|| g.switch(()))).unwrap_err();
    assert_eq!(*payload.downcast::<Vec<i32>>().unwrap(), [1, 2, 3]);

    let g = Greenlet::new(|()| {
        Greenlet::new(|()| panic!("number {}", 7)).switch(());
    });
    assert_eq!(message(catch_unwind(AssertUnwindSafe(|| g.switch(())))), "number 7");
}

#[test]
fn an_unstarted_one_that_is_thrown_into_drops_its_closure() {
    let (captured, drops) = guard();
    let g = Greenlet::new(move |()| drop(captured));
    let error = g.try_throw::<()>(Box::new("no")).unwrap_err();
    assert!(matches!(error, Error::Panicked(p) if p.message() == Some("no")));
    assert_eq!((g.state(), drops.get()), (State::Dead, 1));
}

#[test]
fn the_last_handle_unwinds() {
    let (local, drops) = guard();
    let g = Greenlet::new(move |()| {
        let _local = local;
        parent().switch::<()>(());
        unreachable!("it is unwound");
    });
    g.switch(());
    let second = g.clone();
    drop(g);
    assert_eq!(drops.get(), 0);
    drop(second);
    assert_eq!(drops.get(), 1);
}

#[test]
fn a_panic_drops_handles_and_that_unwinds() {
    let (local, drops) = guard();
    let result = catch_unwind(AssertUnwindSafe(|| {
        let g = Greenlet::new(move |()| {
            let _local = local;
            parent().switch::<()>(());
        });
        g.switch(());
        panic!("outer");
    }));
    assert_eq!(message(result), "outer");
    assert_eq!(drops.get(), 1);
    assert!(!std::thread::panicking());
}

#[test]
fn an_unstarted_one_drops_its_closure() {
    let (captured, drops) = guard();
    drop(Greenlet::new(move |()| drop(captured)));
    assert_eq!(drops.get(), 1);

    let (captured, drops) = guard();
    let g = Greenlet::new(move |()| drop(captured));
    assert!(g.kill().unwrap());
    assert_eq!((g.state(), drops.get()), (State::Dead, 1));
}

#[test]
fn a_child_keeps_its_parent_unstarted() {
    let (captured, drops) = guard();
    let middle = Greenlet::new(move |n: i32| {
        let _captured = &captured;
        n + 1
    });
    let child = Builder::new().parent(&middle).build(|n: i32| n * 10).unwrap();
    drop(middle);
    assert_eq!(drops.get(), 0);
    let other = child.clone();
    assert_eq!(child.switch(2), 21); // through the middle one, which the outcome starts
    assert_eq!(drops.get(), 1);
    drop((child, other));

    let (captured, drops) = guard();
    let middle = Greenlet::new(move |_: i32| drop(captured));
    let child = Builder::new().parent(&middle).build(|n: i32| n).unwrap();
    drop(middle);
    drop(child); // neither has run
    assert_eq!(drops.get(), 1);
}

#[test]
fn a_kill_may_be_caught_and_goes_on() {
    let seen = Rc::new(Cell::new(false));
    let see = seen.clone();
    let g = Greenlet::new(move |()| {
        let caught = catch_unwind(AssertUnwindSafe(|| parent().switch::<()>(())));
        let payload = caught.unwrap_err();
        see.set(greenlet::is_kill(&*payload));
        resume_unwind(payload);
    });
    g.switch(());
    assert!(g.kill().unwrap());
    assert!(seen.get());
}

#[test]
fn who_catches_its_kill_and_goes_on_is_alive() {
    let g = Greenlet::new(|()| {
        let _ = catch_unwind(AssertUnwindSafe(|| parent().switch::<()>(())));
        parent().switch::<()>(1);
    });
    g.switch(());
    assert!(!g.kill().unwrap());
    assert_eq!(g.state(), State::Suspended);
    assert!(g.kill().unwrap());
}

#[test]
fn another_panic_while_unwinding_reaches_the_killer() {
    struct PanicInDrop;
    impl Drop for PanicInDrop {
        fn drop(&mut self) {
            let _ = catch_unwind(|| panic!("in the destructor"));
        }
    }
    let body = |()| {
        let result = catch_unwind(AssertUnwindSafe(|| {
            let _p = PanicInDrop;
            parent().switch::<()>(());
        }));
        assert!(result.is_err());
        panic!("in place of it");
    };
    let g = Greenlet::new(body);
    g.switch(());
    assert!(matches!(g.kill(), Err(Error::Panicked(p)) if p.message() == Some("in place of it")));
    let g = Greenlet::new(body);
    g.switch(());
    drop(g); // nobody waits
}

#[test]
fn a_kill_unwinds_try_switch_too() {
    let g = Greenlet::new(|()| {
        let _ = parent().try_switch::<()>(());
        unreachable!();
    });
    g.switch(());
    assert!(g.kill().unwrap());
}

#[test]
fn what_cannot_be_killed() {
    assert!(matches!(main().kill(), Err(Error::Invalid)));
    let g = Greenlet::new(|()| {
        assert!(matches!(current().kill(), Err(Error::Invalid)));
        let me = current();
        Greenlet::new(move |()| assert!(matches!(me.kill(), Err(Error::Cycle)))).switch(());
    });
    g.switch(());
    assert!(g.kill().unwrap(), "dead already");
}

#[test]
fn one_that_drops_a_handle_of_its_own_goes_on() {
    let slot: Rc<RefCell<Option<Greenlet<(), String>>>> = Rc::default();
    let own = slot.clone();
    let (local, drops) = guard();
    *slot.borrow_mut() = Some(Greenlet::new(move |()| {
        let _local = local;
        own.borrow_mut().take();
        parent().switch("sent".to_owned())
    }));
    let g = slot.borrow().clone().unwrap();
    assert_eq!(g.switch(()), "sent");
    assert_eq!((slot.take().is_none(), drops.get()), (true, 0));
    drop(g);
    assert_eq!(drops.get(), 1);
}

#[test]
fn dead_ones_pass_values_on() {
    let g = Greenlet::new(|()| 1);
    assert_eq!(g.switch(()), 1);
    assert_eq!(g.any().switch::<&str>("to main, who sent it"), "to main, who sent it");
}

#[test]
fn family() {
    let g = Greenlet::new(|()| {
        assert_eq!(parent(), main());
        current()
    });
    let inside = g.switch(());
    assert_eq!(&inside, g.any());
    assert_eq!(g.parent(), Some(main()));
    assert_eq!(main().parent(), None);
    assert_eq!(main().state(), State::Running);
    assert!(matches!(main().set_parent(&g), Err(Error::Invalid)));
}

#[test]
fn shared_stacks_carry_values_too() {
    let stack = greenlet::Stack::new(256 * 1024).unwrap();
    let body = |mut text: String| -> String {
        for _ in 0..3 {
            text = parent().switch(text + "!");
        }
        text
    };
    // SAFETY: these bodies lend nothing.
    let all: Vec<_> = (0..3).map(|_| unsafe { Builder::new().shared_stack(&stack) }.build(body).unwrap()).collect();
    for round in 0..3 {
        for g in &all {
            assert_eq!(g.switch(round.to_string()), format!("{round}!"));
        }
    }
    assert_eq!(all[0].switch("end".to_owned()), "end");
}

#[test]
fn the_end_of_a_thread_unwinds_forgotten_ones() {
    struct Tell(std::sync::mpsc::Sender<bool>);
    impl Drop for Tell {
        fn drop(&mut self) {
            self.0.send(std::thread::panicking()).unwrap();
        }
    }
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let tell = Tell(sender);
        let g = Greenlet::new(move |()| {
            let _tell = tell;
            parent().switch::<()>(());
        });
        g.switch(());
        std::mem::forget(g);
    })
    .join()
    .unwrap();
    assert_eq!(receiver.recv(), Ok(true));
}

#[test]
fn many_levels_and_many_greenlets() {
    fn deep(n: u32) -> u32 {
        if n == 0 {
            return parent().switch::<u32>(0u32);
        }
        deep(n - 1) + 1
    }
    let all: Vec<_> = (0..1000).map(|i| Greenlet::new(move |()| -> u32 { deep(i % 50) })).collect();
    for g in &all {
        assert_eq!(g.switch(()), 0);
    }
    for (i, g) in all.iter().enumerate() {
        assert_eq!(g.any().switch::<u32>(100u32) as usize, 100 + i % 50);
    }
}

thread_local! {
    static CHILD: RefCell<Option<Greenlet<(), i32>>> = const { RefCell::new(None) };
}

/// Its last handle goes, it catches the kill and waits again. Later a child's outcome reaches it, and it ends: somebody waits for that.
#[test]
fn who_survives_the_kill_of_its_last_handle_returns_its_value() {
    let g = Greenlet::new(|()| {
        let waits = AssertUnwindSafe(|| greenlet::parent().switch::<()>(()));
        assert!(greenlet::is_kill(&*catch_unwind(waits).unwrap_err()));
        CHILD.with(|child| *child.borrow_mut() = Some(Greenlet::new(|()| 7)));
        let seven: i32 = greenlet::main().switch(());
        seven + 17
    });
    g.any().switch::<()>(());
    drop(g);
    let child = CHILD.with(RefCell::take).unwrap();
    assert_eq!(child.any().switch::<i32>(()), 24);
}
