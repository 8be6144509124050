// SPDX-License-Identifier: MIT
fn main() {
    let main = greenlet::main();
    std::thread::scope(|s| {
        s.spawn(|| main.state());
    });
}
