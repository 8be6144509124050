// SPDX-License-Identifier: MIT
//! Values that tell of their drops.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::mem;

use crate::thread::here;
use crate::{record, Word};

/// What switches carry. [`kill`](greenlet::AnyGreenlet::kill) drops what comes back, and [`with_dropped`] sees it.
pub struct Value(Word);

impl Value {
    pub fn new(word: Word) -> Self {
        Value(word)
    }

    pub fn take(self) -> Word {
        let word = self.0;
        mem::forget(self);
        word
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        here().dropped.set(self.0);
    }
}

/// What `f` comes back with, and the value that was dropped meanwhile in this thread.
pub fn with_dropped<R>(f: impl FnOnce() -> R) -> (R, Word) {
    here().dropped.set("-");
    let result = f();
    (result, here().dropped.replace("-"))
}

/// A greenlet's values by key.
#[derive(Default)]
pub struct Local(RefCell<BTreeMap<Word, Word>>);

impl Local {
    pub fn get(&self, key: Word) -> Word {
        self.0.borrow().get(key).copied().unwrap_or("-")
    }

    pub fn set(&self, key: Word, value: Word) {
        self.0.borrow_mut().insert(key, value);
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        for (key, value) in mem::take(self.0.get_mut()) {
            if value != "-" && here().tells_drops(key) {
                record(&["drop-local", value]);
            }
        }
    }
}
