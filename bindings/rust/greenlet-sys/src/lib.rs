// SPDX-License-Identifier: MIT
//! The functions of libgreenlet's C header `greenlet.h`, made by bindgen. The crate `greenlet` is the safe way to use them.
//!
//! The texts below are those of the header. *Rule N* in them is a number of the library's page of rules, "new" a handle that the caller must
//! give back, "borrowed" one that somebody else keeps.
//!
//! By default the library is compiled from source and hidden in the program. The feature `system`, or `GREENLET_SYS_USE_PKG_CONFIG=1` in the
//! environment of the build, links the system's instead; `static`, or `GREENLET_SYS_STATIC=1`, then its archive.
#![no_std]
#![allow(non_camel_case_types)]
#![allow(rustdoc::broken_intra_doc_links, rustdoc::invalid_html_tags, rustdoc::bare_urls)] // doxygen's marks

#[allow(clippy::all, clippy::pedantic)] // nobody wrote it
mod bindings;
pub use bindings::*;
