// SPDX-License-Identifier: MIT
fn main() {
    let text = String::from("a local");
    greenlet::main().switch::<()>(text.as_str());
}
