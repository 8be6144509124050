// SPDX-License-Identifier: MIT
use greenlet::Gen;

fn main() {
    let numbers = Gen::new(|out| out.yield_(1));
    std::thread::spawn(move || numbers.count());
}
