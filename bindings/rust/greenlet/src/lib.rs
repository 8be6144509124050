// SPDX-License-Identifier: MIT
#![doc = include_str!("../README.md")]
#![deny(unsafe_op_in_unsafe_fn, missing_docs)]

pub mod asynk;
mod block;
mod builder;
mod coroutine;
mod error;
mod generator;
mod handle;
mod local;
mod observe;
mod parcel;
mod pool;
mod scope;
mod thread;
#[cfg(feature = "tracing")]
pub mod trace;
mod transfer;
mod typed;

pub use builder::{Builder, Stack, Unstarted};
pub use coroutine::{Coroutine, Step, Yielder};
pub use error::{Error, Panic, WrongType};
pub use generator::Gen;
pub use handle::{current, main, parent, AnyGreenlet, State};
pub use local::GreenletLocal;
pub use observe::{dump, stats, trim, Event, Stats, Tracer};
pub use scope::{scope, Scope};
pub use transfer::is_kill;
pub use typed::Greenlet;

/// Runs code of the user in a callback of the library, through which no panic may go.
fn callback<R>(f: impl FnOnce() -> R) -> R {
    struct Abort;
    impl Drop for Abort {
        fn drop(&mut self) {
            eprintln!("greenlet: a panic in a callback");
            std::process::abort();
        }
    }
    let abort = Abort;
    let result = f();
    std::mem::forget(abort);
    result
}
