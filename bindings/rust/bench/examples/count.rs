// SPDX-License-Identifier: MIT
//! For callgrind: `count WHAT N` does N rounds, or lives, and nothing else.

use bench::{c, coroutine, safe};
use std::hint::black_box;

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let count = words[2].parse().expect("a number");
    black_box(match words[1].as_str() {
        "c-switch" => c::rounds(&c::pair(), count),
        "switch" => safe::rounds(&safe::pair(), count),
        "coroutine" => coroutine::rounds(&mut coroutine::pair(), count),
        "c-life" => c::lives(count),
        _ => safe::lives(count),
    });
}
