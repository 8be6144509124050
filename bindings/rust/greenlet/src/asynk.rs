// SPDX-License-Identifier: MIT
//! Futures, awaited by code that is not `async`.
//!
//! [`run`] makes a future of a function; whatever that calls, at any depth, may [`wait`] for futures. So synchronous code (parsers, callbacks of libraries,
//! recursion, trait methods) runs under an executor and gives way to other tasks when it waits.
//!
//! ```
//! use greenlet::asynk;
//!
//! fn read_line(lines: &mut tokio::sync::mpsc::Receiver<String>) -> Option<String> {
//!     asynk::wait(lines.recv()) // not async, and no await
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
//! let reader = asynk::run(move || [read_line(&mut receiver), read_line(&mut receiver)]);
//! let writer = async move { sender.send("one line".to_owned()).await.unwrap() };
//! let (lines, ()) = tokio::join!(reader, writer);
//! assert_eq!(lines, [Some("one line".to_owned()), None]);
//! # });
//! ```

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::{pin, Pin};
use std::ptr::null_mut;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use greenlet_sys as sys;

use crate::error::Error;
use crate::{transfer, AnyGreenlet, Builder};

/// A function as a future: see [`run`].
///
/// It stays in its thread, for its greenlet does: spawn it by `tokio::task::spawn_local` or the like. Dropping it unwinds the function where it waits.
///
/// ```compile_fail
/// fn spawn<F: std::future::Future + Send>(_: F) {}
/// spawn(greenlet::asynk::run(|| ()));
/// ```
#[must_use = "futures do nothing unless polled"]
pub struct Run<T> {
    body: Option<AnyGreenlet>,
    task: Rc<Task>,
    result: Rc<Cell<Option<T>>>,
}

struct Task {
    waker: RefCell<Option<Waker>>,
    /// Who polls just now.
    poller: Cell<*mut sys::gl_greenlet>,
    /// Which greenlet waits: the task's own, or one that it has let run.
    waiting: RefCell<Option<AnyGreenlet>>,
}

thread_local! {
    /// The task that is being polled.
    static CURRENT: RefCell<Option<Rc<Task>>> = const { RefCell::new(None) };
}

/// Makes a future of `body`, in which [`wait`] may be called. It starts when it is first polled.
///
/// ```
/// use futures::executor::block_on;
/// use greenlet::asynk::{run, wait};
///
/// let sum = block_on(run(|| (1..4).map(|n| wait(async move { n * 10 })).sum::<i32>()));
/// assert_eq!(sum, 60);
/// ```
///
/// # Panics
/// Without memory, and while the thread is ending. A panic of `body` comes out of the future.
#[track_caller]
pub fn run<T: 'static>(body: impl FnOnce() -> T + 'static) -> Run<T> {
    run_with(Builder::new(), body).unwrap_or_else(|error| error.raise())
}

/// As [`run`], with options for the greenlet.
///
/// # Errors
/// As [`Builder::build`].
pub fn run_with<T: 'static>(builder: Builder, body: impl FnOnce() -> T + 'static) -> Result<Run<T>, Error> {
    let result = Rc::new(Cell::new(None));
    let place = result.clone();
    let body = builder.build(move |()| place.set(Some(body())))?.into_any();
    let task = Rc::new(Task { waker: RefCell::default(), poller: Cell::new(null_mut()), waiting: RefCell::default() });
    Ok(Run { body: Some(body), task, result })
}

/// Waits until `future` is ready; others run meanwhile. Callable at any depth below [`run`], also in generators and other greenlets that run there.
///
/// ```should_panic
/// greenlet::asynk::wait(async {}); // not inside of run()
/// ```
///
/// # Panics
/// Outside of [`run`]; and when another greenlet than the executor's resumes this one, and the future is still not ready.
#[track_caller]
pub fn wait<F: IntoFuture>(future: F) -> F::Output {
    let current = CURRENT.with(|current| current.borrow().clone());
    let task = current.expect("greenlet::asynk::wait() is called outside of greenlet::asynk::run()");
    let mut future = pin!(future.into_future());
    loop {
        let waker = task.waker.borrow().clone().expect("a poll has set it");
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => task.give_way(),
        }
    }
}

impl Task {
    /// Back to the poller, until the next poll.
    #[track_caller]
    fn give_way(&self) {
        let poller = self.poller.get();
        assert!(!poller.is_null(), "a greenlet that waits for a future was resumed by another one than its executor's");
        *self.waiting.borrow_mut() = Some(crate::current());
        // SAFETY: the poller waits in `poll`, and takes its address away when it goes.
        if let Err(error) = unsafe { transfer::switch::<(), ()>(poller, ()) } {
            error.raise();
        }
    }
}

/// From here until it is dropped, a task is polled by the current greenlet.
struct Polling<'a> {
    task: &'a Task,
    outer: Option<Rc<Task>>,
}

impl<'a> Polling<'a> {
    fn begin(task: &'a Rc<Task>, poller: *mut sys::gl_greenlet) -> Self {
        task.poller.set(poller);
        let outer = CURRENT.with(|current| current.replace(Some(task.clone())));
        Polling { task, outer }
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        self.task.poller.set(null_mut());
        CURRENT.with(|current| current.replace(self.outer.take()));
    }
}

impl<T> Future for Run<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let body = self.body.clone().expect("polled after it has ended");
        let task = self.task.clone();
        if !task.waker.borrow().as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            let waker = cx.waker().clone();
            drop(task.waker.replace(Some(waker)));
        }
        let resumed = task.waiting.take().unwrap_or_else(|| body.clone());

        // SAFETY: these are there: handles on the others, and the current one.
        let came = unsafe {
            let poller = sys::gl_current();
            let parent = if sys::gl_parent(body.as_ptr()) == poller {
                Ok(()) // as always but for executors that move
            } else {
                Error::check(sys::gl_set_parent(body.as_ptr(), poller))
            };
            let _polling = Polling::begin(&task, poller);
            parent.and_then(|()| transfer::switch::<(), ()>(resumed.as_ptr(), ()))
        };
        if let Err(error) = came {
            self.body = None;
            error.raise();
        }
        if let Some(value) = self.result.take() {
            self.body = None;
            return Poll::Ready(value);
        }
        assert!(task.waiting.borrow().is_some(), "the function of asynk::run() switched to its executor without a future to wait for");
        Poll::Pending
    }
}

impl<T> Unpin for Run<T> {}

impl<T> Drop for Run<T> {
    fn drop(&mut self) {
        drop(self.task.waiting.take()); // or it would keep itself
        if let Some(body) = self.body.take() {
            body.end();
        }
    }
}

impl<T> fmt::Debug for Run<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("body", &self.body).finish_non_exhaustive()
    }
}
