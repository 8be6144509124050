// SPDX-License-Identifier: MIT
//! Two greenlets take turns: `cargo run --example two_greenlets`

use greenlet::Greenlet;

fn worker(order: &str) -> &'static str {
    println!("worker: {order}");
    let more: &str = greenlet::parent().switch("half done"); // waits here
    println!("worker: {more}");
    "done"
}

fn main() {
    let g = Greenlet::new(worker);
    println!("main: {}", g.switch("start"));
    println!("main: {}", g.switch("go on"));
}
