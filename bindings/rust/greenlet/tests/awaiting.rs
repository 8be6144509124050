// SPDX-License-Identifier: MIT
//! Futures in synchronous code, under several executors.

use std::cell::{Cell, RefCell};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::rc::Rc;
use std::time::Duration;

use futures::channel::oneshot;
use futures::executor::{block_on, LocalPool};
use futures::task::LocalSpawnExt;
use futures::FutureExt;
use greenlet::asynk::{run, run_with, wait};
use greenlet::{Builder, Gen, Greenlet};

/// Neither async nor aware of it.
fn sum_of(numbers: &mut dyn Iterator<Item = u32>) -> u32 {
    numbers.sum()
}

#[test]
fn at_any_depth_under_tokio() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let local = tokio::task::LocalSet::new();
    let log = Rc::new(RefCell::new(Vec::new()));
    local.block_on(&runtime, async {
        let tasks = [30u32, 10, 20].map(|ms| {
            let log = log.clone();
            tokio::task::spawn_local(run(move || {
                let mut slow = (0..3).inspect(|_| wait(tokio::time::sleep(Duration::from_millis(ms.into()))));
                let sum = sum_of(&mut slow);
                log.borrow_mut().push(ms);
                sum
            }))
        });
        for task in tasks {
            assert_eq!(task.await.unwrap(), 3);
        }
    });
    assert_eq!(*log.borrow(), [10, 20, 30], "they waited at the same time");
}

#[test]
fn under_a_local_pool() {
    let mut pool = LocalPool::new();
    let spawner = pool.spawner();
    let (sender, receiver) = oneshot::channel();
    let reader = spawner.spawn_local_with_handle(run(move || wait(receiver).unwrap())).unwrap();
    spawner.spawn_local(run(move || sender.send("sent").unwrap())).unwrap();
    assert_eq!(pool.run_until(reader), "sent");
}

#[test]
fn ready_futures_do_not_give_way() {
    assert_eq!(block_on(run(|| wait(async { 1 }) + wait(std::future::ready(2)))), 3);
}

#[test]
fn many_rounds() {
    let rounds = block_on(run(|| (0..1000).map(|_| wait(tokio::task::yield_now())).count()));
    assert_eq!(rounds, 1000);
}

#[test]
fn in_generators_and_other_greenlets() {
    let sum = block_on(run(|| {
        let numbers = Gen::new(|out| {
            for n in 1..4 {
                wait(tokio::task::yield_now());
                out.yield_(n);
            }
        });
        let other = Greenlet::new(|n: i32| {
            wait(tokio::task::yield_now());
            n * 100
        });
        other.switch(numbers.sum::<i32>())
    }));
    assert_eq!(sum, 600);
}

#[test]
fn inside_each_other() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let inner = move || runtime.block_on(run(|| wait(async { 1 }) + wait(tokio::task::yield_now().map(|()| 1))));
    assert_eq!(
        block_on(run(move || {
            let here = inner();
            wait(tokio::task::yield_now());
            here + wait(run(|| wait(tokio::task::yield_now().map(|()| 10))))
        })),
        12
    );
}

#[test]
fn dropping_the_future_unwinds() {
    struct Tell(Rc<Cell<u32>>);
    impl Drop for Tell {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    let drops = Rc::new(Cell::new(0));
    let tell = || Tell(drops.clone());
    let (local, held) = (tell(), tell());
    let mut future = run(move || {
        let _local = local;
        wait(async move {
            let _held = held;
            std::future::pending::<()>().await;
        });
    });
    assert!((&mut future).now_or_never().is_none());
    assert_eq!(drops.get(), 0);
    drop(future);
    assert_eq!(drops.get(), 2);

    let never_polled = tell();
    drop(run(move || drop(never_polled)));
    assert_eq!(drops.get(), 3);

    let in_generator = tell();
    let mut future = run(move || {
        let mut gen = Gen::new(move |out| {
            let _local = in_generator;
            wait(std::future::pending::<()>());
            out.yield_(());
        });
        gen.next()
    });
    assert!((&mut future).now_or_never().is_none());
    drop(future);
    assert_eq!(drops.get(), 4);
}

#[test]
fn a_panic_comes_out_of_the_future() {
    let future = run(|| {
        wait(tokio::task::yield_now());
        panic!("deep inside");
    });
    let payload = catch_unwind(AssertUnwindSafe(|| block_on(future))).unwrap_err();
    assert_eq!(*payload.downcast::<&str>().unwrap(), "deep inside");
}

#[test]
fn waiting_outside_is_told() {
    let payload = catch_unwind(|| wait(async {})).unwrap_err();
    let text = payload.downcast::<String>().map(|s| *s).or_else(|p| p.downcast::<&str>().map(|s| (*s).to_owned())).unwrap();
    assert_eq!(text, "greenlet::asynk::wait() is called outside of greenlet::asynk::run()");
}

#[test]
fn executors_may_run_in_greenlets_and_move() {
    let mut future = run_with(Builder::new().name("moves"), || {
        wait(tokio::task::yield_now());
        wait(tokio::task::yield_now());
        greenlet::parent()
    })
    .unwrap();
    assert!((&mut future).now_or_never().is_none());
    let last = Greenlet::new(move |()| {
        assert!((&mut future).now_or_never().is_none());
        future.now_or_never().unwrap() == greenlet::current()
    });
    assert!(last.switch(()));
}

#[test]
fn switching_to_the_executor_without_waiting_is_told() {
    let future = run(|| greenlet::parent().switch::<()>(()));
    let payload = catch_unwind(AssertUnwindSafe(|| future.now_or_never())).unwrap_err();
    assert!(payload.downcast::<&str>().unwrap().contains("without a future"));
}
