// SPDX-License-Identifier: MIT
#![doc = include_str!("../README.md")]
#![deny(unsafe_op_in_unsafe_fn, missing_docs)]

mod block;
mod builder;
mod error;
mod handle;
mod parcel;
mod thread;
mod transfer;
mod typed;

pub use builder::{Builder, Stack, Unstarted};
pub use error::{Error, Panic, WrongType};
pub use handle::{current, main, parent, AnyGreenlet, State};
pub use transfer::is_kill;
pub use typed::Greenlet;

/// Runs code of the user in a callback of the library, through which no panic may go.
pub(crate) fn callback<R>(f: impl FnOnce() -> R) -> R {
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
