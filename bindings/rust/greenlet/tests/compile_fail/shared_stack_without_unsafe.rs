// SPDX-License-Identifier: MIT
use greenlet::{Builder, Stack};

fn main() {
    let stack = Stack::new(1 << 16).unwrap();
    let _ = Builder::new().shared_stack(&stack);
}
