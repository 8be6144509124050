// SPDX-License-Identifier: MIT
//! Coroutines and generators.

use std::cell::Cell;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::rc::Rc;

use greenlet::{AnyGreenlet, Coroutine, Gen, Greenlet, Step, Yielder};

struct Tell(Rc<Cell<bool>>);
impl Drop for Tell {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

fn message(result: std::thread::Result<impl Sized>) -> String {
    let payload = result.err().expect("a panic");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast::<&str>().expect("a message")).to_owned(),
    }
}

#[test]
fn a_generator_is_an_iterator() {
    let squares = Gen::new(|out| (1..100).for_each(|n| out.yield_(n * n)));
    assert_eq!(squares.take_while(|n| *n < 20).collect::<Vec<i32>>(), [1, 4, 9, 16]);
    assert_eq!(Gen::<String>::new(|_| ()).next(), None);
}

#[test]
fn it_stays_at_its_end() {
    let mut two = Gen::new(|out| (1..3).for_each(|n| out.yield_(n)));
    assert_eq!(two.by_ref().sum::<i32>(), 3);
    assert_eq!((two.next(), two.next()), (None, None));
}

#[test]
fn dropping_it_unwinds_the_body() {
    let dropped = Rc::new(Cell::new(false));
    let tell = Tell(dropped.clone());
    let mut gen = Gen::new(move |out| {
        let _tell = tell;
        out.yield_(1);
        out.yield_(2);
    });
    assert_eq!(gen.next(), Some(1));
    assert!(!dropped.get());
    drop(gen);
    assert!(dropped.get());
}

#[test]
fn a_panic_comes_out_of_next() {
    let mut gen = Gen::new(|out| {
        out.yield_(1);
        panic!("no more");
    });
    assert_eq!(gen.next(), Some(1));
    assert_eq!(message(catch_unwind(AssertUnwindSafe(|| gen.next()))), "no more");
    assert_eq!(gen.next(), None);
}

#[test]
fn generators_nest() {
    fn count(n: u32) -> Gen<u32> {
        Gen::new(move |out| {
            if n > 0 {
                count(n - 1).for_each(|value| out.yield_(value));
                out.yield_(n);
            }
        })
    }
    assert_eq!(count(20).collect::<Vec<_>>(), (1..=20).collect::<Vec<_>>());

    let dropped = Rc::new(Cell::new(false));
    let tell = Tell(dropped.clone());
    let mut outer = Gen::new(move |out| {
        let _tell = tell;
        count(5).for_each(|value| out.yield_(value));
    });
    assert_eq!(outer.next(), Some(1));
    drop(outer); // with a chain of children that wait
    assert!(dropped.get());
}

#[test]
fn whoever_resumes_is_the_parent() {
    let mut gen = Gen::new(|out| loop {
        out.yield_(greenlet::parent());
    });
    assert_eq!(gen.next(), Some(greenlet::main()));
    let inner = Greenlet::new(move |()| (gen.next().unwrap(), greenlet::current()));
    let (seen, current) = inner.switch(());
    assert_eq!(seen, current);
}

#[test]
fn a_resumed_one_may_not_be_done() {
    let mut coroutine = Coroutine::new(|_: &Yielder<(), i32>, n| n);
    assert_eq!(coroutine.resume(5), Step::Returned(5));
    assert!(coroutine.is_done());
    assert_eq!(message(catch_unwind(AssertUnwindSafe(|| coroutine.resume(6)))), "resumed after it has ended");
}

#[test]
fn values_may_be_large_and_owned() {
    let mut coroutine = Coroutine::new(|out: &Yielder<Vec<u8>, [u8; 1000]>, mut block| loop {
        block = out.yield_(block.to_vec());
    });
    for n in 0..10 {
        assert_eq!(coroutine.resume([n; 1000]), Step::<_, ()>::Yielded(vec![n; 1000]));
    }
}

#[test]
fn others_may_run_in_between_but_not_answer() {
    let mut gen = Gen::new(|out| {
        let other = Greenlet::new(|()| 1);
        out.yield_(other.switch(()));
        greenlet::main().switch::<()>(());
        out.yield_(2);
    });
    assert_eq!(gen.next(), Some(1));
    let text = message(catch_unwind(AssertUnwindSafe(|| gen.next())));
    assert_eq!(text, "somebody else switched here while a coroutine was resumed");
}

#[test]
fn nobody_waits_for_a_value_of_one_that_others_resume() {
    let body: Rc<Cell<Option<AnyGreenlet>>> = Rc::default();
    let tell = body.clone();
    let mut gen = Gen::new(move |out| {
        tell.set(Some(greenlet::current()));
        out.yield_(1);
        out.yield_(2);
    });
    gen.next();
    let text = message(catch_unwind(AssertUnwindSafe(|| body.take().unwrap().switch::<()>(()))));
    assert_eq!(text, "a coroutine is resumed by its owner alone");
}

#[test]
fn only_its_own_greenlet_yields() {
    let mut gen = Gen::new(|out| {
        greenlet::scope(|s| s.greenlet(|()| out.yield_(1)).switch(()));
    });
    assert_eq!(message(catch_unwind(AssertUnwindSafe(|| gen.next()))), "a value is yielded outside of its coroutine's own greenlet");
}

#[test]
fn the_resumer_may_be_killed() {
    let gen: Rc<Cell<Option<Gen<i32>>>> = Rc::default();
    gen.set(Some(Gen::new(|out| {
        greenlet::main().switch::<()>(()); // while somebody waits in next()
        out.yield_(1);
    })));
    let place = gen.clone();
    let resumer = Greenlet::new(move |()| {
        struct PutBack(Rc<Cell<Option<Gen<i32>>>>, Option<Gen<i32>>);
        impl Drop for PutBack {
            fn drop(&mut self) {
                self.0.set(self.1.take());
            }
        }
        let mut held = PutBack(place.clone(), place.take());
        held.1.as_mut().unwrap().next();
    });
    resumer.switch(());
    assert!(resumer.kill().is_ok());
    let mut gen = gen.take().unwrap();
    assert_eq!(gen.next(), Some(1));
}
