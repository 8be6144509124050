// SPDX-License-Identifier: MIT
fn main() {
    greenlet::scope(|s| {
        let inside = String::from("gone when the scope ends");
        let borrow = &inside;
        s.greenlet(move |()| println!("{borrow}"));
    });
}
