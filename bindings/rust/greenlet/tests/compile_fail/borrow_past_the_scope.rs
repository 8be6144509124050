// SPDX-License-Identifier: MIT
fn main() {
    greenlet::scope(|s| {
        let inside = String::from("gone when the scope ends");
        s.greenlet(|()| println!("{inside}"));
    });
}
