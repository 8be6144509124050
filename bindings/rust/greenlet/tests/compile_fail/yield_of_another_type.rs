// SPDX-License-Identifier: MIT
use greenlet::{Gen, Yielder};

fn main() {
    let _ = Gen::new(|out: &Yielder<i32>| out.yield_("a text"));
}
