// SPDX-License-Identifier: MIT
//! Bodies that borrow from their maker.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::rc::Rc;

use greenlet_sys as sys;

use crate::error::{Error, Panic};
use crate::{AnyGreenlet, Builder, Coroutine, Gen, Greenlet, Yielder};

/// Makes greenlets that may borrow from the caller: all of them have ended when this returns. Those that still wait then are killed.
///
/// ```
/// let (text, mut lengths) = (String::from("some words here"), Vec::new());
/// greenlet::scope(|s| {
///     let g = s.greenlet(|()| {
///         for word in text.split(' ') {
///             lengths.push(word.len());
///             greenlet::parent().switch::<()>(());
///         }
///     });
///     g.switch(());
///     g.switch(());
/// });
/// assert_eq!(lengths, [4, 5]);
/// ```
///
/// What is borrowed must outlive the scope:
///
/// ```compile_fail
/// greenlet::scope(|s| {
///     let short = String::new();
///     s.greenlet(|()| drop(&short));
/// });
/// ```
///
/// # Panics
/// When `f` does, and when the unwinding of one of them ended with a panic of its own.
pub fn scope<'env, F, T>(f: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let scope = Scope { live: Rc::default(), lasts: PhantomData, env: PhantomData };
    // As unwinding must not go on before all have ended, and bodies cannot be resumed while the thread is panicking.
    let result = catch_unwind(AssertUnwindSafe(|| f(&scope)));
    let panic = scope.live.end();
    match (result, panic) {
        (Err(payload), _) => resume_unwind(payload),
        (Ok(_), Some(panic)) => resume_unwind(panic.into_payload()),
        (Ok(value), None) => value,
    }
}

/// Where [`scope()`] lets greenlets be made.
pub struct Scope<'scope, 'env: 'scope> {
    live: Rc<Live>,
    lasts: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// The greenlets whose bodies have neither ended nor been dropped, by the order of making.
#[derive(Default)]
struct Live {
    made: Cell<u64>,
    greenlets: RefCell<BTreeMap<u64, *mut sys::gl_greenlet>>,
}

/// Belongs to a body, and goes after it.
struct Registration {
    live: Rc<Live>,
    number: u64,
}

/// In one piece, so that the closure that holds it drops its parts in this order.
struct Registered<F> {
    body: F,
    registration: Registration,
}

impl<'scope> Scope<'scope, '_> {
    /// As [`Greenlet::new`], for a body that may borrow what outlives the scope.
    ///
    /// # Panics
    /// Likewise.
    #[track_caller]
    pub fn greenlet<In, Out, F>(&'scope self, body: F) -> Greenlet<In, Out>
    where
        F: FnOnce(In) -> Out + 'scope,
        In: 'static,
        Out: 'static,
    {
        self.build(Builder::new(), body).unwrap_or_else(|error| error.raise())
    }

    /// As [`Builder::build`], for a body that may borrow what outlives the scope.
    ///
    /// # Errors
    /// Likewise.
    pub fn build<In, Out, F>(&'scope self, builder: Builder, body: F) -> Result<Greenlet<In, Out>, Error>
    where
        F: FnOnce(In) -> Out + 'scope,
        In: 'static,
        Out: 'static,
    {
        let registered = Registered { body, registration: self.live.register() };
        let number = registered.registration.number;
        // SAFETY: the scope does not end before the body has.
        let any = unsafe { builder.make(move |first: In| registered.run(first)) }?;
        self.live.greenlets.borrow_mut().insert(number, any.as_ptr());
        Ok(Greenlet::from_any(any))
    }

    /// As [`Gen::new`], for a body that may borrow what outlives the scope, and yields such borrows.
    ///
    /// ```
    /// use greenlet::Yielder;
    ///
    /// struct Tree(i32, Vec<Tree>);
    /// fn walk<'t>(tree: &'t Tree, out: &Yielder<&'t i32>) {
    ///     out.yield_(&tree.0);
    ///     tree.1.iter().for_each(|child| walk(child, out));
    /// }
    ///
    /// let tree = Tree(1, vec![Tree(2, vec![Tree(3, vec![])]), Tree(4, vec![])]);
    /// let sum: i32 = greenlet::scope(|s| s.generator(|out| walk(&tree, out)).sum());
    /// assert_eq!(sum, 10);
    /// ```
    ///
    /// # Panics
    /// Likewise.
    #[track_caller]
    pub fn generator<T: 'scope, F>(&'scope self, body: F) -> Gen<T>
    where
        F: FnOnce(&Yielder<T>) + 'scope,
    {
        Gen::from_coroutine(self.coroutine(|out, ()| body(out)))
    }

    /// As [`Coroutine::new`], for a body that may borrow what outlives the scope.
    ///
    /// # Panics
    /// Likewise.
    #[track_caller]
    pub fn coroutine<In: 'scope, Y: 'scope, R: 'scope, F>(&'scope self, body: F) -> Coroutine<In, Y, R>
    where
        F: FnOnce(&Yielder<Y, In>, In) -> R + 'scope,
    {
        let registration = self.live.register();
        let number = registration.number;
        // SAFETY: the scope does not end before the registration does.
        let made = unsafe { Coroutine::make(Builder::new(), body, registration) };
        let coroutine = made.unwrap_or_else(|error| error.raise());
        self.live.greenlets.borrow_mut().insert(number, coroutine.greenlet().as_ptr());
        coroutine
    }
}

impl<F> Registered<F> {
    fn run<In, Out>(self, first: In) -> Out
    where
        F: FnOnce(In) -> Out,
    {
        let Registered { body, registration: _until_the_end } = self;
        body(first)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.live.greenlets.borrow_mut().remove(&self.number);
    }
}

impl Live {
    fn register(self: &Rc<Self>) -> Registration {
        let number = self.made.get();
        self.made.set(number + 1);
        Registration { live: self.clone(), number }
    }

    /// Ends all of them, the youngest first. What the unwinding of the first that panicked ended with, if one did.
    fn end(&self) -> Option<Panic> {
        const MOST_KILLS: u32 = 100;
        let mut panic = None;
        let mut kills = 0;
        loop {
            let Some((number, g)) = self.greenlets.borrow().last_key_value().map(|(n, g)| (*n, *g)) else { return panic };
            // SAFETY: a greenlet stays as long as its body does.
            let greenlet = unsafe { AnyGreenlet::of(g) };
            match greenlet.kill() {
                Err(Error::Panicked(new)) => panic = panic.or(Some(new)),
                // Somebody has made the caller its descendant.
                Err(Error::Cycle) => drop(crate::current().set_parent(&crate::main())),
                _ => {}
            }
            greenlet.drop_body(); // where a kill is refused, in a callback
            if !self.greenlets.borrow().contains_key(&number) {
                kills = 0;
                continue;
            }
            kills += 1;
            if kills == MOST_KILLS {
                eprintln!("greenlet: a scope ends while a greenlet that catches its kills goes on waiting");
                std::process::abort();
            }
        }
    }
}

impl std::fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope").field("live", &self.live.greenlets.borrow().len()).finish_non_exhaustive()
    }
}
